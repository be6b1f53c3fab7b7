package hotplug

import (
	"context"
	"errors"
	"fmt"

	"vifd/agent/store"
	"vifd/vif"
)

// salts is how many names are tried for a tap before giving up.
const salts = 16

// note writes down what is about to be made, before any of it is: from here on
// Recover knows of it. The name of the tap and the number of the switch port
// are chosen here, and are nobody else's.
func (e *Engine) note(ctx context.Context, r vif.Request, srv vif.Server, p vif.Port, op *operation) (store.Attachment, error) {
	bridge, err := e.bridge(ctx, p)
	if err != nil {
		return store.Attachment{}, err
	}
	a := store.Attachment{
		NIC: vif.NIC{
			Port: p, Server: r.Server, Tag: r.Tag,
			Queues: e.queues(srv), Offload: !bridge.Netdev,
		},
		Desired:   store.Attached,
		Operation: r.Operation,
	}
	e.names.Lock()
	defer e.names.Unlock()
	for salt := range salts {
		if a.NIC.Tap, err = e.freeName(ctx, p.ID, salt); err != nil {
			return a, err
		}
		if a.NIC.Tap == "" {
			continue
		}
		if err = e.Store.Update(ctx, func(tx *store.Tx) error { return e.begun(tx, &a, r.Once, op) }); !errors.Is(err, vif.InUse) {
			return a, err
		}
	}
	return a, fmt.Errorf("no free name for the tap of port %s: %w", p.ID, errors.Join(err, vif.InUse))
}

// begun is note's one commit.
func (e *Engine) begun(tx *store.Tx, a *store.Attachment, o *vif.Once, op *operation) (err error) {
	if a.NIC.Gen, err = tx.NextGen(); err != nil {
		return err
	}
	if a.NIC.OFPort, err = tx.FreeOFPort(a.NIC.Port.Segment.Bridge); err != nil {
		return err
	}
	if err := e.put(tx, *a); err != nil {
		return err
	}
	if err := noteOnce(tx, o, op); err != nil {
		return err
	}
	return tx.PutOperation(op.record(a.NIC.Port.ID))
}

// freeName returns the port's tap name with that salt, or "" when a device or a
// switch port that is not the port's has it.
func (e *Engine) freeName(ctx context.Context, port string, salt int) (string, error) {
	name := vif.TapName(port, salt)
	t, there, ours, err := e.Taps.Tap(ctx, name)
	if err != nil {
		return "", err
	}
	if there && (!ours || t.Port != port) || !e.Switch.Free(name) {
		return "", nil
	}
	return name, nil
}

// queues returns how many queue pairs a NIC of srv gets.
func (e *Engine) queues(srv vif.Server) int {
	return max(1, min(srv.VCPUs, e.limits.MaxQueues))
}

// settle notes that the guest has the NICs: in one commit, so that it is all of
// them or none.
func (e *Engine) settle(ctx context.Context, jobs []*job) error {
	err := e.Store.Update(ctx, func(tx *store.Tx) error {
		for _, j := range jobs {
			a := j.a
			a.Settled = true
			if err := e.put(tx, a); err != nil {
				return err
			}
			if err := finished(tx, j.op.ended(a.NIC.Port.ID, nil), ""); err != nil {
				return err
			}
		}
		return nil
	})
	for _, j := range jobs {
		j.a.Settled = err == nil
	}
	return err
}

// bridge returns the bridge that carries p's network. That it is missing is this
// host's fault and not the request's: the binding has failed.
func (e *Engine) bridge(ctx context.Context, p vif.Port) (vif.Bridge, error) {
	ctx, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	b, err := e.Switch.Bridge(ctx, p.Segment.Bridge)
	if errors.Is(err, vif.NotFound) {
		return b, vif.Unavailable.From(err, "Port %s cannot be bound on this host: %s", p.ID, vif.Shown(err))
	}
	return b, err
}
