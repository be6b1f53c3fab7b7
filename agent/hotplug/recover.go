package hotplug

import (
	"context"
	"errors"
	"sync"

	"vifd/agent/store"
	"vifd/vif"
	"vifd/vif/fail"
)

// side is how many servers one pass works on at the same time.
const side = 8

// Start is the first pass: claims on which nothing was built when vifd died are
// given back, records of what it had ended are closed, and then all is as after Recover. No attach may be asked for
// before it returns.
func (e *Engine) Start(ctx context.Context) error {
	held, err := e.Authority.Held(ctx)
	if err != nil {
		return err
	}
	rows, err := e.rows(ctx)
	if err != nil {
		return err
	}
	return errors.Join(e.disclaim(ctx, held, rows), e.orphaned(ctx, rows), e.Recover(ctx, Look{All: true}))
}

// disclaim gives back the claims that no attachment stands for. A released one
// stands for none: the port may have been claimed again since.
func (e *Engine) disclaim(ctx context.Context, held []vif.Port, rows []store.Attachment) (err error) {
	noted := map[string]bool{}
	for _, a := range rows {
		noted[a.NIC.Port.ID] = !a.Released
	}
	for _, p := range held {
		if noted[p.ID] {
			continue
		}
		e.moved()
		e.Log.Info("claim without an attachment given back", "port", p.ID, "server", p.Device)
		err = errors.Join(err, fail.At(fail.R4, e.Authority.Release(ctx, p)))
	}
	return err
}

// Recover brings what it looks at to what the store says: what was settled
// is made whole again, what was not is taken back, and what a guest had not let
// go of is asked for again. What is as it should be is not touched. A server
// with a change under way is left to that change. One bad port does not stop the
// others; the error joins what went wrong with each.
func (e *Engine) Recover(ctx context.Context, l Look) error {
	rows, err := e.rows(ctx)
	if err != nil {
		return err
	}
	l.All = l.All || e.held.any()
	w, err := e.see(ctx, rows, l)
	if err = fail.At(fail.R1, err); err != nil {
		return err
	}
	e.absolve(w)
	told := e.tellSeen(ctx, rows, w)
	laid := e.lay(ctx, w)
	return errors.Join(told, laid, e.follow(ctx, w), e.mendAll(ctx, w), e.collect(ctx, w))
}

// lay puts the base flows of bridges back, and looks at the flows again then: a
// bridge may have lost all of them with these.
func (e *Engine) lay(ctx context.Context, w *world) (err error) {
	laid := false
	for name, r := range w.Rules {
		e.moved()
		if !r.Base {
			e.Log.Info("mended", "bridge", name, "step", "base flows")
			err = errors.Join(err, e.layOne(ctx, name))
			laid = true
		}
	}
	if laid {
		w.seeFlows(ctx, e.Switch)
	}
	return err
}

// layOne puts the base flows of one bridge back, for as long as a switch that is
// well takes for it.
func (e *Engine) layOne(ctx context.Context, bridge string) error {
	ctx, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	return e.Switch.Lay(ctx, bridge)
}

// mendAll mends what w shows of each server.
func (e *Engine) mendAll(ctx context.Context, w *world) error {
	return abreast(w.Rows, func(a store.Attachment) error {
		e.moved()
		return e.mend(ctx, a, w)
	})
}

// abreast does something to all rows: a few servers at the same time, and the rows
// of each in turn.
func abreast(rows []store.Attachment, do func(store.Attachment) error) error {
	servers := byServer(rows)
	errs := make([]error, len(servers))
	slots := make(chan struct{}, side)
	var all sync.WaitGroup
	for i, nics := range servers {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			for _, a := range nics {
				errs[i] = errors.Join(errs[i], do(a))
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// byServer returns the rows of each server together: they are mended in turn,
// for they would find each other to be a change that is under way.
func byServer(rows []store.Attachment) (servers [][]store.Attachment) {
	at := map[string]int{}
	for _, a := range rows {
		i, ok := at[a.NIC.Server]
		if !ok {
			i = len(servers)
			at[a.NIC.Server] = i
			servers = append(servers, nil)
		}
		servers[i] = append(servers[i], a)
	}
	return servers
}

func (e *Engine) rows(ctx context.Context) (rows []store.Attachment, err error) {
	err = e.Store.View(ctx, func(tx *store.Tx) error {
		rows, err = tx.Attachments()
		return err
	})
	return rows, err
}
