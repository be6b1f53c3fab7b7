package openflow

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// A parser reads the value of a field of that many bytes, and its mask where
// the text has one.
type parser func(text string, width int) (value, mask []byte, err error)

// number reads "17", "0x1000" and "0x1000/0x1000".
func number(text string, width int) (value, mask []byte, err error) {
	v, m, masked := strings.Cut(text, "/")
	if value, err = digits(v, width); err != nil || !masked {
		return value, nil, err
	}
	mask, err = digits(m, width)
	return value, mask, err
}

func digits(text string, width int) ([]byte, error) {
	n, err := strconv.ParseUint(text, 0, 8*width)
	if err != nil {
		return nil, err
	}
	return wide(n, width), nil
}

// hardware reads a MAC address, and a mask of the same form.
func hardware(text string, width int) (value, mask []byte, err error) {
	v, m, masked := strings.Cut(text, "/")
	if value, err = macOf(v, width); err != nil || !masked {
		return value, nil, err
	}
	mask, err = macOf(m, width)
	return value, mask, err
}

func macOf(text string, width int) ([]byte, error) {
	mac, err := net.ParseMAC(text)
	if err != nil || len(mac) != width {
		return nil, fmt.Errorf("%q is not a hardware address of %d bytes", text, width)
	}
	return mac, nil
}

// address reads an IP address, or a prefix that has no bits behind its length.
func address(text string, width int) (value, mask []byte, err error) {
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		addr, err := netip.ParseAddr(text)
		if err != nil || addr.BitLen() != 8*width {
			return nil, nil, fmt.Errorf("%q is not an IP address of %d bytes", text, width)
		}
		return addr.AsSlice(), nil, nil
	}
	if prefix.Addr().BitLen() != 8*width || prefix.Bits() == 0 {
		return nil, nil, fmt.Errorf("%q is not a prefix of an IP address of %d bytes", text, width)
	}
	return prefix.Addr().AsSlice(), net.CIDRMask(prefix.Bits(), 8*width), nil
}

// fragment reads the words of ip_frag (ovs-fields(7)): bit 0 is set in every
// fragment, bit 1 in all but the first.
func fragment(text string, _ int) (value, mask []byte, err error) {
	words := map[string][2]byte{"no": {0, 3}, "yes": {1, 1}, "first": {1, 3}, "later": {3, 3}, "not_later": {0, 2}}
	w, ok := words[text]
	if !ok {
		return nil, nil, fmt.Errorf("%q is not a kind of fragment", text)
	}
	return []byte{w[0]}, []byte{w[1]}, nil
}

// flags are the bits of ct_state, in their order (ovs-fields(7)).
const flags = "new est rel rpl inv trk snat dnat"

// tracking reads what ct_state must have and must not have, as in "+trk-inv".
func tracking(text string, width int) (value, mask []byte, err error) {
	var must, known uint64
	for rest := text; rest != ""; {
		sign, end := rest[0], strings.IndexAny(rest[1:], "+-")+1
		if end == 0 {
			end = len(rest)
		}
		bit := slices.Index(strings.Fields(flags), rest[1:end])
		if bit < 0 || sign != '+' && sign != '-' || known&(1<<bit) != 0 {
			return nil, nil, fmt.Errorf("%q is no state of a connection", text)
		}
		known |= 1 << bit
		if sign == '+' {
			must |= 1 << bit
		}
		rest = rest[end:]
	}
	if known == 0 {
		return nil, nil, fmt.Errorf("%q is no state of a connection", text)
	}
	return wide(must, width), wide(known, width), nil
}

// wide returns n as that many bytes.
func wide(n uint64, width int) []byte { return binary.BigEndian.AppendUint64(nil, n)[8-width:] }
