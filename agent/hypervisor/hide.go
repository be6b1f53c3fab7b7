package hypervisor

import (
	"context"
	"errors"
	"sync"

	"libvirt.org/go/libvirt"

	"vifd/vif"
	"vifd/vif/fail"
)

// Hide returns nil when neither the guest nor the definition has n, or there is
// no such server. It asks the guest (virDomainDetachDeviceAlias) and waits for it
// to let go, as long as ctx lets it; then the error is of kind vif.Pending, the
// request stands, and a later Hide waits for the same one. While the guest is at
// it n is taken out of the definition, so that a guest which never lets go is
// without n when it starts the next time. Its metadata stays, for Forget.
func (h *Host) Hide(ctx context.Context, n vif.NIC) error {
	if !canonical(n.Server) {
		return nil
	}
	leave, err := h.nics.enter(ctx, n.DeviceAlias()) // a Show that was given up on may still be under way
	if err != nil {
		return err
	}
	leave()
	e, stop := h.ears.listen(n.Server, n.DeviceAlias())
	defer stop()
	undefine := func() error { return fail.At(fail.D2, h.undefine(ctx, n)) }
	var beside sync.WaitGroup
	undefined := false
	live := &liveNIC{host: h, nic: n, asked: sync.OnceFunc(func() {
		beside.Go(func() { undefined = undefine() == nil })
	})}
	err = fail.At(fail.D5, unplug(ctx, live, e))
	beside.Wait()
	if err != nil {
		return err
	}
	if live.unknown {
		if err := h.exorcise(ctx, n); err != nil {
			return err
		}
	}
	if undefined {
		return nil
	}
	return undefine()
}

// A liveNIC is a NIC that a guest may have.
type liveNIC struct {
	host    *Host
	nic     vif.NIC
	unknown bool   // libvirt knows of no such NIC, or no longer
	asked   func() // called when the guest has been asked
}

func (l *liveNIC) eject(ctx context.Context) (answer, error) {
	err := do(ctx, l.host.detach, l.nic.Server, nil, func(d *libvirt.Domain) error {
		return d.DetachDeviceAlias(l.nic.DeviceAlias(), libvirt.DOMAIN_DEVICE_MODIFY_LIVE)
	})
	said, err := l.answer(ctx, err)
	l.unknown = err == nil && said == notThere
	if err == nil && said == asked {
		l.asked()
	}
	return said, fail.At(fail.D3, err)
}

// answer returns what err of a detach means. For a NIC that is not there libvirt
// has other errors in other versions, so whatever is no known word is looked at.
// libvirt answers only when every earlier change to the domain is through, so
// what is not there then does not come any more.
func (l *liveNIC) answer(ctx context.Context, err error) (answer, error) {
	switch {
	case err == nil || says(err, alreadyAsked):
		return asked, nil
	case says(err, guestBusy):
		return notNow, nil
	}
	err = explain(err, l.nic.Server)
	switch {
	case errors.Is(err, vif.NotFound):
		return notThere, nil
	case errors.Is(err, vif.Unavailable):
		return notNow, err
	}
	d, e := l.host.server(ctx, l.nic.Server)
	switch {
	case errors.Is(e, vif.NotFound):
		return notThere, nil
	case e != nil:
		return notNow, openOr(e, err)
	case saved(d.Server):
		return notNow, nil
	case l.in(d.Server):
		return notNow, err
	}
	return notThere, nil
}

func (l *liveNIC) there(ctx context.Context) (bool, error) {
	d, err := l.host.server(ctx, l.nic.Server)
	if err != nil {
		return !errors.Is(err, vif.NotFound), except(vif.NotFound, err)
	}
	return saved(d.Server) || l.in(d.Server), nil
}

// in tells whether the guest has it.
func (l *liveNIC) in(s vif.Server) bool {
	_, ok := s.NIC(l.nic.DeviceAlias())
	return ok && s.Live
}

// saved tells whether the guest is in a file. Whatever it had of NICs then it has
// when it goes on, and it does not go on without their taps.
func saved(s vif.Server) bool { return s.State == vif.ServerSuspended && !s.Live }
