package main

import (
	"context"
	"fmt"
	"net/url"

	"github.com/spf13/cobra"

	"vifd/agent/api/client"
)

func (a *app) networks() *cobra.Command {
	r := resource{
		one:        "network",
		collection: (*client.Client).Networks,
		header:     []string{"ID", "NAME", "VLAN", "BRIDGE", "MTU", "SHARED", "SUBNETS"},
		row: func(n client.Resource) []string {
			return []string{n.Text("id"), n.Text("name"), said(n["provider:segmentation_id"]),
				n.Text("provider:physical_network"), said(n["mtu"]), said(n["shared"]), said(n["subnets"])}
		},
	}
	list := &cobra.Command{
		Use: "list", Short: "List networks", Args: cobra.NoArgs,
		RunE: a.listing(r, func(context.Context, *client.Client) (url.Values, error) { return nil, nil }),
	}
	return a.resource(r, a.createNetwork(r), list)
}

func (a *app) createNetwork(r resource) *cobra.Command {
	var vlan, mtu int
	var bridge string
	var shared, insecure bool
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Create a network",
		Long: `Creates a network: a VLAN on an Open vSwitch bridge or, without --vlan, the
bridge's untagged traffic. The bridge has to exist.`,
		Example: `  vifd network create blue --vlan 100
  vifd network create storage --vlan 300 --bridge br-storage --mtu 9000`,
		Args: cobra.ExactArgs(1),
		RunE: a.creating(r, func(_ context.Context, _ *client.Client, args []string) (client.Resource, error) {
			n := client.Resource{"name": args[0], "provider:network_type": "flat"}
			if vlan != 0 {
				n["provider:network_type"], n["provider:segmentation_id"] = "vlan", vlan
			}
			give(n, "provider:physical_network", bridge)
			give(n, "mtu", mtu)
			give(n, "shared", shared)
			if insecure {
				n["port_security_enabled"] = false
			}
			return n, nil
		}),
	}
	flags := cmd.Flags()
	flags.IntVar(&vlan, "vlan", 0, "the VLAN that carries it, 1 to 4094 (default none)")
	flags.IntVar(&mtu, "mtu", 0, "the MTU of its ports (default the agent's)")
	flags.StringVar(&bridge, "bridge", "", "the bridge that it is on (default the agent's)")
	flags.BoolVar(&shared, "shared", false, "let every project use it")
	flags.BoolVar(&insecure, "no-port-security", false, "do not filter what its ports send")
	return cmd
}

// give sets an attribute that was asked for: the zero value leaves it to the
// agent.
func give[T comparable](r client.Resource, attribute string, value T) {
	var none T
	if value != none {
		r[attribute] = value
	}
}

// said is an attribute in words.
func said(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case bool:
		return map[bool]string{true: "yes", false: "no"}[v]
	case []any:
		text := ""
		for i, item := range v {
			if i > 0 {
				text += ","
			}
			text += said(item)
		}
		return text
	}
	return fmt.Sprint(v)
}
