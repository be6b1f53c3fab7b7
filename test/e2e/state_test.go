package e2e

import (
	"strings"
	"testing"
	"time"

	"vifd/test/testhost"
	"vifd/test/wait"
)

const blue = `{"net_id": "$blue"}`

// spare returns a guest of its own for a test.
func spare(t *testing.T, g testhost.Guest) *testhost.Running {
	t.Helper()
	t.Cleanup(func() {
		_, _ = run("virsh destroy " + g.Name) // it may be off
		_, _ = run("virsh undefine --managed-save " + g.Name)
	})
	r, err := host.AddGuest(within(t, 3*patience), g)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// start starts a guest that is off and returns its console from there on.
func start(t *testing.T, g *testhost.Running) *testhost.Console {
	t.Helper()
	console := g.Console()
	if err := g.Start(within(t, 3*patience)); err != nil {
		t.Fatal(err)
	}
	return console
}

// A paused guest gets its NIC at once, and sees it when it goes on. It can let
// go of one only then.
func TestPaused(t *testing.T) {
	clean(t)
	g := host.Guest("g1")
	console := g.Console()
	sh(t, "virsh suspend g1")
	t.Cleanup(func() { _, _ = run("virsh resume g1") })
	n := attach(t, g, blue)
	d := defined(t, g, n.Port)
	sh(t, "virsh resume g1")
	if line := appears(t, console, n); !strings.Contains(line, d.pci()) {
		t.Errorf("the guest says %q, libvirt %s", line, d.pci())
	}
	sh(t, "virsh suspend g1")
	ask(t, "DELETE", interfaces(g)+"/"+n.Port, "").is(t, 202)
	if s := state(t, g, n.Port); s != "BUILD" {
		t.Errorf("being detached, the port is %s", s)
	}
	sh(t, "virsh resume g1")
	gone(t, g, n.Port)
}

// A server that is off gets the NIC in its definition, and has it when it starts.
func TestOff(t *testing.T) {
	clean(t)
	g := spare(t, testhost.Guest{Name: "off", Off: true})
	n := nicOf(t, ask(t, "POST", interfaces(g), `{"interfaceAttachment": `+blue+`}`, shown).is(t, 200))
	other := nicOf(t, ask(t, "POST", interfaces(g), `{"interfaceAttachment": `+blue+`}`, shown).is(t, 200))
	if n.State != "DOWN" {
		t.Errorf("the server is off, and the port %s", n.State)
	}
	if _, ok := find(nics(t, g, false), n.Port); !ok {
		t.Error("the definition does not have the NIC")
	}
	detach(t, g, other.Port)
	if _, ok := find(nics(t, g, false), other.Port); ok {
		t.Error("the definition still has the NIC that was detached")
	}
	console := start(t, g)
	appears(t, console, n)
	becomes(t, g, n.Port, "ACTIVE")
	defined(t, g, n.Port)
	detach(t, g, n.Port)
}

// A transient server has no definition, and gets the NIC as long as it runs.
func TestTransient(t *testing.T) {
	clean(t)
	g := spare(t, testhost.Guest{Name: "brief", Transient: true})
	console := g.Console()
	n := attach(t, g, blue)
	appears(t, console, n)
	detach(t, g, n.Port)
	disappears(t, console, n)

	kept, _ := createPort(t, `{"network_id": "$blue"}`)
	attach(t, g, `{"port_id": "`+kept+`"}`)
	attach(t, g, blue)
	if err := g.Destroy(within(t, patience)); err != nil {
		t.Fatal(err)
	}
	released(t, kept)
	ask(t, "GET", interfaces(g), "").is(t, 404)
}

// soon is less than vifd takes to look at everything by itself: what has to be
// over by then, vifd was told of.
const soon = 15 * time.Second

// released waits until no server holds the port.
func released(t *testing.T, port string) {
	t.Helper()
	wait.Until(t, soon, func() string {
		a := ask(t, "GET", "/v2.0/ports/"+port, "").is(t, 200)
		if !strings.Contains(strings.ReplaceAll(a.Body, " ", ""), `"device_id":""`) {
			return a.Body
		}
		return ""
	})
}

// A guest that never answers keeps its NIC: the port is in BUILD, and address
// and MAC stay taken, until the guest is ended.
func TestGuestThatNeverLetsGo(t *testing.T) {
	clean(t)
	g := spare(t, testhost.Guest{Name: "deaf", Firmware: true})
	port, mac := createPort(t, `{"network_id": "$blue", "fixed_ips": [{"ip_address": "10.20.0.66"}]}`)
	attach(t, g, `{"port_id": "`+port+`"}`)
	defined(t, g, port)
	for range 3 {
		ask(t, "DELETE", interfaces(g)+"/"+port, "").is(t, 202)
		if s := state(t, g, port); s != "BUILD" {
			t.Errorf("being detached, the port is %s", s)
		}
	}
	for body, status := range map[string]int{
		`{"port_id": "` + port + `"}`:                                      409,
		`{"net_id": "$blue", "fixed_ips": [{"ip_address": "10.20.0.66"}]}`: 409,
	} {
		ask(t, "POST", "/v2.1/servers/$g1/os-interface", `{"interfaceAttachment": `+body+`}`).is(t, status)
	}
	ask(t, "POST", "/v2.0/ports", `{"port": {"network_id": "$blue", "mac_address": "`+mac+`"}}`).is(t, 409)
	ask(t, "DELETE", "/v2.0/ports/"+port, "").is(t, 409)
	restartVifd(t)
	ask(t, "DELETE", interfaces(g)+"/"+port, "").is(t, 202)
	if s := state(t, g, port); s != "BUILD" {
		t.Errorf("after a restart of vifd the port is %s", s)
	}
	if d := details(t, port); !strings.Contains(linkOf(t, d.Tap).Alias, port) {
		t.Errorf("its tap is %+v", linkOf(t, d.Tap))
	}
	if err := g.Destroy(within(t, patience)); err != nil {
		t.Fatal(err)
	}
	gone(t, g, port)
	released(t, port)
	if _, ok := find(nics(t, g, false), port); ok {
		t.Error("the definition still has the NIC")
	}
}

// A server that is undefined gives its ports back.
func TestUndefined(t *testing.T) {
	clean(t)
	g := spare(t, testhost.Guest{Name: "ended", Firmware: true})
	kept, _ := createPort(t, `{"network_id": "$blue"}`)
	attach(t, g, `{"port_id": "`+kept+`"}`)
	made := attach(t, g, blue).Port
	defined(t, g, made)
	sh(t, "virsh destroy ended")
	becomes(t, g, kept, "DOWN")
	sh(t, "virsh undefine ended")
	released(t, kept)
	wait.Until(t, soon, func() string {
		if a := ask(t, "GET", "/v2.0/ports/"+made, ""); a.Status != 404 {
			return a.Body
		}
		return ""
	})
	a := ask(t, "POST", interfaces(g), `{"interfaceAttachment": `+blue+`}`).is(t, 404)
	if _, _, why := a.fault(t); why != "Instance "+g.UUID+" could not be found." {
		t.Errorf("refused with %q", why)
	}
}

// A guest that boots anew, by itself or after it was off, has its NIC where it was.
func TestRebootAndStop(t *testing.T) {
	clean(t)
	g := spare(t, testhost.Guest{Name: "boots"})
	console := g.Console()
	n := attach(t, g, blue)
	appears(t, console, n)
	pci := defined(t, g, n.Port).pci()

	sh(t, "virsh reset boots")
	if line := appears(t, console, n); !strings.Contains(line, pci) {
		t.Errorf("after a reset the guest says %q, want it at %s", line, pci)
	}
	becomes(t, g, n.Port, "ACTIVE")

	if err := g.Destroy(within(t, patience)); err != nil {
		t.Fatal(err)
	}
	becomes(t, g, n.Port, "DOWN")
	if line := appears(t, start(t, g), n); !strings.Contains(line, pci) {
		t.Errorf("after a stop the guest says %q, want it at %s", line, pci)
	}
	becomes(t, g, n.Port, "ACTIVE")
	detach(t, g, n.Port)
}

// restartVifd ends vifd as an upgrade does, and starts it again.
func restartVifd(t *testing.T) {
	t.Helper()
	if err := host.Vifd.Stop(within(t, patience)); err != nil {
		t.Fatal(err)
	}
	if err := host.Vifd.Start(within(t, patience)); err != nil {
		t.Fatal(err)
	}
}
