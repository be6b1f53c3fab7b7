package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"vifd/agent/store"
	"vifd/systemd"
)

// stillest is how long a pass may go without a step, besides the time that the
// mending of one port has: with a libvirt and an Open vSwitch that both hang, the
// look at the host takes half of it.
const stillest = 2 * time.Minute

// watchdog tells systemd that vifd lives, as long as all of it moves that has to:
// the loop that looks at the host, the API, and the store. That others hang, on
// whom vifd depends, is no reason to end it.
func (a *agent) watchdog(ctx context.Context) {
	ask := answering(a.config.Socket.Path)
	a.warn("watchdog", systemd.Watch(ctx, func(ctx context.Context) error {
		return a.well(ctx, ask)
	}))
}

// well returns what of vifd does not move, or nil.
func (a *agent) well(ctx context.Context, answers func(context.Context) error) error {
	var late error
	if age := a.loop.beat.age(); age > stillest+a.config.Engine.Undo {
		late = fmt.Errorf("the look at the host hangs since %v", age.Round(time.Second))
	}
	return errors.Join(late, answers(ctx), a.storeMoves(ctx))
}

// storeMoves tells whether the store can be read, and its writer be had, before
// ctx ends. Nothing is written: a disk that refuses is no store that hangs.
func (a *agent) storeMoves(ctx context.Context) error {
	moves := make(chan error, 1)
	go func() {
		moves <- errors.Join(a.store.View(ctx, func(*store.Tx) error { return nil }), a.store.Free(ctx))
	}()
	select {
	case err := <-moves:
		return err
	case <-ctx.Done():
		return fmt.Errorf("the store hangs: %w", context.Cause(ctx))
	}
}

// answering returns what tells whether the API at the socket answers. To be told to
// come back is an answer too: with as many clients as there can be, it moves.
func answering(socket string) func(context.Context) error {
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", socket)
		},
	}}
	return func(ctx context.Context) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/healthz", nil)
		if err != nil {
			return err
		}
		res, err := client.Do(r)
		if err != nil {
			return err
		}
		if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusServiceUnavailable {
			err = fmt.Errorf("the API answers %s", res.Status)
		}
		return errors.Join(err, res.Body.Close())
	}
}
