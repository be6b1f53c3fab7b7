package local

import (
	"log/slog"
	"testing"

	"vifd/agent/network/networktest"
	"vifd/agent/store"
)

// openStore returns a store on disk that is closed with the test.
func openStore(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), t.TempDir(), slog.New(slog.DiscardHandler))
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

func TestAuthority(t *testing.T) {
	t.Parallel()
	networktest.Run(t, func(t *testing.T) (networktest.Authority, networktest.Networks) {
		l := New(openStore(t), "h1", Defaults{Quarantine: DefaultQuarantine})
		return l, l
	})
}
