package ovs

import (
	"context"
	"slices"

	"github.com/ovn-kubernetes/libovsdb/ovsdb"

	"vifd/vif"
	"vifd/vif/fail"
)

// Plug returns when n's rows are committed, in one transaction: Interface and
// Port as n wants them, and none of another generation of the port or of an
// older owner of the tap's name. Rows that are right already are left alone;
// those of n's generation that are not are corrected in place, so that traffic
// goes on. Where the tap was made anew under a row, that is retired first.
//
// A stranger's port or interface of that name is vif.InUse, an unknown bridge
// vif.NotFound. Plug does not wait for ovs-vswitchd; Wired does.
func (s *Switch) Plug(ctx context.Context, n vif.NIC) error {
	if err := checkNumber(n); err != nil {
		return err
	}
	if err := fail.At(fail.A5, s.retire(ctx, n)); err != nil {
		return err
	}
	return fail.At(fail.A6, s.change(ctx, n, s.plug))
}

func (s *Switch) plug(t *transaction, n vif.NIC) error {
	b := t.view.bridge(n.Port.Segment.Bridge)
	if b == nil {
		return noBridge(n.Port.Segment.Bridge)
	}
	rivals, err := t.rivals(n)
	if err != nil {
		return err
	}
	device := s.index(n.Tap)
	var kept *portRow
	for _, p := range rivals {
		if t.fits(p, b, n) {
			kept = p
		} else {
			t.remove(p)
		}
	}
	if kept != nil {
		t.correct(kept, b, n, device)
		return nil
	}
	t.plug(b, n, device)
	return nil
}

// rivals returns the rows of ours that have n's port or n's tap.
func (t *transaction) rivals(n vif.NIC) ([]*portRow, error) {
	rows := t.view.portsOf(n.Port.ID)
	named, i := t.view.port(n.Tap), t.view.iface(n.Tap)
	if named != nil && foreign(named) && !stripped(named, i, n) {
		return nil, vif.InUse.Because("a switch port %s is there already, and vifd did not make it", n.Tap)
	}
	if i != nil && i.ExternalIDs[keyPort] == "" && (named == nil || !slices.Contains(named.Interfaces, i.UUID)) {
		return nil, vif.InUse.Because("a switch interface %s is there already, and vifd did not make it", n.Tap)
	}
	if named != nil && named.ExternalIDs[keyPort] != n.Port.ID {
		rows = append(rows, named)
	}
	return rows, t.strangers(n)
}

// stripped tells whether p has lost its markers and is n's by those of its interface.
func stripped(p *portRow, i *interfaceRow, n vif.NIC) bool {
	return p.ExternalIDs[keyPort] == "" && i != nil && slices.Contains(p.Interfaces, i.UUID) &&
		i.ExternalIDs[keyPort] == n.Port.ID && generation(i.ExternalIDs) == n.Gen
}

// fits tells whether p is n's row, on the bridge.
func (t *transaction) fits(p *portRow, b *bridgeRow, n vif.NIC) bool {
	i := t.view.iface(n.Tap)
	mine := p.Name == n.Tap && p.ExternalIDs[keyPort] == n.Port.ID && generation(p.ExternalIDs) == n.Gen
	if !mine && !stripped(p, i, n) {
		return false
	}
	on := t.view.bridgeOf(p.UUID)
	return on != nil && on.UUID == b.UUID && i != nil
}

// plug adds n's rows.
func (t *transaction) plug(b *bridgeRow, n vif.NIC, device int) {
	t.require(tableBridge, b.UUID, b.Name)
	row := ovsdb.Row{
		"name": n.Tap, "type": "", "ofport_request": set(n.OFPort),
		"external_ids": dict(interfaceIDs(n, device)),
	}
	if n.Port.MTU > 0 {
		row["mtu_request"] = set(n.Port.MTU)
	}
	iface := t.insert(tableInterface, row)
	row = ovsdb.Row{
		"name": n.Tap, "interfaces": refs(iface), "external_ids": dict(portIDs(n)),
	}
	place(row, n.Port.Segment.VLAN, guarded(n.Port))
	if !userspace(b) {
		row["qos"] = refs(t.noop())
	}
	t.join(b, t.insert(tablePort, row))
	t.wire(b, n)
}

// join puts the port, an inserted row, on the bridge.
func (t *transaction) join(b *bridgeRow, port string) {
	t.mutate(tableBridge, b.UUID, ovsdb.Mutation{Column: "ports", Mutator: ovsdb.MutateOperationInsert, Value: refs(port)})
}

// correct changes what is not as n wants it in the rows of p.
func (t *transaction) correct(p *portRow, b *bridgeRow, n vif.NIC, device int) {
	i := t.view.iface(n.Tap)
	columns := ovsdb.Row{}
	if or(i.OFPortRequest) != n.OFPort {
		columns["ofport_request"] = set(n.OFPort)
	}
	if n.Port.MTU > 0 && or(i.MTURequest) != n.Port.MTU {
		columns["mtu_request"] = set(n.Port.MTU)
	}
	if i.Type != "" {
		columns["type"] = ""
	}
	t.update(tableInterface, i.UUID, columns)
	ids := interfaceIDs(n, device)
	if i.ExternalIDs[keyGroups] != "" && ids[keyGroups] == "" {
		ids[keyGroups] = ""
	}
	t.setIDs(tableInterface, i.UUID, i.ExternalIDs, ids)

	t.setIDs(tablePort, p.UUID, p.ExternalIDs, portIDs(n))
	columns = misplaced(p, n.Port.Segment.VLAN, guarded(n.Port))
	if !userspace(b) && or(p.QoS) == "" {
		columns["qos"] = refs(t.noop())
	}
	t.update(tablePort, p.UUID, columns)
	t.rewire(b, n)
}

// noop returns the QoS row that ours share. On the kernel's datapath it keeps the
// queue discipline that a tap has from its birth, which costs throughput, away.
func (t *transaction) noop() string {
	for _, q := range all[qosRow](t.view, tableQoS) {
		if t.qos == "" && q.ExternalIDs[keyOwner] == owner && q.Type == "linux-noop" {
			t.qos = q.UUID
		}
	}
	if t.qos == "" {
		t.qos = t.insert(tableQoS, ovsdb.Row{"type": "linux-noop", "external_ids": dict(map[string]string{keyOwner: owner})})
	}
	return t.qos
}

// index returns the interface index of the device, or 0 when it is not known.
func (s *Switch) index(device string) int {
	if s.config.Index == nil {
		return 0
	}
	index, ok := s.config.Index(device)
	if !ok {
		return 0
	}
	return index
}
