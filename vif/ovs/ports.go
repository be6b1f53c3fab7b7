package ovs

import (
	"cmp"
	"context"
	"slices"

	"vifd/vif"
)

// Port returns the switch port of n's generation of its port as last heard of,
// also while there is no connection.
func (s *Switch) Port(n vif.NIC) (vif.SwitchPort, bool) {
	v := s.db.view()
	if p := s.row(n); p != nil {
		if b := v.bridgeOf(p.UUID); b != nil {
			return switchPort(p, v.iface(p.Name), v.iface(guardEnd(p.Name)), b.Name), true
		}
	}
	return vif.SwitchPort{}, false
}

// row returns the row of n's generation of its port, or nil.
func (s *Switch) row(n vif.NIC) *portRow {
	for _, p := range s.db.view().portsOf(n.Port.ID) {
		if generation(p.ExternalIDs) == n.Gen && p.Name == n.Tap {
			return p
		}
	}
	return nil
}

// Ports returns every switch port of ours, by name. While the connection to
// the database is down, the error is Unavailable.
func (s *Switch) Ports(context.Context) ([]vif.SwitchPort, error) {
	if _, err := s.db.connected(); err != nil {
		return nil, err
	}
	v := s.db.view()
	bridges := map[string]string{}
	for _, b := range all[bridgeRow](v, tableBridge) {
		for _, p := range b.Ports {
			bridges[p] = b.Name
		}
	}
	interfaces := map[string]*interfaceRow{}
	for _, i := range all[interfaceRow](v, tableInterface) {
		interfaces[i.Name] = i
	}
	var ports []vif.SwitchPort
	for _, p := range v.ours() {
		ports = append(ports, switchPort(p, interfaces[p.Name], interfaces[guardEnd(p.Name)], bridges[p.UUID]))
	}
	slices.SortFunc(ports, func(a, b vif.SwitchPort) int { return cmp.Compare(a.Name, b.Name) })
	return ports, nil
}
