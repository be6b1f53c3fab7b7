// Package networktest holds what every authority owes the engine, as tests.
package networktest

import (
	"context"
	"net/netip"
	"testing"

	"vifd/vif"
)

// An Authority decides which server holds which port.
type Authority interface {
	Claim(ctx context.Context, r vif.Request) (vif.Port, error)
	Release(ctx context.Context, p vif.Port) error
	Readdress(ctx context.Context, p vif.Port, want []vif.FixedIP) (vif.Port, error)
	Leave(ctx context.Context, p vif.Port) error
	Held(ctx context.Context, ids ...string) ([]vif.Port, error)
}

// Networks is where an authority's networks, subnets, ports and security groups are made.
type Networks interface {
	CreateNetwork(ctx context.Context, n vif.Network) (vif.Network, error)
	CreateSubnet(ctx context.Context, s vif.Subnet) (vif.Subnet, error)
	CreatePort(ctx context.Context, p vif.PortSpec) (vif.Port, error)
	Port(ctx context.Context, id string) (vif.Port, error)
	Ports(ctx context.Context) ([]vif.Port, error)
	UpdatePort(ctx context.Context, p vif.Port) (vif.Port, error)
	CreateSecurityGroup(ctx context.Context, g vif.SecurityGroup) (vif.SecurityGroup, error)
	AddSecurityRule(ctx context.Context, group string, r vif.SecurityRule) (vif.SecurityRule, error)
	DropSecurityRule(ctx context.Context, id string) error
}

// Run tests the authorities that open returns: each new and empty, with the
// place where its networks are made.
func Run(t *testing.T, open func(t *testing.T) (Authority, Networks)) {
	for name, test := range map[string]func(*world){
		"claims by network":                    claimsByNetwork,
		"claims by port":                       claimsByPort,
		"claims on the only network":           claimsOnlyNetwork,
		"claims what is asked for":             claimsWhatIsAsked,
		"refuses":                              refuses,
		"refuses without a trace":              refusesWithoutTrace,
		"runs out of addresses":                runsOut,
		"releases what it made":                releasesItsOwn,
		"releases and keeps":                   releasesAndKeeps,
		"releases more than once":              releasesTwice,
		"does not release another claim":       releasesOldClaim,
		"knows what is held":                   knowsHeld,
		"gives other addresses":                givesOthers,
		"gives no others for an old claim":     keepsFromOldClaim,
		"says what security groups let pass":   saysPasses,
		"knows who is in a remote group":       knowsMembers,
		"changes the groups of what is held":   changesGroups,
		"takes out of groups what leaves":      leavesGroups,
		"refuses groups without a trace":       refusesGroups,
		"gives a port to one of many":          givesPortOnce,
		"gives an address to one of many":      givesAddressOnce,
		"gives its own address to one of many": givesOwnAddresses,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, n := open(t)
			test(newWorld(t, a, n))
		})
	}
}

// A world is an authority with two networks of the project "mine": "small" has
// two IPv4 addresses to give and many IPv6 ones, "theirs" is another project's.
type world struct {
	*testing.T
	Authority
	Networks
	small, theirs vif.Network
	four, six     vif.Subnet
}

func newWorld(t *testing.T, a Authority, n Networks) *world {
	w := &world{T: t, Authority: a, Networks: n}
	w.small = w.network(vif.Network{Name: "small", Project: "mine", Segment: vif.Segment{VLAN: 100}, MTU: 1442})
	w.theirs = w.network(vif.Network{Name: "theirs", Project: "theirs", Segment: vif.Segment{VLAN: 200}})
	w.four = w.subnet(w.small, "10.20.0.0/30", "10.20.0.1", "10.20.0.2") // both are pool: no gateway
	w.six = w.subnet(w.small, "fd00:20::/64", "fd00:20::1", "fd00:20::ff")
	w.subnet(w.theirs, "10.30.0.0/24", "10.30.0.1", "10.30.0.254")
	return w
}

func (w *world) network(n vif.Network) vif.Network {
	w.Helper()
	n.AdminUp, n.Secure = true, true
	made, err := w.CreateNetwork(w.Context(), n)
	if err != nil {
		w.Fatal(err)
	}
	return made
}

func (w *world) subnet(n vif.Network, cidr, first, last string) vif.Subnet {
	w.Helper()
	s, err := w.CreateSubnet(w.Context(), vif.Subnet{
		Network: n.ID, Project: n.Project, CIDR: netip.MustParsePrefix(cidr), NoGateway: true,
		Pools: []vif.Pool{{Start: netip.MustParseAddr(first), End: netip.MustParseAddr(last)}},
	})
	if err != nil {
		w.Fatal(err)
	}
	return s
}

// port makes a port that is there before it is asked for.
func (w *world) port(spec vif.PortSpec) vif.Port {
	w.Helper()
	spec.AdminUp = true
	p, err := w.CreatePort(w.Context(), spec)
	if err != nil {
		w.Fatal(err)
	}
	return p
}

// asked is a request of the project "mine" for server "vm".
func asked(change func(*vif.Request)) vif.Request {
	r := vif.Request{Server: "vm", Project: "mine", Caller: vif.Caller{Project: "mine", User: "me"}}
	change(&r)
	return r
}

func (w *world) claim(change func(*vif.Request)) vif.Port {
	w.Helper()
	p, err := w.Claim(w.Context(), asked(change))
	if err != nil {
		w.Fatal(err)
	}
	return p
}

func (w *world) release(p vif.Port) {
	w.Helper()
	if err := w.Release(w.Context(), p); err != nil {
		w.Fatal(err)
	}
}

// now returns the port as it is.
func (w *world) now(id string) vif.Port {
	w.Helper()
	p, err := w.Port(w.Context(), id)
	if err != nil {
		w.Fatal(err)
	}
	return p
}

// count returns how many ports there are.
func (w *world) count() int {
	w.Helper()
	ports, err := w.Ports(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	return len(ports)
}
