package store

import "vifd/vif"

// MaxNotices is how many notices wait for Nova at most.
const MaxNotices = 10_000

// AddNotice keeps n as the last that Nova is to be told, with an ID. Where it is
// one too many the oldest goes.
func (tx *Tx) AddNotice(n vif.Notice) (err error) {
	if n.ID, err = tx.next("notice"); err != nil {
		return err
	}
	if _, err := tx.exec(`INSERT INTO notice (id, server, port, name, status) VALUES (?, ?, ?, ?, ?)`, n.ID, n.Server, n.Port, n.Name, n.Status); err != nil {
		return err
	}
	tx.eventful = true
	_, err = tx.exec(`DELETE FROM notice WHERE id <= ?`, n.ID-MaxNotices)
	return err
}

// Notices returns what Nova is to be told, oldest first: of each port only the
// first, and most at once.
func (tx *Tx) Notices(most int) ([]vif.Notice, error) {
	return all(tx, func(r row) (n vif.Notice, err error) {
		err = r.Scan(&n.ID, &n.Server, &n.Port, &n.Name, &n.Status)
		return n, err
	}, `SELECT min(id), server, port, name, status FROM notice GROUP BY port ORDER BY 1 LIMIT ?`, most)
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
