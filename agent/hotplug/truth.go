package hotplug

import (
	"context"
	"fmt"

	"vifd/agent/store"
	"vifd/vif"
)

// Attached returns what is plugged into the server, or into any server for "",
// oldest first, with what is on its way in or out.
func (e *Engine) Attached(ctx context.Context, server string) (list []vif.Attachment, err error) {
	var rows []store.Attachment
	err = e.Store.View(ctx, func(tx *store.Tx) error {
		if server == "" {
			rows, err = tx.Attachments()
		} else {
			rows, err = tx.AttachmentsOf(server)
		}
		return err
	})
	for _, a := range rows {
		if !a.Released {
			list = append(list, e.truth(ctx, a))
		}
	}
	return list, err
}

// Detaching tells whether the port is on its way out of the server.
func (e *Engine) Detaching(ctx context.Context, server, port string) bool {
	a, err := e.attachment(ctx, server, port)
	return err == nil && a.Desired == store.Absent
}

// truth looks at what became of a.
func (e *Engine) truth(ctx context.Context, a store.Attachment) vif.Attachment {
	state, reason := e.state(a, e.tap(ctx))
	return vif.Attachment{NIC: a.NIC, State: state, Reason: reason}
}

// A tapLook finds a NIC's tap, or nil where there is none of ours.
type tapLook func(vif.NIC) (*vif.Tap, error)

// tap asks the kernel.
func (e *Engine) tap(ctx context.Context) tapLook {
	return func(n vif.NIC) (*vif.Tap, error) {
		t, there, ours, err := e.Taps.Tap(ctx, n.Tap)
		if err != nil || !there || !ours {
			return nil, err
		}
		return &t, nil
	}
}

// state reads the port_state from the world. The store only says which way the
// NIC is going.
func (e *Engine) state(a store.Attachment, look tapLook) (vif.State, string) {
	if state, reason := way(a); state != "" {
		return state, reason
	}
	if e.held.has(a.NIC.Port.ID) {
		return vif.Build, "the tap is down until the switch has the port"
	}
	if state, reason := e.switchState(a.NIC); state != vif.Active {
		return state, reason
	}
	if e.unfiltered.has(a.NIC.Port.ID) {
		return vif.Error, "its rules are not in place"
	}
	t, err := look(a.NIC)
	switch {
	case err != nil:
		return vif.Error, err.Error()
	case t == nil:
		return vif.Error, fmt.Sprintf("the tap %s is gone", a.NIC.Tap)
	case !a.NIC.Link.Up():
		return vif.Down, "link is set down"
	case !t.Up:
		return vif.Down, fmt.Sprintf("the tap %s is down", a.NIC.Tap)
	case !t.Carrier:
		return vif.Down, "no carrier: the server is off; or if it runs it holds an older tap, and its NIC is being plugged in anew"
	}
	if p, _ := e.Switch.Port(a.NIC); p.Index != 0 && p.Index != t.Index {
		return vif.Error, fmt.Sprintf("the switch holds an older device than the tap %s", a.NIC.Tap)
	}
	return vif.Active, ""
}

// way is what the row alone says, or "" where the world has to be asked.
func way(a store.Attachment) (vif.State, string) {
	switch {
	case a.Desired == store.Absent:
		return vif.Build, because("being detached", a.Error)
	case !a.Settled:
		return vif.Build, because("being attached", a.Error)
	case a.Error != "":
		return vif.Error, a.Error
	}
	return "", ""
}

// switchState is the switch's word on a NIC.
func (e *Engine) switchState(n vif.NIC) (vif.State, string) {
	p, ok := e.Switch.Port(n)
	err := e.Switch.Healthy()
	switch {
	case err != nil: // what it last said is no news
		return vif.Error, err.Error()
	case !ok:
		return vif.Error, fmt.Sprintf("the switch port %s is gone", n.Tap)
	case p.Error != "":
		return vif.Error, p.Error
	case p.OFPort == 0:
		return vif.Build, "the switch has not taken the port yet"
	case p.OFPort != n.OFPort:
		return vif.Error, fmt.Sprintf("the switch port has the number %d and not %d, so that no filter stands for it", p.OFPort, n.OFPort)
	}
	return vif.Active, ""
}

func because(what, err string) string {
	if err == "" {
		return what
	}
	return what + ": " + err
}

// Count returns how many NICs there are, with those on their way in or out.
func (e *Engine) Count(ctx context.Context) (int, error) {
	rows, err := e.rows(ctx)
	return len(rows), err
}
