package main

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"vifd/agent"
	"vifd/systemd"
)

func (a *app) serve() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the agent",
		Long: `Runs the agent until it is told to stop. It puts right what a crash or a reboot
left undone, says READY to systemd, and serves its API on the socket that
systemd hands over or, without one, on the one that the configuration names.

Without a configuration file the defaults hold: networks of its own on the
bridge br-int of this host's Open vSwitch, and qemu:///system.`,
		Args: cobra.NoArgs,
		RunE: a.does(func(ctx context.Context, _ []string) error {
			c, err := load(cmp.Or(file, agent.ConfigFile), file != "")
			if err != nil {
				return err
			}
			return agent.Run(ctx, c, systemd.Logger(c.LogLevel, a.err), readBuild().Version)
		}),
	}
	cmd.Flags().StringVar(&file, "config", "", "the configuration file (default "+agent.ConfigFile+")")
	return cmd
}
