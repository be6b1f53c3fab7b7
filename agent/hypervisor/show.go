package hypervisor

import (
	"context"
	"errors"

	"libvirt.org/go/libvirt"

	"vifd/libvirtxml"
	"vifd/vif"
	"vifd/vif/fail"
)

// Show returns when the server has n: its guest, when it runs or is paused, else
// its definition (virDomainAttachDeviceFlags, VIR_DOMAIN_AFFECT_CURRENT). up is the
// link that the guest sees. A second Show of the same NIC is nil.
//
// On an error libvirt was looked at, and n is not there; unless its kind is
// vif.Unavailable, which leaves it open. Hide waits for what is still under way.
func (h *Host) Show(ctx context.Context, n vif.NIC, up bool) error {
	if !canonical(n.Server) {
		return notFound(n.Server)
	}
	text, err := libvirtxml.Interface(n, up)
	if err = fail.At(fail.A8, err); err != nil {
		return err
	}
	if err = h.give(ctx, n, text); err != nil {
		err = h.shown(ctx, n, text, explain(err, n.Server))
	}
	return fail.At(fail.A9, err)
}

// give returns when QEMU has the NIC, or libvirt has refused it. Of the first libvirt
// tells before its call returns, which goes on with libvirt's own books.
func (h *Host) give(ctx context.Context, n vif.NIC, text string) error {
	leave, err := h.nics.enter(ctx, n.DeviceAlias())
	if err != nil {
		return err
	}
	came, over := h.arrivals.expect(n.Server, n.DeviceAlias())
	return early(ctx, came, func(ctx context.Context) error {
		defer over()
		err := do(ctx, h.attach, n.Server, leave, func(d *libvirt.Domain) error {
			return d.AttachDeviceFlags(text, libvirt.DOMAIN_DEVICE_MODIFY_CURRENT)
		})
		h.taps.learn(err)
		return err
	}, func(err error) { h.regret(n, err) })
}

// regret has the server looked at where a call failed that had given the guest its NIC.
func (h *Host) regret(n vif.NIC, err error) {
	if err != nil {
		h.log.Warn("libvirt failed after the guest had its NIC", "server", n.Server, "port", n.Port.ID, "err", err)
		h.news.add(n.Server)
	}
}

// giveAnew is for a NIC that QEMU has and libvirt knows nothing of: a libvirtd died
// before it had written it down.
func (h *Host) giveAnew(ctx context.Context, n vif.NIC, text string) error {
	if err := h.exorcise(ctx, n); err != nil {
		return vif.Unavailable.From(err, "QEMU still has the NIC, left by a libvirtd that died: try again.")
	}
	return explain(h.give(ctx, n, text), n.Server)
}

// shown looks what became of a Show of n that failed with err: libvirt may have
// failed only after the guest had it, or may have refused it as there already. What
// it was seen to have forgotten, and QEMU has, is given anew.
func (h *Host) shown(ctx context.Context, n vif.NIC, text string, err error) error {
	if errors.Is(err, vif.NotFound) || ctx.Err() != nil {
		return err
	}
	d, e := h.server(ctx, n.Server)
	if e != nil {
		return openOr(e, err)
	}
	switch found, ok := d.Server.NIC(n.DeviceAlias()); {
	case ok && found.MAC == n.Port.MAC && found.Tap == n.Tap:
		return nil
	case ok:
		return vif.InUse.From(err, "The server still has an earlier NIC of port %s.", n.Port.ID)
	case errors.Is(err, vif.NoSlot):
		return vif.NoSlot.From(err, noSlot, d.HotSlots)
	case forgotten(err):
		return h.giveAnew(ctx, n, text)
	}
	return err
}

// openOr returns the error of an act that failed with err and could then not be
// looked at: its outcome is open, unless the server went away.
func openOr(look, err error) error {
	if errors.Is(look, vif.NotFound) {
		return look
	}
	return vif.Unavailable.From(errors.Join(err, look), "libvirt failed, and could not be asked what it did.")
}

// Link sets the link that the server sees of n: its guest, when it runs, else its
// definition. Nothing else of the NIC changes, whoever set it. A server that has
// no such NIC is vif.WrongState.
func (h *Host) Link(ctx context.Context, n vif.NIC, up bool) error {
	if !canonical(n.Server) {
		return notFound(n.Server)
	}
	err := do(ctx, h.attach, n.Server, nil, func(d *libvirt.Domain) error {
		domain, err := d.GetXMLDesc(0)
		if err != nil {
			return err
		}
		text, ok, err := libvirtxml.Relink(domain, n.DeviceAlias(), up)
		if err != nil {
			return err
		}
		if !ok {
			return missing(n)
		}
		return d.UpdateDeviceFlags(text, libvirt.DOMAIN_DEVICE_MODIFY_CURRENT)
	})
	return explain(err, n.Server)
}

func missing(n vif.NIC) error {
	return vif.WrongState.Because("The server does not have the NIC of port %s.", n.Port.ID)
}
