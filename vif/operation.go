package vif

import "time"

// The kinds of operations, as the Compute API names its instance actions.
const (
	AttachInterface = "attach_interface"
	DetachInterface = "detach_interface"
)

// How an operation ended; "" while it has not.
const (
	Success = "Success"
	Failure = "Error"
)

// An Operation is one change that was asked for, and what became of it.
type Operation struct {
	ID       string // of the request: "req-" and a UUID
	Kind     string // AttachInterface or DetachInterface
	Server   string
	Port     string // "" where none was found or made
	Project  string // of who asked; "" for one that stands above projects
	User     string // who asked
	Started  time.Time
	Finished time.Time // zero while it has not
	Result   string    // "", Success or Failure
	Error    string    // why it failed, with causes that not everybody may see
	Steps    []Progress
}
