package e2e

import (
	"fmt"
	"os"
	"testing"
	"time"

	"vifd/test/dose"
	"vifd/test/testhost"
	"vifd/test/wait"
)

// proxies is where the sockets are that vifd is told of.
const proxies = "/run/proxies"

// A connection may be dead without having ended. A request costs its time then,
// and no more; the answer is true, or 503 and when to come back; and when the
// connection has ended, what had begun is finished or undone.
func TestChaosHalfOpen(t *testing.T) {
	clean(t)
	if err := os.MkdirAll(proxies, 0o755); err != nil {
		t.Fatal(err)
	}
	libvirt := stand(t, proxies+"/libvirt", "/run/libvirt/libvirt-sock")
	database := stand(t, proxies+"/db.sock", "/run/openvswitch/db.sock")
	bridge := stand(t, proxies+"/br-int.mgmt", "/run/openvswitch/br-int.mgmt")
	configured(t, "[libvirt]\nuri = \"qemu:///system?socket="+proxies+"/libvirt\"\n"+
		"[ovs]\ndatabase = \""+proxies+"/db.sock\"\nrun_directory = \""+proxies+"\"\n"+
		"[timeouts]\nattach = \"3s\"\nundo = \"3s\"\ndetach = \"3s\"\n")
	for _, tt := range []struct {
		name  string
		stall []*proxy
	}{
		{"libvirt", []*proxy{libvirt}}, {"OVSDB", []*proxy{database}}, {"OpenFlow", []*proxy{bridge}},
		{"all of them", []*proxy{libvirt, database, bridge}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			times := 0
			dose.Tally(t, "half-open connections to "+tt.name+", during an attach and a detach", func() int { return times })
			for ; times < dose.Often(3, 40); times++ {
				halfOpen(t, tt.stall, time.Duration(times*12%90)*time.Millisecond)
			}
		})
	}
}

// halfOpen stalls the connections that much after an attach was asked for, and
// then after a detach was.
func halfOpen(t *testing.T, stall []*proxy, later time.Duration) {
	t.Helper()
	g := host.Guest("g1")
	n := servesAgain(t, host.Guest("g2"))
	in := interrupted(t, stall, later, "POST", interfaces(g), `{"interfaceAttachment": `+blue+`}`)
	out := interrupted(t, stall, later, "DELETE", interfaces(host.Guest("g2"))+"/"+n.Port, "")
	wait.Until(t, soon, func() string {
		ports, why := lists(t, host.Guest("g2"))
		if why != "" {
			return why
		}
		if out.Status == 202 && len(ports) != 0 || out.Status != 202 && !ports[n.Port] {
			return fmt.Sprintf("a detach answered %d, and the server has %v", out.Status, ports)
		}
		return ""
	})
	takeOut(t, host.Guest("g2"), n.Port)
	through(t, g, in)
	if t.Failed() {
		t.Fatalf("stalled after %v: answered %+v and %+v", later, in, out)
	}
}

// interrupted sends a request, stalls the connections that much later, and drops
// them when it is answered, which has to be in time.
func interrupted(t *testing.T, stall []*proxy, later time.Duration, method, path, body string) sent {
	t.Helper()
	begun := time.Now()
	s := meanwhile(t, later, func() {
		for _, p := range stall {
			p.stall()
		}
	}, method, path, body)
	took := time.Since(begun)
	for _, p := range stall {
		p.drop()
	}
	later503 := s.Status == 503 && s.Header.Get("Retry-After") != ""
	if s.err != nil || s.Status != 200 && s.Status != 202 && !later503 || took > hungTime {
		t.Errorf("%s answered %+v after %v", method, s, took)
	}
	return s
}

// lists is listed for a vifd that may not be connected yet: why says so.
func lists(t *testing.T, g *testhost.Running) (ports map[string]bool, why string) {
	t.Helper()
	a := ask(t, "GET", interfaces(g), "")
	if a.Status != 200 {
		return nil, a.Body
	}
	var said struct{ InterfaceAttachments []nic }
	a.into(t, &said)
	ports = map[string]bool{}
	for _, n := range said.InterfaceAttachments {
		ports[n.Port] = true
	}
	return ports, ""
}

// through waits until an attach that was answered so has come to its end, takes
// the NIC out if there is one, and wants nothing to be left.
func through(t *testing.T, g *testhost.Running, s sent) {
	t.Helper()
	said := s.err == nil && s.Status == 200
	wait.Until(t, soon, func() string {
		if ports, why := lists(t, g); why != "" || (len(ports) == 1) != said {
			return fmt.Sprintf("an attach answered %d %s, and the server has %v, %s", s.Status, s.Body, ports, why)
		}
		return ""
	})
	if said {
		becomes(t, g, nicOf(t, s.answer).Port, "ACTIVE")
		detach(t, g, nicOf(t, s.answer).Port)
	}
	if left := wait.For(settle, leftovers); left != "" {
		t.Errorf("answered %d %s, and left on the host:\n%s", s.Status, s.Body, left)
	}
}
