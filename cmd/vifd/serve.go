package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"vifd/agent"
	"vifd/systemd"
	"vifd/vif"
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
bridge br-int of this host's Open vSwitch, and qemu:///system.

SIGHUP has it read the configuration again: what is logged and how many may
connect changes at once, and the log says what needs a restart.`,
		Args: cobra.NoArgs,
		RunE: a.does(func(ctx context.Context, _ []string) error {
			again := func() (agent.Config, error) { return load(cmp.Or(file, agent.ConfigFile), file != "") }
			c, err := again()
			if err != nil {
				return err
			}
			hangup := make(chan os.Signal, 1)
			signal.Notify(hangup, syscall.SIGHUP)
			level := &slog.LevelVar{}
			level.Set(c.LogLevel)
			err = agent.Run(ctx, c, agent.Process{
				Version: readBuild().Version, Log: systemd.Logger(level, a.err), Level: level, Hangup: hangup, Load: again,
			})
			if errors.Is(err, vif.InUse) {
				return held{err}
			}
			return err
		}),
	}
	cmd.Flags().StringVar(&file, "config", "", "the configuration file (default "+agent.ConfigFile+")")
	return cmd
}
