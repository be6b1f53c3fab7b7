package e2e

import (
	"strings"
	"testing"

	"vifd/test/testhost"
	"vifd/test/wait"
)

// When libvirt or Open vSwitch do not run, changes are refused with the time to
// come back, reads go on, and vifd serves again by itself when they are back.
func TestOutage(t *testing.T) {
	for _, tt := range []struct {
		name  string
		down  func() []*testhost.Daemon // in the order in which they go
		reads []string
		why   string
	}{
		{"libvirtd", func() []*testhost.Daemon { return []*testhost.Daemon{host.Libvirtd} },
			[]string{"/v1/attachments", "/v2.0/ports", "/v1/status", "/healthz"}, "libvirt"},
		{"ovsdb-server", func() []*testhost.Daemon { return []*testhost.Daemon{host.OVSDB} },
			[]string{"/v1/attachments", "/v2.0/ports", "/v1/status", "/v2.1/servers", "/v2.1/servers/$g1/os-interface"}, "Open vSwitch"},
		{"ovs-vswitchd", func() []*testhost.Daemon { return []*testhost.Daemon{host.VSwitchd} },
			[]string{"/v1/attachments", "/v2.0/ports", "/v1/status", "/v2.1/servers", "/v2.1/servers/$g1/os-interface"}, "vswitch"},
		{"Open vSwitch", func() []*testhost.Daemon { return []*testhost.Daemon{host.VSwitchd, host.OVSDB} },
			[]string{"/v1/attachments", "/v2.0/ports", "/v1/status", "/v2.1/servers", "/v2.1/servers/$g1/os-interface"}, "Open vSwitch"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			clean(t)
			g, h := host.Guest("g1"), host.Guest("g2")
			healthy := attach(t, h, blue)
			for _, d := range tt.down() {
				if err := d.Kill(within(t, patience)); err != nil {
					t.Fatal(err)
				}
			}
			t.Cleanup(func() { bringBack(t, tt.down()) })
			refused(t, g, tt.why)
			for _, path := range tt.reads {
				ask(t, "GET", path, "").is(t, 200)
			}
			bringBack(t, tt.down())
			console := g.Console()
			n := servesAgain(t, g)
			checkWhole(t, g, console, n)
			becomes(t, h, healthy.Port, "ACTIVE")
			detach(t, h, healthy.Port)
			detach(t, g, n.Port)
		})
	}
}

// refused wants an attach to be refused for now.
func refused(t *testing.T, g *testhost.Running, why string) {
	t.Helper()
	a := ask(t, "POST", interfaces(g), `{"interfaceAttachment": `+blue+`}`).is(t, 503)
	if name, code, said := a.fault(t); name != "serviceUnavailable" || code != 503 || !strings.Contains(said, why) {
		t.Errorf("refused with %s, want something about %s", a.Body, why)
	}
	if a.Header.Get("Retry-After") == "" {
		t.Errorf("no Retry-After in %v", a.Header)
	}
}

// bringBack starts what was ended, the last first.
func bringBack(t *testing.T, daemons []*testhost.Daemon) {
	t.Helper()
	for i := range daemons {
		if err := daemons[len(daemons)-1-i].Start(within(t, 2*patience)); err != nil {
			t.Fatal(err)
		}
	}
}

// servesAgain attaches a NIC as soon as vifd does.
func servesAgain(t *testing.T, g *testhost.Running) nic {
	t.Helper()
	var a answer
	wait.Until(t, soon, func() string {
		a = ask(t, "POST", interfaces(g), `{"interfaceAttachment": `+blue+`}`, shown)
		if a.Status != 200 {
			return a.Body
		}
		return ""
	})
	n := nicOf(t, a)
	t.Cleanup(func() { takeOut(t, g, n.Port) })
	becomes(t, g, n.Port, "ACTIVE")
	return n
}

// A switch that hangs costs an attach its time, and then leaves no trace.
func TestFrozenSwitch(t *testing.T) {
	clean(t)
	configured(t, "[timeouts]\nattach = \"3s\"\nundo = \"3s\"\n")
	g := host.Guest("g1")
	if err := host.VSwitchd.Freeze(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = host.VSwitchd.Thaw() })
	a, err := send(within(t, 3*patience), "POST", interfaces(g), expand(t, `{"interfaceAttachment": `+blue+`}`))
	if err != nil || a.Status != 503 {
		t.Errorf("answered %+v, %v", a, err)
	}
	if err := host.VSwitchd.Thaw(); err != nil {
		t.Fatal(err)
	}
	wait.Until(t, soon, func() string {
		if ports := listed(t, g); len(ports) != 0 {
			return "the server still has a port"
		}
		return ""
	})
	takeOut(t, g, servesAgain(t, g).Port)
}

// What a restarted switch has forgotten it is told again: the guest goes on
// being heard, and being kept from lying.
func TestSwitchRestarts(t *testing.T) {
	clean(t)
	p := plug(t, "g1", blue)
	friend := peer(t, "blue", "10.20.0.250/24")
	in(t, p.guest, "ping -c 1 -W 10 10.20.0.250")
	for _, d := range []*testhost.Daemon{host.VSwitchd, host.OVSDB} {
		if err := d.Kill(within(t, patience)); err != nil {
			t.Fatal(err)
		}
		bringBack(t, []*testhost.Daemon{d})
		wait.Until(t, soon, func() string {
			out, status := try(t, p.guest, "ping -c 1 -W 1 10.20.0.250")
			if status != 0 {
				return out
			}
			return ""
		})
		becomes(t, p.guest, p.Port, "ACTIVE")
		heard := listen(t, friend)
		_, _ = try(t, p.guest, "dev="+p.dev+"; "+lies[0].command) // nobody answers
		in(t, p.guest, "ping -c 1 -W 10 -s 1234 10.20.0.250")
		wait.Until(t, patience, func() string { return heard.lacks("length 1276") })
		if heard.lacks(lies[0].words...) == "" {
			t.Errorf("after the restart the guest lies:\n%v", heard)
		}
	}
}
