package networktest

import (
	"net/netip"
	"slices"

	"vifd/vif"
)

// group makes a security group of the project "mine" with the rules besides those
// that every group begins with.
func (w *world) group(rules ...vif.SecurityRule) vif.SecurityGroup {
	w.Helper()
	g, err := w.CreateSecurityGroup(w.Context(), vif.SecurityGroup{Name: "g", Project: "mine"})
	for i := range rules {
		if err == nil {
			rules[i], err = w.AddSecurityRule(w.Context(), g.ID, rules[i])
		}
	}
	if err != nil {
		w.Fatal(err)
	}
	g.Rules = append(g.Rules, rules...)
	return g
}

func (w *world) member(groups ...vif.SecurityGroup) vif.Port {
	w.Helper()
	return w.claim(func(r *vif.Request) {
		r.Network = w.small.ID
		for _, g := range groups {
			r.SecGroups = append(r.SecGroups, g.ID)
		}
	})
}

// held returns the port as the authority says that it is held.
func (w *world) held(id string) vif.Port {
	w.Helper()
	all, err := w.Held(w.Context())
	i := slices.IndexFunc(all, func(p vif.Port) bool { return p.ID == id })
	if err != nil || i < 0 {
		w.Fatalf("port %s is not held: %v", id, err)
	}
	return all[i]
}

// passes compares what passes at a port with what should.
func (w *world) passes(p vif.Port, want ...vif.Pass) {
	w.Helper()
	if !slices.EqualFunc(p.Passes, want, vif.Pass.Equal) {
		w.Errorf("port %s lets pass %+v\nwant %+v", p.ID, p.Passes, want)
	}
}

// sends is what every group lets its ports send.
func sends() []vif.Pass {
	return []vif.Pass{
		{Direction: vif.Egress, Version: 4, Protocol: vif.AnyProtocol}, {Direction: vif.Egress, Version: 6, Protocol: vif.AnyProtocol},
	}
}

func saysPasses(w *world) {
	prefix := netip.MustParsePrefix("10.9.0.0/16")
	a := w.group(
		vif.SecurityRule{Direction: vif.Ingress, Version: 4, Protocol: "tcp", First: new(22), Last: new(80), RemotePrefix: prefix},
		vif.SecurityRule{Direction: vif.Ingress, Version: 6, Protocol: "icmp", First: new(128), Last: new(0)},
		vif.SecurityRule{Direction: vif.Egress, Version: 4, Protocol: "47"},
	)
	b := w.group(vif.SecurityRule{Direction: vif.Egress, Version: 4, Protocol: "gre"}) // as in the other
	p := w.member(a, b, a)
	want := append(sends(),
		vif.Pass{Direction: vif.Ingress, Version: 4, Protocol: 6, Ports: &vif.Range{First: 22, Last: 80}, Remote: []netip.Prefix{prefix}},
		vif.Pass{Direction: vif.Ingress, Version: 6, Protocol: 58, Type: new(uint8(128)), Code: new(uint8(0))},
		vif.Pass{Direction: vif.Egress, Version: 4, Protocol: 47})
	if first := slices.Min([]string{a.ID, b.ID}); first == b.ID {
		want = slices.Concat(want[:2], want[4:], want[2:4])
	}
	w.passes(p, want...)
	w.passes(w.held(p.ID), want...)
	if groups := slices.Sorted(slices.Values([]string{a.ID, b.ID})); !slices.Equal(p.Groups, groups) || !slices.Equal(w.now(p.ID).Groups, groups) {
		w.Errorf("port has the groups %v, and then %v", p.Groups, w.now(p.ID).Groups)
	}
	if open := w.claim(func(r *vif.Request) { r.Network = w.small.ID }); open.Groups != nil || open.Passes != nil {
		w.Errorf("a port that was given none has %v, %v", open.Groups, open.Passes)
	}
}

// knowsMembers follows who is in a group that another one's rule names.
func knowsMembers(w *world) {
	friends := w.group()
	a := w.group(vif.SecurityRule{Direction: vif.Ingress, Version: 4, Protocol: "udp", RemoteGroup: friends.ID})
	p := w.member(a)
	from := func(remote ...netip.Prefix) []vif.Pass {
		return append(sends(), vif.Pass{Direction: vif.Ingress, Version: 4, Protocol: 17, Remote: append([]netip.Prefix{}, remote...)})
	}
	w.passes(p, from()...)
	friend := w.member(friends)
	four := netip.PrefixFrom(friend.FixedIPs[0].Address, 32)
	w.passes(w.held(p.ID), from(four)...)
	again, err := w.Readdress(w.Context(), p, p.FixedIPs)
	if err != nil {
		w.Fatal(err)
	}
	w.passes(again, from(four)...)
	if _, err := w.Readdress(w.Context(), friend, friend.FixedIPs[1:]); err != nil {
		w.Fatal(err)
	}
	w.passes(w.held(p.ID), from()...)
}

func changesGroups(w *world) {
	a := w.group(vif.SecurityRule{Direction: vif.Ingress, Version: 4, Protocol: "tcp"})
	p := w.claim(func(r *vif.Request) { r.Network = w.small.ID })
	change := func(groups ...string) {
		w.Helper()
		next := w.now(p.ID)
		next.Groups = groups
		if got, err := w.UpdatePort(w.Context(), next); err != nil || !slices.Equal(got.Groups, groups) {
			w.Errorf("%v, %v, want %v", got.Groups, err, groups)
		}
	}
	change(a.ID)
	ingress := vif.Pass{Direction: vif.Ingress, Version: 4, Protocol: 6}
	w.passes(w.held(p.ID), append(sends(), ingress)...)
	if err := w.DropSecurityRule(w.Context(), a.Rules[2].ID); err != nil {
		w.Fatal(err)
	}
	w.passes(w.held(p.ID), sends()...)
	change()
	w.passes(w.held(p.ID))
}

// leavesGroups takes a port that will be deleted out of its groups, and no other.
func leavesGroups(w *world) {
	friends := w.group()
	a := w.group(vif.SecurityRule{Direction: vif.Ingress, Version: 4, RemoteGroup: friends.ID})
	p := w.member(a)
	made := w.port(vif.PortSpec{Network: w.small.ID, Project: "mine", Groups: []string{friends.ID}})
	kept := w.claim(func(r *vif.Request) { r.Port = made.ID })
	leave := func(q vif.Port, want ...netip.Prefix) {
		w.Helper()
		if err := w.Leave(w.Context(), q); err != nil {
			w.Fatal(err)
		}
		w.passes(w.held(p.ID), append(sends(), vif.Pass{Direction: vif.Ingress, Version: 4, Protocol: vif.AnyProtocol, Remote: append([]netip.Prefix{}, want...)})...)
	}
	leave(kept, netip.PrefixFrom(kept.FixedIPs[0].Address, 32))
	w.release(kept)
	next := w.port(vif.PortSpec{Network: w.small.ID, Project: "mine", FixedIPs: []vif.AddressClaim{{Version: 6}}})
	leave(next, netip.PrefixFrom(kept.FixedIPs[0].Address, 32)) // nobody holds it
	a.ID = p.Groups[0]
	if err := w.Leave(w.Context(), p); err != nil || len(w.held(p.ID).Groups) > 0 {
		w.Errorf("%v, and has %v", err, w.held(p.ID).Groups)
	}
	w.release(p)
	if err := w.Leave(w.Context(), p); err != nil {
		w.Errorf("what is gone: %v", err)
	}
}

func refusesGroups(w *world) {
	mine := w.group()
	theirs, err := w.CreateSecurityGroup(w.Context(), vif.SecurityGroup{Name: "g", Project: "theirs"})
	if err != nil {
		w.Fatal(err)
	}
	made := w.port(vif.PortSpec{Network: w.small.ID, Project: "mine", Groups: []string{mine.ID}, FixedIPs: []vif.AddressClaim{{Version: 6}}})
	before, open := w.count(), false
	for _, tt := range []struct {
		what   string
		change func(r *vif.Request)
		want   vif.Kind
	}{
		{"an unknown group", func(r *vif.Request) { r.SecGroups = []string{nobody} }, vif.NotFound},
		{"another project's group", func(r *vif.Request) { r.SecGroups = []string{theirs.ID} }, vif.NotFound},
		{"a group without port security", func(r *vif.Request) { r.Secure, r.Caller.Admin = &open, true }, vif.Invalid},
		{"a group of another port", func(r *vif.Request) { r.Network, r.Port, r.SecGroups = "", made.ID, []string{theirs.ID} }, vif.Invalid},
	} {
		_, err := w.Claim(w.Context(), asked(func(r *vif.Request) {
			r.Network, r.SecGroups = w.small.ID, []string{mine.ID}
			tt.change(r)
		}))
		if err == nil || vif.KindOf(err) != tt.want || w.count() != before {
			w.Errorf("%s: %v, want kind %q; %d ports, %d before", tt.what, err, tt.want, w.count(), before)
		}
	}
	if p := w.claim(func(r *vif.Request) { r.Port, r.SecGroups = made.ID, []string{mine.ID} }); !slices.Equal(p.Groups, made.Groups) {
		w.Errorf("has %v, and had %v", p.Groups, made.Groups)
	}
}
