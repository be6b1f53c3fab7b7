package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// makeDir returns the absolute path of dir when it is there, and only its owner
// may look into it.
func makeDir(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return dir, err
	}
	if err := os.MkdirAll(abs, 0o700); err != nil {
		return abs, err
	}
	return abs, narrow(abs, 0o700)
}

// makeFile returns when path is there, and only its owner may read it. SQLite
// gives the files beside it (-wal and -shm) the same mode.
func makeFile(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return narrow(path, 0o600)
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// narrow takes the rights away that are not in mode. Where there are none, a
// disk that is read-only does not matter.
func narrow(path string, mode fs.FileMode) error {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&^mode == 0 {
		return err
	}
	return os.Chmod(path, info.Mode().Perm()&mode)
}

// setAside gives the database and the files beside it another name, and returns
// that of the database. The database is first: a crash in between must not leave
// it without its log, as an older state that looks sound.
func setAside(path string, now time.Time) (string, error) {
	aside := path + ".corrupt-" + now.UTC().Format("20060102T150405.000Z")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(path+suffix, aside+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return aside, syncDir(filepath.Dir(path))
}

// syncDir makes the names in dir durable. SQLite asks for it as well, but does
// not look at the answer.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// headed looks at the two bytes of a database that make SQLite take it for one
// that is only to be read, when they are not what they should be.
func headed(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var formats [2]byte
	if _, err := f.ReadAt(formats[:], 18); err == nil && (formats[0] > 2 || formats[1] > 2) {
		return fmt.Errorf("%w: its header has the formats %v", errDamaged, formats)
	}
	return nil
}
