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
		o := vif.Operation{ID: id, Kind: vif.AttachInterface, Started: began}
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
