package local

import (
	"context"

	"vifd/agent/store"
	"vifd/vif"
)

// Ports returns all ports, oldest first.
func (l *Local) Ports(ctx context.Context) ([]vif.Port, error) {
	return read(ctx, l, (*store.Tx).Ports)
}

// Port returns the port with the ID.
func (l *Local) Port(ctx context.Context, id string) (vif.Port, error) {
	return read(ctx, l, func(tx *store.Tx) (vif.Port, error) { return port(tx, id) })
}

func port(tx *store.Tx, id string) (vif.Port, error) {
	p, err := tx.Port(id)
	return p, missing(err, "Port id %s could not be found.", id)
}

// CreatePort makes a port that no server holds. A Device that is given keeps
// Claim from it until it is taken away again.
func (l *Local) CreatePort(ctx context.Context, spec vif.PortSpec) (vif.Port, error) {
	if err := checkNames(spec.Name, spec.Project, spec.Device, spec.DeviceOwner); err != nil {
		return vif.Port{}, err
	}
	return change(ctx, l, func(tx *store.Tx) (vif.Port, error) {
		n, err := network(tx, spec.Network)
		if err != nil {
			return vif.Port{}, err
		}
		p, err := l.made(tx, n, spec)
		if err != nil {
			return p, err
		}
		if err := guardable(p); err != nil {
			return p, err
		}
		return p, tx.PutPort(p)
	})
}

// made returns a new port on n, which is not put yet.
func (l *Local) made(tx *store.Tx, n vif.Network, spec vif.PortSpec) (p vif.Port, err error) {
	now := l.now()
	p = vif.Port{
		Name: spec.Name, Project: spec.Project, Network: n.ID, MTU: n.MTU, Segment: n.Segment,
		Secure: n.Secure, AdminUp: spec.AdminUp, Device: spec.Device, DeviceOwner: spec.DeviceOwner,
		Created: now, Updated: now,
	}
	if spec.Secure != nil {
		p.Secure = *spec.Secure
	}
	if p.Groups, err = groups(tx, spec.Groups); err != nil {
		return p, err
	}
	if p.ID, err = newID(""); err != nil {
		return p, err
	}
	if spec.MAC != "" {
		p.MAC, err = parseMAC(spec.MAC)
	} else {
		p.MAC, err = newMAC(tx, n.ID)
	}
	if err != nil {
		return p, err
	}
	p.FixedIPs, err = l.allocate(tx, p, spec.FixedIPs)
	return p, err
}

// DeletePort deletes a port; its addresses rest for the quarantine. One that a
// server holds is vif.InUse.
func (l *Local) DeletePort(ctx context.Context, id string) error {
	return l.store.Update(ctx, func(tx *store.Tx) error {
		p, err := port(tx, id)
		if err != nil {
			return err
		}
		if p.Claim != 0 {
			return vif.InUse.Because("Port %s is still in use. Detach it from instance %s first.", id, p.Device)
		}
		return l.drop(tx, p)
	})
}

// drop deletes a port.
func (l *Local) drop(tx *store.Tx, p vif.Port) error {
	if err := tx.DropPort(p.ID); err != nil {
		return err
	}
	return l.rest(tx, p, p.FixedIPs)
}

// rest puts addresses that p had into quarantine.
func (l *Local) rest(tx *store.Tx, p vif.Port, gone []vif.FixedIP) error {
	if l.defaults.Quarantine <= 0 {
		return nil
	}
	for _, f := range gone {
		if err := tx.Quarantine(p.Network, f.Address, p.Project, l.now()); err != nil {
			return err
		}
	}
	return nil
}
