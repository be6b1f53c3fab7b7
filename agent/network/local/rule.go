package local

import (
	"context"
	"errors"

	"vifd/agent/store"
	"vifd/vif"
)

// maxRules is how many rules a security group has at most.
const maxRules = 256

// AddSecurityRule gives a group one more rule. One that it has already is
// vif.InUse.
func (l *Local) AddSecurityRule(ctx context.Context, to string, r vif.SecurityRule) (vif.SecurityRule, error) {
	id, err := newID(r.ID)
	if err := errors.Join(err, checkNames(r.Description)); err != nil {
		return r, err
	}
	if err := checkRule(r); err != nil {
		return r, err
	}
	r.ID, r.Created, r.RemotePrefix = id, l.now(), r.RemotePrefix.Masked()
	return change(ctx, l, func(tx *store.Tx) (vif.SecurityRule, error) {
		g, err := group(tx, to)
		if err != nil {
			return r, err
		}
		if r.RemoteGroup != "" {
			if _, err := group(tx, r.RemoteGroup); err != nil {
				return r, err
			}
		}
		return r, l.changeRules(tx, g, func() error {
			if len(g.Rules) >= maxRules {
				return vif.Exhausted.Because("Quota exceeded for resources: ['security_group_rule'].")
			}
			return another(tx.AddSecurityRule(g.ID, r), g, r)
		})
	})
}

// another names the rule that is in r's way.
func another(err error, g vif.SecurityGroup, r vif.SecurityRule) error {
	if !errors.Is(err, vif.InUse) {
		return err
	}
	number, _ := r.Number()
	for _, old := range g.Rules {
		n, _ := old.Number()
		if n == number && old.Direction == r.Direction && old.Version == r.Version && equal(old.First, r.First) &&
			equal(old.Last, r.Last) && old.RemotePrefix == r.RemotePrefix && old.RemoteGroup == r.RemoteGroup {
			return vif.InUse.From(err, "Security group rule already exists. Rule id is %s.", old.ID)
		}
	}
	return err
}

func equal(a, b *int) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }

// DropSecurityRule deletes a rule.
func (l *Local) DropSecurityRule(ctx context.Context, id string) error {
	return l.store.Update(ctx, func(tx *store.Tx) error {
		g, err := tx.GroupOf(id)
		if err != nil {
			return missing(err, "Security group rule %s does not exist", id)
		}
		return l.changeRules(tx, g, func() error { return tx.DropSecurityRule(id) })
	})
}

// changeRules notes that the rules of g change, and changes them.
func (l *Local) changeRules(tx *store.Tx, g vif.SecurityGroup, change func() error) error {
	g.Updated = l.now()
	if err := tx.PutSecurityGroup(g); err != nil {
		return err
	}
	return change()
}
