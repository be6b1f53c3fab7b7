package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func (a *app) man() *cobra.Command {
	return &cobra.Command{
		Use:     "man DIRECTORY",
		Short:   "Write the manual pages",
		Long:    "Writes a manual page for each command into DIRECTORY, which is made if need be.",
		Example: `  vifd man /usr/local/share/man/man8`,
		Args:    cobra.ExactArgs(1),
		RunE: a.does(func(_ context.Context, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			root := a.root()
			root.InitDefaultCompletionCmd()
			for _, c := range everyCommand(root) {
				file := filepath.Join(args[0], pageName(c)+".8")
				if err := os.WriteFile(file, []byte(page(c)), 0o644); err != nil {
					return err
				}
			}
			return nil
		}),
	}
}

// everyCommand returns c and all below it that have a page.
func everyCommand(c *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{c}
	for _, child := range c.Commands() {
		if child.IsAvailableCommand() && child.Name() != "help" {
			all = append(all, everyCommand(child)...)
		}
	}
	return all
}

// pageName is the command with dashes, as git has it.
func pageName(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

// page returns the manual page of c, in roff (man(7)).
func page(c *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %q 8 \"\" vifd \"vifd manual\"\n.nh\n.ad l\n", strings.ToUpper(pageName(c)))
	section(&b, "NAME", fmt.Sprintf("%s \\- %s\n", roff(pageName(c)), roff(c.Short)))
	section(&b, "SYNOPSIS", ".B "+roff(c.UseLine())+"\n")
	section(&b, "DESCRIPTION", paragraphs(cmp.Or(c.Long, c.Short+".")))
	section(&b, "COMMANDS", subcommands(c))
	section(&b, "OPTIONS", options(c.NonInheritedFlags()))
	section(&b, "OPTIONS OF EVERY COMMAND", options(c.InheritedFlags()))
	if c.Example != "" {
		section(&b, "EXAMPLES", ".nf\n"+paragraphs(c.Example)+".fi\n")
	}
	section(&b, "EXIT STATUS", exitStatus())
	section(&b, "ENVIRONMENT", term("VIFD_SOCKET", "the agent's socket, where --socket does not name one")+
		term("VIFD_TOKEN", "the token for an agent on another host")+
		term("VIFD_CACERT", "a file with the authorities that the certificate of an agent is to be from (PEM)")+
		term("NO_COLOR", "if it is set, nothing is coloured"))
	section(&b, "FILES", term("/etc/vifd/vifd.toml", "the configuration of the agent")+
		term(socketPath, "the socket of the agent")+term("/var/lib/vifd", "what the agent remembers"))
	section(&b, "SEE ALSO", roff(seeAlso(c))+"\n")
	return b.String()
}

func section(b *strings.Builder, title, text string) {
	if text != "" {
		fmt.Fprintf(b, ".SH %s\n%s", title, text)
	}
}

func subcommands(c *cobra.Command) string {
	var text string
	for _, child := range c.Commands() {
		if child.IsAvailableCommand() && child.Name() != "help" {
			text += term(child.CommandPath(), child.Short)
		}
	}
	return text
}

func options(flags *pflag.FlagSet) string {
	var text string
	flags.VisitAll(func(f *pflag.Flag) {
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		kind, usage := pflag.UnquoteUsage(f)
		if kind != "" {
			name += "=" + strings.ToUpper(kind)
		}
		text += term(name, usage)
	})
	return text
}

func exitStatus() string {
	var text string
	for _, code := range slices.Sorted(maps.Keys(exitMeanings)) {
		text += term(fmt.Sprint(code), exitMeanings[code])
	}
	return text
}

func seeAlso(c *cobra.Command) string {
	pages := []string{"virsh(1)", "ovs-vsctl(8)"}
	for _, child := range c.Commands() {
		if child.IsAvailableCommand() && child.Name() != "help" {
			pages = append(pages, pageName(child)+"(8)")
		}
	}
	if c.HasParent() {
		pages = append([]string{pageName(c.Parent()) + "(8)"}, pages...)
	}
	return strings.Join(pages, ", ")
}

func term(name, text string) string { return fmt.Sprintf(".TP\n.B %s\n%s\n", roff(name), roff(text)) }

func paragraphs(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "" {
			b.WriteString(".PP\n")
			continue
		}
		b.WriteString(roff(strings.TrimSuffix(line, "\n")) + "\n")
	}
	return b.String()
}

// roff keeps text from being read as a request, and its dashes as they are.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "\n", " ").Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		return `\&` + text
	}
	return text
}
