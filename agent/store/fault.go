package store

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"vifd/vif"
)

// errDamaged is what a check of the whole file ends with when it finds some.
var errDamaged = errors.New("damaged")

// code returns the primary result code of SQLite in err's chain, or 0.
func code(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// damaged tells whether err says that the file is not what SQLite wrote.
func damaged(err error) bool {
	c := code(err)
	return c == sqlite3.SQLITE_CORRUPT || c == sqlite3.SQLITE_NOTADB || errors.Is(err, errDamaged)
}

// IsDamage tells whether err says that the file is not what was written.
func IsDamage(err error) bool { return damaged(err) }

// misread makes damage of what SQLite says of a file whose header it does not
// understand. That no statement of ours gives rise to it, the tests see to.
func misread(err error) error {
	if code(err) == sqlite3.SQLITE_ERROR {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	return err
}

// grave tells whether err is about the disk or the file, and not about what was
// asked. After one of these a connection is not used again: what it believes
// about the file may be wrong.
func grave(err error) bool {
	switch code(err) {
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN,
		sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_PERM, sqlite3.SQLITE_NOLFS:
		return true
	}
	return damaged(err)
}

// unusable makes err vif.Unavailable with the text, unless it has a kind
// already, or is nil.
func unusable(err error, format string, args ...any) error {
	if _, ok := errors.AsType[vif.Kind](err); ok || err == nil {
		return err
	}
	return vif.Unavailable.From(err, format, args...)
}

const unwritable = "The store of vifd cannot be written, so changes are refused until it can. Is the disk full or read-only?"

// fail gives up the connection that writes, and with it the open batch: what it
// holds is told that it was not kept.
func (s *Store) fail(err error) {
	s.hurt(err)
	if s.failed.Swap(&err) == nil {
		s.log.Error("the store cannot be written: changes are refused until it can", "store", s.path, "err", err)
	}
	if closeErr := s.writer.close(); closeErr != nil {
		s.log.Debug("closing the failed connection to the store", "err", closeErr)
	}
	s.writer = nil
	if b := s.batch; b != nil {
		s.batch = nil
		b.err = vif.Unavailable.From(err, unwritable)
		close(b.done)
	}
}

// hurt tells those who wait for it when err says that the file is damaged.
func (s *Store) hurt(err error) {
	if damaged(err) {
		s.harm.Do(func() { close(s.damage) })
	}
}
