package main

import (
	"context"

	"github.com/spf13/cobra"

	"vifd/agent/api/client"
	"vifd/vif"
)

func (a *app) detach() *cobra.Command {
	var noWait bool
	cmd := &cobra.Command{
		Use:   "detach SERVER PORT",
		Short: "Unplug a network interface from a server",
		Long: `Unplugs PORT from SERVER, and returns when the guest has let go of it and
nothing of it is left. PORT is an ID or at least its first 8 characters, a name,
a tag or a MAC address, as long as it fits one interface of SERVER.

A guest that does not let go in time leaves the port in BUILD: the detach goes
on by itself, and address and MAC stay taken until the interface is gone.`,
		Example: `  vifd detach g1 db
  vifd detach g1 52:54:00:aa:bb:cc
  vifd detach g1 3fa85f64 --no-wait`,
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: a.completeAttached,
		RunE: a.asks(func(ctx context.Context, c *client.Client, args []string) error {
			attached, err := c.Attachments(ctx, args[0])
			if err != nil {
				return err
			}
			at, err := choose(attached, args[1], "server "+args[0])
			if err != nil {
				return err
			}
			if noWait {
				return c.StartDetach(ctx, at.Server, at.Port.ID)
			}
			return a.unplug(ctx, c, at)
		}),
	}
	cmd.Flags().BoolVar(&noWait, "no-wait", false, "return as soon as the guest was asked")
	return cmd
}

func (a *app) unplug(ctx context.Context, c *client.Client, at vif.Attachment) error {
	if err := c.Detach(ctx, at.Server, at.Port.ID, a.steps()); err != nil {
		return err
	}
	if a.output == "" {
		return nil // no news is good news
	}
	return a.print(document{
		data:  map[string]string{"detached": at.Port.ID},
		names: []string{at.Port.ID},
		rows:  []row{cells("detached", at.Port.ID)},
	})
}
