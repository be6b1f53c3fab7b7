package store

import "vifd/vif"

// MaxNotices is how many notices wait for Nova at most.
const MaxNotices = 10_000

// AddNotice keeps n as the last that Nova is to be told, with an ID. Where it is
// one too many the oldest goes, of which the log tells once.
func (tx *Tx) AddNotice(n vif.Notice) (err error) {
	if n.ID, err = tx.next("notice"); err != nil {
		return err
	}
	if _, err := tx.exec(`INSERT INTO notice (id, server, port, name, status) VALUES (?, ?, ?, ?, ?)`, n.ID, n.Server, n.Port, n.Name, n.Status); err != nil {
		return err
	}
	tx.eventful = true
	gone, err := tx.exec(`DELETE FROM notice WHERE id <= (SELECT id FROM notice ORDER BY id DESC LIMIT 1 OFFSET ?)`, MaxNotices)
	tx.noticed, tx.overfull = true, tx.overfull || gone > 0
	return err
}

// told logs that notices are lost from now on, when tx was the first to lose one
// since there was room for all.
func (s *Store) told(tx *Tx) {
	if tx.overfull && !s.overfull {
		s.log.Warn("Nova has not taken notifications for so long that the oldest are forgotten", "kept", MaxNotices)
	}
	if tx.noticed {
		s.overfull = tx.overfull
	}
}

// Notices returns what Nova is to be told, oldest first: of each port only the
// first, none of the ports that are to be left out, and most at once.
func (tx *Tx) Notices(most int, without func(port string) bool) (list []vif.Notice, err error) {
	err = tx.each(func(r row) (bool, error) {
		var n vif.Notice
		err := r.Scan(&n.ID, &n.Server, &n.Port, &n.Name, &n.Status)
		if err == nil && !without(n.Port) {
			list = append(list, n)
		}
		return len(list) < most, err
	}, `SELECT min(id), server, port, name, status FROM notice GROUP BY port ORDER BY 1`)
	return list, err
}

// CountNotices returns how many notices wait.
func (tx *Tx) CountNotices() (int, error) {
	return one(tx, func(r row) (n int, err error) {
		err = r.Scan(&n)
		return n, err
	}, `SELECT count(*) FROM notice`)
}

// DropNotice forgets a notice, if it is there.
func (tx *Tx) DropNotice(id int64) error {
	_, err := tx.exec(`DELETE FROM notice WHERE id = ?`, id)
	return err
}

// DropNotices forgets all that Nova was to be told.
func (tx *Tx) DropNotices() error {
	_, err := tx.exec(`DELETE FROM notice`)
	return err
}
