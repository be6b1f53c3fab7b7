package local

import (
	"context"
	"errors"

	"vifd/agent/store"
	"vifd/vif"
)

// Networks returns all networks, oldest first.
func (l *Local) Networks(ctx context.Context) ([]vif.Network, error) {
	return read(ctx, l, (*store.Tx).Networks)
}

// Network returns the network with the ID.
func (l *Local) Network(ctx context.Context, id string) (vif.Network, error) {
	return read(ctx, l, func(tx *store.Tx) (vif.Network, error) { return network(tx, id) })
}

func network(tx *store.Tx, id string) (vif.Network, error) {
	n, err := tx.Network(id)
	return n, missing(err, "Network %s could not be found.", id)
}

// CreateNetwork makes a network. The zero Bridge and MTU are the defaults; the
// zero VLAN is a flat network, of which a bridge has one.
func (l *Local) CreateNetwork(ctx context.Context, n vif.Network) (vif.Network, error) {
	if n.Segment.Bridge == "" {
		n.Segment.Bridge = l.defaults.Bridge
	}
	if n.MTU == 0 {
		n.MTU = l.defaults.MTU
	}
	if err := checkNetwork(n); err != nil {
		return vif.Network{}, err
	}
	id, err := newID(n.ID)
	if err != nil {
		return vif.Network{}, err
	}
	n.ID, n.Created = id, l.now()
	n.Updated = n.Created
	return change(ctx, l, func(tx *store.Tx) (vif.Network, error) {
		if err := fresh(tx.Network, n.ID); err != nil {
			return n, err
		}
		return n, tx.PutNetwork(n)
	})
}

// UpdateNetwork changes all of a network but its ID and project. While it has
// ports its segment stays, and while others than its project have ports on it,
// it stays shared: vif.InUse.
func (l *Local) UpdateNetwork(ctx context.Context, n vif.Network) (vif.Network, error) {
	if err := checkNetwork(n); err != nil {
		return vif.Network{}, err
	}
	return change(ctx, l, func(tx *store.Tx) (vif.Network, error) {
		old, err := network(tx, n.ID)
		if err != nil {
			return n, err
		}
		n.Project, n.Created, n.Updated = old.Project, old.Created, l.now()
		if err := errors.Join(checkTraffic(tx, n), checkUsers(tx, old, n)); err != nil {
			return n, err
		}
		return n, tx.PutNetwork(n)
	})
}

// DeleteNetwork deletes a network with its subnets. One with ports is vif.InUse.
func (l *Local) DeleteNetwork(ctx context.Context, id string) error {
	return l.store.Update(ctx, func(tx *store.Tx) error {
		if _, err := network(tx, id); err != nil {
			return err
		}
		ports, err := tx.PortsOn(id)
		if err != nil {
			return err
		}
		if len(ports) > 0 {
			return vif.InUse.Because("Unable to complete operation on network %s. "+
				"There are one or more ports still in use on the network.", id)
		}
		subnets, err := tx.SubnetsOf(id)
		if err != nil {
			return err
		}
		for _, s := range subnets {
			if err := tx.DropSubnet(s.ID); err != nil {
				return err
			}
		}
		return tx.DropNetwork(id)
	})
}
