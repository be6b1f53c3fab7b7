package hotplug

import (
	"context"
	"time"

	"vifd/vif"
)

// patience is how long the guest's part waits for the switch's. A switch that
// is done by then, as one with few ports is, spares the guest a link that comes
// up only after its NIC, and us the call that raises it. With so many ports that
// the switch takes longer, what is waited here is not waited in the end.
const patience = 10 * time.Millisecond

// A wire is the switch's part of an attach, done beside the guest's.
type wire struct {
	tap       chan struct{} // closed when the tap is there
	done      chan struct{}
	err       error // the filter or the port could not be made
	confirmed bool  // the switch has the port
}

// connect does the switch's part and the guest's side by side. Until the filter
// is in place and the switch has the port, the guest sees its link down: also
// after connect has returned, where the switch takes longer than an attach waits
// for it. Recover raises the link then.
func (e *Engine) connect(ctx context.Context, n vif.NIC, live bool, t *timer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := e.wire(ctx, n, t)
	if err := e.do(ctx, stepTap, n, t); err != nil {
		cancel()
		<-w.done
		return err
	}
	close(w.tap)
	up := w.within(patience)
	if failed := w.failed(); failed != nil {
		return failed
	}
	err := t.time(stepShow, func() error { return e.Hypervisor.Show(ctx, n, up) })
	<-w.done
	switch {
	case err != nil:
		return err
	case w.err != nil || up || !live:
		return w.err
	case !w.confirmed:
		e.held.make(n.Port.ID)
		return nil
	}
	return t.time(stepRaise, func() error { return e.Hypervisor.Link(ctx, n, true) })
}

// wire starts the switch's part: the filter first, beside the tap, and when both
// are there the port.
func (e *Engine) wire(ctx context.Context, n vif.NIC, t *timer) *wire {
	w := &wire{tap: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(w.done)
		if w.err = e.do(ctx, stepFilter, n, t); w.err != nil {
			return
		}
		select {
		case <-w.tap:
		case <-ctx.Done():
			w.err = ctx.Err()
			return
		}
		if w.err = e.do(ctx, stepPlug, n, t); w.err != nil {
			return
		}
		w.confirmed, w.err = e.confirm(ctx, n, t)
	}()
	return w
}

// confirm waits until the switch has the port. One that is still at it is no
// error, and one that says that it failed is.
func (e *Engine) confirm(ctx context.Context, n vif.NIC, t *timer) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, e.limits.Active)
	defer cancel()
	err := t.time(stepConfirm, func() error { return e.Switch.Wired(ctx, n) })
	if err == nil {
		return true, nil
	}
	if p, ok := e.Switch.Port(n); ok && p.OFPort >= 0 {
		return false, nil
	}
	return false, err
}

// failed returns why the switch's part cannot be done, if that is known yet.
func (w *wire) failed() error {
	select {
	case <-w.done:
		return w.err
	default:
		return nil
	}
}

// within tells whether the switch has the port within d. It returns early when
// it never will.
func (w *wire) within(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-w.done:
		return w.confirmed
	case <-timer.C:
		return false
	}
}
