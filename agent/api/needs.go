package api

import (
	"context"
	"net/netip"

	"vifd/vif"
)

// Servers knows the domains of this host. An unknown ID is vif.NotFound.
type Servers interface {
	Server(ctx context.Context, id string) (vif.Server, error)

	// Recent is Server, but may be a moment behind. Nothing is refused for what
	// it says.
	Recent(ctx context.Context, id string) (vif.Server, error)

	Servers(ctx context.Context) ([]vif.Server, error)
}

// Locks keep all but admins from changing a server. Servers tells which are
// locked.
type Locks interface {
	// Lock locks the server. A lock of an admin's stays as it is when somebody
	// else locks the server again.
	Lock(ctx context.Context, server string, by vif.Caller, reason string) error

	// Unlock unlocks the server, if it is locked. What an admin has locked is
	// vif.Forbidden for anybody else.
	Unlock(ctx context.Context, server string, by vif.Caller) error
}

// Attachments plugs ports into servers. Attach and Detach return when it is
// done: with the NIC in (or out of) the guest, or with nothing changed. The one
// exception is an error of kind vif.Pending from Detach: the guest has not let
// go yet, and the detach goes on by itself.
type Attachments interface {
	// Attach notes r.Once with what it begins. Where the same request was begun by
	// a vifd that died, Attach returns what that one has done to its end, and does
	// it anew where that one has not.
	Attach(ctx context.Context, r vif.Request) (vif.Attachment, error)

	// AttachAll attaches what each request asks for, in their order, to the one
	// server that all are for: all of it, or nothing. The Once of the first stands
	// for all.
	AttachAll(ctx context.Context, rs []vif.Request) ([]vif.Attachment, error)

	// Plan says what Attach would do, step by step, and does none of it.
	Plan(ctx context.Context, r vif.Request) ([]vif.Planned, error)

	// Detach unplugs r.Port from r.Server. What r.OnProgress is told first is that
	// the detach is noted, and will be done even if vifd dies. A port that the
	// server has not got is vif.NotFound.
	Detach(ctx context.Context, r vif.Request) error

	// SetLink sets the link that a server sees of a port that it has, at once and
	// for good.
	SetLink(ctx context.Context, server, port string, l vif.Link) (vif.Attachment, error)

	// AddAddress gives r.Server one more address on r.Network, at a port that it has
	// there, and RemoveAddress takes one away. Both return when the filter says so, or
	// with nothing changed. A server without a port on the network is vif.NotFound,
	// and one without the address vif.Invalid.
	AddAddress(ctx context.Context, r vif.Request) error
	RemoveAddress(ctx context.Context, r vif.Request, address netip.Addr) error

	// SetAddresses gives r.Port, which r.Server has, these addresses and no others, in
	// the same way; the zero Address of one asks for an address from its Subnet. A port
	// on its way in or out is vif.InUse.
	SetAddresses(ctx context.Context, r vif.Request, want []vif.FixedIP) error

	// Guard returns when the rules of the security groups, as they are now, are in
	// place at every port that a server has. An error says that they are not at some,
	// for now.
	Guard(ctx context.Context) error

	// Detaching tells whether a detach of that port from that server is under way.
	Detaching(ctx context.Context, server, port string) bool

	// Attached returns what is plugged into the server, or into any server for
	// "", oldest first; one that is on its way in or out is among them.
	Attached(ctx context.Context, server string) ([]vif.Attachment, error)
}

// Operations knows what was asked for: each attach and detach, and each change of
// addresses, of the last 30 days that came as far as the engine.
type Operations interface {
	// Operations returns those on the server, or on all servers for "", newest
	// first.
	Operations(ctx context.Context, server string) ([]vif.Operation, error)

	// Operation returns the operation of a request. An unknown ID is vif.NotFound.
	Operation(ctx context.Context, id string) (vif.Operation, error)
}

// Answers keeps what was answered to requests that their callers have named.
type Answers interface {
	// Answer returns what is kept for the caller under the key. It has no status
	// while the request has begun something and was not answered. None is
	// vif.NotFound.
	Answer(ctx context.Context, caller, key string) (vif.Answer, error)

	// PutAnswer keeps the answer to a request that has none yet. The next Answer
	// returns it, even if vifd dies.
	PutAnswer(ctx context.Context, a vif.Answer) error
}

// Networking is what exists on the networks: the Networking API without its
// wire. Unknown IDs are vif.NotFound. Creating fills in what is left open and
// returns the thing as it is; updating takes the whole thing as it shall be.
type Networking interface {
	Networks(ctx context.Context) ([]vif.Network, error)
	Network(ctx context.Context, id string) (vif.Network, error)
	CreateNetwork(ctx context.Context, n vif.Network) (vif.Network, error)
	UpdateNetwork(ctx context.Context, n vif.Network) (vif.Network, error)
	DeleteNetwork(ctx context.Context, id string) error

	Subnets(ctx context.Context) ([]vif.Subnet, error)
	Subnet(ctx context.Context, id string) (vif.Subnet, error)
	CreateSubnet(ctx context.Context, s vif.Subnet) (vif.Subnet, error)
	UpdateSubnet(ctx context.Context, s vif.Subnet) (vif.Subnet, error)
	DeleteSubnet(ctx context.Context, id string) error

	Ports(ctx context.Context) ([]vif.Port, error)
	Port(ctx context.Context, id string) (vif.Port, error)
	CreatePort(ctx context.Context, p vif.PortSpec) (vif.Port, error)
	UpdatePort(ctx context.Context, p vif.Port) (vif.Port, error)
	DeletePort(ctx context.Context, id string) error

	// Groups come with their rules. AddSecurityRule and DropSecurityRule are about
	// one of them; one that a group has already is vif.InUse.
	SecurityGroups(ctx context.Context) ([]vif.SecurityGroup, error)
	SecurityGroup(ctx context.Context, id string) (vif.SecurityGroup, error)
	CreateSecurityGroup(ctx context.Context, g vif.SecurityGroup) (vif.SecurityGroup, error)
	UpdateSecurityGroup(ctx context.Context, g vif.SecurityGroup) (vif.SecurityGroup, error)
	DeleteSecurityGroup(ctx context.Context, id string) error
	AddSecurityRule(ctx context.Context, group string, r vif.SecurityRule) (vif.SecurityRule, error)
	DropSecurityRule(ctx context.Context, id string) error
}

// Health says how vifd and what it depends on are.
type Health interface {
	Health(ctx context.Context) vif.Health

	// Ready returns "" while changes are taken, and else why not. It asks nobody.
	Ready() (why string)
}

// Leaks finds what is left over, missing or wrong on this host: nothing, while
// all is well. deep asks each server's QEMU itself. While a part of the host
// cannot be looked at, the error is vif.Unavailable.
type Leaks interface {
	Leaks(ctx context.Context, deep bool) ([]vif.Leak, error)
}

// Metrics are numbers about vifd, in a text format that contentType names.
type Metrics interface {
	Metrics(ctx context.Context) (text []byte, contentType string, err error)
}
