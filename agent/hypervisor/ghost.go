package hypervisor

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"libvirt.org/go/libvirt"

	"vifd/vif"
)

// A libvirtd that died while it plugged a NIC in may have given it to QEMU and
// not have written that down. The next libvirtd does not know of it; but the
// guest has it, and its slot is taken for as long as the guest runs. Only QEMU's
// own monitor can tell, and take it away (qemu-qmp-ref(7)).

// echo is how long libvirt is given to hear from QEMU that a device is gone
// (DEVICE_DELETED). It looks for the alias among its own devices only when its one
// thread for such events comes to it, and would take a NIC for the old one that was
// given meanwhile. Where it comes to it later still, it tells that the NIC is gone,
// and whoever then gives it once more gives it anew.
const echo = time.Second

// exorcise returns when QEMU has no NIC that libvirt does not know of, of n's
// alias, and libvirt has had time to hear of its end. A guest that has not let go of
// it by the end of ctx is vif.Pending.
func (h *Host) exorcise(ctx context.Context, n vif.NIC) error {
	const pace = 100 * time.Millisecond
	if gone, err := h.banish(ctx, n); gone || err != nil {
		return err
	}
	h.log.Warn("QEMU has a NIC that libvirt does not know of, and is asked to take it away", "server", n.Server, "port", n.Port.ID)
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return vif.Pending.From(context.Cause(ctx), "The guest has not let go of the NIC yet.")
		case <-tick.C:
		}
		if haunted, err := h.haunted(ctx, n); err != nil {
			return err
		} else if !haunted {
			_, err := h.banish(ctx, n)
			pause(ctx, echo)
			return err
		}
	}
}

// banish asks for the device and, once there is none, takes its back end away,
// which may be all that there is. It returns true when there is neither.
func (h *Host) banish(ctx context.Context, n vif.NIC) (gone bool, err error) {
	r, err := h.monitor(ctx, n.Server, "device_del", map[string]string{"id": n.DeviceAlias()})
	if err != nil || r.off {
		return r.off, err
	}
	if r.Error.Class != "DeviceNotFound" {
		return false, nil
	}
	_, err = h.monitor(ctx, n.Server, "netdev_del", map[string]string{"id": "host" + n.DeviceAlias()}) // there need be none
	return err == nil, err
}

// haunted tells whether QEMU has the device.
func (h *Host) haunted(ctx context.Context, n vif.NIC) (bool, error) {
	r, err := h.monitor(ctx, n.Server, "qom-list", map[string]string{"path": "/machine/peripheral"})
	if err != nil || r.off {
		return false, err
	}
	var devices []struct{ Name string }
	if err := json.Unmarshal(r.Return, &devices); err != nil {
		return false, err
	}
	return slices.ContainsFunc(devices, func(d struct{ Name string }) bool { return d.Name == n.DeviceAlias() }), nil
}

// A monitorReply is what QEMU's monitor answered.
type monitorReply struct {
	Return json.RawMessage
	Error  struct{ Class, Desc string }
	off    bool // there is no QEMU to ask
}

// monitor has QEMU's monitor execute a command (virDomainQemuMonitorCommand).
func (h *Host) monitor(ctx context.Context, server, command string, arguments any) (r monitorReply, err error) {
	text, err := json.Marshal(map[string]any{"execute": command, "arguments": arguments})
	if err != nil {
		return r, err
	}
	answer, err := on(ctx, h.detach, server, nil, func(d *libvirt.Domain) (string, error) {
		return d.QemuMonitorCommand(string(text), libvirt.DOMAIN_QEMU_MONITOR_COMMAND_DEFAULT)
	})
	switch err = explain(err, server); {
	case errors.Is(err, vif.NotFound), errors.Is(err, vif.WrongState), errors.Is(err, vif.Unsupported):
		return monitorReply{off: true}, nil
	case err != nil:
		return r, err
	}
	return r, json.Unmarshal([]byte(answer), &r)
}
