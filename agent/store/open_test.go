package store

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vifd/vif"
)

func TestOpenHoldsTheStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := Open(t.Context(), dir, quiet)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), dir, quiet)
	wantKind(t, err, vif.InUse)
	if who := fmt.Sprintf("process %d,", os.Getpid()); !strings.Contains(vif.Shown(err), who) {
		t.Errorf("%q does not name %s", vif.Shown(err), who)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	wantKind(t, s.Update(t.Context(), put), vif.Unavailable)
	wantKind(t, s.View(t.Context(), put), vif.Unavailable)
	open(t, dir)
}

// Only the owner can read what is in the store, however wide its directory was.
func TestOpenNarrows(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "b ?#%")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	update(t, open(t, dir), put)
	for name, want := range map[string]os.FileMode{"": 0o700, "vifd.db": 0o600, "vifd.db-wal": 0o600, "vifd.db-shm": 0o600, "vifd.lock": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
		} else if got := info.Mode().Perm(); got != want {
			t.Errorf("mode of %q = %o, want %o", name, got, want)
		}
	}
}

// alter runs SQL on a store that is closed.
func alter(t *testing.T, dir, query string) {
	t.Helper()
	db, err := database(filepath.Join(dir, "vifd.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(query); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// filled makes a store of many pages and closes it.
func filled(t *testing.T, dir string) {
	t.Helper()
	s, err := Open(t.Context(), dir, quiet)
	if err != nil {
		t.Fatal(err)
	}
	update(t, s, put)
	update(t, s, func(tx *Tx) error { return tx.PutMeta("long", strings.Repeat("x", 100_000)) })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefusesNewer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	filled(t, dir)
	alter(t, dir, "PRAGMA user_version = 99; DELETE FROM meta WHERE key = 'readable'")
	_, err := Open(t.Context(), dir, quiet)
	wantKind(t, err, vif.Unsupported)
	if !strings.Contains(vif.Shown(err), "version 99") {
		t.Errorf("%q does not name the version", vif.Shown(err))
	}
	now, err := newest()
	if err != nil {
		t.Fatal(err)
	}
	alter(t, dir, fmt.Sprintf("CREATE TABLE more (id INTEGER); INSERT INTO meta VALUES ('readable', '%d')", now)) // it says that this one may go on
	wantKind(t, open(t, dir).View(t.Context(), func(tx *Tx) error { _, err := tx.Port("p1"); return err }), "")
}

// Damage of whatever sort is set aside and said, and the host goes on.
func TestOpenSetsDamageAside(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(f *os.File) error{
		"no header":  func(f *os.File) error { _, err := f.WriteAt([]byte("this is no database at all"), 0); return err },
		"a bad page": func(f *os.File) error { _, err := f.WriteAt(bytes.Repeat([]byte{0xa5}, 8192), 4096); return err },
		"cut short":  func(f *os.File) error { return f.Truncate(20000) },
		"a stub":     func(f *os.File) error { return f.Truncate(50) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			filled(t, dir)
			f, err := os.OpenFile(filepath.Join(dir, "vifd.db"), os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			if err := damage(f); err != nil {
				t.Fatal(err)
			}
			before, err := os.ReadFile(f.Name())
			if err != nil {
				t.Fatal(err)
			}
			f.Close()
			var logged bytes.Buffer
			s, err := Open(t.Context(), dir, slog.New(slog.NewTextHandler(&logged, nil)))
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			after, err := os.ReadFile(s.SetAside())
			if err != nil || !bytes.Equal(after, before) {
				t.Errorf("set aside in %q: %v", s.SetAside(), err)
			}
			if !strings.Contains(logged.String(), s.SetAside()) {
				t.Errorf("the log does not name %s: %s", s.SetAside(), logged.String())
			}
			update(t, s, put)
		})
	}
}

// Tables that are not those that were made, and rows that nobody can read, are
// damage which SQLite does not see.
func TestOpenSeesWhatSQLiteDoesNot(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]string{
		"a table of another name": "ALTER TABLE port RENAME TO pork",
		"a column of another":     "ALTER TABLE attachment RENAME COLUMN nic TO nik",
		"a table that is gone":    "DROP TABLE told",
		"no version":              "PRAGMA user_version = 0",
		"a version to come":       "PRAGMA user_version = 77",
		"a row that is no JSON":   "UPDATE attachment SET nic = '{'",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			filled(t, dir)
			alter(t, dir, "INSERT INTO attachment VALUES ('x', 's', 't', 'b', 16384, 1, '{}', 'attached', 0, 0, 0, '', '', 1, 1)")
			alter(t, dir, harm)
			s := open(t, dir)
			if s.SetAside() == "" {
				t.Error("it was taken as it is")
			}
			update(t, s, put)
		})
	}
}
