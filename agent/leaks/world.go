// Package leaks is the judge of what is on this host: it compares everything that
// has vifd's mark with the attachments in the store, and says what is left over,
// missing or wrong. It is pure: somebody else looks, and somebody else mends.
package leaks

import (
	"slices"

	"vifd/agent/store"
	"vifd/vif"
)

// A World is the host as one look found it. What could not be looked at is not
// Known, and not judged.
type World struct {
	Rows []store.Attachment // read before the rest

	HeldKnown bool
	Held      []vif.Port // ports that are bound to this host

	Taps []vif.Tap

	SwitchKnown bool
	Plugged     []vif.SwitchPort
	Drifted     map[string]bool      // ports whose rows are not what they should be
	Rules       map[string]vif.Rules // of the bridges whose flows were looked at

	ServersKnown bool // all of them
	Servers      []vif.Server
	Definitions  map[string][]vif.ServerNIC // what those that run are defined with, as far as it was looked at
	Devices      map[string][]string        // the ports of which QEMU itself has a NIC, likewise
}

// An index is a World that things are found in.
type index struct {
	World
	rows    map[string]store.Attachment // by port
	servers map[string]vif.Server       // by ID
	shown   map[string]bool             // ports of which any server has a NIC, or any QEMU
	cookies map[uint64]bool             // of these
}

func indexed(w World) *index {
	i := &index{World: w, rows: map[string]store.Attachment{}, servers: map[string]vif.Server{},
		shown: map[string]bool{}, cookies: map[uint64]bool{}}
	for _, a := range w.Rows {
		i.rows[a.NIC.Port.ID] = a
	}
	for _, s := range w.Servers {
		i.servers[s.ID] = s
		for _, n := range slices.Concat(s.NICs, w.Definitions[s.ID]) {
			if port, ours := n.Port(); ours {
				i.shown[port], i.cookies[vif.Cookie(port)] = true, true
			}
		}
		for _, port := range w.Devices[s.ID] {
			i.shown[port], i.cookies[vif.Cookie(port)] = true, true
		}
	}
	return i
}

// owned tells whether the server has the port, or is to have it, or to lose it.
func (i *index) owned(server, port string) bool {
	a, ok := i.rows[port]
	return ok && a.NIC.Server == server
}

// whole tells whether all of a has to be there.
func whole(a store.Attachment) bool {
	return a.Desired == store.Attached && a.Settled && !a.Released
}
