package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"vifd/test/wait"
)

// object is a resource of the Networking API.
type object = map[string]any

// create makes a resource and has it deleted at the end of the test.
func create(t *testing.T, kind, body string) object {
	t.Helper()
	var made map[string]object
	ask(t, "POST", "/v2.0/"+kind+"s", `{"`+kind+`": `+body+`}`).is(t, 201).into(t, &made)
	id, _ := made[kind]["id"].(string)
	t.Cleanup(func() { drop(t, "/v2.0/"+kind+"s/"+id) })
	return made[kind]
}

// find returns the IDs of what a query finds, in order of the alphabet.
func query(t *testing.T, kind, filter string) []string {
	t.Helper()
	var found map[string][]object
	ask(t, "GET", "/v2.0/"+kind+"s?"+filter, "").is(t, 200).into(t, &found)
	ids := []string{}
	for _, o := range found[kind+"s"] {
		ids = append(ids, fmt.Sprint(o["id"]))
	}
	slices.Sort(ids)
	return ids
}

// A lab is a network with a subnet of each version and a port.
type lab struct{ network, v4, v6, port object }

func (l lab) id() string      { return fmt.Sprint(l.network["id"]) }
func (l lab) portID() string  { return fmt.Sprint(l.port["id"]) }
func (l lab) subnet6() string { return fmt.Sprint(l.v6["id"]) }

func newLab(t *testing.T) lab {
	t.Helper()
	n := create(t, "network", `{"name": "green", "provider:network_type": "vlan", "provider:segmentation_id": 333, "mtu": 1400}`)
	id := fmt.Sprint(n["id"])
	v4 := create(t, "subnet", `{"name": "green-v4", "network_id": "`+id+`", "ip_version": 4, "cidr": "10.33.0.0/24",
		"gateway_ip": "10.33.0.254", "allocation_pools": [{"start": "10.33.0.10", "end": "10.33.0.11"}]}`)
	v6 := create(t, "subnet", `{"network_id": "`+id+`", "ip_version": 6, "cidr": "fd00:33::/64", "gateway_ip": null}`)
	p := create(t, "port", `{"name": "p", "network_id": "`+id+`", "mac_address": "52:54:00:12:34:56"}`)
	return lab{n, v4, v6, p}
}

// What was created is as it was asked for, is found, and can be changed.
func TestNetworking(t *testing.T) {
	clean(t)
	l := newLab(t)
	n, v4, v6, p, id, port := l.network, l.v4, l.v6, l.port, l.id(), l.portID()
	if n["mtu"] != 1400.0 || n["provider:segmentation_id"] != 333.0 || n["provider:physical_network"] != "br-int" {
		t.Errorf("network: %v", n)
	}
	if v4["gateway_ip"] != "10.33.0.254" || v6["gateway_ip"] != nil {
		t.Errorf("gateways: %v and %v", v4["gateway_ip"], v6["gateway_ip"])
	}
	if ips, _ := p["fixed_ips"].([]any); len(ips) != 2 {
		t.Errorf("the port has %v, want an address of each version", p["fixed_ips"])
	}
	for _, tt := range []struct{ kind, filter, want string }{
		{"network", "name=green", id},
		{"network", "id=" + id, id},
		{"network", "name=gre", ""},
		{"subnet", "network_id=" + id + "&ip_version=4", fmt.Sprint(v4["id"])},
		{"port", "network_id=" + id, port},
		{"port", "mac_address=52:54:00:12:34:56", port},
		{"port", "fixed_ips=ip_address%3D10.33.0.10", port},
		{"port", "fixed_ips=ip_address%3D10.33.0.11", ""},
		{"port", "fixed_ips=subnet_id%3D" + l.subnet6(), port},
		{"port", "device_id=" + host.Guest("g1").UUID, ""},
		{"port", "name=p&device_id=", port},
	} {
		if got := strings.Join(query(t, tt.kind, tt.filter), " "); got != tt.want {
			t.Errorf("%ss with %s: %q, want %q", tt.kind, tt.filter, got, tt.want)
		}
	}

	ask(t, "PUT", "/v2.0/networks/"+id, `{"network": {"name": "greener"}}`).is(t, 200)
	ask(t, "PUT", "/v2.0/ports/"+port, `{"port": {"name": "q", "fixed_ips": [{"ip_address": "10.33.0.77"}]}}`).is(t, 200)
	for path, want := range map[string]string{"/v2.0/networks/" + id: "greener", "/v2.0/ports/" + port: "10.33.0.77"} {
		if a := ask(t, "GET", path, "").is(t, 200); !strings.Contains(a.Body, want) {
			t.Errorf("%s after its update: %s", path, a.Body)
		}
	}
}

// A port that is plugged in is held, with its network, until it is detached.
func TestNetworkInUse(t *testing.T) {
	clean(t)
	l := newLab(t)
	id, port := l.id(), l.portID()
	attached := attach(t, host.Guest("g1"), `{"port_id": "`+port+`"}`)
	if got := strings.Join(query(t, "port", "device_id=$g1"), " "); got != port {
		t.Errorf("ports of g1: %q", got)
	}
	if l := linkOf(t, details(t, attached.Port).Tap); l.MTU != 1400 {
		t.Errorf("the tap has MTU %d", l.MTU)
	}
	if mtu := column(t, "Interface", details(t, attached.Port).Tap, "mtu_request")[0]; mtu != "1400" {
		t.Errorf("the switch port has MTU %s", mtu)
	}
	ask(t, "DELETE", "/v2.0/ports/"+port, "").is(t, 409)
	ask(t, "DELETE", "/v2.0/networks/"+id, "").is(t, 409)
	detach(t, host.Guest("g1"), port)
	ask(t, "DELETE", "/v2.0/ports/"+port, "").is(t, 204)
	ask(t, "DELETE", "/v2.0/networks/"+id, "").is(t, 204)
	ask(t, "GET", "/v2.0/networks/"+id, "").is(t, 404)
}

// What does not go together is refused in Neutron's words.
func TestNetworkingRefuses(t *testing.T) {
	clean(t)
	create(t, "port", `{"network_id": "$blue", "mac_address": "52:54:00:aa:bb:cc"}`)
	for _, tt := range []struct {
		name, kind, body string
		status           int
		fault            string
	}{
		{"VLAN taken", "network", `{"name": "n", "provider:network_type": "vlan", "provider:segmentation_id": 100}`, 409, ""},
		{"VLAN out of range", "network", `{"name": "n", "provider:network_type": "vlan", "provider:segmentation_id": 4095}`, 400, ""},
		{"bridge with a path", "network", `{"name": "n", "provider:physical_network": "../x"}`, 400, ""},
		{"MAC taken", "port", `{"network_id": "$blue", "mac_address": "52:54:00:AA:BB:CC"}`, 409, ""},
		{"multicast MAC", "port", `{"network_id": "$blue", "mac_address": "01:00:5e:00:00:01"}`, 400, ""},
		{"no network", "port", `{}`, 400, ""},
		{"unknown network", "port", `{"network_id": "` + nobody + `"}`, 404, "NetworkNotFound"},
		{"gateway", "port", `{"network_id": "$blue", "fixed_ips": [{"ip_address": "10.20.0.1"}]}`, 400, "InvalidInput"},
		{"overlap", "subnet", `{"network_id": "$blue", "ip_version": 4, "cidr": "10.20.0.128/25"}`, 400, "InvalidInput"},
		{"bits beyond the prefix", "subnet", `{"network_id": "$blue", "ip_version": 4, "cidr": "10.21.0.1/24"}`, 400, ""},
		{"unknown member", "subnet", `{"network_id": "$blue", "ip_version": 4, "cidr": "10.21.0.0/24", "x": 1}`, 400, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := ask(t, "POST", "/v2.0/"+tt.kind+"s", `{"`+tt.kind+`": `+tt.body+`}`).is(t, tt.status)
			var said struct {
				NeutronError struct{ Type, Message string }
			}
			a.into(t, &said)
			if said.NeutronError.Message == "" || tt.fault != "" && said.NeutronError.Type != tt.fault {
				t.Errorf("refused with %s, want %s", a.Body, tt.fault)
			}
		})
	}
}

// An address that was given back rests before somebody else gets it; who gave
// it back may have it again.
func TestQuarantine(t *testing.T) {
	clean(t)
	configured(t, "[network]\nquarantine = \"3s\"\n")
	g := host.Guest("g1")
	const (
		mine   = "/v2.1/servers/$g1/os-interface"
		theirs = "/v2.1/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/servers/$g1/os-interface"
		body   = `{"interfaceAttachment": {"net_id": "$blue", "fixed_ips": [{"ip_address": "10.20.0.123"}]}}`
	)
	for range 2 {
		detach(t, g, attached(t, g, ask(t, "POST", mine, body)).Port)
	}
	a := ask(t, "POST", theirs, body)
	if a.Status == 200 {
		attached(t, g, a)
	}
	checkFault(t, a, 409, "It was given back a moment ago")
	wait.Until(t, soon, func() string {
		if a = ask(t, "POST", theirs, body); a.Status != 200 {
			return a.Body
		}
		return ""
	})
	attached(t, g, a)
}
