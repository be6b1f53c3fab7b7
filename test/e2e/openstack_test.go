package e2e

import (
	"strings"
	"testing"
)

// The openstack client plugs NICs in and takes them out, at microversions old and
// new, knowing nothing but the one URL.
func TestOpenStackClient(t *testing.T) {
	clean(t)
	openly(t)
	for _, tt := range []struct {
		name, version string
		story         func(t *testing.T, version string)
	}{
		{"port", "2.1", addPort},
		{"network", "2.49", addNetwork},
		{"fixed ip", "2.70", addFixedIP},
		{"another address", "2.43", anotherAddress},
		{"names", "2.1", sizes},
		{"names", "2.92", sizes},
		{"lock", "2.92", lockServer}, // the newest that this client knows
		{"lists", "2.92", listAll},
	} {
		t.Run(tt.name+" "+tt.version, func(t *testing.T) { tt.story(t, tt.version) })
	}
}

// addPort goes by names all the way.
func addPort(t *testing.T, version string) {
	g, console := guestAndConsole(t)
	port, mac := createPort(t, `{"network_id": "$blue", "name": "web"}`)
	if out := openstack(t, version, "server add port g1 web"); out != "" {
		t.Errorf("printed %s", out)
	}
	n := only(t, g)
	if n.Port != port || n.MAC != mac {
		t.Errorf("g1 has %+v, want port %s", n, port)
	}
	checkWhole(t, g, console, n)
	ports := printed[[]struct {
		ID     string
		Status string
		MAC    string `json:"MAC Address"`
	}](t, openstack(t, version, "port list --server g1 -f json"))
	if len(ports) != 1 || ports[0].ID != port || ports[0].Status != "ACTIVE" || ports[0].MAC != mac {
		t.Errorf("ports of g1: %+v", ports)
	}
	openstack(t, version, "server remove port g1 web")
	gone(t, g, port)
	if _, inside := find(nics(t, g, true), port); inside {
		t.Error("the guest has it still")
	}
}

func addNetwork(t *testing.T, version string) {
	g, console := guestAndConsole(t)
	openstack(t, version, "server add network g1 blue --tag uplink")
	n := only(t, g)
	if n.Net != networkID(t, "blue") || n.Tag == nil || *n.Tag != "uplink" {
		t.Errorf("g1 has %+v, want a NIC on blue with the tag", n)
	}
	checkWhole(t, g, console, n)
	server := printed[struct {
		Name, Status string
		Addresses    map[string][]string
	}](t, openstack(t, version, "server show g1 -f json"))
	if got := strings.Join(server.Addresses["blue"], " "); server.Name != "g1" || server.Status != "ACTIVE" || got != n.ip(4).String()+" "+n.ip(6).String() {
		t.Errorf("g1 is shown as %+v, want the addresses of %+v", server, n)
	}
	openstack(t, version, "server remove network g1 blue")
	gone(t, g, n.Port)
}

func addFixedIP(t *testing.T, version string) {
	g, console := guestAndConsole(t)
	made := printed[map[string]any](t, openstack(t, version, "server add fixed ip g1 blue --fixed-ip-address 10.20.0.77 --tag db -f json"))
	n := only(t, g)
	for name, want := range map[string]string{
		"Port ID": n.Port, "Server ID": g.UUID, "Network ID": networkID(t, "blue"), "MAC Address": n.MAC, "Port State": "ACTIVE", "Tag": "db",
	} {
		if made[name] != want {
			t.Errorf("%s is printed as %v, want %s", name, made[name], want)
		}
	}
	if n.ip(4).String() != "10.20.0.77" {
		t.Errorf("g1 has %+v", n)
	}
	checkWhole(t, g, console, n)
	openstack(t, version, "server remove port g1 "+n.Port)
	gone(t, g, n.Port)
}

// anotherAddress gives a port that is there one more. This client has lost the
// command that takes it away again.
func anotherAddress(t *testing.T, version string) {
	g := guest1(t)
	before := attach(t, g, blue)
	openstack(t, version, "server add fixed ip g1 blue")
	if n := only(t, g); n.Port != before.Port || len(n.IPs) != len(before.IPs)+1 {
		t.Errorf("g1 had %+v, and has %+v", before, n)
	}
}

// sizes looks at servers as clients do who look everything up, and finds their
// size by its name.
func sizes(t *testing.T, version string) {
	contains(t, openstack(t, version, "server list -f value -c Name -c Flavor"), "g1 1-vcpu-128-mib", "g2 2-vcpu-128-mib")
	contains(t, openstack(t, version, "server show g1 -f value -c flavor"), "1-vcpu-128-mib")
	if version != "2.1" {
		contains(t, openstack(t, version, "flavor list -f value -c Name -c RAM -c VCPUs"), "1-vcpu-128-mib 128 1", "2-vcpu-128-mib 128 2")
		contains(t, openstack(t, version, "flavor show 1-vcpu-128-mib -f value -c vcpus"), "1")
	}
}

// lockServer locks, and reads afterwards what had been asked for.
func lockServer(t *testing.T, version string) {
	g := guest1(t)
	n := attach(t, g, blue)
	openstack(t, version, "server lock g1 --reason", "out of hours")
	locked := printed[map[string]any](t, openstack(t, version, "server show g1 -f json -c locked -c locked_reason"))
	if locked["locked"] != true || locked["locked_reason"] != "out of hours" {
		t.Errorf("shown as %v", locked)
	}
	openstack(t, version, "server unlock g1")
	if a := ask(t, "GET", "/v2.1/servers/$g1", "", "OpenStack-API-Version: compute 2.73").is(t, 200); !strings.Contains(a.Body, `"locked": false`) {
		t.Errorf("after unlock: %s", a.Body)
	}
	detach(t, g, n.Port)
	events := printed[[]map[string]any](t, openstack(t, version, "server event list g1 -f json"))
	if len(events) < 2 || events[0]["Action"] != "detach_interface" || events[1]["Action"] != "attach_interface" {
		t.Fatalf("events: %v", events)
	}
	id, _ := events[1]["Request ID"].(string)
	contains(t, openstack(t, version, "server event show g1 -f json "+id), "compute_attach_interface", "Success", id)
}

// listAll lists what there is; the client has a table for each.
func listAll(t *testing.T, version string) {
	n := attach(t, guest1(t), blue)
	for command, parts := range map[string][]string{
		"server list -f value":              {"g1 ACTIVE", "g2 ACTIVE", n.ip(4).String()},
		"network list -f value":             {"blue", "red", networkID(t, "blue")},
		"network show blue -f value -c mtu": {"1500"},
		"subnet list -f value":              {"10.20.0.0/24", "fd00:20::/64", "10.30.0.0/24"},
		"port show -f value " + n.Port:      {n.MAC, "compute:", "ACTIVE", guest1(t).UUID},
	} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			contains(t, openstack(t, version, command), parts...)
		})
	}
}
