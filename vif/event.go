package vif

import "time"

// An Event is something that has happened, as those who follow are told.
type Event struct {
	ID        int64     `json:"id"` // grows by one with each event
	At        time.Time `json:"at"`
	Kind      EventKind `json:"event"`
	Server    string    `json:"server"`
	Port      string    `json:"port,omitempty"`
	Project   string    `json:"project"`         // whose it is
	State     State     `json:"state,omitempty"` // of the port, from now on
	Was       State     `json:"was,omitempty"`   // and until now
	Reason    string    `json:"reason,omitempty"`
	Operation string    `json:"operation,omitempty"` // the ID of what has finished
	Action    string    `json:"action,omitempty"`    // and what that was
	Result    string    `json:"result,omitempty"`    // and how it ended
}

// An EventKind is what an Event is about.
type EventKind string

// The kinds of events.
const (
	PortState         EventKind = "port.state"         // the port_state is another, or its reason
	AttachmentAdded   EventKind = "attachment.added"   // the port is on its way into the server
	AttachmentRemoved EventKind = "attachment.removed" // the server has nothing of it any more
	OperationFinished EventKind = "operation.finished" // an attach or a detach
	EventsLost        EventKind = "reset"              // what came before is not kept any more: list afresh
)

// A Notice is what Nova is told of a port (os-server-external-events).
type Notice struct {
	ID     int64 // grows
	Server string
	Port   string
	Name   string // network-vif-plugged or network-vif-unplugged
	Status string // completed or failed
}
