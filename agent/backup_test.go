package agent

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vifd/agent/store"
	"vifd/vif"
)

// One backup a day is made, the newest three are kept, and a clock that was set
// back does not keep vifd from making one.
func TestBackups(t *testing.T) {
	a := withStore(t)
	day := time.Date(2030, 1, 1, 3, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		after time.Duration
		made  int
		next  time.Duration
	}{
		{0, 1, 24 * time.Hour}, {time.Hour, 1, 23 * time.Hour}, {24 * time.Hour, 2, 24 * time.Hour}, {49 * time.Hour, 3, 24 * time.Hour},
		{80 * time.Hour, 3, 24 * time.Hour}, {-time.Hour, 3, 24 * time.Hour},
	} {
		next, err := a.backUp(t.Context(), day.Add(tt.after))
		made := listBackups(backupDir(a.config.StateDir))
		if err != nil || next != tt.next || len(made) != tt.made {
			t.Errorf("after %v: %v, the next in %v, want %v; there are %v", tt.after, err, next, tt.next, made)
		}
	}
	c, path := newestBackup(t.Context(), a.config.StateDir, a.Process)
	if path != "" || c.Format != store.CopyFormat {
		t.Errorf("there is nothing in %s", path)
	}
	blue := vif.Network{ID: "n1", Name: "blue", Segment: vif.Segment{Bridge: "br-int", VLAN: 7}, MTU: 1500}
	if err := a.store.Update(t.Context(), func(tx *store.Tx) error { return tx.PutNetwork(blue) }); err != nil {
		t.Fatal(err)
	}
	if _, err := a.backUp(t.Context(), day.Add(120*time.Hour)); err != nil {
		t.Fatal(err)
	}
	c, path = newestBackup(t.Context(), a.config.StateDir, a.Process)
	if filepath.Base(path) != "vifd-20300106T030000Z.db" || len(c.Networks) != 1 {
		t.Errorf("the newest is %s, with %+v", path, c)
	}
}

// withStore is an agent with a store, and nothing else.
func withStore(t *testing.T) *agent {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	dir := t.TempDir()
	s, err := store.Open(t.Context(), dir, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &agent{store: s, log: quiet, config: Config{StateDir: dir}, Process: Process{Log: quiet}}
}

// A backup is made as soon as vifd runs and each day after, and one that fails is
// tried again in an hour.
func TestBackupsInTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := withStore(t)
		dir := backupDir(a.config.StateDir)
		if err := os.WriteFile(dir, nil, 0o600); err != nil { // where the directory should be
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var ended sync.WaitGroup
		ended.Go(func() { a.backups(ctx) })
		begun := time.Now()
		synctest.Wait()
		if err := os.Remove(dir); err != nil {
			t.Fatal(err)
		}
		var made []time.Duration
		last := ""
		for range 5 * 24 * 6 {
			time.Sleep(10 * time.Minute)
			synctest.Wait()
			if all := listBackups(dir); len(all) > 0 && all[0] != last {
				last = all[0]
				made = append(made, time.Since(begun))
			}
		}
		if got := fmt.Sprint(made); got != "[1h0m0s 25h0m0s 49h0m0s 73h0m0s 97h0m0s]" {
			t.Errorf("backups were made at %s", got)
		}
		cancel()
		ended.Wait()
	})
}
