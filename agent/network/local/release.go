package local

import (
	"context"
	"errors"

	"vifd/agent/store"
	"vifd/vif"
)

// Release ends the claim p.Claim: a port that Claim made is deleted, and its
// addresses rest for the quarantine; any other is unbound and kept. Where that
// claim has ended already, Release does nothing.
func (l *Local) Release(ctx context.Context, p vif.Port) error {
	return l.store.Update(ctx, func(tx *store.Tx) error {
		held, err := tx.Port(p.ID)
		if errors.Is(err, vif.NotFound) {
			return nil
		}
		if err != nil || held.Claim == 0 || held.Claim != p.Claim {
			return err
		}
		if held.Ephemeral {
			return l.drop(tx, held)
		}
		held.Device, held.DeviceOwner, held.Host, held.Claim, held.Updated = "", "", "", 0, l.now()
		return tx.PutPort(held)
	})
}

// Leave takes a port that Release will delete out of its groups, where p.Claim still
// holds it: no rule that names them means its addresses any more.
func (l *Local) Leave(ctx context.Context, p vif.Port) error {
	return l.store.Update(ctx, func(tx *store.Tx) error {
		held, err := tx.Port(p.ID)
		if errors.Is(err, vif.NotFound) {
			return nil
		}
		if err != nil || held.Claim == 0 || held.Claim != p.Claim || !held.Ephemeral {
			return err
		}
		held.Groups = nil
		return tx.PutPort(held)
	})
}

// Held returns the ports that are bound to this host, oldest first: those with the
// IDs, or all.
func (l *Local) Held(ctx context.Context, ids ...string) ([]vif.Port, error) {
	return read(ctx, l, func(tx *store.Tx) ([]vif.Port, error) {
		ports, err := l.held(tx, ids)
		rules := newRules(tx)
		for i := range ports {
			if err == nil {
				ports[i], err = rules.guard(ports[i])
			}
		}
		return ports, err
	})
}

// held returns the ports as they are in the store.
func (l *Local) held(tx *store.Tx, ids []string) (ports []vif.Port, err error) {
	if len(ids) == 0 {
		return tx.PortsAt(l.host)
	}
	for _, id := range ids {
		p, err := tx.Port(id)
		switch {
		case errors.Is(err, vif.NotFound):
		case err != nil:
			return nil, err
		case p.Host == l.host:
			ports = append(ports, p)
		}
	}
	return ports, nil
}
