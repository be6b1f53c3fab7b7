package testhost

import (
	"fmt"
	"io"
)

// An archive writes a cpio archive in the "newc" format, which the kernel
// unpacks as its first root (Documentation/driver-api/early-userspace/
// buffer-format.rst).
type archive struct {
	w     io.Writer
	inode int
}

const (
	regular   = 0o100755
	directory = 0o040755
	charDev   = 0o020600
)

// add writes one entry. Folders come before what is in them.
func (a *archive) add(name string, mode int, data []byte) error {
	return a.entry(name, mode, 0, 0, data)
}

// device writes a character device.
func (a *archive) device(name string, major, minor int) error {
	return a.entry(name, charDev, major, minor, nil)
}

// close ends the archive.
func (a *archive) close() error { return a.entry("TRAILER!!!", 0, 0, 0, nil) }

// entry writes a header of 13 fields of 8 hex digits, the name with a zero
// byte, and the data; name and data are each padded to four bytes.
func (a *archive) entry(name string, mode, major, minor int, data []byte) error {
	a.inode++
	header := fmt.Sprintf("070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		a.inode, mode, 0, 0, 1, 0, len(data), 0, 0, major, minor, len(name)+1, 0)
	head := pad([]byte(header + name + "\x00"))
	if _, err := a.w.Write(head); err != nil {
		return err
	}
	_, err := a.w.Write(pad(data))
	return err
}

func pad(b []byte) []byte {
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}
