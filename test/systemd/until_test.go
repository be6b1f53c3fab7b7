package systemd

import (
	"testing"
	"time"
)

const (
	patience = 30 * time.Second // for anything; on a machine with nothing else to do it takes a fraction of it
	bootTime = time.Minute
)

// until waits for f to return "". What it returned last is why it failed.
func until(t *testing.T, limit time.Duration, f func() string) {
	t.Helper()
	if why := eventually(limit, f); why != "" {
		t.Fatalf("after %v: %s", limit, why)
	}
}

// eventually returns "" as soon as f does, or at the end what it returned last.
func eventually(limit time.Duration, f func() string) string {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	end := time.After(limit)
	for {
		why := f()
		if why == "" {
			return ""
		}
		select {
		case <-end:
			return why
		case <-tick.C:
		}
	}
}

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
