package hypervisor

import (
	"context"
	"errors"
	"time"

	"vifd/vif"
	"vifd/vif/fail"
)

// How long a guest has to let go of a NIC before it is asked again: longer each
// time. A guest that was busy booting is asked again soon.
const (
	firstWait = 5 * time.Second
	lastWait  = 40 * time.Second
	busyWait  = 3 * time.Second
)

// An answer is what came of asking a guest to let go of a NIC.
type answer int

const (
	asked    answer = iota // the guest knows
	notNow                 // it cannot take the question yet
	notThere               // there is no such NIC, no guest, or no server
)

// A plugged NIC can be asked back.
type plugged interface {
	// eject asks for it, once more if it has to be.
	eject(ctx context.Context) (answer, error)

	// there looks whether the guest has it.
	there(ctx context.Context) (bool, error)
}

// unplug asks for p until the guest has let go of it, listening with e, which
// has listened since before. When ctx ends first, the error is of kind
// vif.Pending: the question stands. An error of the first question is returned;
// later ones may be libvirt's absence, which passes.
func unplug(ctx context.Context, p plugged, e *ear) error {
	wait := firstWait
	for first := true; ; first = false {
		said, err := p.eject(ctx)
		switch {
		case err != nil && (first || !errors.Is(err, vif.Unavailable)):
			return err
		case err == nil && said == notThere:
			return nil
		}
		patience := busyWait
		if fail.At(fail.D4, err) == nil && said == asked {
			patience, wait = wait, min(2*wait, lastWait)
		}
		if gone, err := await(ctx, patience, p, e); gone || err != nil {
			return err
		}
	}
}

// await waits until the NIC is gone, or patience is over.
func await(ctx context.Context, patience time.Duration, p plugged, e *ear) (gone bool, err error) {
	t := time.NewTimer(patience)
	defer t.Stop()
	for {
		select {
		case <-e.gone:
			return true, nil
		case <-e.again:
			if there, err := p.there(ctx); err == nil && !there {
				return true, nil
			}
		case <-t.C:
			return false, nil
		case <-ctx.Done():
			return false, vif.Pending.From(context.Cause(ctx), "The guest has not let go of the NIC yet.")
		}
	}
}
