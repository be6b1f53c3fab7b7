package hotplug

import (
	"context"

	"vifd/vif"
)

// An Authority decides which ports exist, and which server holds them.
type Authority interface {
	// Claim returns the port that answers r, bound to r.Server on this host from
	// now on. Its Claim number is higher than in every claim of that port before.
	// A port that a server holds already is refused with vif.InUse.
	Claim(ctx context.Context, r vif.Request) (vif.Port, error)

	// Preview returns the port that Claim would, and changes nothing.
	Preview(ctx context.Context, r vif.Request) (vif.Port, error)

	// Release ends the claim p.Claim of p: an ephemeral port is deleted, any
	// other is unbound and kept. Where that claim has ended already, Release does
	// nothing and returns nil, whoever may have claimed the port since.
	Release(ctx context.Context, p vif.Port) error

	// Readdress gives p, which a server holds by the claim p.Claim, these addresses
	// and no others. The zero Address of one asks for an address from its Subnet, or
	// from any. Where that claim has ended the error is vif.WrongState.
	Readdress(ctx context.Context, p vif.Port, want []vif.FixedIP) (vif.Port, error)

	// Leave takes p, which Release will delete, out of its security groups, if p.Claim
	// still holds it: its addresses pass no more by rules that name these.
	Leave(ctx context.Context, p vif.Port) error

	// Held returns the ports that are bound to this host: those with the IDs, or all.
	// What their security groups let pass is what their Passes say, as in what Claim
	// and Readdress return.
	Held(ctx context.Context, ids ...string) ([]vif.Port, error)
}

// Taps makes the host's end of a NIC.
type Taps interface {
	// Create returns when n's tap exists as n wants it: persistent, with our alias,
	// and down until Raise. A second time it changes nothing; a tap that an older
	// generation left is made anew. A stranger's device of that name is vif.InUse.
	Create(ctx context.Context, n vif.NIC) error

	// Raise returns when n's tap is up. Until then the kernel drops what either
	// end sends.
	Raise(ctx context.Context, n vif.NIC) error

	// Remove deletes n's tap, if it is there and its alias says that it belongs
	// to n's port and to n's generation or an older one.
	Remove(ctx context.Context, n vif.NIC) error

	// Tap returns the tap of ours that has the name. Both false: there is no
	// device of that name. Only ours false: it is a stranger's.
	Tap(ctx context.Context, name string) (t vif.Tap, there, ours bool, err error)

	// Taps returns every tap of ours.
	Taps(ctx context.Context) ([]vif.Tap, error)
}

// A Switch joins taps to networks.
type Switch interface {
	// Bridge returns the bridge of that name, ready for ports of ours. One that
	// does not exist is vif.NotFound, and Open vSwitch not running Unavailable.
	Bridge(ctx context.Context, name string) (vif.Bridge, error)

	// Filter returns when the rules for n.OFPort are in place, all of them or, on
	// an error, those of before. Unfilter takes them away; there need be none.
	Filter(ctx context.Context, n vif.NIC) error
	Unfilter(ctx context.Context, n vif.NIC) error

	// Plug returns when the switch port of n.Tap is committed: its rows are those
	// that n wants, and none of another generation of the port is left. Unplug
	// deletes n's rows, found by their markers and not by name.
	Plug(ctx context.Context, n vif.NIC) error
	Unplug(ctx context.Context, n vif.NIC) error

	// Retire is Unplug of the one row of n.Tap, that returns when the switch itself
	// has let go of the tap.
	Retire(ctx context.Context, n vif.NIC) error

	// Describe returns the transaction of Plug and the flows of Filter as text.
	Describe(n vif.NIC) (transaction, flows string)

	// Wired returns nil as soon as the switch has n's port under n.OFPort,
	// polling this very tap, and else the switch's own reason once ctx ends.
	Wired(ctx context.Context, n vif.NIC) error

	// Port returns n's switch port as last heard from OVSDB, without asking it.
	Port(n vif.NIC) (vif.SwitchPort, bool)

	// Healthy returns nil while Open vSwitch answers.
	Healthy() error

	// Ports returns every switch port of ours, likewise. The error is Unavailable
	// while the connection to OVSDB is down.
	Ports(ctx context.Context) ([]vif.SwitchPort, error)

	// Drifted returns the ports among those of the NICs whose rows Plug would change.
	Drifted(ctx context.Context, nics []vif.NIC) (map[string]bool, error)

	// Bridges returns the bridges that may have something of ours.
	Bridges(ctx context.Context) ([]string, error)

	// Rules compares the flows of ours that the bridge has with those that the
	// NICs, which are all on it, should have there. Open vSwitch itself is asked.
	Rules(ctx context.Context, bridge string, nics []vif.NIC) (vif.Rules, error)

	// Lay puts the flows of the bridge that belong to no port in place. Where they
	// had been undone by a change of its fail mode, all others are gone after it.
	Lay(ctx context.Context, bridge string) error

	// Purge takes the flows of a cookie of ours away.
	Purge(ctx context.Context, bridge string, cookie uint64) error

	// Free tells whether no stranger's port has the name.
	Free(name string) bool
}

// A Hypervisor shows NICs to guests. libvirt not running is Unavailable in every
// call, and a server ID that it does not know vif.NotFound in those that do not say
// what such a server has.
type Hypervisor interface {
	Server(ctx context.Context, id string) (vif.Server, error)
	Servers(ctx context.Context) ([]vif.Server, error)

	// Show returns when the server has the NIC: its guest, when it runs, else its
	// definition. up is the state of the link that the guest sees. On an error
	// the live XML was looked at: the NIC is not there, unless the error's kind is
	// Unavailable, which leaves it open. A second Show of the same NIC is nil.
	Show(ctx context.Context, n vif.NIC, up bool) error

	// XML returns the <interface> that Show would give to libvirt.
	XML(n vif.NIC) (string, error)

	// Link sets the link that the server sees: its guest, when it runs, else its
	// definition.
	Link(ctx context.Context, n vif.NIC, up bool) error

	// Persist writes a live NIC into the definition of a persistent server, at
	// the PCI address that the guest sees, its link as n.Link wants it, with the tag in the domain's metadata,
	// and returns that address. A transient server has only the metadata.
	Persist(ctx context.Context, n vif.NIC) (pci string, err error)

	// Hide returns nil when neither guest nor definition has the NIC, or the
	// server is gone. The metadata may still name it, until Forget. A guest that has not let go by the end of ctx is
	// vif.Pending: the request stands, a later Hide waits for the same one, and the definition is without the NIC.
	Hide(ctx context.Context, n vif.NIC) error

	// Forget takes a NIC that Hide has hidden out of the domain's metadata, where
	// there is that server.
	Forget(ctx context.Context, n vif.NIC) error

	// Definitions returns the NICs that those of the servers have in their
	// definitions that run and have one. Those at another address than in the servers
	// are Barred where the definition has no room at that.
	Definitions(ctx context.Context, servers []vif.Server) (map[string][]vif.ServerNIC, error)

	// Devices returns the ports of which the server's QEMU has a NIC, whatever
	// libvirt knows; where there is no QEMU, that is none. It asks QEMU's monitor,
	// which libvirt notes in its log.
	Devices(ctx context.Context, server string) (ports []string, err error)
}
