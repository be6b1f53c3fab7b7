package chaos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync/atomic"

	"pgregory.net/rapid"

	"vifd/vif"
)

// ids are the servers that come and go.
var ids = []string{
	"6ba7b810-9dad-41d1-80b4-00c04fd430c8", "7ba7b810-9dad-41d1-80b4-00c04fd430c8", "8ba7b810-9dad-41d1-80b4-00c04fd430c8",
}

// A model is what vifd has said that it did: which port is in which server.
type model struct {
	*vifd
	dir      string
	network  string
	attached map[string]string // by port
	leaving  map[string]string // as long as a guest, or a daemon, holds it up
	open     map[string]string // its server was not there for a while: it may have noticed or not
	asked    int
	steps    *atomic.Int64
}

func newModel(t *rapid.T, f furnished, steps *atomic.Int64) *model {
	dir, err := os.MkdirTemp(ram(), "chaos")
	if err == nil {
		err = os.CopyFS(dir, os.DirFS(f.dir))
	}
	if err != nil {
		t.Fatal(err)
	}
	m := &model{
		dir: dir, network: f.network, steps: steps,
		attached: map[string]string{}, leaving: map[string]string{}, open: map[string]string{},
	}
	m.begin(t, newWorld(ids...))
	t.Cleanup(func() {
		if err := errors.Join(m.end(context.Background()), os.RemoveAll(dir)); err != nil {
			t.Error(err)
		}
	})
	return m
}

func (m *model) begin(t *rapid.T, w *world) {
	v, err := start(context.Background(), m.dir, w)
	if err != nil {
		t.Fatal(err)
	}
	m.vifd = v
}

// request is the next one, with an ID of its own.
func (m *model) request(server, port string) vif.Request {
	m.asked++
	return vif.Request{Server: server, Port: port, Operation: fmt.Sprintf("req-%08d", m.asked), Caller: vif.Caller{Admin: true}}
}

// attach plugs a new port into a server. An error leaves nothing but, at most,
// what is taken back as soon as that can be done.
func (m *model) attach(t *rapid.T) {
	r := m.request(rapid.SampledFrom(ids).Draw(t, "server"), "")
	r.Network = m.network
	if s := m.world.Servers[r.Server]; s != nil && !s.Live && m.owed(r.Server) {
		t.Skip("it gets controllers for more, and none while it runs for what comes back")
	}
	a, err := m.Attach(context.Background(), r)
	if err == nil {
		m.attached[a.Port.ID] = r.Server
		m.quiet(r.Server)
		return
	}
	m.legitimate(t, r.Server, err)
	list, e := m.Attached(context.Background(), r.Server)
	if e != nil {
		t.Fatal(e)
	}
	for _, a := range list {
		if m.attached[a.Port.ID] == "" && m.open[a.Port.ID] == "" {
			m.leaving[a.Port.ID] = r.Server
		}
	}
}

// quiet waits for what goes on after the answer of an attach: so the same steps
// come to the same. Whoever wants the server next has to wait for it.
func (m *model) quiet(server string) {
	_ = m.Detach(context.Background(), vif.Request{Server: server, Port: "none"})
}

// legitimate wants an error to have a reason.
func (m *model) legitimate(t *rapid.T, id string, err error) {
	m.world.mu.Lock()
	defer m.world.mu.Unlock()
	s := m.world.Servers[id]
	switch kind := vif.KindOf(err); {
	case kind == vif.Unavailable: // of what was broken here
	case kind == vif.NotFound && s == nil:
	case kind == vif.WrongState && s != nil && s.Moving:
	case kind == vif.NoSlot && s != nil && (s.pci() == "" || m.owed(id)):
	default:
		t.Fatalf("%v: %v", kind, err)
	}
}

// owed tells whether all slots of the server are somebody's, of whom some were taken
// out by hand and will be back.
func (m *model) owed(server string) bool {
	ports := 0
	for _, of := range []map[string]string{m.attached, m.leaving, m.open} {
		for _, s := range of {
			if s == server {
				ports++
			}
		}
	}
	return ports >= slots
}

// one draws a port that is attached, or on its way out.
func (m *model) one(t *rapid.T) (port, server string) {
	all := maps.Clone(m.attached)
	maps.Copy(all, m.leaving)
	maps.Copy(all, m.open)
	if len(all) == 0 {
		t.Skip("no ports")
	}
	port = rapid.SampledFrom(slices.Sorted(maps.Keys(all))).Draw(t, "port")
	return port, all[port]
}

// detach takes a port out. An error leaves it either as it was, or on its way.
func (m *model) detach(t *rapid.T) {
	port, server := m.one(t)
	err := m.Detach(context.Background(), m.request(server, port))
	switch kind := vif.KindOf(err); {
	case err == nil, kind == vif.NotFound && m.attached[port] == "":
		delete(m.leaving, port)
		delete(m.open, port)
		delete(m.attached, port)
	case kind == vif.Pending, kind == vif.Unavailable:
		if m.Detaching(context.Background(), server, port) || m.gone(t, server, port) {
			m.leaving[port] = server
			delete(m.attached, port)
			delete(m.open, port)
		}
	default:
		t.Fatalf("detach of %s from %s: %v", port, server, err)
	}
}

// gone tells whether the port is not on the server's list.
func (m *model) gone(t *rapid.T, server, port string) bool {
	list, err := m.Attached(context.Background(), server)
	if err != nil {
		t.Fatal(err)
	}
	return !slices.ContainsFunc(list, func(a vif.Attachment) bool { return a.Port.ID == port })
}

// list compares what vifd says with what it has said.
func (m *model) list(t *rapid.T) {
	m.steps.Add(1)
	list, err := m.Attached(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{}
	for _, a := range list {
		listed[a.Port.ID] = a.Server
		if m.open[a.Port.ID] == a.Server {
			continue
		}
		if a.State == vif.Active && m.attached[a.Port.ID] == "" {
			t.Fatalf("port %s is ACTIVE in %s, and nobody was told so", a.Port.ID, a.Server)
		}
		if m.attached[a.Port.ID] != a.Server && m.leaving[a.Port.ID] != a.Server {
			t.Fatalf("port %s is listed in %s, attached are %v, leaving %v", a.Port.ID, a.Server, m.attached, m.leaving)
		}
	}
	for port, server := range m.attached {
		if listed[port] != server {
			t.Fatalf("port %s is not listed in %s", port, server)
		}
	}
}

// restart ends vifd, and lets the next one look. What goes on is ended first:
// for deaths there are other tests.
func (m *model) restart(t *rapid.T) {
	w := m.world
	if err := m.end(context.Background()); err != nil {
		t.Fatal(err)
	}
	m.begin(t, w)
	if err := m.ready(context.Background()); err != nil && !passing(err) {
		t.Fatal(err)
	}
}

// passing tells whether an error goes with what was broken here.
func passing(err error) bool {
	return errors.Is(err, vif.Unavailable) || errors.Is(err, vif.Pending) || errors.Is(err, vif.WrongState)
}

// settle takes all away that holds vifd up: then all is as it has said.
func (m *model) settle(t *rapid.T) {
	w := m.world
	w.mu.Lock()
	clear(w.down)
	clear(w.fail)
	for _, s := range w.Servers {
		s.Stuck, s.Moving = false, false
	}
	w.mu.Unlock()
	if err := m.converge(context.Background()); err != nil {
		t.Fatal(err)
	}
	clear(m.leaving)
	m.decide(t)
	m.list(t)
	if found, err := m.Leaks(context.Background(), true); err != nil || len(found) != 0 {
		t.Fatalf("vifd's own judge: %+v, %v", found, err)
	}
}

// decide looks what became of what is open.
func (m *model) decide(t *rapid.T) {
	for port, server := range m.open {
		if !m.gone(t, server, port) {
			m.attached[port] = server
		}
	}
	clear(m.open)
}

// live lets happen to m what t draws.
func (m *model) live(t *rapid.T) {
	acts := map[string]func(*rapid.T){
		"attach": m.attach, "attach again": m.attach, "detach": m.detach, "detach again": m.detach, "restart": m.restart, "settle": m.settle, "": m.list,
		"look": func(t *rapid.T) {
			if err := m.Recover(context.Background(), everything); err != nil && !passing(err) {
				t.Fatal(err)
			}
		},
	}
	maps.Copy(acts, m.drifts())
	t.Repeat(acts)
	m.settle(t)
}
