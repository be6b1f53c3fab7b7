package tap

import (
	"context"
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"vifd/vif"
	"vifd/vif/fail"
)

// Remove deletes n's tap, if it is there and its alias says that it belongs to
// n's port and to n's generation or an older one. Anything else of that name
// stays as it is, and that is no error.
func (d *Devices) Remove(ctx context.Context, n vif.NIC) error {
	return d.do(ctx, n.Tap, func() error {
		link, err := find(d.delete, n.Tap)
		if err != nil || link == nil {
			return err
		}
		if port, gen, ours := owned(link, n.Tap); !ours || port != n.Port.ID || gen > n.Gen {
			return nil
		}
		return fail.At(fail.D8, d.destroy(link))
	})
}

// destroy deletes link by its index, so that a device which meanwhile got the
// name of this one is safe.
func (d *Devices) destroy(link netlink.Link) error {
	err := d.delete.LinkDel(link)
	if err == nil || errors.Is(err, unix.ENODEV) {
		return nil
	}
	return fmt.Errorf("tap %s: delete: %w: %w", link.Attrs().Name, vif.Unavailable, err)
}
