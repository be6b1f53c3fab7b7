package e2e

import (
	"fmt"
	"testing"
	"time"

	"vifd/test/testhost"
	"vifd/test/wait"
)

// offWith gives a server that is off a NIC, and starts it again at the end.
func offWith(t *testing.T) (*testhost.Running, nic) {
	t.Helper()
	g := host.Guest("g2")
	n := attach(t, g, blue)
	wait.Until(t, patience, persisted(t, n.Port))
	sh(t, "virsh -q destroy g2")
	t.Cleanup(func() {
		takeOut(t, g, n.Port)
		wait.Until(t, patience, func() string { // or it starts with what is just being taken out
			out, _ := run("virsh dumpxml --inactive " + g.Name + " | grep '<vifd:port'")
			return out
		})
		restartGuest(t, g)
	})
	return g, n
}

func restartGuest(t *testing.T, g *testhost.Running) {
	t.Helper()
	_, _ = run("virsh -q destroy " + g.Name) // it may be off
	bootGuest(t, g)
}

// bootGuest starts a guest and waits until it answers. One that does not come up
// is shown as it stands, and reset once: that is between its kernel and QEMU.
func bootGuest(t *testing.T, g *testhost.Running) {
	t.Helper()
	sh(t, "virsh -q start "+g.Name)
	if why := wait.For(patience, answers(t, g)); why != "" {
		console, _ := run(fmt.Sprintf("tail -n 15 %s/guests/%s.log; virsh domstate %s --reason", host.Dir, g.Name, g.Name))
		t.Logf("%s is reset, since it did not come up: %s\n%s", g.Name, why, console)
		sh(t, "virsh -q reset "+g.Name)
		wait.Until(t, 2*patience, answers(t, g))
	}
}

// answers tells what keeps a guest from running a command.
func answers(t *testing.T, g *testhost.Running) func() string {
	return func() string {
		if out, status, err := g.RunFor(within(t, patience), time.Second, "echo up"); err != nil || status != 0 {
			return fmt.Sprint(out, status, err)
		}
		return ""
	}
}

// After a reboot of the host its taps are gone, and the switch ports are about
// devices that are not there. vifd makes both whole before there is a libvirt.
func TestColdStart(t *testing.T) {
	clean(t)
	g, n := offWith(t)
	tap := details(t, n.Port).Tap
	stopVifd(t)
	for _, d := range []*testhost.Daemon{host.Libvirtd, host.VSwitchd} {
		if err := d.Kill(within(t, patience)); err != nil {
			t.Fatal(err)
		}
	}
	sh(t, "ip link del "+tap)
	bringBack(t, []*testhost.Daemon{host.VSwitchd})
	startVifd(t) // returns when it is ready
	sh(t, "ip link show dev "+tap+" up")
	wait.Until(t, patience, func() string {
		out, _ := run("ovs-vsctl get Interface " + tap + " ofport error")
		if want := fmt.Sprintf("%d\n[]", details(t, n.Port).OFPort); out != want {
			return out
		}
		return ""
	})
	bringBack(t, []*testhost.Daemon{host.Libvirtd})
	bootGuest(t, g)
	becomes(t, g, n.Port, "ACTIVE")
	reaches(t, g, n)
}

// reaches has the guest use the NIC.
func reaches(t *testing.T, g *testhost.Running, n nic) {
	t.Helper()
	peer(t, "blue", "10.20.0.250/24")
	in(t, g, fmt.Sprintf("dev=$(grep -l %s /sys/class/net/*/address | cut -d/ -f5); ip link set $dev up; ip addr add %v/24 dev $dev; ping -c 1 -W 10 10.20.0.250",
		n.MAC, n.ip(4)))
}

// Where tap and switch port of a server were deleted while no vifd ran, libvirt's
// hook makes them, so that it starts, and its NIC works before vifd is back.
func TestHook(t *testing.T) {
	clean(t)
	sh(t, host.Binary+" hook install")
	t.Cleanup(func() { sh(t, host.Binary+" hook remove") })
	if err := host.Libvirtd.Stop(within(t, patience)); err != nil {
		t.Fatal(err)
	}
	bringBack(t, []*testhost.Daemon{host.Libvirtd})
	takeOut(t, host.Guest("g1"), servesAgain(t, host.Guest("g1")).Port)
	freeze, thaw, nothing := does(host.Vifd.Freeze), does(host.Vifd.Thaw), func(*testing.T) {}
	for _, tt := range []struct {
		name    string
		before  func(*testing.T) // they are deleted
		between func(*testing.T) // that and the server's start
		after   func(*testing.T) // the server has started
	}{
		{"vifd stopped", stopVifd, nothing, nothing},
		{"vifd running", freeze, thaw, nothing}, // frozen, so that it does not mend by itself
		{"vifd frozen", freeze, nothing, thaw},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g, n := offWith(t)
			t.Cleanup(func() {
				_ = host.Vifd.Thaw()
				startVifd(t)
			})
			tap := details(t, n.Port).Tap
			tt.before(t)
			sh(t, "ip link del "+tap+"; ovs-vsctl --no-wait del-port "+tap)
			tt.between(t)
			bootGuest(t, g)
			tt.after(t)
			if tt.name != "vifd stopped" {
				becomes(t, g, n.Port, "ACTIVE")
			}
			reaches(t, g, n)
			startVifd(t)
			becomes(t, g, n.Port, "ACTIVE")
		})
	}
}

// does is f as something that has to succeed.
func does(f func() error) func(*testing.T) {
	return func(t *testing.T) {
		t.Helper()
		if err := f(); err != nil {
			t.Fatal(err)
		}
	}
}
