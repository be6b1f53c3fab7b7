package store

import (
	"errors"

	"vifd/vif"
)

// A Tx is what an Update or a View reads and writes with. What is not there is
// vif.NotFound; what the schema says is taken is vif.InUse and names it. It is
// for one goroutine, while the Update or View runs.
type Tx struct {
	conn     *conn
	broken   error // the first grave error
	eventful bool  // somebody waits for what was put
	noticed  bool  // a notice was put,
	overfull bool  // and an older one had to go for it
}

// A row is one row of an answer.
type row interface{ Scan(into ...any) error }

// note returns err as it is for the caller, and keeps in mind that the
// connection is of no more use if that is so.
func (tx *Tx) note(err error) error {
	if !grave(err) {
		return err
	}
	if tx.broken == nil {
		tx.broken = err
	}
	return vif.Unavailable.From(err, "The store of vifd cannot be read or written.")
}

// exec runs a statement and returns how many rows it changed.
func (tx *Tx) exec(query string, args ...any) (int64, error) {
	stmt, err := tx.conn.prepare(query)
	if err != nil {
		return 0, tx.note(err)
	}
	done, err := stmt.Exec(args...)
	if err != nil {
		return 0, tx.note(err)
	}
	return done.RowsAffected()
}

// each calls fn with the rows of an answer until it returns false.
func (tx *Tx) each(fn func(row) (more bool, err error), query string, args ...any) (err error) {
	stmt, err := tx.conn.prepare(query)
	if err != nil {
		return tx.note(err)
	}
	rows, err := stmt.Query(args...)
	if err != nil {
		return tx.note(err)
	}
	defer func() { err = tx.note(errors.Join(err, rows.Close())) }()
	for rows.Next() {
		if more, err := fn(rows); err != nil || !more {
			return err
		}
	}
	return rows.Err()
}

// all returns every row of an answer as scan reads it.
func all[T any](tx *Tx, scan func(row) (T, error), query string, args ...any) (found []T, err error) {
	err = tx.each(func(r row) (bool, error) {
		t, err := scan(r)
		found = append(found, t)
		return true, err
	}, query, args...)
	return found, err
}

// one returns the only row of an answer, or vif.NotFound.
func one[T any](tx *Tx, scan func(row) (T, error), query string, args ...any) (t T, err error) {
	found, err := all(tx, scan, query, args...)
	switch {
	case err != nil:
		return t, err
	case len(found) == 0:
		return t, vif.NotFound
	}
	return found[0], nil
}
