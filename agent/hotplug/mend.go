package hotplug

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"vifd/agent/store"
	"vifd/vif"
	"vifd/vif/fail"
)

// glance is how long a pass waits for a guest to let go of a NIC. When it does
// later, libvirt says so, and the pass after that finds it gone.
const glance = time.Second

// mend does what the plan says for one attachment. The look was before the
// lock, so what has changed since then is left for another look, which is asked for,
// as is what an attach has completed.
func (e *Engine) mend(ctx context.Context, a store.Attachment, w *world) error {
	found := w.of(a.NIC)
	acts := plan(a, found)
	switch {
	case len(acts) == 0 && found.SwitchKnown && found.ServersKnown && e.ailing(a, w):
		return e.acted(ctx, a, w, nil)
	case len(acts) == 0:
		return nil
	}
	unlock, busy := e.both(a.NIC.Server, a.NIC.Port.ID)
	if unlock == nil {
		e.later(Look{Servers: []string{a.NIC.Server}}, busy)
		return nil
	}
	defer unlock()
	now, err := e.again(ctx, a)
	if err = fail.At(fail.R2, err); err != nil {
		return err
	}
	if now == nil || now.Persisted != a.Persisted {
		e.unfinished(a.NIC.Server)
		return nil
	}
	e.unfilteredBy(acts, now.NIC)
	ctx, cancel := context.WithTimeout(ctx, e.limits.Undo)
	defer cancel()
	return e.acted(ctx, *now, w, e.act(ctx, *now, acts))
}

// again returns a's row as it is now, or nil when it is not what it was.
func (e *Engine) again(ctx context.Context, a store.Attachment) (*store.Attachment, error) {
	var now store.Attachment
	err := e.Store.View(ctx, func(tx *store.Tx) (err error) {
		now, err = tx.Attachment(a.NIC.Port.ID)
		return err
	})
	if errors.Is(err, vif.NotFound) {
		return nil, nil
	}
	if err != nil || !same(now, a) {
		return nil, err
	}
	return &now, nil
}

// same tells whether nothing has happened to a row.
func same(now, a store.Attachment) bool {
	return now.NIC.Gen == a.NIC.Gen && now.Desired == a.Desired && now.Settled == a.Settled && now.Released == a.Released
}

// act does the acts in turn.
func (e *Engine) act(ctx context.Context, a store.Attachment, acts []act) error {
	n := a.NIC
	does := map[act]func() error{
		actRemove:  func() error { return e.finish(ctx, a) },
		actTap:     func() error { return e.do(ctx, stepTap, n, &timer{}) },
		actFilter:  func() error { return e.do(ctx, stepFilter, n, &timer{}) },
		actReplug:  func() error { return e.retire(ctx, n) },
		actPlug:    func() error { return e.do(ctx, stepPlug, n, &timer{}) },
		actReplace: func() error { return e.replace(ctx, n) },
		actShow:    func() error { return e.wired(ctx, stepShow, n) },
		actRaise:   func() error { return e.wired(ctx, stepRaise, n) },
		actLink:    func() error { return e.Hypervisor.Link(ctx, n, n.Link.Up()) },
		actPersist: func() error { return e.keep(ctx, a) },
	}
	for _, do := range acts {
		if err := fail.At(fail.R3, does[do]()); err != nil {
			return fmt.Errorf("port %s: %s: %w", n.Port.ID, do, err)
		}
		e.Log.Info("mended", "port", n.Port.ID, "server", n.Server, "step", string(do))
	}
	if slices.Contains(acts, actTap) && e.Again != nil {
		e.Again(Look{Servers: []string{n.Server}}) // its guest may hold the one that is gone
	}
	return nil
}

// finish removes what a died or unfinished operation left, and closes its record.
func (e *Engine) finish(ctx context.Context, a store.Attachment) error {
	guest, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	if err := e.remove(ctx, a, &timer{}, guest, func() {}); err != nil {
		return err
	}
	return e.closed(ctx, a.NIC)
}

// retire has the switch let go of n's tap, for as long as a switch that is well
// takes for it.
func (e *Engine) retire(ctx context.Context, n vif.NIC) error {
	ctx, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	return e.Switch.Retire(ctx, n)
}

// replace takes away what stands in the place of n in its guest: a NIC whose tap
// is gone, or another one. What has changed since the look is looked at again.
func (e *Engine) replace(ctx context.Context, n vif.NIC) error {
	srv, err := e.Hypervisor.Server(ctx, n.Server)
	if err != nil {
		return err
	}
	nic, shown := srv.NIC(n.DeviceAlias())
	t, there, ours, err := e.Taps.Tap(ctx, n.Tap)
	held := there && ours && t.Carrier || !srv.Live
	if err != nil || !shown || held && nic.MAC == n.Port.MAC && nic.Tap == n.Tap {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	return e.Hypervisor.Hide(ctx, n)
}

// ignore returns err, unless it is of that kind.
func ignore(k vif.Kind, err error) error {
	if errors.Is(err, k) {
		return nil
	}
	return err
}

// wired does a step that has to wait until the switch has the port, as network
// comes first.
func (e *Engine) wired(ctx context.Context, step string, n vif.NIC) error {
	wait, cancel := context.WithTimeout(ctx, e.limits.Active)
	defer cancel()
	if err := e.Switch.Wired(wait, n); err != nil {
		return err
	}
	return e.do(ctx, step, n, &timer{})
}
