package main

import (
	"context"

	"github.com/spf13/cobra"

	"vifd/agent/api"
	"vifd/vif"
)

func (a *app) attach() *cobra.Command {
	var n api.NewAttachment
	var addresses []string
	var version int
	var dry bool
	cmd := &cobra.Command{
		Use:   "attach SERVER",
		Short: "Plug a network interface into a server",
		Long: `Plugs a network interface into SERVER, a name or a UUID, and prints it. Either
the server then has the interface, or nothing was changed.

--port plugs in a port that exists; --net makes one, which is deleted again when
it is detached. With neither, the only network there is gets chosen.`,
		Example: `  vifd attach g1 --net blue --tag db
  vifd attach g1 --net blue --ip 10.20.0.7 --mac 52:54:00:aa:bb:cc
  vifd attach g1 --net blue --ip-version 6
  vifd attach g1 --port web-1 -o json
  vifd attach g1 --net blue --dry-run`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeServers,
		RunE: a.asks(func(ctx context.Context, c *api.Client, args []string) error {
			n.Server, n.FixedIPs = args[0], fixedIPs(addresses, version)
			if dry {
				return a.rehearse(ctx, c, n)
			}
			return a.plug(ctx, c, n)
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&n.Network, "net", "", "make a port on this network, a name or a UUID")
	flags.StringVar(&n.Port, "port", "", "plug in this port, a name or a UUID")
	flags.StringSliceVar(&addresses, "ip", nil, "with this address; may be given more than once")
	flags.IntVar(&version, "ip-version", 0, "with any address of this version, 4 or 6")
	flags.StringVar(&n.Tag, "tag", "", "the device role tag, by which the guest knows the interface")
	flags.StringVar(&n.MAC, "mac", "", "with this MAC address")
	flags.BoolVar(&dry, "dry-run", false, "say what would be done, and do none of it")
	a.completeFlag(cmd, "net", a.completeNetworks)
	a.completeFlag(cmd, "port", a.completePorts)
	return cmd
}

func fixedIPs(addresses []string, version int) []api.NewAddress {
	var ips []api.NewAddress
	for _, address := range addresses {
		ips = append(ips, api.NewAddress{Address: address})
	}
	if version != 0 {
		ips = append(ips, api.NewAddress{Version: version})
	}
	return ips
}

// sensible refuses what no agent can make sense of.
func sensible(n api.NewAttachment) error {
	switch {
	case n.Port != "" && n.Network != "":
		return vif.Invalid.Because("--port and --net exclude each other: a port is on a network already")
	case n.Port != "" && len(n.FixedIPs) > 0:
		return vif.Invalid.Because("--ip and --ip-version go with --net: a port has its addresses already")
	case n.Port != "" && n.MAC != "":
		return vif.Invalid.Because("--mac goes with --net: a port has its MAC address already")
	}
	return nil
}

func (a *app) rehearse(ctx context.Context, c *api.Client, n api.NewAttachment) error {
	if err := sensible(n); err != nil {
		return err
	}
	plan, err := c.Plan(ctx, n)
	if err != nil {
		return err
	}
	d := document{data: plan, header: []string{"STEP", "DOES"}}
	for _, p := range plan {
		d.names = append(d.names, p.Step)
		d.rows = append(d.rows, cells(p.Step, p.Does))
	}
	return a.print(d)
}

// plug attaches and prints what that made. A port that came up in error is
// there all the same, and the exit code says so.
func (a *app) plug(ctx context.Context, c *api.Client, n api.NewAttachment) error {
	if err := sensible(n); err != nil {
		return err
	}
	at, err := c.Attach(ctx, n, a.steps())
	if err != nil {
		return err
	}
	if err := a.print(a.one(at, a.names(ctx, c))); err != nil {
		return err
	}
	if at.State != vif.Active && at.Reason != "" {
		a.note("the port is %s: %s", at.State, printable(at.Reason))
	}
	if at.State == vif.Error {
		return degraded{}
	}
	return nil
}
