package store

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"vifd/vif"
)

// script runs the scripts up to a version on a store that is made of them, as the
// vifd of that version left it.
func script(t *testing.T, dir string, upTo int) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for v := 1; v <= upTo; v++ {
		text, err := schema.ReadFile(fmt.Sprintf("schema/%d.sql", v))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, "%s;\nPRAGMA user_version = %d;\n", text, v)
	}
	all.WriteString(`INSERT INTO meta VALUES ('kept', 'yes');
		INSERT INTO network VALUES ('n1', 'blue', 'p', 'br-int', 7, 1500, 0, 1, 1, 1, 1);
		INSERT INTO answer (caller, key, request, status, body, created) VALUES ('me', 'k', x'00', 200, x'7b7d', 1);`)
	alter(t, dir, all.String())
}

// A store of every version before becomes one of this version, with all that was
// in it.
func TestUpgrades(t *testing.T) {
	t.Parallel()
	now, err := newest()
	if err != nil {
		t.Fatal(err)
	}
	for v := 1; v <= now; v++ {
		dir := t.TempDir()
		script(t, dir, v)
		s := open(t, dir)
		if got := metaOf(t, s, "kept"); got != "yes" || s.SetAside() != "" {
			t.Errorf("of version %d: %q is left, set aside %q", v, got, s.SetAside())
		}
		update(t, s, put)
		if wrong, err := s.Check(t.Context()); err != nil || len(wrong) > 0 {
			t.Errorf("of version %d: %v, %v", v, wrong, err)
		}
	}
}

// readable is true: the tables that its vifd knows have the same columns today, and
// after them only such as need not be given.
func TestReadable(t *testing.T) {
	t.Parallel()
	now, err := newest()
	if err != nil {
		t.Fatal(err)
	}
	old, today := columns(t, readable), columns(t, now)
	for table, want := range old {
		if more, same := strings.CutPrefix(today[table]+" ", want+" "); !same || strings.Contains(more, "!") {
			t.Errorf("version %d can no longer use %s: it has %s, and had %s. Raise readable", readable, table, today[table], want)
		}
	}
}

// A vifd puts and gets all it knows where the tables of a later one have columns
// besides.
func TestColumnsOfLater(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now, err := newest()
	if err != nil {
		t.Fatal(err)
	}
	script(t, dir, now)
	later := fmt.Sprintf("INSERT INTO meta (key, value) VALUES ('readable', '%d'); PRAGMA user_version = %d;", now, now+1)
	for table := range columns(t, now) {
		later += fmt.Sprintf("ALTER TABLE %s ADD COLUMN more TEXT NOT NULL DEFAULT 'x';", table)
	}
	alter(t, dir, later)
	s := open(t, dir)
	update(t, s, put)
	update(t, s, func(tx *Tx) error {
		return errors.Join(
			tx.PutToken(vif.Token{ID: "t1", Name: "ops", Role: "reader", Hash: make([]byte, 32)}),
			tx.PutTold(Told{Port: "p1", Server: "vm", State: vif.Active}), tx.AddEvent(vif.Event{Port: "p1"}),
			tx.AddNotice(vif.Notice{Port: "p1"}), tx.Quarantine("n1", netip.MustParseAddr("10.20.0.9"), "p", time.Now()))
	})
	err = s.View(t.Context(), func(tx *Tx) error {
		p, e1 := tx.Port("p1")
		a, e2 := tx.Attachment("p1")
		if p.MAC != port.MAC || a.NIC.Tap != attachment.NIC.Tap {
			t.Errorf("port %+v, attachment %+v", p, a)
		}
		return errors.Join(e1, e2)
	})
	if wrong, bad := s.Check(t.Context()); err != nil || bad != nil || len(wrong) > 0 || s.SetAside() != "" {
		t.Errorf("%v, %v, %v, set aside %q", err, bad, wrong, s.SetAside())
	}
}

// columns returns the columns of each table as the scripts up to a version make
// them, with a ! before those that have to be given.
func columns(t *testing.T, upTo int) map[string]string {
	t.Helper()
	dir := t.TempDir()
	script(t, dir, upTo)
	db, err := database(dir + "/vifd.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`SELECT m.name, group_concat(iif(c."notnull" AND c.dflt_value IS NULL, '!', '') || c.name, ' ' ORDER BY c.cid) FROM sqlite_schema m, pragma_table_info(m.name) c
		WHERE m.type = 'table' GROUP BY m.name`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	tables := map[string]string{}
	for rows.Next() {
		var name, list string
		if err := rows.Scan(&name, &list); err != nil {
			t.Fatal(err)
		}
		tables[name] = list
	}
	return tables
}
