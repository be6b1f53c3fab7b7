package hotplug

import (
	"context"
	"errors"
	"slices"

	"vifd/agent/store"
	"vifd/vif"
)

// A Look says what is to be looked at. Taps and switch ports always are: it
// costs the switch nothing.
type Look struct {
	All     bool     // every server, and the flows of every bridge
	Servers []string // these, whatever All says
}

// And returns what looks at all that either does.
func (l Look) And(other Look) Look {
	servers := slices.Concat(l.Servers, other.Servers)
	slices.Sort(servers)
	return Look{l.All || other.All, slices.Compact(servers)}
}

// A world is the host as one look found it: links, switch ports, filters and
// domains, each in one dump.
type world struct {
	taps      map[string]vif.Tap        // by port
	plugged   map[string]vif.SwitchPort // by port
	switchErr error
	flows     bool                    // filtered was looked at
	filtered  map[string]map[int]bool // bridge, ofport
	looked    func(server string) bool
	servers   map[string]vif.Server
}

// see looks at what l says. Only the kernel has to answer; who else does not is
// noted in the world.
func (e *Engine) see(ctx context.Context, rows []store.Attachment, l Look) (*world, error) {
	w := &world{taps: map[string]vif.Tap{}, filtered: map[string]map[int]bool{}, flows: l.All}
	taps, err := e.Taps.Taps(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range taps {
		if old, ok := w.taps[t.Port]; !ok || old.Gen < t.Gen {
			w.taps[t.Port] = t
		}
	}
	w.seePorts(ctx, e.Switch)
	if l.All {
		w.seeFlows(ctx, e.Switch, bridges(rows))
		w.seeAllServers(ctx, e.Hypervisor)
	} else {
		w.seeServers(ctx, e.Hypervisor, l.Servers)
	}
	return w, nil
}

func (w *world) seePorts(ctx context.Context, s Switch) {
	ports, err := s.Ports(ctx)
	w.switchErr = err
	w.plugged = map[string]vif.SwitchPort{}
	for _, p := range ports {
		if old, ok := w.plugged[p.Port]; !ok || old.Gen < p.Gen {
			w.plugged[p.Port] = p
		}
	}
}

func (w *world) seeFlows(ctx context.Context, s Switch, bridges map[string]bool) {
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

func (w *world) seeAllServers(ctx context.Context, h Hypervisor) {
	servers, err := h.Servers(ctx)
	w.looked = func(string) bool { return err == nil }
	w.servers = map[string]vif.Server{}
	for _, s := range servers {
		w.servers[s.ID] = s
	}
}

func (w *world) seeServers(ctx context.Context, h Hypervisor, ids []string) {
	known := map[string]bool{}
	w.looked = func(id string) bool { return known[id] }
	w.servers = map[string]vif.Server{}
	for _, id := range ids {
		s, err := h.Server(ctx, id)
		if known[id] = err == nil || errors.Is(err, vif.NotFound); err == nil {
			w.servers[id] = s
		}
	}
}

// of returns what w shows of one attachment.
func (w *world) of(n vif.NIC) seen {
	s := seen{
		SwitchKnown:  w.switchErr == nil,
		ServersKnown: w.looked(n.Server),
		Filtered:     !w.flows || w.filtered[n.Port.Segment.Bridge][n.OFPort],
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
