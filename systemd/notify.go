// Package systemd tells the service manager how vifd is, takes sockets from it
// and logs to its journal. It is the one door to go-systemd; beside it stand
// the unit files, and a test holds both to each other. Without systemd all of it
// does nothing, or falls back to what any process has.
package systemd

import (
	"fmt"
	"strings"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Ready says that changes are taken from now on (sd_notify READY=1). It also
// ends what Reloading began.
func Ready() error { return notify(daemon.SdNotifyReady) }

// Stopping says that vifd is on its way out (sd_notify STOPPING=1).
func Stopping() error { return notify(daemon.SdNotifyStopping) }

// Reloading says that vifd reads its configuration again, until Ready.
func Reloading() error {
	return notify(daemon.SdNotifyReloading + "\n" + daemon.SdNotifyMonotonicUsec())
}

// Status shows a line of text in systemctl status (sd_notify STATUS=).
func Status(format string, args ...any) error {
	return notify("STATUS=" + oneLine(fmt.Sprintf(format, args...)))
}

func notify(state string) error {
	if _, err := daemon.SdNotify(false, state); err != nil {
		return fmt.Errorf("notify systemd: %w", err)
	}
	return nil
}

// oneLine keeps text from ending its assignment and beginning another.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
