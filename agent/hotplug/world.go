package hotplug

import (
	"context"
	"errors"

	"vifd/agent/store"
	"vifd/vif"
)

// A world is the host as one look found it: links, switch ports, filters and
// domains, each in one dump.
type world struct {
	taps       map[string]vif.Tap        // by port
	plugged    map[string]vif.SwitchPort // by port
	switchErr  error
	filtered   map[string]map[int]bool // bridge, ofport
	servers    map[string]vif.Server
	serversErr error
}

// see looks at everything once. Only the kernel has to answer; who else does not
// is noted in the world.
func (e *Engine) see(ctx context.Context, rows []store.Attachment) (*world, error) {
	w := &world{taps: map[string]vif.Tap{}, filtered: map[string]map[int]bool{}}
	taps, err := e.Taps.Taps(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range taps {
		if old, ok := w.taps[t.Port]; !ok || old.Gen < t.Gen {
			w.taps[t.Port] = t
		}
	}
	w.seeSwitch(ctx, e.Switch, bridges(rows))
	w.seeServers(ctx, e.Hypervisor)
	return w, nil
}

func (w *world) seeSwitch(ctx context.Context, s Switch, bridges map[string]bool) {
	ports, err := s.Ports(ctx)
	w.switchErr = err
	w.plugged = map[string]vif.SwitchPort{}
	for _, p := range ports {
		if old, ok := w.plugged[p.Port]; !ok || old.Gen < p.Gen {
			w.plugged[p.Port] = p
		}
	}
	for name := range bridges {
		if _, err := s.Bridge(ctx, name); err != nil {
			if !errors.Is(err, vif.NotFound) {
				w.switchErr = errors.Join(w.switchErr, err)
			}
			continue
		}
		cookies, err := s.Filtered(ctx, name)
		w.switchErr = errors.Join(w.switchErr, err)
		w.filtered[name] = map[int]bool{}
		for _, ofport := range cookies {
			w.filtered[name][ofport] = true
		}
	}
}

func (w *world) seeServers(ctx context.Context, h Hypervisor) {
	servers, err := h.Servers(ctx)
	w.serversErr = err
	w.servers = map[string]vif.Server{}
	for _, s := range servers {
		w.servers[s.ID] = s
	}
}

// of returns what w shows of one attachment.
func (w *world) of(n vif.NIC) seen {
	s := seen{
		SwitchKnown:  w.switchErr == nil,
		ServersKnown: w.serversErr == nil,
		Filtered:     w.filtered[n.Port.Segment.Bridge][n.OFPort],
	}
	if t, ok := w.taps[n.Port.ID]; ok && t.Name == n.Tap {
		s.Tap = &t
	}
	if p, ok := w.plugged[n.Port.ID]; ok {
		s.Plugged = &p
	}
	if srv, ok := w.servers[n.Server]; ok {
		s.Server = &srv
	}
	return s
}

func bridges(rows []store.Attachment) map[string]bool {
	names := map[string]bool{}
	for _, a := range rows {
		names[a.NIC.Port.Segment.Bridge] = true
	}
	return names
}
