package systemd

import (
	"fmt"
	"net"

	"github.com/coreos/go-systemd/v22/activation"
)

// API is the name (FileDescriptorName=) of the sockets that vifd serves its API
// on.
const API = "api"

// Listeners returns the sockets that systemd opened for vifd, by their
// FileDescriptorName=; none when vifd was not started through a socket. They are
// given once: a second call returns none.
func Listeners() (map[string][]net.Listener, error) {
	listeners, err := activation.ListenersWithNames()
	if err != nil {
		return nil, fmt.Errorf("sockets from systemd: %w", err)
	}
	return listeners, nil
}
