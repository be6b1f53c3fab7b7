// Package hotplugtest holds what taps, switch and hypervisor owe the engine, as
// tests: a case for each promise of agent/hotplug's needs. The real ones and the
// fakes that stand for them pass the same cases, so that what a fake shows is true.
package hotplugtest

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"vifd/vif"
)

// patience is how long anything real may take.
const patience = 20 * time.Second

// port is the nth port of a case, with what all of them have.
func port(n int) vif.Port {
	return vif.Port{
		ID: fmt.Sprintf("%08x-7a11-4000-8000-%012x", n, n), MAC: fmt.Sprintf("fa:16:3e:7a:11:%02x", n), MTU: 1442, Secure: true, AdminUp: true,
		Segment: vif.Segment{VLAN: 100}, FixedIPs: []vif.FixedIP{{Address: netip.AddrFrom4([4]byte{10, 20, 0, byte(n)})}},
	}
}

// nic is the nth NIC of a case, of this generation.
func nic(n int, gen int64) vif.NIC {
	p := port(n)
	return vif.NIC{Port: p, Tap: vif.TapName(p.ID, 0), OFPort: 16384 + n, Gen: gen, Tag: "blue"}
}

// within bounds a call.
func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// must is for what has to succeed.
func must(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// wants wants an error of that kind.
func wants(t testing.TB, what string, want vif.Kind, err error) {
	t.Helper()
	if err == nil || vif.KindOf(err) != want {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// await waits for what somebody else did to be seen.
func await(t testing.TB, what string, seen func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); !seen(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}
