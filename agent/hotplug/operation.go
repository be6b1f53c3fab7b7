package hotplug

import (
	"cmp"
	"context"
	"time"

	"vifd/agent/store"
	"vifd/vif"
)

// An operation is one request's change to one server, as the store keeps it.
type operation struct {
	timer
	row  vif.Operation
	with []string // the IDs of all operations of the same request
}

// begin starts the clock of an operation. Nothing is written yet.
func (e *Engine) begin(kind string, r vif.Request) *operation {
	return &operation{
		timer: timer{tell: r.OnProgress},
		row: vif.Operation{
			ID: r.Operation, Kind: kind, Server: r.Server, Port: r.Port,
			Project: r.Caller.Project, User: r.Caller.User, Started: time.Now(),
		},
	}
}

// record returns the operation as it stands, now that its port is known.
func (o *operation) record(port string) vif.Operation {
	o.row.Port = port
	row := o.row
	row.Steps = o.all()
	return row
}

// ended returns the operation as it ended.
func (o *operation) ended(port string, err error) vif.Operation {
	row := o.record(port)
	row.Finished, row.Result = time.Now(), vif.Success
	if err != nil {
		row.Result, row.Error = vif.Failure, err.Error()
	}
	return row
}

// finished keeps an operation that has ended, and tells it. reason is for
// everybody.
func finished(tx *store.Tx, o vif.Operation, reason string) error {
	if err := tx.PutOperation(o); err != nil {
		return err
	}
	return tx.AddEvent(vif.Event{
		Kind: vif.OperationFinished, Server: o.Server, Port: o.Port, Project: o.Project,
		Operation: o.ID, Action: o.Kind, Result: o.Result, Reason: reason,
	})
}

// closed ends the records of all operations with n that are still open, now that
// nothing of it is left.
func (e *Engine) closed(ctx context.Context, n vif.NIC) error {
	return e.Store.Update(ctx, func(tx *store.Tx) error {
		list, err := tx.OperationsOf(n.Server)
		if err != nil {
			return err
		}
		return closeAll(tx, list, func(o vif.Operation) bool { return o.Port == n.Port.ID })
	})
}

// orphaned ends the records that a dead vifd has left open, of what there is no
// attachment of any more: it died when all was done but to say so.
func (e *Engine) orphaned(ctx context.Context, rows []store.Attachment) error {
	attached := map[string]bool{}
	for _, a := range rows {
		attached[a.NIC.Port.ID] = true
	}
	return e.Store.Update(ctx, func(tx *store.Tx) error {
		list, err := tx.Operations()
		if err != nil {
			return err
		}
		return closeAll(tx, list, func(o vif.Operation) bool { return !attached[o.Port] })
	})
}

// closeAll ends those of the list that are open and meant.
func closeAll(tx *store.Tx, list []vif.Operation, meant func(vif.Operation) bool) error {
	for _, o := range list {
		if o.Result != "" || !meant(o) {
			continue
		}
		o.Finished, o.Result = time.Now(), vif.Success
		if o.Kind == vif.AttachInterface {
			o.Result, o.Error = vif.Failure, "vifd ended before the server had the NIC; all of it was taken back"
		}
		if err := finished(tx, o, o.Error); err != nil {
			return err
		}
	}
	return nil
}

// failed keeps an operation that failed. That it cannot be kept is no reason to
// answer anything but why it failed.
func (e *Engine) failed(ctx context.Context, o *operation, err error) {
	ctx, cancel := e.undoContext(ctx, 0)
	defer cancel()
	e.record(ctx, o.ended(o.row.Port, err), cmp.Or(vif.Shown(err), vif.KindOf(err).Error()))
}

// Operations returns what was asked for of the server, or of any server for "",
// newest first, as far back as it is kept.
func (e *Engine) Operations(ctx context.Context, server string) (list []vif.Operation, err error) {
	err = e.Store.View(ctx, func(tx *store.Tx) error {
		if server == "" {
			list, err = tx.Operations()
		} else {
			list, err = tx.OperationsOf(server)
		}
		return err
	})
	return list, err
}

// Operation returns the operation with the ID. An unknown one is vif.NotFound.
func (e *Engine) Operation(ctx context.Context, id string) (o vif.Operation, err error) {
	err = e.Store.View(ctx, func(tx *store.Tx) error { o, err = tx.Operation(id); return err })
	return o, err
}
