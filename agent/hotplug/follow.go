package hotplug

import (
	"context"
	"errors"
	"slices"

	"vifd/agent/store"
	"vifd/vif"
)

// follow gives attachments what the authority says their ports have, addresses and
// what security groups let pass: a change of these may have come no further than that.
func (e *Engine) follow(ctx context.Context, w *world) (err error) {
	for _, a := range w.Rows {
		e.moved()
		if behind(w.Held, a) {
			err = errors.Join(err, e.catchUp(ctx, a))
		}
	}
	return err
}

// behind tells whether a has not all that the authority says of its port.
func behind(held []vif.Port, a store.Attachment) bool {
	p, ok := claimed(held, a)
	return ok && steady(a) && !agree(p, a.NIC.Port)
}

// agree tells whether the same passes at both.
func agree(p, q vif.Port) bool {
	return slices.Equal(p.FixedIPs, q.FixedIPs) && slices.Equal(p.Groups, q.Groups) && slices.EqualFunc(p.Passes, q.Passes, vif.Pass.Equal)
}

// claimed returns the port by the claim that a stands on.
func claimed(held []vif.Port, a store.Attachment) (vif.Port, bool) {
	i := slices.IndexFunc(held, func(p vif.Port) bool { return p.ID == a.NIC.Port.ID && p.Claim == a.NIC.Port.Claim })
	if i < 0 {
		return vif.Port{}, false
	}
	return held[i], true
}

// catchUp follows at once where nobody else is changing the server, and else when
// that is over.
func (e *Engine) catchUp(ctx context.Context, a store.Attachment) error {
	unlock, busy := e.both(a.NIC.Server, a.NIC.Port.ID)
	if unlock == nil {
		e.later(Look{Groups: true, Servers: []string{a.NIC.Server}}, busy)
		return nil
	}
	defer unlock()
	return e.caughtUp(ctx, a)
}

// caughtUp looks again, as the look was before the locks, and follows.
func (e *Engine) caughtUp(ctx context.Context, a store.Attachment) error {
	held, err := e.Authority.Held(ctx, a.NIC.Port.ID)
	if err != nil {
		return err
	}
	now, err := e.again(ctx, a)
	if err != nil || now == nil || !behind(held, *now) {
		return err
	}
	p, _ := claimed(held, *now)
	e.Log.Info("mended", "port", p.ID, "server", a.NIC.Server, "step", differing(p, now.NIC.Port))
	err = e.allow(ctx, now, p, &operation{})
	if err != nil {
		e.unfiltered.make(p.ID)
	}
	return err
}

// differing is what p has another one of than q.
func differing(p, q vif.Port) string {
	if !slices.Equal(p.FixedIPs, q.FixedIPs) {
		return "addresses"
	}
	return "security groups"
}
