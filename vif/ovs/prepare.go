package ovs

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/digitalocean/go-openvswitch/ovs"
	"github.com/ovn-kubernetes/libovsdb/ovsdb"

	"vifd/vif"
	"vifd/vif/ovs/openflow"
)

// prepare connects to the bridge and makes it ready for ports of ours: with
// fail_mode=secure, so that it never falls back to passing everything on, and
// with flows that let ports which are not ours go on as before, and nothing out
// of ours that have no rules. A bridge that follows somebody else, by a
// controller or by flows, is left to them: there, the rules of our ports are all.
func (s *Switch) prepare(ctx context.Context, b *bridge) error {
	row := s.db.view().bridge(b.name)
	if row == nil || !valid(b.name) {
		s.forget(b)
		return noBridge(b.name)
	}
	c, err := openflow.Dial(ctx, b.socket, func() { poke(s.lost) })
	if err != nil && !errors.Is(err, openflow.ErrVersion) {
		return vif.Unavailable.From(err, "ovs-vswitchd does not answer for bridge %s: is it running?", b.name)
	}
	b.set(c, false)
	led, err := s.led(ctx, b, row)
	if err == nil && !led {
		err = s.lay(ctx, b, row)
	}
	if err == nil {
		err = b.openFragments(ctx)
	}
	if err != nil {
		return err
	}
	s.config.Log.Info("bridge is ready", "bridge", b.name, "base flows", !led, "direct", c != nil)
	b.follow(led)
	b.set(c, true)
	return nil
}

// led tells whether a bridge that we have not prepared before follows somebody
// else: it has a controller, or flows beyond the one that a bridge is born with.
func (s *Switch) led(ctx context.Context, b *bridge, row *bridgeRow) (bool, error) {
	if row.ExternalIDs[keyBase] != "" {
		return false, nil
	}
	if len(row.Controller) > 0 {
		return true, nil
	}
	found, err := b.dump(ctx, nil)
	if failed := (*ovs.Error)(nil); errors.As(err, &failed) {
		return false, vif.Unavailable.From(err, "Open vSwitch does not say which flows bridge %s has", b.name)
	}
	if err != nil {
		return true, nil // a flow that is beyond us is not ours
	}
	return slices.ContainsFunc(found, func(f *ovs.Flow) bool { return f.Cookie&cookieMask != cookieMark && !inborn(f) }), nil
}

// inborn tells whether f is the flow that a bridge is born with: everything is
// switched as by a plain switch.
func inborn(f *ovs.Flow) bool {
	if f.Table != 0 || f.Priority != 0 || f.InPort != 0 || f.Protocol != "" || len(f.Matches) != 0 || len(f.Actions) != 1 {
		return false
	}
	action, err := f.Actions[0].MarshalText()
	return err == nil && strings.EqualFold(string(action), "normal")
}

// lay makes the bridge secure and puts the base flows in. They come second, for
// ovs-vswitchd clears all flows of a bridge whose fail_mode changes.
func (s *Switch) lay(ctx context.Context, b *bridge, row *bridgeRow) error {
	if or(row.FailMode) != "secure" || row.ExternalIDs[keyBase] == "" {
		if err := s.secure(ctx, row); err != nil {
			return err
		}
	}
	return b.replace(ctx, baseCookie, baseFlows())
}

// baseFlows returns the flows of a bridge that belong to no port. A register
// takes the number of the port, for of in_port itself no range can be matched.
func baseFlows() []*ovs.Flow {
	number := ovs.Move("NXM_OF_IN_PORT[]", "NXM_NX_REG15[0..15]")
	ours := ovs.FieldMatch("reg15", "0x4000/0xc000") // FirstOFPort to LastOFPort
	return []*ovs.Flow{
		{Table: tableAdmit, Priority: 0, Cookie: baseCookie, Actions: []ovs.Action{number, ovs.Resubmit(0, tableOthers)}},
		{Table: tableOthers, Priority: 10, Cookie: baseCookie, Matches: matches{ours}, Actions: []ovs.Action{ovs.Drop()}},
		{Table: tableOthers, Priority: 0, Cookie: baseCookie, Actions: []ovs.Action{ovs.Normal()}},
	}
}

// openFragments makes the bridge look at the ports in the first fragment of a
// packet, as it does in whole packets; otherwise a DHCP server could hide there.
func (b *bridge) openFragments(ctx context.Context) error {
	_, err := run(ctx, nil, "ovs-ofctl", protocolFlag, "set-frags", b.target(), "nx-match")
	if err != nil {
		return vif.Unavailable.From(err, "Open vSwitch does not match fragments on bridge %s", b.name)
	}
	return nil
}

// secure returns when ovs-vswitchd has made the bridge secure. The bridge then
// has no flows at all.
func (s *Switch) secure(ctx context.Context, row *bridgeRow) error {
	return s.configure(ctx, func() error {
		t := &transaction{view: s.db.view()}
		t.require(tableBridge, row.UUID, row.Name)
		t.update(tableBridge, row.UUID, ovsdb.Row{"fail_mode": set("secure")})
		t.setIDs(tableBridge, row.UUID, row.ExternalIDs, map[string]string{keyBase: "true"})
		t.configure()
		if _, err := s.db.transact(ctx, t.ops); err != nil {
			return vif.Unavailable.From(err, "bridge %s could not be made secure", row.Name)
		}
		return nil
	})
}
