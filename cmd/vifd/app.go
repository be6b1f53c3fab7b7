package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"vifd/agent/api/client"
	"vifd/vif"
)

// socketPath is where vifd serves unless somebody says otherwise.
const socketPath = "/run/vifd/vifd.sock"

// An app is one run of the command line.
type app struct {
	in             io.Reader
	out            io.Writer // data
	err            io.Writer // talk
	env            func(string) string
	outTTY, errTTY bool

	socket  string
	output  format
	timeout time.Duration
	verbose bool

	began bool // a command runs: what is wrong now is not how it was called
}

// An action is what a command does. Its client is closed when it returns.
type action func(ctx context.Context, c *client.Client, args []string) error

// run does what args ask for, and returns the exit code.
func (a *app) run(ctx context.Context, args []string) int {
	root := a.root()
	root.SetArgs(args)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	cmd, err := root.ExecuteContextC(ctx)
	return a.exit(cmd, err)
}

// asks makes do the body of a command that asks a running vifd.
func (a *app) asks(do action) func(*cobra.Command, []string) error {
	return a.does(func(ctx context.Context, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		defer c.Close()
		ctx, cancel := context.WithTimeoutCause(ctx, a.timeout, fmt.Errorf("nothing for %s (--timeout)", a.timeout))
		defer cancel()
		return do(ctx, c, args)
	})
}

// does makes do the body of a command.
func (a *app) does(do func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		a.began = true
		if err := senseless(cmd); err != nil {
			return err
		}
		return do(cmd.Context(), args)
	}
}

// senseless refuses a flag that is given and says nothing, as one whose value is a
// shell's variable that is not set: it would mean something else left out. So would
// a number or a time that is not more than nothing.
func senseless(cmd *cobra.Command) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		v, kind := f.Value.String(), f.Value.Type()
		switch {
		case v == "" || v == "[]":
			err = vif.Invalid.Because("--%s is given, and empty", f.Name)
		case (kind == "int" || kind == "duration") && (strings.HasPrefix(v, "-") || v == "0" || v == "0s"):
			err = vif.Invalid.Because("--%s %s: it must be more than nothing", f.Name, v)
		}
	})
	return err
}

// client returns a client of the agent that is meant, with the credentials that
// the environment has: on the command line every user of the host could read
// them.
func (a *app) client() (*client.Client, error) {
	c, err := client.New(cmp.Or(a.socket, a.env("VIFD_SOCKET"), socketPath))
	if err != nil {
		return nil, err
	}
	if file := a.env("VIFD_CACERT"); file != "" {
		pem, err := os.ReadFile(file)
		if err == nil {
			err = c.Trust(pem)
		}
		if err != nil {
			return nil, vif.Invalid.From(err, "VIFD_CACERT names no authority: %v", err)
		}
	}
	if token := a.env("VIFD_TOKEN"); token != "" {
		return c, c.SetToken(token)
	}
	return c, nil
}

// note says something on stderr that is not an error.
func (a *app) note(format string, args ...any) { fmt.Fprintf(a.err, format+"\n", args...) }
