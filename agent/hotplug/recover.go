package hotplug

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"vifd/agent/store"
	"vifd/vif"
)

// glance is how long a pass waits for a guest to let go of a NIC. When it does
// later, libvirt says so, and the pass after that finds it gone.
const glance = time.Second

// side is how many servers one pass works on at the same time.
const side = 8

// Start is the first pass: claims on which nothing was built when vifd died are
// given back, and then all is as after Recover. No attach may be asked for
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
	return errors.Join(e.disclaim(ctx, held, rows), e.Recover(ctx, Look{All: true}))
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
		e.Log.Info("claim without an attachment given back", "port", p.ID, "server", p.Device)
		err = errors.Join(err, e.Authority.Release(ctx, p))
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
	if err != nil || len(rows) == 0 {
		return err
	}
	l.All = l.All || e.held.any()
	w, err := e.see(ctx, rows, l)
	if err != nil {
		return err
	}
	servers := byServer(rows)
	errs := make([]error, len(servers))
	slots := make(chan struct{}, side)
	var all sync.WaitGroup
	for i, nics := range servers {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			for _, a := range nics {
				errs[i] = errors.Join(errs[i], e.mend(ctx, a, w))
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

// mend does what the plan says for one attachment. The look was before the
// lock, so what has changed since then is left for the next pass.
func (e *Engine) mend(ctx context.Context, a store.Attachment, w *world) error {
	found := w.of(a.NIC)
	acts := plan(a, found)
	switch {
	case len(acts) == 0 && found.SwitchKnown && found.ServersKnown:
		return e.healthy(ctx, a)
	case len(acts) == 0:
		return nil
	}
	unlock, _ := e.servers.try(a.NIC.Server)
	if unlock == nil {
		return nil
	}
	defer unlock()
	free, _ := e.ports.try(a.NIC.Port.ID)
	if free == nil {
		return nil
	}
	defer free()
	now, err := e.again(ctx, a)
	if err != nil || now == nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, e.limits.Undo)
	defer cancel()
	return e.acted(ctx, *now, e.act(ctx, *now, acts))
}

// again returns a's row as it is now, or nil when it is not what it was.
func (e *Engine) again(ctx context.Context, a store.Attachment) (*store.Attachment, error) {
	var now store.Attachment
	err := e.Store.View(ctx, func(tx *store.Tx) (err error) {
		now, err = tx.Attachment(a.NIC.Port.ID)
		return err
	})
	if errors.Is(err, vif.NotFound) {
		return nil, nil
	}
	same := now.NIC.Gen == a.NIC.Gen && now.Desired == a.Desired && now.Settled == a.Settled && now.Released == a.Released
	if err != nil || !same {
		return nil, err
	}
	return &now, nil
}

// act does the acts in turn.
func (e *Engine) act(ctx context.Context, a store.Attachment, acts []act) error {
	n := a.NIC
	does := map[act]func() error{
		actRemove:  func() error { return e.finish(ctx, a) },
		actTap:     func() error { return e.do(ctx, stepTap, n, &timer{}) },
		actFilter:  func() error { return e.do(ctx, stepFilter, n, &timer{}) },
		actReplug:  func() error { return e.Switch.Unplug(ctx, n) },
		actPlug:    func() error { return e.do(ctx, stepPlug, n, &timer{}) },
		actShow:    func() error { return e.wired(ctx, stepShow, n) },
		actRaise:   func() error { return e.wired(ctx, stepRaise, n) },
		actLink:    func() error { return e.Hypervisor.Link(ctx, n, true) },
		actPersist: func() error { return e.keep(ctx, a) },
	}
	for _, do := range acts {
		if err := does[do](); err != nil {
			return fmt.Errorf("port %s: %s: %w", n.Port.ID, do, err)
		}
		e.Log.Info("mended", "port", n.Port.ID, "server", n.Server, "step", string(do))
	}
	return nil
}

// finish removes what a died or unfinished operation left, and closes its record.
func (e *Engine) finish(ctx context.Context, a store.Attachment) error {
	guest, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	if err := e.remove(ctx, a, &timer{}, guest, func() {}); err != nil {
		return err
	}
	return e.closed(ctx, a.NIC)
}

// ignore returns err, unless it is of that kind.
func ignore(k vif.Kind, err error) error {
	if errors.Is(err, k) {
		return nil
	}
	return err
}

// wired does a step that has to wait until the switch has the port, as network
// comes first.
func (e *Engine) wired(ctx context.Context, step string, n vif.NIC) error {
	wait, cancel := context.WithTimeout(ctx, e.limits.Active)
	defer cancel()
	if err := e.Switch.Wired(wait, n); err != nil {
		return err
	}
	return e.do(ctx, step, n, &timer{})
}

// acted keeps what repair came to in the row, where port_state is read. Waiting
// for a guest, or for a daemon that is down, is no fault of the port's.
func (e *Engine) acted(ctx context.Context, a store.Attachment, err error) error {
	if err == nil {
		return e.healthy(ctx, a)
	}
	if errors.Is(err, vif.Pending) || errors.Is(err, vif.Unavailable) {
		return err
	}
	return errors.Join(err, e.amend(ctx, a.NIC, func(row *store.Attachment) { row.Error = err.Error() }))
}

// healthy clears what earlier passes found.
func (e *Engine) healthy(ctx context.Context, a store.Attachment) error {
	e.held.clear(a.NIC.Port.ID)
	if a.Error == "" {
		return nil
	}
	return ignore(vif.NotFound, e.amend(ctx, a.NIC, func(row *store.Attachment) { row.Error = "" }))
}
