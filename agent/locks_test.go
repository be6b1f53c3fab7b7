package agent

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"vifd/agent/store"
	"vifd/vif"
)

// A farm has the servers of its names, and none that answers where it is down.
type farm struct {
	shelf
	names []string
	down  bool
}

func (f *farm) Servers(context.Context) (all []vif.Server, err error) {
	if f.down {
		return nil, vif.Unavailable
	}
	for _, name := range f.names {
		all = append(all, vif.Server{ID: name})
	}
	return all, nil
}

// The lock of a server that has gone is forgotten at the second look, and not
// before; one whose server came back, that is new, or that nobody can tell about,
// stays.
func TestLocksOfGoneServers(t *testing.T) {
	s, _ := lockable(t, t.TempDir())
	f := &farm{names: []string{"here", "gone", "moved"}}
	s.host = f
	k := &lockKeeper{servers: s}
	for _, name := range f.names {
		if err := s.Lock(t.Context(), name, vif.Caller{Admin: true}, name); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		name  string
		now   []string
		down  bool
		again string // is locked anew after the look
		locks []string
	}{
		{"all are there", []string{"here", "gone", "moved"}, false, "", []string{"gone", "here", "moved"}},
		{"two are not", []string{"here"}, false, "", []string{"gone", "here", "moved"}},
		{"libvirt is down", nil, true, "", []string{"gone", "here", "moved"}},
		{"one came back", []string{"here", "moved"}, false, "", []string{"here", "moved"}},
		{"and went", []string{"here"}, false, "moved", []string{"here", "moved"}},
		{"and is another's", []string{"here"}, false, "", []string{"here", "moved"}},
		{"that went", []string{"here"}, false, "", []string{"here"}},
	} {
		f.names, f.down = step.now, step.down
		if err := k.forget(t.Context()); errors.Is(err, vif.Unavailable) != step.down || !step.down && err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if step.again != "" {
			relock(t, s, step.again)
		}
		if got := locked(t, s); !slices.Equal(got, step.locks) {
			t.Errorf("%s: the locks are of %v, want %v", step.name, got, step.locks)
		}
	}
}

// relock gives the server another lock than it had.
func relock(t *testing.T, s servers, server string) {
	t.Helper()
	err := s.store.Update(t.Context(), func(tx *store.Tx) error {
		return tx.PutServerLock(store.ServerLock{Server: server, At: time.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// locked returns the servers that have locks, by name.
func locked(t *testing.T, s servers) (names []string) {
	t.Helper()
	err := s.store.View(t.Context(), func(tx *store.Tx) error {
		all, err := tx.ServerLocks()
		for _, l := range all {
			names = append(names, l.Server)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}
