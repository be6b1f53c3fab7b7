package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"vifd/agent/api/client"
	"vifd/vif"
)

func (a *app) tokens() *cobra.Command {
	return group(&cobra.Command{
		Use:   "token",
		Short: "Create, list and revoke tokens",
		Long: `Tokens let in who does not come by the socket: clients of the ways in that the
configuration names with [[listen]] and tokens = true. They are made and revoked
by an admin at the agent's own socket.`,
	}, a.createToken(), a.listTokens(), a.revokeToken())
}

func (a *app) createToken() *cobra.Command {
	t, expires := client.NewToken{}, ""
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Create a token",
		Long: `Creates a token and prints it. This is the only time that it is shown: the
agent keeps a hash of it, and no more.

A member changes what belongs to its project, and sees nothing else. A reader
looks, at its project or at everything. An admin may do all, and has no project.`,
		Example: `  vifd token create ci --role member --project 9aefb2fe29814a66b7a1f9e2c7f2eef8
  vifd token create monitoring --role reader --expires 8760h -o json`,
		Args: cobra.ExactArgs(1),
		RunE: a.asks(func(ctx context.Context, c *client.Client, args []string) (err error) {
			t.Name = args[0]
			if t.Expires, err = expiry(expires); err != nil {
				return err
			}
			made, err := c.CreateToken(ctx, t)
			if err != nil {
				return err
			}
			a.note("keep it: it is not shown again")
			d := document{data: made, names: []string{made.Secret}}
			d.rows = []row{cells("id", made.ID), cells("name", made.Name), cells("role", made.Role), cells("project", made.Project),
				cells("expires", when(made.Expires, "never")), cells("token", made.Secret)}
			return a.print(d)
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&t.Role, "role", "reader", "what it allows: reader, member or admin")
	flags.StringVar(&t.Project, "project", "", "the ID of the project that it is for")
	flags.StringVar(&expires, "expires", "2160h", "a time span, a day as 2030-01-31, or never")
	a.completeFlag(cmd, "role", cobra.FixedCompletions([]string{"reader", "member", "admin"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// expiry returns when a token shall end.
func expiry(text string) (time.Time, error) {
	if text == "never" {
		return time.Time{}, nil
	}
	if span, err := time.ParseDuration(text); err == nil && span > 0 {
		return time.Now().Add(span).UTC().Truncate(time.Second), nil
	}
	day, err := time.ParseInLocation(time.DateOnly, text, time.Local)
	if err != nil {
		return day, vif.Invalid.Because(`--expires %s: it must be a time span such as 720h, a day such as 2030-01-31, or never`, text)
	}
	return day, nil
}

func (a *app) listTokens() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List tokens", Args: cobra.NoArgs,
		RunE: a.asks(func(ctx context.Context, c *client.Client, _ []string) error {
			all, err := c.Tokens(ctx)
			if err != nil {
				return err
			}
			d := document{data: all, header: strings.Fields("ID NAME ROLE PROJECT USED EXPIRES")}
			for _, t := range all {
				r := cells(t.ID, t.Name, t.Role, t.Project, when(t.Used, "never"), when(t.Expires, "never"))
				if t.Expired {
					r.tint = red
				}
				d.names, d.rows = append(d.names, t.ID), append(d.rows, r)
			}
			return a.print(d)
		}),
	}
}

func (a *app) revokeToken() *cobra.Command {
	return &cobra.Command{
		Use:   "revoke TOKEN...",
		Short: "Revoke tokens",
		Long:  "Revokes tokens, named by their names or IDs. They let nobody in from then on.",
		Args:  cobra.MinimumNArgs(1),
		ValidArgsFunction: a.completes(func(ctx context.Context, c *client.Client, _ []string) []string {
			var names []string
			all, _ := c.Tokens(ctx)
			for _, t := range all {
				names = append(names, t.Name)
			}
			return names
		}),
		RunE: a.asks(func(ctx context.Context, c *client.Client, args []string) error {
			for _, name := range args {
				if err := c.RevokeToken(ctx, name); err != nil {
					return err
				}
			}
			return nil
		}),
	}
}

// when is a time in words.
func when(at *time.Time, none string) string {
	if at == nil {
		return none
	}
	return at.Local().Format("2006-01-02 15:04")
}
