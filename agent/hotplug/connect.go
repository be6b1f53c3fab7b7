package hotplug

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"vifd/vif"
	"vifd/vif/fail"
)

// headStart is how long a port waits for its filter before it is plugged.
const headStart = 3 * time.Millisecond

// quick is how long the switch's part may take for a guest not to miss it: by
// then it has hardly seen that it has a new NIC.
const quick = 25 * time.Millisecond

// A pace is how long the two halves of the last attach took. The next one goes
// by it; where it errs, time is lost and nothing else.
type pace struct{ wire, show atomic.Int64 }

// slow tells whether the switch is slow, as it is with many ports: ovs-vswitchd
// goes through all of them whenever its database or any link changes.
func (p *pace) slow() bool { return p.wire.Load() > int64(quick) }

// lag is how long a guest's part waits for the switch's to begin, so that the
// guest has its NIC ahead of its wire by the time of one Show at most.
func (p *pace) lag() time.Duration { return time.Duration(p.wire.Load() - 2*p.show.Load()) }

// connect does the switch's part and the guest's side by side. The tap stays
// down, and carries nothing, until the filter is in place and the switch has the
// port. Where it takes longer than an attach waits for it, connect returns nil
// with the tap still down, and Recover raises it.
//
// With a slow switch the port is plugged ahead of its tap, so that ovs-vswitchd
// goes through its ports once for both; else the filter waits for the tap, for
// which a guest waits.
func (e *Engine) connect(ctx context.Context, n vif.NIC, t *timer) error {
	ctx, cancel := context.WithCancel(ctx)
	slow := e.pace.slow()
	filter, err := e.before(ctx, n, slow, t)
	defer func() { cancel(); <-filter.done }()
	if err != nil {
		return err
	}
	confirmed := false
	wire := start(func() (err error) {
		confirmed, err = e.wire(ctx, n, slow, filter, t)
		return err
	})
	if wire.within(e.pace.lag()) && wire.err != nil {
		return wire.err
	}
	begun := time.Now()
	err = t.time(stepShow, func() error { return e.Hypervisor.Show(ctx, n, true) })
	e.pace.show.Store(int64(time.Since(begun)))
	if failed := wire.wait(); err != nil || failed != nil {
		return errors.Join(err, failed)
	}
	if !confirmed {
		e.held.make(n.Port.ID)
	}
	return nil
}

// before does what Show waits for, and begins with the filter.
func (e *Engine) before(ctx context.Context, n vif.NIC, slow bool, t *timer) (filter *lane, err error) {
	filtered := func() error { return e.do(ctx, stepFilter, n, t) }
	if !slow {
		if err = e.do(ctx, stepTap, n, t); err != nil {
			filtered = func() error { return err }
		}
		return start(filtered), err
	}
	filter = start(filtered)
	if err = e.do(ctx, stepPlug, n, t); err == nil {
		err = e.do(ctx, stepTap, n, t)
	}
	return filter, err
}

// wire raises the tap when filter and port are there. The port is plugged here,
// unless that was done ahead: after its filter where that does not take long. A
// port whose filter is still on its way drops everything, as its number has no
// rules.
func (e *Engine) wire(ctx context.Context, n vif.NIC, plugged bool, filter *lane, t *timer) (confirmed bool, err error) {
	begun := time.Now()
	if !plugged {
		if filter.within(headStart) && filter.err != nil {
			return false, filter.err
		}
		if err := e.do(ctx, stepPlug, n, t); err != nil {
			return false, err
		}
	}
	if err := filter.wait(); err != nil {
		return false, err
	}
	confirmed, err = e.confirm(ctx, n, t)
	e.pace.wire.Store(int64(time.Since(begun)))
	if err != nil || !confirmed {
		return false, err
	}
	return true, fail.At(fail.A12, e.do(ctx, stepRaise, n, t))
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

// A lane is work that goes on beside other work.
type lane struct {
	done chan struct{} // closed at its end
	err  error         // how it ended; to be read after that
}

func start(work func() error) *lane {
	l := &lane{done: make(chan struct{})}
	go func() {
		defer close(l.done)
		l.err = work()
	}()
	return l
}

// wait returns how the work ended, once it has.
func (l *lane) wait() error {
	<-l.done
	return l.err
}

// within tells whether the work ends within d. For none it does not wait at all: not
// even for the scheduler's turn, which a timer would.
func (l *lane) within(d time.Duration) bool {
	if d <= 0 {
		return l.ended()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-l.done:
		return true
	case <-timer.C:
		return false
	}
}

func (l *lane) ended() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}
