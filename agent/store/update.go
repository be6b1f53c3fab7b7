package store

import (
	"context"
	"errors"

	"vifd/vif"
)

// A batch is one transaction of SQLite, which holds the changes of every Update
// that arrived while it was open.
type batch struct {
	size     int           // how many Updates are in it
	eventful bool          // one of them put what somebody waits for
	done     chan struct{} // closed when it has ended,
	err      error         // and then: why none of it was kept
}

// maxBatch bounds how many Updates share a commit.
const maxBatch = 64

// Update runs fn and keeps all it has changed, or nothing where fn returns an
// error. When Update returns nil the change is on the disk. vif.Unavailable says
// that it could not be written: from then on changes are refused, until one
// succeeds again; each tries with a new connection. Such a change may still turn
// up if the host loses power before then. fn must not keep tx, call Update, or
// wait for anything: all writing goes through it.
//
// Updates that wait for each other share one commit, so that a disk that is
// slow to sync is so once for all of them.
func (s *Store) Update(ctx context.Context, fn func(tx *Tx) error) error {
	b, err := s.join(ctx, fn)
	if err != nil {
		return err
	}
	<-b.done
	return b.err
}

// join runs fn as part of the open batch. The batch ends here when nobody waits
// to join it after fn; else whoever does will see to it.
func (s *Store) join(ctx context.Context, fn func(*Tx) error) (*batch, error) {
	s.waiting.Add(1)
	s.writing.Lock()
	s.waiting.Add(-1)
	defer s.writing.Unlock()
	defer func() {
		if b := s.batch; s.waiting.Load() == 0 || b != nil && b.size >= maxBatch {
			s.end(b)
		}
	}()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	return b, s.apply(b, fn)
}

// begin returns the open batch, or a new one. After a failure it opens and
// checks the file afresh.
func (s *Store) begin(ctx context.Context) (*batch, error) {
	select {
	case <-s.closed:
		return nil, vif.Unavailable.From(errClosed, "The store is closed.")
	default:
	}
	if s.flock == nil {
		return nil, vif.Unsupported.Because("The store was opened to be read only.")
	}
	if s.batch != nil {
		return s.batch, nil
	}
	if s.writer == nil {
		w, err := dialWriter(ctx, s.db)
		if err != nil {
			s.hurt(err)
			return nil, unusable(err, unwritable)
		}
		s.writer = w
	}
	if err := s.writer.do("BEGIN IMMEDIATE"); err != nil {
		if grave(err) {
			s.fail(err)
		}
		return nil, vif.Unavailable.From(err, unwritable)
	}
	s.batch = &batch{done: make(chan struct{})}
	return s.batch, nil
}

// apply runs fn in b, and takes back what it did when it does not succeed, as
// when it panics.
func (s *Store) apply(b *batch, fn func(*Tx) error) (err error) {
	tx := &Tx{conn: s.writer}
	if err := s.writer.do("SAVEPOINT one"); err != nil {
		s.fail(err)
		return vif.Unavailable.From(err, unwritable)
	}
	kept := false
	defer func() {
		if tx.broken == nil && !kept {
			tx.broken = errors.Join(s.writer.do("ROLLBACK TO one"), s.writer.do("RELEASE one"))
		}
		if tx.broken != nil {
			s.fail(tx.broken)
		}
	}()
	if err = fn(tx); tx.broken != nil {
		return vif.Unavailable.From(tx.broken, unwritable)
	}
	if err != nil {
		return err
	}
	if err = s.writer.do("RELEASE one"); err == nil {
		b.size++
		b.eventful = b.eventful || tx.eventful
		s.told(tx)
		kept = true
	}
	return err
}

// end commits b, if it is there.
func (s *Store) end(b *batch) {
	if b == nil {
		return
	}
	if err := s.writer.do("COMMIT"); err != nil {
		s.fail(err)
		return
	}
	if b.size > 0 && s.failed.Swap(nil) != nil {
		s.log.Info("the store can be written again")
	}
	s.batch = nil
	close(b.done)
	s.changed.ring()
	if b.eventful {
		s.bell.ring()
	}
}

// Free returns when no Update is at work, at the latest when ctx ends: then with
// an error. It changes nothing.
func (s *Store) Free(ctx context.Context) error {
	free := make(chan struct{})
	go func() {
		s.writing.Lock()
		defer s.writing.Unlock()
		close(free)
	}()
	select {
	case <-free:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
