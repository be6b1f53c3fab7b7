package hotplug

import (
	"context"
	"errors"
	"time"

	"vifd/agent/store"
)

// guardTime is how long a change of security groups waits for the ports that it is
// about.
const guardTime = 10 * time.Second

// Guard gives every port that a server has what its security groups let pass now, and
// returns when the filters say so: also where the caller does not wait for it. What
// could not be done within its time is done by the next pass.
func (e *Engine) Guard(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), guardTime)
	defer cancel()
	err := e.guard(ctx)
	if err != nil && e.Again != nil {
		e.Again(Look{All: true})
	}
	return late(ctx, "the change of security groups", err)
}

// guard follows the authority at the ports that are behind it, on some servers at a
// time.
func (e *Engine) guard(ctx context.Context) error {
	rows, err := e.behindRows(ctx)
	if err != nil {
		return err
	}
	return abreast(rows, func(a store.Attachment) error { return e.guardOne(ctx, a) })
}

// behindRows returns the attachments that have not all that the authority says. One
// on its way in may be among them when it has settled, and is waited for.
func (e *Engine) behindRows(ctx context.Context) (found []store.Attachment, err error) {
	held, err := e.Authority.Held(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := e.rows(ctx)
	for _, a := range rows {
		if coming := a; a.Desired == store.Attached {
			coming.Settled = true
			if behind(held, coming) {
				found = append(found, coming)
			}
		}
	}
	return found, err
}

// guardOne waits for what is under way at the server and at the port.
func (e *Engine) guardOne(ctx context.Context, a store.Attachment) error {
	unlock, err := e.servers.lock(ctx, a.NIC.Server)
	if err != nil {
		return err
	}
	defer unlock()
	free, err := e.ports.lock(ctx, a.NIC.Port.ID)
	if err != nil {
		return err
	}
	defer free()
	return e.caughtUp(ctx, a)
}

// befriend has the others let in a new member of the groups that they name: soon, as
// nobody waits for it.
func (e *Engine) befriend(groups []string) {
	if len(groups) > 0 && e.Again != nil {
		e.Again(Look{Groups: true})
	}
}

// estrange takes what a member of groups has lost out of the filters of the others.
// Where somebody is at one of them, that is as soon as he has done: an address
// rests before it is given to somebody else. The caller holds the server's lock.
func (e *Engine) estrange(ctx context.Context, server string, groups []string) {
	if len(groups) == 0 {
		return
	}
	rows, err := e.behindRows(ctx)
	for _, a := range rows {
		if a.NIC.Server != server {
			err = errors.Join(err, e.catchUp(ctx, a))
			continue
		}
		if free, _ := e.ports.try(a.NIC.Port.ID); free != nil {
			err = errors.Join(err, e.caughtUp(ctx, a))
			free()
		}
	}
	if err != nil {
		e.Log.Warn("the filters of others still let in what has left their groups, and will be tried again", "server", server, "err", err)
		e.befriend(groups)
	}
}
