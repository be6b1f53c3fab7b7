package api

import (
	"context"
	"slices"

	"vifd/vif"
)

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
