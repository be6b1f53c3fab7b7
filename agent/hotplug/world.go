package hotplug

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"vifd/agent/leaks"
	"vifd/agent/store"
	"vifd/vif"
)

// A Look says what is to be looked at. Taps and switch ports always are: it
// costs the switch nothing.
type Look struct {
	All     bool     // every server, and the flows of every bridge
	Groups  bool     // what the authority says of the ports that are held
	Servers []string // these, whatever All says
}

// And returns what looks at all that either does.
func (l Look) And(other Look) Look {
	servers := slices.Concat(l.Servers, other.Servers)
	slices.Sort(servers)
	return Look{All: l.All || other.All, Groups: l.Groups || other.Groups, Servers: slices.Compact(servers)}
}

// A world is the host as one look found it: links, switch ports, domains and
// flows, each in one dump.
type world struct {
	leaks.World
	taps      map[string]vif.Tap        // by name
	plugged   map[string]vif.SwitchPort // by port
	switchErr error
	heldErr   error
	libvirt   error
	all       bool // flows and definitions were looked at
	looked    func(server string) bool
	servers   map[string]vif.Server
}

// see looks at what l says. Only the kernel has to answer; who else does not is
// noted in the world. Taps come before servers: one that no server holds was not
// held by what runs after, unless it has started meanwhile.
func (e *Engine) see(ctx context.Context, rows []store.Attachment, l Look) (*world, error) {
	w := &world{all: l.All, taps: map[string]vif.Tap{}, plugged: map[string]vif.SwitchPort{}, servers: map[string]vif.Server{}}
	w.Rows = rows
	var err error
	if w.Taps, err = e.Taps.Taps(ctx); err != nil {
		return nil, err
	}
	for _, t := range w.Taps {
		w.taps[t.Name] = t
	}
	w.seePorts(ctx, e.Switch)
	if !l.All {
		w.seeServers(ctx, e.Hypervisor, l.Servers)
		if l.Groups {
			w.Held, w.heldErr = e.Authority.Held(ctx)
		}
		return w, w.seeStarted(ctx, e.Taps)
	}
	w.seeAllServers(ctx, e.Hypervisor)
	if err := w.seeStarted(ctx, e.Taps); err != nil {
		return nil, err
	}
	w.seeFlows(ctx, e.Switch)
	w.Held, w.heldErr = e.Authority.Held(ctx)
	w.HeldKnown = w.heldErr == nil
	return w, nil
}

// nics returns the NICs of the rows.
func nics(rows []store.Attachment) (list []vif.NIC) {
	for _, a := range rows {
		list = append(list, a.NIC)
	}
	return list
}

func (w *world) seePorts(ctx context.Context, s Switch) {
	w.Plugged, w.switchErr = s.Ports(ctx)
	if w.switchErr == nil {
		w.Drifted, w.switchErr = s.Drifted(ctx, nics(w.Rows))
	}
	w.SwitchKnown = w.switchErr == nil
	for _, p := range w.Plugged {
		if old, ok := w.plugged[p.Port]; !ok || old.Gen < p.Gen {
			w.plugged[p.Port] = p
		}
	}
}

// flowsTime is how long a look waits for the flows of all bridges. ovs-vswitchd may
// hang, and what else there is to be mended shall not wait for it.
const flowsTime = 15 * time.Second

// seeFlows looks at the flows of every bridge that may have some of ours.
func (w *world) seeFlows(ctx context.Context, s Switch) {
	ctx, cancel := context.WithTimeout(ctx, flowsTime)
	defer cancel()
	w.Rules = map[string]vif.Rules{}
	on := map[string][]vif.NIC{}
	for _, a := range w.Rows {
		on[a.NIC.Port.Segment.Bridge] = append(on[a.NIC.Port.Segment.Bridge], a.NIC)
	}
	others, err := s.Bridges(ctx)
	for _, name := range others {
		on[name] = append(on[name], []vif.NIC{}...)
	}
	for _, name := range slices.Sorted(maps.Keys(on)) {
		r, e := s.Rules(ctx, name, on[name])
		if e == nil {
			w.Rules[name] = r
		} else if !errors.Is(e, vif.NotFound) {
			err = errors.Join(err, e)
		}
	}
	w.switchErr = errors.Join(w.switchErr, err)
	w.SwitchKnown = w.switchErr == nil
}

func (w *world) seeAllServers(ctx context.Context, h Hypervisor) {
	w.Servers, w.libvirt = h.Servers(ctx)
	if w.libvirt == nil {
		w.Definitions, w.libvirt = h.Definitions(ctx, w.Servers)
	}
	w.ServersKnown = w.libvirt == nil
	w.looked = func(string) bool { return w.ServersKnown }
	for _, s := range w.Servers {
		w.servers[s.ID] = s
	}
}

func (w *world) seeServers(ctx context.Context, h Hypervisor, ids []string) {
	known := map[string]bool{}
	w.looked = func(id string) bool { return known[id] }
	for _, id := range ids {
		s, err := h.Server(ctx, id)
		if known[id] = err == nil || errors.Is(err, vif.NotFound); err == nil {
			w.servers[id] = s
		}
	}
}

// seeStarted looks again at the taps that a server does not hold though it runs: it
// may have started after they were seen, as at boot, when libvirt answers once
// it has started its servers.
func (w *world) seeStarted(ctx context.Context, taps Taps) error {
	for i, t := range w.Taps {
		if !t.Up || t.Carrier {
			continue
		}
		at := slices.IndexFunc(w.Rows, func(a store.Attachment) bool { return a.NIC.Tap == t.Name })
		if at < 0 || !dead(w.Rows[at].NIC, w.of(w.Rows[at].NIC)) {
			continue
		}
		now, there, ours, err := taps.Tap(ctx, t.Name)
		if err != nil {
			return err
		}
		if there && ours {
			w.Taps[i], w.taps[t.Name] = now, now
		}
	}
	return nil
}

// of returns what w shows of one attachment.
func (w *world) of(n vif.NIC) seen {
	rules, known := w.Rules[n.Port.Segment.Bridge]
	s := seen{
		SwitchKnown:  w.SwitchKnown,
		Drifted:      w.Drifted[n.Port.ID],
		ServersKnown: w.looked(n.Server),
		Filtered:     !w.all || known && !rules.Astray[n.Port.ID],
	}
	s.Tap, _ = w.tap(n)
	if p, ok := w.plugged[n.Port.ID]; ok {
		s.Plugged = &p
	}
	if srv, ok := w.servers[n.Server]; ok {
		s.Server = &srv
	}
	if defined, ok := w.Definitions[n.Server]; ok {
		s.Defined = &vif.Server{NICs: defined}
	}
	return s
}

// tap returns n's tap as the look found it.
func (w *world) tap(n vif.NIC) (*vif.Tap, error) {
	if t, ok := w.taps[n.Tap]; ok && t.Port == n.Port.ID {
		return &t, nil
	}
	return nil, nil
}
