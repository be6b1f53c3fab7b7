package openflow

import (
	"bytes"
	"fmt"
)

// OXM and NXM classes (OpenFlow 1.4, section 7.2.3.2; ovs-fields(7)).
const (
	classNXM0 = 0x0000
	classNXM1 = 0x0001
	classOXM  = 0x8000
)

// A field is something of a packet that can be matched.
type field struct {
	name    string
	class   uint16
	number  uint8
	width   int // bytes
	parse   parser
	maskMax byte // what an all-ones mask has in its last byte, where that is not 0xff
	selects bool // its value says which other fields there are
}

// fields holds every field that can be encoded. A field stands behind those
// that it presupposes, for the switch wants them in this order.
var fields = []field{
	{name: "in_port", class: classOXM, number: 0, width: 4, parse: number},
	{name: "reg14", class: classNXM1, number: 14, width: 4, parse: number},
	{name: "reg15", class: classNXM1, number: 15, width: 4, parse: number},
	{name: "conj_id", class: classNXM1, number: 37, width: 4, parse: number},
	{name: "ct_state", class: classNXM1, number: 105, width: 4, parse: tracking, selects: true},
	{name: "eth_dst", class: classOXM, number: 3, width: 6, parse: hardware},
	{name: "eth_src", class: classOXM, number: 4, width: 6, parse: hardware},
	{name: "vlan_tci", class: classNXM0, number: 4, width: 2, parse: number},
	{name: "eth_type", class: classOXM, number: 5, width: 2, parse: number, selects: true},
	{name: "ip_frag", class: classNXM1, number: 26, width: 1, parse: fragment, maskMax: 3},
	{name: "ip_proto", class: classOXM, number: 10, width: 1, parse: number, selects: true},
	{name: "ipv4_src", class: classOXM, number: 11, width: 4, parse: address},
	{name: "ipv4_dst", class: classOXM, number: 12, width: 4, parse: address},
	{name: "tcp_src", class: classOXM, number: 13, width: 2, parse: number},
	{name: "tcp_dst", class: classOXM, number: 14, width: 2, parse: number},
	{name: "udp_src", class: classOXM, number: 15, width: 2, parse: number},
	{name: "udp_dst", class: classOXM, number: 16, width: 2, parse: number},
	{name: "sctp_src", class: classOXM, number: 17, width: 2, parse: number},
	{name: "sctp_dst", class: classOXM, number: 18, width: 2, parse: number},
	{name: "icmp_type", class: classOXM, number: 19, width: 1, parse: number, selects: true},
	{name: "icmp_code", class: classOXM, number: 20, width: 1, parse: number},
	{name: "arp_op", class: classOXM, number: 21, width: 2, parse: number},
	{name: "arp_spa", class: classOXM, number: 22, width: 4, parse: address},
	{name: "arp_tpa", class: classOXM, number: 23, width: 4, parse: address},
	{name: "arp_sha", class: classOXM, number: 24, width: 6, parse: hardware},
	{name: "arp_tha", class: classOXM, number: 25, width: 6, parse: hardware},
	{name: "ipv6_src", class: classOXM, number: 26, width: 16, parse: address},
	{name: "ipv6_dst", class: classOXM, number: 27, width: 16, parse: address},
	{name: "icmpv6_type", class: classOXM, number: 29, width: 1, parse: number, selects: true},
	{name: "icmpv6_code", class: classOXM, number: 30, width: 1, parse: number},
	{name: "nd_target", class: classOXM, number: 31, width: 16, parse: address},
	{name: "nd_sll", class: classOXM, number: 32, width: 6, parse: hardware},
	{name: "nd_tll", class: classOXM, number: 33, width: 6, parse: hardware},
	{name: "ct_nw_proto", class: classNXM1, number: 119, width: 1, parse: number, selects: true},
	{name: "ct_nw_src", class: classNXM1, number: 120, width: 4, parse: address},
	{name: "ct_nw_dst", class: classNXM1, number: 121, width: 4, parse: address},
	{name: "ct_ipv6_src", class: classNXM1, number: 122, width: 16, parse: address},
	{name: "ct_ipv6_dst", class: classNXM1, number: 123, width: 16, parse: address},
	{name: "ct_tp_src", class: classNXM1, number: 124, width: 2, parse: number},
	{name: "ct_tp_dst", class: classNXM1, number: 125, width: 2, parse: number},
}

// aliases are other names of the same fields (ovs-ofctl(8), flow syntax).
var aliases = map[string]string{
	"dl_src": "eth_src", "dl_dst": "eth_dst", "dl_type": "eth_type",
	"nw_src": "ipv4_src", "nw_dst": "ipv4_dst", "nw_proto": "ip_proto",
}

// protocols are the words that stand for an eth_type and an ip_proto; names
// says which fields the general names mean behind them.
var protocols = map[string]struct {
	etherType, ipProto string
	names              map[string]string
}{
	"ip":    {etherType: "0x0800"},
	"ipv6":  {etherType: "0x86dd"},
	"arp":   {etherType: "0x0806"},
	"icmp":  {etherType: "0x0800", ipProto: "1"},
	"icmp6": {etherType: "0x86dd", ipProto: "58", names: map[string]string{"icmp_type": "icmpv6_type", "icmp_code": "icmpv6_code"}},
	"tcp":   {etherType: "0x0800", ipProto: "6", names: map[string]string{"tp_src": "tcp_src", "tp_dst": "tcp_dst"}},
	"tcp6":  {etherType: "0x86dd", ipProto: "6", names: map[string]string{"tp_src": "tcp_src", "tp_dst": "tcp_dst"}},
	"udp":   {etherType: "0x0800", ipProto: "17", names: map[string]string{"tp_src": "udp_src", "tp_dst": "udp_dst"}},
	"udp6":  {etherType: "0x86dd", ipProto: "17", names: map[string]string{"tp_src": "udp_src", "tp_dst": "udp_dst"}},
}

// append appends f with the value and mask that text has to b.
func (f field) append(b []byte, text string) ([]byte, error) {
	value, mask, err := f.parse(text, f.width)
	if err != nil {
		return nil, fmt.Errorf("%s=%s: %w", f.name, text, err)
	}
	if len(mask) > 0 && f.exact(mask) {
		mask = nil
	}
	for i := range mask {
		if value[i]&^mask[i] != 0 {
			return nil, fmt.Errorf("%s=%s: the value has bits that the mask has not", f.name, text)
		}
	}
	masked := byte(min(1, len(mask)))
	b = append(b, byte(f.class>>8), byte(f.class), f.number<<1|masked, byte(len(value)+len(mask)))
	return append(append(b, value...), mask...), nil
}

// exact tells whether the mask leaves nothing out.
func (f field) exact(mask []byte) bool {
	ones := bytes.Repeat([]byte{0xff}, f.width)
	if f.maskMax != 0 {
		ones[f.width-1] = f.maskMax
	}
	return bytes.Equal(mask, ones)
}
