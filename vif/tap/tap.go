// Package tap makes the host's end of a NIC: a persistent tap device that is
// known again by its alias. It is the one door to netlink.
package tap

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"vifd/vif"
)

// An Owner may open a tap without being root (TUNSETOWNER, TUNSETGROUP). A
// negative number leaves that part to root.
type Owner struct{ UID, GID int }

// Devices are the taps of one network namespace. Its methods may be called side
// by side. What they do to one tap happens in the order in which it was asked
// for, also when a caller stopped waiting half-way.
type Devices struct {
	owner  Owner
	space  namespace
	probe  int              // a socket to ask for an index by ioctl
	set    *nl.SocketHandle // for setLink
	read   *netlink.Handle  // three sockets, for a deletion takes 20 ms,
	write  *netlink.Handle  // and nothing else shall wait for it
	delete *netlink.Handle
	lanes  lanes
}

// answer bounds every wait for the kernel's answer on a netlink socket.
const answer = 5 * time.Second

// Open returns the taps of the calling thread's network namespace. Those that
// Create makes belong to owner.
func Open(owner Owner) (*Devices, error) {
	d := &Devices{owner: owner, probe: -1, space: namespace{fd: -1}}
	if err := d.open(); err != nil {
		d.Close()
		return nil, fmt.Errorf("netlink: %w: %w", vif.Unavailable, err)
	}
	return d, nil
}

func (d *Devices) open() (err error) {
	if d.space, err = currentNamespace(); err != nil {
		return err
	}
	if d.probe, err = unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return err
	}
	socket, err := nl.Subscribe(unix.NETLINK_ROUTE) // to nothing
	if err != nil {
		return err
	}
	d.set = &nl.SocketHandle{Socket: socket}
	limit := unix.NsecToTimeval(int64(answer))
	if err := errors.Join(socket.SetSendTimeout(&limit), socket.SetReceiveTimeout(&limit)); err != nil {
		return err
	}
	for _, h := range []**netlink.Handle{&d.read, &d.write, &d.delete} {
		if *h, err = netlink.NewHandle(unix.NETLINK_ROUTE); err != nil {
			return err
		}
		if err = (*h).SetSocketTimeout(answer); err != nil {
			return err
		}
	}
	return nil
}

// Close gives back the sockets. The taps stay. No call may be under way.
func (d *Devices) Close() {
	for _, h := range []*netlink.Handle{d.read, d.write, d.delete} {
		if h != nil {
			h.Close()
		}
	}
	if d.set != nil {
		d.set.Close()
	}
	for _, fd := range []int{d.probe, d.space.fd} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

// do runs f when nothing else is under way for the tap of that name, and
// returns when f has, or ctx ends. f outlives a caller that gave up, and keeps
// its turn until it is through.
func (d *Devices) do(ctx context.Context, name string, f func() error) error {
	leave, err := d.lanes.enter(ctx, name)
	if err != nil {
		return tooLate(name, err)
	}
	done := make(chan error, 1)
	go func() {
		defer leave()
		done <- f()
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return tooLate(name, context.Cause(ctx))
	}
}

func tooLate(name string, cause error) error {
	return vif.Unavailable.From(cause, "tap %s: the kernel did not answer in time", name)
}
