// Package store keeps what should be true, and who asked for it, through kill -9
// and power cuts: networks, subnets and ports, attachments, operations, answers
// given and servers locked. It is one SQLite file with one writer, and the only
// package that speaks SQL.
package store

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"vifd/vif"
)

// A Store is the open store of this host. Its methods may be called at the same
// time.
type Store struct {
	path     string // of the database
	log      *slog.Logger
	flock    *os.File
	setAside string
	db       *sql.DB
	readers  chan *conn    // one entry for each View that may run; nil is a connection not yet made
	closed   chan struct{} // closed by Close
	bell     *bell         // rings when there are events or notices to read
	changed  *bell         // rings when anything was written
	damage   chan struct{} // closed when the file was found to be damaged
	harm     sync.Once     // closes it

	waiting atomic.Int64 // how many Updates want to write and do not yet
	failed  atomic.Pointer[error]

	writing sync.Mutex // guards what follows
	writer  *conn      // nil after a failure, until the next Update
	batch   *batch     // the open transaction, or nil

	overfull bool // notices are lost, and the log says so
}

// readers is how many Views run side by side.
const readers = 4

// Open opens the store in the directory dir, which is made if it is not there,
// and holds it until Close: a second Open, in whichever process, is vif.InUse
// and names the holder. A store that a newer vifd wrote is vif.Unsupported, and
// a disk that does not work vif.Unavailable; neither is changed. A damaged one is
// set aside under another name (see SetAside), and an empty one takes its place.
func Open(ctx context.Context, dir string, log *slog.Logger) (*Store, error) {
	dir, err := makeDir(dir)
	if err != nil {
		return nil, vif.Unavailable.From(err, "The directory %s of the store cannot be used.", dir)
	}
	lock, err := hold(filepath.Join(dir, "vifd.lock"))
	if err != nil {
		return nil, err
	}
	s := newStore(filepath.Join(dir, "vifd.db"), log)
	s.flock = lock
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, release(lock))
	}
	return s, nil
}

func newStore(path string, log *slog.Logger) *Store {
	s := &Store{
		path: path, log: log, readers: make(chan *conn, readers), closed: make(chan struct{}),
		bell: newBell(), changed: newBell(), damage: make(chan struct{}),
	}
	for range readers {
		s.readers <- nil
	}
	return s
}

// open opens the database, or a new one where the old one is damaged.
func (s *Store) open(ctx context.Context) error {
	err := s.dial(ctx)
	if !damaged(err) {
		return err
	}
	aside, asideErr := setAside(s.path, time.Now())
	if asideErr != nil {
		return vif.Unavailable.From(errors.Join(err, asideErr), "The store %s is damaged and cannot be set aside.", s.path)
	}
	s.log.Error("the store is damaged: it was set aside and an empty one was made; "+
		"rebuild it from what is on this host with 'vifd store rebuild'", "store", s.path, "aside", aside, "err", err)
	s.setAside = aside
	return s.dial(ctx)
}

// dial opens the database, checks it and brings it to the newest schema.
func (s *Store) dial(ctx context.Context) error {
	if err := makeFile(s.path); err != nil {
		return vif.Unavailable.From(err, "The store %s cannot be used.", s.path)
	}
	if err := headed(s.path); err != nil {
		return err
	}
	db, err := database(s.path)
	if err != nil {
		return err
	}
	w, err := dialWriter(ctx, db)
	if err == nil {
		err = legible(&Tx{conn: w})
	}
	if err == nil {
		err = syncDir(filepath.Dir(s.path))
	}
	if err != nil {
		return errors.Join(unusable(err, "The store %s cannot be opened.", s.path), w.close(), db.Close())
	}
	s.db, s.writer = db, w
	return nil
}

// SetAside returns where Open has put the damaged store that it found, or "".
func (s *Store) SetAside() string { return s.setAside }

// Failed returns why changes are refused since the last one that could not be
// written, or nil.
func (s *Store) Failed() error {
	if err := s.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// Changed returns a channel that is closed when something was written. Who asks
// for it before reading misses nothing.
func (s *Store) Changed() <-chan struct{} { return s.changed.rung() }

// Damaged returns a channel that is closed when the file turns out not to be what
// was written. Nothing can be changed any more; the next Open sets it aside.
func (s *Store) Damaged() <-chan struct{} { return s.damage }

// Close ends the store once all that has begun has ended. What comes after it
// is vif.Unavailable.
func (s *Store) Close() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	select {
	case <-s.closed:
		return nil
	default:
		close(s.closed)
	}
	s.end(s.batch)
	errs := []error{s.writer.close()}
	for range readers {
		errs = append(errs, (<-s.readers).close())
	}
	errs = append(errs, s.db.Close())
	if s.flock != nil {
		errs = append(errs, release(s.flock))
	}
	return errors.Join(errs...)
}
