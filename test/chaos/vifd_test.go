package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"time"

	"vifd/agent/hotplug"
	"vifd/agent/network/local"
	"vifd/agent/store"
	"vifd/vif"
	"vifd/vif/fail"
)

// limits are short where a switch in memory is waited for.
var limits = hotplug.Limits{Active: 50 * time.Millisecond, Attach: 5 * time.Second, Detach: 5 * time.Second, Undo: 5 * time.Second}

// A vifd is all of vifd but its adapters, on a world.
type vifd struct {
	*hotplug.Engine
	world *world
	store *store.Store
	local *local.Local
}

// start starts a vifd with its store in dir, as agent does. Its first look at
// the world is for the caller.
func start(ctx context.Context, dir string, w *world) (*vifd, error) {
	var to io.Writer = io.Discard
	if os.Getenv("CHAOS_LOG") != "" {
		to = os.Stderr
	}
	log := slog.New(slog.NewTextHandler(to, nil))
	s, err := store.Open(ctx, dir, log)
	if err = fail.At(fail.R0, err); err != nil {
		return nil, err
	}
	v := &vifd{world: w, store: s, local: local.New(s, "host1", local.Defaults{})}
	v.Engine = hotplug.New(hotplug.Parts{
		Authority: v.local, Taps: kernel{w}, Switch: w, Hypervisor: libvirt{w}, Store: s, Log: log,
	}, limits)
	return v, nil
}

// ready does the first look.
func (v *vifd) ready(ctx context.Context) error { return fail.At(fail.R5, v.Start(ctx)) }

// end lets the work after the answers end, and the store go.
func (v *vifd) end(ctx context.Context) error { return errors.Join(v.Close(ctx), v.store.Close()) }

// furnish makes a network for as many ports as one likes, and returns its ID.
func (v *vifd) furnish(ctx context.Context) (string, error) {
	n, err := v.local.CreateNetwork(ctx, vif.Network{Name: "blue", AdminUp: true, Secure: true})
	if err != nil {
		return "", err
	}
	_, err = v.local.CreateSubnet(ctx, vif.Subnet{Network: n.ID, CIDR: netip.MustParsePrefix("10.20.0.0/16")})
	return n.ID, err
}

// converge looks again until nothing is wrong, as vifd's loop does.
func (v *vifd) converge(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for was := ""; ; {
		err := v.Recover(ctx, hotplug.Look{All: true})
		wrong := v.wrong(ctx)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("not within 10 s: %s", was)
		case err == nil && wrong == "":
			return nil
		}
		was = fmt.Sprintf("%v\n%s", err, wrong)
		select { // or a clock of the test's own would stand still
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// Answers, as agent keeps them.

func (v *vifd) Answer(ctx context.Context, caller, key string) (a vif.Answer, err error) {
	err = v.store.View(ctx, func(tx *store.Tx) error { a, err = tx.Answer(caller, key); return err })
	return a, err
}

func (v *vifd) PutAnswer(ctx context.Context, a vif.Answer) error {
	return v.store.Update(ctx, func(tx *store.Tx) error { return tx.PutAnswer(a) })
}

// Health says that v is ready: it serves after its first look only.
func (v *vifd) Health(context.Context) vif.Health { return vif.Health{Ready: true} }

func (v *vifd) Ready() string { return "" }
