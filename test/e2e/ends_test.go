package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vifd/test/dose"
	"vifd/test/testhost"
	"vifd/test/wait"
)

// ends are the ways in which a server may end, or begin anew, under a change.
var ends = []struct{ name, command string }{
	{"killed", "kill -9 $(cat /run/libvirt/qemu/ends.pid)"},
	{"destroyed", "virsh destroy ends"},
	{"reset", "virsh reset ends"},
	{"undefined", "virsh undefine ends; virsh destroy ends"},
}

// However a server ends in the middle of an attach or of a detach, the answer is
// true, and nothing is left that nobody has.
func TestChaosServerEnds(t *testing.T) {
	for _, end := range ends {
		t.Run(end.name, func(t *testing.T) {
			times := 0
			dose.Tally(t, "server "+end.name+" in the middle of an attach and of a detach", func() int { return times })
			clean(t)
			for ; times < dose.Often(1, 20); times++ {
				later := time.Duration((times*17+9)%50) * time.Millisecond
				endsUnder(t, later, end.command, false)
				endsUnder(t, later, end.command, true)
			}
		})
	}
}

// endsUnder has the server end so much after an attach was asked for, or a detach
// of what it has.
func endsUnder(t *testing.T, later time.Duration, command string, detaching bool) {
	t.Helper()
	g := spare(t, testhost.Guest{Name: "ends"})
	method, path, body := "POST", interfaces(g), `{"interfaceAttachment": `+blue+`}`
	if detaching {
		n := attach(t, g, blue)
		defined(t, g, n.Port)
		method, path, body = "DELETE", path+"/"+n.Port, ""
	}
	s := meanwhile(t, later, func() { _, _ = run(command) }, method, path, body) // it may have ended before
	if s.err != nil || s.Status == 500 {
		t.Errorf("%s answered %+v", method, s)
	}
	wants := method == "POST" && s.Status == 200
	wait.Until(t, soon, func() string {
		a := ask(t, "GET", interfaces(g), "")
		if a.Status == 404 {
			return "" // what it had goes with it
		}
		if has := strings.Contains(a.Body, "port_id"); a.Status != 200 || has != (wants || detaching && s.Status != 202) {
			return fmt.Sprintf("%s answered %d %s, and the server has %d %s", method, s.Status, s.Body, a.Status, a.Body)
		}
		return ""
	})
	_, _ = run("virsh destroy ends; virsh undefine ends") // whichever is left to do
	if left := wait.For(soon, leftovers); left != "" {
		t.Fatalf("after %v, %s answered %d %s, and left:\n%s", later, method, s.Status, s.Body, left)
	}
}
