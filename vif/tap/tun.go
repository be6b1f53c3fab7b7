package tap

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"vifd/vif"
)

// What a tap of ours is: Ethernet frames, each behind a virtio header, as QEMU
// expects them (linux/if_tun.h). Whoever opens a tap must ask for the same
// IFF_MULTI_QUEUE that it was made with, and libvirt does so from two queues on.
const features = unix.IFF_TAP | unix.IFF_NO_PI | unix.IFF_VNET_HDR

func wantedFeatures(n vif.NIC) uint16 {
	if n.Queues > 1 {
		return features | unix.IFF_MULTI_QUEUE
	}
	return features
}

// A tun is a tap device that lives as long as its file is open, until persist.
type tun struct {
	fd   int
	name string
}

// openTun makes a device of that name, which must be new: a name that is taken
// is vif.InUse, and one that cannot be had as it is written vif.Invalid.
func (d *Devices) openTun(name string, flags uint16) (tun, error) {
	request, err := unix.NewIfreq(name)
	if err != nil {
		return tun{}, vif.Invalid.From(err, "%q cannot be the name of a tap", name)
	}
	request.SetUint16(flags | unix.IFF_TUN_EXCL)

	fd := -1
	err = d.space.do(func() (err error) {
		fd, err = unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return tun{}, vif.Unavailable.From(err, "/dev/net/tun cannot be opened")
	}
	t := tun{fd, name}
	if err := t.set(request); err != nil {
		return tun{}, errors.Join(err, t.close())
	}
	return t, nil
}

func (t tun) set(request *unix.Ifreq) error {
	switch err := unix.IoctlIfreq(t.fd, unix.TUNSETIFF, request); {
	case errors.Is(err, unix.EBUSY):
		return stranger(t.name)
	case errors.Is(err, unix.EINVAL):
		return vif.Invalid.From(err, "%q cannot be the name of a tap", t.name)
	case err != nil:
		return fmt.Errorf("tap %s: TUNSETIFF: %w: %w", t.name, vif.Unavailable, err)
	case request.Name() != t.name:
		return vif.Invalid.Because("%q cannot be the name of a tap: the kernel made it %q", t.name, request.Name())
	}
	return nil
}

func (t tun) own(o Owner) error {
	for _, part := range []struct {
		name    string
		request uint
		id      int
	}{
		{"TUNSETOWNER", unix.TUNSETOWNER, o.UID},
		{"TUNSETGROUP", unix.TUNSETGROUP, o.GID},
	} {
		if part.id < 0 {
			continue
		}
		if err := unix.IoctlSetInt(t.fd, part.request, part.id); err != nil {
			return fmt.Errorf("tap %s: %s: %w", t.name, part.name, err)
		}
	}
	return nil
}

// persist lets the device outlive its file.
func (t tun) persist() error {
	if err := unix.IoctlSetInt(t.fd, unix.TUNSETPERSIST, 1); err != nil {
		return fmt.Errorf("tap %s: TUNSETPERSIST: %w", t.name, err)
	}
	return nil
}

func (t tun) close() error { return unix.Close(t.fd) }
