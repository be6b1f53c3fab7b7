package e2e

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	"vifd/test/testhost"
)

// Compute 2.0: a NIC comes, is seen, and goes, below /v2.
func TestCompute20(t *testing.T) {
	clean(t)
	g := host.Guest("g1")
	console := g.Console()
	path := "/v2/servers/" + g.UUID + "/os-interface"
	a := ask(t, "POST", path, `{"interfaceAttachment": {"net_id": "$blue", "colour": "red"}, "x": 1}`, shown)
	n := attached(t, g, a)
	checkWhole(t, g, console, n)
	for _, header := range []string{"OpenStack-API-Version", "X-OpenStack-Nova-API-Version", "Vary"} {
		if got := a.Header.Get(header); got != "" {
			t.Errorf("%s: %s", header, got)
		}
	}
	for _, tt := range []struct{ path, part string }{
		{path, n.Port},
		{path + "/" + n.Port, n.MAC},
		{"/v2/servers/detail", n.ip(4).String()},
		{"/v2/servers/" + g.UUID, "http://vifd/v2/servers/" + g.UUID},
		{"/v2/servers/" + g.UUID + "/ips", n.ip(6).String()},
	} {
		if got := ask(t, "GET", tt.path, "", shown).is(t, 200); !strings.Contains(got.Body, tt.part) || strings.Contains(got.Body, `"tag"`) {
			t.Errorf("%s: %s, want %s in it, and no tag", tt.path, got.Body, tt.part)
		}
	}
	ask(t, "DELETE", path+"/"+n.Port, "").is(t, 202)
	gone(t, g, n.Port)
}

// What Compute 2.0 says otherwise than 2.1, of real things.
func TestCompute20Faults(t *testing.T) {
	clean(t)
	port, _ := createPort(t, `{"network_id": "$blue"}`)
	attach(t, host.Guest("g1"), `{"port_id": "`+port+`"}`)
	for _, tt := range []struct {
		name, body string
		status     int
		fault, why string
	}{
		{"port in use", `{"port_id": "` + port + `"}`, 400, "badRequest", "Port " + port + " is still in use."},
		{"both ids", `{"net_id": "$blue", "port_id": "` + port + `"}`, 400, "badRequest", "Must not input both network_id and port_id"},
		{"several networks", `{}`, 400, "badRequest", "Multiple possible networks found"},
		{"unknown port", `{"port_id": "` + nobody + `"}`, 500, "computeFault", "Port id " + nobody + " could not be found."},
		{"unknown network", `{"net_id": "` + nobody + `"}`, 500, "computeFault", "Network " + nobody + " could not be found."},
		{"unknown security group", `{"net_id": "$blue", "security_groups": ["` + nobody + `"]}`, 500, "computeFault", "Security group " + nobody + " does not exist"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := ask(t, "POST", "/v2/servers/$g1/os-interface", `{"interfaceAttachment": `+tt.body+`}`).is(t, tt.status)
			if name, code, message := a.fault(t); name != tt.fault || code != tt.status || !strings.Contains(message, tt.why) {
				t.Errorf("%s, want %s %d with %q", a.Body, tt.fault, tt.status, tt.why)
			}
		})
	}
}

// A rackNIC is an interface as Rackspace's Compute says it.
type rackNIC struct {
	ID        string
	MAC       string `json:"mac_address"`
	Addresses []struct {
		Address netip.Addr
		Network string `json:"network_id"`
		Label   string `json:"network_label"`
	} `json:"ip_addresses"`
}

// nic returns the NIC in the words of the other tests.
func (n rackNIC) nic() nic {
	said := nic{Port: n.ID, MAC: strings.ToLower(n.MAC), State: "ACTIVE"}
	for _, a := range n.Addresses {
		said.Net = a.Network
		said.IPs = append(said.IPs, fixedIP{Address: a.Address})
	}
	return said
}

// rackNICs returns the interfaces of an answer.
func rackNICs(t *testing.T, a answer) []rackNIC {
	t.Helper()
	var said struct {
		Interfaces []rackNIC `json:"virtual_interfaces"`
	}
	a.is(t, 200).into(t, &said)
	return said.Interfaces
}

// Rackspace's: one NIC a network comes, is listed, and is gone when its DELETE
// is answered; at both bases.
func TestRackspace(t *testing.T) {
	clean(t)
	configured(t, "[rackspace]\ngets_per_minute = 0\nposts_per_minute = 0\n")
	g := host.Guest("g1")
	for _, base := range []string{"/v2", "/v2.1"} {
		t.Run(base, func(t *testing.T) {
			console := g.Console()
			path := base + "/servers/" + g.UUID + "/os-virtual-interfacesv2"
			body := `{"virtual_interface": {"network_id": "$blue"}}`
			made := rackNICs(t, ask(t, "POST", path, body))
			if len(made) != 1 || len(made[0].Addresses) != 2 || made[0].Addresses[1].Label != "blue" || made[0].MAC != strings.ToUpper(made[0].MAC) {
				t.Fatalf("made %+v", made)
			}
			t.Cleanup(func() { takeOut(t, g, made[0].ID) })
			checkWhole(t, g, console, made[0].nic())
			if name, _, why := ask(t, "POST", path, body).is(t, 409).fault(t); name != "conflictingRequest" || !strings.Contains(why, "one per network") {
				t.Errorf("a second time: %s, %s", name, why)
			}
			checkSame(t, rackNICs(t, ask(t, "GET", path, "")), made)
			ask(t, "PUT", path, body).is(t, 405)
			a := ask(t, "DELETE", path+"/"+made[0].ID, "").is(t, 200)
			if a.Body != "" || defines(t, g, made[0].ID) {
				t.Errorf("answered %q, and libvirt has the NIC: %t", a.Body, defines(t, g, made[0].ID))
			}
			ask(t, "DELETE", path+"/"+made[0].ID, "").is(t, 404)
		})
	}
}

func checkSame(t *testing.T, got, want any) {
	t.Helper()
	have, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	wanted, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != string(wanted) {
		t.Errorf("%s, want %s", have, wanted)
	}
}

// defines tells whether libvirt knows the port's NIC.
func defines(t *testing.T, g *testhost.Running, port string) bool {
	t.Helper()
	_, found := run("virsh dumpxml " + g.Name + " | grep -q ua-vifd-" + port)
	return found
}

// The rates are those of the configuration, and the older list ends where it
// says so.
func TestDialectsConfigured(t *testing.T) {
	clean(t)
	configured(t, "[compute]\nvirtual_interfaces = \"gone\"\n[rackspace]\nposts_per_minute = 2\n")
	path := "/v2/servers/$g1/os-virtual-interfacesv2"
	for range 2 {
		ask(t, "POST", path, `{}`).is(t, 400)
	}
	a := ask(t, "POST", path, `{}`).is(t, 413)
	if name, _, _ := a.fault(t); name != "overLimit" || a.Header.Get("Retry-After") != "30" {
		t.Errorf("%s, Retry-After %s", a.Body, a.Header.Get("Retry-After"))
	}
	ask(t, "GET", path, "").is(t, 200)
	ask(t, "GET", "/v2/servers/$g1/os-virtual-interfaces", "").is(t, 410)
}

// os-virtual-interfaces says of a NIC what its version has.
func TestVirtualInterfaces(t *testing.T) {
	clean(t)
	g := host.Guest("g1")
	one, two := attach(t, g, blue), attach(t, g, `{"net_id": "$red"}`)
	for _, tt := range []struct {
		path, version string
		net           string // the name of the member with the network
	}{
		{"/v2", "2.70", "OS-EXT-VIF-NET:net_id"},
		{"/v2.1", "2.1", ""},
		{"/v2.1", "2.12", "net_id"},
	} {
		path := tt.path + "/servers/" + g.UUID + "/os-virtual-interfaces"
		var all, second struct {
			Interfaces []map[string]string `json:"virtual_interfaces"`
		}
		ask(t, "GET", path, "", "X-OpenStack-Nova-API-Version: "+tt.version).is(t, 200).into(t, &all)
		ask(t, "GET", path+"?limit=1&offset=1", "", "X-OpenStack-Nova-API-Version: "+tt.version).is(t, 200).into(t, &second)
		var want []map[string]string
		for _, n := range []nic{one, two} {
			item := map[string]string{"id": n.Port, "mac_address": n.MAC}
			if tt.net != "" {
				item[tt.net] = n.Net
			}
			want = append(want, item)
		}
		checkSame(t, all.Interfaces, want)
		checkSame(t, second.Interfaces, want[1:])
	}
	ask(t, "GET", "/v2.1/servers/$g1/os-virtual-interfaces", "", "X-OpenStack-Nova-API-Version: 2.44").is(t, 404)
	ask(t, "GET", "/v2.1/servers/$g1/os-virtual-interfaces?limit=x", "").is(t, 400)
}
