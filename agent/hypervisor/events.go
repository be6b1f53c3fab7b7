package hypervisor

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"libvirt.org/go/libvirt"
)

// events is libvirt's event loop. libvirt has one a process, and takes a second
// one for the end of the first.
var events struct {
	start sync.Once
	err   error
}

// startEvents starts the event loop, which then runs as long as the process.
// No connection may be opened before.
func startEvents(log *slog.Logger) error {
	events.start.Do(func() {
		if events.err = libvirt.EventRegisterDefaultImpl(); events.err == nil {
			go runEvents(log)
		}
	})
	return events.err
}

func runEvents(log *slog.Logger) {
	for {
		if err := libvirt.EventRunDefaultImpl(); err != nil {
			log.Error("libvirt's event loop", "err", err)
			pause(context.Background(), time.Second)
		}
	}
}

// listen has libvirt tell of what happens to domains on this session. Its
// callbacks run in the event loop: they ask libvirt nothing and wait for nobody.
func (h *Host) listen(s *session) error {
	h.taps.forget()
	h.arrivals.forget()
	if s.version == 9_000_000 {
		h.log.Warn("libvirt 9.0.0: without the distribution's fix of managed='no' it refuses every tap")
	}
	for _, register := range []func(*libvirt.Connect) (int, error){
		h.onLifecycle, h.onAdded, h.onRemoved, h.onRemovalFailed, h.onMetadata,
	} {
		id, err := register(s.conn)
		if err != nil {
			return err
		}
		s.undo = append(s.undo, func() error { return s.conn.DomainEventDeregister(id) })
	}
	return nil
}

func (h *Host) onLifecycle(c *libvirt.Connect) (int, error) {
	return c.DomainEventLifecycleRegister(nil, func(_ *libvirt.Connect, d *libvirt.Domain, _ *libvirt.DomainEventLifecycle) {
		h.heard(d, func(server string) {
			h.forget(server)
			h.ears.look(server)
		})
	})
}

// forget drops what is known of a server, which may be gone, or defined by now.
func (h *Host) forget(server string) {
	for _, l := range h.lines() {
		l.forget(server)
	}
}

func (h *Host) onAdded(c *libvirt.Connect) (int, error) {
	return c.DomainEventDeviceAddedRegister(nil, func(_ *libvirt.Connect, d *libvirt.Domain, e *libvirt.DomainEventDeviceAdded) {
		h.heard(d, func(server string) { h.arrivals.added(server, e.DevAlias) })
	})
}

func (h *Host) onRemoved(c *libvirt.Connect) (int, error) {
	return c.DomainEventDeviceRemovedRegister(nil, func(_ *libvirt.Connect, d *libvirt.Domain, e *libvirt.DomainEventDeviceRemoved) {
		h.heard(d, func(server string) { h.ears.removed(server, e.DevAlias) })
	})
}

func (h *Host) onMetadata(c *libvirt.Connect) (int, error) {
	return c.DomainEventMetadataChangeRegister(nil, func(_ *libvirt.Connect, d *libvirt.Domain, _ *libvirt.DomainEventMetadataChange) {
		h.heard(d, func(string) {})
	})
}

func (h *Host) onRemovalFailed(c *libvirt.Connect) (int, error) {
	return c.DomainEventDeviceRemovalFailedRegister(nil, func(_ *libvirt.Connect, d *libvirt.Domain, e *libvirt.DomainEventDeviceRemovalFailed) {
		h.heard(d, func(server string) {
			h.log.Warn("the guest refused to let go of a NIC", "server", server, "alias", e.DevAlias)
			h.ears.look(server)
		})
	})
}

func (h *Host) heard(d *libvirt.Domain, tell func(server string)) {
	server, err := d.GetUUIDString()
	if err != nil {
		return // an event without a domain
	}
	h.look.outdated(server)
	tell(server)
	h.news.add(server)
}
