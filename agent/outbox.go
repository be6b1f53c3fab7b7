package agent

import (
	"context"
	"errors"

	"vifd/agent/notify"
	"vifd/agent/store"
	"vifd/vif"
)

// An outbox is what Nova is to be told, in the store.
type outbox struct{ *store.Store }

var _ notify.Outbox = outbox{}

// Waiting returns the oldest notice of each port but those, and most at once.
func (o outbox) Waiting(ctx context.Context, most int, without func(port string) bool) (list []vif.Notice, err error) {
	err = o.View(ctx, func(tx *store.Tx) error { list, err = tx.Notices(most, without); return err })
	return list, err
}

// Done forgets the notices.
func (o outbox) Done(ctx context.Context, told []vif.Notice) error {
	return o.Update(ctx, func(tx *store.Tx) (err error) {
		for _, n := range told {
			err = errors.Join(err, tx.DropNotice(n.ID))
		}
		return err
	})
}

// Count returns how many notices wait.
func (o outbox) Count(ctx context.Context) (n int, err error) {
	err = o.View(ctx, func(tx *store.Tx) error { n, err = tx.CountNotices(); return err })
	return n, err
}

// empty forgets what waits for a Nova that is not told any more: when it is told
// again, that is no news.
func (o outbox) empty(ctx context.Context) error {
	if n, err := o.Count(ctx); n == 0 || err != nil {
		return err
	}
	return o.Update(ctx, (*store.Tx).DropNotices)
}

// notify tells Nova what becomes of ports, where it is to be told, until ctx ends.
func (a *agent) notify(ctx context.Context) {
	if a.nova == nil {
		a.warn("old notifications for Nova are kept", outbox{a.store}.empty(ctx))
		return
	}
	a.nova.Run(ctx)
}

// openNova makes what tells Nova, where it is to be told.
func (a *agent) openNova() (err error) {
	if a.config.Engine.Notices {
		a.nova, err = notify.New(a.config.Nova, outbox{a.store}, a.log)
	}
	return err
}
