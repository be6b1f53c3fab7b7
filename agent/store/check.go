package store

import (
	"context"
	"errors"
	"fmt"
)

// Check reads all that is in the store, and returns what is wrong with it.
func (s *Store) Check(ctx context.Context) (wrong []string, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		for _, pragma := range []string{"integrity_check", "foreign_key_check"} {
			found, err := tx.pragma(pragma)
			wrong = append(wrong, found...)
			if err != nil {
				return err
			}
		}
		if err := legible(tx); err != nil {
			wrong = append(wrong, err.Error())
		}
		return nil
	})
	if damaged(err) {
		return append(wrong, err.Error()), nil
	}
	return wrong, err
}

// pragma returns what a check of SQLite's complains of.
func (tx *Tx) pragma(name string) (wrong []string, err error) {
	rows, err := tx.conn.QueryContext(context.Background(), "PRAGMA "+name)
	if err != nil {
		return nil, tx.note(err)
	}
	defer func() { err = tx.note(errors.Join(err, rows.Close())) }()
	columns, err := rows.Columns()
	for rows.Next() && err == nil {
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new(any)
		}
		err = rows.Scan(cells...)
		if said := *cells[0].(*any); said != "ok" {
			wrong = append(wrong, fmt.Sprint(name, ": ", said))
		}
	}
	return wrong, errors.Join(err, rows.Err())
}

// legible reads every row that vifd works with. One that it cannot read would
// keep it from reading the others.
func legible(tx *Tx) error {
	_, err := tx.Copy()
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: a row cannot be read: %w", errDamaged, err)
}
