package store

import "vifd/vif"

// A Told is what was told last of an attachment.
type Told struct {
	Port    string
	Gen     int64 // of the attachment
	Server  string
	Project string
	State   vif.State
	Plugged bool // Nova is to be told when it goes
}

const toldColumns = `SELECT port, gen, server, project, state, plugged FROM told `

func scanTold(r row) (t Told, err error) {
	err = r.Scan(&t.Port, &t.Gen, &t.Server, &t.Project, &t.State, &t.Plugged)
	return t, err
}

// Told returns what was told last of the port.
func (tx *Tx) Told(port string) (Told, error) {
	return one(tx, scanTold, toldColumns+`WHERE port = ?`, port)
}

// AllTold returns what was told last of every port, by port.
func (tx *Tx) AllTold() (map[string]Told, error) {
	list, err := all(tx, scanTold, toldColumns)
	by := make(map[string]Told, len(list))
	for _, t := range list {
		by[t.Port] = t
	}
	return by, err
}

// PutTold keeps t in place of what its port has.
func (tx *Tx) PutTold(t Told) error {
	_, err := tx.exec(`INSERT OR REPLACE INTO told (port, gen, server, project, state, plugged) VALUES (?, ?, ?, ?, ?, ?)`,
		t.Port, t.Gen, t.Server, t.Project, string(t.State), t.Plugged)
	return err
}

// DropTold forgets what was told of the port, if anything was.
func (tx *Tx) DropTold(port string) error {
	_, err := tx.exec(`DELETE FROM told WHERE port = ?`, port)
	return err
}
