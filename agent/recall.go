package agent

import (
	"context"

	"vifd/agent/store"
)

// recallDue is the key under which the store says that it was lost, and that not all
// was seen yet that could give it back.
const recallDue = "recall"

// recall gives a store that was lost back what it had, before anything is planned by
// it. One that has anything in it was not lost. What could not be seen, as libvirt
// was not there, is looked at before the first pass that can, if need be another
// vifd's.
func (a *agent) recall(ctx context.Context) {
	due, err := a.recallIsDue(ctx)
	if err != nil || !due {
		a.warn("the store cannot be read", err)
		a.lost = err != nil
		return
	}
	r, whole, err := a.rebuild(ctx)
	a.warn("the store could not be rebuilt", err)
	if r.Any() {
		a.log.Warn("the store was rebuilt from what is on this host", "networks", r.Networks, "subnets", r.Subnets,
			"ports", r.Ports, "attachments", r.Attachments, "left", r.Left, "from", r.From)
	}
	a.lost = err != nil || !whole
	a.warn("that the store was lost could not be noted", a.noteRecall(ctx, a.lost))
}

// recallAgain does what recall could not, if it can be done now.
func (a *agent) recallAgain(ctx context.Context) {
	if a.lost && a.host.Up() == nil && a.ovs.Healthy() == nil {
		a.recall(ctx)
	}
}

func (a *agent) recallIsDue(ctx context.Context) (due bool, err error) {
	bare, err := a.bare(ctx)
	if err != nil || bare || a.lost {
		return true, err
	}
	err = a.store.View(ctx, func(tx *store.Tx) error {
		noted, err := tx.Meta(recallDue)
		due = noted != ""
		return err
	})
	return due, err
}

// noteRecall keeps whether a recall is due, where that is news.
func (a *agent) noteRecall(ctx context.Context, due bool) error {
	note := map[bool]string{true: "due"}[due]
	return a.store.Update(ctx, func(tx *store.Tx) error {
		was, err := tx.Meta(recallDue)
		if err != nil || was == note {
			return err
		}
		return tx.PutMeta(recallDue, note)
	})
}
