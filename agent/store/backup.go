package store

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"vifd/vif"
)

// Backup writes a copy of the store as it is at one moment to path, in place of an
// older copy; where path is anything else it is refused. Writing goes on meanwhile.
// When Backup returns nil the copy is whole and on the disk; on an error path is
// what it was.
func (s *Store) Backup(ctx context.Context, path string) error {
	if err := s.replaceable(path); err != nil {
		return err
	}
	part := path + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unusable(err, "The backup cannot be written to %s.", path)
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

// replaceable is nil where there is nothing at path, or a database, as a backup is
// one. Whatever else somebody has there is not vifd's to replace, and the store
// itself least of all.
func (s *Store) replaceable(path string) error {
	there, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return unusable(err, "The backup cannot be written to %s.", path)
	}
	if own, err := os.Stat(s.path); err == nil && os.SameFile(there, own) {
		return vif.Invalid.Because("%s is the store itself: name another file for the backup.", path)
	}
	if !there.Mode().IsRegular() || !isDatabase(path) {
		return vif.Invalid.Because("%s is there and is no backup: name another file, or remove it.", path)
	}
	return nil
}

// isDatabase tells whether the file at path begins as SQLite's do.
func isDatabase(path string) bool {
	const magic = "SQLite format 3\x00"
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	begin := make([]byte, len(magic))
	n, _ := io.ReadFull(f, begin)
	return string(begin[:n]) == magic
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
