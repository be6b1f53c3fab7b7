package hotplug

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"vifd/agent/store"
	"vifd/vif"
)

// abandon takes back what an attach has done. An error says what was left for
// Recover, in whose eyes a NIC that was never settled is one to be removed.
func (e *Engine) abandon(ctx context.Context, a store.Attachment, op *operation) error {
	ctx, cancel := e.undoContext(ctx, e.limits.Detach)
	defer cancel()
	guest, end := context.WithTimeout(ctx, e.limits.Detach)
	defer end()
	if err := e.unwant(ctx, &a, op); err != nil {
		e.Log.Warn("rollback goes on, but could not be noted", "port", a.NIC.Port.ID, "err", err)
	}
	if err := e.remove(ctx, a, &op.timer, guest, func() {}); err != nil {
		e.Log.Error("rollback is not complete, and will be tried again", "port", a.NIC.Port.ID, "server", a.NIC.Server, "err", err)
		e.unfinished(a.NIC.Server)
		return fmt.Errorf("rollback: %w", err)
	}
	return nil
}

// takeBack abandons the jobs, the last of them first.
func (e *Engine) takeBack(ctx context.Context, jobs []*job) (err error) {
	for _, j := range slices.Backward(jobs) {
		err = errors.Join(err, e.abandon(ctx, j.a, j.op))
	}
	return err
}

// release gives back a claim that nothing was built on yet.
func (e *Engine) release(ctx context.Context, p vif.Port) error {
	ctx, cancel := e.undoContext(ctx, 0)
	defer cancel()
	defer e.befriend(p.Groups) // who may have heard of it
	return e.Authority.Release(ctx, p)
}
