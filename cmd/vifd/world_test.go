package main

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"vifd/vif"
)

// A world is a host in memory. The real API is served over it, so that the
// commands are tried against what they will meet.
type world struct {
	mu       sync.Mutex
	sick     bool // Open vSwitch is not there
	leaky    bool // something is left over
	made     int
	servers  []vif.Server
	networks []vif.Network
	subnets  []vif.Subnet
	groups   []vif.SecurityGroup
	ports    []vif.Port
	attached []vif.Attachment
	tokens   tokens
	answers  answers
}

func newWorld() *world {
	w := &world{}
	for i, name := range []string{"g1", "g2", "twin", "twin", "full"} {
		w.servers = append(w.servers, vif.Server{ID: w.id(), Name: name, State: vif.ServerActive, FreeSlots: 4 - i})
	}
	w.networks = []vif.Network{
		{ID: w.id(), Name: "blue", Segment: vif.Segment{Bridge: "br-int", VLAN: 100}, MTU: 1442, AdminUp: true},
		{ID: w.id(), Name: "red", Segment: vif.Segment{Bridge: "br-int"}, MTU: 1500, AdminUp: true},
	}
	return w
}

func (w *world) lock() (unlock func()) {
	w.mu.Lock()
	return w.mu.Unlock
}

// id is the next of 00000001-…, 00000002-… and so on.
func (w *world) id() string {
	w.made++
	return fmt.Sprintf("%08d-0000-4000-8000-000000000000", w.made)
}

func get[T any](all []T, id string, idOf func(T) string) (T, error) {
	if i := slices.IndexFunc(all, func(t T) bool { return idOf(t) == id }); i >= 0 {
		return all[i], nil
	}
	var none T
	return none, vif.NotFound.Because("there is none with the ID %s", id)
}

func serverID(s vif.Server) string   { return s.ID }
func networkID(n vif.Network) string { return n.ID }
func subnetID(s vif.Subnet) string   { return s.ID }
func portID(p vif.Port) string       { return p.ID }

func (w *world) Server(_ context.Context, id string) (vif.Server, error) {
	defer w.lock()()
	return get(w.servers, id, serverID)
}
func (w *world) Recent(ctx context.Context, id string) (vif.Server, error) { return w.Server(ctx, id) }
func (w *world) Servers(context.Context) ([]vif.Server, error) {
	defer w.lock()()
	return w.servers, nil
}

func (w *world) Ready() string { return "" }

func (w *world) Health(context.Context) vif.Health {
	defer w.lock()()
	h := vif.Health{Ready: true, Version: "v1.2.3", Since: time.Unix(0, 0), Ports: len(w.attached)}
	h.Parts = []vif.Part{{Name: "store", OK: true}, {Name: "ovsdb", OK: !w.sick, Why: "br-x is another's"}, {Name: "libvirt", OK: true}}
	if w.sick {
		h.Parts[1].Why = "ovsdb-server does not answer"
	}
	return h
}

func (w *world) Leaks(_ context.Context, deep bool) (found []vif.Leak, err error) {
	defer w.lock()()
	if w.sick {
		return nil, vif.Unavailable.Because("ovsdb-server does not answer")
	}
	if w.leaky {
		found = append(found, vif.Leak{Kind: vif.StrayTap, Object: "tap0", Port: "p", Why: "no attachment stands for it"})
	}
	if w.leaky && deep {
		found = append(found, vif.Leak{Kind: vif.StrayDevice, Object: "ua-vifd-p", Port: "p", Server: "g1", Why: "QEMU has it"})
	}
	return found, nil
}

// Attach has a tag for everything that can go wrong.
func (w *world) Attach(ctx context.Context, r vif.Request) (vif.Attachment, error) {
	defer w.lock()()
	if r.OnProgress != nil {
		r.OnProgress(vif.Progress{Step: "tap", Ms: 0.8})
	}
	if why := (map[vif.Tag]vif.Kind{"in-use": vif.InUse, "no-slot": vif.NoSlot, "no-ovs": vif.Unavailable, "bug": vif.Internal}[r.Tag]); why != "" {
		return vif.Attachment{}, why.Because("as the tag %s wants it", r.Tag)
	}
	p := vif.Port{ID: w.id(), Network: r.Network, MAC: "52:54:00:00:00:07", MTU: 1442, Ephemeral: true, Groups: r.SecGroups}
	if r.Port != "" {
		p, _ = get(w.ports, r.Port, portID)
	}
	for _, claim := range r.FixedIPs {
		p.FixedIPs = append(p.FixedIPs, vif.FixedIP{Address: claim.Address})
	}
	at := vif.Attachment{NIC: vif.NIC{Port: p, Server: r.Server, Tag: r.Tag, Tap: vif.TapName(p.ID, 0), OFPort: 7, PCI: "0000:01:00.0"}, State: vif.Active}
	if r.Tag == "broken" {
		at.State, at.Reason = vif.Error, "could not open network device"
	}
	w.attached = append(w.attached, at)
	return at, nil
}

func (w *world) AttachAll(ctx context.Context, rs []vif.Request) (all []vif.Attachment, err error) {
	for _, r := range rs {
		at, err := w.Attach(ctx, r)
		if err != nil {
			return nil, err
		}
		all = append(all, at)
	}
	return all, nil
}

func (w *world) Plan(context.Context, vif.Request) ([]vif.Planned, error) {
	defer w.lock()()
	return []vif.Planned{{Step: "claim", Does: "make a port"}, {Step: "tap", Does: "make a tap", Detail: "tap0"}}, nil
}

func (w *world) Detach(_ context.Context, r vif.Request) error {
	server, port, onProgress := r.Server, r.Port, r.OnProgress
	defer w.lock()()
	i := slices.IndexFunc(w.attached, func(at vif.Attachment) bool { return at.Port.ID == port && at.Server == server })
	if i < 0 {
		return vif.NotFound.Because("port %s is not attached", port)
	}
	if onProgress != nil {
		onProgress(vif.Progress{Step: "hide", Ms: 120})
	}
	if w.attached[i].Tag == "stubborn" {
		w.attached[i].State = vif.Build
		return vif.Pending.Because("the guest has not let go yet")
	}
	w.attached = slices.Delete(w.attached, i, i+1)
	return nil
}

func (w *world) SetLink(_ context.Context, server, port string, l vif.Link) (vif.Attachment, error) {
	defer w.lock()()
	for i, at := range w.attached {
		if at.Server == server && at.Port.ID == port {
			w.attached[i].Link, w.attached[i].State = l, map[vif.Link]vif.State{vif.LinkUp: vif.Active, vif.LinkDown: vif.Down}[l]
			return w.attached[i], nil
		}
	}
	return vif.Attachment{}, vif.NotFound.Because("Port %s is not attached", port)
}

func (w *world) AddAddress(context.Context, vif.Request) error                  { return nil }
func (w *world) RemoveAddress(context.Context, vif.Request, netip.Addr) error   { return nil }
func (w *world) SetAddresses(context.Context, vif.Request, []vif.FixedIP) error { return nil }

func (w *world) Detaching(context.Context, string, string) bool { return false }

func (w *world) Attached(_ context.Context, server string) ([]vif.Attachment, error) {
	defer w.lock()()
	return slices.DeleteFunc(slices.Clone(w.attached), func(at vif.Attachment) bool {
		return server != "" && at.Server != server
	}), nil
}

func (w *world) Networks(context.Context) ([]vif.Network, error) {
	defer w.lock()()
	return w.networks, nil
}
func (w *world) Network(_ context.Context, id string) (vif.Network, error) {
	defer w.lock()()
	return get(w.networks, id, networkID)
}
func (w *world) CreateNetwork(_ context.Context, n vif.Network) (vif.Network, error) {
	defer w.lock()()
	n.ID = w.id()
	w.networks = append(w.networks, n)
	return n, nil
}
func (w *world) UpdateNetwork(_ context.Context, n vif.Network) (vif.Network, error) { return n, nil }
func (w *world) DeleteNetwork(_ context.Context, id string) error {
	defer w.lock()()
	for _, p := range w.ports {
		if p.Network == id {
			return vif.InUse.Because("the network has ports")
		}
	}
	w.networks = slices.DeleteFunc(w.networks, func(n vif.Network) bool { return n.ID == id })
	return nil
}

func (w *world) Subnets(context.Context) ([]vif.Subnet, error) {
	defer w.lock()()
	return w.subnets, nil
}
func (w *world) Subnet(_ context.Context, id string) (vif.Subnet, error) {
	defer w.lock()()
	return get(w.subnets, id, subnetID)
}
func (w *world) CreateSubnet(_ context.Context, s vif.Subnet) (vif.Subnet, error) {
	defer w.lock()()
	s.ID = w.id()
	if !s.Gateway.IsValid() && !s.NoGateway {
		s.Gateway = s.CIDR.Addr().Next()
	}
	w.subnets = append(w.subnets, s)
	return s, nil
}
func (w *world) UpdateSubnet(_ context.Context, s vif.Subnet) (vif.Subnet, error) { return s, nil }
func (w *world) DeleteSubnet(_ context.Context, id string) error {
	defer w.lock()()
	w.subnets = slices.DeleteFunc(w.subnets, func(s vif.Subnet) bool { return s.ID == id })
	return nil
}

func (w *world) Ports(context.Context) ([]vif.Port, error) {
	defer w.lock()()
	return w.ports, nil
}
func (w *world) Port(_ context.Context, id string) (vif.Port, error) {
	defer w.lock()()
	return get(w.ports, id, portID)
}
func (w *world) CreatePort(_ context.Context, s vif.PortSpec) (vif.Port, error) {
	defer w.lock()()
	p := vif.Port{ID: w.id(), Name: s.Name, Network: s.Network, MAC: "52:54:00:00:00:08", AdminUp: true, MTU: 1442, Groups: s.Groups}
	for _, claim := range s.FixedIPs {
		if claim.Version == 6 {
			claim.Address = netip.MustParseAddr("fd00:20::8")
		}
		p.FixedIPs = append(p.FixedIPs, vif.FixedIP{Address: claim.Address})
	}
	w.ports = append(w.ports, p)
	return p, nil
}
func (w *world) UpdatePort(_ context.Context, p vif.Port) (vif.Port, error) { return p, nil }
func (w *world) DeletePort(_ context.Context, id string) error {
	defer w.lock()()
	w.ports = slices.DeleteFunc(w.ports, func(p vif.Port) bool { return p.ID == id })
	return nil
}
