package hypervisor

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"vifd/test/wait"
)

// Calls that meet have connections of their own, as libvirt's client asks for; those
// that do not, have one. When the session ends, so do all of them.
func TestWires(t *testing.T) {
	h, _ := run(t)
	ids, err := h.ids(within20s(t))
	if err != nil || len(ids) == 0 {
		t.Fatalf("%v, %v", ids, err)
	}
	for range 20 {
		if _, err := h.Server(within20s(t), ids[0]); err != nil {
			t.Fatal(err)
		}
	}
	s := h.look.now()
	if n := len(s.wires); n != 1 {
		t.Errorf("%d connections for one call after the other", n)
	}
	meet(t, h.look)
	if n := len(s.wires); n < 2 || n > slots || len(s.free) != n {
		t.Errorf("%d connections for %d calls at a time, %d of them free", n, slots, len(s.free))
	}
	s.keeps(t, 1)
	s.lose()
	s.keeps(t, 0)
	wait.Until(t, 20*time.Second, func() string {
		if _, err := h.Server(within20s(t), ids[0]); err != nil {
			return err.Error()
		}
		return ""
	})
}

// meet makes more calls on the line at a time than there are connections.
func meet(t *testing.T, l *line) {
	t.Helper()
	var calls sync.WaitGroup
	for range 4 * slots {
		calls.Go(func() {
			for range 10 {
				_, err := use(within20s(t), l, func(s *session, w *wire) ([]string, error) {
					s.mu.Lock()
					if slices.Contains(s.free, w) {
						t.Error("a connection is free, and used")
					}
					s.mu.Unlock()
					return w.ids()
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	calls.Wait()
}

// keeps waits until the session has n connections, the first among them.
func (s *session) keeps(t *testing.T, n int) {
	t.Helper()
	wait.Until(t, 20*time.Second, func() string {
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.wires) != n || len(s.free) != n || n > 0 && s.wires[0].conn != s.conn {
			return fmt.Sprintf("%d connections are kept, and %d of them are free", len(s.wires), len(s.free))
		}
		return ""
	})
}
