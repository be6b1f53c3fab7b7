package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
)

// Backup writes a copy of the store as it is at one moment to path, in place of
// what is there. Writing goes on meanwhile. When Backup returns nil the copy is
// whole and on the disk; on an error path is what it was.
func (s *Store) Backup(ctx context.Context, path string) error {
	part := path + ".part"
	if err := os.RemoveAll(part); err != nil {
		return err
	}
	if err := makeFile(part); err != nil {
		return unusable(err, "The backup cannot be written to %s.", path)
	}
	if err := s.copyTo(ctx, part); err != nil {
		return errors.Join(unusable(err, "The backup cannot be written to %s.", path), os.Remove(part))
	}
	if err := os.Rename(part, path); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return syncDir(filepath.Dir(path))
}

// copyTo fills the empty file at path. SQLite does not sync it.
func (s *Store) copyTo(ctx context.Context, path string) error {
	c, err := dial(ctx, s.db)
	if err != nil {
		return err
	}
	_, err = c.ExecContext(ctx, "VACUUM INTO ?", path)
	if err := errors.Join(err, c.close()); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
