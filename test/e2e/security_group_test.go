package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vifd/test/wait"
)

// resource makes a thing of the Networking API and returns its ID.
func resource(t *testing.T, kind, body string) string {
	t.Helper()
	a := ask(t, "POST", "/v2.0/"+strings.ReplaceAll(kind, "_", "-")+"s", fmt.Sprintf(`{%q: %s}`, kind, body)).is(t, 201)
	return printed[map[string]struct{ ID string }](t, a.Body)[kind].ID
}

// newGroup makes a security group that goes when the test ends.
func newGroup(t *testing.T, name string) string {
	t.Helper()
	id := resource(t, "security_group", fmt.Sprintf(`{"name": %q}`, name))
	t.Cleanup(func() { drop(t, "/v2.0/security-groups/"+id) })
	return id
}

// newRule lets something in, and returns what takes that back.
func newRule(t *testing.T, group, what string) (remove func()) {
	t.Helper()
	id := resource(t, "security_group_rule", fmt.Sprintf(`{"security_group_id": %q, "direction": "ingress", %s}`, group, what))
	return func() { ask(t, "DELETE", "/v2.0/security-group-rules/"+id, "").is(t, 204) }
}

// regroup gives a port these security groups and no others.
func regroup(t *testing.T, p plugged, groups ...string) {
	t.Helper()
	ask(t, "PUT", "/v2.0/ports/"+p.Port, fmt.Sprintf(`{"port": {"security_groups": [%s]}}`, quoted(groups))).is(t, 200)
}

func quoted(words []string) string {
	for i := range words {
		words[i] = fmt.Sprintf("%q", words[i])
	}
	return strings.Join(words, ", ")
}

// reaches asks, at p, whether something of q's is reached: the echo of TCP or ping.
func (p plugged) reaches(t *testing.T, q plugged, want bool, version int, what string) {
	t.Helper()
	command := map[string]string{
		"echo": fmt.Sprintf("echo hello | nc -w 2 %v 7 | grep hello", q.ip(version)),
		"www":  fmt.Sprintf("nc -w 2 %v 80 </dev/null", q.ip(version)),
		"ping": fmt.Sprintf("ping%s -c 2 -i 0.2 -W 1 %v", map[int]string{4: "", 6: "6"}[version], q.ip(version)),
	}[what]
	if want { // an answer may be late, and what is not let in stays out
		command = strings.NewReplacer("-w 2", "-w 20", "-W 1", "-W 20").Replace(command)
	}
	if out, status := try(t, p.guest, command); (status == 0) != want {
		t.Errorf("%s over IPv%d from %s to %s: %d %s, want it let in: %t", what, version, p.guest.Name, q.guest.Name, status, out, want)
	}
}

// What the rules of a port's groups let in comes, and nothing else does: also after
// vifd has died, and what is taken away ends where it had begun.
func TestSecurityGroupsGuard(t *testing.T) {
	clean(t)
	friends, web := newGroup(t, "friends"), newGroup(t, "web")
	echo := `"protocol": "tcp", "port_range_min": 7, "port_range_max": 7, "remote_group_id": "` + friends + `"`
	noEcho := newRule(t, web, echo)
	newRule(t, web, echo+`, "ethertype": "IPv6"`)
	a := plug(t, "g1", `{"net_id": "$blue", "security_groups": ["`+web+`"]}`)
	b := plug(t, "g2", `{"net_id": "$blue"}`)
	contains(t, ask(t, "GET", "/v2.1/servers/"+a.guest.UUID, "").is(t, 200).Body, `"security_groups": [{"name": "web"}]`)
	contains(t, ask(t, "GET", "/v2.1/servers/"+b.guest.UUID, "").is(t, 200).Body, `"security_groups": [{"name": "default"}]`)
	for _, version := range []int{4, 6} {
		a.reaches(t, b, true, version, "ping") // and gets its answers
		b.reaches(t, a, false, version, "ping")
		b.reaches(t, a, false, version, "echo")
	}

	regroup(t, b, friends)
	for _, version := range []int{4, 6} {
		b.reaches(t, a, true, version, "echo")
		b.reaches(t, a, false, version, "ping")
	}
	a.reaches(t, b, false, 4, "ping") // it is in a group now
	noPing := newRule(t, web, `"protocol": "icmp"`)
	b.reaches(t, a, true, 4, "ping")
	b.reaches(t, a, false, 6, "ping")
	noPing()
	b.reaches(t, a, false, 4, "ping")

	defer talk(t, b, a)()
	say(t, b, "one", true)
	noEcho()
	say(t, b, "two", false)
	b.reaches(t, a, false, 4, "echo")
	b.reaches(t, a, true, 6, "echo")

	newRule(t, web, echo)
	killVifd(t)
	b.reaches(t, a, true, 4, "echo")
	b.reaches(t, a, false, 4, "ping")
	startVifd(t)
	b.reaches(t, a, true, 4, "echo")
	regroup(t, b)
	b.reaches(t, a, false, 4, "echo")
	regroup(t, a)
	b.reaches(t, a, true, 4, "ping")
}

// talk keeps a connection open from p to the echo of q, until end.
func talk(t *testing.T, p, q plugged) (end func()) {
	t.Helper()
	in(t, p.guest, fmt.Sprintf("rm -f /run/say /run/heard; mkfifo /run/say; (sleep 600 >/run/say & echo $! >/run/holds); (nc %v 7 </run/say >/run/heard 2>&1 & echo $! >/run/talks)", q.ip(4)))
	return func() { in(t, p.guest, "kill $(cat /run/holds /run/talks) || true") }
}

// say says a word in that connection, and looks whether its echo comes.
func say(t *testing.T, p plugged, word string, want bool) {
	t.Helper()
	in(t, p.guest, "echo "+word+" >/run/say")
	out, status := try(t, p.guest, "n=0; while [ $n -lt "+map[bool]string{true: "100", false: "20"}[want]+" ]; do grep "+word+" /run/heard && exit 0; usleep 100000; n=$((n + 1)); done; exit 1")
	if (status == 0) != want {
		t.Errorf("said %s: %s, want its echo: %t", word, out, want)
	}
}

// Wherever vifd dies in a change of what passes, the next one brings the filter to
// what its authority says.
func TestKilledRegrouping(t *testing.T) {
	clean(t)
	friends, web := newGroup(t, "friends"), newGroup(t, "web")
	a := plug(t, "g1", `{"net_id": "$blue", "security_groups": ["`+web+`"]}`)
	b := plug(t, "g2", `{"net_id": "$blue", "security_groups": ["`+friends+`"]}`)
	for i := range 16 {
		later := time.Duration(i) * time.Millisecond
		sent := meanwhile(t, later, func() { killVifd(t) }, "POST", "/v2.0/security-group-rules",
			fmt.Sprintf(`{"security_group_rule": {"security_group_id": %q, "direction": "ingress", "protocol": "tcp", "port_range_min": %d, "port_range_max": %d, "remote_group_id": %q}}`, web, 7+i, 7+i, friends))
		startVifd(t)
		rules := ask(t, "GET", fmt.Sprintf("/v2.0/security-group-rules?security_group_id=%s&port_range_min=%d", web, 7+i), "").is(t, 200).Body
		there := strings.Contains(rules, `"id"`)
		if sent.err == nil && sent.Status == 201 && !there {
			t.Errorf("answered %d, and there is %s", sent.Status, rules)
		}
		wait.Until(t, patience, func() string {
			if flows := sh(t, "ovs-ofctl dump-flows br-int"); strings.Contains(flows, fmt.Sprintf("ct_tp_dst=%d", 7+i)) != there {
				return fmt.Sprintf("the rule is there: %t, and the flows are\n%s", there, flows)
			}
			return ""
		})
	}
	b.reaches(t, a, strings.Contains(ask(t, "GET", "/v2.0/security-group-rules?port_range_min=7", "").is(t, 200).Body, `"id"`), 4, "echo")
}

// The openstack client makes groups and rules, and gives ports these and takes them
// away.
func TestOpenStackSecurityGroups(t *testing.T) {
	clean(t)
	openly(t)
	const version = "2.92"
	openstack(t, version, "security group create web --description www")
	openstack(t, version, "security group rule create web --protocol tcp --dst-port 7 --remote-ip 10.20.0.0/24 --ingress")
	contains(t, openstack(t, version, "security group rule list web -f json"), `"tcp"`, `"7:7"`, `"10.20.0.0/24"`)
	openstack(t, version, "port create p1 --network blue --security-group web")
	contains(t, openstack(t, version, "security group list -f value -c Name -c Description"), "web www")
	openstack(t, version, "server add port g1 p1")
	contains(t, openstack(t, version, "server show g1 -f value -c security_groups"), "web")
	openstack(t, version, "port set --no-security-group p1")
	contains(t, openstack(t, version, "port show p1 -f value -c security_group_ids"), "[]")
	openstack(t, version, "port set --security-group web p1")
	if out := openstack(t, version, "port show p1 -f value -c security_group_ids"); strings.TrimSpace(out) == "[]" {
		t.Error("p1 is in no group")
	}
	openstack(t, "2.1", "server remove security group g1 web")
	contains(t, openstack(t, version, "port show p1 -f value -c security_group_ids"), "[]")
	openstack(t, "2.1", "server add security group g1 web")
	contains(t, openstack(t, version, "server show g1 -f value -c security_groups"), "web")
	openstack(t, version, "server remove port g1 p1")
	gone(t, host.Guest("g1"), printed[map[string]any](t, openstack(t, version, "port show p1 -f json"))["id"].(string))
	openstack(t, version, "port delete p1")
	openstack(t, version, "security group delete web")
}

// The two requests of the document that shows the members of a vendor, as they are
// there but for the server.
func TestVendorsExamples(t *testing.T) {
	clean(t)
	ask(t, "POST", "/v2.1/servers/$g1/os-interface", `{"interfaceAttachment": {"net_id": "$blue", "fixed_ips": [{"ip_version": 4}], "port_security_enabled": true, "security_groups": ["`+nobody+`"]}}`).is(t, 404)
	web := newGroup(t, "web")
	g := host.Guest("g1")
	for _, fixed := range []string{`{"ip_version": 4}`, `{"ip_address": "10.20.0.20"}`} {
		n := attach(t, g, `{"net_id": "$blue", "fixed_ips": [`+fixed+`], "port_security_enabled": true, "security_groups": ["`+web+`"]}`)
		contains(t, ask(t, "GET", "/v2.0/ports/"+n.Port, "").is(t, 200).Body, `"security_groups": ["`+web+`"]`)
		detach(t, g, n.Port)
	}
}
