//go:build failpoints

package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vifd/test/dose"
	"vifd/vif"
	"vifd/vif/fail"
)

// A scene is a vifd's directory, and the network in its store.
type scene struct {
	dir, network string
	keys         int
	deaths       int
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{dir: t.TempDir()}
	s.living(t, func(ctx context.Context, v *vifd) {
		var err error
		if s.network, err = v.furnish(ctx); err != nil {
			t.Fatal(err)
		}
		v.world.keep()
	})
	return s
}

// living lets act work with a vifd that looks after what the last has left: it
// has to come to its end within ten seconds.
func (s *scene) living(t *testing.T, act func(context.Context, *vifd)) {
	t.Helper()
	w, err := load(filepath.Join(s.dir, "world"), guest)
	if err != nil {
		t.Fatal(err)
	}
	v, err := start(t.Context(), s.dir, w)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := v.end(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	if err := v.ready(t.Context()); err != nil {
		t.Error(err)
	}
	if err := v.converge(t.Context()); err != nil {
		t.Fatal(err)
	}
	act(t.Context(), v)
}

// A sent request is what a client remembers.
type sent struct {
	method, path, key, body string
	answer
}

func (s *scene) attach() sent {
	s.keys++
	return sent{method: "POST", path: "/v2.1/servers/" + guest + "/os-interface", key: fmt.Sprint("key-", s.keys),
		body: fmt.Sprintf(`{"interfaceAttachment": {"net_id": %q}}`, s.network)}
}

func (s *scene) detach(port string) sent {
	s.keys++
	return sent{method: "DELETE", path: "/v2.1/servers/" + guest + "/os-interface/" + port, key: fmt.Sprint("key-", s.keys)}
}

// dies sends r to a vifd that dies at p, and says what came of r.
func (s *scene) dies(t *testing.T, p fail.Point, r sent) sent {
	t.Helper()
	v := arise(t, s.dir, string(p)+":kill")
	if !v.ready() {
		v.buried(time.Second)
		t.Fatalf("%s: not even ready", p)
	}
	r.answer = v.ask(t, r.method, r.path, r.key, r.body)
	if !v.buried(10 * time.Second) {
		t.Fatalf("%s was not reached: answered %+v", p, r.answer)
	}
	s.deaths++
	return r
}

// again asks a living vifd for the same once more.
func (v *vifd) again(t *testing.T, r sent) answer {
	t.Helper()
	a := v.api()
	defer a.Stop(t.Context())
	w := httptest.NewRecorder()
	q := httptest.NewRequestWithContext(t.Context(), r.method, r.path, strings.NewReader(r.body))
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("Idempotency-Key", r.key)
	a.ServeHTTP(w, q)
	return answer{w.Code, w.Body.String()}
}

// attached returns the ports of the server.
func (v *vifd) attached(t *testing.T) (ports []string) {
	t.Helper()
	list, err := v.Attached(t.Context(), guest)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list {
		if a.State != vif.Active {
			t.Errorf("port %s is %s: %s", a.Port.ID, a.State, a.Reason)
		}
		ports = append(ports, a.Port.ID)
	}
	return ports
}

// clear takes out what is attached, and wants nothing to be left.
func (v *vifd) clear(t *testing.T) {
	t.Helper()
	for _, port := range v.attached(t) {
		if err := v.Detach(t.Context(), vif.Request{Server: guest, Port: port, Operation: "req-clear-" + port}); err != nil {
			t.Error(err)
		}
	}
	if err := v.converge(t.Context()); err != nil {
		t.Error(err)
	}
	if left := v.world.String(); left != "" {
		t.Errorf("left on the host:\n%s", left)
	}
}

// Wherever in an attach vifd dies, the next one makes it all or nothing; what was
// answered is true; and who asks the same again gets one NIC and no second.
func TestKilledAttaching(t *testing.T) {
	settled := []fail.Point{fail.A10, fail.A11, fail.A13}
	for _, p := range fail.Attaching() {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			dose.Tally(t, "kill -9 at "+string(p), func() int { return s.deaths })
			for range dose.Often(10, 100) {
				r := s.dies(t, p, s.attach())
				s.living(t, func(ctx context.Context, v *vifd) {
					ports := v.attached(t)
					if want := slices.Contains(settled, p); (len(ports) == 1) != want || r.status == http.StatusOK && !want {
						t.Errorf("answered %+v, and attached is %v", r.answer, ports)
					}
					a := v.again(t, r)
					now := v.attached(t)
					if a.status != http.StatusOK || len(now) != 1 || !strings.Contains(a.body, now[0]) || len(ports) == 1 && ports[0] != now[0] {
						t.Errorf("asked again: %+v; attached was %v, and is %v", a, ports, now)
					}
					v.clear(t)
				})
			}
		})
	}
}

// A detach that is noted is done, wherever vifd dies; one that is not changes
// nothing.
func TestKilledDetaching(t *testing.T) {
	for _, p := range fail.Detaching() {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			dose.Tally(t, "kill -9 at "+string(p), func() int { return s.deaths })
			for range dose.Often(10, 100) {
				r := s.dies(t, p, s.detach(s.plugged(t)))
				s.living(t, func(ctx context.Context, v *vifd) {
					ports := v.attached(t)
					if (len(ports) == 1) != (p == fail.D0) || r.status == http.StatusAccepted && len(ports) != 0 {
						t.Errorf("answered %+v, and attached is %v", r.answer, ports)
					}
					if a := v.again(t, r); a.status != http.StatusAccepted && a.status != http.StatusNotFound {
						t.Errorf("asked again: %+v", a)
					}
					v.clear(t)
				})
			}
		})
	}
}

// plugged attaches a port while nobody dies.
func (s *scene) plugged(t *testing.T) (port string) {
	t.Helper()
	s.living(t, func(ctx context.Context, v *vifd) {
		a := v.again(t, s.attach())
		var got struct {
			InterfaceAttachment struct {
				Port string `json:"port_id"`
			}
		}
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.status != http.StatusOK {
			t.Fatalf("%+v: %v", a, err)
		}
		port = got.InterfaceAttachment.Port
	})
	return port
}

// undone are points that a vifd passes that takes back what another has left.
var undone = []fail.Point{fail.R0, fail.R1, fail.R2, fail.R3, fail.R5, fail.D2, fail.D3, fail.D5, fail.D6, fail.D7, fail.D8, fail.D9, fail.D9a}

// Who looks after what a dead vifd has left may die of it, three times over.
func TestKilledRecovering(t *testing.T) {
	for _, p := range fail.Starting() {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			random := dose.Rand(t)
			s := newScene(t)
			dose.Tally(t, "kill -9 at "+string(p)+", and up to twice more before it is through", func() int { return s.deaths })
			for range dose.Often(10, 100) {
				first := fail.A9
				if p == fail.R4 {
					first = fail.A1a
				}
				r := s.dies(t, first, s.attach())
				if !s.diesAgain(t, p) {
					t.Fatalf("%s was not reached", p)
				}
				for range 2 {
					s.diesAgain(t, undone[random.IntN(len(undone))])
				}
				s.living(t, func(ctx context.Context, v *vifd) {
					if ports := v.attached(t); len(ports) != 0 {
						t.Errorf("answered %+v, and attached is %v", r.answer, ports)
					}
					v.clear(t)
				})
			}
		})
	}
}

// diesAgain starts a vifd that dies at p, and tells whether it came there.
func (s *scene) diesAgain(t *testing.T, p fail.Point) bool {
	t.Helper()
	v := arise(t, s.dir, string(p)+":kill")
	if v.ready() {
		v.kill(t)
		return false
	}
	s.deaths++
	return v.buried(10 * time.Second)
}

// Deaths at random, with and without an answer, one after the other: the vifd
// that lives at last has all right.
func TestKilledAtRandom(t *testing.T) {
	random := dose.Rand(t)
	s := newScene(t)
	dose.Tally(t, "kill -9 at a random point, of a detach, an attach or the recovery of either", func() int { return s.deaths })
	all := slices.Concat(fail.Attaching(), fail.Detaching(), fail.Starting())
	for range dose.Often(60, 2000) {
		v := arise(t, s.dir, fmt.Sprintf("%s#%d:kill", all[random.IntN(len(all))], 1+random.IntN(2)))
		if v.ready() {
			s.something(t, v, random)
			v.kill(t)
		} else {
			v.buried(10 * time.Second)
		}
		s.deaths++
	}
	s.living(t, func(ctx context.Context, v *vifd) { v.clear(t) })
}

// something asks v for two changes.
func (s *scene) something(t *testing.T, v *victim, random *rand.Rand) {
	t.Helper()
	for range 2 {
		r := s.attach()
		list := v.ask(t, "GET", "/v2.1/servers/"+guest+"/os-interface", "", "")
		if _, rest, found := strings.Cut(list.body, `"port_id": "`); found && random.IntN(2) == 0 {
			r = s.detach(rest[:36])
		}
		v.ask(t, r.method, r.path, r.key, r.body)
	}
}
