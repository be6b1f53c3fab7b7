package main

import (
	"cmp"
	"context"
	"slices"

	"github.com/spf13/cobra"

	"vifd/agent/api/client"
	"vifd/vif"
)

func (a *app) list() *cobra.Command {
	return &cobra.Command{
		Use:   "list [SERVER]",
		Short: "List the network interfaces of servers",
		Long:  `Lists what is plugged into SERVER, a name or a UUID, or into any server, with the state of each.`,
		Example: `  vifd list
  vifd list g1 -o json`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: a.completeServers,
		RunE: a.asks(func(ctx context.Context, c *client.Client, args []string) error {
			server := ""
			if len(args) > 0 {
				server = args[0]
			}
			attached, err := c.Attachments(ctx, server)
			if err != nil {
				return err
			}
			return a.print(a.many(attached, a.names(ctx, c)))
		}),
	}
}

// many is a list of attachments, by server.
func (a *app) many(all []vif.Attachment, n names) document {
	slices.SortStableFunc(all, func(x, y vif.Attachment) int {
		return cmp.Compare(n.server(x.Server), n.server(y.Server))
	})
	d := document{
		data:   views(all),
		header: []string{"SERVER", "PORT", "NETWORK", "MAC", "ADDRESSES", "TAG", "STATE"},
	}
	for _, at := range all {
		d.names = append(d.names, at.Port.ID)
		d.rows = append(d.rows, row{
			cells: []string{n.server(at.Server), at.Port.ID, n.network(at.Port.Network), at.Port.MAC,
				addresses(at.Port), string(at.Tag), string(at.State)},
			tint: stateColours[at.State],
		})
	}
	return d
}
