package api

import (
	"context"
	"encoding/json"
	"net/netip"
	"strconv"
	"strings"

	"vifd/vif"
)

// The Networking API's rules of security groups. A rule does not change: it is
// deleted, and another one made.

var ruleCreated = &schema{kind: "object", required: []string{"security_group_id", "direction"}, properties: []property{
	{name: "security_group_id", schema: uuidText},
	{name: "direction", schema: &schema{kind: "string", enum: []any{"ingress", "egress"}}},
	{name: "ethertype", schema: &schema{kind: "string", enum: []any{"IPv4", "IPv6", "ipv4", "ipv6"}, null: true}},
	{name: "protocol", schema: &schema{rule: protocolRule}},
	{name: "port_range_min", schema: &schema{kind: "integer", null: true}},
	{name: "port_range_max", schema: &schema{kind: "integer", null: true}},
	{name: "remote_ip_prefix", schema: &schema{kind: "string", format: "prefix", null: true}},
	{name: "remote_group_id", schema: &schema{kind: "string", format: "uuid", null: true}},
	{name: "description", schema: anyString},
	{name: "project_id", schema: nullText, admin: true},
	{name: "tenant_id", schema: nullText, admin: true},
}}

// protocolRule wants a name or a number; which there are the authority knows.
func protocolRule(v any) string {
	switch v := v.(type) {
	case nil, json.Number:
		return ""
	case string:
		if len(v) <= 40 {
			return ""
		}
	}
	return repr(v) + " is neither the name of a protocol nor its number"
}

// A groupRule is a rule, and the group that has it.
type groupRule struct {
	vif.SecurityRule
	group vif.SecurityGroup
}

func (a *API) securityRules() *collection[groupRule] {
	return &collection[groupRule]{
		one: "security_group_rule", many: "security_group_rules", title: "SecurityGroupRule",
		list: a.allRules, get: a.rule, make: a.makeRule,
		delete: func(ctx context.Context, id string) error {
			return a.guarded(ctx, a.Networking.DropSecurityRule(ctx, id))
		},
		viewer: func(*call) (func(groupRule) object, error) { return ruleView, nil },
		visible: func(c *call) (func(groupRule) bool, error) {
			return func(r groupRule) bool { return c.who.sees(r.group.Project) }, nil
		},
		owner:   func(r groupRule) string { return r.group.Project },
		created: ruleCreated,
	}
}

func (a *API) allRules(ctx context.Context) (all []groupRule, err error) {
	groups, err := a.Networking.SecurityGroups(ctx)
	for _, g := range groups {
		for _, r := range g.Rules {
			all = append(all, groupRule{r, g})
		}
	}
	return all, err
}

func (a *API) rule(ctx context.Context, id string) (groupRule, error) {
	all, err := a.allRules(ctx)
	for _, r := range all {
		if r.ID == id {
			return r, err
		}
	}
	return groupRule{}, firstOf(err, vif.NotFound)
}

// makeRule adds a rule to a group of the caller's. It is answered when the rule is
// in place at all ports of this host.
func (a *API) makeRule(c *call, body object) (groupRule, error) {
	g, err := a.groupSeen(c, text(body, "security_group_id", ""))
	switch {
	case err != nil:
		return groupRule{}, err
	case !c.who.May(g.Project):
		return groupRule{}, disallowed(c.route.policy(), "security group "+g.ID+" belongs to another project")
	}
	r := ruleOf(body)
	if r.RemoteGroup != "" {
		if _, err := a.groupSeen(c, r.RemoteGroup); err != nil {
			return groupRule{}, err
		}
	}
	if r, err = a.Networking.AddSecurityRule(c.Context(), g.ID, r); kindOf(err) == vif.InUse && err != nil {
		return groupRule{}, &named{"SecurityGroupRuleExists", err}
	}
	return groupRule{r, g}, a.guarded(c.Context(), err)
}

// groupSeen returns a security group that the caller sees.
func (a *API) groupSeen(c *call, id string) (vif.SecurityGroup, error) {
	id = canonical(id)
	g, err := a.Networking.SecurityGroup(c.Context(), id)
	if err == nil && !c.who.sees(g.Project) {
		err = vif.NotFound
	}
	if err != nil {
		err = about("SecurityGroup", id, err)
	}
	return g, err
}

// ruleOf returns the rule that a body asks for.
func ruleOf(body object) vif.SecurityRule {
	r := vif.SecurityRule{
		Description: text(body, "description", ""), Direction: vif.Direction(text(body, "direction", "")), Version: 4,
		Protocol: strings.ToLower(text(body, "protocol", "")), First: integer(body, "port_range_min"), Last: integer(body, "port_range_max"),
		RemoteGroup: canonical(text(body, "remote_group_id", "")),
	}
	if strings.HasSuffix(text(body, "ethertype", ""), "6") {
		r.Version = 6
	}
	if n, ok := value(body, "protocol").(json.Number); ok {
		r.Protocol = n.String()
	}
	if r.Protocol == "any" {
		r.Protocol = ""
	}
	r.RemotePrefix, _ = parsePrefix(text(body, "remote_ip_prefix", ""))
	return r
}

// integer returns the number, or nil where there is none.
func integer(o object, name string) *int {
	if _, there := value(o, name).(json.Number); !there {
		return nil
	}
	return new(whole(o, name, 0))
}

// parsePrefix returns the prefix that s writes, or that of the one address.
func parsePrefix(s string) (netip.Prefix, bool) {
	if a, ok := parseAddr(s); ok {
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err == nil && !p.Addr().Is4In6()
}

func ruleView(r groupRule) object {
	prefix := any(nil)
	if r.RemotePrefix.IsValid() {
		prefix = r.RemotePrefix
	}
	return object{
		{"id", r.ID}, {"tenant_id", r.group.Project}, {"project_id", r.group.Project}, {"security_group_id", r.group.ID},
		{"ethertype", "IPv" + strconv.Itoa(r.Version)}, {"direction", r.Direction}, {"protocol", orNull(r.Protocol)},
		{"port_range_min", orNone(r.First)}, {"port_range_max", orNone(r.Last)},
		{"remote_ip_prefix", prefix}, {"remote_group_id", orNull(r.RemoteGroup)}, {"remote_address_group_id", nil},
		{"description", r.Description}, {"tags", []string{}}, {"created_at", stamp(r.Created)}, {"updated_at", stamp(r.Created)},
	}
}

// orNone is the number, or null.
func orNone(n *int) any {
	if n == nil {
		return nil
	}
	return *n
}
