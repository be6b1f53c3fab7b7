// Command vifd puts network interfaces into running virtual machines: "vifd
// serve" is the agent on each hypervisor, and the other commands ask it.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

func main() { os.Exit(vifd()) }

// vifd introduces the command line to its process, and returns its exit code.
func vifd() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	a := &app{
		in:     os.Stdin,
		out:    os.Stdout,
		err:    os.Stderr,
		env:    os.Getenv,
		outTTY: isTerminal(os.Stdout),
		errTTY: isTerminal(os.Stderr),
	}
	return a.run(ctx, os.Args[1:])
}

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
