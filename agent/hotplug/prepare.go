package hotplug

import (
	"context"
	"errors"
	"slices"
	"time"

	"vifd/agent/store"
	"vifd/vif"
)

// prepareTime is how long a server that starts may be kept from it. Whoever asks for
// it waits a little longer, to hear how it ended.
const prepareTime = 2500 * time.Millisecond

// Prepare makes taps, rules and switch ports of a server that is about to start
// what they should be: first all taps, without which it does not start. It asks the
// hypervisor nothing, which waits for it. What is not done in its time is left for
// the next pass.
func (e *Engine) Prepare(ctx context.Context, server string) error {
	ctx, cancel := context.WithTimeout(ctx, prepareTime)
	defer cancel()
	err := e.prepare(ctx, server)
	if err != nil && ctx.Err() != nil {
		return vif.Unavailable.From(err, "What server %s needs was not all made in its time: it is made as soon as Open vSwitch answers.", server)
	}
	return err
}

func (e *Engine) prepare(ctx context.Context, server string) error {
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
	rows = slices.DeleteFunc(rows, func(a store.Attachment) bool { return a.Desired != store.Attached || !a.Settled })
	rest := make([][]act, len(rows))
	for i, a := range rows {
		rest[i] = planBelow(a.NIC, w.of(a.NIC))
		if len(rest[i]) > 0 && rest[i][0] == actTap {
			err = errors.Join(err, e.act(ctx, a, rest[i][:1]))
			rest[i] = rest[i][1:]
		}
	}
	for i, a := range rows {
		err = errors.Join(err, e.act(ctx, a, rest[i]))
	}
	return err
}
