package testhost

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// host is where the tests run. Its guest g2 has no OS.
var host *Host

// TestMain runs the tests in a host; told -host COMMAND, it is one more host
// without guests, beside that one, and runs COMMAND in it.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "-host" {
		status, err := Within(Options{}, func(*Host) int { return bash(os.Args[2]) })
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(status)
	}
	Main(m, Options{
		Guests:   []Guest{{Name: "g1"}, {Name: "g2", Firmware: true, Slots: 2}},
		Networks: []Network{{Name: "blue", VLAN: 100}},
	}, &host)
}

// bash runs a command for -host.
func bash(command string) int {
	cmd := exec.Command("bash", "-c", command)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	status, err := statusOf(cmd.Run())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return status
}

// another returns the command that runs a command in another host.
func another(t *testing.T, command string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-host", command)
	cmd.Stderr = os.Stderr
	return cmd
}

// within returns a context for what has to be over in a minute.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}
