package store

import (
	"time"

	"vifd/vif"
)

// Events are kept this long, and this many at most.
const (
	EventsKept = 24 * time.Hour
	MaxEvents  = 10_000
)

// AddEvent keeps e as the newest event, with an ID and the time of now. Where it
// is one too many the oldest goes.
func (tx *Tx) AddEvent(e vif.Event) (err error) {
	if e.ID, err = tx.next("event"); err != nil {
		return err
	}
	e.At = time.Now().UTC()
	body, err := encoded(e)
	if err != nil {
		return err
	}
	if _, err := tx.exec(`INSERT INTO event (id, at, project, body) VALUES (?, ?, ?, ?)`, e.ID, nanos(e.At), e.Project, body); err != nil {
		return err
	}
	tx.eventful = true
	_, err = tx.exec(`DELETE FROM event WHERE id <= ?`, e.ID-MaxEvents)
	return err
}

// EventsAfter returns the events after that with the ID, oldest first and most
// at once. It is whole when all of them are kept still.
func (tx *Tx) EventsAfter(id int64, most int) (list []vif.Event, whole bool, err error) {
	last, err := tx.LastEvent()
	if err != nil || id > last {
		return nil, false, err
	}
	list, err = all(tx, func(r row) (e vif.Event, err error) {
		err = r.Scan(document{&e})
		return e, err
	}, `SELECT body FROM event WHERE id > ? ORDER BY id LIMIT ?`, id, most)
	whole = id == last || len(list) > 0 && list[0].ID == id+1
	return list, whole, err
}

// LastEvent returns the ID of the newest event that there ever was.
func (tx *Tx) LastEvent() (int64, error) {
	return one(tx, func(r row) (id int64, err error) {
		err = r.Scan(&id)
		return id, err
	}, `SELECT value FROM sequence WHERE name = 'event'`)
}

// PruneEvents deletes the events from before the time, and says how many they
// were.
func (tx *Tx) PruneEvents(before time.Time) (int64, error) {
	return tx.exec(`DELETE FROM event WHERE at < ?`, nanos(before))
}
