package systemd

import (
	"testing"
	"time"
)

const (
	patience = 30 * time.Second // for anything; on a machine with nothing else to do it takes a fraction of it
	bootTime = time.Minute
)

// try runs a command of the shell in the machine, and returns what it printed,
// and whether it succeeded.
func try(command string) (string, bool) {
	out, err := machine.run(2*patience, command)
	return out, err == nil
}

// sh is try for a command that has to succeed.
func sh(t *testing.T, command string) string {
	t.Helper()
	out, ok := try(command)
	if !ok {
		t.Fatalf("%s: %s", command, out)
	}
	return out
}
