package local

import (
	"context"
	"errors"
	"slices"

	"vifd/agent/store"
	"vifd/vif"
)

// SecurityGroups returns all security groups with their rules, oldest first.
func (l *Local) SecurityGroups(ctx context.Context) ([]vif.SecurityGroup, error) {
	return read(ctx, l, (*store.Tx).SecurityGroups)
}

// SecurityGroup returns the security group with the ID, with its rules.
func (l *Local) SecurityGroup(ctx context.Context, id string) (vif.SecurityGroup, error) {
	return read(ctx, l, func(tx *store.Tx) (vif.SecurityGroup, error) { return group(tx, id) })
}

func group(tx *store.Tx, id string) (vif.SecurityGroup, error) {
	g, err := tx.SecurityGroup(id)
	return g, missing(err, "Security group %s does not exist", id)
}

// CreateSecurityGroup makes a group, whose rules let all pass that its ports send.
func (l *Local) CreateSecurityGroup(ctx context.Context, g vif.SecurityGroup) (vif.SecurityGroup, error) {
	id, err := newID(g.ID)
	if err := errors.Join(err, checkNames(g.Name, g.Description, g.Project)); err != nil {
		return g, err
	}
	g.ID, g.Created = id, l.now()
	g.Updated, g.Rules = g.Created, nil
	for _, version := range []int{4, 6} {
		r := vif.SecurityRule{Direction: vif.Egress, Version: version, Created: g.Created}
		if r.ID, err = newID(""); err != nil {
			return g, err
		}
		g.Rules = append(g.Rules, r)
	}
	return change(ctx, l, func(tx *store.Tx) (vif.SecurityGroup, error) {
		if err := fresh(tx.SecurityGroup, g.ID); err != nil {
			return g, err
		}
		if err := tx.PutSecurityGroup(g); err != nil {
			return g, err
		}
		return group(tx, g.ID)
	})
}

// UpdateSecurityGroup changes the name and the description of a group.
func (l *Local) UpdateSecurityGroup(ctx context.Context, g vif.SecurityGroup) (vif.SecurityGroup, error) {
	if err := checkNames(g.Name, g.Description); err != nil {
		return g, err
	}
	return change(ctx, l, func(tx *store.Tx) (vif.SecurityGroup, error) {
		next, err := group(tx, g.ID)
		if err != nil {
			return g, err
		}
		next.Name, next.Description, next.Updated = g.Name, g.Description, l.now()
		return next, tx.PutSecurityGroup(next)
	})
}

// DeleteSecurityGroup deletes a group with its rules, and those of others that it is
// the remote group of. One that ports have is vif.InUse.
func (l *Local) DeleteSecurityGroup(ctx context.Context, id string) error {
	return l.store.Update(ctx, func(tx *store.Tx) error {
		if _, err := group(tx, id); err != nil {
			return err
		}
		return tx.DropSecurityGroup(id, l.now())
	})
}

// maxGroups is how many security groups a port has at most.
const maxGroups = 16

// groups returns the IDs in their order and each once, when there are such groups.
func groups(tx *store.Tx, ids []string) ([]string, error) {
	list := sorted(ids)
	if len(list) > maxGroups {
		return nil, vif.Invalid.Because("A port has at most %d security groups.", maxGroups)
	}
	for _, id := range list {
		if _, err := group(tx, id); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// sorted returns the IDs in their order and each once, or nil for none.
func sorted(ids []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(ids)))
}

// seen refuses groups that the caller cannot see: for him they do not exist.
func seen(tx *store.Tx, by vif.Caller, ids []string) error {
	for _, id := range ids {
		g, err := group(tx, id)
		if err == nil && !by.May(g.Project) {
			err = missing(vif.NotFound, "Security group %s does not exist", id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// guardable refuses groups of a port that they cannot guard: one whose senders are
// not looked at, or one without an address.
func guardable(p vif.Port) error {
	if len(p.Groups) == 0 || p.Secure && len(p.FixedIPs) > 0 {
		return nil
	}
	return vif.Invalid.Because("Port security must be enabled and port must have an IP address in order to use security groups.")
}

// stillGuardable refuses to take from a port what its groups need.
func stillGuardable(old, p vif.Port) error {
	err := guardable(p)
	if err != nil && len(old.Groups) > 0 && guardable(old) == nil {
		return vif.InUse.Because("Port has security group associated. Cannot disable port security or IP address until security group is removed.")
	}
	return err
}
