package vif

import "time"

// The kinds of operations, as the Compute API names its instance actions.
const (
	AttachInterface = "attach_interface"
	DetachInterface = "detach_interface"
	AddFixedIP      = "add_fixed_ip"
	RemoveFixedIP   = "remove_fixed_ip"
	UpdatePort      = "update_port" // of its addresses, while a server has it
)

// How an operation ended; "" while it has not.
const (
	Success = "Success"
	Failure = "Error"
)

// An Operation is one change that was asked for, and what became of it.
type Operation struct {
	ID       string     `json:"id"`   // of the request: "req-" and a UUID
	Kind     string     `json:"kind"` // AttachInterface or one of the others
	Server   string     `json:"server"`
	Port     string     `json:"port"`    // "" where none was found or made
	Project  string     `json:"project"` // of who asked; "" for one that stands above projects
	User     string     `json:"user"`    // who asked
	Started  time.Time  `json:"started"`
	Finished time.Time  `json:"finished"` // zero while it has not
	Result   string     `json:"result"`   // "", Success or Failure
	Error    string     `json:"error"`    // why it failed, with causes that not everybody may see
	Steps    []Progress `json:"steps"`
}
