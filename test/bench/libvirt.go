package main

import (
	"context"
	"fmt"
	"time"

	"libvirt.org/go/libvirt"
)

// said is when libvirt said that QEMU has a NIC.
type said struct {
	alias string
	at    time.Time
}

func (b *bench) openLibvirt() (err error) {
	if err := libvirt.EventRegisterDefaultImpl(); err != nil {
		return err
	}
	go func() {
		for libvirt.EventRunDefaultImpl() == nil {
		}
	}()
	if b.conn, err = libvirt.NewConnect("qemu:///system"); err != nil {
		return err
	}
	if b.events, err = libvirt.NewConnect("qemu:///system"); err != nil {
		return err
	}
	if b.domain, err = b.conn.LookupDomainByName(guest); err != nil {
		return err
	}
	if b.server, err = b.domain.GetUUIDString(); err != nil {
		return err
	}
	_, err = b.events.DomainEventDeviceRemovedRegister(nil, func(_ *libvirt.Connect, _ *libvirt.Domain, e *libvirt.DomainEventDeviceRemoved) {
		select {
		case b.removed <- e.DevAlias:
		default:
		}
	})
	if err != nil {
		return err
	}
	_, err = b.events.DomainEventDeviceAddedRegister(nil, func(_ *libvirt.Connect, _ *libvirt.Domain, e *libvirt.DomainEventDeviceAdded) {
		select {
		case b.added <- said{e.DevAlias, time.Now()}:
		default:
		}
	})
	return err
}

// come returns when, since start, libvirt said that QEMU has the device.
func (b *bench) come(ctx context.Context, alias string, start time.Time) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		select {
		case got := <-b.added:
			if got.alias == alias && got.at.After(start) {
				return got.at, nil
			}
		case <-ctx.Done():
			return time.Time{}, fmt.Errorf("%s never came: %w", alias, ctx.Err())
		}
	}
}

// gone waits until the guest has let go of the device.
func (b *bench) gone(ctx context.Context, alias string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		select {
		case got := <-b.removed:
			if got == alias {
				return nil
			}
		case <-ctx.Done():
			return fmt.Errorf("%s is still there: %w", alias, ctx.Err())
		}
	}
}
