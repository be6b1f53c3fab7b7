package hotplug

import (
	"errors"

	"vifd/agent/store"
	"vifd/vif"
)

// What was told last of each attachment is kept beside it. Whatever changes an
// attachment, and whoever looks at one, tells the difference, in the one commit
// that keeps what is told from then on: so each change is told once.

// notices are what Nova is told when a port comes to be in a state.
var notices = map[vif.State]struct {
	name, status string
	plugged      bool // from then on
}{
	vif.Active: {"network-vif-plugged", "completed", true},
	vif.Error:  {"network-vif-plugged", "failed", true},
	vif.Down:   {"network-vif-unplugged", "completed", false}, // if it was told to be plugged
}

// put keeps a, and tells what the row alone says of it.
func (e *Engine) put(tx *store.Tx, a store.Attachment) error {
	if err := tx.PutAttachment(a); err != nil {
		return err
	}
	if a.Released {
		return gone(tx, a.NIC.Port.ID)
	}
	if state, reason := way(a); state != "" {
		return e.tell(tx, a.NIC, state, reason)
	}
	return nil
}

// tell tells the state of n's port, unless that was told last.
func (e *Engine) tell(tx *store.Tx, n vif.NIC, state vif.State, reason string) error {
	was, err := lastTold(tx, n)
	if err != nil || was.State == state {
		return err
	}
	event := vif.Event{
		Kind: vif.PortState, Server: n.Server, Port: n.Port.ID, Project: n.Port.Project,
		State: state, Was: was.State, Reason: reason,
	}
	if was.State == "" {
		event.Kind = vif.AttachmentAdded
	}
	notice, noted := notices[state]
	noted = noted && e.limits.Notices && (notice.plugged || was.Plugged)
	now := store.Told{Port: n.Port.ID, Gen: n.Gen, Server: n.Server, Project: n.Port.Project, State: state, Plugged: was.Plugged}
	if noted {
		now.Plugged = notice.plugged
	}
	if err := errors.Join(tx.AddEvent(event), tx.PutTold(now)); err != nil || !noted {
		return err
	}
	return tx.AddNotice(vif.Notice{Server: n.Server, Port: n.Port.ID, Name: notice.name, Status: notice.status})
}

// lastTold returns what was told last of n, or nothing for one that was not told
// of yet. What was told of an older attachment of its port ends here.
func lastTold(tx *store.Tx, n vif.NIC) (store.Told, error) {
	was, err := tx.Told(n.Port.ID)
	if err == nil && was.Gen == n.Gen {
		return was, nil
	}
	if err == nil {
		err = gone(tx, n.Port.ID)
	}
	return store.Told{}, ignore(vif.NotFound, err)
}

// gone tells that nothing of the port's attachment is left, if it was told that
// there is one.
func gone(tx *store.Tx, port string) error {
	was, err := tx.Told(port)
	if err != nil {
		return ignore(vif.NotFound, err)
	}
	err = errors.Join(tx.DropTold(port), tx.AddEvent(vif.Event{
		Kind: vif.AttachmentRemoved, Server: was.Server, Port: port, Project: was.Project, Was: was.State,
	}))
	if err != nil || !was.Plugged {
		return err
	}
	return tx.AddNotice(vif.Notice{Server: was.Server, Port: port, Name: "network-vif-unplugged", Status: "completed"})
}
