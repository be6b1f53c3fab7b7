package store

import (
	"log/slog"
	"testing"

	"vifd/vif"
)

var quiet = slog.New(slog.DiscardHandler)

// open returns a store in dir that is closed with the test.
func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), dir, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func update(t *testing.T, s *Store, fn func(*Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// wantKind fails the test unless err is of the kind, or nil for "".
func wantKind(t *testing.T, err error, want vif.Kind) {
	t.Helper()
	if want == "" && err == nil {
		return
	}
	if err == nil || vif.KindOf(err) != want {
		t.Errorf("err = %v, want kind %q", err, want)
	}
}
