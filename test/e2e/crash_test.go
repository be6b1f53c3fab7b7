package e2e

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"vifd/test/testhost"
	"vifd/test/wait"
)

// sent is how a request ended that was under way when something broke.
type sent struct {
	answer
	err error
}

// meanwhile sends a request and, that much later, breaks something.
func meanwhile(t *testing.T, later time.Duration, brk func(), method, path, body string) sent {
	t.Helper()
	ctx := within(t, 3*patience)
	path, body = expand(t, path), expand(t, body)
	ended := make(chan sent, 1)
	go func() {
		a, err := send(ctx, method, path, body, shown)
		ended <- sent{a, err}
	}()
	<-time.After(later)
	brk()
	return <-ended
}

// Whenever vifd dies in the middle of an attach, the next vifd makes it all or
// nothing; and what was said to be done is done.
func TestKilledAttaching(t *testing.T) {
	clean(t)
	g := host.Guest("g1")
	ends := map[string]int{}
	for i := range 20 {
		later := time.Duration(i) * 5 * time.Millisecond
		s := meanwhile(t, later, func() { killVifd(t) }, "POST", interfaces(g), `{"interfaceAttachment": `+blue+`}`)
		startVifd(t)
		ends[allOrNothing(t, g, s)]++
		if t.Failed() {
			t.Fatalf("killed after %v, answered %+v", later, s)
		}
	}
	t.Logf("ended: %v", ends)
	if len(ends) < 2 {
		t.Errorf("all ended as %v: no death was in the middle", ends)
	}
}

func killVifd(t *testing.T) {
	t.Helper()
	if err := host.Vifd.Kill(within(t, patience)); err != nil {
		t.Error(err)
	}
}

func startVifd(t *testing.T) {
	t.Helper()
	if err := host.Vifd.Start(within(t, patience)); err != nil {
		t.Fatal(err)
	}
}

// allOrNothing looks what became of an attach, takes the NIC out again if there
// is one, and looks for anything that is left.
func allOrNothing(t *testing.T, g *testhost.Running, s sent) string {
	t.Helper()
	ended := "nothing"
	ports := listed(t, g)
	said := s.err == nil && s.Status == 200
	if said && !ports[nicOf(t, s.answer).Port] {
		t.Errorf("answered %s, and the server has %v", s.Body, ports)
	}
	for port := range ports {
		ended = fmt.Sprintf("all, answered: %t", said)
		becomes(t, g, port, "ACTIVE")
		defined(t, g, port)
		detach(t, g, port)
	}
	if left := wait.For(settle, leftovers); left != "" {
		t.Errorf("left on the host:\n%s", left)
	}
	return ended
}

// A detach that was accepted is done, even if vifd dies at once.
func TestKilledDetaching(t *testing.T) {
	clean(t)
	g := host.Guest("g1")
	for i := range 10 {
		n := attach(t, g, blue)
		defined(t, g, n.Port)
		later := time.Duration(i) * 10 * time.Millisecond
		s := meanwhile(t, later, func() { killVifd(t) }, "DELETE", interfaces(g)+"/"+n.Port, "")
		startVifd(t)
		if s.err != nil {
			takeOut(t, g, n.Port)
		}
		gone(t, g, n.Port)
		if left := wait.For(settle, leftovers); left != "" {
			t.Fatalf("killed after %v, answered %+v, left:\n%s", later, s, left)
		}
	}
}

// A libvirtd that dies in the middle of an attach leaves the answer true.
func TestLibvirtKilledAttaching(t *testing.T) {
	clean(t)
	g := host.Guest("g1")
	for _, later := range []time.Duration{2, 6, 10, 15, 25, 40} {
		s := meanwhile(t, later*time.Millisecond, func() {
			if err := host.Libvirtd.Kill(within(t, patience)); err != nil {
				t.Error(err)
			}
			bringBack(t, []*testhost.Daemon{host.Libvirtd})
		}, "POST", interfaces(g), `{"interfaceAttachment": `+blue+`}`)
		if s.err != nil || s.Status != 200 && s.Status != 503 {
			t.Errorf("killed after %vms, answered %+v", int(later), s)
		}
		wait.Until(t, soon, func() string {
			a := ask(t, "GET", interfaces(g), "")
			if a.Status != 200 || s.Status != 200 && strings.Contains(a.Body, "BUILD") {
				return a.Body
			}
			return ""
		})
		if got := allOrNothing(t, g, s); s.Status != 200 && got != "nothing" {
			t.Errorf("killed after %vms, answered %s, and there is %s", int(later), s.Body, got)
		}
	}
}

// vifd answers once the guest has the NIC, when libvirt is still busy with its own books.
// A libvirtd that dies then has forgotten the NIC, and is given it again.
func TestLibvirtKilledAnswered(t *testing.T) {
	clean(t)
	g := host.Guest("g1")
	forgot := func() int {
		out, _ := run("grep -c 'failed after the guest had its NIC' " + filepath.Join(host.Dir, "vifd.log"))
		n, _ := strconv.Atoi(strings.TrimSpace(out))
		return n
	}
	before := forgot()
	for round := 0; forgot() < before+3; round++ {
		if round == 40 {
			t.Fatalf("in %d rounds libvirtd died %d times before it was done", round, forgot()-before)
		}
		n := attach(t, g, `{"net_id": "$blue", "tag": "kept"}`)
		if err := host.Libvirtd.Kill(within(t, patience)); err != nil {
			t.Fatal(err)
		}
		bringBack(t, []*testhost.Daemon{host.Libvirtd})
		wait.Until(t, soon, func() string {
			a := ask(t, "GET", interfaces(g)+"/"+n.Port, "")
			if a.Status != 200 || !strings.Contains(a.Body, "ACTIVE") {
				return a.Body
			}
			return ""
		})
		defined(t, g, n.Port)
		checkMetadata(t, g, n)
		wait.Until(t, soon, func() string {
			out, status := try(t, g, "grep -li "+n.MAC+" /sys/class/net/*/address")
			if status != 0 {
				return "the guest has no NIC with the MAC " + n.MAC + ": " + out
			}
			return ""
		})
		detach(t, g, n.Port)
		if left := wait.For(settle, leftovers); left != "" || t.Failed() {
			t.Fatalf("left on the host:\n%s", left)
		}
	}
}

// What goes through a NIC does not notice that vifd stops, dies and starts.
func TestRestartUnderTraffic(t *testing.T) {
	clean(t)
	p := plug(t, "g1", blue)
	friend := peer(t, "blue", "10.20.0.250/24")
	in(t, p.guest, "ping -c 1 -W 10 10.20.0.250")
	ping := pinging(t, friend, p.ip(4).String())
	before := details(t, p.Port)
	restartVifd(t)
	killVifd(t)
	startVifd(t)
	restartVifd(t)
	ping(t)
	if after := details(t, p.Port); after != before {
		t.Errorf("the NIC was %+v and is %+v", before, after)
	}
}
