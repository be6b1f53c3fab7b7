package ovs

import (
	"context"
	"encoding/json"

	"vifd/vif"
)

// Describe returns what Plug would send to the database, as JSON, and what
// Filter would do to the flows, in the syntax of ovs-ofctl(8). It does neither.
// In place of what cannot be said it says why.
func (s *Switch) Describe(n vif.NIC) (transaction, flows string) {
	return s.describePlug(n), describeFilter(n)
}

func (s *Switch) describePlug(n vif.NIC) string {
	t := &transaction{view: s.db.view()}
	if err := s.plug(t, n); err != nil {
		return err.Error()
	}
	if len(t.ops) == 0 {
		return "nothing: the switch port is as it shall be"
	}
	text, err := json.MarshalIndent(t.ops, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func describeFilter(n vif.NIC) string {
	flows, err := flowsFor(n)
	if err != nil {
		return err.Error()
	}
	var text string
	keep := func(_ context.Context, lines string) error {
		text = lines
		return nil
	}
	if err := bundle(context.Background(), n.Port.Segment.Bridge, vif.Cookie(n.Port.ID), flows, keep); err != nil {
		return err.Error()
	}
	return text
}
