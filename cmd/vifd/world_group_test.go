package main

import (
	"context"
	"slices"

	"vifd/vif"
)

// The security groups of a world.

func groupID(g vif.SecurityGroup) string { return g.ID }

func (w *world) Guard(context.Context) error { return nil }

func (w *world) SecurityGroups(context.Context) ([]vif.SecurityGroup, error) {
	defer w.lock()()
	return slices.Clone(w.groups), nil
}
func (w *world) SecurityGroup(_ context.Context, id string) (vif.SecurityGroup, error) {
	defer w.lock()()
	return get(w.groups, id, groupID)
}
func (w *world) CreateSecurityGroup(_ context.Context, g vif.SecurityGroup) (vif.SecurityGroup, error) {
	defer w.lock()()
	g.ID = w.id()
	g.Rules = []vif.SecurityRule{{ID: w.id(), Direction: vif.Egress, Version: 4}}
	w.groups = append(w.groups, g)
	return g, nil
}
func (w *world) UpdateSecurityGroup(_ context.Context, g vif.SecurityGroup) (vif.SecurityGroup, error) {
	return g, nil
}
func (w *world) DeleteSecurityGroup(_ context.Context, id string) error {
	defer w.lock()()
	if slices.ContainsFunc(w.ports, func(p vif.Port) bool { return slices.Contains(p.Groups, id) }) {
		return vif.InUse.Because("Security Group %s in use.", id)
	}
	w.groups = slices.DeleteFunc(w.groups, func(g vif.SecurityGroup) bool { return g.ID == id })
	return nil
}
func (w *world) AddSecurityRule(_ context.Context, group string, r vif.SecurityRule) (vif.SecurityRule, error) {
	defer w.lock()()
	i := slices.IndexFunc(w.groups, func(g vif.SecurityGroup) bool { return g.ID == group })
	r.ID = w.id()
	w.groups[i].Rules = append(slices.Clone(w.groups[i].Rules), r)
	return r, nil
}
func (w *world) DropSecurityRule(_ context.Context, id string) error {
	defer w.lock()()
	for i, g := range w.groups {
		w.groups[i].Rules = slices.DeleteFunc(slices.Clone(g.Rules), func(r vif.SecurityRule) bool { return r.ID == id })
	}
	return nil
}
