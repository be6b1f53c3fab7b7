package agent

import (
	"context"
	"errors"

	"vifd/agent/hotplug"
	"vifd/agent/store"
	"vifd/vif"
)

// A lockKeeper forgets the locks of servers that have gone: those that were not
// there at two looks in a row, and so are not only being defined anew.
type lockKeeper struct {
	servers
	missing map[store.ServerLock]bool // their servers were not there at the last look
}

// forget looks at all servers that have locks, and drops the locks of those that
// have gone. It is for one caller at a time.
func (k *lockKeeper) forget(ctx context.Context) error {
	var locks []store.ServerLock
	err := k.store.View(ctx, func(tx *store.Tx) (err error) { locks, err = tx.ServerLocks(); return err })
	if err != nil || len(locks) == 0 {
		return err
	}
	there, err := k.ids(ctx)
	if err != nil {
		return err
	}
	before := k.missing
	k.missing = map[store.ServerLock]bool{}
	for _, l := range locks {
		switch {
		case there[l.Server]:
		case before[l]:
			err = errors.Join(err, k.drop(ctx, l))
		default:
			k.missing[l] = true
		}
	}
	return err
}

func (k *lockKeeper) ids(ctx context.Context) (map[string]bool, error) {
	all, err := k.host.Servers(ctx)
	there := map[string]bool{}
	for _, s := range all {
		there[s.ID] = true
	}
	return there, err
}

// drop drops l, unless it has become another one.
func (k *lockKeeper) drop(ctx context.Context, l store.ServerLock) error {
	return k.store.Update(ctx, func(tx *store.Tx) error {
		now, err := tx.ServerLock(l.Server)
		if errors.Is(err, vif.NotFound) || err == nil && now != l {
			return nil
		}
		return errors.Join(err, tx.DropServerLock(l.Server))
	})
}

// pass looks at the host, and when it looks at all of it also for locks that have
// outlived their servers.
func (a *agent) pass(ctx context.Context, l hotplug.Look) error {
	a.recallAgain(ctx)
	err := a.engine.Recover(ctx, l)
	if l.All {
		err = errors.Join(err, a.locks.forget(ctx))
	}
	return err
}
