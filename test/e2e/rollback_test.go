package e2e

import (
	"strings"
	"testing"

	"vifd/test/testhost"
	"vifd/test/wait"
)

// What the host lacks or has too much of makes an attach fail without a trace,
// and is said to whoever asked.
func TestAttachFails(t *testing.T) {
	for _, tt := range []struct {
		name   string
		make   func(t *testing.T) (g *testhost.Running, body string)
		status int
		fault  string
		why    string
	}{
		{"no bridge", onNoBridge, 503, "serviceUnavailable", "bridge br-none does not exist on this host"},
		{"libvirt refuses", withoutSlots, 409, "conflictingRequest", "PCI"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			clean(t)
			g, body := tt.make(t)
			for range 2 {
				a := ask(t, "POST", interfaces(g), `{"interfaceAttachment": `+body+`}`).is(t, tt.status)
				if name, code, why := a.fault(t); name != tt.fault || code != tt.status || !strings.Contains(why, tt.why) {
					t.Errorf("refused with %s, want %s and %q", a.Body, tt.fault, tt.why)
				}
				if retry := a.Header.Get("Retry-After"); (retry != "") != (tt.status == 503) {
					t.Errorf("Retry-After: %q", retry)
				}
			}
			if ports := listed(t, g); len(ports) != 0 {
				t.Errorf("the server has %v", ports)
			}
		})
	}
}

func onNoBridge(t *testing.T) (*testhost.Running, string) {
	var made struct{ Network struct{ ID string } }
	ask(t, "POST", "/v2.0/networks", `{"network": {"name": "nowhere", "provider:physical_network": "br-none"}}`).is(t, 201).into(t, &made)
	t.Cleanup(func() { drop(t, "/v2.0/networks/"+made.Network.ID) })
	return host.Guest("g1"), `{"net_id": "` + made.Network.ID + `"}`
}

func withoutSlots(t *testing.T) (*testhost.Running, string) {
	return spare(t, testhost.Guest{Name: "full", Firmware: true, Slots: -1}), blue
}

// A stranger's device or switch port that has the tap's name is left alone, and
// the tap gets another name.
func TestTapNameTaken(t *testing.T) {
	for name, command := range map[string][2]string{
		"tap":                  {"ip tuntap add mode tap name $tap", "ip tuntap del mode tap name $tap"},
		"row without a device": {"ovs-vsctl --timeout=5 add-port br-int $tap || true", "ovs-vsctl del-port br-int $tap"}, // it says that there is no such device
		"bridge port":          {"ovs-vsctl add-port br-int $tap -- set Interface $tap type=internal", "ovs-vsctl del-port br-int $tap"},
	} {
		t.Run(name, func(t *testing.T) {
			port, _ := createPort(t, `{"network_id": "$blue"}`)
			taken := "tap" + port[:11]
			sh(t, strings.ReplaceAll(command[0], "$tap", taken))
			before := stranger(t, taken)
			g := host.Guest("g1")
			console := g.Console()
			n := attach(t, g, `{"port_id": "`+port+`"}`)
			checkWhole(t, g, console, n)
			if d := details(t, port); d.Tap == taken {
				t.Errorf("the tap is %s, which is somebody else's", d.Tap)
			}
			detach(t, g, port)
			if after := stranger(t, taken); after != before {
				t.Errorf("the stranger's device was\n%s\nand is\n%s", before, after)
			}
			sh(t, strings.ReplaceAll(command[1], "$tap", taken))
			drop(t, "/v2.0/ports/"+port)
			if left := wait.For(settle, leftovers); left != "" {
				t.Errorf("left on the host:\n%s", left)
			}
		})
	}
}

// stranger is all that there is of that name on the host.
func stranger(t *testing.T, name string) string {
	t.Helper()
	link, _ := run("ip -d link show dev " + name)
	return link + sh(t, "ovs-vsctl --columns=name,type,external_ids find Interface name="+name+
		"; ovs-vsctl --columns=_uuid,name,tag,external_ids find Port name="+name)
}
