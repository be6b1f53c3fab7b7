package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"vifd/agent/api/client"
)

// A resource is a kind of thing that the Networking API has.
type resource struct {
	one        string // "network"
	collection func(*client.Client) client.Collection
	header     []string
	row        func(client.Resource) []string
}

// resource returns the command of r with its four subcommands: create and the
// flags of list differ from one kind to the next, show and delete do not.
func (a *app) resource(r resource, create, list *cobra.Command) *cobra.Command {
	return group(&cobra.Command{
		Use:   r.one,
		Short: fmt.Sprintf("Create, list, show and delete %ss", r.one),
	}, create, list, a.showResource(r), a.deleteResource(r))
}

func (a *app) showResource(r resource) *cobra.Command {
	return &cobra.Command{
		Use:               "show " + strings.ToUpper(r.one),
		Short:             fmt.Sprintf("Show a %s", r.one),
		Long:              fmt.Sprintf("Shows a %s, named by its name or ID.", r.one),
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeResource(r),
		RunE: a.asks(func(ctx context.Context, c *client.Client, args []string) error {
			found, err := r.collection(c).Find(ctx, args[0])
			if err != nil {
				return err
			}
			return a.print(r.alone(found))
		}),
	}
}

func (a *app) deleteResource(r resource) *cobra.Command {
	return &cobra.Command{
		Use:               "delete " + strings.ToUpper(r.one) + "...",
		Short:             fmt.Sprintf("Delete %ss", r.one),
		Long:              fmt.Sprintf("Deletes %ss, named by their names or IDs. The first that cannot be deleted ends it.", r.one),
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: a.completeResource(r),
		RunE: a.asks(func(ctx context.Context, c *client.Client, args []string) error {
			for _, name := range args {
				found, err := r.collection(c).Find(ctx, name)
				if err != nil {
					return err
				}
				if err := r.collection(c).Delete(ctx, found.Text("id")); err != nil {
					return fmt.Errorf("%s %s: %w", r.one, name, err)
				}
			}
			return nil
		}),
	}
}

// listing is the body of a list command. filters turns what its flags say into a query.
func (a *app) listing(r resource, filters func(context.Context, *client.Client) (url.Values, error)) func(*cobra.Command, []string) error {
	return a.asks(func(ctx context.Context, c *client.Client, _ []string) error {
		query, err := filters(ctx, c)
		if err != nil {
			return err
		}
		all, err := r.collection(c).List(ctx, query)
		if err != nil {
			return err
		}
		d := document{data: all, header: r.header}
		for _, found := range all {
			d.names = append(d.names, found.Text("id"))
			d.rows = append(d.rows, cells(r.row(found)...))
		}
		return a.print(d)
	})
}

// creating is the body of a create command.
func (a *app) creating(r resource, attributes func(context.Context, *client.Client, []string) (client.Resource, error)) func(*cobra.Command, []string) error {
	return a.asks(func(ctx context.Context, c *client.Client, args []string) error {
		wanted, err := attributes(ctx, c, args)
		if err != nil {
			return err
		}
		made, err := r.collection(c).Create(ctx, wanted)
		if err != nil {
			return err
		}
		return a.print(r.alone(made))
	})
}

// alone is one resource, with the columns of a list as its lines.
func (r resource) alone(found client.Resource) document {
	d := document{data: found, names: []string{found.Text("id")}}
	values := r.row(found)
	for i, name := range r.header {
		d.rows = append(d.rows, cells(strings.ToLower(name), values[i]))
	}
	return d
}

// on returns a query for what is on the network that is named, or for all.
func on(ctx context.Context, c *client.Client, network string) (url.Values, error) {
	query := url.Values{}
	if network == "" {
		return query, nil
	}
	found, err := c.Networks().Find(ctx, network)
	query.Set("network_id", found.Text("id"))
	return query, err
}
