package hotplug

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// What comes first goes by how the last attach went.
func TestPace(t *testing.T) {
	for _, tt := range []struct {
		wire, show time.Duration // of the last attach
		first      string        // of tap and port, whichever is made first
		lag        time.Duration // of the guest's part
	}{
		{0, 0, "create", 0},
		{5 * time.Millisecond, 20 * time.Millisecond, "create", 0},
		{75 * time.Millisecond, 40 * time.Millisecond, "plug", 0},
		{300 * time.Millisecond, 50 * time.Millisecond, "plug", 200 * time.Millisecond},
	} {
		h := newHost()
		e := newEngine(t, h, newStore(t))
		e.pace.wire.Store(int64(tt.wire))
		e.pace.show.Store(int64(tt.show))
		if got := max(0, e.pace.lag()); got != tt.lag {
			t.Errorf("after %v and %v the guest's part waits %v, want %v", tt.wire, tt.show, got, tt.lag)
		}
		if _, err := e.Attach(t.Context(), request); err != nil {
			t.Fatal(err)
		}
		e.Close(t.Context())
		if create, plug := slices.Index(h.trace, "create"), slices.Index(h.trace, "plug"); (create < plug) != (tt.first == "create") {
			t.Errorf("after %v: %q", tt.wire, h.trace)
		}
	}
}

// A guest whose switch is slow waits for it, but no longer than it takes.
func TestLag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := start(func() error { time.Sleep(30 * time.Millisecond); return nil })
		begun := time.Now()
		if l.within(20*time.Millisecond) || time.Since(begun) != 20*time.Millisecond {
			t.Errorf("waited %v", time.Since(begun))
		}
		if !l.within(time.Hour) || time.Since(begun) != 30*time.Millisecond {
			t.Errorf("waited %v", time.Since(begun))
		}
		if start(func() error { return nil }).within(-time.Second); time.Since(begun) != 30*time.Millisecond {
			t.Errorf("waited %v for nothing", time.Since(begun))
		}
	})
}
