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

// Held returns the ports that are bound to this host, oldest first.
func (l *Local) Held(ctx context.Context) ([]vif.Port, error) {
	return read(ctx, l, func(tx *store.Tx) ([]vif.Port, error) { return tx.PortsAt(l.host) })
}
