package vif

import "time"

// A Planned is one step of an attach that has not been done: what it would do,
// and the text (XML, transaction, flows) that it would do it with.
type Planned struct {
	Step   string `json:"step"`
	Does   string `json:"does"`
	Detail string `json:"detail,omitempty"`
}

// Health is how vifd and what it depends on are.
type Health struct {
	Ready     bool      `json:"ready"` // changes are taken
	Why       string    `json:"why,omitempty"`
	Version   string    `json:"version"`
	Since     time.Time `json:"since"`
	Parts     []Part    `json:"parts"`      // store, ovsdb, libvirt
	Ports     int       `json:"ports"`      // attached or on their way
	Operating int       `json:"operations"` // of these, on their way in or out
}

// A Part is one thing that vifd depends on.
type Part struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Why  string `json:"why,omitempty"` // why not, or what it lacks all the same
}
