package libvirtxml

import (
	"net"
	"strings"
	"unicode"
	"unicode/utf8"

	"vifd/vif"
)

// maxName is the longest name of a network device (IFNAMSIZ without its NUL).
const maxName = 15

// check returns vif.Invalid for a NIC that libvirt, or the kernel, would take
// for another one than is meant.
func check(n vif.NIC) error {
	mac, err := net.ParseMAC(n.Port.MAC)
	switch {
	case err != nil || len(mac) != 6 || mac[0]&1 != 0:
		return vif.Invalid.Because("%q is not the MAC of a NIC", n.Port.MAC)
	case !device(n.Tap):
		return vif.Invalid.Because("%q is not the name of a tap", n.Tap)
	case n.Port.ID == "" || strings.ContainsFunc(n.Port.ID, notInAlias):
		return vif.Invalid.Because("%q is not the ID of a port", n.Port.ID)
	}
	return nil
}

// device tells whether the kernel takes the name for a network device as it is.
// A % would make it a pattern, for the kernel and for libvirt.
func device(name string) bool {
	return name != "" && len(name) <= maxName && name != "." && name != ".." &&
		!strings.ContainsAny(name, "/:%") && plain(name) && !strings.ContainsFunc(name, unicode.IsSpace)
}

// notInAlias tells what libvirt refuses in an alias that a user sets.
func notInAlias(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
}

// plain tells whether XML can carry all of s as it is. Control characters it
// cannot, and an encoder would put others in their place without a word.
func plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r == unicode.ReplacementChar || r == 0xFFFE || r == 0xFFFF
	})
}
