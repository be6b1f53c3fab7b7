package main

import (
	"context"
	"fmt"
	"net/url"

	"github.com/spf13/cobra"

	"vifd/agent/api/client"
)

func (a *app) securityGroups() *cobra.Command {
	r := resource{
		one:        "security-group",
		collection: (*client.Client).SecurityGroups,
		header:     []string{"ID", "NAME", "DESCRIPTION", "PROJECT", "RULES"},
		row: func(g client.Resource) []string {
			rules, _ := g["security_group_rules"].([]any)
			return []string{g.Text("id"), g.Text("name"), g.Text("description"), g.Text("project_id"), fmt.Sprint(len(rules))}
		},
	}
	list := &cobra.Command{
		Use: "list", Short: "List security groups", Args: cobra.NoArgs,
		RunE: a.listing(r, func(context.Context, *client.Client) (url.Values, error) { return nil, nil }),
	}
	cmd := a.resource(r, a.createSecurityGroup(r), list)
	cmd.AddCommand(a.securityRules())
	return cmd
}

func (a *app) createSecurityGroup(r resource) *cobra.Command {
	var description string
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Create a security group",
		Long: `Creates a security group. Its ports send what they want, and get answers; what
else may reach them its rules say, which "vifd security-group rule create" adds.
A port that has no security group passes all that is not spoofed.`,
		Example: `  vifd security-group create web
  vifd security-group rule create web --ingress --protocol tcp --dst-port 80
  vifd attach g1 --net blue --security-group web`,
		Args: cobra.ExactArgs(1),
		RunE: a.creating(r, func(_ context.Context, _ *client.Client, args []string) (client.Resource, error) {
			g := client.Resource{"name": args[0]}
			give(g, "description", description)
			return g, nil
		}),
	}
	cmd.Flags().StringVar(&description, "description", "", "what it is for")
	return cmd
}

func (a *app) completeSecurityGroups(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return a.completes(func(ctx context.Context, c *client.Client, _ []string) []string {
		return named(ctx, c.SecurityGroups())
	})(cmd, args, word)
}

// groupIDs returns the IDs of the security groups that have the names.
func groupIDs(ctx context.Context, c *client.Client, names []string) (ids []string, err error) {
	for _, name := range names {
		g, err := c.SecurityGroups().Find(ctx, name)
		if err != nil {
			return nil, err
		}
		ids = append(ids, g.Text("id"))
	}
	return ids, nil
}
