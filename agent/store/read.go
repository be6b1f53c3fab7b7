package store

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"vifd/vif"
)

// Read opens the store in the directory dir to be looked at, whether a vifd holds
// it or not. Nothing is changed, and Update is vif.Unsupported.
func Read(ctx context.Context, dir string, log *slog.Logger) (*Store, error) {
	return ReadFile(ctx, filepath.Join(dir, "vifd.db"), log)
}

// ReadFile is Read for a file, as a backup is.
func ReadFile(ctx context.Context, path string, log *slog.Logger) (*Store, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, vif.NotFound.Because("There is no store at %s.", path)
	}
	db, err := database(path, "mode", "ro")
	if err != nil {
		return nil, err
	}
	s := newStore(path, log)
	s.db = db
	if err := s.View(ctx, func(tx *Tx) error { return known(ctx, tx.conn) }); err != nil {
		return nil, errors.Join(unusable(misread(err), "The store %s cannot be read.", path), s.Close())
	}
	return s, nil
}
