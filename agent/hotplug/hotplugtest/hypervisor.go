package hotplugtest

import (
	"context"
	"testing"

	"vifd/vif"
)

// A Hypervisor shows NICs to guests.
type Hypervisor interface {
	Server(ctx context.Context, id string) (vif.Server, error)
	Servers(ctx context.Context) ([]vif.Server, error)
	Show(ctx context.Context, n vif.NIC, up bool) error
	XML(n vif.NIC) (string, error)
	Link(ctx context.Context, n vif.NIC, up bool) error
	Persist(ctx context.Context, n vif.NIC) (pci string, err error)
	Hide(ctx context.Context, n vif.NIC) error
	Forget(ctx context.Context, n vif.NIC) error
	Definitions(ctx context.Context, servers []vif.Server) (map[string][]vif.ServerNIC, error)
	Devices(ctx context.Context, server string) (ports []string, err error)
}

// Guests are a hypervisor with servers, and what others do with these. Each of
// the first six returns the ID of a server without a NIC of vifd's.
type Guests struct {
	Hypervisor
	Running  func() string
	Willing  func() string // it runs, and its guest lets go of NICs
	Stubborn func() string // it runs, and its guest lets go of none
	Off      func() string
	Passing  func() string // it runs, and has no definition
	Tight    func() string // it runs, and has one slot

	Tap      func(n vif.NIC)     // makes a tap that QEMU can open
	Destroy  func(server string) // ends its guest
	Undefine func(server string) // one that is off is known to nobody any more
	Stop     func()              // ends libvirt
}

// RunHypervisor tests the hypervisors that open returns.
func RunHypervisor(t *testing.T, open func(t *testing.T) Guests) {
	for name, test := range map[string]func(*guests){
		"knows its servers":               knowsServers,
		"knows no others":                 knowsNoOthers,
		"shows":                           shows,
		"shows it once":                   showsOnce,
		"shows to one that is off":        showsToOff,
		"refuses another NIC of the port": refusesAnother,
		"refuses without a tap":           refusesWithoutTap,
		"refuses without a slot":          refusesWithoutSlot,
		"sets the link":                   setsLink,
		"persists":                        persists,
		"persists the link":               persistsLink,
		"persists in a passing one":       persistsPassing,
		"persists in one that is off":     persistsOff,
		"ends with what is persisted":     endsPersisted,
		"says what is not there":          saysMissing,
		"hides":                           hides,
		"hides what was never shown":      hidesNothing,
		"hides from one that is off":      hidesFromOff,
		"waits for the guest":             waitsForGuest,
		"forgets":                         forgets,
		"lets one go that is gone":        letsGone,
		"says that libvirt is not there":  saysUnavailable,
	} {
		t.Run(name, func(t *testing.T) { test(&guests{t, open(t)}) })
	}
}

type guests struct {
	*testing.T
	Guests
}

// nic is the nth NIC of a case for the server, with its tap.
func (g *guests) nic(server string, i int) vif.NIC {
	n := nic(i, 7)
	n.Server = server
	g.Tap(n)
	return n
}

// shown returns a NIC that the server has.
func (g *guests) shown(server string, i int) vif.NIC {
	g.Helper()
	n := g.nic(server, i)
	must(g, g.Show(within(g, patience), n, true))
	return n
}

// kept returns one that is in its definition and metadata, too.
func (g *guests) kept(server string, i int) vif.NIC {
	g.Helper()
	n := g.shown(server, i)
	_, err := g.Persist(within(g, patience), n)
	must(g, err)
	return n
}

func (g *guests) server(id string) vif.Server {
	g.Helper()
	s, err := g.Server(within(g, patience), id)
	must(g, err)
	return s
}

// has returns n as its server has it, and whether it has it.
func (g *guests) has(n vif.NIC) (vif.ServerNIC, bool) {
	g.Helper()
	s := g.server(n.Server)
	return s.NIC(n.DeviceAlias())
}

// defined returns n as the definition of its server, which runs, has it.
func (g *guests) defined(n vif.NIC) (vif.ServerNIC, bool) {
	g.Helper()
	found, err := g.Definitions(within(g, patience), []vif.Server{g.server(n.Server)})
	must(g, err)
	return vif.Server{NICs: found[n.Server]}.NIC(n.DeviceAlias())
}

// as sees that a NIC is n, with this link.
func (g *guests) as(n vif.NIC, up bool) func(got vif.ServerNIC, there bool) {
	g.Helper()
	return func(got vif.ServerNIC, there bool) {
		g.Helper()
		if !there || got.MAC != n.Port.MAC || got.Tap != n.Tap || got.MTU != n.Port.MTU || got.Link != up {
			g.Errorf("NIC %+v, %t, want that of %s, link %t", got, there, n.Tap, up)
		}
	}
}

// none sees that there is no such NIC.
func (g *guests) none(got vif.ServerNIC, there bool) {
	g.Helper()
	if there {
		g.Errorf("there is %+v", got)
	}
}
