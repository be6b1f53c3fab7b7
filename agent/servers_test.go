package agent

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"vifd/agent/store"
	"vifd/vif"
)

// A shelf has two servers, without any lock.
type shelf struct{}

func (shelf) Server(_ context.Context, id string) (vif.Server, error) {
	if id == "gone" {
		return vif.Server{}, vif.NotFound
	}
	return vif.Server{ID: id}, nil
}

func (s shelf) Recent(ctx context.Context, id string) (vif.Server, error) { return s.Server(ctx, id) }

func (shelf) Servers(context.Context) ([]vif.Server, error) {
	return []vif.Server{{ID: "one"}, {ID: "two"}}, nil
}

// A lock outlives a restart, is shown, and an admin's is not a member's to undo
// or to word otherwise.
func TestServerLocks(t *testing.T) {
	dir := t.TempDir()
	admin, member := vif.Caller{Admin: true}, vif.Caller{Project: "p"}
	s, restart := lockable(t, dir)
	for _, step := range []struct {
		name string
		do   func() error
		kind vif.Kind // vif.Internal for no error
		want vif.Server
	}{
		{"at first", func() error { return nil }, vif.Internal, vif.Server{}},
		{"locked by a member", func() error { return s.Lock(t.Context(), "one", member, "mine") }, vif.Internal, vif.Server{Locked: true, LockReason: "mine"}},
		{"unlocked by a member", func() error { return s.Unlock(t.Context(), "one", member) }, vif.Internal, vif.Server{}},
		{"unlocked again", func() error { return s.Unlock(t.Context(), "one", member) }, vif.Internal, vif.Server{}},
		{"locked by an admin", func() error { return s.Lock(t.Context(), "one", admin, "audit") }, vif.Internal, vif.Server{Locked: true, LockReason: "audit"}},
		{"restarted", func() error { s = restart(); return nil }, vif.Internal, vif.Server{Locked: true, LockReason: "audit"}},
		{"locked by a member too", func() error { return s.Lock(t.Context(), "one", member, "mine") }, vif.Internal, vif.Server{Locked: true, LockReason: "audit"}},
		{"unlocked by a member, in vain", func() error { return s.Unlock(t.Context(), "one", member) }, vif.Forbidden, vif.Server{Locked: true, LockReason: "audit"}},
		{"unlocked by an admin", func() error { return s.Unlock(t.Context(), "one", admin) }, vif.Internal, vif.Server{}},
	} {
		if err := step.do(); (err != nil) != (step.kind != vif.Internal) || vif.KindOf(err) != step.kind {
			t.Errorf("%s: %v, want %v", step.name, err, step.kind)
		}
		step.want.ID = "one"
		one, err := s.Server(t.Context(), "one")
		all, err2 := s.Servers(t.Context())
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		for _, got := range []vif.Server{one, all[0]} {
			if got.Locked != step.want.Locked || got.LockReason != step.want.LockReason || all[1].Locked {
				t.Errorf("%s: %+v and %+v, want %+v", step.name, got, all[1], step.want)
			}
		}
	}
	if _, err := s.Server(t.Context(), "gone"); vif.KindOf(err) != vif.NotFound {
		t.Errorf("a server that is gone: %v", err)
	}
}

// lockable returns servers over a store in dir, and what opens that again.
func lockable(t *testing.T, dir string) (servers, func() servers) {
	t.Helper()
	open := func() *store.Store {
		s, err := store.Open(t.Context(), dir, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	t.Cleanup(func() { s.Close() })
	return servers{shelf{}, s}, func() servers {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open()
		return servers{shelf{}, s}
	}
}
