package store

import (
	"context"
	"errors"
)

var errClosed = errors.New("the store was closed")

// View runs fn on what is in the store at one moment, whatever is written
// meanwhile. It sees what each Update that has returned has done, and works on
// while writing does not. fn must not keep tx.
func (s *Store) View(ctx context.Context, fn func(tx *Tx) error) error {
	r, err := s.borrow(ctx)
	if err != nil {
		return unusable(err, "The store cannot be read.")
	}
	tx := &Tx{conn: r}
	defer func() { s.giveBack(tx) }()
	if err := r.do("BEGIN"); err != nil {
		return unusable(tx.note(err), "The store cannot be read.")
	}
	return fn(tx)
}

// borrow returns a connection to read with, once one is free.
func (s *Store) borrow(ctx context.Context) (*conn, error) {
	select {
	case <-s.closed:
		return nil, errClosed
	default:
	}
	select {
	case <-s.closed:
		return nil, errClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-s.readers:
		if r != nil {
			return r, nil
		}
	}
	r, err := dial(ctx, s.db)
	if err == nil {
		err = r.do("PRAGMA query_only = on")
	}
	if err != nil {
		s.readers <- nil
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

// giveBack ends tx and lets the next View have its connection, or a new one if
// something is wrong with it.
func (s *Store) giveBack(tx *Tx) {
	s.hurt(tx.broken)
	if err := tx.conn.do("ROLLBACK"); err != nil || tx.broken != nil {
		s.log.Warn("a reading connection to the store was given up", "err", errors.Join(tx.broken, err, tx.conn.close()))
		s.readers <- nil
		return
	}
	s.readers <- tx.conn
}
