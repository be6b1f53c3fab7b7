package hotplug

import (
	"context"
	"errors"

	"vifd/agent/store"
	"vifd/vif"
)

// Prepare makes taps, rules and switch ports of a server that is about to start
// what they should be. It asks the hypervisor nothing, which waits for it.
func (e *Engine) Prepare(ctx context.Context, server string) error {
	unlock, err := e.servers.lock(ctx, server)
	if err != nil {
		return vif.Unavailable.From(err, "Another change to server %s is under way.", server)
	}
	defer unlock()
	var rows []store.Attachment
	err = e.Store.View(ctx, func(tx *store.Tx) (err error) {
		rows, err = tx.AttachmentsOf(server)
		return err
	})
	if err != nil {
		return err
	}
	w, err := e.see(ctx, rows, Look{})
	if err != nil {
		return err
	}
	for _, a := range rows {
		if a.Desired == store.Attached && a.Settled {
			err = errors.Join(err, e.act(ctx, a, planBelow(a.NIC, w.of(a.NIC))))
		}
	}
	return err
}
