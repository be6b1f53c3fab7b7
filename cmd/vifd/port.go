package main

import (
	"context"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"vifd/agent/api/client"
	"vifd/vif"
)

func (a *app) ports() *cobra.Command {
	r := resource{
		one:        "port",
		collection: (*client.Client).Ports,
		header:     []string{"ID", "NAME", "NETWORK", "MAC", "ADDRESSES", "SERVER", "STATUS"},
		row: func(p client.Resource) []string {
			return []string{p.Text("id"), p.Text("name"), p.Text("network_id"), p.Text("mac_address"),
				addressesOf(p), p.Text("device_id"), p.Text("status")}
		},
	}
	var network string
	list := &cobra.Command{
		Use: "list", Short: "List ports, plugged in or not", Args: cobra.NoArgs,
		RunE: a.listing(r, func(ctx context.Context, c *client.Client) (url.Values, error) { return on(ctx, c, network) }),
	}
	list.Flags().StringVar(&network, "net", "", "only those of this network, a name or an ID")
	a.completeFlag(list, "net", a.completeNetworks)
	return a.resource(r, a.createPort(r), list)
}

func (a *app) createPort(r resource) *cobra.Command {
	var network, mac string
	var ips, groups []string
	var version int
	var insecure bool
	cmd := &cobra.Command{
		Use:   "create [NAME]",
		Short: "Create a port",
		Long: `Creates a port on a network: a MAC and addresses that stay the same wherever
the port is plugged in, and after it was unplugged.`,
		Example: `  vifd port create web-1 --net blue --ip 10.20.0.7
  vifd attach g1 --port web-1`,
		Args: cobra.MaximumNArgs(1),
		RunE: a.creating(r, func(ctx context.Context, c *client.Client, args []string) (client.Resource, error) {
			if network == "" {
				return nil, vif.Invalid.Because("a port needs --net")
			}
			on, err := c.Networks().Find(ctx, network)
			if err != nil {
				return nil, err
			}
			p := client.Resource{"name": strings.Join(args, ""), "network_id": on.Text("id")}
			give(p, "mac_address", mac)
			ids, err := groupIDs(ctx, c, groups)
			if err != nil {
				return nil, err
			}
			if ids != nil {
				p["security_groups"] = ids
			}
			if claims := fixedIPs(ips, version); claims != nil {
				p["fixed_ips"] = claims
			}
			if insecure {
				p["port_security_enabled"] = false
			}
			return p, nil
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&network, "net", "", "the network that it is on, a name or an ID")
	flags.StringSliceVar(&ips, "ip", nil, "with this address; may be given more than once")
	flags.IntVar(&version, "ip-version", 0, "with any address of this version, 4 or 6")
	flags.StringVar(&mac, "mac", "", "with this MAC address")
	flags.BoolVar(&insecure, "no-port-security", false, "do not filter what it sends")
	flags.StringSliceVar(&groups, "security-group", nil, "with this security group, a name or an ID; may be given more than once")
	a.completeFlag(cmd, "net", a.completeNetworks)
	a.completeFlag(cmd, "security-group", a.completeSecurityGroups)
	return cmd
}

func addressesOf(p client.Resource) string {
	var all []string
	list, _ := p["fixed_ips"].([]any)
	for _, item := range list {
		ip, _ := item.(map[string]any)
		all = append(all, said(ip["ip_address"]))
	}
	return strings.Join(all, ",")
}
