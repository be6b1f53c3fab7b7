package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"

	"vifd/vif"
)

// schema holds one script for each version; script n leads from version n-1 to
// version n, which SQLite keeps as user_version. A script that was released is
// not changed any more.
//
//go:embed schema/*.sql
var schema embed.FS

// dialWriter returns the connection that writes, of a file that was checked and
// brought to the newest version.
func dialWriter(ctx context.Context, db *sql.DB) (*conn, error) {
	w, err := dial(ctx, db)
	if err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context, *conn) error{known, journal, sound, migrate} {
		if err := step(ctx, w); err != nil {
			return nil, errors.Join(err, w.close())
		}
	}
	return w, nil
}

// newest returns the version that this vifd writes.
func newest() (int, error) {
	scripts, err := schema.ReadDir("schema")
	return len(scripts), err
}

func version(ctx context.Context, w *conn) (v int, err error) {
	err = w.QueryRowContext(ctx, "PRAGMA user_version").Scan(&v)
	return v, err
}

// known refuses what a newer vifd wrote.
func known(ctx context.Context, w *conn) error {
	v, err := version(ctx, w)
	if err != nil {
		return err
	}
	n, err := newest()
	if err == nil && v > n {
		err = vif.Unsupported.Because("The store has schema version %d, and this vifd knows %d at most: "+
			"it was written by a newer vifd. Run that one, or put a backup back.", v, n)
	}
	return err
}

// journal chooses the write-ahead log, which the file remembers.
func journal(ctx context.Context, w *conn) error {
	var mode string
	if err := w.QueryRowContext(ctx, "PRAGMA journal_mode=wal").Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("journal_mode is %s: the file system cannot map shared memory", mode)
	}
	return nil
}

// sound reads the whole file.
func sound(ctx context.Context, w *conn) error {
	var found string
	if err := w.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&found); err != nil {
		return err
	}
	if found != "ok" {
		return fmt.Errorf("%w: %s", errDamaged, found)
	}
	return nil
}

// migrate runs the scripts that the file has not seen, each in a transaction.
func migrate(ctx context.Context, w *conn) error {
	have, err := version(ctx, w)
	if err != nil {
		return err
	}
	want, err := newest()
	if err != nil {
		return err
	}
	for v := have + 1; v <= want; v++ {
		script, err := schema.ReadFile(fmt.Sprintf("schema/%d.sql", v))
		if err != nil {
			return err
		}
		all := fmt.Sprintf("BEGIN IMMEDIATE;\n%s\nPRAGMA user_version = %d;\nCOMMIT;", script, v)
		if _, err := w.ExecContext(ctx, all); err != nil {
			return fmt.Errorf("schema version %d: %w", v, err)
		}
	}
	return nil
}
