package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"vifd/agent"
	"vifd/vif"
)

func (a *app) store() *cobra.Command {
	var file string
	cmd := group(&cobra.Command{
		Use:   "store",
		Short: "Check, copy and rebuild what the agent remembers",
		Long: `What the agent remembers is one file on the host, and these commands are for
root on that host. All but rebuild only read the file, whether the agent runs or
not.`,
	}, a.checkStore(&file), a.backupStore(&file), a.rebuildStore(&file), a.exportStore(&file))
	cmd.PersistentFlags().StringVar(&file, "config", "", "the agent's configuration, which says where its store is (default "+agent.ConfigFile+")")
	return cmd
}

// ofStore makes do the body of a command about the store of the configuration.
func (a *app) ofStore(file *string, do func(ctx context.Context, c agent.Config, args []string) error) func(*cobra.Command, []string) error {
	return a.does(func(ctx context.Context, args []string) error {
		c, err := load(cmp.Or(*file, agent.ConfigFile), *file != "")
		if err != nil {
			return err
		}
		return do(ctx, c, args)
	})
}

// process is what parts of the agent need when they run under a command.
func (a *app) process() agent.Process {
	log := slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return agent.Process{Version: readBuild().Version, Log: log}
}

func (a *app) checkStore(file *string) *cobra.Command {
	return &cobra.Command{
		Use:   "check [FILE]",
		Short: "Say whether the store, or a backup, is sound",
		Long:  fmt.Sprintf("Reads all that is in the store, or in FILE, and says what is wrong with it. The\nexit code is %d when something is.", exitDegraded),
		Args:  cobra.MaximumNArgs(1),
		RunE: a.ofStore(file, func(ctx context.Context, c agent.Config, args []string) error {
			path := storePath(c, args)
			wrong, err := agent.CheckStore(ctx, path, a.process())
			if err != nil {
				return err
			}
			if len(wrong) > 0 {
				a.note("%s is damaged:\n  %s", path, strings.Join(wrong, "\n  "))
				return degraded{}
			}
			a.note("%s is sound", path)
			return nil
		}),
	}
}

// storePath is the file that args name, or the store.
func storePath(c agent.Config, args []string) string {
	if len(args) > 0 {
		return args[0]
	}
	return filepath.Join(c.StateDir, "vifd.db")
}

func (a *app) backupStore(file *string) *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Write a copy of the store",
		Long: `Writes the store as it is at one moment to FILE, in place of an older backup; a
file that is none stays, and that is an error. The agent goes on meanwhile. It
makes a backup each day by itself, and keeps three, in the directory "backup"
beside the store.`,
		Example: `  vifd store backup /root/vifd.db`,
		Args:    cobra.ExactArgs(1),
		RunE: a.ofStore(file, func(ctx context.Context, c agent.Config, args []string) error {
			return agent.BackupStore(ctx, storePath(c, nil), args[0], a.process())
		}),
	}
}

func (a *app) exportStore(file *string) *cobra.Command {
	return &cobra.Command{
		Use:   "export [FILE]",
		Short: "Print what is in the store, or in a backup, as JSON",
		Long: `Prints networks, subnets, ports, attachments and operations as one JSON object.
Its member "format" changes when a member changes its meaning or goes.`,
		Args: cobra.MaximumNArgs(1),
		RunE: a.ofStore(file, func(ctx context.Context, c agent.Config, args []string) error {
			copied, err := agent.ReadStore(ctx, storePath(c, args), a.process())
			if err != nil {
				return err
			}
			e := json.NewEncoder(a.out)
			e.SetIndent("", "  ")
			return e.Encode(copied)
		}),
	}
}

func (a *app) rebuildStore(file *string) *cobra.Command {
	return &cobra.Command{
		Use:   "rebuild",
		Short: "Give the store back what it has lost",
		Long: `Puts into the store what it lacks and this host shows: the NICs of the servers, by
their copies beside the store and by their marks on taps, switch ports and
domains; and into a store that has nothing at all also the networks, subnets and
ports of the newest backup. What the store has stays as it is.

A running agent is asked to do it. It does so by itself when it starts and finds
its store lost or damaged.`,
		Args: cobra.NoArgs,
		RunE: a.ofStore(file, func(ctx context.Context, c agent.Config, _ []string) error {
			r, err := agent.Rebuild(ctx, c, a.process())
			if errors.Is(err, vif.InUse) {
				r, err = a.askRebuild(ctx)
			}
			if err != nil {
				return err
			}
			return a.print(rebuilt(r))
		}),
	}
}

func (a *app) askRebuild(ctx context.Context) (vif.Rebuilt, error) {
	c, err := a.client()
	if err != nil {
		return vif.Rebuilt{}, err
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	return c.Rebuild(ctx)
}

func rebuilt(r vif.Rebuilt) document {
	d := document{data: r, rows: []row{
		cells("networks", fmt.Sprint(r.Networks)), cells("subnets", fmt.Sprint(r.Subnets)),
		cells("ports", fmt.Sprint(r.Ports)), cells("attachments", fmt.Sprint(r.Attachments)),
		cells("security groups", fmt.Sprint(r.Groups)),
	}}
	for _, left := range r.Left {
		d.rows = append(d.rows, cells("left", left))
	}
	return d
}
