package ovs

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ovn-kubernetes/libovsdb/ovsdb"

	"vifd/vif"
)

// The two ends of a wire are patch ports on the port's own bridge. The network's
// end has the port's VLAN and no rules, as any port of a stranger. The guard's end,
// like the tap itself, is walled off: the bridge's own switching neither takes nor
// sends anything there, with flows of ours or without. Only flows that name it do.
func guardEnd(tap string) string   { return tap + "-g" }
func networkEnd(tap string) string { return tap + "-n" }

// ofEnd returns the tap whose wire has that end.
func ofEnd(name string) string { return strings.TrimSuffix(strings.TrimSuffix(name, "-g"), "-n") }

// guardOFPort returns the number that the guard's end of n's wire is pinned to.
func guardOFPort(n vif.NIC) int { return n.OFPort + guardBeyond }

// The numbers of both ends lie beyond those that NICs are pinned to, by this much.
const (
	guardBeyond   = LastOFPort + 1 - FirstOFPort
	networkBeyond = 2 * guardBeyond
	mostOFPort    = 0xfeff // what is above is reserved
)

// A port is walled off as one that only takes frames with a tag that none has, and
// which wraps them (vlan_mode=dot1q-tunnel, cvlans).
const (
	openMode  = "access" // a port without a mode and without a tag gets the frames of every VLAN
	wallMode  = "dot1q-tunnel"
	wallCVLAN = 4095
)

// walled tells whether p is walled off.
func walled(p *portRow) bool { return or(p.VLANMode) == wallMode }

// place puts a new port's row into the VLAN, walled off or not.
func place(row ovsdb.Row, vlan int, wall bool) {
	row["vlan_mode"] = set(openMode)
	if wall {
		row["vlan_mode"], row["cvlans"] = set(wallMode), set(wallCVLAN)
	}
	if vlan > 0 {
		row["tag"] = set(vlan)
	}
}

// misplaced returns the columns of p that place would give other values.
func misplaced(p *portRow, vlan int, wall bool) ovsdb.Row {
	columns, mode, cvlans := ovsdb.Row{}, openMode, []int(nil)
	if wall {
		mode, cvlans = wallMode, []int{wallCVLAN}
	}
	if or(p.Tag) != vlan {
		columns["tag"] = set([]int{vlan}[:min(1, vlan)]...)
	}
	if or(p.VLANMode) != mode {
		columns["vlan_mode"] = set(mode)
	}
	if !slices.Equal(p.CVLANs, cvlans) {
		columns["cvlans"] = set(cvlans...)
	}
	return columns
}

// An end is one end of a wire, as it shall be.
type end struct {
	name, peer string
	number     int // 0 for any
	vlan       int
	wall       bool
}

// ends returns the ends of n's wire, or none when n is not guarded.
func ends(n vif.NIC) []end {
	if !guarded(n.Port) {
		return nil
	}
	guard := end{guardEnd(n.Tap), networkEnd(n.Tap), guardOFPort(n), 0, true}
	network := end{networkEnd(n.Tap), guardEnd(n.Tap), n.OFPort + networkBeyond, n.Port.Segment.VLAN, false}
	if network.number > mostOFPort {
		network.number = 0
	}
	return []end{guard, network}
}

// wireIDs returns the external_ids of both ends of n's wire.
func wireIDs(n vif.NIC) map[string]string {
	return map[string]string{keyOwner: owner, keyGuard: n.Port.ID, keyGen: strconv.FormatInt(n.Gen, 10)}
}

// strangers refuses n if a stranger has the name of an end of its wire.
func (t *transaction) strangers(n vif.NIC) error {
	for _, e := range ends(n) {
		p, i := t.view.port(e.name), t.view.iface(e.name)
		if p != nil && p.ExternalIDs[keyGuard] == "" || p == nil && i != nil {
			return vif.InUse.Because("a switch port %s is there already, and vifd did not make it", e.name)
		}
	}
	return nil
}

// wire adds the rows of n's wire, in exchange for what is left of one whose tap is
// gone.
func (t *transaction) wire(b *bridgeRow, n vif.NIC) {
	for _, e := range ends(n) {
		if p := t.view.port(e.name); p != nil {
			t.discard(p, map[string]string{keyGuard: p.ExternalIDs[keyGuard]})
		}
		t.lay(b, n, e)
	}
}

// lay adds the rows of an end. It takes no part in spanning trees, where its two
// ends would look like a loop.
func (t *transaction) lay(b *bridgeRow, n vif.NIC, e end) {
	row := ovsdb.Row{"name": e.name, "external_ids": dict(wireIDs(n))}
	for column, value := range e.columns() {
		row[column] = value
	}
	iface := t.insert(tableInterface, row)
	row = ovsdb.Row{
		"name": e.name, "interfaces": refs(iface), "external_ids": dict(wireIDs(n)),
		"other_config": dict(map[string]string{"stp-enable": "false", "rstp-enable": "false"}),
	}
	place(row, e.vlan, e.wall)
	t.join(b, t.insert(tablePort, row))
}

// columns returns what makes an interface this end.
func (e end) columns() ovsdb.Row {
	row := ovsdb.Row{"type": "patch", "options": dict(map[string]string{"peer": e.peer}), "ofport_request": set[int]()}
	if e.number > 0 {
		row["ofport_request"] = set(e.number)
	}
	return row
}

// rewire makes n's wire as it shall be, or takes it away.
func (t *transaction) rewire(b *bridgeRow, n vif.NIC) {
	if !guarded(n.Port) {
		t.unwire(n.Tap, n.Port.ID, n.Gen)
		return
	}
	for _, e := range ends(n) {
		p, i := t.view.port(e.name), t.view.iface(e.name)
		if p == nil || i == nil || !slices.Contains(b.Ports, p.UUID) || p.ExternalIDs[keyGuard] != n.Port.ID {
			if p != nil {
				t.discard(p, map[string]string{keyGuard: p.ExternalIDs[keyGuard]})
			}
			t.lay(b, n, e)
			continue
		}
		t.update(tablePort, p.UUID, misplaced(p, e.vlan, e.wall))
		t.setIDs(tablePort, p.UUID, p.ExternalIDs, wireIDs(n))
		t.setIDs(tableInterface, i.UUID, i.ExternalIDs, wireIDs(n))
		if i.Type != "patch" || i.Options["peer"] != e.peer || or(i.OFPortRequest) != e.number {
			t.update(tableInterface, i.UUID, e.columns())
		}
	}
}

// unwire takes the wire away that the tap has, if this generation of the port, or
// an older one, has made it.
func (t *transaction) unwire(tap, port string, gen int64) {
	for _, name := range []string{guardEnd(tap), networkEnd(tap)} {
		p := t.view.port(name)
		if p != nil && port != "" && p.ExternalIDs[keyGuard] == port && generation(p.ExternalIDs) <= gen {
			t.discard(p, map[string]string{keyGuard: port})
		}
	}
}

// overWire returns the number that a walled port carries under, which is 0 before
// its wire does, and what is wrong with that; g is the guard's end, or nil.
func overWire(number int, g *interfaceRow) (int, string) {
	switch {
	case g == nil:
		return number, "its wire to the network is gone"
	case or(g.Error) != "":
		return number, or(g.Error)
	case or(g.OFPort) == 0:
		return 0, ""
	case or(g.OFPort) != number+guardBeyond:
		return number, fmt.Sprintf("its wire has OpenFlow port %d and not %d", or(g.OFPort), number+guardBeyond)
	}
	return number, ""
}
