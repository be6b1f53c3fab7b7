package hotplug

import (
	"context"
	"errors"
	"slices"

	"vifd/agent/store"
	"vifd/vif"
)

// follow gives attachments the addresses that the authority says their ports have:
// a change of addresses may have come no further than that.
func (e *Engine) follow(ctx context.Context, w *world) (err error) {
	for _, a := range w.Rows {
		e.moved()
		if p, ok := claimed(w.Held, a); ok && steady(a) && !slices.Equal(p.FixedIPs, a.NIC.Port.FixedIPs) {
			err = errors.Join(err, e.catchUp(ctx, a))
		}
	}
	return err
}

// claimed returns the port by the claim that a stands on.
func claimed(held []vif.Port, a store.Attachment) (vif.Port, bool) {
	i := slices.IndexFunc(held, func(p vif.Port) bool { return p.ID == a.NIC.Port.ID && p.Claim == a.NIC.Port.Claim })
	if i < 0 {
		return vif.Port{}, false
	}
	return held[i], true
}

// catchUp looks again, as the look was before the locks, and follows.
func (e *Engine) catchUp(ctx context.Context, a store.Attachment) error {
	unlock, busy := e.both(a.NIC.Server, a.NIC.Port.ID)
	if unlock == nil {
		e.later(a.NIC.Server, busy)
		return nil
	}
	defer unlock()
	held, err := e.Authority.Held(ctx)
	if err != nil {
		return err
	}
	now, err := e.again(ctx, a)
	if err != nil || now == nil {
		return err
	}
	p, ok := claimed(held, *now)
	if !ok || slices.Equal(p.FixedIPs, now.NIC.Port.FixedIPs) {
		return nil
	}
	e.Log.Info("mended", "port", p.ID, "server", a.NIC.Server, "step", "addresses")
	return e.allow(ctx, now, p.FixedIPs, &operation{})
}
