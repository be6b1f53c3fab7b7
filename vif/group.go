package vif

import (
	"net/netip"
	"slices"
	"time"
)

// A SecurityGroup is a list of what may pass to and from the ports that have it,
// as in the OpenStack Networking API. What no rule of a port's groups lets pass is
// dropped, but the answers to what was let pass.
type SecurityGroup struct {
	ID          string         `json:"id"`
	Name        string         `json:"name"`
	Description string         `json:"description"`
	Project     string         `json:"project"`
	Rules       []SecurityRule `json:"rules"`
	Created     time.Time      `json:"created"`
	Updated     time.Time      `json:"updated"`
}

// A SecurityRule lets one kind of traffic pass.
type SecurityRule struct {
	ID           string       `json:"id"`
	Description  string       `json:"description"`
	Direction    Direction    `json:"direction"`
	Version      int          `json:"version"`       // of IP: 4 or 6
	Protocol     string       `json:"protocol"`      // as the caller named it; "" is any
	First        *int         `json:"first"`         // port_range_min: the first port, or the ICMP type
	Last         *int         `json:"last"`          // port_range_max: the last port, or the ICMP code
	RemotePrefix netip.Prefix `json:"remote_prefix"` // who is at the other end; the zero Prefix is anybody
	RemoteGroup  string       `json:"remote_group"`  // or: the ports of that group
	Created      time.Time    `json:"created"`
}

// A Direction is a way through a port.
type Direction string

// The directions, as the server sees them.
const (
	Ingress Direction = "ingress"
	Egress  Direction = "egress"
)

// A Pass is a rule as the switch needs it: with its protocol as a number, and with
// a remote group's addresses in its place.
type Pass struct {
	Direction Direction      `json:"direction"`
	Version   int            `json:"version"`  // of IP: 4 or 6
	Protocol  int            `json:"protocol"` // 0 to 255 as in the IP header, or AnyProtocol
	Ports     *Range         `json:"ports"`    // of the destination, where the protocol has them; nil is all of them
	Type      *uint8         `json:"type"`     // of ICMP; nil is any
	Code      *uint8         `json:"code"`     // of ICMP; nil is any
	Remote    []netip.Prefix `json:"remote"`   // who is at the other end; nil is anybody, and an empty list is nobody
}

// AnyProtocol is the Protocol of a Pass for all of them.
const AnyProtocol = -1

// A Range is a range of ports; both ends belong to it.
type Range struct {
	First uint16 `json:"first"`
	Last  uint16 `json:"last"`
}

// Equal tells whether p and q let the same pass.
func (p Pass) Equal(q Pass) bool {
	return p.Direction == q.Direction && p.Version == q.Version && p.Protocol == q.Protocol &&
		same(p.Ports, q.Ports) && same(p.Type, q.Type) && same(p.Code, q.Code) &&
		(p.Remote == nil) == (q.Remote == nil) && slices.Equal(p.Remote, q.Remote)
}

// same tells whether two numbers, or ranges, that may be missing are the same.
func same[T comparable](p, q *T) bool {
	return p == nil && q == nil || p != nil && q != nil && *p == *q
}
