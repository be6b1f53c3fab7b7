package systemd

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// The watchdog hears from vifd while it is well, and only then.
func TestWatch(t *testing.T) {
	const every = 10 * time.Second
	for name, tt := range map[string]struct {
		well func(context.Context) error
		want bool
	}{
		"well":  {func(context.Context) error { return nil }, true},
		"ill":   {func(context.Context) error { return errors.New("no answer from the store") }, false},
		"hangs": {func(ctx context.Context) error { <-ctx.Done(); return nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 3*every+time.Second)
				defer cancel()
				var last time.Time
				watch(ctx, every, tt.well, func() error { last = time.Now(); return nil })
				if pinged := time.Since(last) < 2*every; pinged != tt.want {
					t.Errorf("pinged lately: %v, want %v", pinged, tt.want)
				}
			})
		})
	}
}

func TestWatchWithoutWatchdog(t *testing.T) {
	t.Setenv("WATCHDOG_USEC", "")
	if err := Watch(t.Context(), nil); err != nil {
		t.Error(err)
	}
	t.Setenv("WATCHDOG_USEC", "soon")
	if err := Watch(t.Context(), nil); err == nil {
		t.Error("a span that is no number is no error")
	}
}
