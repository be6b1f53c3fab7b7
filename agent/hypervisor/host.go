// Package hypervisor shows NICs to guests, through libvirt. It is the one
// package with cgo.
//
// libvirt works on five calls of a connection at a time, and lets a call take as
// long as it takes. So looks (with the events), attaches and detaches have
// connections of their own, and no caller waits longer than its context: a call
// that has not returned by then ends by itself, with its outcome open.
package hypervisor

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"vifd/vif"
)

// A Host is the hypervisor of this machine.
type Host struct {
	log    *slog.Logger
	look   *line // looks, and the events
	attach *line
	detach *line // detaches, and what nobody waits for

	ears     *ears
	arrivals *arrivals
	news     *news
	taps     tapTaste
	nics     busy // the NICs, by alias, that a call may still be giving to a guest
	records  busy // the servers whose metadata is being written
}

// New returns the hypervisor at the libvirt URI, as qemu:///system. It needs no
// libvirt: that is found, lost and found again by Run.
func New(uri string, log *slog.Logger) *Host {
	h := &Host{log: log, ears: newEars(), arrivals: newArrivals(), news: newNews()}
	h.look = newLine("look", uri, 15*time.Second, log)
	h.attach = newLine("attach", uri, time.Minute, log)
	h.detach = newLine("detach", uri, 45*time.Second, log)
	h.look.opened = h.listen
	for _, l := range h.lines() {
		l.found = h.found
	}
	return h
}

// Run keeps the connections to libvirt until ctx ends. It calls changed, from
// one goroutine, with the ID of each server that may have changed, and with ""
// when any may have: at first, and each time that libvirt was found again. That
// says no more than that it is time to look.
func (h *Host) Run(ctx context.Context, changed func(server string)) error {
	if err := startEvents(h.log); err != nil {
		return vif.Internal.From(err, "libvirt's event loop")
	}
	var group sync.WaitGroup
	for _, l := range h.lines() {
		group.Go(func() { l.keep(ctx) })
	}
	group.Go(func() { h.news.deliver(ctx, changed) })
	group.Wait()
	return nil
}

// found tells everybody to look, once all lines are up: what happened while one
// was down was not heard, or could not be asked about.
func (h *Host) found() {
	if h.Up() == nil {
		h.ears.look("")
		h.news.add("")
	}
}

// Up returns nil while libvirt answers, and else why it does not.
func (h *Host) Up() error {
	for _, l := range h.lines() {
		if err := l.up(); err != nil {
			return err
		}
	}
	return nil
}

func (h *Host) lines() []*line { return []*line{h.look, h.attach, h.detach} }
