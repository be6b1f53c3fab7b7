package api

import (
	"context"
	"testing"

	"vifd/vif"
)

// made is the ID of the n-th thing that a world makes.
const made = "88888888-0000-4000-8000-00000000000"

func TestSecurityGroups(t *testing.T) {
	checkNetworked(t, []networked{
		{"extension", "GET", "/v2.0/extensions/security-group", "", 200, `"alias": "security-group"`},
		{"discovery", "GET", "/v2.0", "", 200, `"name": "security_group_rule", "collection": "security-group-rules", "links": [{"rel": "self", "href": "http://nova/v2.0/security-group-rules"}]`},
		{"make a group", "POST", "/v2.0/security-groups", `{"security_group":{"name":"db","description":"d","project_id":"p"}}`, 201,
			`{"security_group": {"id": "` + made + `1", "name": "db", "tenant_id": "p", "project_id": "p", "description": "d", "security_group_rules": [{"id": "` + made + `2", "tenant_id": "p", "project_id": "p", "security_group_id": "` + made + `1", "ethertype": "IPv4", "direction": "egress", "protocol": null, "port_range_min": null, "port_range_max": null, "remote_ip_prefix": null, "remote_group_id": null, `},
		{"by name", "GET", "/v2.1/security-groups?name=web&fields=id", "", 200, `{"security_groups": [{"id": "` + groupWeb + `"}]}`},
		{"by project", "GET", "/v2.0/security-groups?project_id=p&fields=name", "", 200, `{"security_groups": [{"name": "db"}]}`},
		{"show", "GET", "/v2.0/security-groups/" + groupWeb, "", 200, `"protocol": "tcp", "port_range_min": 80, "port_range_max": 81, "remote_ip_prefix": "10.0.0.0/8"`},
		{"rename", "PUT", "/v2.0/security-groups/" + groupWeb, `{"security_group":{"name":"www"}}`, 200, `"name": "www"`},
		{"give it away", "PUT", "/v2.0/security-groups/" + groupWeb, `{"security_group":{"project_id":"p"}}`, 400, `Cannot update read-only attribute project_id`},
		{"what is not there", "GET", "/v2.0/security-groups/" + portA, "", 404, `{"NeutronError": {"type": "SecurityGroupNotFound", "message": "Security group ` + portA + ` does not exist", "detail": ""}}`},
		{"delete", "DELETE", "/v2.0/security-groups/" + made + "1", "", 204, ``},
		{"delete again", "DELETE", "/v2.0/security-groups/" + made + "1", "", 404, `"SecurityGroupNotFound"`},
	})
}

func TestSecurityRules(t *testing.T) {
	rule := func(more string) string {
		return `{"security_group_rule":{"security_group_id":"` + groupWeb + `","direction":"ingress"` + more + `}}`
	}
	const rules = "/v2.0/security-group-rules"
	checkNetworked(t, []networked{
		{"make a rule", "POST", rules, rule(`,"protocol":"UDP","port_range_min":53,"port_range_max":54,"remote_ip_prefix":"10.1.2.3","description":"dns"`), 201,
			`{"security_group_rule": {"id": "` + made + `1", "tenant_id": "` + project + `", "project_id": "` + project + `", "security_group_id": "` + groupWeb + `", "ethertype": "IPv4", "direction": "ingress", "protocol": "udp", "port_range_min": 53, "port_range_max": 54, "remote_ip_prefix": "10.1.2.3/32", "remote_group_id": null, "remote_address_group_id": null, "description": "dns"`},
		{"by number, of a group", "POST", rules, rule(`,"ethertype":"IPv6","protocol":47,"remote_group_id":"` + groupWeb + `"`), 201, `"ethertype": "IPv6", "direction": "ingress", "protocol": "47", "port_range_min": null, "port_range_max": null, "remote_ip_prefix": null, "remote_group_id": "` + groupWeb + `"`},
		{"any, and host bits", "POST", rules, rule(`,"protocol":"any","ethertype":"ipv6","remote_ip_prefix":"fd00::7/64"`), 201, `"protocol": null, "port_range_min": null, "port_range_max": null, "remote_ip_prefix": "fd00::/64"`},
		{"twice", "POST", rules, rule(`,"protocol":"tcp"`), 409, `{"NeutronError": {"type": "SecurityGroupRuleExists", "message": "Security group rule already exists. Rule id is ` + ruleHTTP + `.", "detail": ""}}`},
		{"no direction", "POST", rules, `{"security_group_rule":{"security_group_id":"` + groupWeb + `"}}`, 400, `Failed to parse request. Required attribute 'direction' not specified`},
		{"another direction", "POST", rules, `{"security_group_rule":{"security_group_id":"` + groupWeb + `","direction":"up"}}`, 400, `Invalid input for direction. Reason: 'up' is not one of ['ingress', 'egress'].`},
		{"another ethertype", "POST", rules, rule(`,"ethertype":"IPX"`), 400, `'IPX' is not one of`},
		{"a protocol that is none", "POST", rules, rule(`,"protocol":[]`), 400, `Invalid input for protocol. Reason: [] is neither`},
		{"a prefix that is none", "POST", rules, rule(`,"remote_ip_prefix":"10.0.0"`), 400, `Invalid input for remote_ip_prefix. Reason: '10.0.0' is not a valid CIDR.`},
		{"a port in words", "POST", rules, rule(`,"port_range_min":"http"`), 400, `Invalid input for port_range_min. Reason: 'http' is not of type 'integer'.`},
		{"an unknown group", "POST", rules, `{"security_group_rule":{"security_group_id":"` + net88 + `","direction":"ingress"}}`, 404, `"SecurityGroupNotFound"`},
		{"an unknown remote group", "POST", rules, rule(`,"remote_group_id":"` + net88 + `"`), 404, `Security group ` + net88 + ` does not exist`},
		{"of a group", "GET", rules + "?security_group_id=" + groupWeb + "&protocol=udp&fields=id", "", 200, `{"security_group_rules": [{"id": "` + made + `1"}]}`},
		{"below compute", "GET", "/v2.1/security-group-rules/" + ruleHTTP + "?fields=port_range_max", "", 200, `{"security_group_rule": {"port_range_max": 81}}`},
		{"change", "PUT", rules + "/" + ruleHTTP, `{"security_group_rule":{}}`, 404, `"HTTP404"`},
		{"delete", "DELETE", rules + "/" + ruleHTTP, "", 204, ``},
		{"delete again", "DELETE", rules + "/" + ruleHTTP, "", 404, `{"NeutronError": {"type": "SecurityGroupRuleNotFound", "message": "Security group rule ` + ruleHTTP + ` does not exist", "detail": ""}}`},
	})
}

// A tenant has its own groups, and others have none.
func TestWhoseSecurityGroups(t *testing.T) {
	member := identities["member"]
	rule := func(group, remote string) string {
		return `{"security_group_rule":{"security_group_id":"` + group + `","direction":"egress","protocol":"sctp","remote_group_id":` + remote + `}}`
	}
	checkPermitted(t, []permitted{
		{"member: make one", "POST", "/v2.0/security-groups", `{"security_group":{"name":"x"}}`, member, 201, `"project_id": "` + project + `"`},
		{"member: for another", "POST", "/v2.0/security-groups", `{"security_group":{"tenant_id":"p"}}`, member, 403, `rule:create_security_group:tenant_id is`},
		{"member: its own", "GET", "/v2.0/security-groups?fields=name", "", member, 200, `{"security_groups": [{"name": "web"}]}`},
		{"member: another's", "GET", "/v2.0/security-groups/" + groupOther, "", member, 404, `"SecurityGroupNotFound"`},
		{"member: delete another's", "DELETE", "/v2.0/security-groups/" + groupOther, "", member, 404, `"SecurityGroupNotFound"`},
		{"member: a rule of its own", "POST", "/v2.0/security-group-rules", rule(groupWeb, "null"), member, 201, `"sctp"`},
		{"member: a rule there", "POST", "/v2.0/security-group-rules", rule(groupOther, "null"), member, 404, `"SecurityGroupNotFound"`},
		{"member: a rule for those there", "POST", "/v2.0/security-group-rules", rule(groupWeb, `"`+groupOther+`"`), member, 404, `Security group ` + groupOther + ` does not exist`},
		{"member: another's rule", "DELETE", "/v2.0/security-group-rules/" + ruleHTTP, "", identities["other"], 404, `"SecurityGroupRuleNotFound"`},
	})
}

// What the ports of servers follow is in place when a change is answered; and where
// that cannot be, the change stands.
func TestChangesOfGroupsAreInPlace(t *testing.T) {
	for name, tt := range map[string]struct {
		method, path, body string
		guarded            int
	}{
		"a new group":    {"POST", "/v2.0/security-groups", `{"security_group":{}}`, 0},
		"a name":         {"PUT", "/v2.0/security-groups/" + groupWeb, `{"security_group":{"name":"x"}}`, 0},
		"a group gone":   {"DELETE", "/v2.0/security-groups/" + groupWeb, "", 1},
		"a new rule":     {"POST", "/v2.0/security-group-rules", `{"security_group_rule":{"security_group_id":"` + groupWeb + `","direction":"egress"}}`, 1},
		"a rule gone":    {"DELETE", "/v2.0/security-group-rules/" + ruleHTTP, "", 1},
		"a refused rule": {"DELETE", "/v2.0/security-group-rules/" + net88, "", 0},
	} {
		w := recordedWorld()
		ask(serve(t, w, identities["admin"]), tt.method, tt.path, tt.body)
		if w.guarded != tt.guarded {
			t.Errorf("%s: %d times, want %d", name, w.guarded, tt.guarded)
		}
	}
	a := serve(t, recordedWorld(), identities["admin"])
	a.Attachments = unguarded{a.Attachments}
	want(t, ask(a, "DELETE", "/v2.0/security-group-rules/"+ruleHTTP, ""), 204, "")
	want(t, ask(a, "GET", "/v2.0/security-group-rules/"+ruleHTTP, ""), 404, "")
}

// unguarded is a host whose switch is away.
type unguarded struct{ Attachments }

func (unguarded) Guard(context.Context) error {
	return vif.Unavailable.Because("Open vSwitch is not running")
}

// A port's groups come with it, and whoever else's rules name these follows before
// the answer; of other ports nobody is asked to.
func TestPortsOfGroups(t *testing.T) {
	grouped := `{"port":{"network_id":"` + net88 + `","security_groups":["` + groupWeb + `"]}}`
	for name, tt := range map[string]struct {
		has                []string // the groups of port C before
		method, path, body string
		guarded            int
	}{
		"made in one":       {nil, "POST", "/v2.0/ports", grouped, 1},
		"made in none":      {nil, "POST", "/v2.0/ports", `{"port":{"network_id":"` + net88 + `"}}`, 0},
		"given one":         {nil, "PUT", "/v2.0/ports/" + portC, `{"port":{"security_groups":["` + groupWeb + `"]}}`, 1},
		"taken out":         {[]string{groupWeb}, "PUT", "/v2.0/ports/" + portC, `{"port":{"security_groups":[]}}`, 1},
		"addresses in one":  {[]string{groupWeb}, "PUT", "/v2.0/ports/" + portC, `{"port":{"fixed_ips":[]}}`, 1},
		"addresses in none": {nil, "PUT", "/v2.0/ports/" + portC, `{"port":{"fixed_ips":[]}}`, 0},
		"deleted in one":    {[]string{groupWeb}, "DELETE", "/v2.0/ports/" + portC, "", 1},
		"deleted in none":   {nil, "DELETE", "/v2.0/ports/" + portC, "", 0},
	} {
		w := recordedWorld()
		for i := range w.ports {
			if w.ports[i].ID == portC {
				w.ports[i].Groups = tt.has
			}
		}
		got := ask(serve(t, w, identities["admin"]), tt.method, tt.path, tt.body)
		if got.Code >= 300 || w.guarded != tt.guarded {
			t.Errorf("%s: %d, and %d times, want %d", name, got.Code, w.guarded, tt.guarded)
		}
	}
}

// A server is shown with the groups of its ports, by their names and each once.
func TestServersOfGroups(t *testing.T) {
	w := recordedWorld()
	w.groups[1].Name = ""
	for i := range w.ports {
		w.ports[i].Groups = map[string][]string{first: {groupWeb, groupOther}, portA: {groupWeb}}[w.ports[i].ID]
	}
	for _, port := range []string{first, portA, portB} {
		w.plug(vm1, port, "")
	}
	w.plug(vm2, portVM2, "")
	a := serve(t, w, identities["admin"])
	mine, none := `"security_groups": [{"name": "`+groupOther+`"}, {"name": "web"}]`, `"security_groups": [{"name": "default"}]`
	want(t, ask(a, "GET", "/v2.1/servers/"+vm1, ""), 200, mine)
	want(t, ask(a, "GET", "/v2.1/servers/"+vm2, ""), 200, none)
	want(t, ask(a, "GET", "/v2/servers/detail?name=vm1", ""), 200, mine)
	want(t, ask(a, "GET", "/v2/servers/detail?name=vm2", ""), 200, none)
}

// vifd's own API takes groups by their names.
func TestGroupsByName(t *testing.T) {
	w := recordedWorld()
	a := serve(t, w, identities["member"])
	for _, tt := range []struct {
		groups string
		status int
		part   string
	}{
		{`["web"]`, 200, `"groups": ["` + groupWeb + `"]`},
		{`["` + groupWeb + `"]`, 200, `"groups": ["` + groupWeb + `"]`},
		{`["theirs"]`, 404, `security group`},
		{`["web","nope"]`, 404, `'nope'`},
		{`[""]`, 404, `''`},
	} {
		body := `{"server":"vm1","network":"net89","security_groups":` + tt.groups + `}`
		want(t, ask(a, "POST", "/v1/attachments", body), tt.status, tt.part)
	}
}

// A group is given to all ports of a server, and taken from them; where one of them
// cannot have it, none has.
func TestGroupsOfServers(t *testing.T) {
	w := recordedWorld()
	w.plug(vm1, first, "")
	w.plug(vm1, portA, "")
	a := serve(t, w, identities["member"])
	act := func(server, body string, status int, part string) {
		t.Helper()
		want(t, ask(a, "POST", "/v2.1/servers/"+server+"/action", body, versionHeader, "compute 2.92"), status, part)
	}
	has := func(groups string) {
		t.Helper()
		for _, port := range []string{first, portA} {
			want(t, ask(a, "GET", "/v2.0/ports/"+port+"?fields=security_groups", ""), 200, `"security_groups": [`+groups+`]`)
		}
	}
	act(vm1, `{"removeSecurityGroup":{"name":"web"}}`, 404, `is not associated with the instance `+vm1)
	act(vm1, `{"addSecurityGroup":{"name":"theirs"}}`, 404, `security group`)
	act(vm1, `{"addSecurityGroup":{}}`, 400, `'name' is a required property`)
	act(vm1, `{"addSecurityGroup":{"name":"web"}}`, 202, ``)
	has(`"` + groupWeb + `"`)
	act(vm1, `{"addSecurityGroup":{"name":"web"}}`, 400, `has it not yet`)
	act(vm2, `{"addSecurityGroup":{"name":"web"}}`, 400, `has no port`)
	if w.guarded != 4 {
		t.Errorf("followed %d times", w.guarded)
	}
	w.attached = w.attached[:1] // which is what its server is shown with
	w.attached[0].Port.Groups = []string{groupWeb}
	want(t, ask(a, "GET", "/v2.1/servers/"+vm1+"/os-security-groups", ""), 200, `{"security_groups": [{"id": "`+groupWeb+`", "name": "web", "description": "", "tenant_id": "`+project+
		`", "rules": [{"id": "`+ruleHTTP+`", "parent_group_id": "`+groupWeb+`", "ip_protocol": "tcp", "from_port": 80, "to_port": 81, "ip_range": {"cidr": "10.0.0.0/8"}, "group": {}}]}]}`)
	w.attached = nil
	w.plug(vm1, first, "")
	w.plug(vm1, portA, "")
	act(vm1, `{"removeSecurityGroup":{"name":"`+groupWeb+`"}}`, 202, ``)
	has("")
	a.Networking = stubborn{a.Networking}
	act(vm1, `{"addSecurityGroup":{"name":"web"}}`, 409, `stays as it is`)
	has("")
}

// stubborn changes every port but one.
type stubborn struct{ Networking }

func (s stubborn) UpdatePort(ctx context.Context, p vif.Port) (vif.Port, error) {
	if p.ID == portA {
		return p, vif.InUse.Because("the port stays as it is")
	}
	return s.Networking.UpdatePort(ctx, p)
}

// Clients of old look groups up in the Compute API, which shows them their own.
func TestComputeGroups(t *testing.T) {
	a := serve(t, recordedWorld(), identities["member"])
	web := `{"id": "` + groupWeb + `", "name": "web", "description": "", "tenant_id": "` + project + `", "rules": [{"id": "` + ruleHTTP + `"`
	want(t, ask(a, "GET", "/v2.1/os-security-groups", ""), 200, `{"security_groups": [`+web)
	want(t, ask(a, "GET", "/v2.1/os-security-groups/"+groupWeb, ""), 200, `{"security_group": `+web)
	want(t, ask(a, "GET", "/v2.1/os-security-groups/"+groupOther, ""), 404, `Security group `+groupOther+` not found.`)
	want(t, ask(a, "GET", "/v2.1/os-security-groups/web", ""), 404, `Security group web not found.`)
	want(t, ask(a, "GET", "/v2.1/os-security-groups", "", versionHeader, "compute 2.36"), 404, `itemNotFound`)
}
