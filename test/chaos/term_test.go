//go:build failpoints

package chaos

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"vifd/test/dose"
	"vifd/vif/fail"
)

// stopTime is how long a vifd that was told to stop may take.
const stopTime = 10 * time.Second

// Told to stop wherever it is, in an attach, a detach or a start, vifd ends in time
// by itself, and what it answered is true; the next one finds nothing half done.
func TestTerminated(t *testing.T) {
	for _, p := range slices.Concat(fail.Attaching(), fail.Detaching(), fail.Starting()) {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			times := 0
			dose.Tally(t, "SIGTERM at "+string(p), func() int { return times })
			for ; times < dose.Often(3, 50); times++ {
				var r sent
				switch {
				case slices.Contains(fail.Detaching(), p):
					r = s.stops(t, p, s.detach(s.plugged(t)))
				case slices.Contains(fail.Starting(), p):
					s.stopsStarting(t, p)
				default:
					r = s.stops(t, p, s.attach())
				}
				s.living(t, func(_ context.Context, v *vifd) {
					ports := v.attached(t)
					if r.status == http.StatusOK && len(ports) != 1 || r.status == http.StatusAccepted && len(ports) != 0 {
						t.Errorf("answered %+v, and attached is %v", r.answer, ports)
					}
					if r.method == http.MethodPost {
						if a, now := v.again(t, r), v.attached(t); a.status != http.StatusOK || len(now) != 1 || len(ports) == 1 && ports[0] != now[0] {
							t.Errorf("asked again: %+v; attached was %v, and is %v", a, ports, now)
						}
					}
					v.clear(t)
				})
			}
		})
	}
}

// stops sends r to a vifd that is told to stop at p, and says what came of r.
func (s *scene) stops(t *testing.T, p fail.Point, r sent) sent {
	t.Helper()
	v := arise(t, s.dir, string(p)+":term")
	if !v.ready() {
		v.ended(time.Second)
		t.Fatalf("%s: not even ready", p)
	}
	r.answer = v.ask(t, r.method, r.path, r.key, r.body)
	if !v.ended(stopTime) {
		t.Fatalf("told to stop at %s it did not end in %v: answered %+v", p, stopTime, r.answer)
	}
	return r
}

// stopsStarting has a vifd that is told to stop at p look after what a dead one has
// left.
func (s *scene) stopsStarting(t *testing.T, p fail.Point) {
	t.Helper()
	first := fail.A9
	if p == fail.R4 {
		first = fail.A1a
	}
	s.dies(t, first, s.attach())
	v := arise(t, s.dir, string(p)+":term")
	if v.ready() {
		v.kill(t)
		t.Fatalf("%s was not reached", p)
	}
	if !v.ended(stopTime) {
		t.Fatalf("told to stop at %s it did not end in %v", p, stopTime)
	}
}
