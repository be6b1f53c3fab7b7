package api

import (
	"net"
	"net/netip"

	"vifd/agent/api/wire"
)

// formats are the ways that a string may have to be written, with the message
// for one that is not, around its repr.
var formats = map[string]struct {
	is   func(string) bool
	text string
}{
	"uuid": {isUUID, "%s is not a 'uuid'"},
	"ip":   {isAddr, "%s is not valid under any of the given schemas"},
	"cidr": {isPrefix, "%s is not a valid CIDR"},
	"mac":  {isMAC, "%s is not a valid MAC address"},

	"prefix": {func(s string) bool { _, ok := parsePrefix(s); return ok }, "%s is not a valid CIDR"},
}

func isUUID(s string) bool   { _, ok := parseUUID(s); return ok }
func isAddr(s string) bool   { _, ok := parseAddr(s); return ok }
func isPrefix(s string) bool { p, err := netip.ParsePrefix(s); return err == nil && p == p.Masked() }
func isMAC(s string) bool    { _, ok := parseMAC(s); return ok }

// parseUUID returns the UUID that s writes in any of the usual ways (any case,
// without dashes, in braces, as a URN) in lower case and with dashes.
func parseUUID(s string) (string, bool) {
	return wire.UUID(s)
}

// canonical returns s in lower case and with dashes when it is a UUID, and
// else as it is.
func canonical(s string) string {
	if id, ok := parseUUID(s); ok {
		return id
	}
	return s
}

// parseAddr returns the address that s writes, without a zone; one that is
// mapped from IPv4 is IPv4.
func parseAddr(s string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s)
	return a.Unmap(), err == nil && a.Zone() == ""
}

// parseMAC returns the MAC that s writes, in lower case and with colons.
func parseMAC(s string) (string, bool) {
	m, err := net.ParseMAC(s)
	return m.String(), err == nil && len(m) == 6
}
