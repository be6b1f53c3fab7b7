package ovs

import (
	"fmt"
	"net"
	"strings"

	"github.com/digitalocean/go-openvswitch/ovs"

	"vifd/vif"
)

// A guarded port is one that nothing passes but what its Passes let pass. It is not
// on its network itself: a wire is there in its place (wire.go), and between the
// wire's other end and the tap stand its rules. So the bridge goes on switching,
// learning and flooding as ever, and nothing goes round the rules.
//
// Every packet is looked up in the port's own zone of connection tracking, and then
// it is the connection that the Passes are asked about, by the addresses and ports
// of its first packet. That goes for answers and for errors about it too. So what
// is taken away stops with the next packet, and what stays goes on.
func guarded(p vif.Port) bool { return p.Secure && len(p.Groups) > 0 }

// asked marks a packet as one of a connection that began in this direction.
func asked(n vif.NIC, d vif.Direction) string {
	number := n.OFPort
	if d == vif.Egress {
		number |= 1 << 16
	}
	return fmt.Sprintf("%#x", number)
}

// A way is one way through a guarded port.
type way struct {
	nic            vif.NIC
	to             int           // the number that it leads to
	began, replies vif.Direction // of connections whose packets go this way: forth, and back

	client4, server4, client6, server6 uint16  // source and destination of DHCP, as they are this way
	neighbour                          []uint8 // the ICMPv6 types without which there is no IPv6 (RFC 4890, 4.3.3)
}

// outOf is the way out of n's guest, into what leaves it after its source is checked.
func outOf(n vif.NIC) way {
	return way{n, guardOFPort(n), vif.Egress, vif.Ingress, 68, 67, 546, 547, []uint8{131, 132, 143, 133, solicitation, advertisement}}
}

// into is the way to n's guest.
func into(n vif.NIC) way {
	return way{n, n.OFPort, vif.Ingress, vif.Egress, 67, 68, 547, 546, []uint8{130, 131, 132, 143, 134, solicitation, advertisement}}
}

// rules returns the rules for what goes this way.
func (w way) rules() []rule {
	out := ovs.Output(w.to)
	track := ovs.ConnectionTracking(fmt.Sprintf("table=%d,zone=%d", tableKnown, zone(w.nic)))
	keep := several{ovs.ConnectionTracking(fmt.Sprintf("commit,zone=%d", zone(w.nic))), out}
	rules := []rule{
		{tableGuard, orderRest, "", ovs.Drop(), nil},
		{tableGuard, orderKind, ovs.ProtocolIPv4, track, nil},
		{tableGuard, orderKind, ovs.ProtocolIPv6, track, nil},
		{tableGuard, orderAllow, ovs.ProtocolARP, out, nil},
		{tableGuard, orderAllow, ovs.ProtocolUDPv4, out, matches{ovs.UDPSourcePort(w.client4), ovs.UDPDestinationPort(w.server4)}},
		{tableGuard, orderAllow, ovs.ProtocolUDPv6, out, matches{ovs.UDPSourcePort(w.client6), ovs.UDPDestinationPort(w.server6)}},
		{tableKnown, orderRest, "", ovs.Drop(), nil},
		{tableKnown, orderAllow, "", w.ask(w.began), matches{state("+trk-inv-rpl")}},
		{tableKnown, orderAllow, "", w.ask(w.replies), matches{state("+trk-inv+rpl")}},
		{tableDeliver, orderRest, "", out, nil},
		{tableDeliver, orderAllow, ovs.ProtocolIPv4, keep, matches{state("+trk+new")}},
		{tableDeliver, orderAllow, ovs.ProtocolIPv6, keep, matches{state("+trk+new")}},
	}
	for _, kind := range w.neighbour {
		rules = append(rules, rule{tableGuard, orderAllow, ovs.ProtocolICMPv6, out, matches{ovs.ICMP6Type(kind)}})
	}
	if w.to == w.nic.OFPort {
		rules = append(rules, w.addressed()...)
	}
	return rules
}

// ask asks the Passes about a connection that began in this direction.
func (w way) ask(d vif.Direction) ovs.Action {
	return several{ovs.SetField(asked(w.nic, d), "reg14"), ovs.Resubmit(0, tablePasses)}
}

// addressed lets in what is for the guest or for several. The bridge also floods
// what is for others when it does not know where they are.
func (w way) addressed() []rule {
	const group = "01:00:00:00:00:00/01:00:00:00:00:00"
	guard := ovs.Resubmit(0, tableGuard)
	rules := []rule{
		{tableAdmit, orderRest, "", ovs.Drop(), nil},
		{tableAdmit, orderForbid, "", ovs.Drop(), matches{tag()}},
		{tableAdmit, orderAllow, "", guard, matches{ovs.DataLinkDestination(group)}},
	}
	if mac, err := net.ParseMAC(w.nic.Port.MAC); err == nil { // rulesFor says that it is none
		rules = append(rules, rule{tableAdmit, orderAllow, "", guard, matches{ovs.DataLinkDestination(mac.String())}})
	}
	return rules
}

// state matches what is known of a packet's connection.
func state(flags string) ovs.Match { return ovs.ConnectionTrackingState(flags) }

// several is several actions in one.
type several []ovs.Action

// MarshalText returns the actions with commas between them.
func (s several) MarshalText() ([]byte, error) {
	texts := make([]string, len(s))
	for i, a := range s {
		text, err := a.MarshalText()
		if err != nil {
			return nil, err
		}
		texts[i] = string(text)
	}
	return []byte(strings.Join(texts, ",")), nil
}

// GoString names the actions.
func (s several) GoString() string { return fmt.Sprintf("several%v", []ovs.Action(s)) }
