package ovs

import (
	"encoding/binary"
	"hash/crc32"
	"net"
	"net/netip"
)

// Frames, byte by byte. Checksums are left out, for no flow looks at them; to puts
// those in that connection tracking does.

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

// to returns the frame with another destination, and with the checksums that
// connection tracking looks at.
func to(mac net.HardwareAddr, frame []byte) []byte {
	b := append(append([]byte{}, mac...), frame[6:]...)
	switch be.Uint16(b[12:]) {
	case 0x0800:
		head := b[14:34]
		be.PutUint16(head[10:], 0)
		be.PutUint16(head[10:], ^sum(0, head))
		if be.Uint16(head[6:])&0x3fff == 0 {
			seal(head[9], sum(uint32(head[9])+uint32(len(b)-34), head[12:20]), b[34:])
		}
	case 0x86dd:
		seal(b[20], sum(uint32(b[20])+uint32(len(b)-54), b[22:54]), b[54:])
	}
	return b
}

// seal puts the checksum into what is in the packet; pseudo is the sum of its
// pseudo header.
func seal(proto byte, pseudo uint16, body []byte) {
	at, known := map[byte]int{1: 2, 6: 16, 17: 6, 58: 2}[proto]
	if proto == 132 {
		binary.LittleEndian.PutUint32(body[8:], crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
	}
	if !known || len(body) < at+2 {
		return
	}
	if proto == 1 {
		pseudo = 0
	}
	be.PutUint16(body[at:], 0)
	be.PutUint16(body[at:], ^sum(uint32(pseudo), body))
}

// sum is the sum of RFC 1071.
func sum(n uint32, b []byte) uint16 {
	for ; len(b) > 1; b = b[2:] {
		n += uint32(be.Uint16(b))
	}
	if len(b) == 1 {
		n += uint32(b[0]) << 8
	}
	for n > 0xffff {
		n = n>>16 + n&0xffff
	}
	return uint16(n)
}

// segment is a part of a TCP connection, with its flags.
func segment(src, dst uint16, seq, ack uint32, flags byte, data []byte) []byte {
	b := be.AppendUint16(be.AppendUint16(nil, src), dst)
	b = be.AppendUint32(be.AppendUint32(b, seq), ack)
	return append(append(b, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0), data...)
}

// TCP's flags.
const (
	fin = 1 << iota
	syn
	rst
	psh
	ack
)

// sctp is the beginning of an association.
func sctp(src, dst uint16) []byte {
	b := be.AppendUint16(be.AppendUint16(nil, src), dst)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0) // no tag yet, and the checksum
	b = append(b, 1, 0, 0, 20, 0, 0, 0, 5)
	return append(b, 0, 0, 0xff, 0xff, 0, 1, 0, 1, 0, 0, 0, 1)
}

// ping is an echo, or its reply.
func ping(kind, code byte, id uint16) []byte {
	return append([]byte{kind, code, 0, 0}, be.AppendUint16(be.AppendUint16(nil, id), 1)...)
}

// failed is an ICMP error about the IP packet in a frame.
func failed(kind, code byte, frame []byte) []byte {
	return append([]byte{kind, code, 0, 0, 0, 0, 0, 0}, frame[14:]...)
}
