package hotplug

import (
	"context"
	"slices"
	"time"

	"vifd/agent/store"
	"vifd/vif"
)

// noteOnce notes, in the commit that notes what shall be made, for which named
// request it is: after a crash its caller asks again.
func noteOnce(tx *store.Tx, o *vif.Once, op *operation) error {
	if o == nil {
		return nil
	}
	return tx.PutAnswer(vif.Answer{Once: *o, Operations: op.with, Created: time.Now()})
}

// earlier returns what was made for the same request by somebody who died before
// it was answered. It returns nil where nothing is left of that, and the request
// is to be done anew.
func (e *Engine) earlier(ctx context.Context, r vif.Request) (made []vif.Attachment, err error) {
	if r.Once == nil {
		return nil, nil
	}
	var rows []store.Attachment
	var done bool
	err = e.Store.View(ctx, func(tx *store.Tx) error {
		rows, done, err = begunFor(tx, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, a := range rows {
		if !a.Settled || a.Desired == store.Absent {
			return nil, vif.Unavailable.Because("What this request has begun when it was asked before is still being taken back: ask again.")
		}
		made = append(made, e.truth(ctx, a))
	}
	if done && made == nil {
		return nil, vif.WrongState.Because("This request was done when it was asked before, and what it attached was detached since.")
	}
	return made, nil
}

// begunFor returns the attachments that were begun for the same request, and
// whether one of its operations came to its end.
func begunFor(tx *store.Tx, r vif.Request) (rows []store.Attachment, done bool, err error) {
	answer, err := tx.Answer(r.Once.Caller, r.Once.Key)
	if err != nil {
		return nil, false, ignore(vif.NotFound, err)
	}
	for _, id := range answer.Operations {
		o, err := tx.Operation(id)
		if ignore(vif.NotFound, err) != nil {
			return nil, false, err
		}
		done = done || o.Result == vif.Success
	}
	all, err := tx.AttachmentsOf(r.Server)
	rows = slices.DeleteFunc(all, func(a store.Attachment) bool { return !slices.Contains(answer.Operations, a.Operation) })
	return rows, done, err
}
