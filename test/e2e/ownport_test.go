package e2e

import (
	"testing"

	"vifd/test/testhost"
	"vifd/test/wait"
)

// ownPortAfterFailure gives servers a port that was there before, and fails: the
// port is its owner's as it was, and goes to another server.
func ownPortAfterFailure(t *testing.T) {
	for _, tt := range []struct {
		name   string
		make   func(t *testing.T) (g *testhost.Running, network string)
		status int
		mend   string
	}{
		{"no bridge", nowhere, 503, "ovs-vsctl add-br br-none -- set bridge br-none datapath_type=netdev"},
		{"no slot", full, 409, "true"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			clean(t)
			g, network := tt.make(t)
			port, mac := createPort(t, `{"network_id": "`+network+`", "name": "own"}`)
			before := ask(t, "GET", "/v2.0/ports/"+port, "").is(t, 200).Body
			for range 2 {
				ask(t, "POST", interfaces(g), `{"interfaceAttachment": {"port_id": "`+port+`"}}`).is(t, tt.status)
				wait.Until(t, settle, func() string {
					if after := ask(t, "GET", "/v2.0/ports/"+port, "").is(t, 200).Body; after != before {
						return "the port is\n" + after + "\nand was\n" + before
					}
					return ""
				})
			}
			if got := query(t, "port", "id="+port+"&device_id="); len(got) != 1 {
				t.Error("the port belongs to a server")
			}
			if ports := listed(t, g); len(ports) != 0 {
				t.Errorf("the server has %v", ports)
			}
			sh(t, tt.mend)
			t.Cleanup(func() { sh(t, "ovs-vsctl --if-exists del-br br-none") })
			other := host.Guest("g2")
			if n := attach(t, other, `{"port_id": "`+port+`"}`); n.Port != port || n.MAC != mac {
				t.Errorf("the other server has %+v, want port %s with MAC %s", n, port, mac)
			}
			detach(t, other, port)
			if got := query(t, "port", "id="+port+"&device_id="); len(got) != 1 {
				t.Error("detached, the port is not there, or belongs to a server")
			}
		})
	}
}

// nowhere returns a network whose bridge this host does not have.
func nowhere(t *testing.T) (*testhost.Running, string) {
	made := create(t, "network", `{"name": "nowhere", "provider:physical_network": "br-none"}`)
	return host.Guest("g1"), made["id"].(string)
}

// full returns a server without a free slot.
func full(t *testing.T) (*testhost.Running, string) {
	return spare(t, testhost.Guest{Name: "full", Firmware: true, Slots: -1}), networkID(t, "blue")
}
