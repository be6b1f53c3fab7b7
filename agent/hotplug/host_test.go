package hotplug

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"vifd/vif"
)

// errDied is what every act says once vifd is dead.
var errDied = errors.New("vifd is dead")

// A host is a hypervisor host in memory. It plays every part that an Engine
// needs, and prints itself as an operator would see it.
type host struct {
	mu    sync.Mutex
	facts map[string]bool // what the host holds, a line each
	ports map[string]vif.Port
	nics  map[string]vif.ServerNIC // by alias
	claim int64
	up    bool                     // the last tap is
	taps  map[string]vif.NIC       // by name, what each was made for
	rose  map[string]bool          // the taps that are up
	pass  map[string][]vif.FixedIP // by port, the addresses that its filter lets pass
	lets  map[string][]vif.Pass    // by port, what its filter lets pass of security groups
	rules map[string][]vif.Pass    // by security group; who is remote to it is not among them
	named map[string]string        // by security group, the group that it lets in

	srv   vif.Server
	gone  bool            // the server is undefined
	boots bool            // the server starts just before libvirt is asked about it
	down  map[string]bool // parts that do not answer: "switch", "libvirt"
	fail  string          // the act that fails, once it has half-happened
	crash string          // the act at which vifd dies, likewise
	spare int             // how many acts of those names go well before
	dead  bool            // vifd is
	stuck bool            // the guest lets go of nothing
	slow  chan struct{}   // the switch takes a port when this is closed
	error string          // why the switch cannot take the port

	want    []string        // the groups of the ports that are claimed
	address []vif.FixedIP   // and their addresses
	trace   []string        // acts in the order in which they took effect
	given   netip.Addr      // the address that the authority gives next
	hid     []string        // the ports whose NICs were taken out, likewise
	noted   map[string]bool // the ports in the metadata
}

func newHost() *host {
	return &host{
		facts: map[string]bool{}, ports: map[string]vif.Port{}, nics: map[string]vif.ServerNIC{}, down: map[string]bool{},
		taps: map[string]vif.NIC{}, rose: map[string]bool{}, pass: map[string][]vif.FixedIP{}, lets: map[string][]vif.Pass{},
		rules: map[string][]vif.Pass{}, named: map[string]string{}, given: had, noted: map[string]bool{},
		srv: vif.Server{ID: vm1, State: vif.ServerActive, Live: true, Persistent: true, Slots: true, FreeSlots: 8, VCPUs: 1},
	}
}

// String prints what vifd has put on the host.
func (h *host) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var lines []string
	for fact := range h.facts {
		lines = append(lines, fact)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// act lets change happen unless vifd or the part is dead; and afterwards, lets
// vifd die or the act fail as the test wants it.
func (h *host) act(ctx context.Context, part, name string, change func()) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.dead:
		return errDied
	case h.down[part]:
		return vif.Unavailable.Because("%s is down", part)
	case ctx.Err() != nil:
		return ctx.Err()
	}
	change()
	h.trace = append(h.trace, name)
	if name == h.crash || name == h.fail {
		if h.spare--; h.spare >= 0 {
			return nil
		}
	}
	switch name {
	case h.crash:
		h.dead = true
		return errDied
	case h.fail:
		return vif.Unavailable.Because("%s fails", name)
	}
	return nil
}

func (h *host) set(fact string, args ...any)      { h.facts[fmt.Sprintf(fact, args...)] = true }
func (h *host) clear(fact string, args ...any)    { delete(h.facts, fmt.Sprintf(fact, args...)) }
func (h *host) has(fact string, args ...any) bool { return h.facts[fmt.Sprintf(fact, args...)] }

// The authority.

func (h *host) Claim(ctx context.Context, r vif.Request) (p vif.Port, err error) {
	err = h.act(ctx, "authority", "claim", func() {
		h.claim++
		p = nic.Port
		if r.Port != "" {
			p.ID = r.Port
		}
		p.Device, p.Claim = r.Server, h.claim
		if h.want != nil {
			p.Groups, p.FixedIPs, p.Ephemeral = h.want, h.address, true
		}
		h.ports[p.ID] = p
		p = h.guarded(p)
		h.set("%s", held(p))
	})
	return p, err
}

func (h *host) Release(ctx context.Context, p vif.Port) error {
	return h.act(ctx, "authority", "release", func() {
		if h.ports[p.ID].Claim == p.Claim {
			delete(h.ports, p.ID)
			h.clear("%s", held(p))
		}
	})
}

func held(p vif.Port) string {
	if p.ID == p1 {
		return "port held"
	}
	return "port held " + p.ID
}

func (h *host) Held(_ context.Context, ids ...string) (list []vif.Port, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.ports {
		if len(ids) == 0 || slices.Contains(ids, p.ID) {
			list = append(list, h.guarded(p))
		}
	}
	return list, nil
}

// The taps.

func (h *host) Create(ctx context.Context, n vif.NIC) error {
	return h.act(ctx, "kernel", "create", func() { h.taps[n.Tap] = n; h.set("tap %s", n.Tap) })
}

func (h *host) Raise(ctx context.Context, n vif.NIC) error {
	return h.act(ctx, "kernel", "raise", func() { h.up, h.rose[n.Tap] = true, true })
}

func (h *host) Remove(ctx context.Context, n vif.NIC) error {
	return h.act(ctx, "kernel", "remove", func() { h.up, h.rose[n.Tap] = false, false; h.clear("tap %s", n.Tap) })
}

func (h *host) Tap(_ context.Context, name string) (vif.Tap, bool, bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	there := h.has("tap %s", name)
	n, up := h.taps[name], h.rose[name]
	return vif.Tap{Name: name, Index: 5, Port: n.Port.ID, Gen: n.Gen, MTU: 1500, Up: up, Carrier: up && h.srv.Live && len(h.nics) > 0}, there, there, nil
}

// made returns the NICs that taps were made for.
func (h *host) made() []vif.NIC {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Values(h.taps))
}

func (h *host) Taps(ctx context.Context) (list []vif.Tap, err error) {
	for _, n := range h.made() {
		if t, there, _, _ := h.Tap(ctx, n.Tap); there {
			list = append(list, t)
		}
	}
	return list, nil
}

// The switch.

func (h *host) Bridge(context.Context, string) (vif.Bridge, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.down["switch"] {
		return vif.Bridge{}, vif.Unavailable.Because("Open vSwitch is down")
	}
	return vif.Bridge{Name: "br-int", Netdev: true}, nil
}

func (h *host) Filter(ctx context.Context, n vif.NIC) error {
	return h.act(ctx, "switch", "filter", func() {
		h.pass[n.Port.ID], h.lets[n.Port.ID] = n.Port.FixedIPs, n.Port.Passes
		h.set("flows %s", n.Port.ID[:8])
	})
}

func (h *host) Unfilter(ctx context.Context, n vif.NIC) error {
	return h.act(ctx, "switch", "unfilter", func() { h.clear("flows %s", n.Port.ID[:8]) })
}

func (h *host) Plug(ctx context.Context, n vif.NIC) error {
	return h.act(ctx, "switch", "plug", func() { h.set("switch port %s", n.Tap) })
}

func (h *host) Unplug(ctx context.Context, n vif.NIC) error {
	return h.act(ctx, "switch", "unplug", func() { h.clear("switch port %s", n.Tap) })
}

func (h *host) Retire(ctx context.Context, n vif.NIC) error { return h.Unplug(ctx, n) }

func (h *host) Wired(ctx context.Context, n vif.NIC) error {
	if h.error != "" {
		<-ctx.Done()
		return vif.Unavailable.Because("the switch says: %s", h.error)
	}
	if h.slow != nil {
		select {
		case <-h.slow:
		case <-ctx.Done():
			return vif.Unavailable.From(ctx.Err(), "the switch has not taken the port")
		}
	}
	return h.act(ctx, "switch", "wired", func() {})
}

func (h *host) Port(n vif.NIC) (vif.SwitchPort, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := vif.SwitchPort{Bridge: "br-int", Name: n.Tap, Port: n.Port.ID, Gen: n.Gen, OFPort: n.OFPort, Index: 5, VLAN: 100, MAC: n.Port.MAC}
	if h.slow != nil {
		select {
		case <-h.slow:
		default:
			p.OFPort = 0
		}
	}
	if h.error != "" {
		p.OFPort, p.Error = -1, h.error
	}
	return p, h.has("switch port %s", n.Tap)
}

func (h *host) Healthy() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.down["switch"] {
		return vif.Unavailable.Because("Open vSwitch is down")
	}
	return nil
}

func (h *host) Ports(context.Context) (list []vif.SwitchPort, err error) {
	if err := h.Healthy(); err != nil {
		return nil, err
	}
	for _, n := range h.made() {
		if p, ok := h.Port(n); ok {
			list = append(list, p)
		}
	}
	return list, nil
}

func (h *host) Drifted(context.Context, []vif.NIC) (map[string]bool, error) { return nil, h.Healthy() }

func (h *host) Bridges(context.Context) ([]string, error) { return []string{"br-int"}, h.Healthy() }

func (h *host) Free(string) bool { return true }

func (h *host) Rules(_ context.Context, _ string, nics []vif.NIC) (vif.Rules, error) {
	r := vif.Rules{Base: true, Astray: map[string]bool{}}
	for _, n := range nics {
		r.Astray[n.Port.ID] = !h.has("flows %s", n.Port.ID[:8]) || !slices.Equal(h.pass[n.Port.ID], n.Port.FixedIPs)
	}
	return r, h.Healthy()
}

func (h *host) Lay(ctx context.Context, _ string) error {
	return h.act(ctx, "switch", "lay", func() {})
}

func (h *host) Purge(ctx context.Context, _ string, _ uint64) error {
	return h.act(ctx, "switch", "purge", func() {})
}

// The hypervisor.

func (h *host) Server(_ context.Context, id string) (vif.Server, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.down["libvirt"]:
		return vif.Server{}, vif.Unavailable.Because("libvirt is down")
	case h.gone || id != h.srv.ID:
		return vif.Server{}, vif.NotFound.Because("Instance %s could not be found.", id)
	case h.boots:
		h.boots, h.srv.State, h.srv.Live = false, vif.ServerActive, true
	}
	s := h.srv
	for _, n := range h.nics {
		s.NICs = append(s.NICs, n)
	}
	s.Noted = slices.Sorted(maps.Keys(h.noted))
	return s, nil
}

func (h *host) Servers(ctx context.Context) ([]vif.Server, error) {
	s, err := h.Server(ctx, vm1)
	if errors.Is(err, vif.NotFound) {
		return nil, nil
	}
	return []vif.Server{s}, err
}

func (h *host) Show(ctx context.Context, n vif.NIC, up bool) error {
	return h.act(ctx, "libvirt", "show", func() {
		h.nics[n.DeviceAlias()] = vif.ServerNIC{Alias: n.DeviceAlias(), MAC: n.Port.MAC, Tap: n.Tap, Link: up}
		h.set("NIC %s", n.Tap)
	})
}

func (h *host) Link(ctx context.Context, n vif.NIC, up bool) error {
	return h.act(ctx, "libvirt", "link", func() {
		x := h.nics[n.DeviceAlias()]
		x.Link = up
		h.nics[n.DeviceAlias()] = x
	})
}

func (h *host) Persist(ctx context.Context, n vif.NIC) (string, error) {
	return "0000:01:00.0", h.act(ctx, "libvirt", "persist", func() {
		h.noted[n.Port.ID] = true
		h.set("definition %s", n.Tap)
		if h.clear("link down in definition %s", n.Tap); !n.Link.Up() {
			h.set("link down in definition %s", n.Tap)
		}
	})
}

func (h *host) Hide(ctx context.Context, n vif.NIC) error {
	h.mu.Lock()
	stuck := h.stuck && h.nics[n.DeviceAlias()].Alias != ""
	h.mu.Unlock()
	if stuck {
		return vif.Pending.Because("the guest has not let go")
	}
	return h.act(ctx, "libvirt", "hide", func() {
		delete(h.nics, n.DeviceAlias())
		h.hid = append(h.hid, n.Port.ID[:8])
		h.clear("NIC %s", n.Tap)
		h.clear("definition %s", n.Tap)
		h.clear("link down in definition %s", n.Tap)
	})
}

func (h *host) Definitions(context.Context, []vif.Server) (map[string][]vif.ServerNIC, error) {
	return nil, nil
}

func (h *host) Devices(context.Context, string) ([]string, error) { return nil, nil }

func (h *host) Forget(ctx context.Context, n vif.NIC) error {
	return h.act(ctx, "libvirt", "forget", func() { delete(h.noted, n.Port.ID) })
}

// What a plan shows.

func (h *host) Preview(_ context.Context, r vif.Request) (vif.Port, error) { return nic.Port, nil }

func (h *host) Describe(n vif.NIC) (string, string) { return "transaction " + n.Tap, "flows" }

func (h *host) XML(n vif.NIC) (string, error) { return "<interface/>", nil }
