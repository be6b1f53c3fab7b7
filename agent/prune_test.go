package agent

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"vifd/agent/store"
	"vifd/vif"
)

func TestPrune(t *testing.T) {
	s, err := store.Open(t.Context(), t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	old := time.Now().Add(-store.OperationsKept)
	for id, began := range map[string]time.Time{"old": old.Add(-time.Minute), "new": old.Add(time.Minute)} {
		o := vif.Operation{ID: id, Kind: vif.AttachInterface, Started: began, Finished: began, Result: vif.Success}
		if err := s.Update(t.Context(), func(tx *store.Tx) error { return tx.PutOperation(o) }); err != nil {
			t.Fatal(err)
		}
	}
	answered := vif.Answer{Once: vif.Once{Caller: "u", Key: "k"}, Created: time.Now().Add(-store.AnswersKept - time.Minute)}
	if err := (answers{s}).PutAnswer(t.Context(), answered); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		(&agent{store: s, log: slog.New(slog.DiscardHandler)}).prune(ctx)
	}()
	kept := func() (ids []string) {
		err := s.View(t.Context(), func(tx *store.Tx) error {
			all, err := tx.Operations()
			for _, o := range all {
				ids = append(ids, o.ID)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return ids
	}
	until(t, "the old operation is gone", func() bool { ids := kept(); return len(ids) == 1 && ids[0] == "new" })
	until(t, "the old answer is gone", func() bool {
		_, err := (answers{s}).Answer(t.Context(), "u", "k")
		return errors.Is(err, vif.NotFound)
	})
	stop()
	<-ended
}

// A clock that jumps ahead takes nothing away that is under way; one that jumps
// back leaves nothing that is kept for longer than it should be.
func TestClockJumps(t *testing.T) {
	s, err := store.Open(t.Context(), t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	begun := time.Now()
	jump := func(to time.Duration) {
		t.Helper()
		if err := s.Update(t.Context(), func(tx *store.Tx) error { return pruned(tx, begun.Add(to)) }); err != nil {
			t.Fatal(err)
		}
	}
	open := vif.Operation{ID: "req-1", Kind: vif.AttachInterface, Started: begun}
	note := vif.Answer{Once: vif.Once{Caller: "u", Key: "k", Request: []byte("r")}, Operations: []string{"req-1"}, Created: begun}
	keep := func() {
		t.Helper()
		err := s.Update(t.Context(), func(tx *store.Tx) error { return errors.Join(tx.PutOperation(open), tx.PutAnswer(note)) })
		if err != nil {
			t.Fatal(err)
		}
	}
	has := func(name string, want bool) {
		t.Helper()
		_, err := (answers{s}).Answer(t.Context(), "u", "k")
		err2 := s.View(t.Context(), func(tx *store.Tx) error { _, err := tx.Operation("req-1"); return err })
		if errors.Is(err, vif.NotFound) == want || errors.Is(err2, vif.NotFound) == want {
			t.Errorf("%s: answer: %v, operation: %v; want them: %t", name, err, err2, want)
		}
	}
	const years = 10 * 365 * 24 * time.Hour
	keep()
	jump(years)
	has("ten years ahead, under way", true)
	open.Finished, open.Result, note.Status = begun, vif.Success, 200
	keep()
	jump(time.Hour)
	has("an hour ahead", true)
	jump(-years)
	has("ten years back", true)
	jump(-years + store.OperationsKept + time.Hour)
	has("ten years back, and as long after that as it is kept", false)
}
