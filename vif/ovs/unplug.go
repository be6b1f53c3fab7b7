package ovs

import (
	"context"

	"github.com/ovn-kubernetes/libovsdb/ovsdb"

	"vifd/vif"
	"vifd/vif/fail"
)

// Unplug returns when no row of n's port is left that n's generation or an older
// one made. Rows are told by their markers and deleted by UUID; there need be
// none.
func (s *Switch) Unplug(ctx context.Context, n vif.NIC) error {
	return fail.At(fail.D7, s.change(ctx, n, unplug))
}

func unplug(t *transaction, n vif.NIC) error {
	for _, p := range t.view.portsOf(n.Port.ID) {
		if generation(p.ExternalIDs) <= n.Gen {
			t.remove(p)
		}
	}
	t.unwire(n.Tap, n.Port.ID, n.Gen)
	return nil
}

// remove takes p, a row of ours, and its wire off their bridge and deletes them.
func (t *transaction) remove(p *portRow) {
	t.discard(p, marked(p.ExternalIDs[keyPort]))
	t.unwire(p.Name, p.ExternalIDs[keyPort], generation(p.ExternalIDs))
}

// discard takes p off its bridge and deletes it, whereupon the database forgets
// its interface. If it has not the IDs any more, the transaction fails.
func (t *transaction) discard(p *portRow, ids map[string]string) {
	b := t.view.bridgeOf(p.UUID)
	if b == nil || t.removed[p.UUID] {
		return
	}
	t.require(tablePort, p.UUID, p.Name,
		ovsdb.NewCondition("external_ids", ovsdb.ConditionIncludes, dict(ids)))
	t.mutate(tableBridge, b.UUID, ovsdb.Mutation{Column: "ports", Mutator: ovsdb.MutateOperationDelete, Value: refs(p.UUID)})
	t.add(ovsdb.Operation{Op: ovsdb.OperationDelete, Table: tablePort, Where: is(p.UUID)})
	if t.removed == nil {
		t.removed = map[string]bool{}
	}
	t.removed[p.UUID] = true
}

// sweep deletes the shared QoS row when no port is left that has it.
func (t *transaction) sweep() {
	used := map[string]bool{t.qos: true}
	for _, p := range all[portRow](t.view, tablePort) {
		if !t.removed[p.UUID] {
			used[or(p.QoS)] = true
		}
	}
	for _, q := range all[qosRow](t.view, tableQoS) {
		if q.ExternalIDs[keyOwner] == owner && !used[q.UUID] {
			t.add(ovsdb.Operation{Op: ovsdb.OperationDelete, Table: tableQoS, Where: is(q.UUID)})
		}
	}
}
