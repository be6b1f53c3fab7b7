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
		return nil, misread(err)
	}
	for _, step := range []func(context.Context, *conn) error{known, journal, sound, migrate, shaped} {
		if err := step(ctx, w); err != nil {
			return nil, errors.Join(misread(err), w.close())
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

// readable is the oldest version whose vifd can still read and write what this
// one does: the scripts since then add tables, and columns that need not be given.
// It is kept in the file, so that one may go back to that vifd; a script may raise
// it there when a table comes into use.
const readable = 5

// known refuses what a newer vifd wrote, unless that says that this one can go
// on with it.
func known(ctx context.Context, c *conn) error {
	v, err := version(ctx, c)
	if err != nil {
		return err
	}
	n, err := newest()
	if err != nil || v <= n {
		return err
	}
	if oldest, err := (&Tx{conn: c}).number("readable"); err == nil && oldest > 0 && oldest <= n {
		return nil
	}
	return vif.Unsupported.Because("The store has schema version %d, and this vifd knows %d at most: "+
		"it was written by a newer vifd. Run that one, or put a backup back.", v, n)
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

// migrate runs the scripts that the file has not seen, each in a transaction. A
// file that says that it has seen none has to be empty.
func migrate(ctx context.Context, w *conn) error {
	have, err := version(ctx, w)
	if err != nil {
		return err
	}
	want, err := newest()
	if err != nil || have >= want {
		return err
	}
	if have < 0 || have == 0 && !empty(ctx, w) {
		return fmt.Errorf("%w: it has tables, and says that it has schema version %d", errDamaged, have)
	}
	for v := have + 1; v <= want; v++ {
		script, err := schema.ReadFile(fmt.Sprintf("schema/%d.sql", v))
		if err != nil {
			return err
		}
		all := fmt.Sprintf("BEGIN IMMEDIATE;\n%s\nPRAGMA user_version = %d;\n"+
			"INSERT INTO meta (key, value) VALUES ('readable', '%d') ON CONFLICT (key) DO UPDATE\n"+
			"SET value = CAST(max(CAST(value AS INTEGER), CAST(excluded.value AS INTEGER)) AS TEXT);\nCOMMIT;", script, v, min(v, readable))
		if _, err := w.ExecContext(ctx, all); err != nil {
			return fmt.Errorf("schema version %d: %w", v, err)
		}
	}
	return nil
}

const tables = "SELECT count(*), coalesce(group_concat(sql, ';' ORDER BY type, name), '') FROM sqlite_schema"

func empty(ctx context.Context, w *conn) bool {
	var n int
	var text string
	return w.QueryRowContext(ctx, tables).Scan(&n, &text) == nil && n == 0
}

// shaped compares the tables with those that the scripts make: damage in there is
// none that SQLite would notice.
func shaped(ctx context.Context, w *conn) error {
	have, err := version(ctx, w)
	want, newErr := newest()
	if err != nil || newErr != nil {
		return errors.Join(err, newErr)
	}
	model, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return err
	}
	defer model.Close()
	fresh, err := dial(ctx, model)
	if err != nil {
		return err
	}
	defer fresh.close()
	if err := migrate(ctx, fresh); err != nil {
		return err
	}
	var n, m int
	var is, should string
	err = errors.Join(w.QueryRowContext(ctx, tables).Scan(&n, &is), fresh.QueryRowContext(ctx, tables).Scan(&m, &should))
	if err == nil && (is == should) != (have == want) { // a newer one has others besides
		err = fmt.Errorf("%w: its tables are not those of schema version %d", errDamaged, have)
	}
	return err
}
