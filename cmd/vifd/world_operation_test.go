package main

import (
	"context"
	"time"

	"vifd/vif"
)

// past is what was asked for before every test.
var past = []vif.Operation{
	{ID: "req-2", Kind: vif.DetachInterface, Server: "00000001-0000-4000-8000-000000000000", User: "root", Started: time.Unix(60, 0)},
	{
		ID: "req-1", Kind: vif.AttachInterface, Server: "00000001-0000-4000-8000-000000000000", User: "root",
		Started: time.Unix(0, 0), Finished: time.Unix(0, 32e6), Result: vif.Failure, Error: "no bridge",
		Steps: []vif.Progress{{Step: "claim", Ms: 1.5}, {Step: "note", Ms: 2, Err: "no bridge"}},
	},
}

func (w *world) Operations(context.Context, string) ([]vif.Operation, error) { return past, nil }

func (w *world) Operation(_ context.Context, id string) (vif.Operation, error) {
	return get(past, id, func(o vif.Operation) string { return o.ID })
}
