package main

import (
	"context"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"vifd/agent/api/client"
	"vifd/vif"
)

func (a *app) subnets() *cobra.Command {
	r := resource{
		one:        "subnet",
		collection: (*client.Client).Subnets,
		header:     []string{"ID", "NAME", "NETWORK", "CIDR", "GATEWAY", "POOLS", "DNS", "DHCP"},
		row: func(s client.Resource) []string {
			return []string{s.Text("id"), s.Text("name"), s.Text("network_id"), s.Text("cidr"),
				s.Text("gateway_ip"), poolsOf(s), said(s["dns_nameservers"]), said(s["enable_dhcp"])}
		},
	}
	var network string
	list := &cobra.Command{
		Use: "list", Short: "List subnets", Args: cobra.NoArgs,
		RunE: a.listing(r, func(ctx context.Context, c *client.Client) (url.Values, error) { return on(ctx, c, network) }),
	}
	list.Flags().StringVar(&network, "net", "", "only those of this network, a name or an ID")
	a.completeFlag(list, "net", a.completeNetworks)
	return a.resource(r, a.createSubnet(r), list)
}

// A newSubnet is what the flags of create say.
type newSubnet struct {
	network, cidr, gateway string
	pools, dns             []string
	noDHCP                 bool
}

func (a *app) createSubnet(r resource) *cobra.Command {
	var n newSubnet
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Create a subnet",
		Long: `Creates a subnet: a range of IPv4 or IPv6 addresses on a network. Its gateway
is its first address, unless --gateway says otherwise, and addresses are given
out of all the others, unless --pool says of which.`,
		Example: `  vifd subnet create blue-v4 --net blue --cidr 10.20.0.0/24
  vifd subnet create blue-v6 --net blue --cidr fd00:20::/64 --gateway none
  vifd subnet create lab --net red --cidr 10.30.0.0/24 --pool 10.30.0.100-10.30.0.199`,
		Args: cobra.ExactArgs(1),
		RunE: a.creating(r, n.attributes),
	}
	flags := cmd.Flags()
	flags.StringVar(&n.network, "net", "", "the network that it is on, a name or an ID")
	flags.StringVar(&n.cidr, "cidr", "", "its addresses, as 10.20.0.0/24")
	flags.StringVar(&n.gateway, "gateway", "", "the address of its gateway, or none (default its first)")
	flags.StringSliceVar(&n.pools, "pool", nil, "give out these addresses, as FIRST-LAST; may be given more than once")
	flags.StringSliceVar(&n.dns, "dns", nil, "a name server that guests are told of; may be given more than once")
	flags.BoolVar(&n.noDHCP, "no-dhcp", false, "do not answer DHCP")
	a.completeFlag(cmd, "net", a.completeNetworks)
	return cmd
}

func (n *newSubnet) attributes(ctx context.Context, c *client.Client, args []string) (client.Resource, error) {
	if n.network == "" || n.cidr == "" {
		return nil, vif.Invalid.Because("a subnet needs --net and --cidr")
	}
	pools, err := parsePools(n.pools)
	if err != nil {
		return nil, err
	}
	on, err := c.Networks().Find(ctx, n.network)
	if err != nil {
		return nil, err
	}
	s := client.Resource{"name": args[0], "network_id": on.Text("id"), "cidr": n.cidr}
	give(s, "gateway_ip", n.gateway)
	if n.gateway == "none" {
		s["gateway_ip"] = nil
	}
	if pools != nil {
		s["allocation_pools"] = pools
	}
	if n.dns != nil {
		s["dns_nameservers"] = n.dns
	}
	if n.noDHCP {
		s["enable_dhcp"] = false
	}
	return s, nil
}

func parsePools(texts []string) ([]map[string]string, error) {
	var pools []map[string]string
	for _, text := range texts {
		start, end, ok := strings.Cut(text, "-")
		if !ok {
			return nil, vif.Invalid.Because("--pool %q must be FIRST-LAST, as 10.30.0.100-10.30.0.199", text)
		}
		pools = append(pools, map[string]string{"start": start, "end": end})
	}
	return pools, nil
}

func poolsOf(s client.Resource) string {
	var all []string
	list, _ := s["allocation_pools"].([]any)
	for _, item := range list {
		pool, _ := item.(map[string]any)
		all = append(all, said(pool["start"])+"-"+said(pool["end"]))
	}
	return strings.Join(all, ",")
}
