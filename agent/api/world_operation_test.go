package api

import (
	"context"
	"slices"
	"time"

	"vifd/vif"
)

// The clock of a world: each operation takes two seconds, and begins a minute
// after the one before.
var dawn = time.Date(2026, 11, 22, 1, 30, 0, 123456789, time.UTC)

// begin records an operation and returns its ID; the world is locked.
func (w *world) begin(kind string, r vif.Request) string {
	w.operations = slices.Insert(w.operations, 0, vif.Operation{
		ID: r.Operation, Kind: kind, Server: r.Server, Port: r.Port, Project: r.Caller.Project, User: r.Caller.User,
		Started: dawn.Add(time.Duration(len(w.operations)) * time.Minute),
	})
	return r.Operation
}

// end ends it, and returns err.
func (w *world) end(id string, err error) error {
	for i := range w.operations {
		o := &w.operations[i]
		if o.ID != id {
			continue
		}
		o.Finished, o.Result = o.Started.Add(2*time.Second), vif.Success
		if err != nil {
			o.Result, o.Error = vif.Failure, err.Error()
		}
	}
	return err
}

func (w *world) Operations(_ context.Context, server string) ([]vif.Operation, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.operations), func(o vif.Operation) bool { return server != "" && o.Server != server }), nil
}

func (w *world) Operation(_ context.Context, id string) (vif.Operation, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return find(w.operations, func(o vif.Operation) bool { return o.ID == id }, vif.NotFound)
}

// Lock and Unlock know of one lock that only an admin undoes: that for
// the reason "audit".
func (w *world) Lock(_ context.Context, server string, _ vif.Caller, reason string) error {
	return w.setLock(server, true, reason)
}

func (w *world) Unlock(_ context.Context, server string, by vif.Caller) error {
	if s, err := w.Server(context.Background(), server); err == nil && s.LockReason == "audit" && !by.Admin {
		return vif.Forbidden.Because("an admin locked it")
	}
	return w.setLock(server, false, "")
}

func (w *world) setLock(server string, locked bool, reason string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.servers {
		if w.servers[i].ID == server {
			w.servers[i].Locked, w.servers[i].LockReason = locked, reason
		}
	}
	return w.fail
}
