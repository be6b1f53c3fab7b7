package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"vifd/test/testhost"
)

// onPeer runs a command on a peer, and becomes it. Without one it prints the
// name of the peer's network namespace.
func onPeer(ctx context.Context, args []string) (int, error) {
	if len(args) < 2 {
		return usage, errors.New("usage: peer NETWORK CIDR[,CIDR] [COMMAND ARG...]")
	}
	peer, err := testhost.Here().Peer(ctx, args[0], strings.Split(args[1], ",")...)
	if err != nil {
		return testhost.NoHost, err
	}
	command := args[2:]
	if len(command) > 0 && command[0] == "--" {
		command = command[1:]
	}
	if len(command) == 0 {
		fmt.Println(peer.Name)
		return 0, nil
	}
	cmd := peer.Command(ctx, command[0], command[1:]...)
	return testhost.NoHost, syscall.Exec(cmd.Path, cmd.Args, os.Environ())
}
