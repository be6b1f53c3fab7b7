package e2e

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"vifd/test/testhost"
	"vifd/test/wait"
)

// Of three NICs the one in the middle goes first; the others stay as they are.
func TestDetachTheMiddle(t *testing.T) {
	clean(t)
	g := host.Guest("g1")
	var all []nic
	before := map[string]device{}
	for _, tag := range []string{"first", "middle", "last"} {
		console := g.Console()
		n := attach(t, g, `{"net_id": "$blue", "tag": "`+tag+`"}`)
		appears(t, console, n)
		before[n.Port] = defined(t, g, n.Port)
		all = append(all, n)
	}
	for i, leaving := range []int{1, 2, 0} {
		console := g.Console()
		detach(t, g, all[leaving].Port)
		disappears(t, console, all[leaving])
		ports := listed(t, g)
		if len(ports) != 2-i || ports[all[leaving].Port] {
			t.Errorf("after %s went the list has %v", all[leaving].Port, ports)
		}
		for port := range ports {
			if d := defined(t, g, port); d != before[port] {
				t.Errorf("%+v was %+v", d, before[port])
			}
			if s := state(t, g, port); s != "ACTIVE" {
				t.Errorf("port %s, which stays, is %s", port, s)
			}
		}
	}
}

// appears waits until the guest says that the NIC is there, and returns what it
// says: its name, MAC, PCI address and MTU.
func appears(t *testing.T, console *testhost.Console, n nic) string {
	t.Helper()
	line, err := console.Line(within(t, patience), `^nic \+ eth[0-9]+ `+n.MAC+` `)
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func disappears(t *testing.T, console *testhost.Console, n nic) {
	t.Helper()
	if _, err := console.Line(within(t, patience), `^nic - eth[0-9]+ `+n.MAC+`$`); err != nil {
		t.Error(err)
	}
}

// listed returns the ports that the API lists for the server.
func listed(t *testing.T, g *testhost.Running) map[string]bool {
	t.Helper()
	var said struct{ InterfaceAttachments []nic }
	ask(t, "GET", interfaces(g), "").is(t, 200).into(t, &said)
	ports := map[string]bool{}
	for _, n := range said.InterfaceAttachments {
		ports[n.Port] = true
	}
	return ports
}

// A port that vifd made goes with its NIC; one that was there before stays, and
// belongs to nobody.
func TestPortsAfterDetach(t *testing.T) {
	clean(t)
	g := host.Guest("g1")
	kept, _ := createPort(t, `{"network_id": "$blue", "name": "kept"}`)
	made := attach(t, g, `{"net_id": "$blue"}`).Port
	attach(t, g, `{"port_id": "`+kept+`"}`)
	for _, port := range []string{kept, made} {
		var said struct {
			Port struct {
				Device string `json:"device_id"`
				Status string
				Kind   string `json:"binding:vif_type"`
			}
		}
		ask(t, "GET", "/v2.0/ports/"+port, "").is(t, 200).into(t, &said)
		if said.Port.Device != g.UUID || said.Port.Status != "ACTIVE" || said.Port.Kind != "ovs" {
			t.Errorf("attached, port %s is %+v", port, said.Port)
		}
		detach(t, g, port)
	}
	ask(t, "GET", "/v2.0/ports/"+made, "").is(t, 404)
	a := ask(t, "GET", "/v2.0/ports/"+kept, "").is(t, 200)
	for _, want := range []string{`"device_id":""`, `"status":"DOWN"`, `"binding:vif_type":"unbound"`, `"binding:host_id":""`} {
		if !strings.Contains(strings.ReplaceAll(a.Body, `": `, `":`), want) {
			t.Errorf("detached, the port is %s, without %s", a.Body, want)
		}
	}
}

// As soon as the one server does not have the port any more, the next may.
func TestReattachElsewhere(t *testing.T) {
	clean(t)
	port, mac := createPort(t, `{"network_id": "$blue"}`)
	body := `{"port_id": "` + port + `"}`
	from, to := host.Guest("g1"), host.Guest("g2")
	for range 4 {
		if n := attach(t, from, body); n.MAC != mac {
			t.Errorf("its MAC is %s, want %s", n.MAC, mac)
		}
		a := ask(t, "POST", interfaces(to), `{"interfaceAttachment": `+body+`}`).is(t, 409)
		if _, _, why := a.fault(t); why != "Port "+port+" is still in use." {
			t.Errorf("while the other has it: %q", why)
		}
		detach(t, from, port)
		from, to = to, from
	}
	detachedOnce(t, from, port)
	detachedOnce(t, to, port)
}

func detachedOnce(t *testing.T, g *testhost.Running, port string) {
	t.Helper()
	a := ask(t, "DELETE", interfaces(g)+"/"+port, "").is(t, 404)
	if name, code, _ := a.fault(t); name != "itemNotFound" || code != 404 {
		t.Errorf("to take out what is not in: %s", a.Body)
	}
}

// Twenty rounds leave nothing behind, and take the same slot each time.
func TestTwentyRounds(t *testing.T) {
	clean(t)
	g := host.Guest("g1")
	slots := map[string]int{}
	for range 20 {
		n := attach(t, g, `{"net_id": "$blue"}`)
		slots[defined(t, g, n.Port).pci()]++
		detach(t, g, n.Port)
	}
	if len(slots) != 1 {
		t.Errorf("slots used: %v, want one", slots)
	}
	if left := wait.For(settle, leftovers); left != "" {
		t.Errorf("left on the host:\n%s", left)
	}
	if controllers := sh(t, `virsh dumpxml g1 --inactive | grep -c "type='pci'"`); controllers == "0" {
		t.Error("the definition has lost its controllers")
	}
}

// A DELETE comes while the guest is still at the NIC that it has just got.
func TestDetachAtOnce(t *testing.T) {
	clean(t)
	g := host.Guest("g1")
	for range 5 {
		n := nicOf(t, ask(t, "POST", interfaces(g), `{"interfaceAttachment": {"net_id": "$blue"}}`).is(t, 200))
		ask(t, "DELETE", interfaces(g)+"/"+n.Port, "").is(t, 202)
		gone(t, g, n.Port)
	}
}

// When all slots are taken the next NIC is refused before anything is made, and
// a slot that is given back is used again. All come at the same time.
func TestNoSlot(t *testing.T) {
	clean(t)
	g := host.Guest("g1")
	answers := make([]answer, 8)
	body := expand(t, `{"interfaceAttachment": {"net_id": "$blue"}}`)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			a, err := send(within(t, 2*patience), "POST", interfaces(g), body)
			if err != nil {
				t.Error(err)
			}
			answers[i] = a
		})
	}
	all.Wait()
	var ports []string
	for _, a := range answers {
		ports = append(ports, attached(t, g, a).Port)
	}
	refused := ask(t, "POST", interfaces(g), body).is(t, 409)
	if name, _, why := refused.fault(t); name != "conflictingRequest" || !strings.Contains(why, "no free PCI slot") ||
		!strings.Contains(why, "pcie-root-port") {
		t.Errorf("refused with %s", refused.Body)
	}
	if n := len(listed(t, g)); n != 8 {
		t.Errorf("the server has %d interfaces", n)
	}
	taken := defined(t, g, ports[3]).pci()
	detach(t, g, ports[3])
	n := attach(t, g, `{"net_id": "$blue"}`)
	if got := defined(t, g, n.Port).pci(); got != taken {
		t.Errorf("it is at %s, want %s, which is the only free one", got, taken)
	}
	ask(t, "POST", interfaces(g), body).is(t, 409)
}

// Different servers are served side by side.
func TestServersSideBySide(t *testing.T) {
	clean(t)
	body := expand(t, `{"interfaceAttachment": {"net_id": "$blue"}}`)
	var all sync.WaitGroup
	for _, name := range []string{"g1", "g2"} {
		all.Go(func() {
			g := host.Guest(name)
			for range 6 {
				if why := round(within(t, 3*patience), g, body); why != nil {
					t.Error(fmt.Errorf("%s: %w", name, why))
					return
				}
			}
		})
	}
	all.Wait()
}
