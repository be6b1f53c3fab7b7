package e2e

import (
	"strings"
	"testing"

	"vifd/test/testhost"
)

const (
	nobody    = "00000000-0000-4000-8000-000000000000" // an ID that nothing has
	twoTopics = `{"net_id": "$blue", "fixed_ips": [{"ip_address": "10.20.0.9"}, {"ip_address": "10.20.0.10"}]}`
)

// A bad request is one for a NIC in g1 that cannot be met, with what is said of it.
// The body stands for the interfaceAttachment, unless it begins with "!".
type bad struct {
	name, body string
	status     int
	why        string
}

// checkBad wants each answered with its fault, and the guest to notice nothing.
func checkBad(t *testing.T, cases []bad) {
	t.Helper()
	clean(t)
	console := host.Guest("g1").Console()
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			body, whole := strings.CutPrefix(tt.body, "!")
			if !whole {
				body = `{"interfaceAttachment": ` + body + `}`
			}
			checkFault(t, ask(t, "POST", "/v2.1/servers/$g1/os-interface", body, shown), tt.status, tt.why)
		})
	}
	if text, err := console.Text(); err != nil || strings.Contains(text, "nic") {
		t.Errorf("the guest noticed: %s, %v", text, err)
	}
}

// What cannot be read, and what contradicts itself.
func TestBadInput(t *testing.T) {
	checkBad(t, []bad{
		{"no JSON", `!{"interfaceAttachment": `, 400, "Malformed request body"},
		{"two values", `!{} {}`, 400, "Malformed request body"},
		{"not UTF-8", "!{\"interfaceAttachment\": {\"tag\": \"\xff\"}}", 400, "Malformed request body"},
		{"nested too deep", "!" + strings.Repeat("[", 100) + strings.Repeat("]", 100), 400, "Malformed request body"},
		{"array", `![]`, 400, "is not of type 'object'"},
		{"null", `null`, 400, "None is not of type 'object'"},
		{"unknown member", `{"net_id": "$blue", "colour": "red"}`, 400, "('colour' was unexpected)"},
		{"unknown member beside it", `!{"interfaceAttachment": {}, "x": 1}`, 400, "('x' was unexpected)"},
		{"number for an ID", `{"net_id": 7}`, 400, "7 is not of type 'string'"},
		{"null for an ID", `{"port_id": null}`, 400, "None is not of type 'string'"},
		{"name for an ID", `{"net_id": "blue"}`, 400, "'blue' is not a 'uuid'"},
		{"port is no ID", `{"port_id": "../x"}`, 400, "is not a 'uuid'"},
		{"both IDs", `{"net_id": "$blue", "port_id": "` + nobody + `"}`, 400, "Must not input both network_id and port_id"},
		{"address without network", `{"fixed_ips": [{"ip_address": "10.20.0.9"}]}`, 400, "Must input network_id when request IP address"},
		{"address and port", `{"port_id": "` + nobody + `", "fixed_ips": [{"ip_address": "10.20.0.9"}]}`, 400, "Must input network_id"},
		{"empty tag", `{"net_id": "$blue", "tag": ""}`, 400, "is too short"},
		{"tag of 61", `{"net_id": "$blue", "tag": "` + strings.Repeat("é", 61) + `"}`, 400, "is too long"},
		{"tag with a comma", `{"net_id": "$blue", "tag": "a,b"}`, 400, "does not match '^[^,/]*$'"},
		{"tag with a slash", `{"net_id": "$blue", "tag": "a/b"}`, 400, "does not match '^[^,/]*$'"},
		{"tag with a control character", `{"net_id": "$blue", "tag": "a\nb"}`, 400, "control character"},
		{"null tag", `{"net_id": "$blue", "tag": null}`, 400, "None is not of type 'string'"},
		{"security group", `{"net_id": "$blue", "security_groups": ["` + nobody + `"]}`, 404, "Security group " + nobody + " does not exist"},
		{"security group by name", `{"net_id": "$blue", "security_groups": ["web"]}`, 400, "'web' is not a 'uuid'"},
		{"port security in words", `{"net_id": "$blue", "port_security_enabled": "no"}`, 400, "'no' is not of type 'boolean'"},
	})
}

// Networks, ports and addresses that there are not, or not there.
func TestBadAddresses(t *testing.T) {
	checkBad(t, []bad{
		{"no addresses asked for", `{"net_id": "$blue", "fixed_ips": []}`, 400, "[] is too short"},
		{"two addresses", twoTopics, 400, "is too long"},
		{"not an address", `{"net_id": "$blue", "fixed_ips": [{"ip_address": "10.20.0.300"}]}`, 400, "10.20.0.300"},
		{"prefix", `{"net_id": "$blue", "fixed_ips": [{"ip_address": "10.20.0.9/24"}]}`, 400, "10.20.0.9/24"},
		{"neither address nor choice", `{"net_id": "$blue", "fixed_ips": [{}]}`, 400, "'ip_address' is a required property"},
		{"version 5", `{"net_id": "$blue", "fixed_ips": [{"ip_version": 5}]}`, 400, "5 is not one of [4, 6]"},
		{"address and version", `{"net_id": "$blue", "fixed_ips": [{"ip_address": "10.20.0.9", "ip_version": 4}]}`, 400, "mutually exclusive"},
		{"outside", `{"net_id": "$blue", "fixed_ips": [{"ip_address": "10.30.0.9"}]}`, 400, "is not a valid ip address for network"},
		{"gateway", `{"net_id": "$blue", "fixed_ips": [{"ip_address": "10.20.0.1"}]}`, 400, "It is the gateway's."},
		{"broadcast", `{"net_id": "$blue", "fixed_ips": [{"ip_address": "10.20.0.255"}]}`, 400, "is not a valid ip address for network"},
		{"network address", `{"net_id": "$blue", "fixed_ips": [{"ip_address": "10.20.0.0"}]}`, 400, "is not a valid ip address for network"},
		{"multicast", `{"net_id": "$blue", "fixed_ips": [{"ip_address": "ff02::1"}]}`, 400, "is not a valid ip address for network"},
		{"no IPv6 there", `{"net_id": "$red", "fixed_ips": [{"ip_version": 6}]}`, 400, "has no IPv6 subnet"},
		{"another network's subnet", `{"net_id": "$blue", "fixed_ips": [{"subnet_id": "$red4"}]}`, 400, "invalid subnet"},
		{"address of another subnet", `{"net_id": "$blue", "fixed_ips": [{"subnet_id": "$blue6", "ip_address": "10.20.0.9"}]}`, 400, "10.20.0.9"},
		{"several networks", `{}`, 400, "Multiple possible networks found, use a Network ID to be more specific."},
		{"unknown network", `{"net_id": "` + nobody + `"}`, 404, "Network " + nobody + " could not be found."},
		{"unknown port", `{"port_id": "` + nobody + `"}`, 404, "Port id " + nobody + " could not be found."},
	})
}

// faultNames are the names of Compute faults by their codes.
var faultNames = map[int]string{
	400: "badRequest", 403: "forbidden", 404: "itemNotFound", 409: "conflictingRequest",
	413: "overLimit", 415: "badMediaType", 503: "serviceUnavailable",
}

func checkFault(t *testing.T, a answer, status int, why string) {
	t.Helper()
	if a.Status != status {
		t.Fatalf("answered %d %s, want %d", a.Status, a.Body, status)
	}
	name, code, said := a.fault(t)
	if name != faultNames[status] || code != status || !strings.Contains(said, why) {
		t.Errorf("answered %s, want %s with %q", a.Body, faultNames[status], why)
	}
	if id := a.Header.Get("X-Openstack-Request-Id"); !strings.HasPrefix(id, "req-") {
		t.Errorf("X-Openstack-Request-Id: %q", id)
	}
}

// Paths, methods and headers that lead nowhere.
func TestBadRequests(t *testing.T) {
	clean(t)
	body := `{"interfaceAttachment": {"net_id": "$blue"}}`
	for _, tt := range []struct {
		name, method, path, body, header string
		status                           int
		why                              string
	}{
		{"unknown server", "POST", "/v2.1/servers/" + nobody + "/os-interface", body, "", 404, "Instance " + nobody + " could not be found."},
		{"server by name", "POST", "/v2.1/servers/g1/os-interface", body, "", 404, "Instance g1 could not be found."},
		{"bad body, unknown server", "POST", "/v2.1/servers/" + nobody + "/os-interface", `{"x": 1}`, "", 400, "'x' was unexpected"},
		{"list of an unknown server", "GET", "/v2.1/servers/" + nobody + "/os-interface", "", "", 404, "Instance " + nobody + " could not be found."},
		{"unknown port", "GET", "/v2.1/servers/$g1/os-interface/" + nobody, "", "", 404, "Port id " + nobody + " could not be found."},
		{"detach an unknown port", "DELETE", "/v2.1/servers/$g1/os-interface/" + nobody, "", "", 404, "Port id " + nobody + " could not be found."},
		{"detach what is no ID", "DELETE", "/v2.1/servers/$g1/os-interface/eth0", "", "", 404, "Port id eth0 could not be found."},
		{"detach from an unknown server", "DELETE", "/v2.1/servers/" + nobody + "/os-interface/" + nobody, "", "", 404, "Instance " + nobody},
		{"XML", "POST", "/v2.1/servers/$g1/os-interface", "<x/>", "Content-Type: application/xml", 415, "Unsupported Content-Type"},
		{"no version", "POST", "/v2.1/servers/$g1/os-interface", body, "OpenStack-API-Version: compute 2.x", 400, "invalid format"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var headers []string
			if tt.header != "" {
				headers = append(headers, tt.header)
			}
			checkFault(t, ask(t, tt.method, tt.path, tt.body, headers...), tt.status, tt.why)
		})
	}
	ask(t, "PUT", "/v2.1/servers/$g1/os-interface", body).is(t, 404) // so does Nova
	ask(t, "GET", "/v2.1/nothing", "").is(t, 404)
	if a := ask(t, "POST", "/v2.1/servers/$g1/os-interface", `{"interfaceAttachment": {"tag": "`+strings.Repeat("x", 112<<10)+`"}}`); a.Status != 413 {
		t.Errorf("a body over 112 KiB: %d %s", a.Status, a.Body)
	}
}

// What is somebody else's, or used up, is not given out.
func TestTaken(t *testing.T) {
	clean(t)
	g := host.Guest("g1")
	n := attach(t, host.Guest("g2"), `{"net_id": "$blue", "fixed_ips": [{"ip_address": "10.20.0.40"}]}`)
	free, mac := createPort(t, `{"network_id": "$blue", "fixed_ips": [{"ip_address": "10.20.0.41"}]}`)
	theirs, _ := createPort(t, `{"network_id": "$blue", "project_id": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"}`)
	for _, tt := range []struct {
		name, path, body string
		status           int
		why              string
	}{
		{"address of a NIC", interfaces(g), `{"net_id": "$blue", "fixed_ips": [{"ip_address": "10.20.0.40"}]}`, 409, "Fixed IP 10.20.0.40 is already in use."},
		{"address of a port", interfaces(g), `{"net_id": "$blue", "fixed_ips": [{"ip_address": "10.20.0.41"}]}`, 409, "Fixed IP 10.20.0.41 is already in use."},
		{"another server's port", interfaces(g), `{"port_id": "` + n.Port + `"}`, 409, "Port " + n.Port + " is still in use."},
		{"its own port", interfaces(host.Guest("g2")), `{"port_id": "` + n.Port + `"}`, 409, "Port " + n.Port + " is still in use."},
		{"another project's port", "/v2.1/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/servers/$g1/os-interface", `{"port_id": "` + theirs + `"}`, 400, "Port " + theirs + " not usable for instance " + g.UUID},
	} {
		t.Run(tt.name, func(t *testing.T) {
			checkFault(t, ask(t, "POST", tt.path, `{"interfaceAttachment": `+tt.body+`}`), tt.status, tt.why)
		})
	}
	for _, taken := range []string{mac, strings.ToUpper(n.MAC)} {
		a := ask(t, "POST", "/v1/attachments", `{"server": "g1", "network": "blue", "mac": "`+taken+`"}`)
		if a.Status != 409 || !strings.Contains(a.Body, "in use") {
			t.Errorf("MAC %s is another's: %d %s", taken, a.Status, a.Body)
		}
	}
	ask(t, "DELETE", interfaces(g)+"/"+n.Port, "").is(t, 404)
	checkFault(t, ask(t, "GET", interfaces(g)+"/"+free, ""), 404, "does not have a port with id "+free)
}

// A network whose addresses are all given out says so, and makes nothing.
func TestNoAddressesLeft(t *testing.T) {
	clean(t)
	var made struct{ Network struct{ ID string } }
	ask(t, "POST", "/v2.0/networks", `{"network": {"name": "tiny", "provider:network_type": "vlan", "provider:segmentation_id": 300}}`).is(t, 201).into(t, &made)
	id := made.Network.ID
	t.Cleanup(func() { drop(t, "/v2.0/networks/"+id) })
	ask(t, "POST", "/v2.0/subnets", `{"subnet": {"network_id": "`+id+`", "ip_version": 4, "cidr": "10.40.0.0/30"}}`).is(t, 201)
	for _, g := range []*testhost.Running{host.Guest("g1"), host.Guest("g2")} {
		if g.Name == "g1" {
			attach(t, g, `{"net_id": "`+id+`"}`)
			continue
		}
		a := ask(t, "POST", interfaces(g), `{"interfaceAttachment": {"net_id": "`+id+`"}}`)
		checkFault(t, a, 400, "No fixed IP addresses available for network: "+id)
	}
}
