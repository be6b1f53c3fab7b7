package store

import (
	"fmt"
	"time"

	"vifd/vif"
)

// What is to become of an attachment.
const (
	Attached = "attached"
	Absent   = "absent"
)

// An Attachment is what should be true of a NIC, and how far it has come.
type Attachment struct {
	NIC       vif.NIC   `json:"nic"`
	Desired   string    `json:"desired"`   // Attached or Absent
	Settled   bool      `json:"settled"`   // the server has it: what an answer waits for is done
	Persisted bool      `json:"persisted"` // the definition and the PCI address are written
	Released  bool      `json:"released"`  // the claim was given back: only clean-up is left
	Operation string    `json:"operation"` // the ID of the Operation that wanted it so
	Error     string    `json:"error"`     // what the last repair failed with, or ""
	Created   time.Time `json:"created"`   // when the generation was first put
	Updated   time.Time `json:"updated"`   // when it was last put
}

const attachmentColumns = `SELECT nic, desired, settled, persisted, released, operation, error, created, updated FROM attachment `

const oldestAttachment = ` ORDER BY created, gen`

func scanAttachment(r row) (a Attachment, err error) {
	err = r.Scan(document{&a.NIC}, &a.Desired, &a.Settled, &a.Persisted, &a.Released,
		&a.Operation, &a.Error, moment{&a.Created}, moment{&a.Updated})
	return a, err
}

// Attachments returns all attachments, oldest first.
func (tx *Tx) Attachments() ([]Attachment, error) {
	return all(tx, scanAttachment, attachmentColumns+oldestAttachment)
}

// AttachmentsOf returns the attachments of a server, oldest first.
func (tx *Tx) AttachmentsOf(server string) ([]Attachment, error) {
	return all(tx, scanAttachment, attachmentColumns+`WHERE server = ?`+oldestAttachment, server)
}

// Attachment returns the attachment of a port.
func (tx *Tx) Attachment(port string) (Attachment, error) {
	return one(tx, scanAttachment, attachmentColumns+`WHERE port = ?`, port)
}

// PutAttachment keeps a in place of what its port has. An older generation gives
// way when it was released, and a newer one never: both are vif.InUse, and so is
// the tap or the switch port of another. The store sets Updated, and Created
// where it is zero.
func (tx *Tx) PutAttachment(a Attachment) error {
	nic, err := encoded(a.NIC)
	if err != nil {
		return err
	}
	a.Updated = time.Now()
	if a.Created.IsZero() {
		a.Created = a.Updated
	}
	n := a.NIC
	changed, err := tx.exec(`INSERT INTO attachment (port, server, tap, bridge, ofport, gen, nic, desired,
			settled, persisted, released, operation, error, created, updated)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (port) DO UPDATE SET server = excluded.server, tap = excluded.tap, bridge = excluded.bridge,
			ofport = excluded.ofport, gen = excluded.gen, nic = excluded.nic, desired = excluded.desired,
			settled = excluded.settled, persisted = excluded.persisted, released = excluded.released,
			operation = excluded.operation, error = excluded.error,
			created = iif(gen = excluded.gen, created, excluded.created), updated = excluded.updated
		WHERE gen = excluded.gen OR gen < excluded.gen AND attachment.released`,
		n.Port.ID, n.Server, n.Tap, n.Port.Segment.Bridge, n.OFPort, n.Gen, nic, a.Desired, a.Settled, a.Persisted,
		a.Released, a.Operation, a.Error, nanos(a.Created), nanos(a.Updated))
	if err == nil && changed == 0 {
		return vif.InUse.Because("Port %s is still in use.", n.Port.ID)
	}
	return conflict(err,
		claim{"attachment.tap", fmt.Sprintf("Tap %s is already in use.", n.Tap)},
		claim{"attachment.bridge, attachment.ofport", fmt.Sprintf("OpenFlow port %d of bridge %s is already in use.", n.OFPort, n.Port.Segment.Bridge)})
}

// DropAttachment deletes the port's attachment if it is of the generation.
func (tx *Tx) DropAttachment(port string, gen int64) error {
	_, err := tx.exec(`DELETE FROM attachment WHERE port = ? AND gen = ?`, port, gen)
	return err
}
