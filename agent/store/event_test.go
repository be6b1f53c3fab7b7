package store

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vifd/vif"
)

func addEvents(t *testing.T, s *Store, n int) {
	t.Helper()
	update(t, s, func(tx *Tx) error {
		for range n {
			if err := tx.AddEvent(vif.Event{Kind: vif.PortState, Server: "vm", State: vif.Active}); err != nil {
				return err
			}
		}
		return nil
	})
}

func lastEvent(t *testing.T, s *Store) (id int64) {
	t.Helper()
	if err := s.View(t.Context(), func(tx *Tx) (err error) { id, err = tx.LastEvent(); return err }); err != nil {
		t.Fatal(err)
	}
	return id
}

// after returns how the IDs of what comes after id differ from it.
func after(t *testing.T, s *Store, id int64, most int) (steps []int64, whole bool) {
	t.Helper()
	err := s.View(t.Context(), func(tx *Tx) error {
		list, w, err := tx.EventsAfter(id, most)
		for _, e := range list {
			steps = append(steps, e.ID-id)
		}
		whole = w
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return steps, whole
}

// Events are numbered without gaps, over restarts and failures too; who asks for
// what is gone learns it.
func TestEventsAfter(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := Open(t.Context(), dir, quiet)
	if err != nil {
		t.Fatal(err)
	}
	first := lastEvent(t, s)
	addEvents(t, s, 2)
	failure := errors.New("no")
	if err := s.Update(t.Context(), func(tx *Tx) error {
		return errors.Join(tx.AddEvent(vif.Event{}), failure)
	}); !errors.Is(err, failure) {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	addEvents(t, s, 1)
	for _, tt := range []struct {
		name  string
		from  int64
		most  int
		want  []int64
		whole bool
	}{
		{"all", 0, 10, []int64{1, 2, 3}, true},
		{"a part", 0, 2, []int64{1, 2}, true},
		{"the rest", 2, 10, []int64{1}, true},
		{"nothing new", 3, 10, nil, true},
		{"what never was", 4, 10, nil, false},
		{"from before the first", -1, 10, []int64{2, 3, 4}, false},
	} {
		if got, whole := after(t, s, first+tt.from, tt.most); !slices.Equal(got, tt.want) || whole != tt.whole {
			t.Errorf("%s: %v, whole %v; want %v, %v", tt.name, got, whole, tt.want, tt.whole)
		}
	}
	update(t, s, func(tx *Tx) error { _, err := tx.PruneEvents(time.Now()); return err })
	if got, whole := after(t, s, first, 10); got != nil || whole {
		t.Errorf("after the pruning: %v, whole %v", got, whole)
	}
	if _, whole := after(t, s, first+3, 10); !whole {
		t.Error("who has seen all is told that something is lost")
	}
}

// The ring keeps the newest.
func TestEventsAreBounded(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	first := lastEvent(t, s)
	addEvents(t, s, MaxEvents+3)
	if got, whole := after(t, s, first, 2*MaxEvents); whole || len(got) != MaxEvents || got[0] != 4 {
		t.Errorf("%d events, whole %v", len(got), whole)
	}
}

// The bell rings once what was put can be read, and not for anything else.
func TestEventful(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	rung := s.Eventful()
	update(t, s, put)
	_ = s.Update(t.Context(), func(tx *Tx) error { return errors.Join(tx.AddEvent(vif.Event{}), errors.New("no")) })
	select {
	case <-rung:
		t.Error("it rang for nothing")
	default:
	}
	for what, put := range map[string]func(tx *Tx) error{
		"event":  func(tx *Tx) error { return tx.AddEvent(vif.Event{}) },
		"notice": func(tx *Tx) error { return tx.AddNotice(vif.Notice{}) },
	} {
		rung = s.Eventful()
		update(t, s, put)
		select {
		case <-rung:
		case <-time.After(10 * time.Second):
			t.Errorf("no ring for an %s", what)
		}
	}
}

// Of each port the oldest comes first, and the others after it.
func TestNotices(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	update(t, s, func(tx *Tx) error {
		var err error
		for _, port := range []string{"a", "b", "a", "c"} {
			err = errors.Join(err, tx.AddNotice(vif.Notice{Port: port, Server: "vm", Name: "n", Status: "s"}))
		}
		return err
	})
	var seen []string
	for range 3 {
		update(t, s, func(tx *Tx) error {
			list, err := tx.Notices(2, nobodys)
			for _, n := range list {
				seen = append(seen, n.Port)
				err = errors.Join(err, tx.DropNotice(n.ID))
			}
			return err
		})
	}
	if want := []string{"a", "b", "a", "c"}; !slices.Equal(seen, want) {
		t.Errorf("told %v, want %v", seen, want)
	}
}

func nobodys(string) bool { return false }

// Ports that are left out keep nobody from being told of the others.
func TestNoticesWithout(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	update(t, s, func(tx *Tx) error {
		var err error
		for i := range 300 {
			err = errors.Join(err, tx.AddNotice(vif.Notice{Port: fmt.Sprintf("p%03d", i)}))
		}
		list, e := tx.Notices(100, func(port string) bool { return port < "p150" })
		if e != nil || len(list) != 100 || list[0].Port != "p150" || list[99].Port != "p249" {
			t.Errorf("%d notices, %v", len(list), e)
		}
		return err
	})
}

// So many are kept, whatever their IDs are, and the log says once that others are
// not, and again when there was room meanwhile.
func TestNoticesAreBounded(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	var log bytes.Buffer
	s.log = slog.New(slog.NewTextHandler(&log, nil))
	count := func() (n int) {
		update(t, s, func(tx *Tx) (err error) { n, err = tx.CountNotices(); return err })
		return n
	}
	add := func(n int) {
		update(t, s, func(tx *Tx) (err error) {
			for range n {
				err = errors.Join(err, tx.AddNotice(vif.Notice{}))
			}
			return err
		})
	}
	for i, tt := range []struct{ drop, add, left, warned int }{
		{0, MaxNotices, MaxNotices, 0},
		{MaxNotices / 2, 1, MaxNotices/2 + 1, 0}, // half was told, and not the oldest
		{0, MaxNotices/2 - 1, MaxNotices, 0},
		{0, 1, MaxNotices, 1}, {0, 2, MaxNotices, 1},
		{10, 1, MaxNotices - 9, 1}, {0, 10, MaxNotices, 2},
	} {
		update(t, s, func(tx *Tx) error {
			_, err := tx.exec(`DELETE FROM notice WHERE id IN (SELECT id FROM notice ORDER BY id DESC LIMIT ?)`, tt.drop)
			return err
		})
		add(tt.add)
		if n, warned := count(), strings.Count(log.String(), "are forgotten"); n != tt.left || warned != tt.warned {
			t.Errorf("step %d: %d wait, want %d; warned %d times, want %d", i, n, tt.left, warned, tt.warned)
		}
	}
	update(t, s, (*Tx).DropNotices)
	if n := count(); n != 0 {
		t.Errorf("%d are left", n)
	}
}

func TestTold(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	told := Told{Port: "p", Gen: 7, Server: "vm", Project: "pr", State: vif.Down, Plugged: true}
	update(t, s, func(tx *Tx) error { return tx.PutTold(told) })
	update(t, s, func(tx *Tx) error {
		got, err := tx.Told("p")
		all, allErr := tx.AllTold()
		if got != told || len(all) != 1 || all["p"] != told {
			t.Errorf("told %+v, %+v", got, all)
		}
		return errors.Join(err, allErr, tx.DropTold("p"))
	})
	wantKind(t, s.View(t.Context(), func(tx *Tx) error { _, err := tx.Told("p"); return err }), vif.NotFound)
}

// A store of the first schema is brought to the newest, with all that is in it.
func TestMigration(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, err := database(filepath.Join(dir, "vifd.db"))
	if err != nil {
		t.Fatal(err)
	}
	script, err := schema.ReadFile("schema/1.sql")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(string(script) + `; PRAGMA user_version = 1; INSERT INTO server_lock VALUES ('vm', 'why', 1)`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	addEvents(t, s, 1)
	if err := s.View(t.Context(), func(tx *Tx) error { _, err := tx.ServerLock("vm"); return err }); err != nil {
		t.Error(err)
	}
}
