package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"vifd/agent/api/client"
	"vifd/vif"
)

func (a *app) events() *cobra.Command {
	var f client.Followed
	cmd := &cobra.Command{
		Use:   "events",
		Short: "Follow what happens to network interfaces",
		Long: `Prints a line for each thing that happens, until it is interrupted: ports that
change their state, interfaces that come and go, and operations that finish. When
the agent restarts it goes on where it was. With -o json each line is an object.

Events are kept for a day; one named "reset" says that some were missed.`,
		Example: `  vifd events
  vifd events --server g1 --since 0
  vifd events -o json | jq -c 'select(.state == "ERROR")'`,
		Args: cobra.NoArgs,
		RunE: a.does(func(ctx context.Context, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			defer c.Close()
			f.Event = a.event
			f.Lost = func(err error) { a.note("%v; trying again", err) }
			return c.Follow(ctx, f)
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.Server, "server", "", "only what happens to this server")
	flags.StringVar(&f.Port, "port", "", "only what happens to this port")
	flags.StringVar(&f.Since, "since", "", "begin after the event with this ID; 0 for all that are kept")
	_ = cmd.RegisterFlagCompletionFunc("server", a.completeServers)
	return cmd
}

// event prints an event as a line.
func (a *app) event(e vif.Event) error {
	switch a.output.String() {
	case "json":
		line := json.NewEncoder(a.out)
		line.SetEscapeHTML(false)
		return line.Encode(e)
	case "name":
		_, err := fmt.Fprintln(a.out, e.ID)
		return err
	}
	words := []string{e.At.Local().Format("15:04:05.000"), fmt.Sprint(e.ID), string(e.Kind)}
	for _, w := range []string{e.Server, e.Port, e.Action, e.Result} {
		if w != "" {
			words = append(words, w)
		}
	}
	line := printable(strings.Join(words, " "))
	if e.State != "" {
		line += " " + a.paint(a.outTTY, stateColours[e.State], string(e.State))
	}
	if e.Reason != "" {
		line += " (" + printable(e.Reason) + ")"
	}
	_, err := fmt.Fprintln(a.out, line)
	return err
}
