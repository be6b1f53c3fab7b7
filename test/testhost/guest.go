package testhost

import (
	"context"
	"fmt"
	"os"
)

// Running is a guest of this host, by whoever and whenever it was made.
type Running struct {
	Name string
	UUID string
	host *Host
}

// Guest returns the guest of that name, be there one or not.
func (h *Host) Guest(name string) *Running {
	return &Running{Name: name, UUID: GuestUUID(name), host: h}
}

// Console returns the guest's console from here on: what it has printed so far
// is not seen.
func (g *Running) Console() *Console {
	c := g.History()
	if info, err := os.Stat(c.path); err == nil {
		c.at = info.Size()
	}
	return c
}

// History returns the guest's console from its first line on.
func (g *Running) History() *Console {
	return &Console{path: g.host.path("guests", g.Name+".log")}
}

// Start starts a defined guest and returns when it is up.
func (g *Running) Start(ctx context.Context) error {
	c := g.Console()
	if err := virsh(ctx, "start", g.Name); err != nil {
		return err
	}
	return g.booted(ctx, c)
}

// Destroy ends the guest at once. What it was doing is not asked.
func (g *Running) Destroy(ctx context.Context) error { return virsh(ctx, "destroy", g.Name) }

// XML returns the live definition of the guest, or its persistent one.
func (g *Running) XML(ctx context.Context, live bool) (string, error) {
	args := []string{"-q", "dumpxml", g.Name}
	if !live {
		args = append(args, "--inactive")
	}
	return run(ctx, "virsh", args...)
}

func (g *Running) booted(ctx context.Context, c *Console) error {
	if _, err := c.Line(ctx, "^guest ready$"); err != nil {
		return fmt.Errorf("guest %s does not boot: %w", g.Name, err)
	}
	return nil
}
