package ovs

import (
	"context"
	"maps"
	"slices"

	"vifd/vif"
)

// Bridges returns the bridges that may have something of ours, by name: those
// with our base flows or ports, and those that were asked for.
func (s *Switch) Bridges(context.Context) ([]string, error) {
	if _, err := s.db.connected(); err != nil {
		return nil, err
	}
	v := s.db.view()
	ours := map[string]bool{}
	for _, p := range v.ours() {
		ours[p.UUID] = true
	}
	names := map[string]bool{}
	for _, b := range all[bridgeRow](v, tableBridge) {
		if b.ExternalIDs[keyBase] != "" || slices.ContainsFunc(b.Ports, func(p string) bool { return ours[p] }) {
			names[b.Name] = true
		}
	}
	for _, b := range s.known() {
		if v.bridge(b.name) != nil {
			names[b.name] = true
		}
	}
	return slices.Sorted(maps.Keys(names)), nil
}

// Drifted returns the ports among those of the NICs whose rows Plug would change.
func (s *Switch) Drifted(_ context.Context, nics []vif.NIC) (map[string]bool, error) {
	if _, err := s.db.connected(); err != nil {
		return nil, err
	}
	v := s.db.view()
	bridges, on := map[string]*bridgeRow{}, map[string]string{}
	for _, b := range all[bridgeRow](v, tableBridge) {
		bridges[b.Name] = b
		for _, p := range b.Ports {
			on[p] = b.Name
		}
	}
	rows := map[string][]*portRow{}
	for _, p := range v.ours() {
		rows[p.ExternalIDs[keyPort]] = append(rows[p.ExternalIDs[keyPort]], p)
	}
	drifted := map[string]bool{}
	for _, n := range nics {
		mine, b := rows[n.Port.ID], bridges[n.Port.Segment.Bridge]
		if b == nil || len(mine) == 0 {
			continue // there is nothing to be changed
		}
		drifted[n.Port.ID] = len(mine) > 1 || on[mine[0].UUID] != b.Name || s.drifted(v, mine[0], b, n)
	}
	return drifted, nil
}

// drifted tells whether p, n's port's row on the bridge, is not as n wants it.
func (s *Switch) drifted(v view, p *portRow, b *bridgeRow, n vif.NIC) bool {
	if p.Name != n.Tap || generation(p.ExternalIDs) != n.Gen || v.iface(n.Tap) == nil {
		return true
	}
	t := &transaction{view: v}
	t.correct(p, b, n, s.index(n.Tap))
	return len(t.ops) > 0
}

// Free tells whether no stranger's port or interface has the name.
func (s *Switch) Free(name string) bool {
	v := s.db.view()
	if p := v.port(name); p != nil && foreign(p) {
		return false
	}
	i := v.iface(name)
	return i == nil || i.ExternalIDs[keyPort] != ""
}
