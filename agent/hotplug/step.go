package hotplug

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"vifd/vif"
)

// A step is one reversible act. do must not mind that it was done before, nor
// undo that it was done by half or never.
type step struct {
	name    string
	do      func(context.Context, vif.NIC) error
	undoing string // what undo is called
	undo    func(context.Context, vif.NIC) error
	last    bool          // nothing waits for its undo, so that it comes after all others
	within  time.Duration // both have this long; 0: as long as the caller has
}

// answer is how long the switch has for what it does at once when it is well. One
// that hangs shall not cost an attach all its time.
const answer = 5 * time.Second

// The names of the steps, as an operator sees them.
const (
	stepLook      = "look"
	stepClaim     = "claim"
	stepNote      = "note"
	stepTap       = "tap"
	stepFilter    = "filter"
	stepPlug      = "plug"
	stepShow      = "show"
	stepConfirm   = "confirm"
	stepRaise     = "raise"
	stepSettle    = "settle"
	stepPersist   = "persist"
	stepReaddress = "readdress"
	stepRelease   = "release"

	stepHide     = "hide"
	stepUnplug   = "unplug"
	stepUnfilter = "unfilter"
	stepUntap    = "remove tap"
)

// steps is a NIC's whole way from the host to the guest: network first, guest
// last. Its undoing is read from the end: guest first. A tap that is on no
// bridge, and rules for a number that nobody has, may wait until the claim has
// been given back.
func (e *Engine) steps() []step {
	return []step{
		{stepTap, e.Taps.Create, stepUntap, e.Taps.Remove, true, 0},
		{stepFilter, e.filter, stepUnfilter, e.Switch.Unfilter, true, answer},
		{stepPlug, e.Switch.Plug, stepUnplug, e.Switch.Unplug, false, answer},
		{stepRaise, e.Taps.Raise, "", nil, false, 0}, // goes with the tap
		{stepShow, e.show, stepHide, e.Hypervisor.Hide, false, 0},
	}
}

// step returns the step of that name.
func (e *Engine) step(name string) step {
	steps := e.steps()
	return steps[slices.IndexFunc(steps, func(s step) bool { return s.name == name })]
}

// do does the step of that name.
func (e *Engine) do(ctx context.Context, name string, n vif.NIC, t *timer) error {
	s := e.step(name)
	return t.time(name, func() error { return s.bounded(ctx, s.do, n) })
}

// bounded does what is the step's, in the step's time.
func (s step) bounded(ctx context.Context, act func(context.Context, vif.NIC) error, n vif.NIC) error {
	if s.within == 0 {
		return act(ctx, n)
	}
	ctx, cancel := context.WithTimeout(ctx, s.within)
	defer cancel()
	return act(ctx, n)
}

// undoing returns the steps in the order in which they are undone. last are those
// that nothing waits for.
func (e *Engine) undoing() (first, last []step) {
	for _, s := range slices.Backward(e.steps()) {
		switch {
		case s.undo == nil:
		case s.last:
			last = append(last, s)
		default:
			first = append(first, s)
		}
	}
	return first, last
}

// unlink undoes the steps given, and stops at the first that will not be undone:
// those after it may not be undone while that one stands. A port must not go to
// another server while this one's guest still holds its NIC. The guest is waited
// for until the context guest ends.
func (e *Engine) unlink(ctx context.Context, n vif.NIC, t *timer, guest context.Context, steps []step) error {
	for _, s := range steps {
		until := ctx
		if s.name == stepShow {
			until = guest
		}
		if err := t.time(s.undoing, func() error { return s.bounded(until, s.undo, n) }); err != nil {
			return fmt.Errorf("%s: %w", s.undoing, err)
		}
	}
	return nil
}

// undoContext outlives its caller, since what undoes must, but has a bound: that
// of an undoing, and what is waited for the guest besides.
func (e *Engine) undoContext(ctx context.Context, guest time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), e.limits.Undo+guest)
}

// late gives an error that came from ctx's end a kind that says so.
func late(ctx context.Context, what string, err error) error {
	if err == nil || ctx.Err() == nil || !errors.Is(err, ctx.Err()) || errors.Is(err, vif.Pending) {
		return err
	}
	return vif.Unavailable.From(err, "%s did not end in time", what)
}

// ms returns the milliseconds since start.
func ms(start time.Time) float64 { return float64(time.Since(start).Microseconds()) / 1000 }
