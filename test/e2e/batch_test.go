package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vifd/test/testhost"
	"vifd/test/wait"
)

// A batchAnswer is what became of a batch, server by server.
type batchAnswer struct {
	Servers []struct {
		Server      string
		Status      int
		Attachments []inside
		Error       struct{ Message string }
	}
}

const batchPath = "/v1/attachments:batch"

func batchOf(items ...string) string { return `{"attachments": [` + strings.Join(items, ", ") + `]}` }

// portsIn returns the ports of the batch's NICs, and has them taken out at the end.
func (b batchAnswer) portsIn(t *testing.T, g *testhost.Running) (ports []string) {
	t.Helper()
	for _, s := range b.Servers {
		for _, n := range s.Attachments {
			if s.Server == g.UUID {
				ports = append(ports, n.Port.ID)
				t.Cleanup(func() { takeOut(t, g, n.Port.ID) })
			}
		}
	}
	return ports
}

// Two servers get what a batch asks for each; one that cannot get all gets
// nothing, and spoils no other.
func TestBatch(t *testing.T) {
	clean(t)
	g1, g2 := host.Guest("g1"), host.Guest("g2")
	blueFor := func(g *testhost.Running) string { return `{"server": "` + g.Name + `", "network": "blue", "tag": "b"}` }
	var whole, half batchAnswer
	console := g2.Console()
	ask(t, "POST", batchPath, batchOf(blueFor(g1), blueFor(g2), blueFor(g2))).is(t, 200).into(t, &whole)
	one, two := whole.portsIn(t, g1), whole.portsIn(t, g2)
	if len(one) != 1 || len(two) != 2 {
		t.Fatalf("g1 got %v, g2 %v", one, two)
	}
	for _, port := range two {
		becomes(t, g2, port, "ACTIVE")
		n := nic{Port: port, MAC: details(t, port).Port.MAC}
		appears(t, console, n)
		defined(t, g2, port)
	}
	taken := `{"server": "g1", "port": "` + two[0] + `"}`
	ask(t, "POST", batchPath, batchOf(blueFor(g1), taken, blueFor(g2))).is(t, 207).into(t, &half)
	if half.Servers[0].Status != 409 || half.Servers[1].Status != 200 {
		t.Errorf("answered %+v", half)
	}
	half.portsIn(t, g2)
	if got := listed(t, g1); len(got) != 1 || !got[one[0]] {
		t.Errorf("g1 has %v, want only %v", got, one)
	}
}

// Whenever vifd dies in the middle of a batch, the server has all of it or
// nothing; and the same batch asked again leads to three NICs and not to more.
func TestKilledInBatch(t *testing.T) {
	clean(t)
	g := host.Guest("g1")
	item := `{"server": "g1", "network": "blue"}`
	ends := map[int]int{}
	for i := range 12 {
		key := fmt.Sprintf("Idempotency-Key: batch-%d-%d", time.Now().UnixNano(), i)
		later := time.Duration(i) * 12 * time.Millisecond
		killedAt(t, later, batchPath, batchOf(item, item, item), key)
		startVifd(t)
		ends[allOfThree(t, g)]++
		var again batchAnswer
		wait.Until(t, patience, func() string {
			a := ask(t, "POST", batchPath, batchOf(item, item, item), key)
			if a.Status == 200 {
				a.into(t, &again)
				return ""
			}
			return a.Body
		})
		for port := range listed(t, g) {
			becomes(t, g, port, "ACTIVE")
			defined(t, g, port)
			detach(t, g, port)
		}
		if len(again.Servers) != 1 || len(again.Servers[0].Attachments) != 3 {
			t.Fatalf("killed after %v, asked again: %+v", later, again)
		}
		if left := wait.For(settle, leftovers); left != "" {
			t.Fatalf("killed after %v, left:\n%s", later, left)
		}
	}
	t.Logf("NICs found after a death: %v", ends)
}

// allOfThree waits until the server has three NICs or none, and says which.
func allOfThree(t *testing.T, g *testhost.Running) (count int) {
	t.Helper()
	wait.Until(t, settle, func() string {
		a := ask(t, "GET", interfaces(g), "").is(t, 200)
		if count = strings.Count(a.Body, "port_id"); count%3 != 0 || strings.Contains(a.Body, "BUILD") {
			return a.Body
		}
		return ""
	})
	return count
}

// killedAt sends a request and kills vifd that much later. Its answer, if any,
// does not count.
func killedAt(t *testing.T, later time.Duration, path, body, header string) {
	t.Helper()
	ctx := within(t, patience)
	path, body = expand(t, path), expand(t, body)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = send(ctx, "POST", path, body, shown, header) // broken, or answered: both will do
	}()
	<-time.After(later)
	killVifd(t)
	<-ended
}

// A client whose vifd died in the middle asks the same again until it is
// answered, and has one NIC then: the one of the answer.
func TestAskedAgainAfterDeath(t *testing.T) {
	clean(t)
	g := host.Guest("g1")
	for i := range 12 {
		key := fmt.Sprintf("Idempotency-Key: attach-%d-%d", time.Now().UnixNano(), i)
		later := time.Duration(i) * 6 * time.Millisecond
		body := `{"interfaceAttachment": ` + blue + `}`
		killedAt(t, later, interfaces(g), body, key)
		startVifd(t)
		var n nic
		wait.Until(t, patience, func() string {
			a := ask(t, "POST", interfaces(g), body, shown, key)
			if a.Status != 200 {
				return a.Body
			}
			n = nicOf(t, a)
			return ""
		})
		if got := listed(t, g); len(got) != 1 || !got[n.Port] {
			t.Fatalf("killed after %v: answered %s, and the server has %v", later, n.Port, got)
		}
		if again := nicOf(t, ask(t, "POST", interfaces(g), body, shown, key).is(t, 200)); again.Port != n.Port {
			t.Errorf("asked once more: %s, want %s", again.Port, n.Port)
		}
		ask(t, "POST", interfaces(g), `{}`, shown, key).is(t, 422)
		detach(t, g, n.Port)
		if left := wait.For(settle, leftovers); left != "" {
			t.Fatalf("killed after %v, left:\n%s", later, left)
		}
	}
}

// The guest sees its cable pulled and put back; what was pulled stays so when
// vifd starts again, and when the guest does.
func TestLink(t *testing.T) {
	clean(t)
	g := spare(t, testhost.Guest{Name: "l1"})
	p := plug(t, g.Name, blue)
	defined(t, g, p.Port)
	set := func(to string) { ask(t, "PATCH", "/v1/ports/"+p.Port, `{"link_state": "`+to+`"}`).is(t, 200) }
	carrier := func(want string) {
		t.Helper()
		wait.Until(t, patience, func() string {
			return differs(in(t, g, "d=$(dirname $(grep -l "+p.MAC+" /sys/class/net/eth*/address)); ip link set ${d##*/} up; cat $d/carrier"), want)
		})
	}
	carrier("1")
	set("down")
	carrier("0")
	becomes(t, g, p.Port, "DOWN")
	if d := details(t, p.Port); d.Reason != "link is set down" {
		t.Errorf("the reason is %q", d.Reason)
	}
	restartVifd(t)
	carrier("0")
	for _, config := range []string{"", "--config"} {
		if out := sh(t, "virsh domif-getlink l1 "+p.MAC+" "+config); !strings.Contains(out, "down") {
			t.Errorf("libvirt %s: %s", config, out)
		}
	}
	if err := g.Destroy(within(t, patience)); err != nil {
		t.Fatal(err)
	}
	if err := g.Start(within(t, 3*patience)); err != nil {
		t.Fatal(err)
	}
	carrier("0")
	sh(t, host.Binary+" link "+p.MAC+" up")
	carrier("1")
	becomes(t, g, p.Port, "ACTIVE")
	if out := sh(t, "virsh domif-getlink l1 "+p.MAC+" --config"); !strings.Contains(out, "up") {
		t.Errorf("the definition: %s", out)
	}
}

func differs(got, want string) string {
	if got == want {
		return ""
	}
	return fmt.Sprintf("%q, want %q", got, want)
}
