package hotplug

import (
	"context"
	"time"

	"vifd/agent/store"
	"vifd/vif"
)

// An operation is one request's change to one server, as the store keeps it.
type operation struct {
	timer
	row store.Operation
}

// begin starts the clock of an operation. Nothing is written yet.
func (e *Engine) begin(kind string, r vif.Request) *operation {
	return &operation{
		timer: timer{tell: r.OnProgress},
		row: store.Operation{
			ID: r.Operation, Kind: kind, Server: r.Server, Port: r.Port,
			Project: r.Caller.Project, User: r.Caller.User, Started: time.Now(),
		},
	}
}

// record returns the operation as it stands, now that its port is known.
func (o *operation) record(port string) store.Operation {
	o.row.Port = port
	row := o.row
	row.Steps = o.all()
	return row
}

// ended returns the operation as it ended.
func (o *operation) ended(port string, err error) store.Operation {
	row := o.record(port)
	row.Finished, row.Result = time.Now(), store.Success
	if err != nil {
		row.Result, row.Error = store.Failure, err.Error()
	}
	return row
}

// closed ends the records of all operations with n that are still open, now that
// nothing of it is left.
func (e *Engine) closed(ctx context.Context, n vif.NIC) error {
	return e.Store.Update(ctx, func(tx *store.Tx) error {
		list, err := tx.OperationsOf(n.Server)
		for _, o := range list {
			if o.Port != n.Port.ID || o.Result != "" || err != nil {
				continue
			}
			o.Finished, o.Result = time.Now(), store.Success
			if o.Kind == store.AttachInterface {
				o.Result, o.Error = store.Failure, "vifd ended before the server had the NIC; all of it was taken back"
			}
			err = tx.PutOperation(o)
		}
		return err
	})
}

// failed keeps an operation that failed. That it cannot be kept is logged, and
// no reason to answer anything but why it failed.
func (e *Engine) failed(ctx context.Context, o *operation, err error) {
	ctx, cancel := e.undoContext(ctx, 0)
	defer cancel()
	row := o.ended(o.row.Port, err)
	if err := e.Store.Update(ctx, func(tx *store.Tx) error { return tx.PutOperation(row) }); err != nil {
		e.Log.Warn("operation not recorded", "operation", row.ID, "err", err)
	}
}
