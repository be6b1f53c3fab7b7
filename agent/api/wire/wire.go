// Package wire is what both ends of vifd's own API say: the server, and the client
// that the command line is.
package wire

import (
	"encoding/hex"
	"strings"
	"time"

	"vifd/vif"
)

// The headers and the type of answer that are vifd's own, or OpenStack's.
const (
	OnceHeader      = "Idempotency-Key"
	RequestIDHeader = "X-Openstack-Request-Id"
	NDJSON          = "application/x-ndjson"
)

// An Attachment is an attachment as JSON: the NIC, its state, and why that is not
// ACTIVE.
type Attachment struct {
	vif.NIC
	State  vif.State `json:"state"`
	Reason string    `json:"reason,omitempty"`
}

// Read returns what a says.
func (a Attachment) Read() vif.Attachment {
	return vif.Attachment{NIC: a.NIC, State: a.State, Reason: a.Reason}
}

// An Operation is an operation as JSON.
type Operation struct {
	ID       string         `json:"id"`
	Action   string         `json:"action"`
	Server   string         `json:"server"`
	Port     string         `json:"port,omitempty"`
	Project  string         `json:"project,omitempty"`
	User     string         `json:"user,omitempty"`
	Started  time.Time      `json:"started"`
	Finished *time.Time     `json:"finished"` // null while it is under way
	Result   string         `json:"result"`   // "Success", "Error", or "" while it is under way
	Error    string         `json:"error,omitempty"`
	Steps    []vif.Progress `json:"steps"`
}

// Read returns what o says.
func (o Operation) Read() vif.Operation {
	read := vif.Operation{ID: o.ID, Kind: o.Action, Server: o.Server, Port: o.Port, Project: o.Project, User: o.User,
		Started: o.Started, Result: o.Result, Error: o.Error, Steps: o.Steps}
	if o.Finished != nil {
		read.Finished = *o.Finished
	}
	return read
}

// UUID returns s, a UUID in any of the forms that Python's uuid takes, in lower
// case and with dashes.
func UUID(s string) (string, bool) {
	digits := strings.ToLower(s)
	digits = strings.TrimPrefix(strings.TrimPrefix(digits, "urn:"), "uuid:")
	digits = strings.ReplaceAll(strings.Trim(digits, "{}"), "-", "")
	if b, err := hex.DecodeString(digits); err != nil || len(b) != 16 {
		return "", false
	}
	return strings.Join([]string{digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]}, "-"), true
}
