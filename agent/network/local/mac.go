package local

import (
	"crypto/rand"
	"net"

	"vifd/agent/store"
	"vifd/vif"
)

// parseMAC returns the MAC in lower case with colons, when a guest may have it.
func parseMAC(text string) (string, error) {
	mac, err := net.ParseMAC(text)
	if err != nil || len(mac) != 6 {
		return "", vif.Invalid.Because("'%s' is not a MAC address.", text)
	}
	switch {
	case mac.String() == "00:00:00:00:00:00":
		return "", vif.Invalid.Because("The MAC address %s is of no interface.", mac)
	case mac[0]&1 != 0:
		return "", vif.Invalid.Because("The MAC address %s is a multicast address.", mac)
	case mac[0] == 0xfe:
		return "", vif.Invalid.Because("The MAC address %s cannot be a guest's: the host's ends of NICs begin with fe.", mac)
	}
	return mac.String(), nil
}

// macTries bounds the search for a free MAC; there are 16 million.
const macTries = 64

// newMAC returns a MAC that no port on the network has. It begins as those of
// OpenStack do.
func newMAC(tx *store.Tx, network string) (string, error) {
	mac := net.HardwareAddr{0xfa, 0x16, 0x3e, 0, 0, 0}
	for range macTries {
		rand.Read(mac[3:])
		taken, err := tx.HasMAC(network, mac.String())
		if err != nil || !taken {
			return mac.String(), err
		}
	}
	return "", vif.Exhausted.Because("Unable to generate unique mac on network %s.", network)
}
