package api

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vifd/vif"
)

// A world is a host in memory: servers, networks, ports, and which port is in
// which server. It plays every part that an API needs, and prints itself.
type world struct {
	leave    func() // what a caller does while addresses change; nil: they wait
	mu       sync.Mutex
	servers  []vif.Server
	recent   map[string]vif.Server // as they were seen last, where that is not how they are
	networks []vif.Network
	subnets  []vif.Subnet
	groups   []vif.SecurityGroup
	guarded  int // how often all ports were to follow their groups
	ports    []vif.Port
	attached []vif.Attachment
	next     *vif.Attachment // what the next port that is made will be, and its state
	found    *vif.Attachment // what a request that was begun before finds; nil for nothing
	fail     error           // what every change answers
	why      string          // why vifd is not ready, or ""
	stubborn chan struct{}   // a detach waits until it is closed; nil for not at all
	made     int

	operations []vif.Operation // newest first
	answers    []vif.Answer
	asked      []string // the keys of batches
}

func (w *world) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var lines []string
	for _, at := range w.attached {
		lines = append(lines, fmt.Sprintf("%s has %s tag %q %v", at.Server, at.Port.ID, at.Tag, at.State))
	}
	for _, p := range w.ports {
		lines = append(lines, fmt.Sprintf("port %s on %s %s %v for %q", p.ID, p.Network, p.MAC, p.FixedIPs, p.Device))
	}
	return strings.Join(lines, "\n")
}

func find[T any](list []T, is func(T) bool, unknown error) (T, error) {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i], nil
	}
	return *new(T), unknown
}

func (w *world) Server(_ context.Context, id string) (vif.Server, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return find(w.servers, func(s vif.Server) bool { return s.ID == id }, vif.NotFound.Because("no domain %s", id))
}

// Recent is behind for as long as a test wants.
func (w *world) Recent(ctx context.Context, id string) (vif.Server, error) {
	if s, ok := w.recent[id]; ok {
		return s, nil
	}
	return w.Server(ctx, id)
}

func (w *world) Servers(context.Context) ([]vif.Server, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.servers), nil
}

func (w *world) Health(context.Context) vif.Health {
	w.mu.Lock()
	defer w.mu.Unlock()
	return vif.Health{Ready: w.why == "", Why: w.why, Ports: len(w.attached)}
}

func (w *world) Ready() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.why
}

func (w *world) Attached(_ context.Context, server string) ([]vif.Attachment, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.attached), func(at vif.Attachment) bool {
		return server != "" && at.Server != server
	}), nil
}

func (w *world) Attach(_ context.Context, r vif.Request) (vif.Attachment, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.found != nil {
		return *w.found, nil
	}
	o := w.begin(vif.AttachInterface, r)
	if w.fail != nil {
		return vif.Attachment{}, w.end(o, w.fail)
	}
	p, err := w.claim(r)
	if w.end(o, err) != nil {
		return vif.Attachment{}, err
	}
	at := vif.Attachment{NIC: vif.NIC{Port: p, Server: r.Server, Tag: r.Tag}, State: vif.Active}
	if w.next != nil {
		at.State = w.next.State
	}
	w.attached = append(w.attached, at)
	if r.OnProgress != nil {
		r.OnProgress(vif.Progress{Step: "claim", Ms: 0.5})
		r.OnProgress(vif.Progress{Step: "show", Ms: 20})
	}
	return at, nil
}

func (w *world) AttachAll(ctx context.Context, rs []vif.Request) (all []vif.Attachment, err error) {
	if o := rs[0].Once; o != nil {
		w.mu.Lock()
		w.asked = append(w.asked, o.Key)
		slices.Sort(w.asked)
		w.mu.Unlock()
	}
	for _, r := range rs {
		at, err := w.Attach(ctx, r)
		if err != nil {
			for _, made := range all {
				_ = w.Detach(ctx, vif.Request{Server: made.Server, Port: made.Port.ID})
			}
			return nil, err
		}
		all = append(all, at)
	}
	return all, nil
}

// claim is what an authority does, in Nova's words.
func (w *world) claim(r vif.Request) (vif.Port, error) {
	if r.Port != "" {
		i := slices.IndexFunc(w.ports, func(p vif.Port) bool { return p.ID == r.Port })
		switch {
		case i < 0:
			return vif.Port{}, vif.NotFound.Because("Port id %s could not be found.", r.Port)
		case w.ports[i].Device != "":
			return vif.Port{}, vif.InUse.Because("Port %s is still in use.", r.Port)
		}
		w.ports[i].Device = r.Server
		return w.ports[i], nil
	}
	n, err := w.networkFor(r)
	if err != nil {
		return vif.Port{}, err
	}
	for _, a := range r.FixedIPs {
		if a.Address.IsValid() && !slices.ContainsFunc(w.subnets, func(s vif.Subnet) bool { return s.Network == n.ID && s.CIDR.Contains(a.Address) }) {
			return vif.Port{}, vif.Invalid.Because("Fixed IP %v is not a valid ip address for network %s.", a.Address, n.ID)
		}
	}
	p := w.newPort(n, r.FixedIPs)
	p.Device, p.Project, p.Ephemeral = r.Server, r.Project, true
	for _, g := range r.SecGroups {
		if _, err := find(w.groups, func(have vif.SecurityGroup) bool { return have.ID == g }, vif.NotFound.Because("Security group %s does not exist", g)); err != nil {
			return vif.Port{}, err
		}
	}
	p.Groups = r.SecGroups
	if len(p.Groups) > 0 {
		p.Passes = []vif.Pass{{Direction: vif.Ingress, Version: 4, Protocol: vif.TCP, Ports: &vif.Range{First: 80, Last: 81},
			Remote: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, {Direction: vif.Egress, Version: 6, Protocol: vif.AnyProtocol}}
	}
	if r.MAC != "" {
		p.MAC = r.MAC
	}
	w.ports = append(w.ports, p)
	return p, nil
}

func (w *world) networkFor(r vif.Request) (vif.Network, error) {
	if r.Network != "" {
		return find(w.networks, func(n vif.Network) bool { return n.ID == r.Network },
			vif.NotFound.Because("Network %s could not be found.", r.Network))
	}
	mine := slices.DeleteFunc(slices.Clone(w.networks), func(n vif.Network) bool { return n.Project != r.Project && !n.Shared })
	switch len(mine) {
	case 0:
		return vif.Network{}, vif.Invalid.Because("No specific network was requested and none are available for project '%s'.", r.Project)
	case 1:
		return mine[0], nil
	}
	return vif.Network{}, vif.Ambiguous.Because("Multiple possible networks found, use a Network ID to be more specific.")
}

func (w *world) newPort(n vif.Network, wanted []vif.AddressClaim) vif.Port {
	if w.next != nil {
		return w.next.Port
	}
	w.made++
	p := vif.Port{
		ID: fmt.Sprintf("99999999-0000-4000-8000-%012d", w.made), Network: n.ID, AdminUp: true, Secure: n.Secure,
		MAC: fmt.Sprintf("fa:16:3e:00:00:%02x", w.made),
	}
	for _, s := range w.subnets {
		if s.Network != n.ID {
			continue
		}
		address := s.CIDR.Addr()
		for range 10 + w.made {
			address = address.Next()
		}
		if len(wanted) > 0 && wanted[0].Address.IsValid() {
			address = wanted[0].Address
		}
		if len(wanted) == 0 || wanted[0].Address.IsValid() && s.CIDR.Contains(address) ||
			wanted[0].Version == s.Version() || wanted[0].Subnet == s.ID {
			p.FixedIPs = append(p.FixedIPs, vif.FixedIP{Subnet: s.ID, Address: address})
		}
	}
	return p
}

func (w *world) Plan(_ context.Context, r vif.Request) ([]vif.Planned, error) {
	return []vif.Planned{{Step: "tap", Does: "make a tap for " + r.Server}}, nil
}

func (w *world) Detach(ctx context.Context, r vif.Request) error {
	server, port, onProgress := r.Server, r.Port, r.OnProgress
	w.mu.Lock()
	i := slices.IndexFunc(w.attached, func(at vif.Attachment) bool { return at.Server == server && at.Port.ID == port })
	if i < 0 {
		w.mu.Unlock()
		return vif.NotFound.Because("Port %s is not attached", port)
	}
	w.attached[i].State = vif.Build
	o := w.begin(vif.DetachInterface, r)
	stubborn := w.stubborn
	w.mu.Unlock()
	if onProgress != nil {
		onProgress(vif.Progress{Step: "note", Ms: 1})
	}
	if stubborn != nil {
		select {
		case <-stubborn:
		case <-ctx.Done():
			return vif.Pending.Because("the guest has not let go of port %s", port)
		}
	}
	if onProgress != nil {
		onProgress(vif.Progress{Step: "hide", Ms: 100})
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.end(o, nil)
	w.attached = slices.DeleteFunc(w.attached, func(at vif.Attachment) bool { return at.Port.ID == port })
	for i := range w.ports {
		if w.ports[i].ID == port {
			w.ports[i].Device = ""
		}
	}
	w.ports = slices.DeleteFunc(w.ports, func(p vif.Port) bool { return p.ID == port && p.Ephemeral })
	return nil
}

func (w *world) SetLink(_ context.Context, server, port string, l vif.Link) (vif.Attachment, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, at := range w.attached {
		if at.Server == server && at.Port.ID == port {
			w.attached[i].Link, w.attached[i].State = l, map[vif.Link]vif.State{vif.LinkUp: vif.Active, vif.LinkDown: vif.Down}[l]
			return w.attached[i], nil
		}
	}
	return vif.Attachment{}, vif.NotFound.Because("Port %s is not attached", port)
}

func (w *world) Detaching(_ context.Context, server, port string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.attached, func(at vif.Attachment) bool {
		return at.Server == server && at.Port.ID == port && at.State == vif.Build
	})
}

// plug puts a port into a server, as if by an attach of long ago.
func (w *world) plug(server, port string, tag vif.Tag) {
	for i := range w.ports {
		if w.ports[i].ID == port {
			w.ports[i].Device, w.ports[i].Claim = server, 1
			w.attached = append(w.attached, vif.Attachment{NIC: vif.NIC{Port: w.ports[i], Server: server, Tag: tag}, State: vif.Active})
		}
	}
}

// mustAddr returns a fixed IP from its text.
func mustIP(subnet, text string) []vif.FixedIP {
	return []vif.FixedIP{{Subnet: subnet, Address: netip.MustParseAddr(text)}}
}

var _ interface {
	Servers
	Locks
	Attachments
	Operations
	Networking
	Health
	Answers
} = (*world)(nil)

// A caller is a Who that says that everybody is one.
type caller Identity

func (c caller) Identify(*httpRequest) (Identity, error) { return Identity(c), nil }
func (c caller) Explain(Role) string                     { return "somebody else" }

// serve returns an API over w to which everybody is who.
func serve(t *testing.T, w *world, who Identity) *API {
	t.Helper()
	a := New(Config{
		Servers: w, Locks: w, Attachments: w, Operations: w, Networking: w, Health: w, Answers: w, Who: caller(who), Host: "host1", Version: "1.0",
		Log: quiet(),
	})
	t.Cleanup(func() { a.Stop(t.Context()) })
	return a
}

// at returns the time that text writes.
func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

func v6subnet() vif.Subnet {
	return vif.Subnet{ID: "c57b1033-ab42-4af3-9439-626d9f3b1e7e", Network: net88, Project: project, CIDR: netip.MustParsePrefix("fd00:88::/64")}
}

// Rebuild finds nothing.
func (w *world) Rebuild(context.Context) (vif.Rebuilt, error) { return vif.Rebuilt{}, nil }

// Prepare knows the servers.
func (w *world) Prepare(ctx context.Context, server string) error {
	_, err := w.Server(ctx, server)
	return err
}
