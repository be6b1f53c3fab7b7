package agent

import (
	"context"
	"errors"

	"vifd/agent/store"
)

// What is done with the file of a store, whether a vifd runs or not.

// CheckStore returns what is wrong with the store in the file at path.
func CheckStore(ctx context.Context, path string, p Process) (wrong []string, err error) {
	err = reading(ctx, path, p, func(s *store.Store) error {
		wrong, err = s.Check(ctx)
		return err
	})
	if store.IsDamage(err) {
		return append(wrong, err.Error()), nil
	}
	return wrong, err
}

// BackupStore writes what is in the store at path to another file.
func BackupStore(ctx context.Context, path, to string, p Process) error {
	return reading(ctx, path, p, func(s *store.Store) error { return s.Backup(ctx, to) })
}

// ReadStore returns what is in the store at path.
func ReadStore(ctx context.Context, path string, p Process) (c store.Copy, err error) {
	err = reading(ctx, path, p, func(s *store.Store) error {
		return s.View(ctx, func(tx *store.Tx) error {
			c, err = tx.Copy()
			return err
		})
	})
	return c, err
}

func reading(ctx context.Context, path string, p Process, do func(*store.Store) error) error {
	s, err := store.ReadFile(ctx, path, p.Log)
	if err != nil {
		return err
	}
	return errors.Join(do(s), s.Close())
}
