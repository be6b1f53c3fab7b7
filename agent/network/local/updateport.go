package local

import (
	"context"
	"slices"

	"vifd/agent/store"
	"vifd/vif"
)

// UpdatePort changes a port's name and security groups; and, while no server holds it, its AdminUp,
// Secure, MAC, Device, DeviceOwner and addresses, where the zero Address of a
// FixedIP asks for one from its Subnet. To change one of those while a server
// holds the port is vif.InUse: what was plugged in stays as it was plugged in, but
// for what Readdress changes.
// All else of p is the authority's own.
func (l *Local) UpdatePort(ctx context.Context, p vif.Port) (vif.Port, error) {
	if err := checkNames(p.Name, p.Device, p.DeviceOwner); err != nil {
		return vif.Port{}, err
	}
	mac, err := parseMAC(p.MAC)
	if err != nil {
		return vif.Port{}, err
	}
	p.MAC = mac
	return change(ctx, l, func(tx *store.Tx) (vif.Port, error) {
		old, err := port(tx, p.ID)
		if err != nil {
			return p, err
		}
		if err := checkBound(old, p); err != nil {
			return p, err
		}
		next := old
		if next.Groups, err = groups(tx, p.Groups); err != nil {
			return p, err
		}
		next.Name, next.AdminUp, next.Secure = p.Name, p.AdminUp, p.Secure
		next.MAC, next.Device, next.DeviceOwner, next.Updated = p.MAC, p.Device, p.DeviceOwner, l.now()
		if next.FixedIPs, err = l.readdress(tx, old, p.FixedIPs); err != nil {
			return p, err
		}
		if err := stillGuardable(old, next); err != nil {
			return p, err
		}
		return next, tx.PutPort(next)
	})
}

// checkBound refuses what may not change, or not while a server holds the port.
func checkBound(old, p vif.Port) error {
	if p.Network != old.Network {
		return vif.Invalid.Because("The network of a port cannot be changed: make another one.")
	}
	if old.Claim == 0 {
		return nil
	}
	for _, c := range []struct {
		what    string
		changed bool
	}{
		{"MAC address", p.MAC != old.MAC},
		{"device", p.Device != old.Device || p.DeviceOwner != old.DeviceOwner},
		{"admin_state_up", p.AdminUp != old.AdminUp},
		{"port_security_enabled", p.Secure != old.Secure},
		{"fixed IPs", !slices.Equal(p.FixedIPs, old.FixedIPs)},
	} {
		if c.changed {
			return vif.InUse.Because("The %s of port %s cannot be changed while instance %s holds it. Detach it first.", c.what, old.ID, old.Device)
		}
	}
	return nil
}
