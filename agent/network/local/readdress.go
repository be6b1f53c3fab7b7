package local

import (
	"context"
	"slices"

	"vifd/agent/store"
	"vifd/vif"
)

// Readdress gives p, which a server holds by the claim p.Claim, these addresses
// and no others. The zero Address of one asks for an address from its Subnet, or
// from any of the network. Where that claim has ended the error is vif.WrongState.
func (l *Local) Readdress(ctx context.Context, p vif.Port, want []vif.FixedIP) (vif.Port, error) {
	return change(ctx, l, func(tx *store.Tx) (vif.Port, error) {
		held, err := port(tx, p.ID)
		if err != nil {
			return held, err
		}
		if held.Claim == 0 || held.Claim != p.Claim {
			return held, vif.WrongState.Because("Port %s is not held by instance %s any more.", p.ID, p.Device)
		}
		next := held
		next.Updated = l.now()
		if next.FixedIPs, err = l.readdress(tx, held, want); err != nil {
			return held, err
		}
		if err := stillGuardable(held, next); err != nil {
			return held, err
		}
		if err := tx.PutPort(next); err != nil {
			return held, err
		}
		return newRules(tx).guard(next)
	})
}

// readdress returns the addresses that old gets in place of those it has. What
// it had already it keeps; what it loses rests for the quarantine.
func (l *Local) readdress(tx *store.Tx, old vif.Port, want []vif.FixedIP) ([]vif.FixedIP, error) {
	if slices.Equal(want, old.FixedIPs) {
		return old.FixedIPs, nil
	}
	claims := make([]vif.AddressClaim, len(want))
	for i, f := range want {
		claims[i] = vif.AddressClaim{Address: f.Address, Subnet: f.Subnet}
	}
	found, err := l.allocate(tx, old, claims)
	if err != nil {
		return nil, err
	}
	gone := slices.DeleteFunc(slices.Clone(old.FixedIPs), func(f vif.FixedIP) bool { return slices.Contains(found, f) })
	return found, l.rest(tx, old, gone)
}
