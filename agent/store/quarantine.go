package store

import (
	"net/netip"
	"time"
)

// Quarantine keeps an address of a network from being allocated, from now until
// EndQuarantine. project is whose it was.
func (tx *Tx) Quarantine(network string, a netip.Addr, project string, now time.Time) error {
	_, err := tx.exec(`INSERT OR REPLACE INTO quarantine (network, address, project, released) VALUES (?, ?, ?, ?)`, network, sortable(a), project, nanos(now))
	return err
}

// Quarantined returns whose the address was, if it is in quarantine.
func (tx *Tx) Quarantined(network string, a netip.Addr) (project string, found bool, err error) {
	err = tx.each(func(r row) (bool, error) {
		found = true
		return false, r.Scan(&project)
	}, `SELECT project FROM quarantine WHERE network = ? AND address = ?`, network, sortable(a))
	return project, found, err
}

// EndQuarantine frees what was put into quarantine before the time, or at it.
func (tx *Tx) EndQuarantine(before time.Time) error {
	_, err := tx.exec(`DELETE FROM quarantine WHERE released <= ?`, nanos(before))
	return err
}

// DateQuarantine lets what claims to come from the future, since a clock was set
// back, count from now on.
func (tx *Tx) DateQuarantine(now time.Time) error {
	_, err := tx.exec(`UPDATE quarantine SET released = ?1 WHERE released > ?1`, nanos(now))
	return err
}
