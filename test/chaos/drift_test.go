package chaos

import (
	"maps"
	"slices"

	"pgregory.net/rapid"

	"vifd/agent/hotplug"
	"vifd/vif"
)

var everything = hotplug.Look{All: true}

// acts are those of vifd's that may fail, before they have happened or after.
var acts = []string{
	"create", "raise", "remove", "filter", "unfilter", "plug", "unplug", "wired", "purge",
	"show", "persist", "hide", "undefine", "forget", "link",
}

// drifts are what others do on the host, and what breaks there.
func (m *model) drifts() map[string]func(*rapid.T) {
	w := m.world
	return map[string]func(*rapid.T){
		"fault": func(t *rapid.T) {
			w.fail[rapid.SampledFrom(acts).Draw(t, "act")] = rapid.SampledFrom([]failed{before, after}).Draw(t, "how")
		},
		"outage": func(t *rapid.T) {
			part := rapid.SampledFrom([]string{"switch", "libvirt"}).Draw(t, "part")
			w.down[part] = !w.down[part]
		},
		"delete a tap":         func(t *rapid.T) { delete(w.Taps, pick(t, w.Taps)) },
		"delete a switch port": func(t *rapid.T) { delete(w.Plugged, pick(t, w.Plugged)) },
		"delete flows":         func(t *rapid.T) { delete(w.Flows, pick(t, w.Flows)) },
		"set a tap down": func(t *rapid.T) {
			name := pick(t, w.Taps)
			tap := w.Taps[name]
			tap.Up = false
			w.Taps[name] = tap
		},
		"retag a switch port": func(t *rapid.T) {
			name := pick(t, w.Plugged)
			p := w.Plugged[name]
			p.VLAN = 4000
			w.Plugged[name] = p
		},
		"change flows":   func(t *rapid.T) { w.Flows[pick(t, w.Flows)] = "all may pass" },
		"restart switch": func(t *rapid.T) { clear(w.Flows); w.Base = false },
		"stray tap": func(t *rapid.T) {
			w.device(vif.Tap{Name: "tapstray", Port: "99999999-0000-4000-8000-000000000000", Gen: 1, MTU: 1500})
		},
		"stray flows":       func(t *rapid.T) { w.Flows["99999999-0000-4000-8000-000000000000"] = "stray" },
		"destroy or start":  m.power,
		"undefine a server": m.undefine,
		"migrate a server":  m.migrate,
		"guest holds on":    func(t *rapid.T) { s := m.domain(t); s.Stuck = !s.Stuck },
		"take a NIC out":    func(t *rapid.T) { s := m.domain(t); delete(s.NICs, pick(t, s.NICs)) },
		"lower a link": func(t *rapid.T) {
			s := m.domain(t)
			alias := pick(t, s.NICs)
			n := s.NICs[alias]
			n.Link = false
			s.NICs[alias] = n
		},
		"take a NIC out of a definition": func(t *rapid.T) {
			s := m.domain(t)
			if alias := pick(t, s.Defined); s.Live {
				delete(s.Defined, alias)
			}
		},
	}
}

// pick draws a key.
func pick[V any](t *rapid.T, from map[string]V) string {
	if len(from) == 0 {
		t.Skip("there is none")
	}
	return rapid.SampledFrom(slices.Sorted(maps.Keys(from))).Draw(t, "which")
}

func (m *model) domain(t *rapid.T) *server { return m.world.Servers[pick(t, m.world.Servers)] }

// power destroys a server that runs. One that is off is started, if its taps
// are there: without them it cannot.
func (m *model) power(t *rapid.T) {
	s, w := m.domain(t), m.world
	if s.Live {
		s.end()
		return
	}
	for _, n := range s.Defined {
		if w.Taps[n.Tap].Name == "" {
			t.Skip("a tap is missing")
		}
	}
	s.Live = true
	for alias, n := range s.Defined {
		n.Link = true
		s.NICs[alias] = held{n, w.Taps[n.Tap].Index}
	}
}

// end ends s's guest.
func (s *server) end() {
	s.Live, s.Stuck, s.Moving = false, false, false
	clear(s.NICs)
}

// undefine makes a server known to nobody, or one known again, which may be coming
// from another host.
func (m *model) undefine(t *rapid.T) {
	id := rapid.SampledFrom(ids).Draw(t, "server")
	if m.world.Servers[id] == nil {
		m.world.define(id)
		m.world.Servers[id].Moving = rapid.Bool().Draw(t, "coming")
		return
	}
	if rapid.IntRange(0, 4).Draw(t, "seldom") == 0 {
		m.lose(id)
	}
}

// lose makes a server known to nobody. What is plugged into it goes, once vifd sees it.
func (m *model) lose(id string) {
	delete(m.world.Servers, id)
	for port, server := range m.attached {
		if server == id {
			delete(m.attached, port)
			m.open[port] = id
		}
	}
}

// migrate begins to move a server that runs, or ends that: it is on the other host,
// and here it is shut off or undefined; or it stays, as one does that has come.
func (m *model) migrate(t *rapid.T) {
	id := pick(t, m.world.Servers)
	s := m.world.Servers[id]
	switch {
	case !s.Live:
		t.Skip("it does not run")
	case !s.Moving:
		s.Moving = true
		return
	}
	switch rapid.SampledFrom([]string{"stays", "shut off", "undefined"}).Draw(t, "afterwards") {
	case "stays":
		s.Moving = false
	case "shut off":
		s.end()
	case "undefined":
		m.lose(id)
	}
}
