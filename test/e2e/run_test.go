package e2e

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"vifd/test/testhost"
)

// patience is how long anything may take that a test waits for; on a machine
// with nothing else to do it takes a fraction of it.
const patience = 30 * time.Second

// run runs a command of the shell on the host, and returns what it printed
// without the last newline, and whether it succeeded.
func run(command string) (string, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, "bash", "-c", command).CombinedOutput()
	return strings.TrimRight(string(out), "\n"), err == nil
}

// sh is run for a command that has to succeed.
func sh(t *testing.T, command string) string {
	t.Helper()
	out, ok := run(command)
	if !ok {
		t.Fatalf("%s: %s", command, out)
	}
	return out
}

// in is sh in a guest.
func in(t *testing.T, g *testhost.Running, command string) string {
	t.Helper()
	out, status := try(t, g, command)
	if status != 0 {
		t.Fatalf("%s in %s: %d, %s", command, g.Name, status, out)
	}
	return strings.TrimRight(out, "\n")
}

// try runs a command in a guest, and returns its output and its status.
func try(t *testing.T, g *testhost.Running, command string) (string, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	out, status, err := g.Run(ctx, command)
	if err != nil {
		t.Fatalf("%s in %s: %v", command, g.Name, err)
	}
	return out, status
}

// within returns a context for what a test waits for once.
func within(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), limit)
	t.Cleanup(cancel)
	return ctx
}
