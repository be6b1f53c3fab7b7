package local

import (
	"context"
	"errors"

	"vifd/agent/store"
	"vifd/vif"
)

// Subnets returns all subnets, oldest first.
func (l *Local) Subnets(ctx context.Context) ([]vif.Subnet, error) {
	return read(ctx, l, (*store.Tx).Subnets)
}

// Subnet returns the subnet with the ID.
func (l *Local) Subnet(ctx context.Context, id string) (vif.Subnet, error) {
	return read(ctx, l, func(tx *store.Tx) (vif.Subnet, error) { return subnet(tx, id) })
}

func subnet(tx *store.Tx, id string) (vif.Subnet, error) {
	s, err := tx.Subnet(id)
	return s, missing(err, "Subnet %s could not be found.", id)
}

// CreateSubnet adds a subnet to a network. The gateway is the first address when
// neither Gateway nor NoGateway is given; the pools are all addresses but the
// gateway when none are given. The subnets of a network do not overlap.
func (l *Local) CreateSubnet(ctx context.Context, s vif.Subnet) (vif.Subnet, error) {
	if err := checkCIDR(s.CIDR); err != nil {
		return vif.Subnet{}, err
	}
	if s.NoGateway && s.Gateway.IsValid() {
		return vif.Subnet{}, vif.Invalid.Because("A subnet that shall have no gateway cannot have the gateway %s.", s.Gateway)
	}
	s = filled(s)
	id, err := newID(s.ID)
	if err := errors.Join(err, checkSubnet(s)); err != nil {
		return vif.Subnet{}, err
	}
	s.ID, s.Created = id, l.now()
	s.Updated = s.Created
	return change(ctx, l, func(tx *store.Tx) (vif.Subnet, error) {
		n, err := network(tx, s.Network)
		if err != nil {
			return s, err
		}
		if err := errors.Join(checkMTU(n, s), checkOverlap(tx, s), fresh(tx.Subnet, s.ID)); err != nil {
			return s, err
		}
		return s, tx.PutSubnet(s)
	})
}

// filled returns s with the gateway and pools that it left open.
func filled(s vif.Subnet) vif.Subnet {
	all := usable(s.CIDR)
	if !s.Gateway.IsValid() && !s.NoGateway && !s.CIDR.IsSingleIP() {
		s.Gateway = all.Start
	}
	s.NoGateway = !s.Gateway.IsValid()
	if s.Pools == nil {
		s.Pools = without(all, s.Gateway)
	}
	return s
}

// UpdateSubnet changes the name, gateway, pools, name servers and DHCP of a
// subnet. The zero Gateway is none. What ports have outside new pools they keep.
func (l *Local) UpdateSubnet(ctx context.Context, s vif.Subnet) (vif.Subnet, error) {
	s.NoGateway = !s.Gateway.IsValid()
	return change(ctx, l, func(tx *store.Tx) (vif.Subnet, error) {
		old, err := subnet(tx, s.ID)
		if err != nil {
			return s, err
		}
		if s.CIDR != old.CIDR || s.Network != old.Network {
			return s, vif.Invalid.Because("The CIDR and the network of a subnet cannot be changed: make another one.")
		}
		s.Project, s.Created, s.Updated = old.Project, old.Created, l.now()
		if err := checkSubnet(s); err != nil {
			return s, err
		}
		if err := checkGatewayFree(tx, old, s); err != nil {
			return s, err
		}
		return s, tx.PutSubnet(s)
	})
}

// checkGatewayFree refuses a new gateway whose address a port has.
func checkGatewayFree(tx *store.Tx, old, s vif.Subnet) error {
	if s.Gateway == old.Gateway || s.NoGateway {
		return nil
	}
	port, found, err := tx.PortWith(s.Network, s.Gateway)
	if err == nil && found {
		err = vif.InUse.Because("Current gateway ip %s already in use by port %s. Unable to update.", s.Gateway, port)
	}
	return err
}

// DeleteSubnet deletes a subnet. One that ports have addresses of is vif.InUse.
func (l *Local) DeleteSubnet(ctx context.Context, id string) error {
	return l.store.Update(ctx, func(tx *store.Tx) error {
		if _, err := subnet(tx, id); err != nil {
			return err
		}
		return tx.DropSubnet(id)
	})
}
