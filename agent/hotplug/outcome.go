package hotplug

import (
	"context"
	"sync/atomic"
	"time"

	"vifd/vif"
)

// moment is how long an attach whose time is over has to be settled or undone before
// it is answered. What takes longer, with a libvirt or a disk that hangs, goes on
// after that.
const moment = time.Second

// An outcome is how an attach ends. It is decided once: by the attach, when all is
// done but to settle it, or by who waits for it, when its time is over. An attach
// that then cannot be settled gives the decision back.
type outcome struct {
	decided atomic.Bool
	done    chan struct{} // closed when nothing but work that nobody waits for is left
	truths  []vif.Attachment
	err     error
}

func newOutcome() *outcome { return &outcome{done: make(chan struct{})} }

// take decides, unless that was done.
func (o *outcome) take() bool { return o.decided.CompareAndSwap(false, true) }

// giveBack says that what was taken could not be done.
func (o *outcome) giveBack() { o.decided.Store(false) }

// end says how the attach has ended.
func (o *outcome) end(truths []vif.Attachment, err error) {
	o.truths, o.err = truths, err
	close(o.done)
}

// wait returns how the attach has ended or, a moment after the end of ctx, that it
// has not: then it is taken back after the answer, unless it is being settled.
func (o *outcome) wait(ctx context.Context) ([]vif.Attachment, error) {
	select {
	case <-o.done:
		return o.truths, o.err
	case <-ctx.Done():
	}
	late := o.take()
	select {
	case <-o.done:
		return o.truths, o.err
	case <-time.After(moment):
	}
	if late || o.take() {
		return nil, vif.Unavailable.From(context.Cause(ctx), "The attach did not end in time, and is being taken back: try again.")
	}
	return nil, vif.Unavailable.From(context.Cause(ctx), "The attach was not written to the disk in time, and whether it will be is open: "+
		"see which interfaces the instance has.")
}

// inTime outlives its caller, but neither the limit nor the time that the caller has.
func inTime(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	end := time.Now().Add(limit)
	if asked, ok := ctx.Deadline(); ok && asked.Before(end) {
		end = asked
	}
	return context.WithDeadline(context.WithoutCancel(ctx), end)
}
