package local

import (
	"slices"
	"strings"

	"vifd/vif"
)

var (
	// ported are the protocols whose ports Open vSwitch tells apart.
	ported = []int{vif.TCP, vif.UDP, vif.SCTP}

	// only6 are those that are in IPv6 alone.
	only6 = []int{41, 43, 44, vif.ICMPv6, 59, 60}
)

// checkRule refuses a rule that says what no packet can be, in Neutron's words.
func checkRule(r vif.SecurityRule) error {
	number, known := r.Number()
	icmp := number == vif.ICMP || number == vif.ICMPv6
	ranged := r.First != nil || r.Last != nil
	switch {
	case r.Direction != vif.Ingress && r.Direction != vif.Egress:
		return vif.Invalid.Because("Invalid input for direction. Reason: '%s' is not in ['ingress', 'egress'].", r.Direction)
	case r.Version != 4 && r.Version != 6:
		return vif.Invalid.Because("Security group rule for ethertype '%d' not supported. Allowed values are ['IPv4', 'IPv6'].", r.Version)
	case !known:
		return vif.Invalid.Because("Security group rule protocol %s not supported. Only protocol values [%s] and integer representations [0 to 255] are supported.",
			r.Protocol, strings.Join(vif.ProtocolNames(), ", "))
	case number == 0:
		return vif.Invalid.Because("Security group rule protocol 0 is an option of IPv6 and nothing that a packet carries. Leave the protocol out to mean any.")
	case r.Version == 4 && slices.Contains(only6, number):
		return vif.Invalid.Because("Invalid ethertype IPv4 for protocol %s.", r.Protocol)
	case ranged && number == vif.AnyProtocol:
		return vif.Invalid.Because("Must also specify protocol if port range is given.")
	case ranged && icmp:
		return checkICMP(r)
	case ranged && slices.Contains(ported, number):
		return firstError(checkPorts(r), checkRemote(r))
	case ranged:
		return vif.Invalid.Because("Invalid protocol %s for port range, only supported for SCTP, TCP, UDP.", r.Protocol)
	}
	return checkRemote(r)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func checkPorts(r vif.SecurityRule) error {
	for _, port := range []*int{r.First, r.Last} {
		if port != nil && (*port < 1 || *port > 65535) {
			return vif.Invalid.Because("Invalid value for port %d", *port)
		}
	}
	if r.First == nil || r.Last == nil || *r.First > *r.Last {
		return vif.Invalid.Because("For TCP/UDP protocols, port_range_min must be <= port_range_max")
	}
	return nil
}

func checkICMP(r vif.SecurityRule) error {
	for _, field := range []struct {
		name, attribute string
		value           *int
	}{{"type", "port_range_min", r.First}, {"code", "port_range_max", r.Last}} {
		if field.value != nil && (*field.value < 0 || *field.value > 255) {
			return vif.Invalid.Because("Invalid value for ICMP %s (%s) %d. It must be 0 to 255.", field.name, field.attribute, *field.value)
		}
	}
	if r.First == nil {
		return vif.Invalid.Because("ICMP code (port-range-max) %d is provided but ICMP type (port-range-min) is missing.", *r.Last)
	}
	return checkRemote(r)
}

func checkRemote(r vif.SecurityRule) error {
	p := r.RemotePrefix
	switch {
	case p.IsValid() && r.RemoteGroup != "":
		return vif.Invalid.Because("Only remote_ip_prefix or remote_group_id may be provided.")
	case p.IsValid() && p.Addr().Is4() != (r.Version == 4):
		return vif.Invalid.Because("Conflicting value ethertype IPv%d for CIDR %s", r.Version, p)
	}
	return nil
}
