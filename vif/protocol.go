package vif

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// The protocols that rules are about most.
const (
	ICMP   = 1
	TCP    = 6
	UDP    = 17
	ICMPv6 = 58
	SCTP   = 132
)

// protocols are the names that the OpenStack Networking API has for them.
var protocols = map[string]int{
	"icmp": ICMP, "igmp": 2, "ipip": 4, "tcp": TCP, "egp": 8, "udp": UDP, "dccp": 33, "ipv6-encap": 41, "ipv6-route": 43,
	"ipv6-frag": 44, "rsvp": 46, "gre": 47, "esp": 50, "ah": 51, "icmpv6": ICMPv6, "ipv6-icmp": ICMPv6, "ipv6-nonxt": 59,
	"ipv6-opts": 60, "ospf": 89, "vrrp": 112, "pgm": 113, "sctp": SCTP, "udplite": 136,
}

// ProtocolNames returns the names that a SecurityRule may give its protocol, in order.
func ProtocolNames() []string { return slices.Sorted(maps.Keys(protocols)) }

// Number returns the number of r's protocol as the IP header has it, AnyProtocol
// where r names none, and false for what is no protocol. In IPv6 "icmp" is ICMPv6.
func (r SecurityRule) Number() (int, bool) {
	if r.Protocol == "" {
		return AnyProtocol, true
	}
	n, known := protocols[strings.ToLower(r.Protocol)]
	if !known {
		parsed, err := strconv.ParseUint(r.Protocol, 10, 8)
		if err != nil {
			return 0, false
		}
		n = int(parsed)
	}
	if n == ICMP && r.Version == 6 {
		n = ICMPv6
	}
	return n, true
}
