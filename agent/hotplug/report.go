package hotplug

import (
	"context"
	"errors"

	"vifd/agent/store"
	"vifd/vif"
)

// A finding is what a look found of an attachment.
type finding struct {
	of     store.Attachment // as the row was before the look
	state  vif.State
	reason string
}

// told tells the truth that an attach has answered.
func (e *Engine) told(ctx context.Context, a store.Attachment, truth vif.Attachment) {
	ctx, cancel := e.undoContext(ctx, 0)
	defer cancel()
	a.Settled = true
	if err := e.tellAll(ctx, []finding{{a, truth.State, truth.Reason}}, nil); err != nil {
		e.Log.Warn("the state of a port is told later", "port", a.NIC.Port.ID, "err", err)
	}
}

// report looks at what became of n, and tells it.
func (e *Engine) report(ctx context.Context, n vif.NIC) error {
	var a store.Attachment
	err := e.Store.View(ctx, func(tx *store.Tx) (err error) { a, err = tx.Attachment(n.Port.ID); return err })
	if err != nil || a.NIC.Gen != n.Gen || a.Released {
		return ignore(vif.NotFound, err)
	}
	state, reason := e.state(a, e.tap(ctx))
	return e.tellAll(ctx, []finding{{a, state, reason}}, nil)
}

// tellSeen tells what a look at the host found. It writes only where that
// is not what was told last.
func (e *Engine) tellSeen(ctx context.Context, rows []store.Attachment, w *world) error {
	told, err := e.allTold(ctx)
	if err != nil {
		return err
	}
	var news []finding
	for _, a := range rows {
		if a.Released {
			continue
		}
		state, reason := e.state(a, w.tap)
		if was, ok := told[a.NIC.Port.ID]; !ok || was.Gen != a.NIC.Gen || was.State != state {
			news = append(news, finding{a, state, reason})
		}
		delete(told, a.NIC.Port.ID)
	}
	return e.tellAll(ctx, news, told)
}

func (e *Engine) allTold(ctx context.Context) (told map[string]store.Told, err error) {
	err = e.Store.View(ctx, func(tx *store.Tx) error { told, err = tx.AllTold(); return err })
	return told, err
}

// tellAll tells the news, and that those that were told and have no row any more
// are gone. What has changed since the look is left to whoever changed it.
func (e *Engine) tellAll(ctx context.Context, news []finding, lost map[string]store.Told) error {
	if len(news) == 0 && len(lost) == 0 {
		return nil
	}
	return e.Store.Update(ctx, func(tx *store.Tx) (err error) {
		for _, f := range news {
			if now, gone := tx.Attachment(f.of.NIC.Port.ID); gone == nil && same(now, f.of) {
				err = errors.Join(err, e.tell(tx, now.NIC, f.state, f.reason))
			}
		}
		for port := range lost {
			if now, none := tx.Attachment(port); errors.Is(none, vif.NotFound) || none == nil && now.Released {
				err = errors.Join(err, gone(tx, port))
			}
		}
		return err
	})
}
