package hypervisor

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"libvirt.org/go/libvirt"

	"vifd/libvirtxml"
	"vifd/vif"
)

// Server returns the server as libvirt has it now: as it runs, or, when it does
// not, as it is defined. An ID that is no UUID in lower case is not found.
func (h *Host) Server(ctx context.Context, id string) (vif.Server, error) {
	d, err := h.server(ctx, id)
	return d.Server, err
}

// Servers returns every server of this host.
func (h *Host) Servers(ctx context.Context) ([]vif.Server, error) {
	ids, err := h.ids(ctx)
	if err != nil {
		return nil, explain(err, "")
	}
	return whole(abreast(ids, func(id string) (vif.Server, error) { return h.Server(ctx, id) }))
}

// abreast asks for several at a time. One slot is left for who asks for one server.
// When libvirt does not answer one of them it is not asked for the rest: each would
// cost its patience.
func abreast[T, A any](asked []A, ask func(A) (T, error)) ([]T, []error) {
	answers, errs := make([]T, len(asked)), make([]error, len(asked))
	var group sync.WaitGroup
	var silent atomic.Pointer[error]
	turns := make(chan struct{}, slots-1)
	for i, a := range asked {
		turns <- struct{}{}
		if why := silent.Load(); why != nil {
			<-turns
			errs[i] = *why
			continue
		}
		group.Go(func() {
			defer func() { <-turns }()
			if answers[i], errs[i] = ask(a); errors.Is(errs[i], vif.Unavailable) {
				silent.Store(&errs[i])
			}
		})
	}
	group.Wait()
	return answers, errs
}

// whole returns the servers whose error is nil, without those that went away meanwhile.
func whole(servers []vif.Server, errs []error) ([]vif.Server, error) {
	var there []vif.Server
	for i, err := range errs {
		switch {
		case err == nil:
			there = append(there, servers[i])
		case !errors.Is(err, vif.NotFound):
			return nil, err
		}
	}
	return there, nil
}

func (h *Host) ids(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, h.look.patience)
	defer cancel()
	return within(ctx, func() ([]string, error) {
		return use(ctx, h.look, func(_ *session, w *wire) ([]string, error) { return w.ids() })
	})
}

func (w *wire) ids() ([]string, error) {
	domains, err := w.conn.ListAllDomains(0)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(domains))
	for i := range domains {
		id, e := domains[i].GetUUIDString()
		ids[i], err = id, errors.Join(err, e, domains[i].Free())
	}
	return ids, err
}

// server returns all that a look at a domain tells.
func (h *Host) server(ctx context.Context, id string) (libvirtxml.Domain, error) {
	if !canonical(id) {
		return libvirtxml.Domain{}, notFound(id)
	}
	ctx, cancel := context.WithTimeout(ctx, h.look.patience)
	defer cancel()
	d, err := within(ctx, func() (libvirtxml.Domain, error) {
		return use(ctx, h.look, func(s *session, w *wire) (libvirtxml.Domain, error) {
			return ask(s, w, id, func(d *libvirt.Domain) (libvirtxml.Domain, error) { return s.read(id, d) })
		})
	})
	return d, explain(err, id)
}

// read looks at a domain: its state, whether it has a definition, and its XML.
func (s *session) read(id string, d *libvirt.Domain) (libvirtxml.Domain, error) {
	var none libvirtxml.Domain
	changes := s.told()
	state, reason, err := d.GetState()
	if err != nil {
		return none, err
	}
	saved := false
	if state == libvirt.DOMAIN_SHUTOFF {
		if saved, err = d.HasManagedSaveImage(0); err != nil {
			return none, err
		}
	}
	persistent, err := s.persistent(id, d)
	if err != nil {
		return none, err
	}
	text, err := d.GetXMLDesc(0)
	if err != nil {
		return none, err
	}
	x, err := libvirtxml.Parse(text)
	x.Server.State = stateOf(state, reason, saved)
	x.Server.Persistent = persistent
	if err == nil {
		s.remember(x.Server, changes)
	}
	return x, err
}

// canonical tells whether id is a UUID as libvirt writes it.
func canonical(id string) bool {
	if len(id) != 36 {
		return false
	}
	for i, c := range []byte(id) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (c == '-') || !dash && !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f') {
			return false
		}
	}
	return true
}
