package store

import (
	"errors"
	"fmt"
	"slices"

	"vifd/vif"
)

// copyGroup adds a security group to c, and the groups that its rules name.
func (tx *Tx) copyGroup(c *Copy, id string) error {
	if slices.ContainsFunc(c.Groups, func(g vif.SecurityGroup) bool { return g.ID == id }) {
		return nil
	}
	g, err := tx.SecurityGroup(id)
	if errors.Is(err, vif.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	c.Groups = append(c.Groups, g)
	for _, r := range g.Rules {
		if r.RemoteGroup != "" {
			err = errors.Join(err, tx.copyGroup(c, r.RemoteGroup))
		}
	}
	return err
}

// adoptGroups puts in the groups of c that the store lacks: first all of them, then
// their rules, which may name others. What ports are said to have and nobody knows
// comes back without rules: it lets nothing pass.
func (a *adoption) adoptGroups(c Copy) (taken []vif.SecurityGroup) {
	id := func(g vif.SecurityGroup) string { return g.ID }
	adopt(a, c.Groups, &taken, "security group", id, a.tx.SecurityGroup, func(g vif.SecurityGroup) error {
		g.Rules = nil
		return a.tx.PutSecurityGroup(g)
	})
	for _, g := range taken {
		for _, r := range g.Rules {
			if err := a.tx.AddSecurityRule(g.ID, r); err != nil {
				a.left = append(a.left, fmt.Sprintf("rule %s of security group %s: %v", r.ID, g.ID, err))
			}
		}
	}
	for _, p := range c.Ports {
		for _, g := range p.Groups {
			a.standIn(g, p)
		}
	}
	return taken
}

// standIn puts a group without rules in the place of one that p had.
func (a *adoption) standIn(group string, p vif.Port) {
	if _, err := a.tx.SecurityGroup(group); !errors.Is(err, vif.NotFound) {
		return
	}
	text := "its rules are lost: what it had let pass is closed"
	err := a.tx.PutSecurityGroup(vif.SecurityGroup{
		ID: group, Name: "rebuilt-" + group, Description: text, Project: p.Project, Created: p.Created, Updated: p.Created,
	})
	if err != nil {
		text = err.Error()
	}
	a.left = append(a.left, fmt.Sprintf("security group %s: %s", group, text))
}
