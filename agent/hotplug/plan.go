package hotplug

import (
	"slices"

	"vifd/agent/store"
	"vifd/vif"
)

// An act is what Recover may do about one attachment.
type act string

// The acts, in the order in which they are done.
const (
	actRemove  act = "remove"  // undo all steps
	actTap     act = "tap"     // make the tap
	actFilter  act = "filter"  // put the rules in place
	actReplug  act = "replug"  // have the switch let go of what it has under the tap's name
	actPlug    act = "plug"    // make the switch port what it should be
	actReplace act = "replace" // take a NIC away that is beyond repair
	actShow    act = "show"    // give the server the NIC
	actRaise   act = "raise"   // raise the tap, once the switch has the port
	actLink    act = "link"    // set the guest's link
	actPersist act = "persist" // complete the definition
)

// seen is what was seen of one attachment. What could not be looked at, since
// its daemon does not answer, is not Known.
type seen struct {
	Tap          *vif.Tap // nil: there is none of ours
	SwitchKnown  bool
	Plugged      *vif.SwitchPort // nil: there is none
	Drifted      bool            // its rows are not what they should be
	Filtered     bool
	ServersKnown bool
	Server       *vif.Server // nil: libvirt does not know it
	Defined      *vif.Server // its definition, when it runs; nil: there is none, or it was not looked at
}

// plan returns what brings an attachment from what was seen to what the store
// says. For one that is as it should be that is nothing.
func plan(a store.Attachment, s seen) []act {
	switch {
	case a.Released:
		return []act{actRemove}
	case a.Desired == store.Absent || !a.Settled || s.ServersKnown && s.Server == nil:
		if s.ServersKnown && !frozen(s.Server) {
			return []act{actRemove}
		}
		return nil // a guest may still hold it
	}
	if s.ServersKnown && dead(a.NIC, s) {
		s.Tap = nil // what somebody made in its place may lack anything
	}
	return append(planBelow(a.NIC, s), planServer(a, s)...)
}

// frozen tells whether nothing can be taken from a server now: one that was saved
// can only be started again with all that it had.
func frozen(s *vif.Server) bool {
	return s != nil && (s.State == vif.ServerSuspended || s.State == vif.ServerBuilding)
}

// planBelow is about the host's side: tap, filter and switch port. A port whose rows
// are gone ovs-vswitchd may have still, with a tap that is gone too: it lets go first.
func planBelow(n vif.NIC, s seen) (acts []act) {
	raise := s.Tap == nil || s.Tap.Gen != n.Gen || !s.Tap.Up
	if s.Tap == nil || s.Tap.Gen != n.Gen || s.Tap.MTU != n.Port.MTU || s.Tap.Loud {
		acts = append(acts, actTap)
	}
	if !s.SwitchKnown {
		return acts
	}
	if !s.Filtered || s.Plugged == nil { // its bridge may have been made anew
		acts = append(acts, actFilter)
	}
	switch p := s.Plugged; {
	case p != nil && differs(*p, n):
		acts = append(acts, actPlug)
	case p == nil || s.Tap == nil || p.Index != 0 && p.Index != s.Tap.Index || p.OFPort > 0 && p.OFPort != n.OFPort:
		acts = append(acts, actReplug, actPlug)
	case s.Drifted:
		acts = append(acts, actPlug)
	}
	if raise {
		acts = append(acts, actRaise)
	}
	return acts
}

// differs tells whether the rows of a switch port are not those that n wants.
func differs(p vif.SwitchPort, n vif.NIC) bool {
	return p.Gen != n.Gen || p.Name != n.Tap || p.Bridge != n.Port.Segment.Bridge ||
		p.VLAN != n.Port.Segment.VLAN || p.MAC != n.Port.MAC
}

// planServer is about the guest's side. A NIC that was taken out by hand is put
// back: who wants it gone says so to vifd.
func planServer(a store.Attachment, s seen) (acts []act) {
	if !s.ServersKnown {
		return nil
	}
	nic, shown := s.Server.NIC(a.NIC.DeviceAlias())
	switch {
	case !shown:
		return append(acts, actShow, actPersist)
	case s.SwitchKnown && (dead(a.NIC, s) || nic.MAC != a.NIC.Port.MAC || nic.Tap != a.NIC.Tap):
		return append(acts, actReplace, actShow, actPersist)
	case nic.Link && !a.NIC.Link.Up():
		acts = append(acts, actLink)
	case s.Server.Live && !nic.Link && a.NIC.Link.Up() && s.Plugged != nil && s.Plugged.OFPort == a.NIC.OFPort && s.Filtered:
		acts = append(acts, actLink)
	}
	if !a.Persisted || undefined(nic, s) || !slices.Contains(s.Server.Noted, a.NIC.Port.ID) {
		acts = append(acts, actPersist)
	}
	return acts
}

// dead tells whether the guest's NIC holds a tap that is not there any more. A
// tap made in its place is none that QEMU would open.
func dead(n vif.NIC, s seen) bool {
	if s.Server == nil || !s.Server.Live || s.Server.State != vif.ServerActive && s.Server.State != vif.ServerPaused {
		return false
	}
	_, shown := s.Server.NIC(n.DeviceAlias())
	return shown && (s.Tap == nil || s.Tap.Up && !s.Tap.Carrier)
}

// undefined tells whether the guest would lose the NIC with its next start, or find
// it elsewhere though it could be where it is.
func undefined(live vif.ServerNIC, s seen) bool {
	if s.Defined == nil {
		return false
	}
	n, ok := s.Defined.NIC(live.Alias)
	return !ok || n.MAC != live.MAC || n.Tap != live.Tap || n.PCI != live.PCI && !n.Barred
}
