package api

import (
	"encoding/json"
	"strings"
	"testing"

	"vifd/vif"
)

// A networked case is a request of the Networking API, and part of its answer.
type networked struct {
	name, method, path, body string
	status                   int
	part                     string
}

// checkNetworked asks in order, in one world.
func checkNetworked(t *testing.T, cases []networked) {
	t.Helper()
	w := recordedWorld()
	w.plug(vm1, first, "")
	a := serve(t, w, identities["admin"])
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			got := ask(a, tt.method, tt.path, tt.body)
			want(t, got, tt.status, tt.part)
			if tt.status != 204 && !strings.Contains(got.Body.String(), "<html>") && !json.Valid(got.Body.Bytes()) {
				t.Errorf("not JSON: %s", got.Body)
			}
		})
	}
}

func TestNetworking(t *testing.T) {
	checkNetworked(t, []networked{
		{"discovery", "GET", "/v2.0", "", 200, `"name": "subnet", "collection": "subnets", "links": [{"rel": "self", "href": "http://nova/v2.0/subnets"}]`},
		{"extensions", "GET", "/v2.0/extensions", "", 200, `"alias": "port-security"`},
		{"no extension", "GET", "/v2.0/extensions/nope", "", 404, `{"NeutronError": {"type": "ExtensionNotFound", "message": "Extension with alias nope does not exist", "detail": ""}}`},
		{"no such path", "GET", "/v2.0/routers", "", 404, `{"NeutronError": {"type": "HTTP404"`},
		{"not JSON", "POST", "/v2.0/ports", `{`, 400, `"HTTPBadRequest"`},
	})
}

func TestNetworks(t *testing.T) {
	checkNetworked(t, []networked{
		{"make a network", "POST", "/v2.0/networks", `{"network":{"name":"blue","provider:network_type":"vlan","provider:segmentation_id":100,"provider:physical_network":"br-x","mtu":1442,"shared":true}}`, 201,
			`{"network": {"id": "88888888-0000-4000-8000-000000000001", "name": "blue", "tenant_id": "", "project_id": "", "admin_state_up": true, "status": "ACTIVE", "mtu": 1442, "shared": true, "port_security_enabled": true, "router:external": false, "subnets": [], "provider:network_type": "vlan", "provider:physical_network": "br-x", "provider:segmentation_id": 100`},
		{"a flat one", "POST", "/v2.0/networks", `{"network":{"provider:network_type":"flat","port_security_enabled":false,"project_id":"p"}}`, 201, `"provider:network_type": "flat", "provider:physical_network": "br-int", "provider:segmentation_id": null`},
		{"vlan without a number", "POST", "/v2.0/networks", `{"network":{"provider:network_type":"vlan"}}`, 400, `Invalid input for network. Reason: 'provider:segmentation_id' is required`},
		{"flat with a number", "POST", "/v2.0/networks", `{"network":{"provider:network_type":"flat","provider:segmentation_id":5}}`, 400, `is not for provider:network_type flat`},
		{"a number too high", "POST", "/v2.0/networks", `{"network":{"provider:segmentation_id":4095}}`, 400, `Invalid input for provider:segmentation_id. Reason: 4095 is greater than the maximum of 4094.`},
		{"a tunnel", "POST", "/v2.0/networks", `{"network":{"provider:network_type":"vxlan"}}`, 400, `'vxlan' is not one of ['vlan', 'flat']`},
		{"a bridge that is none", "POST", "/v2.0/networks", `{"network":{"provider:physical_network":"br;rm"}}`, 400, `Invalid input for provider:physical_network. Reason: 'br;rm' does not match`},
		{"an MTU that is none", "POST", "/v2.0/networks", `{"network":{"mtu":10}}`, 400, `10 is less than the minimum of 68`},
		{"an unknown attribute", "POST", "/v2.0/networks", `{"network":{"colour":"blue"}}`, 400, `{"NeutronError": {"type": "HTTPBadRequest", "message": "Unrecognized attribute(s) 'colour'", "detail": ""}}`},
		{"no envelope", "POST", "/v2.0/networks", `{}`, 400, `Unable to find 'network' in request body`},
		{"no body", "POST", "/v2.0/networks", ``, 400, `Resource body required`},
		{"a list", "POST", "/v2.0/networks", `{"network":[]}`, 400, `Invalid input for network. Reason: [] is not of type 'object'.`},
		{"numbers as the openstack client sends them", "POST", "/v2.0/networks", `{"network":{"provider:network_type":"vlan","provider:segmentation_id":"321","mtu":"1400"}}`, 201, `"mtu": 1400,`},
		{"a truth as Neutron takes it", "POST", "/v2.0/networks", `{"network":{"shared":"False","admin_state_up":0,"mtu":1500}}`, 201, `"admin_state_up": false, "status": "ACTIVE", "mtu": 1500, "shared": false`},
		{"a number that is out of bounds as text, too", "POST", "/v2.0/networks", `{"network":{"provider:segmentation_id":"4095"}}`, 400, `4095 is greater than the maximum of 4094.`},
		{"a number that is none", "POST", "/v2.0/networks", `{"network":{"mtu":"1e3"}}`, 400, `'1e3' is not of type 'integer'.`},
		{"a truth that is none", "POST", "/v2.0/networks", `{"network":{"shared":"maybe"}}`, 400, `'maybe' is not of type 'boolean'.`},
		{"a name is no number", "PUT", "/v2.0/networks/" + net88, `{"network":{"name":5}}`, 400, `5 is not of type 'string'.`},
		{"rename", "PUT", "/v2.0/networks/" + net88, `{"network":{"name":"ninety"}}`, 200, `"name": "ninety"`},
		{"move", "PUT", "/v2.0/networks/" + net88, `{"network":{"provider:segmentation_id":5}}`, 400, `Cannot update read-only attribute provider:segmentation_id`},
		{"show", "GET", "/v2.0/networks/" + strings.ToUpper(net88), "", 200, `"subnets": ["` + sub88 + `"]`},
		{"show under compute", "GET", "/v2.1/networks/" + net88, "", 200, `"name": "ninety"`},
		{"show no id", "GET", "/v2.1/networks/ninety", "", 404, `"message": "Network ninety could not be found."`},
		{"by name, under compute", "GET", "/v2.1/" + project + "/networks?name=ninety&fields=id", "", 200, `{"networks": [{"id": "` + net88 + `"}]}`},
		{"extensions under compute", "GET", "/v2.1/extensions", "", 200, `{"extensions": [`},
		{"write under compute", "POST", "/v2.1/networks", `{"network":{}}`, 201, `"network": {"id"`},
		{"by flag", "GET", "/v2.0/networks?shared=True&fields=name&router:external=false", "", 200, `{"networks": [{"name": "blue"}]}`},
		{"by what is no field", "GET", "/v2.0/networks?colour=blue", "", 400, `['colour'] is invalid attribute for filtering`},
		{"by what cannot be read", "GET", "/v2.0/networks?name=%zz", "", 400, `"InvalidInput"`},
		{"delete", "DELETE", "/v2.0/networks/88888888-0000-4000-8000-000000000002", "", 204, ``},
		{"delete again", "DELETE", "/v2.0/networks/88888888-0000-4000-8000-000000000002", "", 404, `{"NeutronError": {"type": "NetworkNotFound", "message": "Network 88888888-0000-4000-8000-000000000002 could not be found.", "detail": ""}}`},
	})
}

func TestSubnets(t *testing.T) {
	checkNetworked(t, []networked{
		{"make a subnet", "POST", "/v2.0/subnets", `{"subnet":{"network_id":"` + net89 + `","ip_version":4,"cidr":"10.20.0.0/24","allocation_pools":[{"start":"10.20.0.10","end":"10.20.0.20"}],"dns_nameservers":["9.9.9.9"]}}`, 201,
			`"ip_version": 4, "cidr": "10.20.0.0/24", "gateway_ip": "10.20.0.1", "allocation_pools": [{"start": "10.20.0.10", "end": "10.20.0.20"}], "dns_nameservers": ["9.9.9.9"], "host_routes": [], "enable_dhcp": true`},
		{"one without a gateway", "POST", "/v2.0/subnets", `{"subnet":{"network_id":"` + net89 + `","cidr":"fd00:20::/64","gateway_ip":null,"enable_dhcp":false}}`, 201, `"ip_version": 6, "cidr": "fd00:20::/64", "gateway_ip": null`},
		{"host bits", "POST", "/v2.0/subnets", `{"subnet":{"network_id":"` + net89 + `","cidr":"10.20.0.5/24"}}`, 400, `Invalid input for cidr. Reason: '10.20.0.5/24' is not a valid CIDR.`},
		{"the other version", "POST", "/v2.0/subnets", `{"subnet":{"network_id":"` + net89 + `","cidr":"10.20.0.0/24","ip_version":6}}`, 400, `'cidr' is not of the 'ip_version'`},
		{"a pool backwards", "POST", "/v2.0/subnets", `{"subnet":{"network_id":"` + net89 + `","cidr":"10.20.0.0/24","allocation_pools":[{"start":"10.20.0.20","end":"10.20.0.10"}]}}`, 400, `does not go from its start to its end`},
		{"no network", "POST", "/v2.0/subnets", `{"subnet":{"cidr":"10.20.0.0/24"}}`, 400, `Failed to parse request. Required attribute 'network_id' not specified`},
		{"an unknown network", "POST", "/v2.0/subnets", `{"subnet":{"network_id":"00000000-dead-beef-0000-000000000000","cidr":"10.20.0.0/24"}}`, 404, `"NetworkNotFound"`},
		{"no gateway any more", "PUT", "/v2.0/subnets/" + sub88, `{"subnet":{"gateway_ip":null,"name":"s"}}`, 200, `"gateway_ip": null`},
		{"another CIDR", "PUT", "/v2.0/subnets/" + sub88, `{"subnet":{"cidr":"10.0.0.0/8"}}`, 400, `Cannot update read-only attribute cidr`},
		{"by network", "GET", "/v2.0/subnets?network_id=" + net88 + "&fields=id&fields=gateway_ip", "", 200, `{"subnets": [{"id": "` + sub88 + `", "gateway_ip": null}]}`},
		{"by nothing", "GET", "/v2.0/subnets?gateway_ip=None&ip_version=6&fields=cidr", "", 200, `{"subnets": [{"cidr": "fd00:20::/64"}]}`},
	})
}

func TestPorts(t *testing.T) {
	port := `"network_id":"` + net88 + `"`
	checkNetworked(t, []networked{
		{"make a port", "POST", "/v2.0/ports", `{"port":{` + port + `,"name":"p1","mac_address":"FA-16-3E-11-22-33","fixed_ips":[{"ip_address":"10.88.0.77"}],"device_id":"d","admin_state_up":false,"port_security_enabled":false}}`, 201,
			`"mac_address": "fa:16:3e:11:22:33", "admin_state_up": false, "status": "DOWN", "device_id": "d", "device_owner": "", "fixed_ips": [{"subnet_id": "` + sub88 + `", "ip_address": "10.88.0.77"}], "port_security_enabled": false`},
		{"the kind of NIC that there is", "POST", "/v2.0/ports", `{"port":{` + port + `,"binding:vnic_type":"normal"}}`, 201, `"binding:vnic_type": "normal"`},
		{"another kind of NIC", "POST", "/v2.0/ports", `{"port":{` + port + `,"binding:vnic_type":"direct"}}`, 400, `Invalid input for binding:vnic_type. Reason: 'direct' is not one of ['normal'].`},
		{"no security group", "POST", "/v2.0/ports", `{"port":{` + port + `,"security_groups":[]}}`, 201, `"security_groups": []`},
		{"a security group", "POST", "/v2.0/ports", `{"port":{` + port + `,"security_groups":["` + groupWeb + `"]}}`, 201, `"security_groups": ["` + groupWeb + `"]`},
		{"by its group", "GET", "/v2.0/ports?security_groups=" + groupWeb + "&fields=network_id", "", 200, `{"ports": [{"network_id": "` + net88 + `"}]}`},
		{"an unknown group", "POST", "/v2.0/ports", `{"port":{` + port + `,"security_groups":["` + net89 + `"]}}`, 404, `{"NeutronError": {"type": "SecurityGroupNotFound", "message": "Security group ` + net89 + ` does not exist", "detail": ""}}`},
		{"a group that ports have", "DELETE", "/v2.0/security-groups/" + groupWeb, "", 409, `{"NeutronError": {"type": "SecurityGroupInUse", "message": "Security Group ` + groupWeb + ` in use.", "detail": ""}}`},
		{"a group that is none", "POST", "/v2.0/ports", `{"port":{` + port + `,"security_groups":["web"]}}`, 400, `Invalid input for security_groups. Reason: 'web' is not a 'uuid'.`},
		{"take no group away", "PUT", "/v2.0/ports/" + portC, `{"port":{"security_groups":[]}}`, 200, `"security_groups": []`},
		{"give it a group", "PUT", "/v2.0/ports/" + portC, `{"port":{"security_groups":["` + groupWeb + `"]}}`, 200, `"security_groups": ["` + groupWeb + `"]`},
		{"leave it", "PUT", "/v2.0/ports/" + portC, `{"port":{"name":"c"}}`, 200, `"security_groups": ["` + groupWeb + `"]`},
		{"give it none that is", "PUT", "/v2.0/ports/" + portC, `{"port":{"security_groups":["` + groupWeb + `","` + net89 + `"]}}`, 404, `"SecurityGroupNotFound"`},
		{"a MAC that is none", "POST", "/v2.0/ports", `{"port":{` + port + `,"mac_address":"fa:16"}}`, 400, `Invalid input for mac_address. Reason: 'fa:16' is not a valid MAC address.`},
		{"an address that is none", "POST", "/v2.0/ports", `{"port":{` + port + `,"fixed_ips":[{"ip_address":"10.0.0"}]}}`, 400, `Invalid input for fixed_ips. Reason: '10.0.0' is not valid`},
		{"a name too long", "POST", "/v2.0/ports", `{"port":{` + port + `,"name":"` + strings.Repeat("n", 256) + `"}}`, 400, `is too long`},
		{"a null name", "POST", "/v2.0/ports", `{"port":{` + port + `,"name":null}}`, 400, `None is not of type 'string'`},
		{"an attached port", "GET", "/v2.1/ports/" + first, "", 200, `"status": "ACTIVE", "device_id": "` + vm1},
		{"by device", "GET", "/v2.1/ports?device_id=" + vm1 + "&fields=id", "", 200, `{"ports": [{"id": "` + first + `"}]}`},
		{"by MAC", "GET", "/v2.0/ports?mac_address=FA:16:3E:D0:C6:20&fields=id", "", 200, `{"ports": [{"id": "` + portA + `"}]}`},
		{"by address", "GET", "/v2.0/ports?fixed_ips=ip_address=10.88.0.4&fixed_ips=subnet_id=" + sub88 + "&fields=id", "", 200, `{"ports": [{"id": "` + portA + `"}]}`},
		{"by an address elsewhere", "GET", "/v2.0/ports?fixed_ips=ip_address=10.88.0.4&fixed_ips=subnet_id=" + sub89, "", 200, `{"ports": []}`},
		{"by either id", "GET", "/v2.0/ports?id=" + portA + "&id=" + portB + "&fields=id", "", 200, `{"ports": [{"id": "` + portA + `"}, {"id": "` + portB + `"}]}`},
		{"a page", "GET", "/v2.0/ports?limit=1&marker=" + first + "&fields=id", "", 200, `{"ports": [{"id": "` + portA + `"}]}`},
		{"change", "PUT", "/v2.0/ports/" + portA, `{"port":{"name":"web","fixed_ips":[{"ip_address":"10.88.0.9"}]}}`, 200, `"name": "web"`},
		{"an address by version", "PUT", "/v2.0/ports/" + portA, `{"port":{"fixed_ips":[{"ip_version":4}]}}`, 400, `Invalid input for fixed_ips. Reason: Additional properties are not allowed ('ip_version' was unexpected).`},
		{"another network", "PUT", "/v2.0/ports/" + portA, `{"port":{"network_id":"` + net89 + `"}}`, 400, `Cannot update read-only attribute network_id`},
		{"what is not there", "PUT", "/v2.0/ports/00000000-dead-beef-0000-000000000000", `{"port":{}}`, 404, `{"NeutronError": {"type": "PortNotFound", "message": "Port 00000000-dead-beef-0000-000000000000 could not be found.", "detail": ""}}`},
		{"delete a port", "DELETE", "/v2.0/ports/" + portB, "", 204, ``},
	})
}

// What the authority refuses keeps its kind and its text.
func TestNetworkFaults(t *testing.T) {
	for _, tt := range []struct {
		err    error
		status int
		part   string
	}{
		{vif.InUse.Because("detach it first"), 409, `{"NeutronError": {"type": "PortInUse", "message": "detach it first", "detail": ""}}`},
		{vif.Unavailable, 503, `"type": "ServiceUnavailable"`},
		{vif.Internal, 500, `"Request Failed: internal server error while processing your request."`},
	} {
		w := recordedWorld()
		w.fail = tt.err
		want(t, ask(serve(t, w, identities["admin"]), "DELETE", "/v2.0/ports/"+portA, ""), tt.status, tt.part)
	}
}
