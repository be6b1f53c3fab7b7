package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"vifd/agent/api/client"
	"vifd/vif"
)

func (a *app) status() *cobra.Command {
	return &cobra.Command{
		Use:     "status",
		Short:   "Show how the agent and what it depends on are",
		Long:    fmt.Sprintf("Shows whether the agent takes changes, and how what it depends on is. The exit\ncode is %d when something is not well.", exitDegraded),
		Example: `  vifd status`,
		Args:    cobra.NoArgs,
		RunE: a.asks(func(ctx context.Context, c *client.Client, _ []string) error {
			s, err := c.Status(ctx)
			if err != nil {
				return err
			}
			if err := a.print(statusOf(s)); err != nil {
				return err
			}
			if !well(s) {
				return degraded{}
			}
			return nil
		}),
	}
}

func well(s client.Status) bool {
	for _, p := range s.Parts {
		if !p.OK {
			return false
		}
	}
	return s.Ready && s.Attachments[vif.Error] == 0
}

func statusOf(s client.Status) document {
	d := document{data: s, names: []string{s.Host}}
	d.rows = []row{
		cells("host", s.Host),
		cells("version", s.Version),
		cells("since", s.Since.Local().Format("2006-01-02 15:04:05 MST")),
		verdict("changes", s.Ready, "taken", "refused", s.Why),
	}
	for _, p := range s.Parts {
		d.rows = append(d.rows, verdict(p.Name, p.OK, "ok", "failed", p.Why))
	}
	servers := "unknown"
	if s.Servers != nil {
		servers = fmt.Sprint(*s.Servers)
	}
	d.rows = append(d.rows, cells("servers", servers), cells("ports", ports(s)), cells("operations", fmt.Sprint(s.Operating)))
	return d
}

// verdict is a row that says how something is, and why.
func verdict(name string, ok bool, good, bad, why string) row {
	says, tint := good, green
	if !ok {
		says, tint = bad, red
	}
	if why != "" {
		says += ": " + why
	}
	return row{[]string{name, says}, tint}
}

// ports says how many there are, and in which states.
func ports(s client.Status) string {
	var states []string
	for _, state := range []vif.State{vif.Active, vif.Build, vif.Down, vif.Error} {
		if n := s.Attachments[state]; n > 0 {
			states = append(states, fmt.Sprintf("%d %s", n, state))
		}
	}
	if len(states) == 0 {
		return fmt.Sprint(s.Ports)
	}
	return fmt.Sprintf("%d (%s)", s.Ports, strings.Join(states, ", "))
}
