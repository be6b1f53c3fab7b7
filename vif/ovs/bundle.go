package ovs

import (
	"context"
	"errors"
	"strings"

	"github.com/digitalocean/go-openvswitch/ovs"

	"vifd/vif"
	"vifd/vif/ovs/openflow"
)

// pour does the lines of several bundles as one, or, when that one is refused,
// each of them alone.
func (b *bridge) pour(ctx context.Context, bundles []string) []error {
	errs := make([]error, len(bundles))
	err := b.send(ctx, strings.Join(bundles, ""))
	if err == nil {
		return errs
	}
	for i := range bundles {
		if errs[i] = err; len(bundles) > 1 {
			errs[i] = b.send(ctx, bundles[i])
		}
	}
	return errs
}

// send does the lines in one bundle on the open connection. What cannot go that
// way, and what was refused there, goes to ovs-ofctl, which says in words why
// not. To do the lines twice is to do them once.
func (b *bridge) send(ctx context.Context, lines string) error {
	if err := b.direct(ctx, lines); err == nil || ctx.Err() != nil {
		return err
	}
	return forkBundle(ctx, b.target(), lines)
}

var errNoConnection = errors.New("no connection to the bridge")

func (b *bridge) direct(ctx context.Context, lines string) error {
	c := b.connection()
	if c == nil {
		return errNoConnection
	}
	var mods []openflow.FlowMod
	for text := range strings.Lines(lines) {
		m, err := openflow.Parse(strings.TrimSuffix(text, "\n"))
		if err != nil {
			return err
		}
		mods = append(mods, m)
	}
	return c.Bundle(ctx, mods)
}

// replace returns when the flows with the cookie are the given ones, and no others.
// An error is Unavailable when nobody answered, and Internal when the bridge said no.
func (b *bridge) replace(ctx context.Context, cookie uint64, flows []*ovs.Flow) error {
	err := bundle(ctx, b.target(), cookie, flows, b.bundles.submit)
	switch {
	case err == nil:
		return nil
	case turnedDown(err):
		return vif.Internal.From(err, "Open vSwitch refused the flows for bridge %s", b.name)
	}
	return vif.Unavailable.From(err, "Open vSwitch did not take the flows for bridge %s", b.name)
}

// bundle sends the bundle that replaces the flows of a cookie down the pipe.
func bundle(ctx context.Context, target string, cookie uint64, flows []*ovs.Flow, to pipe) error {
	return ofctl(ctx, to).OpenFlow.AddFlowBundle(target, func(tx *ovs.FlowTransaction) error {
		tx.Delete(&ovs.MatchFlow{Cookie: cookie, Table: ovs.AnyTable})
		tx.Add(flows...)
		return tx.Commit()
	})
}
