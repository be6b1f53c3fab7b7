package local

import (
	"regexp"

	"vifd/agent/store"
	"vifd/vif"
)

// What the kernel and IEEE 802.1Q allow.
const (
	minMTU  = 68 // RFC 791
	maxMTU  = 65535
	maxVLAN = 4094
	minMTU6 = 1280 // RFC 8200
)

// bridgeName is a network device's name, less what a shell or a path would read
// as something else.
var bridgeName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$`)

// checkNetwork refuses a network that can be on no host.
func checkNetwork(n vif.Network) error {
	switch {
	case n.Segment.VLAN < 0 || n.Segment.VLAN > maxVLAN:
		return vif.Invalid.Because("VLAN %d is not valid: give 1 to %d, or 0 for a flat network.", n.Segment.VLAN, maxVLAN)
	case n.MTU < minMTU || n.MTU > maxMTU:
		return vif.Invalid.Because("MTU %d is not valid: give %d to %d.", n.MTU, minMTU, maxMTU)
	case !bridgeName.MatchString(n.Segment.Bridge):
		return vif.Invalid.Because("%q is not the name of a bridge: it has 1 to 15 letters, digits, dashes, dots and underscores.", n.Segment.Bridge)
	}
	return checkNames(n.Name, n.Project)
}

// checkTraffic refuses an MTU that the network's subnets do not work with.
func checkTraffic(tx *store.Tx, n vif.Network) error {
	subnets, err := tx.SubnetsOf(n.ID)
	if err != nil {
		return err
	}
	for _, s := range subnets {
		if err := checkMTU(n, s); err != nil {
			return err
		}
	}
	return nil
}

func checkMTU(n vif.Network, s vif.Subnet) error {
	if s.Version() == 6 && n.MTU < minMTU6 {
		return vif.Invalid.Because("MTU %d of network %s is too small for IPv6, which needs %d.", n.MTU, n.ID, minMTU6)
	}
	return nil
}

// checkUsers refuses what would pull a network away from under its ports.
func checkUsers(tx *store.Tx, old, n vif.Network) error {
	moved, closed := old.Segment != n.Segment, old.Shared && !n.Shared
	if !moved && !closed {
		return nil
	}
	ports, err := tx.PortsOn(n.ID)
	if err != nil {
		return err
	}
	if moved && len(ports) > 0 {
		return vif.InUse.Because("The segment of network %s cannot be changed while it has ports.", n.ID)
	}
	for _, p := range ports {
		if closed && p.Project != n.Project {
			return vif.InUse.Because("Unable to reconfigure sharing settings for network %s. Multiple tenants are using it.", n.ID)
		}
	}
	return nil
}
