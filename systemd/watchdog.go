package systemd

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Watch pings systemd's watchdog until ctx ends, and only while well answers
// nil: a vifd that hangs is restarted after WatchdogSec=. well is asked three
// times in that span, and has a third of it to answer. Where no watchdog is set
// Watch returns at once.
func Watch(ctx context.Context, well func(context.Context) error) error {
	span, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return fmt.Errorf("watchdog: %w", err)
	}
	if span == 0 {
		return nil
	}
	watch(ctx, span/3, well, func() error { return notify(daemon.SdNotifyWatchdog) })
	return nil
}

func watch(ctx context.Context, every time.Duration, well func(context.Context) error, ping func() error) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		err := asked(ctx, every, well)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = ping()
		}
		if err != nil {
			slog.WarnContext(ctx, "watchdog not pinged", "err", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// asked returns well's answer, or that it came too late.
func asked(ctx context.Context, limit time.Duration, well func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()

	if err := well(ctx); err != nil {
		return err
	}
	return context.Cause(ctx)
}
