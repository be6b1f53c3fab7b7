package agent

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"vifd/agent/store"
)

// A backup is made each night, or as soon as vifd runs again, and so many are kept.
const (
	backupEvery = 24 * time.Hour
	backupsKept = 3
)

// backupName begins with what sorts as time does.
const backupName = "vifd-20060102T150405Z.db"

// backups makes backups until ctx ends. One that fails is tried again in an hour.
func (a *agent) backups(ctx context.Context) {
	for ctx.Err() == nil {
		next, err := a.backUp(ctx, time.Now())
		if err != nil {
			a.warn("no backup of the store", err)
			next = time.Hour
		}
		wait(ctx, next)
	}
}

// backUp makes a backup if one is due, and returns when the next is.
func (a *agent) backUp(ctx context.Context, now time.Time) (next time.Duration, err error) {
	dir := backupDir(a.config.StateDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return 0, err
	}
	made := listBackups(dir)
	if len(made) > 0 {
		last, err := time.Parse(backupName, filepath.Base(made[0]))
		if age := now.Sub(last); err == nil && age >= 0 && age < backupEvery {
			return backupEvery - age, nil
		}
	}
	name := filepath.Join(dir, now.UTC().Format(backupName))
	if err := a.store.Backup(ctx, name); err != nil {
		return 0, err
	}
	for _, old := range made[min(len(made), backupsKept-1):] {
		err = errors.Join(err, os.Remove(old))
	}
	return backupEvery, err
}

func backupDir(state string) string { return filepath.Join(state, "backup") }

// listBackups returns the backups in dir, the newest first.
func listBackups(dir string) []string {
	made, _ := filepath.Glob(filepath.Join(dir, "vifd-*Z.db")) // the pattern is right
	slices.Sort(made)
	slices.Reverse(made)
	return made
}

// newestBackup returns what is in the newest backup that is whole and has anything, and its path,
// or "" where there is none.
func newestBackup(ctx context.Context, state string, p Process) (c store.Copy, path string) {
	for _, path := range listBackups(backupDir(state)) {
		c, err := ReadStore(ctx, path, p)
		if err == nil && len(c.Networks)+len(c.Ports) > 0 {
			return c, path
		}
		if err != nil {
			p.Log.Warn("a backup is of no use", "backup", path, "err", err)
		}
	}
	return store.Copy{Format: store.CopyFormat}, ""
}
