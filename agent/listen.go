package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"vifd/systemd"
)

// listen returns the sockets that the API is served on: those that systemd hands
// over, or else one of vifd's own. A socket that a dead vifd left is replaced;
// that no living one has it is certain, since the store is locked.
func (a *agent) listen() ([]net.Listener, error) {
	given, err := systemd.Listeners()
	if err != nil {
		return nil, err
	}
	if l := given[systemd.API]; len(l) > 0 {
		return l, nil
	}
	l, err := a.config.Socket.listen()
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	return []net.Listener{l}, nil
}

// listen makes the socket: nobody may connect before its mode and group are set.
func (s Socket) listen() (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(s.Path), 0o755); err != nil {
		return nil, err
	}
	if err := removeSocket(s.Path); err != nil {
		return nil, err
	}
	old := syscall.Umask(0o177)
	l, err := net.Listen("unix", s.Path)
	syscall.Umask(old)
	if err != nil {
		return nil, err
	}
	if err := s.open(); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// open lets those in who may connect. A group that this host does not have, or
// that a sandboxed vifd may not give the socket to, lets nobody in, and is no
// reason not to serve root.
func (s Socket) open() error {
	if g, err := user.LookupGroup(s.Group); err == nil {
		gid, err := strconv.Atoi(g.Gid)
		if err != nil {
			return err
		}
		if err := os.Lchown(s.Path, -1, gid); err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	return os.Chmod(s.Path, s.Mode)
}

// removeSocket removes a socket, and nothing that is not one.
func removeSocket(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%s is not a socket, and is left as it is: move it away or choose another path", path)
	}
	return os.Remove(path)
}
