package tap

import (
	"context"
	"fmt"

	"golang.org/x/sys/unix"

	"vifd/vif"
)

// Raise returns when n's tap is up: from now on it carries what its two ends
// send, and before the kernel drops it all. A tap that is not there, or not
// n's, is vif.NotFound. A second time it changes nothing.
func (d *Devices) Raise(ctx context.Context, n vif.NIC) error {
	return d.do(ctx, n.Tap, func() error {
		link, err := find(d.write, n.Tap)
		if err != nil {
			return err
		}
		if link == nil || link.Attrs().Alias != n.TapAlias() {
			return vif.NotFound.Because("there is no tap %s of port %s", n.Tap, n.Port.ID)
		}
		if link.Attrs().RawFlags&unix.IFF_UP != 0 {
			return nil
		}
		if err := d.write.LinkSetUp(link); err != nil {
			return fmt.Errorf("tap %s: set up: %w: %w", n.Tap, vif.Unavailable, err)
		}
		return nil
	})
}
