package local

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vifd/agent/store"
	"vifd/vif"
)

// A model is what the authority said it did: the ports that there should be, and
// until when the addresses of those that went rest.
type model struct {
	*Local
	dir    string
	store  *store.Store
	clock  time.Time
	net    vif.Network
	ports  map[string]vif.Port
	claims []vif.Port // every claim that ever was
	rest   map[netip.Addr]time.Time
	most   int64    // the highest claim
	groups []string // security groups: what comes from the ports of the first may come to those of the second
}

const pause = 30 * time.Second

func (m *model) open(t *rapid.T) {
	s, err := store.Open(context.Background(), m.dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	m.store = s
	m.Local = New(s, "h1", Defaults{Quarantine: pause, Now: func() time.Time { return m.clock }})
}

func newModel(t *rapid.T) *model {
	dir, err := os.MkdirTemp("", "local")
	if err != nil {
		t.Fatal(err)
	}
	m := &model{dir: dir, clock: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), ports: map[string]vif.Port{}, rest: map[netip.Addr]time.Time{}}
	m.open(t)
	t.Cleanup(func() {
		if err := errors.Join(m.store.Close(), os.RemoveAll(dir)); err != nil {
			t.Error(err)
		}
	})
	if m.net, err = m.CreateNetwork(context.Background(), vif.Network{AdminUp: true, Secure: true}); err != nil {
		t.Fatal(err)
	}
	for _, cidr := range []string{"10.20.0.0/29", "fd00:20::/125"} {
		if _, err := m.CreateSubnet(context.Background(), subnetOf(m.net.ID, cidr)); err != nil {
			t.Fatal(err)
		}
	}
	m.group(t)
	return m
}

// group makes the groups.
func (m *model) group(t *rapid.T) {
	for range 2 {
		g, err := m.CreateSecurityGroup(context.Background(), vif.SecurityGroup{})
		if err != nil {
			t.Fatal(err)
		}
		m.groups = append(m.groups, g.ID)
	}
	for _, version := range []int{4, 6} {
		r := vif.SecurityRule{Direction: vif.Ingress, Version: version, RemoteGroup: m.groups[0]}
		if _, err := m.AddSecurityRule(context.Background(), m.groups[1], r); err != nil {
			t.Fatal(err)
		}
	}
}

// regroup gives a port other groups, whoever holds it.
func (m *model) regroup(t *rapid.T) {
	p := m.one(t)
	p.Groups = rapid.SliceOfDistinct(rapid.SampledFrom(m.groups), rapid.ID[string]).Draw(t, "groups")
	now, err := m.UpdatePort(context.Background(), p)
	if refused := len(p.Groups) > 0 && len(p.FixedIPs) == 0; (vif.KindOf(err) == vif.Invalid) != refused || err != nil && !refused {
		t.Fatalf("groups of a port with %v: %v", p.FixedIPs, err)
	}
	if err == nil {
		m.ports[p.ID] = now
	}
}

// lets compares what p, which is held, lets in with the addresses of the first group.
func (m *model) lets(t *rapid.T, p vif.Port) {
	want := []netip.Addr{}
	for _, q := range m.ports {
		for _, f := range q.FixedIPs {
			if slices.Contains(q.Groups, m.groups[0]) && slices.Contains(p.Groups, m.groups[1]) {
				want = append(want, f.Address)
			}
		}
	}
	got := []netip.Addr{}
	for _, pass := range p.Passes {
		if pass.Direction == vif.Ingress {
			for _, r := range pass.Remote {
				got = append(got, r.Addr())
			}
		}
	}
	slices.SortFunc(want, netip.Addr.Compare)
	slices.SortFunc(got, netip.Addr.Compare)
	if !slices.Equal(got, want) || len(p.Passes) > 0 != (len(p.Groups) > 0) {
		t.Fatalf("port %s of %v lets in %v, want %v", p.ID, p.Groups, got, want)
	}
}

// got notes that the authority gave p, where it may.
func (m *model) got(t *rapid.T, p vif.Port, asked []vif.AddressClaim, err error) {
	switch vif.KindOf(err) {
	case vif.Exhausted, vif.InUse:
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range p.FixedIPs {
		named := slices.ContainsFunc(asked, func(c vif.AddressClaim) bool { return c.Address == f.Address })
		kept := slices.Contains(m.ports[p.ID].FixedIPs, f)
		if until := m.rest[f.Address]; m.clock.Before(until) && !named && !kept {
			t.Fatalf("%s was given, and rests until %s", f.Address, until)
		}
		delete(m.rest, f.Address)
	}
	p.Passes = nil // are not the port's, but come of its groups
	m.ports[p.ID] = p
	if p.Claim != 0 {
		if p.Claim <= m.most {
			t.Fatalf("claim %d after claim %d", p.Claim, m.most)
		}
		m.most = p.Claim
		m.claims = append(m.claims, p)
	}
}

// lost notes that p is gone.
func (m *model) lost(p vif.Port) {
	for _, f := range p.FixedIPs {
		m.rest[f.Address] = m.clock.Add(pause)
	}
	delete(m.ports, p.ID)
}

// one draws a port that there is, or skips the action.
func (m *model) one(t *rapid.T) vif.Port {
	if len(m.ports) == 0 {
		t.Skip("no ports")
	}
	oldest := slices.SortedFunc(maps.Values(m.ports), func(p, q vif.Port) int {
		return cmp.Or(p.Created.Compare(q.Created), cmp.Compare(p.ID, q.ID))
	})
	return oldest[rapid.IntRange(0, len(oldest)-1).Draw(t, "port")]
}

// addressClaims draws what is asked for, nil among it.
func addressClaims(t *rapid.T) []vif.AddressClaim {
	one := rapid.OneOf(
		rapid.SampledFrom([]vif.AddressClaim{{}, {Version: 4}, {Version: 6}}),
		rapid.Map(rapid.IntRange(2, 6), func(i int) vif.AddressClaim { return at(fmt.Sprintf("10.20.0.%d", i)) }),
		rapid.Map(rapid.IntRange(2, 7), func(i int) vif.AddressClaim { return at(fmt.Sprintf("fd00:20::%d", i)) }),
	)
	if rapid.Bool().Draw(t, "usual") {
		return nil
	}
	claims := rapid.SliceOfN(one, 0, 2).Draw(t, "claims")
	if len(claims) == 2 && claims[0] == claims[1] && claims[0].Address.IsValid() {
		return claims[:1]
	}
	return claims
}

func (m *model) create(t *rapid.T) {
	asked := addressClaims(t)
	mac := rapid.SampledFrom([]string{"", "", "52:54:00:00:00:01", "52:54:00:00:00:02"}).Draw(t, "MAC")
	p, err := m.CreatePort(context.Background(), vif.PortSpec{Network: m.net.ID, AdminUp: true, FixedIPs: asked, MAC: mac})
	m.got(t, p, asked, err)
}

func (m *model) claimNew(t *rapid.T) {
	asked := addressClaims(t)
	p, err := m.Claim(context.Background(), vif.Request{Server: "vm", Network: m.net.ID, FixedIPs: asked, Caller: vif.Caller{Admin: true}})
	m.got(t, p, asked, err)
}

func (m *model) claimOld(t *rapid.T) {
	old := m.one(t)
	p, err := m.Claim(context.Background(), vif.Request{Server: "vm", Port: old.ID, Caller: vif.Caller{Admin: true}})
	if (err == nil) != (old.Claim == 0) {
		t.Fatalf("claim of a port with claim %d: %v", old.Claim, err)
	}
	m.got(t, p, nil, err)
}

// release ends any claim that ever was, often one that has ended.
func (m *model) release(t *rapid.T) {
	if len(m.claims) == 0 {
		t.Skip("no claims")
	}
	c := m.claims[rapid.IntRange(0, len(m.claims)-1).Draw(t, "claim")]
	if err := m.Release(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	p := m.ports[c.ID]
	switch {
	case p.Claim != c.Claim:
	case p.Ephemeral:
		m.lost(p)
	default:
		p.Device, p.DeviceOwner, p.Host, p.Claim, p.Updated = "", "", "", 0, m.clock
		m.ports[p.ID] = p
	}
}

func (m *model) delete(t *rapid.T) {
	p := m.one(t)
	err := m.DeletePort(context.Background(), p.ID)
	if (err == nil) != (p.Claim == 0) {
		t.Fatalf("delete of a port with claim %d: %v", p.Claim, err)
	}
	if err == nil {
		m.lost(p)
	}
}

func (m *model) readdress(t *rapid.T) {
	old := m.one(t)
	if old.Claim != 0 {
		t.Skip("held")
	}
	asked := addressClaims(t)
	next := old
	next.FixedIPs = nil
	for _, c := range asked {
		if c.Version == 0 {
			next.FixedIPs = append(next.FixedIPs, vif.FixedIP{Address: c.Address})
		}
	}
	p, err := m.UpdatePort(context.Background(), next)
	if len(next.FixedIPs) == 0 && len(old.Groups) > 0 {
		if vif.KindOf(err) != vif.InUse {
			t.Fatalf("no addresses for a port of groups: %v", err)
		}
		return
	}
	m.got(t, p, asked, err)
	for _, f := range old.FixedIPs {
		if err == nil && !slices.Contains(p.FixedIPs, f) {
			m.rest[f.Address] = m.clock.Add(pause)
		}
	}
}

// restart opens the store once more, now and then, and with the clock set back.
func (m *model) restart(t *rapid.T) {
	if rapid.IntRange(0, 3).Draw(t, "seldom") > 0 {
		return
	}
	if err := m.store.Close(); err != nil {
		t.Fatal(err)
	}
	back := rapid.SampledFrom([]time.Duration{0, 0, time.Hour}).Draw(t, "set back")
	maps.DeleteFunc(m.rest, func(_ netip.Addr, until time.Time) bool { return !m.clock.Before(until) })
	m.clock = m.clock.Add(-back)
	for a, until := range m.rest {
		if latest := m.clock.Add(pause); until.After(latest) {
			m.rest[a] = latest
		}
	}
	m.open(t)
	if err := m.date(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// holds compares the authority with the model.
func (m *model) holds(t *rapid.T) {
	ports, err := m.Ports(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	held, err := m.Held(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	addrs, macs, bound := map[netip.Addr]string{}, map[string]string{}, 0
	for _, p := range ports {
		if want := m.ports[p.ID]; !reflect.DeepEqual(p, want) {
			t.Fatalf("port is %+v, want %+v", p, want)
		}
		for _, f := range p.FixedIPs {
			if other := addrs[f.Address]; other != "" {
				t.Fatalf("%s is both %s's and %s's", f.Address, other, p.ID)
			}
			addrs[f.Address] = p.ID
		}
		if other := macs[p.MAC]; other != "" {
			t.Fatalf("%s is both %s's and %s's", p.MAC, other, p.ID)
		}
		macs[p.MAC] = p.ID
		if p.Claim != 0 {
			bound++
		}
	}
	for _, p := range held {
		m.lets(t, p)
	}
	if len(ports) != len(m.ports) || len(held) != bound {
		t.Fatalf("%d ports, %d held, want %d and %d", len(ports), len(held), len(m.ports), bound)
	}
}

// TestMain makes 25 random sequences of TestProperty do where -rapid.checks does
// not ask for more: each of them opens stores on a disk.
func TestMain(m *testing.M) {
	checks := flag.Lookup("rapid.checks")
	if err := checks.Value.Set("25"); err != nil {
		log.Fatal(err)
	}
	m.Run()
}

// Whatever is asked in whatever order, no address and no MAC is given to two,
// and the store says at any time, opened again or not, what was answered.
func TestProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(t)
		t.Repeat(map[string]func(*rapid.T){
			"create":    m.create,
			"claim new": m.claimNew,
			"claim old": m.claimOld,
			"release":   m.release,
			"delete":    m.delete,
			"readdress": m.readdress,
			"regroup":   m.regroup,
			"restart":   m.restart,
			"time": func(t *rapid.T) {
				m.clock = m.clock.Add(rapid.SampledFrom([]time.Duration{1, pause / 2, pause}).Draw(t, "passes"))
			},
			"": m.holds,
		})
	})
}
