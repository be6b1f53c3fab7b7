package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	"vifd/vif"
)

// A world is a hypervisor host in memory: kernel, Open vSwitch and libvirt with
// as many servers as one likes. It plays all parts that an Engine needs but the
// authority, and prints itself as an operator would see it.
type world struct {
	mu sync.Mutex
	state
	file string            // where the state is kept after each change; "" for nowhere
	down map[string]bool   // the parts that do not answer: switch, libvirt, kernel
	fail map[string]failed // what the next act of that name comes to
}

// A state is what outlives vifd.
type state struct {
	Devices int // that there ever were
	Base    bool
	Taps    map[string]vif.Tap        // by name; without a Port it is a stranger's
	Plugged map[string]vif.SwitchPort // by name
	Flows   map[string]string         // by port
	Servers map[string]*server
}

// A server is a domain and its QEMU.
type server struct {
	Live    bool
	Stuck   bool // the guest lets go of nothing
	Passing bool // it has no definition
	Moving  bool // it migrates, to here or away: nothing of it can be changed
	Slots   int
	NICs    map[string]held
	Defined map[string]vif.ServerNIC
	Noted   map[string]bool // by the metadata
}

// A held NIC is one that QEMU has, with the tap that it has opened.
type held struct {
	vif.ServerNIC
	Device int
}

// failed says how an act fails.
type failed int

const (
	before failed = iota + 1 // nothing has happened
	after                    // all of it has
)

const (
	bridgeName = "br-int"
	slots      = 8
)

func newWorld(servers ...string) *world {
	w := &world{down: map[string]bool{}, fail: map[string]failed{}}
	w.state = state{
		Base: true, Taps: map[string]vif.Tap{}, Plugged: map[string]vif.SwitchPort{}, Flows: map[string]string{}, Servers: map[string]*server{},
	}
	for _, id := range servers {
		w.define(id)
	}
	return w
}

func (w *world) define(id string) {
	w.Servers[id] = &server{Live: true, Slots: slots, NICs: map[string]held{}, Defined: map[string]vif.ServerNIC{}, Noted: map[string]bool{}}
}

// load returns the world that is kept in the file, or a new one.
func load(file string, servers ...string) (*world, error) {
	w := newWorld(servers...)
	w.file = file
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return w, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &w.state)
	}
	return w, err
}

// keep writes the state to the file, all or nothing: what has happened has
// happened, whoever dies.
func (w *world) keep() {
	if w.file == "" {
		return
	}
	text, err := json.Marshal(w.state)
	if err == nil {
		err = os.WriteFile(w.file+".new", text, 0o600)
	}
	if err == nil {
		err = os.Rename(w.file+".new", w.file)
	}
	if err != nil {
		panic(err)
	}
}

// act lets change happen if the part answers, and fails as the test wants it.
func (w *world) act(ctx context.Context, part, name string, change func() error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	how := w.fail[name]
	delete(w.fail, name)
	switch {
	case w.down[part]:
		return vif.Unavailable.Because("%s is down", part)
	case ctx.Err() != nil:
		return vif.Unavailable.From(ctx.Err(), "%s did not answer in time", part)
	case how == before:
		return vif.Unavailable.Because("%s fails", name)
	}
	err := change()
	w.keep()
	if err == nil && how == after {
		err = vif.Unavailable.Because("%s fails when it is done", name)
	}
	return err
}

// ask lets look look, if the part answers.
func (w *world) ask(part string, look func()) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.down[part] {
		return vif.Unavailable.Because("%s is down", part)
	}
	look()
	return nil
}

// String prints what bears vifd's mark.
func (w *world) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	for _, t := range w.Taps {
		add("tap %s of %s gen %d mtu %d up %t carrier %t", t.Name, t.Port, t.Gen, t.MTU, t.Up, w.carrier(t))
	}
	for _, p := range w.Plugged {
		add("switch port %s of %s gen %d number %d vlan %d mac %s, polls its tap %t", p.Name, p.Port, p.Gen, p.OFPort, p.VLAN, p.MAC, p.Index == w.Taps[p.Name].Index)
	}
	for port, rules := range w.Flows {
		add("flows of %s: %s", port, rules)
	}
	for id, s := range w.Servers {
		for _, n := range s.NICs {
			add("guest %s has %s %s %s at %s, link %t", id, n.Alias, n.MAC, n.Tap, n.PCI, n.Link)
		}
		for _, n := range s.Defined {
			add("definition of %s has %s %s %s at %s", id, n.Alias, n.MAC, n.Tap, n.PCI)
		}
		for port := range s.Noted {
			add("metadata of %s has %s", id, port)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// carrier tells whether a QEMU has the tap open.
func (w *world) carrier(t vif.Tap) bool {
	for _, s := range w.Servers {
		for _, n := range s.NICs {
			if n.Device == t.Index {
				return true
			}
		}
	}
	return false
}

// pci returns the first free address, or "" when all slots are taken.
func (s *server) pci() string {
	taken := map[string]bool{}
	for n := range maps.Values(s.NICs) {
		taken[n.PCI] = true
	}
	for n := range maps.Values(s.Defined) {
		taken[n.PCI] = true
	}
	for i := range s.Slots {
		if at := fmt.Sprintf("0000:%02x:00.0", i+1); !taken[at] {
			return at
		}
	}
	return ""
}
