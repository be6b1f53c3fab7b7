package store

import (
	"time"

	"vifd/vif"
)

// The kinds of operations, as os-instance-actions names them.
const (
	AttachInterface = "attach_interface"
	DetachInterface = "detach_interface"
)

// How an operation ended; "" while it has not.
const (
	Success = "Success"
	Failure = "Error"
)

// OperationsKept is how long operations are kept.
const OperationsKept = 30 * 24 * time.Hour

// An Operation is one change that was asked for.
type Operation struct {
	ID       string // "req-" and a UUID
	Kind     string // AttachInterface or DetachInterface
	Server   string
	Port     string
	Project  string
	User     string
	Started  time.Time
	Finished time.Time // zero while it has not
	Result   string    // "", Success or Failure
	Error    string
	Steps    []vif.Progress
}

const operationColumns = `SELECT id, kind, server, port, project, user, started, finished, result, error, steps FROM operation `

func scanOperation(r row) (o Operation, err error) {
	err = r.Scan(&o.ID, &o.Kind, &o.Server, &o.Port, &o.Project, &o.User,
		moment{&o.Started}, moment{&o.Finished}, &o.Result, &o.Error, document{&o.Steps})
	return o, err
}

// Operation returns the operation with the ID.
func (tx *Tx) Operation(id string) (Operation, error) {
	return one(tx, scanOperation, operationColumns+`WHERE id = ?`, id)
}

// Operations returns all operations, newest first.
func (tx *Tx) Operations() ([]Operation, error) {
	return all(tx, scanOperation, operationColumns+`ORDER BY started DESC, id`)
}

// OperationsOf returns the operations on a server, newest first.
func (tx *Tx) OperationsOf(server string) ([]Operation, error) {
	return all(tx, scanOperation, operationColumns+`WHERE server = ? ORDER BY started DESC, id`, server)
}

// PutOperation keeps o in place of what has its ID.
func (tx *Tx) PutOperation(o Operation) error {
	steps, err := encoded(o.Steps)
	if err != nil {
		return err
	}
	_, err = tx.exec(`INSERT OR REPLACE INTO operation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		o.ID, o.Kind, o.Server, o.Port, o.Project, o.User, nanos(o.Started), nanos(o.Finished), o.Result, o.Error, steps)
	return conflict(err)
}

// PruneOperations deletes the operations that began before the time, and says
// how many they were.
func (tx *Tx) PruneOperations(before time.Time) (int64, error) {
	return tx.exec(`DELETE FROM operation WHERE started < ?`, nanos(before))
}
