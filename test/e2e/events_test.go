package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"vifd/test/testhost"
	"vifd/test/wait"
	"vifd/vif"
)

// A follower is a running "vifd events".
type follower struct {
	mu   sync.Mutex
	seen []vif.Event
}

// follow follows what happens to a server, until the test ends.
func follow(t *testing.T, g *testhost.Running) *follower {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, host.Binary, "events", "--server", g.Name, "-o", "json")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f := &follower{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var e vif.Event
			if json.Unmarshal(lines.Bytes(), &e) == nil {
				f.mu.Lock()
				f.seen = append(f.seen, e)
				f.mu.Unlock()
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		_ = cmd.Wait() // it was ended by us
	})
	return f
}

// words are what was told of the port, a word each.
func (f *follower) words(port string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var words []string
	for _, e := range f.seen {
		if e.Port == port {
			words = append(words, strings.TrimPrefix(string(e.Kind), "attachment.")+":"+string(e.State)+e.Result)
		}
	}
	return strings.Join(words, " ")
}

// tells waits until that is what was told of the port.
func (f *follower) tells(t *testing.T, port string, want ...string) {
	t.Helper()
	wait.Until(t, patience, func() string {
		if got := f.words(port); got != strings.Join(want, " ") {
			return "told " + got + "\nwant " + strings.Join(want, " ")
		}
		return ""
	})
}

// Who follows is told of a NIC from its coming to its going, each thing once,
// what somebody did to its tap and that vifd mended it, and nothing twice or
// never because vifd was killed meanwhile.
func TestEvents(t *testing.T) {
	clean(t)
	g := host.Guest("g1")
	begun := follow(t, g)
	wait.Until(t, patience, func() string { // it is connected when it tells something
		p := attach(t, g, blue)
		detach(t, g, p.Port)
		return map[bool]string{true: "nothing is told"}[begun.words(p.Port) == ""]
	})
	p := attach(t, g, blue)
	want := []string{"added:BUILD", "operation.finished:Success", "port.state:ACTIVE"}
	begun.tells(t, p.Port, want...)
	sh(t, "ip link set tap"+p.Port[:11]+" down")
	want = append(want, "port.state:DOWN", "port.state:ACTIVE")
	begun.tells(t, p.Port, want...)
	killVifd(t)
	startVifd(t)
	detach(t, g, p.Port)
	want = append(want, "port.state:BUILD", "removed:", "operation.finished:Success")
	begun.tells(t, p.Port, want...)
	begun.mu.Lock()
	defer begun.mu.Unlock()
	if !slices.IsSortedFunc(begun.seen, func(a, b vif.Event) int { return int(a.ID - b.ID) }) {
		t.Errorf("out of order: %+v", begun.seen)
	}
	all := ask(t, "GET", "/v1/events?since=x", "")
	if all.Status != 400 {
		t.Errorf("answered %d %s", all.Status, all.Body)
	}
}

// A fakeNova takes os-server-external-events, unless it is down.
type fakeNova struct {
	mu   sync.Mutex
	down bool
	took []string
}

func (n *fakeNova) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var said struct {
		Events []map[string]any `json:"events"`
	}
	if err := json.NewDecoder(r.Body).Decode(&said); err != nil || n.down || r.URL.Path != "/v2.1/os-server-external-events" {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	for _, e := range said.Events {
		n.took = append(n.took, fmt.Sprint(e["server_uuid"], " ", e["tag"], " ", e["name"], " ", e["status"]))
		e["code"] = 200
	}
	_ = json.NewEncoder(w).Encode(said)
}

func (n *fakeNova) set(down bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = down
}

// has waits until Nova was told these, of the port.
func (n *fakeNova) has(t *testing.T, g *testhost.Running, port string, want ...string) {
	t.Helper()
	wait.Until(t, patience, func() string {
		n.mu.Lock()
		defer n.mu.Unlock()
		var got []string
		for _, line := range n.took {
			if said, ok := strings.CutPrefix(line, g.UUID+" "+port+" "); ok {
				got = append(got, said)
			}
		}
		if !slices.Equal(got, want) {
			return fmt.Sprintf("Nova was told %q, want %q", got, want)
		}
		return ""
	})
}

// Nova is told what is plugged and unplugged; while it is down an attach is as
// ever, and what it has missed it is told afterwards, by the next vifd too.
func TestNovaIsTold(t *testing.T) {
	clean(t)
	n := &fakeNova{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: n}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	configured(t, fmt.Sprintf("[nova]\nenabled = true\nauth = \"none\"\nendpoint = \"http://%s/v2.1\"\ninterval = \"50ms\"\n", l.Addr()))
	g := host.Guest("g1")
	p := attach(t, g, blue)
	n.has(t, g, p.Port, "network-vif-plugged completed")
	n.set(true)
	detach(t, g, p.Port)
	q := attach(t, g, blue)
	wait.Until(t, patience, func() string {
		if out, ok := run(host.Binary + " status"); ok || !strings.Contains(out, "notifications wait") {
			return out
		}
		return ""
	})
	killVifd(t)
	startVifd(t)
	n.set(false)
	n.has(t, g, p.Port, "network-vif-plugged completed", "network-vif-unplugged completed")
	n.has(t, g, q.Port, "network-vif-plugged completed")
	detach(t, g, q.Port)
	n.has(t, g, q.Port, "network-vif-plugged completed", "network-vif-unplugged completed")
}
