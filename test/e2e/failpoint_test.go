//go:build failpoints

package e2e

import (
	"math/rand/v2"
	"slices"
	"testing"

	"vifd/test/dose"
	"vifd/test/wait"
	"vifd/vif/fail"
)

// These want a vifd that was built with the tag failpoints, in $VIFD.

// arm has vifd started anew, so that it dies at p.
func arm(t *testing.T, p fail.Point) {
	t.Helper()
	killVifd(t)
	host.Vifd.Env = []string{"VIFD_FAIL=" + string(p) + ":kill"}
	startVifd(t)
}

// disarm is for the vifd that is started next.
func disarm() { host.Vifd.Env = nil }

// fell waits until vifd has died of what it was armed with.
func fell(t *testing.T, p fail.Point) {
	t.Helper()
	select {
	case <-host.Vifd.Gone():
	case <-within(t, patience).Done():
		t.Fatalf("vifd did not come to %s", p)
	}
	disarm()
}

// Wherever in an attach vifd dies, with the real libvirt, QEMU and Open vSwitch
// the next one makes it all or nothing, as with those in memory.
func TestPointsOfAnAttach(t *testing.T) {
	g := host.Guest("g1")
	settled := []fail.Point{fail.A10, fail.A11, fail.A13}
	for _, p := range fail.Attaching() {
		t.Run(string(p), func(t *testing.T) {
			deaths := 0
			dose.Tally(t, "kill -9 at "+string(p)+", real host", func() int { return deaths })
			clean(t)
			t.Cleanup(disarm)
			for range dose.Often(1, 20) {
				arm(t, p)
				a, err := send(within(t, 2*patience), "POST", interfaces(g), expand(t, `{"interfaceAttachment": `+blue+`}`), shown)
				fell(t, p)
				deaths++
				startVifd(t)
				if ports := listed(t, g); (len(ports) == 1) != slices.Contains(settled, p) {
					t.Errorf("died at %s, and the server has %v", p, ports)
				}
				allOrNothing(t, g, sent{a, err})
			}
		})
	}
}

// Wherever in a detach vifd dies, it is done if it was noted.
func TestPointsOfADetach(t *testing.T) {
	g := host.Guest("g1")
	for _, p := range fail.Detaching() {
		t.Run(string(p), func(t *testing.T) {
			deaths := 0
			dose.Tally(t, "kill -9 at "+string(p)+", real host", func() int { return deaths })
			clean(t)
			t.Cleanup(disarm)
			for range dose.Often(1, 20) {
				arm(t, p)
				n := attach(t, g, blue)
				defined(t, g, n.Port)
				_, _ = send(within(t, 2*patience), "DELETE", interfaces(g)+"/"+n.Port, "") // no answer says less than the host
				fell(t, p)
				deaths++
				startVifd(t)
				if p == fail.D0 {
					becomes(t, g, n.Port, "ACTIVE")
					detach(t, g, n.Port)
				}
				gone(t, g, n.Port)
				if left := wait.For(settle, leftovers); left != "" {
					t.Fatalf("died at %s, left:\n%s", p, left)
				}
			}
		})
	}
}

// Who looks after what a dead vifd has left may die of it, three times over.
func TestPointsOfAStart(t *testing.T) {
	g := host.Guest("g1")
	undone := []fail.Point{fail.R1, fail.R2, fail.R3, fail.D2, fail.D3, fail.D5, fail.D6, fail.D7, fail.D8, fail.D9, fail.D9a}
	for _, p := range fail.Starting() {
		t.Run(string(p), func(t *testing.T) {
			random, deaths := dose.Rand(t), 0
			dose.Tally(t, "kill -9 at "+string(p)+", and up to twice more before it is through, real host", func() int { return deaths })
			clean(t)
			t.Cleanup(disarm)
			for range dose.Often(1, 20) {
				first := fail.A9
				if p == fail.R4 {
					first = fail.A1a
				}
				arm(t, first)
				a, err := send(within(t, 2*patience), "POST", interfaces(g), expand(t, `{"interfaceAttachment": `+blue+`}`), shown)
				fell(t, first)
				deaths += 1 + fallsStarting(t, p, random, undone)
				startVifd(t)
				if got := allOrNothing(t, g, sent{a, err}); got != "nothing" {
					t.Errorf("died at %s, answered %s, and there is %s", first, a.Body, got)
				}
			}
		})
	}
}

// fallsStarting lets vifd die at p as it starts, and twice more if it comes to
// the points that are drawn. It returns how often vifd died.
func fallsStarting(t *testing.T, p fail.Point, random *rand.Rand, others []fail.Point) (deaths int) {
	t.Helper()
	for i := range 3 {
		host.Vifd.Env = []string{"VIFD_FAIL=" + string(p) + ":kill"}
		err := host.Vifd.Start(within(t, patience))
		switch {
		case err != nil && !host.Vifd.Running():
			deaths++
		case i == 0:
			t.Errorf("vifd did not come to %s: %v", p, err)
		}
		killVifd(t)
		p = others[random.IntN(len(others))]
	}
	disarm()
	return deaths
}
