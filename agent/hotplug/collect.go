package hotplug

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"vifd/agent/leaks"
	"vifd/agent/store"
	"vifd/vif"
)

// second is how long after a look that found strays the next one is asked for.
const second = 5 * time.Second

// strays are what the last looks at everything found.
type strays struct {
	mu    sync.Mutex
	found []vif.Leak // by the last one
	again []vif.Leak // by the one before, too
}

// next keeps what was found, and returns what was there the time before, too.
func (s *strays) next(found []vif.Leak) (again []vif.Leak) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.again = leaks.Both(found, s.found)
	s.found = found
	return s.again
}

// Leaked returns what is wrong, as the last two looks at everything found it. One look
// alone may have met an attach half-way, or what was mended right after it.
func (e *Engine) Leaked() []vif.Leak {
	e.strays.mu.Lock()
	defer e.strays.mu.Unlock()
	return e.strays.again
}

// Leaks looks at everything and returns what is wrong with it: what one look
// finds, and another right after it. deep asks each QEMU as well.
func (e *Engine) Leaks(ctx context.Context, deep bool) ([]vif.Leak, error) {
	found, err := e.inspect(ctx, deep)
	if err != nil || len(found) == 0 {
		return found, err
	}
	again, err := e.inspect(ctx, deep)
	return leaks.Both(found, again), err
}

func (e *Engine) inspect(ctx context.Context, deep bool) ([]vif.Leak, error) {
	rows, err := e.rows(ctx)
	if err != nil {
		return nil, err
	}
	w, err := e.see(ctx, rows, Look{All: true})
	if err != nil {
		return nil, err
	}
	if deep {
		err = w.seeDevices(ctx, e.Hypervisor)
	}
	if err := errors.Join(w.switchErr, w.libvirt, w.heldErr, err); err != nil {
		return nil, err
	}
	return leaks.Find(w.World), nil
}

func (w *world) seeDevices(ctx context.Context, h Hypervisor) (err error) {
	w.Devices = map[string][]string{}
	for _, s := range w.Servers {
		if s.Live {
			ports, e := h.Devices(ctx, s.ID)
			w.Devices[s.ID], err = ports, errors.Join(err, e)
		}
	}
	return err
}

// collect takes away what two looks at everything, one after the other, found that
// has our mark and that nobody owns. One look may have met an attach half-way.
func (e *Engine) collect(ctx context.Context, w *world) (err error) {
	if !w.all {
		return nil
	}
	found := leaks.Find(w.World)
	again := e.strays.next(found)
	if fresh(found, again) && e.Again != nil {
		time.AfterFunc(second, func() { e.Again(Look{All: true}) })
	}
	for _, l := range again {
		e.moved()
		if l.Kind.Stray() {
			err = errors.Join(err, e.take(ctx, l, w))
		}
	}
	return err
}

// fresh tells whether there are strays that were found for the first time.
func fresh(found, again []vif.Leak) bool {
	n := 0
	for _, l := range found {
		if l.Kind.Stray() {
			n++
		}
	}
	for _, l := range again {
		if l.Kind.Stray() {
			n--
		}
	}
	return n > 0
}

// take takes a stray away, unless it has become somebody's meanwhile.
func (e *Engine) take(ctx context.Context, l vif.Leak, w *world) error {
	if s := w.servers[l.Server]; l.Kind != vif.StrayClaim && frozen(&s) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, e.limits.Undo)
	defer cancel()
	n := vif.NIC{Port: vif.Port{ID: l.Port}, Server: l.Server, Tap: l.Object, Gen: l.Gen}
	takes := map[vif.LeakKind]func() error{
		vif.StrayTap:        func() error { return e.Taps.Remove(ctx, n) },
		vif.StraySwitchPort: func() error { return e.Switch.Unplug(ctx, n) },
		vif.StrayNIC:        func() error { return e.oust(ctx, n) },
		vif.StrayDevice:     func() error { return e.oust(ctx, n) },
		vif.StrayMetadata:   func() error { n.Gen = math.MaxInt64; return e.Hypervisor.Forget(ctx, n) },
		vif.StrayClaim:      func() error { return e.reclaim(ctx, l) },
	}
	do, unlock, err := takes[l.Kind], func() {}, error(nil)
	if l.Kind == vif.StrayFlows {
		do = func() error { return e.purge(ctx, l) }
	} else if unlock, err = e.unowned(ctx, l); unlock == nil {
		return err
	}
	defer unlock()
	if err := do(); errors.Is(err, vif.Pending) {
		return nil // it stays a stray until the guest has let go
	} else if err != nil {
		return fmt.Errorf("%s %s: %w", l.Kind, l.Object, err)
	}
	e.Log.Info("taken away, as nobody owns it", "kind", string(l.Kind), "object", l.Object, "port", l.Port, "server", l.Server, "bridge", l.Bridge)
	return nil
}

// oust has the guest let go of a NIC.
func (e *Engine) oust(ctx context.Context, n vif.NIC) error {
	ctx, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	return e.Hypervisor.Hide(ctx, n)
}

// unowned locks what l is about if it is a stray still: no attachment has come
// for it. A nil unlock says that it is left for the next pass, or for ever.
func (e *Engine) unowned(ctx context.Context, l vif.Leak) (unlock func(), err error) {
	unlock, _ = e.both(l.Server, l.Port)
	if unlock == nil {
		return nil, nil
	}
	var now store.Attachment
	err = e.Store.View(ctx, func(tx *store.Tx) (err error) {
		now, err = tx.Attachment(l.Port)
		return err
	})
	switch {
	case errors.Is(err, vif.NotFound):
		return unlock, nil
	case err == nil && now.NIC.Server != l.Server && (l.Kind == vif.StrayNIC || l.Kind == vif.StrayDevice || l.Kind == vif.StrayMetadata),
		err == nil && now.NIC.Tap != l.Object && l.Kind == vif.StrayTap,
		err == nil && now.Released && l.Kind == vif.StrayClaim:
		return unlock, nil
	}
	unlock()
	return nil, err
}

// purge takes flows away, while no port can be noted whose they would be.
func (e *Engine) purge(ctx context.Context, l vif.Leak) error {
	e.names.Lock()
	defer e.names.Unlock()
	rows, err := e.rows(ctx)
	for _, a := range rows {
		if vif.Cookie(a.NIC.Port.ID) == l.Cookie && a.NIC.Port.Segment.Bridge == l.Bridge {
			return nil
		}
	}
	if err != nil {
		return err
	}
	return e.Switch.Purge(ctx, l.Bridge, l.Cookie)
}

// reclaim gives a claim back that is still the one that was seen.
func (e *Engine) reclaim(ctx context.Context, l vif.Leak) error {
	held, err := e.Authority.Held(ctx)
	for _, p := range held {
		if p.ID == l.Port && p.Device == l.Server && p.Claim == l.Gen {
			return e.Authority.Release(ctx, p)
		}
	}
	return err
}
