package hypervisor

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vifd/test/testhost"
	"vifd/vif"
)

// box is the host that the tests run in: a real libvirtd with a real guest.
var box *testhost.Host

func TestMain(m *testing.M) {
	options := testhost.Options{Guests: []testhost.Guest{{Name: "g1"}, {Name: "passing", Transient: true}}}
	status, err := testhost.Within(options, func(h *testhost.Host) int { box = h; return leakless(m) })
	if err != nil {
		fmt.Fprintln(os.Stderr, "testhost:", err)
	}
	os.Exit(status)
}

// leakless runs the tests, and fails where something that they started goes on, but
// for libvirt's events, which go on as long as the process, and daemons of the host.
func leakless(m *testing.M) int {
	before := goleak.IgnoreCurrent()
	status := m.Run()
	events, daemons := goleak.IgnoreAnyFunction("vifd/agent/hypervisor.runEvents"), goleak.IgnoreAnyFunction("vifd/test/testhost.(*Daemon).spawn.func1")
	if err := goleak.Find(before, events, daemons); err != nil && status == 0 {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	return status
}

// run returns a Host that is connected, and the servers it was told to look at.
func run(t *testing.T) (*Host, <-chan string) {
	t.Helper()
	h := New("qemu:///system", slog.New(slog.NewTextHandler(t.Output(), nil)))
	changed := make(chan string, 1000)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- h.Run(ctx, func(server string) { changed <- server }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	until(t, "libvirt is there", h.Up)
	return h, changed
}

// until waits for what to be true.
func until(t *testing.T, what string, f func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		err := f()
		if err == nil {
			return
		}
		pause(ctx, 20*time.Millisecond)
		if ctx.Err() != nil {
			t.Fatalf("%s: not yet: %v", what, err)
		}
	}
}

// within20s bounds a call of a test.
func within20s(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// guest returns a guest that nobody else uses, and destroys it in the end. Those
// without an OS are there at once, but never let go of a NIC.
func guest(t *testing.T, g testhost.Guest) *testhost.Running {
	t.Helper()
	r, err := box.AddGuest(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = exec.Command("virsh", "-q", "destroy", g.Name).Run()
		_ = exec.Command("virsh", "-q", "undefine", "--managed-save", g.Name).Run()
	})
	return r
}

// nic returns the NIC number i for the server, with its tap.
func nic(t testing.TB, server string, i int) vif.NIC {
	t.Helper()
	n := vif.NIC{
		Port: vif.Port{
			ID:  fmt.Sprintf("3fa85f64-5717-4562-b3fc-%012d", i),
			MAC: fmt.Sprintf("fa:16:3e:00:%02x:%02x", i/256, i%256),
			MTU: 1442,
		},
		Server: server, Tag: `nic"<1>`, Tap: fmt.Sprintf("tap%d", i), Gen: 1,
	}
	ip(t, "tuntap", "add", n.Tap, "mode", "tap", "vnet_hdr")
	t.Cleanup(func() { _ = exec.Command("ip", "link", "del", n.Tap).Run() })
	ip(t, "link", "set", n.Tap, "up")
	return n
}

func newQuiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func ip(t testing.TB, args ...string) {
	t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %v: %v: %s", args, err, out)
	}
}

func virsh(t testing.TB, args ...string) string {
	t.Helper()
	out, err := exec.Command("virsh", append([]string{"-q"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("virsh %v: %v: %s", args, err, out)
	}
	return string(out)
}
