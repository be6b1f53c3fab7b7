package ovs

import (
	"fmt"
	"maps"
	"slices"

	"github.com/ovn-kubernetes/libovsdb/ovsdb"
)

// A transaction is written against the rows as last heard of. What it relies on
// is checked again by the server, as part of it.
type transaction struct {
	view    view
	ops     []ovsdb.Operation
	named   int             // rows that it inserts
	qos     string          // the shared QoS row, once it is asked for
	removed map[string]bool // ports, by UUID
}

// name returns a name for a row that the transaction inserts.
func (t *transaction) name() string {
	t.named++
	return fmt.Sprintf("row%d", t.named)
}

func (t *transaction) add(op ovsdb.Operation) { t.ops = append(t.ops, op) }

// insert inserts a row and returns the name that stands for its UUID.
func (t *transaction) insert(table string, row ovsdb.Row) string {
	name := t.name()
	t.add(ovsdb.Operation{Op: ovsdb.OperationInsert, Table: table, UUIDName: name, Row: row})
	return name
}

// update sets columns of a row; no columns are no operation.
func (t *transaction) update(table, uuid string, columns ovsdb.Row) {
	if len(columns) > 0 {
		t.add(ovsdb.Operation{Op: ovsdb.OperationUpdate, Table: table, Where: is(uuid), Row: columns})
	}
}

func (t *transaction) mutate(table, uuid string, mutations ...ovsdb.Mutation) {
	t.add(ovsdb.Operation{Op: ovsdb.OperationMutate, Table: table, Where: is(uuid), Mutations: mutations})
}

// setIDs makes the row's external_ids include want; others are left.
func (t *transaction) setIDs(table, uuid string, have, want map[string]string) {
	if includes(have, want) {
		return
	}
	keys := slices.Sorted(maps.Keys(want))
	t.mutate(table, uuid,
		ovsdb.Mutation{Column: "external_ids", Mutator: ovsdb.MutateOperationDelete, Value: set(keys...)},
		ovsdb.Mutation{Column: "external_ids", Mutator: ovsdb.MutateOperationInsert, Value: dict(want)})
}

// require makes the whole transaction fail unless the row is there, still has
// the name, and meets the conditions.
func (t *transaction) require(table, uuid, name string, conditions ...ovsdb.Condition) {
	now := 0
	t.add(ovsdb.Operation{
		Op: ovsdb.OperationWait, Table: table, Timeout: &now, Where: append(is(uuid), conditions...),
		Columns: []string{"name"}, Until: string(ovsdb.WaitConditionEqual), Rows: []ovsdb.Row{{"name": name}},
	})
}

// is selects the row with the UUID.
func is(uuid string) []ovsdb.Condition {
	return []ovsdb.Condition{ovsdb.NewCondition("_uuid", ovsdb.ConditionEqual, ovsdb.UUID{GoUUID: uuid})}
}

// includes tells whether have has all that want has.
func includes(have, want map[string]string) bool {
	for k, v := range want {
		if h, ok := have[k]; !ok || h != v {
			return false
		}
	}
	return true
}

// set returns an OVSDB set.
func set[T any](values ...T) ovsdb.OvsSet {
	s := ovsdb.OvsSet{GoSet: make([]any, len(values))}
	for i, v := range values {
		s.GoSet[i] = v
	}
	return s
}

// refs returns a set with one reference, to a row of that UUID or name.
func refs(uuid string) ovsdb.OvsSet { return set(ovsdb.UUID{GoUUID: uuid}) }

// dict returns an OVSDB map.
func dict(m map[string]string) ovsdb.OvsMap {
	d := ovsdb.OvsMap{GoMap: make(map[any]any, len(m))}
	for k, v := range m {
		d.GoMap[k] = v
	}
	return d
}
