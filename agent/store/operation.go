package store

import (
	"errors"
	"time"

	"vifd/vif"
)

// OperationsKept is how long operations are kept.
const OperationsKept = 30 * 24 * time.Hour

const operationColumns = `SELECT id, kind, server, port, project, user, started, finished, result, error, steps FROM operation `

func scanOperation(r row) (o vif.Operation, err error) {
	err = r.Scan(&o.ID, &o.Kind, &o.Server, &o.Port, &o.Project, &o.User,
		moment{&o.Started}, moment{&o.Finished}, &o.Result, &o.Error, document{&o.Steps})
	return o, err
}

// Operation returns the operation with the ID.
func (tx *Tx) Operation(id string) (vif.Operation, error) {
	return one(tx, scanOperation, operationColumns+`WHERE id = ?`, id)
}

// Operations returns all operations, newest first.
func (tx *Tx) Operations() ([]vif.Operation, error) {
	return all(tx, scanOperation, operationColumns+`ORDER BY started DESC, id`)
}

// OperationsOf returns the operations on a server, newest first.
func (tx *Tx) OperationsOf(server string) ([]vif.Operation, error) {
	return all(tx, scanOperation, operationColumns+`WHERE server = ? ORDER BY started DESC, id`, server)
}

// PutOperation keeps o in place of what has its ID.
func (tx *Tx) PutOperation(o vif.Operation) error {
	steps, err := encoded(o.Steps)
	if err != nil {
		return err
	}
	_, err = tx.exec(`INSERT OR REPLACE INTO operation (id, kind, server, port, project, user,
			started, finished, result, error, steps)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		o.ID, o.Kind, o.Server, o.Port, o.Project, o.User, nanos(o.Started), nanos(o.Finished), o.Result, o.Error, steps)
	return conflict(err)
}

// PruneOperations deletes the operations that began before the time and have
// ended, and says how many they were.
func (tx *Tx) PruneOperations(before time.Time) (int64, error) {
	return tx.exec(`DELETE FROM operation WHERE started < ? AND finished <> 0`, nanos(before))
}

// Redate lets operations, answers and events that claim to come from the future,
// since a clock was set back, count from now on: they would be kept until then.
func (tx *Tx) Redate(now time.Time) (err error) {
	for _, future := range []string{
		`UPDATE operation SET started = ?1 WHERE started > ?1`,
		`UPDATE answer SET created = ?1 WHERE created > ?1`,
		`UPDATE event SET at = ?1 WHERE at > ?1`,
	} {
		_, e := tx.exec(future, nanos(now))
		err = errors.Join(err, e)
	}
	return err
}
