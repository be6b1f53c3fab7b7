// Package vif holds the words of this project: ports, networks, servers, the
// requests that join them, and the kinds of error. It imports nothing of ours,
// and everything of ours may speak it.
package vif

import (
	"net/netip"
	"time"
)

// A Port is one place on a network, with a MAC and addresses, as in the
// OpenStack Networking API.
type Port struct {
	ID          string    `json:"id"`      // a UUID, lower case with dashes
	Name        string    `json:"name"`    //
	Project     string    `json:"project"` //
	Network     string    `json:"network"` // a Network's ID
	MAC         string    `json:"mac"`     // lower case with colons
	FixedIPs    []FixedIP `json:"fixed_ips"`
	MTU         int       `json:"mtu"`
	Segment     Segment   `json:"segment"`
	Secure      bool      `json:"secure"`           // port_security_enabled: what the guest sends is filtered
	Groups      []string  `json:"groups,omitempty"` // the SecurityGroups that it has; with none, all passes that Secure lets
	Passes      []Pass    `json:"passes,omitempty"` // what the rules of its Groups let pass
	AdminUp     bool      `json:"admin_up"`         // admin_state_up
	Device      string    `json:"device"`           // device_id: the server that has it, or ""
	DeviceOwner string    `json:"device_owner"`     //
	Host        string    `json:"host"`             // the host it is bound to, or ""
	Claim       int64     `json:"claim"`            // which Claim bound it; 0 when unbound. Grows with each Claim
	Ephemeral   bool      `json:"ephemeral"`        // made for an attach, and deleted by its detach
	Created     time.Time `json:"created"`
	Updated     time.Time `json:"updated"`
}

// A FixedIP is one address of a port.
type FixedIP struct {
	Subnet  string     `json:"subnet"`
	Address netip.Addr `json:"address"`
}

// A Segment is how a network is carried on this host.
type Segment struct {
	Bridge string `json:"bridge"`
	VLAN   int    `json:"vlan"` // 1 to 4094, or 0 for a flat network
}

// A Network is a broadcast domain.
type Network struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Project string    `json:"project"`
	Segment Segment   `json:"segment"`
	MTU     int       `json:"mtu"`
	Shared  bool      `json:"shared"`
	AdminUp bool      `json:"admin_up"`
	Secure  bool      `json:"secure"` // the port_security_enabled that its ports get
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
}

// A Subnet is a range of addresses on a network.
type Subnet struct {
	ID      string       `json:"id"`
	Name    string       `json:"name"`
	Project string       `json:"project"`
	Network string       `json:"network"`
	CIDR    netip.Prefix `json:"cidr"`
	Gateway netip.Addr   `json:"gateway"` // the zero Addr for none

	// NoGateway asks for a subnet without a gateway; without it, one that is
	// created with the zero Gateway gets its first address.
	NoGateway bool `json:"no_gateway"`

	Pools   []Pool       `json:"pools"` // where addresses are allocated from
	DNS     []netip.Addr `json:"dns"`
	DHCP    bool         `json:"dhcp"`
	Created time.Time    `json:"created"`
	Updated time.Time    `json:"updated"`
}

// Version returns the subnet's IP version, 4 or 6.
func (s Subnet) Version() int {
	if s.CIDR.Addr().Is4() {
		return 4
	}
	return 6
}

// A Pool is a range of addresses; both ends belong to it.
type Pool struct {
	Start netip.Addr `json:"start"`
	End   netip.Addr `json:"end"`
}

// A State is a port_state as the Compute API reports it.
type State string

// The states.
const (
	Active State = "ACTIVE" // the guest has the NIC and it carries traffic
	Build  State = "BUILD"  // on its way in or out
	Down   State = "DOWN"   // plugged, but the link or the server is off; or not plugged at all
	Error  State = "ERROR"  // the switch or the authority reports an error, or repair failed
)
