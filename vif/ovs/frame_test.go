package ovs

import (
	"encoding/binary"
	"net"
	"net/netip"
)

// Frames, byte by byte. Checksums are left out, for no flow looks at them.

var be = binary.BigEndian

func ethernet(from net.HardwareAddr, kind uint16, body []byte) []byte {
	b := append([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, from...)
	return append(be.AppendUint16(b, kind), body...)
}

// tagged puts a VLAN tag into a frame.
func tagged(kind, vid uint16, frame []byte) []byte {
	b := append([]byte{}, frame[:12]...)
	b = be.AppendUint16(be.AppendUint16(b, kind), vid)
	return append(b, frame[12:]...)
}

func arp(from net.HardwareAddr, op uint16, sha net.HardwareAddr, spa, tpa netip.Addr) []byte {
	b := append([]byte{0, 1, 8, 0, 6, 4}, be.AppendUint16(nil, op)...)
	b = append(append(b, sha...), spa.AsSlice()...)
	b = append(append(b, make([]byte, 6)...), tpa.AsSlice()...)
	return ethernet(from, 0x0806, b)
}

// ipv4 has frag in its word of flags and fragment offset.
func ipv4(from net.HardwareAddr, src, dst netip.Addr, proto byte, frag uint16, body []byte) []byte {
	b := be.AppendUint16([]byte{0x45, 0}, uint16(20+len(body)))
	b = be.AppendUint16(append(b, 0, 1), frag)
	b = append(b, 64, proto, 0, 0)
	b = append(append(b, src.AsSlice()...), dst.AsSlice()...)
	return ethernet(from, 0x0800, append(b, body...))
}

func ipv6(from net.HardwareAddr, src, dst netip.Addr, next byte, body []byte) []byte {
	b := be.AppendUint16([]byte{0x60, 0, 0, 0}, uint16(len(body)))
	b = append(b, next, 255)
	b = append(append(b, src.AsSlice()...), dst.AsSlice()...)
	return ethernet(from, 0x86dd, append(b, body...))
}

// options is an options header of 8 bytes.
func options(next byte, body []byte) []byte {
	return append([]byte{next, 0, 1, 4, 0, 0, 0, 0}, body...)
}

// fragment is a fragment header; offset counts units of 8 bytes.
func fragment(next byte, offset uint16, more bool, body []byte) []byte {
	word := offset << 3
	if more {
		word |= 1
	}
	b := be.AppendUint16([]byte{next, 0}, word)
	return append(append(b, 0, 0, 0, 9), body...)
}

func udp(src, dst uint16) []byte {
	b := be.AppendUint16(be.AppendUint16(nil, src), dst)
	return append(b, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
}

func tcp(src, dst uint16) []byte {
	b := be.AppendUint16(be.AppendUint16(nil, src), dst)
	return append(b, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0)
}

func icmp(kind byte) []byte { return append([]byte{kind}, make([]byte, 15)...) }

// neighbour is a solicitation or an advertisement; option 0 is none.
func neighbour(kind byte, target netip.Addr, option byte, hw net.HardwareAddr) []byte {
	b := append([]byte{kind, 0, 0, 0, 0, 0, 0, 0}, target.AsSlice()...)
	if option == 0 {
		return b
	}
	return append(b, lladdr(option, hw)...)
}

func lladdr(option byte, hw net.HardwareAddr) []byte { return append([]byte{option, 1}, hw...) }
