package agent

import (
	"testing"

	"go.uber.org/goleak"
)

// Whatever the tests start has ended when they have, but for libvirt's events,
// which go on for as long as the process does.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("vifd/agent/hypervisor.runEvents"))
}
