package tap

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// A namespace is a network namespace. A file of /dev/net/tun and a netlink
// socket belong for good to the one that their opener's thread was in.
type namespace struct {
	fd       int
	dev, ino uint64
}

const ownNamespace = "/proc/thread-self/ns/net"

func currentNamespace() (namespace, error) {
	fd, err := unix.Open(ownNamespace, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return namespace{fd: -1}, fmt.Errorf("%s: %w", ownNamespace, err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		unix.Close(fd)
		return namespace{fd: -1}, fmt.Errorf("%s: %w", ownNamespace, err)
	}
	return namespace{fd, st.Dev, st.Ino}, nil
}

// do runs f on a thread that is in the namespace. A daemon's threads all are;
// only from elsewhere does this need a thread to move, and the right to do so.
func (n namespace) do(f func() error) error {
	runtime.LockOSThread()
	here := n.isHere()
	if here {
		defer runtime.UnlockOSThread()
		return f()
	}
	runtime.UnlockOSThread()

	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		if err := unix.Setns(n.fd, unix.CLONE_NEWNET); err != nil {
			done <- fmt.Errorf("enter network namespace: %w", err)
			return
		}
		done <- f()
	}()
	return <-done
}

func (n namespace) isHere() bool {
	var st unix.Stat_t
	return unix.Stat(ownNamespace, &st) == nil && st.Dev == n.dev && st.Ino == n.ino
}
