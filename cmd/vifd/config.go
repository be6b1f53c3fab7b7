package main

import (
	"cmp"
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"vifd/agent"
)

func (a *app) config() *cobra.Command {
	return group(&cobra.Command{
		Use:   "config",
		Short: "Check and show the agent's configuration",
	}, a.checkConfig(), a.showConfig())
}

func (a *app) checkConfig() *cobra.Command {
	return &cobra.Command{
		Use:   "check [FILE]",
		Short: "Say whether a configuration file is right",
		Long:  "Reads FILE, or " + agent.ConfigFile + ", and says everything that is wrong with it. It asks no\nagent, and changes nothing.",
		Args:  cobra.MaximumNArgs(1),
		RunE: a.does(func(_ context.Context, args []string) error {
			path := agent.ConfigFile
			if len(args) > 0 {
				path = args[0]
			}
			if _, err := load(path, len(args) > 0); err != nil {
				return err
			}
			a.note("%s is right", path)
			return nil
		}),
	}
}

func (a *app) showConfig() *cobra.Command {
	var sample bool
	var file string
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show the configuration that would be in force",
		Long:  "Prints the configuration with every key, whether the file has it or not; with\n--sample, a file that explains every key.",
		Example: `  vifd config show
  vifd config show --sample > ` + agent.ConfigFile,
		Args: cobra.NoArgs,
		RunE: a.does(func(context.Context, []string) error {
			if sample {
				_, err := fmt.Fprint(a.out, agent.ConfigSample)
				return err
			}
			c, err := load(cmp.Or(file, agent.ConfigFile), file != "")
			if err != nil {
				return err
			}
			return a.printConfig(c)
		}),
	}
	cmd.Flags().BoolVar(&sample, "sample", false, "print a file that explains every key")
	cmd.Flags().StringVar(&file, "config", "", "the configuration file (default "+agent.ConfigFile+")")
	return cmd
}

// printConfig writes c to stdout, as the file would have it or as JSON.
func (a *app) printConfig(c agent.Config) error {
	if a.output != "json" {
		_, err := fmt.Fprint(a.out, c)
		return err
	}
	values, err := c.Values()
	if err != nil {
		return err
	}
	return a.print(document{data: values})
}

// load returns the configuration in the file. Without one the defaults hold,
// unless somebody named it.
func load(path string, named bool) (agent.Config, error) {
	if named {
		if _, err := os.Stat(path); err != nil {
			return agent.Config{}, fmt.Errorf("configuration: %w", err)
		}
	}
	return agent.LoadConfig(path)
}
