// Package e2e drives the built vifd on a whole host, by its socket and by its
// command line, and looks with ip, ovs-vsctl and virsh at what became of it.
// After each test nothing may be left on the host.
package e2e

import (
	"os"
	"testing"

	"vifd/test/testhost"
)

// host is where all tests run, one after the other. Its guest g2 has two CPUs.
var host *testhost.Host

func TestMain(m *testing.M) {
	if name := os.Getenv(besiegeKey); name != "" {
		os.Exit(besiege(name))
	}
	whole := testhost.Whole()
	whole.Guests = []testhost.Guest{{Name: "g1"}, {Name: "g2", VCPUs: 2}}
	testhost.Main(m, whole, &host)
}
