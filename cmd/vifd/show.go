package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"vifd/agent/api/client"
	"vifd/vif"
)

func (a *app) show() *cobra.Command {
	return &cobra.Command{
		Use:   "show PORT",
		Short: "Show one network interface of a server",
		Long: `Shows all that is known of an interface that is plugged into a server, and why
it is not ACTIVE if it is not. PORT is an ID or at least its first 8 characters,
a name, a tag or a MAC address, as long as it fits one interface.`,
		Example: `  vifd show db
  vifd show 52:54:00:aa:bb:cc -o json`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeAttachedPort,
		RunE: a.asks(func(ctx context.Context, c *client.Client, args []string) error {
			attached, err := c.Attachments(ctx, "")
			if err != nil {
				return err
			}
			at, err := choose(attached, args[0], "this host")
			if err != nil {
				return err
			}
			return a.print(a.one(at, a.names(ctx, c)))
		}),
	}
}

// A view is an attachment as JSON, and as the agent says it.
type view struct {
	vif.NIC
	State  vif.State `json:"state"`
	Reason string    `json:"reason,omitempty"`
}

func views(all []vif.Attachment) []view {
	list := []view{}
	for _, at := range all {
		list = append(list, view{at.NIC, at.State, at.Reason})
	}
	return list
}

// one is an attachment, a member a line.
func (a *app) one(at vif.Attachment, n names) document {
	d := document{data: views([]vif.Attachment{at})[0], names: []string{at.Port.ID}}
	vlan := "none"
	if at.Port.Segment.VLAN != 0 {
		vlan = strconv.Itoa(at.Port.Segment.VLAN)
	}
	for _, member := range []struct{ name, value string }{
		{"port", at.Port.ID},
		{"name", at.Port.Name},
		{"server", both(n.server(at.Server), at.Server)},
		{"network", both(n.network(at.Port.Network), at.Port.Network)},
		{"mac", at.Port.MAC},
		{"addresses", addresses(at.Port)},
		{"tag", string(at.Tag)},
		{"mtu", strconv.Itoa(at.Port.MTU)},
		{"bridge", at.Port.Segment.Bridge},
		{"vlan", vlan},
		{"tap", at.Tap},
		{"ofport", strconv.Itoa(at.OFPort)},
		{"pci", at.PCI},
		{"link", link(at)},
	} {
		d.rows = append(d.rows, cells(member.name, member.value))
	}
	d.rows = append(d.rows, row{[]string{"state", string(at.State)}, stateColours[at.State]})
	if at.Reason != "" {
		d.rows = append(d.rows, cells("reason", at.Reason))
	}
	return d
}

// link is the link that the server shall see.
func link(at vif.Attachment) string {
	if at.Link.Up() {
		return string(vif.LinkUp)
	}
	return string(vif.LinkDown)
}

func both(name, id string) string {
	if name == id {
		return id
	}
	return fmt.Sprintf("%s (%s)", name, id)
}

func addresses(p vif.Port) string {
	var all []string
	for _, ip := range p.FixedIPs {
		all = append(all, ip.Address.String())
	}
	return strings.Join(all, ",")
}
