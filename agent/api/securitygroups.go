package api

import (
	"context"
	"slices"

	"vifd/vif"
)

// The Networking API's security groups.

var (
	groupChanged = &schema{kind: "object", properties: []property{
		{name: "name", schema: anyString},
		{name: "description", schema: anyString},
	}}

	groupCreated = &schema{kind: "object", properties: append(slices.Clone(groupChanged.properties),
		property{name: "project_id", schema: nullText, admin: true},
		property{name: "tenant_id", schema: nullText, admin: true})}
)

func (a *API) securityGroups() *collection[vif.SecurityGroup] {
	return &collection[vif.SecurityGroup]{
		one: "security_group", many: "security_groups", title: "SecurityGroup",
		list: a.Networking.SecurityGroups, get: a.Networking.SecurityGroup, delete: a.deleteGroup,
		make: a.makeGroup, change: a.changeGroup,
		viewer: func(*call) (func(vif.SecurityGroup) object, error) { return groupView, nil },
		visible: func(c *call) (func(vif.SecurityGroup) bool, error) {
			return func(g vif.SecurityGroup) bool { return c.who.sees(g.Project) }, nil
		},
		owner:   func(g vif.SecurityGroup) string { return g.Project },
		created: groupCreated, changed: groupChanged,
	}
}

func (a *API) makeGroup(c *call, body object) (vif.SecurityGroup, error) {
	return a.Networking.CreateSecurityGroup(c.Context(), withGroupBody(vif.SecurityGroup{Project: projectOf(c, body)}, body))
}

func (a *API) changeGroup(c *call, old vif.SecurityGroup, body object) (vif.SecurityGroup, error) {
	return a.Networking.UpdateSecurityGroup(c.Context(), withGroupBody(old, body))
}

// withGroupBody returns g with what both creation and update may say.
func withGroupBody(g vif.SecurityGroup, body object) vif.SecurityGroup {
	g.Name = text(body, "name", g.Name)
	g.Description = text(body, "description", g.Description)
	return g
}

// deleteGroup deletes a group; rules of others that name it go with it.
func (a *API) deleteGroup(ctx context.Context, id string) error {
	return a.guarded(ctx, a.Networking.DeleteSecurityGroup(ctx, id))
}

// guarded has the ports that servers have follow a change of groups, once it is
// made. The change stands whatever comes of that: what could not be put in place is
// seen in the state of the port, and tried again with the next look at the host.
func (a *API) guarded(ctx context.Context, err error) error {
	if err != nil {
		return err
	}
	if err := a.Attachments.Guard(ctx); err != nil {
		a.Log.Warn("rules of security groups are not all in place, and will be tried again", "err", err)
	}
	return nil
}

// groupNamed returns the ID of the security group that has the name, or is it.
func (a *API) groupNamed(c *call, name string) (string, error) {
	g, err := one(c.Context(), "security group", name, a.Networking.SecurityGroup, a.Networking.SecurityGroups,
		func(g vif.SecurityGroup) bool { return c.who.sees(g.Project) },
		func(g vif.SecurityGroup) (string, string) { return g.ID, g.Name })
	return g.ID, err
}

func groupView(g vif.SecurityGroup) object {
	rules := []object{}
	for _, r := range g.Rules {
		rules = append(rules, ruleView(groupRule{r, g}))
	}
	return object{
		{"id", g.ID}, {"name", g.Name}, {"tenant_id", g.Project}, {"project_id", g.Project}, {"description", g.Description},
		{"security_group_rules", rules}, {"stateful", true}, {"shared", false}, {"tags", []string{}},
		{"created_at", stamp(g.Created)}, {"updated_at", stamp(g.Updated)},
	}
}
