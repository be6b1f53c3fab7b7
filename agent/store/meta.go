package store

import (
	"errors"

	"vifd/vif"
)

// Meta returns what is kept under the key, or "".
func (tx *Tx) Meta(key string) (string, error) {
	value, err := one(tx, func(r row) (v string, err error) {
		err = r.Scan(&v)
		return v, err
	}, `SELECT value FROM meta WHERE key = ?`, key)
	if errors.Is(err, vif.NotFound) {
		return "", nil
	}
	return value, err
}

// PutMeta keeps the value under the key, or, for "", nothing.
func (tx *Tx) PutMeta(key, value string) error {
	if value == "" {
		_, err := tx.exec(`DELETE FROM meta WHERE key = ?`, key)
		return err
	}
	_, err := tx.exec(`INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)`, key, value)
	return err
}
