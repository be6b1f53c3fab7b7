package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"vifd/agent/api/client"
	"vifd/vif"
)

func (a *app) operations() *cobra.Command {
	var q client.OperationQuery
	var last time.Duration
	cmd := &cobra.Command{
		Use:   "operations [ID]",
		Short: "Show what was asked for, and how long each step took",
		Long: `Lists the attaches and detaches that were asked for, the newest first, or shows
one with its steps. They are kept for 30 days.`,
		Example: `  vifd operations --server g1 --last 1h
  vifd operations req-3fa85f64-5717-4562-b3fc-2c963f66afa6`,
		Args: cobra.MaximumNArgs(1),
		RunE: a.asks(func(ctx context.Context, c *client.Client, args []string) error {
			if len(args) == 1 {
				o, err := c.Operation(ctx, args[0])
				if err != nil {
					return err
				}
				return a.print(operation(o))
			}
			if last > 0 {
				q.Since = time.Now().Add(-last)
			}
			all, err := c.Operations(ctx, q)
			if err != nil {
				return err
			}
			return a.print(operations(all, a.names(ctx, c)))
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&q.Server, "server", "", "only those on this server, a name or a UUID")
	flags.StringVar(&q.Port, "port", "", "only those with this port, a UUID")
	flags.DurationVar(&last, "last", 0, "only those that began within this time")
	flags.IntVar(&q.Limit, "limit", 0, "at most so many (default 100)")
	flags.StringVar(&q.Marker, "marker", "", "those that are older than the operation with this ID")
	a.completeFlag(cmd, "server", a.completeServers)
	return cmd
}

// operations is a list of operations, one a line.
func operations(all []vif.Operation, n names) document {
	d := document{data: operationViews(all), header: []string{"ID", "STARTED", "ACTION", "SERVER", "PORT", "TOOK", "RESULT"}}
	for _, o := range all {
		d.names = append(d.names, o.ID)
		d.rows = append(d.rows, row{
			cells: []string{o.ID, o.Started.Local().Format(time.DateTime), o.Kind, n.server(o.Server), o.Port, took(o), result(o)},
			tint:  map[string]colour{vif.Success: green, vif.Failure: red}[o.Result],
		})
	}
	return d
}

// operation is one operation, with a line for each of its steps.
func operation(o vif.Operation) document {
	d := document{data: operationViews([]vif.Operation{o})[0], names: []string{o.ID}}
	for _, member := range []struct{ name, value string }{
		{"id", o.ID},
		{"action", o.Kind},
		{"server", o.Server},
		{"port", o.Port},
		{"user", o.User},
		{"started", o.Started.Local().Format(time.DateTime)},
		{"took", took(o)},
		{"result", result(o)},
	} {
		d.rows = append(d.rows, cells(member.name, member.value))
	}
	if o.Error != "" {
		d.rows = append(d.rows, cells("error", o.Error))
	}
	for _, s := range o.Steps {
		text := fmt.Sprintf("%.1f ms", s.Ms)
		if s.Err != "" {
			text += "  " + s.Err
		}
		d.rows = append(d.rows, cells("  "+s.Step, text))
	}
	return d
}

// An operationView is an operation as JSON.
type operationView struct {
	ID       string         `json:"id"`
	Action   string         `json:"action"`
	Server   string         `json:"server"`
	Port     string         `json:"port"`
	User     string         `json:"user"`
	Started  time.Time      `json:"started"`
	Finished time.Time      `json:"finished,omitzero"`
	Result   string         `json:"result"`
	Error    string         `json:"error,omitempty"`
	Steps    []vif.Progress `json:"steps"`
}

func operationViews(all []vif.Operation) []operationView {
	list := []operationView{}
	for _, o := range all {
		list = append(list, operationView{o.ID, o.Kind, o.Server, o.Port, o.User, o.Started, o.Finished, o.Result, o.Error, o.Steps})
	}
	return list
}

func result(o vif.Operation) string {
	if o.Result == "" {
		return "under way"
	}
	return o.Result
}

func took(o vif.Operation) string {
	if o.Finished.IsZero() {
		return ""
	}
	return fmt.Sprintf("%.1f ms", float64(o.Finished.Sub(o.Started).Microseconds())/1000)
}
