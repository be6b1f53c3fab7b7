package hotplug

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"vifd/vif"
)

// A lab is a host in memory on which anything may have happened: many taps,
// rows, flows and servers, ours and strangers'. It plays every part that an
// Engine needs, as the real ones behave.
type lab struct {
	mu      sync.Mutex
	taps    map[string]vif.Tap // by name; without a Port it is a stranger's
	rows    map[string]vif.SwitchPort
	drift   map[string]bool   // ports whose rows somebody wrote into
	flows   map[uint64]string // by cookie
	down    map[string]bool   // the parts that do not answer: switch, libvirt
	base    bool              // the base flows are there
	servers map[string]server // by ID
	held    map[string]vif.Port
	made    int // devices
	acts    int // what changed anything
}

// A server is a domain: what it has now, what it is defined with, and which
// device QEMU opened for each NIC.
type server struct {
	vif.Server
	defined []vif.ServerNIC
	holds   map[string]int
	stuck   bool // the guest lets go of nothing
}

func newLab() *lab {
	return &lab{taps: map[string]vif.Tap{}, rows: map[string]vif.SwitchPort{}, drift: map[string]bool{}, flows: map[uint64]string{}, down: map[string]bool{},
		base: true, servers: map[string]server{}, held: map[string]vif.Port{}}
}

// String prints all of it, a line each.
func (l *lab) String() string {
	var lines []string
	for _, t := range l.taps {
		lines = append(lines, fmt.Sprintf("tap %s %d of %q gen %d mtu %d up %t", t.Name, t.Index, t.Port, t.Gen, t.MTU, t.Up))
	}
	for _, p := range l.rows {
		lines = append(lines, fmt.Sprintf("row %s of %q gen %d device %d, written into: %t", p.Name, p.Port, p.Gen, p.Index, l.drift[p.Port]))
	}
	for c, rules := range l.flows {
		lines = append(lines, fmt.Sprintf("flows %x %s", c, rules))
	}
	for _, s := range l.servers {
		lines = append(lines, fmt.Sprintf("server %s %s live %t has %+v, defined %+v, noted %v", s.ID, s.State, s.Live, s.NICs, s.defined, s.Noted))
	}
	for _, p := range l.held {
		lines = append(lines, fmt.Sprintf("port %s of %s, claim %d", p.ID, p.Device, p.Claim))
	}
	slices.Sort(lines)
	return strings.Join(append(lines, fmt.Sprintf("base %t", l.base)), "\n")
}

// do makes one change, if the part answers; f tells whether it was one.
func (l *lab) do(part string, f func() (changed bool, err error)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down[part] {
		return vif.Unavailable.Because("%s is down", part)
	}
	changed, err := f()
	if changed {
		l.acts++
	}
	return err
}

func (l *lab) Claim(context.Context, vif.Request) (p vif.Port, err error) { return p, vif.Unsupported }
func (l *lab) Preview(context.Context, vif.Request) (p vif.Port, err error) {
	return p, vif.Unsupported
}
func (l *lab) Release(_ context.Context, p vif.Port) error {
	return l.do("kernel", func() (bool, error) {
		mine := l.held[p.ID].Claim == p.Claim
		if mine {
			delete(l.held, p.ID)
		}
		return mine, nil
	})
}
func (l *lab) Readdress(context.Context, vif.Port, []vif.FixedIP) (p vif.Port, err error) {
	return p, vif.Unsupported
}
func (l *lab) Leave(context.Context, vif.Port) error { return vif.Unsupported }
func (l *lab) Held(_ context.Context, ids ...string) ([]vif.Port, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Values(l.held)), nil
}

func (l *lab) Create(_ context.Context, n vif.NIC) error {
	return l.do("kernel", func() (bool, error) {
		t, there := l.taps[n.Tap]
		switch {
		case there && t.Port != n.Port.ID, there && t.Gen > n.Gen:
			return false, vif.InUse.Because("%s is taken", n.Tap)
		case there && t.Gen == n.Gen:
			l.taps[n.Tap] = vif.Tap{Name: t.Name, Index: t.Index, Port: t.Port, Gen: t.Gen, MTU: n.Port.MTU, Up: t.Up}
			return t.MTU != n.Port.MTU, nil
		}
		l.device(vif.Tap{Name: n.Tap, Port: n.Port.ID, Gen: n.Gen, MTU: n.Port.MTU})
		return true, nil
	})
}

// device makes a device, which the switch port of that name polls that had none yet.
func (l *lab) device(t vif.Tap) int {
	l.made++
	t.Index = l.made
	l.taps[t.Name] = t
	if p, there := l.rows[t.Name]; there && p.Index == 0 {
		p.Index = t.Index
		l.rows[t.Name] = p
	}
	return t.Index
}
func (l *lab) Raise(_ context.Context, n vif.NIC) error {
	return l.do("kernel", func() (bool, error) {
		t, there := l.taps[n.Tap]
		if !there || t.Port != n.Port.ID || t.Gen != n.Gen {
			return false, vif.NotFound.Because("no tap")
		}
		was := t.Up
		t.Up = true
		l.taps[n.Tap] = t
		return !was, nil
	})
}
func (l *lab) Remove(_ context.Context, n vif.NIC) error {
	return l.do("kernel", func() (bool, error) {
		t, there := l.taps[n.Tap]
		mine := there && t.Port == n.Port.ID && t.Gen <= n.Gen
		if mine {
			delete(l.taps, n.Tap)
		}
		return mine, nil
	})
}

// carrier tells whether a server that runs holds the device.
func (l *lab) carrier(t vif.Tap) bool {
	for _, s := range l.servers {
		for _, index := range s.holds {
			if s.Live && index == t.Index {
				return t.Up
			}
		}
	}
	return false
}
func (l *lab) Tap(_ context.Context, name string) (t vif.Tap, there, ours bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t, there = l.taps[name]
	t.Carrier = l.carrier(t)
	return t, there, there && t.Port != "", nil
}
func (l *lab) Taps(context.Context) (list []vif.Tap, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range l.taps {
		if t.Port != "" {
			t.Carrier = l.carrier(t)
			list = append(list, t)
		}
	}
	return list, nil
}
