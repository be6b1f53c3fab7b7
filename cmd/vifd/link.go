package main

import (
	"context"

	"github.com/spf13/cobra"

	"vifd/agent/api/client"
	"vifd/vif"
)

func (a *app) link() *cobra.Command {
	states := []string{string(vif.LinkUp), string(vif.LinkDown)}
	return &cobra.Command{
		Use:   "link PORT up|down",
		Short: "Set the link of a network interface up or down",
		Long: `Sets the link that a server sees of an interface that is plugged into it, as if
its cable were pulled or put back. It stays so when the server or the agent
starts again. PORT is an ID or at least its first 8 characters, a name, a tag or a
MAC address, as long as it fits one interface.`,
		Example: `  vifd link db down
  vifd link 52:54:00:aa:bb:cc up`,
		Args: cobra.ExactArgs(2),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return states, cobra.ShellCompDirectiveNoFileComp
			}
			return a.completeAttachedPort(cmd, args, word)
		},
		RunE: a.asks(func(ctx context.Context, c *client.Client, args []string) error {
			l := vif.Link(args[1])
			if l != vif.LinkUp && l != vif.LinkDown {
				return vif.Invalid.Because("a link is set up or down, and not %q", args[1])
			}
			attached, err := c.Attachments(ctx, "")
			if err != nil {
				return err
			}
			at, err := choose(attached, args[0], "this host")
			if err != nil {
				return err
			}
			if at, err = c.SetLink(ctx, at.Port.ID, l); err != nil || a.output == "" {
				return err // no news is good news
			}
			return a.print(a.one(at, a.names(ctx, c)))
		}),
	}
}
