package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"vifd/test/testhost"
)

// inGuest runs a command in a guest.
func inGuest(ctx context.Context, args []string) (int, error) {
	flags := flag.NewFlagSet("guest", flag.ContinueOnError)
	seconds := flags.Int("t", int(testhost.CommandTimeout.Seconds()), "how many `seconds` the command may take")
	if err := flags.Parse(args); err != nil {
		return usage, nil // flag has said why
	}
	if flags.NArg() < 2 || *seconds < 1 {
		return usage, errors.New("usage: guest [-t SECONDS] NAME COMMAND")
	}
	limit := time.Duration(*seconds) * time.Second
	guest := testhost.Here().Guest(flags.Arg(0))
	out, status, err := guest.RunFor(ctx, limit, strings.Join(flags.Args()[1:], " "))
	if err != nil {
		return testhost.NoHost, err
	}
	fmt.Print(out)
	if status == testhost.TimedOut {
		return status, fmt.Errorf("%s: not done within %v", flags.Arg(0), limit)
	}
	return status, nil
}
