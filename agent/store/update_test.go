package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"vifd/vif"
)

func metaOf(t *testing.T, s *Store, key string) (value string) {
	t.Helper()
	if err := s.View(t.Context(), func(tx *Tx) (err error) { value, err = tx.Meta(key); return err }); err != nil {
		t.Fatal(err)
	}
	return value
}

// Of changes that share a commit, each is kept or not by itself.
func TestUpdatesBesideEachOther(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	refused := errors.New("no")
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			key := strconv.Itoa(i)
			defer func() {
				if r := recover(); (r != nil) != (i%7 == 1) {
					t.Errorf("%d: recovered %v", i, r)
				}
			}()
			err := s.Update(t.Context(), func(tx *Tx) error {
				if err := tx.PutMeta(key, "there"); err != nil {
					return err
				}
				switch i % 7 {
				case 0:
					return refused
				case 1:
					panic("oh")
				}
				return nil
			})
			if want := i%7 == 0; errors.Is(err, refused) != want || err != nil && !want {
				t.Errorf("%d: %v", i, err)
			}
			want := "there"
			if i%7 == 0 {
				want = ""
			}
			if got := metaOf(t, s, key); got != want {
				t.Errorf("%d = %q, want %q", i, got, want)
			}
		})
	}
	all.Wait()
	for i := 1; i < 200; i += 7 {
		if got := metaOf(t, s, strconv.Itoa(i)); got != "" {
			t.Errorf("%d panicked and left %q", i, got)
		}
	}
}

// One that fails the whole batch is every member's failure.
func TestBatchFailsTogether(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	entered, leave := make(chan struct{}), make(chan struct{})
	first, second := make(chan error), make(chan error)
	go func() {
		first <- s.Update(t.Context(), func(tx *Tx) error {
			close(entered)
			<-leave
			return tx.PutMeta("first", "there")
		})
	}()
	<-entered
	go func() {
		second <- s.Update(t.Context(), func(tx *Tx) error {
			tx.broken = errors.New("the disk is on fire")
			return nil
		})
	}()
	for s.waiting.Load() == 0 { // until the second queues for the first one's batch
		if err := context.Cause(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	close(leave)
	wantKind(t, <-first, vif.Unavailable)
	wantKind(t, <-second, vif.Unavailable)
	if s.Failed() == nil {
		t.Error("the store does not say that it failed")
	}
	if got := metaOf(t, s, "first"); got != "" {
		t.Errorf("first = %q, and was refused", got)
	}
	update(t, s, func(tx *Tx) error { return tx.PutMeta("third", "there") })
	if err := s.Failed(); err != nil {
		t.Errorf("still failed: %v", err)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := s.Update(ctx, func(tx *Tx) error { return tx.PutMeta("a", "b") })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
	if got := metaOf(t, s, "a"); got != "" {
		t.Errorf("a = %q", got)
	}
}

// A View is of one moment, and sees what was kept before it began.
func TestViewIsOneMoment(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	for i := range 20 {
		want := fmt.Sprint(i)
		update(t, s, func(tx *Tx) error { return tx.PutMeta("n", want) })
		err := s.View(t.Context(), func(tx *Tx) error {
			before, err := tx.Meta("n")
			if err != nil {
				return err
			}
			update(t, s, func(tx *Tx) error { return tx.PutMeta("n", "later") })
			after, err := tx.Meta("n")
			if before != want || after != want {
				t.Errorf("n = %s, then %s, want %s", before, after, want)
			}
			return err
		})
		wantKind(t, err, "")
		wantKind(t, s.View(t.Context(), func(tx *Tx) error { return tx.PutMeta("n", "by a reader") }), vif.Unavailable)
	}
}

// More Views than connections wait for one, as long as their context lasts.
func TestViewsWait(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	var deep func(n int) error
	deep = func(n int) error {
		ctx, cancel := context.WithCancel(t.Context())
		if n == readers {
			cancel()
		}
		defer cancel()
		return s.View(ctx, func(*Tx) error { return deep(n + 1) })
	}
	if err := deep(0); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
	wantKind(t, s.View(t.Context(), func(*Tx) error { return nil }), "")
}
