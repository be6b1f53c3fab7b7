package main

import (
	"context"

	"github.com/spf13/cobra"

	"vifd/agent/api/client"
	"vifd/vif"
)

func (a *app) attach() *cobra.Command {
	var list []client.NewAttachment // one for each --net and --port
	var n client.NewAttachment      // what the other flags say
	var addresses []string
	var version int
	var dry bool
	cmd := &cobra.Command{
		Use:   "attach SERVER",
		Short: "Plug a network interface into a server",
		Long: `Plugs a network interface into SERVER, a name or a UUID, and prints it. Either
the server then has the interface, or nothing was changed.

--port plugs in a port that exists; --net makes one, which is deleted again when
it is detached. With neither, the only network there is gets chosen. With several
of them the server gets an interface for each, in their order: all of them, or none.`,
		Example: `  vifd attach g1 --net blue --tag db
  vifd attach g1 --net blue --ip 10.20.0.7 --mac 52:54:00:aa:bb:cc
  vifd attach g1 --net blue --ip-version 6
  vifd attach g1 --net blue --security-group web
  vifd attach g1 --port web-1 -o json
  vifd attach g1 --net blue --net red --port web-1
  vifd attach g1 --net blue --dry-run`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeServers,
		RunE: a.asks(func(ctx context.Context, c *client.Client, args []string) error {
			n.FixedIPs = fixedIPs(addresses, version)
			all, err := interfaces(args[0], list, n)
			switch {
			case err != nil:
				return err
			case dry:
				return a.rehearse(ctx, c, all)
			}
			return a.plug(ctx, c, all)
		}),
	}
	flags := cmd.Flags()
	flags.Var(&places{all: &list, take: toNetwork}, "net", "make a port on this network, a name or a UUID; may be given more than once")
	flags.Var(&places{all: &list, take: toPort}, "port", "plug in this port, a name or a UUID; may be given more than once")
	flags.StringSliceVar(&addresses, "ip", nil, "with this address; may be given more than once")
	flags.IntVar(&version, "ip-version", 0, "with any address of this version, 4 or 6")
	flags.StringVar(&n.Tag, "tag", "", "the device role tag, by which the guest knows the interface")
	flags.StringVar(&n.MAC, "mac", "", "with this MAC address")
	flags.StringSliceVar(&n.SecurityGroups, "security-group", nil, "with this security group, a name or an ID; may be given more than once")
	flags.BoolVar(&dry, "dry-run", false, "say what would be done, and do none of it")
	a.completeFlag(cmd, "net", a.completeNetworks)
	a.completeFlag(cmd, "port", a.completePorts)
	a.completeFlag(cmd, "security-group", a.completeSecurityGroups)
	return cmd
}

func fixedIPs(addresses []string, version int) []client.NewAddress {
	var ips []client.NewAddress
	for _, address := range addresses {
		ips = append(ips, client.NewAddress{Address: address})
	}
	if version != 0 {
		ips = append(ips, client.NewAddress{Version: version})
	}
	return ips
}

// interfaces returns what is asked for, for the server: each of the list, or one
// that does not say where. What the other flags say is for one interface.
func interfaces(server string, list []client.NewAttachment, n client.NewAttachment) ([]client.NewAttachment, error) {
	switch {
	case len(list) > 1 && (n.FixedIPs != nil || n.MAC != "" || n.Tag != "" || n.SecurityGroups != nil):
		return nil, vif.Invalid.Because("--ip, --ip-version, --mac, --tag and --security-group go with one interface: attach those that need them one by one")
	case len(list) > 1:
		return forServer(server, list), nil
	case len(list) == 1:
		n.Network, n.Port = list[0].Network, list[0].Port
	}
	return forServer(server, []client.NewAttachment{n}), sensible(n)
}

func forServer(server string, all []client.NewAttachment) []client.NewAttachment {
	for i := range all {
		all[i].Server = server
	}
	return all
}

// sensible refuses what no agent can make sense of.
func sensible(n client.NewAttachment) error {
	switch {
	case n.Port != "" && len(n.FixedIPs) > 0:
		return vif.Invalid.Because("--ip and --ip-version go with --net: a port has its addresses already")
	case n.Port != "" && n.MAC != "":
		return vif.Invalid.Because("--mac goes with --net: a port has its MAC address already")
	}
	return nil
}

func (a *app) rehearse(ctx context.Context, c *client.Client, all []client.NewAttachment) error {
	if len(all) > 1 {
		return vif.Invalid.Because("--dry-run says what one interface takes: name one --net or --port")
	}
	plan, err := c.Plan(ctx, all[0])
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
