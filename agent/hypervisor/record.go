package hypervisor

import (
	"context"
	"errors"

	"libvirt.org/go/libvirt"

	"vifd/libvirtxml"
	"vifd/vif"
)

// rewrites is how often Forget writes at most. A server that starts or ends in the
// middle has the entry still, where it was not written, or lets nothing be written.
const rewrites = 4

// Forget takes n's port out of the metadata of its server, and has seen then that
// it is not there. Nothing depends on that entry any more once Hide returned; it is
// what a lost store is rebuilt from. There may be no entry, and no server.
func (h *Host) Forget(ctx context.Context, n vif.NIC) error {
	leave, err := h.records.enter(ctx, n.Server)
	if err != nil {
		return err
	}
	defer leave()
	for range rewrites {
		d, look := h.server(ctx, n.Server)
		if look != nil {
			return except(vif.NotFound, look)
		}
		if p, ok := d.Metadata.Port(n.Port.ID); !ok || p.Gen > n.Gen {
			return nil
		}
		err = h.record(ctx, d.Server, d.Metadata.Without(n.Port.ID))
		if except(vif.WrongState, err) != nil {
			return except(vif.NotFound, err)
		}
	}
	return err
}

// record makes m the metadata of the server (virDomainSetMetadata), without the
// ports whose NIC the server has no more: a crash may have left them.
func (h *Host) record(ctx context.Context, s vif.Server, m libvirtxml.Metadata) error {
	for _, p := range m.Ports {
		if _, ok := s.NIC(vif.DeviceAliasPrefix + p.ID); !ok {
			m = m.Without(p.ID)
		}
	}
	text, err := m.Element()
	if err != nil {
		return err
	}
	where := places(s)
	err = do(ctx, h.detach, s.ID, nil, func(d *libvirt.Domain) error {
		err := d.SetMetadata(libvirt.DOMAIN_METADATA_ELEMENT, text, libvirtxml.Prefix, libvirtxml.Namespace, where)
		if text == "" && errors.Is(err, libvirt.ERR_NO_DOMAIN_METADATA) {
			return nil
		}
		return err
	})
	return explain(err, s.ID)
}

// places returns where the server keeps its metadata.
func places(s vif.Server) libvirt.DomainModificationImpact {
	switch {
	case s.Live && s.Persistent:
		return libvirt.DOMAIN_AFFECT_LIVE | libvirt.DOMAIN_AFFECT_CONFIG
	case s.Live:
		return libvirt.DOMAIN_AFFECT_LIVE
	}
	return libvirt.DOMAIN_AFFECT_CONFIG
}
