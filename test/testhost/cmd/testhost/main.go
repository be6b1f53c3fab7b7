// Testhost brings up a hypervisor host in namespaces of its own and runs a
// command, or a shell, in it:
//
//	testhost [-bare] [COMMAND]
//
// COMMAND is for bash. Its status is testhost's, and nothing else is printed to
// standard output; 125 says that there is no host. Inside, the program is also
// there by two other names:
//
//	guest [-t SECONDS] NAME COMMAND   run COMMAND in a guest
//	peer NETWORK CIDR[,CIDR] [COMMAND ARG...]
//	                                  run COMMAND on a machine beside the guests,
//	                                  made at first use; NETWORK may be a VLAN
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"vifd/test/testhost"
)

// usage is the status for a command line that makes no sense, as in getopt(1).
const usage = 2

func main() {
	commands := map[string]func(context.Context, []string) (int, error){
		"guest": inGuest,
		"peer":  onPeer,
	}
	name := filepath.Base(os.Args[0])
	command, ok := commands[name]
	if !ok {
		command = inHost
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	status, err := command(ctx, os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
	}
	stop()
	os.Exit(status)
}

// inHost brings up a host, and runs a command or a shell in it.
func inHost(_ context.Context, args []string) (int, error) {
	flags := flag.NewFlagSet("testhost", flag.ContinueOnError)
	bare := flags.Bool("bare", false, "without vifd and the networks")
	if err := flags.Parse(args); err != nil {
		return usage, nil // flag has said why
	}
	o := testhost.Whole()
	if *bare {
		o.Vifd, o.Networks = false, nil
	}
	return testhost.Within(o, func(h *testhost.Host) int {
		status, err := shell(h, flags.Args())
		if err != nil {
			fmt.Fprintln(os.Stderr, "testhost:", err)
		}
		return status
	})
}
