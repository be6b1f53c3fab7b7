package main

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"vifd/agent/api/client"
	"vifd/vif"
)

func (a *app) securityRules() *cobra.Command {
	r := resource{
		one:        "rule",
		collection: (*client.Client).SecurityRules,
		header:     []string{"ID", "GROUP", "DIRECTION", "ETHERTYPE", "PROTOCOL", "PORTS", "REMOTE"},
		row: func(s client.Resource) []string {
			return []string{s.Text("id"), s.Text("security_group_id"), s.Text("direction"), s.Text("ethertype"),
				cmp.Or(s.Text("protocol"), "any"), rangeOf(s), cmp.Or(s.Text("remote_ip_prefix"), s.Text("remote_group_id"))}
		},
	}
	list := &cobra.Command{
		Use: "list [GROUP]", Short: "List the rules of a security group, or of all", Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: a.completeSecurityGroups,
	}
	list.RunE = func(cmd *cobra.Command, args []string) error {
		return a.listing(r, func(ctx context.Context, c *client.Client) (url.Values, error) {
			ids, err := groupIDs(ctx, c, args)
			return url.Values{"security_group_id": ids}, err
		})(cmd, args)
	}
	return group(&cobra.Command{Use: "rule", Short: "Create, list and delete the rules of security groups"},
		a.createSecurityRule(r), list, a.deleteResource(r))
}

// A newRule is what the flags of create say.
type newRule struct {
	ingress, egress        bool
	protocol, ports        string
	remoteIP, remoteGroup  string
	ethertype, description string
	icmpType, icmpCode     int
	given                  func(flag string) bool
}

func (a *app) createSecurityRule(r resource) *cobra.Command {
	var n newRule
	cmd := &cobra.Command{
		Use:   "create GROUP",
		Short: "Add a rule to a security group",
		Long: `Lets one kind of traffic pass to the ports of a security group or, with --egress,
from them: at all ports of this host when the command returns.`,
		Example: `  vifd security-group rule create web --ingress --protocol tcp --dst-port 80
  vifd security-group rule create web --protocol icmp --remote-ip 10.20.0.0/24
  vifd security-group rule create db --protocol tcp --dst-port 5432:5433 --remote-group web`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeSecurityGroups,
		RunE:              a.creating(r, n.attributes),
	}
	flags := cmd.Flags()
	flags.BoolVar(&n.ingress, "ingress", false, "what comes to its ports (the default)")
	flags.BoolVar(&n.egress, "egress", false, "what its ports send")
	flags.StringVar(&n.protocol, "protocol", "", "the protocol, by name or number (default any)")
	flags.StringVar(&n.ports, "dst-port", "", "the port that it goes to, or the ports, as 1:100 (default all)")
	flags.IntVar(&n.icmpType, "icmp-type", 0, "the type, of ICMP (default all)")
	flags.IntVar(&n.icmpCode, "icmp-code", 0, "the code, of ICMP (default all)")
	flags.StringVar(&n.remoteIP, "remote-ip", "", "who is at the other end, as 10.20.0.0/24 (default anybody)")
	flags.StringVar(&n.remoteGroup, "remote-group", "", "or: whoever has this security group, a name or an ID")
	flags.StringVar(&n.ethertype, "ethertype", "", "IPv4 or IPv6 (default that of --remote-ip, or IPv4)")
	flags.StringVar(&n.description, "description", "", "what it is for")
	n.given = flags.Changed
	a.completeFlag(cmd, "remote-group", a.completeSecurityGroups)
	return cmd
}

func (n *newRule) attributes(ctx context.Context, c *client.Client, args []string) (client.Resource, error) {
	if n.ingress && n.egress {
		return nil, vif.Invalid.Because("--ingress and --egress are two rules: create them one by one")
	}
	groups, err := groupIDs(ctx, c, args)
	if err != nil {
		return nil, err
	}
	s := client.Resource{"security_group_id": groups[0], "direction": string(vif.Ingress)}
	if n.egress {
		s["direction"] = string(vif.Egress)
	}
	give(s, "protocol", n.protocol)
	give(s, "remote_ip_prefix", n.remoteIP)
	give(s, "description", n.description)
	give(s, "ethertype", n.version())
	if n.remoteGroup != "" {
		remote, err := groupIDs(ctx, c, []string{n.remoteGroup})
		if err != nil {
			return nil, err
		}
		s["remote_group_id"] = remote[0]
	}
	return s, n.ranges(s)
}

func (n *newRule) version() string {
	if n.ethertype == "" && strings.Contains(n.remoteIP, ":") {
		return "IPv6"
	}
	return n.ethertype
}

// ranges says which ports it is about, or which type and code of ICMP.
func (n *newRule) ranges(s client.Resource) error {
	if n.given("icmp-type") {
		s["port_range_min"] = n.icmpType
	}
	if n.given("icmp-code") {
		s["port_range_max"] = n.icmpCode
	}
	if n.ports == "" {
		return nil
	}
	first, last, ranged := strings.Cut(n.ports, ":")
	if !ranged {
		last = first
	}
	for name, text := range map[string]string{"port_range_min": first, "port_range_max": last} {
		port, err := strconv.Atoi(text)
		if err != nil || s[name] != nil {
			return vif.Invalid.Because("--dst-port %q must be a port or FIRST:LAST, as 1:100, and goes without --icmp-type and --icmp-code", n.ports)
		}
		s[name] = port
	}
	return nil
}

// rangeOf is a rule's ports, or its ICMP type and code, in words.
func rangeOf(s client.Resource) string {
	first, last := said(s["port_range_min"]), said(s["port_range_max"])
	if first == last {
		return first
	}
	return fmt.Sprintf("%s:%s", first, last)
}
