package store

import "time"

// A ServerLock keeps all but admins from changing a server.
type ServerLock struct {
	Server string
	Reason string
	At     time.Time
	Admin  bool // it was an admin who locked it
}

const lockColumns = `SELECT server, reason, at, admin FROM server_lock `

func scanServerLock(r row) (l ServerLock, err error) {
	err = r.Scan(&l.Server, &l.Reason, moment{&l.At}, &l.Admin)
	return l, err
}

// ServerLocks returns all locks, oldest first.
func (tx *Tx) ServerLocks() ([]ServerLock, error) {
	return all(tx, scanServerLock, lockColumns+`ORDER BY at, server`)
}

// ServerLock returns the lock of a server.
func (tx *Tx) ServerLock(server string) (ServerLock, error) {
	return one(tx, scanServerLock, lockColumns+`WHERE server = ?`, server)
}

// PutServerLock locks a server, or gives its lock another reason and time.
func (tx *Tx) PutServerLock(l ServerLock) error {
	_, err := tx.exec(`INSERT OR REPLACE INTO server_lock (server, reason, at, admin) VALUES (?, ?, ?, ?)`,
		l.Server, l.Reason, nanos(l.At), l.Admin)
	return err
}

// DropServerLock unlocks a server, if it is locked.
func (tx *Tx) DropServerLock(server string) error {
	_, err := tx.exec(`DELETE FROM server_lock WHERE server = ?`, server)
	return err
}
