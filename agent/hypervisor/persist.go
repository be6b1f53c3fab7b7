package hypervisor

import (
	"context"
	"errors"

	"libvirt.org/go/libvirt"

	"vifd/libvirtxml"
	"vifd/vif"
)

// Persist writes a NIC that the guest has into the definition, at the PCI address
// that the guest sees, and its port with the tag into vifd's metadata; it returns
// that address. Its link is there what n.Link says. A transient server, which has no
// definition, gets the metadata alone, and so does one that is off, whose
// definition Show wrote.
//
// A second Persist changes nothing but what somebody changed meanwhile. Where the
// definition has given that address to another device, libvirt chooses one.
func (h *Host) Persist(ctx context.Context, n vif.NIC) (pci string, err error) {
	leave, err := h.records.enter(ctx, n.Server)
	if err != nil {
		return "", err
	}
	defer leave()
	d, err := h.server(ctx, n.Server)
	if err != nil {
		return "", err
	}
	found, ok := d.Server.NIC(n.DeviceAlias())
	if !ok {
		return "", missing(n)
	}
	n.PCI = found.PCI
	if d.Server.Live && d.Server.Persistent {
		if err := h.define(ctx, n); err != nil {
			return "", err
		}
	}
	port := libvirtxml.Port{ID: n.Port.ID, Tag: n.Tag, MAC: n.Port.MAC, Gen: n.Gen}
	if old, ok := d.Metadata.Port(n.Port.ID); ok && old == port {
		return n.PCI, nil
	}
	return n.PCI, h.record(ctx, d.Server, d.Metadata.With(port))
}

// define makes the definition have n as it is.
func (h *Host) define(ctx context.Context, n vif.NIC) error {
	err := h.attachConfig(ctx, n)
	if _, refused := errors.AsType[libvirt.Error](err); !refused {
		return explain(err, n.Server)
	}
	d, e := h.definition(ctx, n.Server)
	if e != nil {
		return openOr(e, explain(err, n.Server))
	}
	switch found, ok := d.Server.NIC(n.DeviceAlias()); {
	case ok && found.MAC == n.Port.MAC && found.Tap == n.Tap && found.PCI == n.PCI && found.Link == n.Link.Up():
		return nil
	case ok:
		if err := h.undefine(ctx, n); err != nil {
			return err
		}
		err = h.attachConfig(ctx, n)
	}
	if err != nil {
		h.log.Warn("the definition of the server cannot have the NIC where the guest sees it",
			"server", n.Server, "port", n.Port.ID, "pci", n.PCI, "err", err)
		n.PCI = ""
		err = h.attachConfig(ctx, n)
	}
	return explain(err, n.Server)
}

func (h *Host) attachConfig(ctx context.Context, n vif.NIC) error {
	text, err := libvirtxml.Interface(n, n.Link.Up())
	if err != nil {
		return err
	}
	return do(ctx, h.detach, n.Server, nil, func(d *libvirt.Domain) error {
		return d.AttachDeviceFlags(text, libvirt.DOMAIN_DEVICE_MODIFY_CONFIG)
	})
}

// undefine takes n out of the definition. There may be neither.
func (h *Host) undefine(ctx context.Context, n vif.NIC) error {
	err := do(ctx, h.detach, n.Server, nil, func(d *libvirt.Domain) error {
		return d.DetachDeviceAlias(n.DeviceAlias(), libvirt.DOMAIN_DEVICE_MODIFY_CONFIG)
	})
	if err = explain(err, n.Server); err == nil || errors.Is(err, vif.NotFound) {
		return nil
	}
	d, e := h.definition(ctx, n.Server)
	if e != nil {
		return except(vif.NotFound, openOr(e, err))
	}
	if _, ok := d.Server.NIC(n.DeviceAlias()); ok {
		return err
	}
	return nil
}

// except returns err, or nil when it is of that kind.
func except(k vif.Kind, err error) error {
	if errors.Is(err, k) {
		return nil
	}
	return err
}

// definition returns what the server is when it starts the next time. Of a
// transient one it is what the server is now.
func (h *Host) definition(ctx context.Context, id string) (libvirtxml.Domain, error) {
	text, err := h.definitionText(ctx, id)
	if err != nil {
		return libvirtxml.Domain{}, err
	}
	return libvirtxml.Parse(text)
}

func (h *Host) definitionText(ctx context.Context, id string) (string, error) {
	text, err := on(ctx, h.look, id, nil, func(d *libvirt.Domain) (string, error) {
		return d.GetXMLDesc(libvirt.DOMAIN_XML_INACTIVE)
	})
	return text, explain(err, id)
}
