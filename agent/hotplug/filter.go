package hotplug

import (
	"context"
	"slices"

	"vifd/vif"
)

// What rules a port has only a dump of all flows tells, and its port_state is
// asked for often. So what a look at everything finds of them is kept until it
// is mended.

// filter is the step.
func (e *Engine) filter(ctx context.Context, n vif.NIC) error {
	err := e.Switch.Filter(ctx, n)
	if err == nil {
		e.unfiltered.clear(n.Port.ID)
	}
	return err
}

// unfilteredBy notes that n's rules are not in place, when that is what there is to
// mend. Nobody else may be changing them.
func (e *Engine) unfilteredBy(acts []act, n vif.NIC) {
	if slices.Contains(acts, actFilter) {
		e.unfiltered.make(n.Port.ID)
	}
}

// absolve forgets that of the ports whose rules a look at everything found in place.
func (e *Engine) absolve(w *world) {
	if !w.all || !w.SwitchKnown {
		return
	}
	for _, a := range w.Rows {
		if w.of(a.NIC).Filtered {
			e.unfiltered.clear(a.NIC.Port.ID)
		}
	}
}
