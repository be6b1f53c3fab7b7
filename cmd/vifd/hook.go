package main

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"vifd/agent"
	"vifd/agent/api/client"
	"vifd/vif"
)

// hookScript is what libvirt runs. It says of itself what it does.
//
//go:embed hook.sh
var hookScript string

// hookFile is where libvirt looks for it (since 6.5).
const hookFile = "/etc/libvirt/hooks/qemu.d/vifd"

// A hook has so long to ask a running agent, which it does again when that is not
// ready, and so long to do without: libvirt and its server wait.
const (
	hookAsks  = 3 * time.Second
	hookAgain = 200 * time.Millisecond
	hookWorks = 5 * time.Second
)

func (a *app) hook() *cobra.Command {
	return group(&cobra.Command{
		Use:   "hook",
		Short: "Have libvirt see to the taps of a server that starts",
		Long: `A server that starts needs its taps. They are there as long as the host is up,
and the agent makes them again at boot, before libvirt starts. The hook is for
the rest: a tap that was deleted while no agent ran. It asks the agent, or
makes the taps by itself where none answers within 3 s, and never keeps a server
from starting.`,
	}, a.installHook(), a.removeHook(), a.prepareHook())
}

func (a *app) installHook() *cobra.Command {
	return &cobra.Command{
		Use:   "install",
		Short: "Put the hook in its place",
		Long:  "Writes " + hookFile + ". libvirt looks for hooks when it starts: restart\nlibvirtd, or virtqemud, after the first time. Servers go on running.",
		Args:  cobra.NoArgs,
		RunE: a.does(func(context.Context, []string) error {
			self, err := os.Executable()
			if err != nil {
				return err
			}
			if err := os.MkdirAll(filepath.Dir(hookFile), 0o755); err != nil {
				return err
			}
			script := strings.ReplaceAll(hookScript, "@VIFD@", "'"+strings.ReplaceAll(self, "'", `'\''`)+"'")
			if err := os.WriteFile(hookFile, []byte(script), 0o755); err != nil {
				return err
			}
			a.note("%s is there; restart libvirtd or virtqemud, which looks for hooks when it starts", hookFile)
			return os.Chmod(hookFile, 0o755)
		}),
	}
}

func (a *app) removeHook() *cobra.Command {
	return &cobra.Command{
		Use:   "remove",
		Short: "Take the hook away",
		Args:  cobra.NoArgs,
		RunE: a.does(func(context.Context, []string) error {
			if err := os.Remove(hookFile); !os.IsNotExist(err) {
				return err
			}
			return nil
		}),
	}
}

func (a *app) prepareHook() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "prepare",
		Short: "Make what a server needs that is about to start",
		Long: `Reads the XML of a domain from standard input and makes its taps and switch
ports, as the hook has it done.`,
		Args: cobra.NoArgs,
		RunE: a.does(func(ctx context.Context, _ []string) error {
			server, err := agent.StartingServer(a.in)
			if err != nil {
				return err
			}
			err = a.askPrepare(ctx, server)
			if _, answered := errors.AsType[*client.Refused](err); answered {
				a.note("%s", explain(err)) // it is at work there, and two would be in each other's way
				return nil
			}
			if err == nil {
				return nil
			}
			c, err := load(cmp.Or(file, agent.ConfigFile), file != "")
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(ctx, hookWorks)
			defer cancel()
			return agent.Prepare(ctx, c, a.process(), server)
		}),
	}
	cmd.Flags().StringVar(&file, "config", "", "the agent's configuration (default "+agent.ConfigFile+")")
	return cmd
}

func (a *app) askPrepare(ctx context.Context, server string) error {
	c, err := a.client()
	if err != nil {
		return err
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(ctx, hookAsks)
	defer cancel()
	var said error
	for {
		err := c.Prepare(ctx, server)
		if _, silent := errors.AsType[*client.Unreachable](err); silent && said != nil {
			return said
		}
		if !errors.Is(err, vif.Unavailable) {
			return err
		}
		said = err
		select {
		case <-time.After(hookAgain):
		case <-ctx.Done():
		}
	}
}
