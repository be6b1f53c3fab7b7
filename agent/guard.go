package agent

import (
	"context"

	"vifd/vif"
)

// guard has vifd end when its store turns out to be damaged: the next start sets
// it aside and rebuilds it. NICs do not notice a restart.
func (a *agent) guard(ctx context.Context, stop func()) {
	select {
	case <-ctx.Done():
	case <-a.store.Damaged():
		a.log.Error("the store is damaged: vifd ends, and rebuilds it at its next start", "err", a.store.Failed())
		stop()
	}
}

// harm says that the store was damaged, if it was.
func (a *agent) harm() error {
	select {
	case <-a.store.Damaged():
		return vif.Unavailable.Because("The store of vifd is damaged. The next start sets it aside and rebuilds it.")
	default:
		return nil
	}
}
