package hotplug

import (
	"context"
	"errors"
	"net/netip"
	"slices"

	"vifd/agent/store"
	"vifd/vif"
)

// AddAddress gives r.Server one more address on r.Network, at the first port that
// it has there, and returns when the port's filter lets it pass. On an error the
// port has the addresses that it had, now or after the next pass. A server that
// has no port on the network is vif.NotFound.
func (e *Engine) AddAddress(ctx context.Context, r vif.Request) error {
	return e.readdress(ctx, vif.AddFixedIP, r, func(a store.Attachment) ([]vif.FixedIP, bool) {
		return append(slices.Clone(a.NIC.Port.FixedIPs), vif.FixedIP{}), a.NIC.Port.Network == r.Network
	}, vif.NotFound.Because("Network could not be found for instance %s.", r.Server))
}

// RemoveAddress takes the address away from r.Server: it does not pass any more
// when RemoveAddress returns. On an error it is as with AddAddress. An address that
// the server has not got is vif.Invalid.
func (e *Engine) RemoveAddress(ctx context.Context, r vif.Request, address netip.Addr) error {
	its := func(f vif.FixedIP) bool { return f.Address == address }
	return e.readdress(ctx, vif.RemoveFixedIP, r, func(a store.Attachment) ([]vif.FixedIP, bool) {
		had := a.NIC.Port.FixedIPs
		return slices.DeleteFunc(slices.Clone(had), its), slices.ContainsFunc(had, its)
	}, vif.Invalid.Because("Instance %s does not have fixed IP address '%s'.", r.Server, address))
}

// SetAddresses gives r.Port, which r.Server has, these addresses and no others; the
// zero Address of one asks for an address from its Subnet. On an error it is as with
// AddAddress. A port on its way into the server or out of it is vif.InUse.
func (e *Engine) SetAddresses(ctx context.Context, r vif.Request, want []vif.FixedIP) error {
	return e.readdress(ctx, vif.UpdatePort, r, func(a store.Attachment) ([]vif.FixedIP, bool) {
		return want, a.NIC.Port.ID == r.Port
	}, vif.InUse.Because("Port %s is on its way into instance %s or out of it: try again.", r.Port, r.Server))
}

// readdress gives the first port of r.Server that next means the addresses that it
// returns. Where there is none the error is none.
func (e *Engine) readdress(ctx context.Context, kind string, r vif.Request, next func(store.Attachment) ([]vif.FixedIP, bool), none error) error {
	unlock, _, err := e.turn(ctx, r.Server)
	if err != nil {
		return err
	}
	defer unlock()
	a, want, err := e.meant(ctx, r.Server, next, none)
	if err != nil {
		return err
	}
	free, err := e.ports.lock(ctx, a.NIC.Port.ID)
	if err != nil {
		return err
	}
	defer free()
	ctx, cancel := e.undoContext(ctx, 0)
	defer cancel()
	op := e.begin(kind, r)
	op.row.Port = a.NIC.Port.ID
	if err := e.change(ctx, a, want, op); err != nil {
		e.failed(ctx, op, err)
		return late(ctx, "the change of addresses", err)
	}
	e.succeeded(ctx, op)
	return nil
}

// meant returns the first of the server's attachments that next means, and the
// addresses that it shall have.
func (e *Engine) meant(ctx context.Context, server string, next func(store.Attachment) ([]vif.FixedIP, bool), none error) (store.Attachment, []vif.FixedIP, error) {
	var rows []store.Attachment
	err := e.Store.View(ctx, func(tx *store.Tx) (err error) { rows, err = tx.AttachmentsOf(server); return err })
	if err != nil {
		return store.Attachment{}, nil, err
	}
	for _, a := range rows {
		if want, means := next(a); means && steady(a) {
			return a, want, nil
		}
	}
	return store.Attachment{}, nil, none
}

// steady tells whether a is neither on its way in nor out.
func steady(a store.Attachment) bool {
	return a.Settled && a.Desired == store.Attached && !a.Released
}

// change gives a's port the addresses: what it loses does not pass any more before
// the authority takes it back, and what it gets passes when the authority has
// given it. Where the two cannot agree, Recover goes by the authority.
func (e *Engine) change(ctx context.Context, a store.Attachment, want []vif.FixedIP, op *operation) error {
	had, kept := a.NIC.Port, a.NIC.Port
	kept.FixedIPs = slices.DeleteFunc(slices.Clone(had.FixedIPs), func(f vif.FixedIP) bool { return !slices.Contains(want, f) })
	if err := e.allow(ctx, &a, kept, op); err != nil {
		return errors.Join(err, e.allow(ctx, &a, had, op))
	}
	var p vif.Port
	err := op.time(stepReaddress, func() (err error) { p, err = e.Authority.Readdress(ctx, a.NIC.Port, want); return err })
	if err != nil {
		return errors.Join(err, e.allow(ctx, &a, had, op))
	}
	defer func() { e.estrange(ctx, a.NIC.Server, p.Groups) }()
	if err := e.allow(ctx, &a, p, op); err != nil {
		_, back := e.Authority.Readdress(ctx, a.NIC.Port, had.FixedIPs)
		return errors.Join(err, back, e.allow(ctx, &a, had, op))
	}
	return nil
}

// allow notes that a's port has the addresses and the security groups of p, and lets
// pass what they say and nothing else.
func (e *Engine) allow(ctx context.Context, a *store.Attachment, p vif.Port, op *operation) error {
	if agree(a.NIC.Port, p) {
		return nil
	}
	take := func(own *vif.Port) { own.FixedIPs, own.Groups, own.Passes = p.FixedIPs, p.Groups, p.Passes }
	take(&a.NIC.Port)
	if err := e.amend(ctx, a.NIC, func(row *store.Attachment) { take(&row.NIC.Port) }); err != nil {
		return err
	}
	return e.do(ctx, stepFilter, a.NIC, &op.timer)
}
