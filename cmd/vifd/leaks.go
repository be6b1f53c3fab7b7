package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"vifd/agent/api/client"
	"vifd/vif"
)

func (a *app) leaks() *cobra.Command {
	deep := false
	c := &cobra.Command{
		Use:   "leaks",
		Short: "Look for what is left over, missing or wrong on this host",
		Long: fmt.Sprintf(`Has the agent look at everything that has its mark: taps, switch ports, flows,
NICs in servers and their definitions, metadata, and bindings. What no attachment
stands for is a stray; what an attachment should have and has not is missing. The
agent mends both by itself, strays by the second look. The exit code is %d when
something was found, also on another look right after the first.`, exitFailed),
		Example: `  vifd leaks
  vifd leaks --deep -o json`,
		Args: cobra.NoArgs,
		RunE: a.asks(func(ctx context.Context, c *client.Client, _ []string) error {
			found, err := c.Leaks(ctx, deep)
			if err != nil {
				return err
			}
			if err := a.print(leaksOf(found)); err != nil {
				return err
			}
			if len(found) > 0 {
				return leaking(len(found))
			}
			return nil
		}),
	}
	c.Flags().BoolVar(&deep, "deep", false, "ask QEMU's monitor, too, which libvirt notes in its log")
	return c
}

// leaking says how many leaks were shown.
type leaking int

func (l leaking) Error() string { return fmt.Sprintf("%d found", int(l)) }

func leaksOf(found []vif.Leak) document {
	if found == nil {
		found = []vif.Leak{}
	}
	d := document{data: found, header: []string{"KIND", "OBJECT", "PORT", "WHERE", "WHY"}}
	for _, l := range found {
		d.names = append(d.names, l.Object)
		d.rows = append(d.rows, row{[]string{string(l.Kind), l.Object, l.Port, cmp.Or(l.Server, l.Bridge), l.Why}, red})
	}
	return d
}
