package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"vifd/vif"
)

const about = `vifd wires network interfaces into running virtual machines: it makes a tap,
plugs it into Open vSwitch, hot-plugs the NIC into the libvirt domain and says
truthfully what state the port is in.

"vifd serve" is the agent that does it, one on each hypervisor. The other
commands ask that agent over its unix socket.`

// root returns the whole tree of commands.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "vifd",
		Short:         "Network interfaces for running virtual machines",
		Long:          about,
		Version:       readBuild().Version,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddGroup(
		&cobra.Group{ID: "nics", Title: "Interfaces of servers:"},
		&cobra.Group{ID: "networks", Title: "Networks:"},
		&cobra.Group{ID: "agent", Title: "The agent:"},
	)
	flags := root.PersistentFlags()
	flags.StringVar(&a.socket, "socket", "", "the agent's socket or URL (default $VIFD_SOCKET, or "+socketPath+")")
	flags.VarP(&a.output, "output", "o", "table, json, or name for the IDs alone")
	flags.DurationVar(&a.timeout, "timeout", 2*time.Minute, "how long the agent may take")
	flags.BoolVarP(&a.verbose, "verbose", "v", false, "show the steps also where stderr is no terminal")
	_ = root.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))

	root.SetHelpCommandGroupID("agent")
	root.SetCompletionCommandGroupID("agent")
	for _, group := range []struct {
		id       string
		commands []*cobra.Command
	}{
		{"nics", []*cobra.Command{a.attach(), a.detach(), a.list(), a.show(), a.link(), a.events()}},
		{"networks", []*cobra.Command{a.networks(), a.subnets(), a.ports(), a.securityGroups()}},
		{"agent", []*cobra.Command{a.serve(), a.status(), a.operations(), a.leaks(), a.tokens(), a.config(), a.store(), a.hook(), a.version(), a.man()}},
	} {
		for _, c := range group.commands {
			c.GroupID = group.id
			root.AddCommand(c)
		}
	}
	helpful(root)
	return root
}

// helpful has the commands that cobra brings refuse what they do not know, as all
// others do.
func helpful(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "completion":
			group(c)
		case "help":
			c.Args = func(_ *cobra.Command, args []string) error {
				if _, left, err := root.Find(args); err != nil || len(left) > 0 {
					return vif.Invalid.Because("there is no command %q", strings.Join(args, " "))
				}
				return nil
			}
		}
	}
}

// group returns a command that is nothing but the commands below it.
func group(cmd *cobra.Command, below ...*cobra.Command) *cobra.Command {
	cmd.AddCommand(below...)
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		text := fmt.Sprintf("unknown command %q for %q", args[0], cmd.CommandPath())
		if like := cmd.SuggestionsFor(args[0]); len(like) > 0 {
			text += "; did you mean " + strings.Join(like, " or ") + "?"
		}
		return vif.Invalid.Because("%s", text)
	}
	cmd.SuggestionsMinimumDistance = 2
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	return cmd
}
