package ovs

import (
	"slices"

	"github.com/ovn-kubernetes/libovsdb/cache"
	"github.com/ovn-kubernetes/libovsdb/model"

	"vifd/vif"
)

// A view is the database as last heard of. The zero view is empty. Rows from
// it are only read.
type view struct{ cache *cache.TableCache }

// named returns the row of the table that has m's name, or nil.
func named[T any](v view, table string, m *T) *T {
	if v.cache == nil {
		return nil
	}
	_, row, err := v.cache.Table(table).RowByModel(m)
	if err != nil || row == nil {
		return nil
	}
	return row.(*T)
}

// all returns every row of the table.
func all[T any](v view, table string) []*T {
	if v.cache == nil {
		return nil
	}
	return collect[T](v.cache.Table(table).RowsShallow())
}

func collect[T any](rows map[string]model.Model) []*T {
	found := make([]*T, 0, len(rows))
	for _, r := range rows {
		found = append(found, r.(*T))
	}
	return found
}

// first returns the first of rows, or nil.
func first[T any](rows []*T) *T {
	if len(rows) == 0 {
		return nil
	}
	return rows[0]
}

func (v view) root() *rootRow { return first(all[rootRow](v, tableRoot)) }

func (v view) bridge(name string) *bridgeRow { return named(v, tableBridge, &bridgeRow{Name: name}) }
func (v view) port(name string) *portRow     { return named(v, tablePort, &portRow{Name: name}) }
func (v view) iface(name string) *interfaceRow {
	return named(v, tableInterface, &interfaceRow{Name: name})
}

// portsOf returns the rows of ours for the port with the ID.
func (v view) portsOf(id string) []*portRow {
	if v.cache == nil {
		return nil
	}
	rows, err := v.cache.Table(tablePort).RowsByModels([]model.Model{&portRow{ExternalIDs: marked(id)}})
	if err != nil {
		return nil // a portRow is of that table
	}
	return slices.DeleteFunc(collect[portRow](rows), foreign)
}

// ours returns every row of ours.
func (v view) ours() []*portRow { return slices.DeleteFunc(all[portRow](v, tablePort), foreign) }

// bridgeOf returns the bridge that the port is on.
func (v view) bridgeOf(port string) *bridgeRow {
	for _, b := range all[bridgeRow](v, tableBridge) {
		if slices.Contains(b.Ports, port) {
			return b
		}
	}
	return nil
}

// switchPort tells what is known of p, a port on the bridge, and of i, which may
// be nil and another's; g is the guard's end of its wire, where there is one.
func switchPort(p *portRow, i, g *interfaceRow, bridge string) vif.SwitchPort {
	s := vif.SwitchPort{
		UUID: p.UUID, Bridge: bridge, Name: p.Name, VLAN: or(p.Tag),
		Port: p.ExternalIDs[keyPort], Gen: generation(p.ExternalIDs),
	}
	if i == nil || !slices.Contains(p.Interfaces, i.UUID) {
		return s
	}
	s.OFPort, s.Error, s.Index, s.MTU = or(i.OFPort), or(i.Error), or(i.IfIndex), or(i.MTU)
	s.MAC, s.Carrier = i.ExternalIDs[keyMAC], or(i.LinkState) == "up"
	s.Server, s.Network, s.Addresses = i.ExternalIDs[keyServer], i.ExternalIDs[keyNetwork], i.ExternalIDs[keyAddresses]
	s.Secure, s.Groups = i.ExternalIDs[keySecure] != "false", i.ExternalIDs[keyGroups]
	if walled(p) && s.OFPort > 0 && s.Error == "" {
		s.OFPort, s.Error = overWire(s.OFPort, g)
	}
	return s
}
