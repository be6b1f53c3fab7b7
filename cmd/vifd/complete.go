package main

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"vifd/agent/api/client"
)

// completeTime is how long a person waits for a TAB.
const completeTime = time.Second

// A completion is what may stand in place of the word that is being typed.
type completion = func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective)

// completes makes a completion of what ask finds; no agent, no proposals.
func (a *app) completes(ask func(ctx context.Context, c *client.Client, args []string) []string) completion {
	return func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		c, err := a.client()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer c.Close()
		ctx, cancel := context.WithTimeout(cmd.Context(), completeTime)
		defer cancel()
		found := ask(ctx, c, args)
		slices.Sort(found)
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}

func (a *app) completeFlag(cmd *cobra.Command, flag string, with completion) {
	_ = cmd.RegisterFlagCompletionFunc(flag, with) // fails for a flag that does not exist
}

func (a *app) completeServers(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return a.completes(func(ctx context.Context, c *client.Client, args []string) []string {
		if len(args) > 0 {
			return nil
		}
		return servers(ctx, c)
	})(cmd, args, word)
}

func servers(ctx context.Context, c *client.Client) []string {
	byID, _ := c.Servers(ctx)
	var names []string
	for _, name := range byID {
		names = append(names, name)
	}
	return names
}

// completeAttached is for a server, and then a port that it has.
func (a *app) completeAttached(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return a.completes(func(ctx context.Context, c *client.Client, args []string) []string {
		switch len(args) {
		case 0:
			return servers(ctx, c)
		case 1:
			return attachedPorts(ctx, c, args[0])
		}
		return nil
	})(cmd, args, word)
}

func (a *app) completeAttachedPort(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return a.completes(func(ctx context.Context, c *client.Client, args []string) []string {
		if len(args) > 0 {
			return nil
		}
		return attachedPorts(ctx, c, "")
	})(cmd, args, word)
}

func attachedPorts(ctx context.Context, c *client.Client, server string) []string {
	attached, _ := c.Attachments(ctx, server)
	var words []string
	for _, at := range attached {
		words = append(words, at.Port.ID)
		if at.Tag != "" {
			words = append(words, string(at.Tag))
		}
	}
	return words
}

func (a *app) completeNetworks(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return a.completes(func(ctx context.Context, c *client.Client, _ []string) []string {
		return named(ctx, c.Networks())
	})(cmd, args, word)
}

func (a *app) completePorts(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return a.completes(func(ctx context.Context, c *client.Client, _ []string) []string {
		return named(ctx, c.Ports())
	})(cmd, args, word)
}

func (a *app) completeResource(r resource) completion {
	return a.completes(func(ctx context.Context, c *client.Client, _ []string) []string {
		return named(ctx, r.collection(c))
	})
}

// named returns the name of each resource, or the ID of one without.
func named(ctx context.Context, k client.Collection) []string {
	all, _ := k.List(ctx, nil)
	var words []string
	for _, r := range all {
		if name := r.Text("name"); name != "" {
			words = append(words, name)
			continue
		}
		words = append(words, r.Text("id"))
	}
	return words
}
