package agent

import (
	"golang.org/x/sys/unix"

	"vifd/agent/api"
)

// ownFiles is how many open files vifd itself may need: the store, Open vSwitch,
// libvirt, and the taps that are being made.
const ownFiles = 96

// fitting returns l with no more connections than this process can have open
// beside its own files.
func fitting(l api.Limits) api.Limits {
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err == nil {
		l.Conns = fit(l.Conns, files.Cur)
	}
	return l
}

func fit(conns int, files uint64) int {
	if files >= uint64(conns)+ownFiles {
		return conns
	}
	return max(1, int(files)-ownFiles)
}
