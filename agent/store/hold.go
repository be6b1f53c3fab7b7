package store

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"vifd/vif"
)

// hold locks the file at path for as long as it stays open, and writes into it
// who has it. The file itself stays when the lock goes.
func hold(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, vif.Unavailable.From(err, "The lock %s of the store cannot be opened.", path)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(held(f, err), f.Close())
	}
	if err := sign(f); err != nil {
		return nil, errors.Join(vif.Unavailable.From(err, "The lock %s of the store cannot be written.", path), f.Close())
	}
	return f, nil
}

// held says who holds the lock that could not be had.
func held(f *os.File, err error) error {
	if !errors.Is(err, syscall.EWOULDBLOCK) {
		return vif.Unavailable.From(err, "The store cannot be locked with %s.", f.Name())
	}
	pid := make([]byte, 20)
	n, _ := f.ReadAt(pid, 0)
	return vif.InUse.Because("The store is in use by process %s, which holds %s.", strings.TrimSpace(string(pid[:n])), f.Name())
}

// sign writes this process's id into the lock.
func sign(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt(fmt.Appendln(nil, os.Getpid()), 0)
	return err
}

// release lets go of what hold has locked. Closing the file alone would not
// always do: a process that is being started meanwhile still has it open until
// its program runs.
func release(f *os.File) error {
	return errors.Join(syscall.Flock(int(f.Fd()), syscall.LOCK_UN), f.Close())
}
