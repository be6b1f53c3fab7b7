package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vifd/agent/hotplug"
)

// A diary keeps when a loop has looked, and at what.
type diary struct {
	mu    sync.Mutex
	begun time.Time
	looks []time.Duration
	all   []bool
	named []string
	fails int // as many passes do
}

func (d *diary) pass(_ context.Context, l hotplug.Look) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.looks = append(d.looks, time.Since(d.begun))
	d.all = append(d.all, l.All)
	d.named = append(d.named, strings.Join(l.Servers, " "))
	if d.fails--; d.fails >= 0 {
		return errors.New("not yet")
	}
	return nil
}

// fail has the next n passes fail.
func (d *diary) fail(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fails = n
}

// looping runs a loop in a bubble of time for as long as do takes.
func looping(t *testing.T, do func(*testing.T, *loop, *diary)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := &diary{begun: time.Now()}
		l := newLoop(d.pass, 30*time.Second, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		var ended sync.WaitGroup
		ended.Go(func() { l.run(ctx) })
		synctest.Wait()
		do(t, l, d)
		cancel()
		ended.Wait()
	})
}

// Everything is looked at each 30 s, give or take a tenth, and not in step.
func TestLoopLooksNowAndThen(t *testing.T) {
	looping(t, func(t *testing.T, _ *loop, d *diary) {
		time.Sleep(time.Hour)
		synctest.Wait()
		steps, last := map[time.Duration]bool{}, time.Duration(0)
		for i, at := range d.looks {
			if step := at - last; step < 27*time.Second || step > 33*time.Second || !d.all[i] {
				t.Errorf("look %d came %v after the one before, at everything: %t", i, step, d.all[i])
			}
			steps[at-last], last = true, at
		}
		if n := len(d.looks); n < 3600/33 || n > 3600/27 || len(steps) < n/2 {
			t.Errorf("%d looks in an hour, at %d intervals", n, len(steps))
		}
	})
}

// Pokes that come together are one look, a moment after the first; what comes
// while it goes on is another.
func TestLoopGathers(t *testing.T) {
	looping(t, func(t *testing.T, l *loop, d *diary) {
		l.again(hotplug.Look{Servers: []string{"vm1"}})
		time.Sleep(burst / 2)
		l.again(hotplug.Look{Servers: []string{"vm2"}})
		time.Sleep(burst)
		l.again(hotplug.Look{})
		time.Sleep(time.Second)
		synctest.Wait()
		if got := fmt.Sprint(d.looks, d.named); got != "[100ms 250ms] [vm1 vm2 ]" {
			t.Errorf("looked at %s", got)
		}
	})
}

// What could not be done is tried again, ever less often, and with the next poke.
func TestLoopTriesAgain(t *testing.T) {
	looping(t, func(t *testing.T, l *loop, d *diary) {
		d.fail(4)
		l.again(hotplug.Look{Servers: []string{"vm1"}})
		time.Sleep(4 * time.Second)
		l.again(hotplug.Look{})
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if got := fmt.Sprint(d.looks, d.named); got != "[100ms 1.1s 3.1s 4.1s 12.1s] [vm1 vm1 vm1 vm1 vm1]" {
			t.Errorf("looked at %s", got)
		}
		d.fail(1)
		l.again(hotplug.Look{Servers: []string{"vm2"}})
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := fmt.Sprint(d.looks[5:], d.named[5:]); got != "[14.1s 15.1s] [vm2 vm2]" {
			t.Errorf("and then at %s", got)
		}
		d.fail(1000)
		begun := len(d.looks)
		l.again(hotplug.Look{All: true})
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := len(d.looks) - begun; n < 3600/33 || n > 3600/27+6 {
			t.Errorf("%d looks in an hour in which each fails", n)
		}
	})
}

// A loop with nothing to do shows that it lives.
func TestLoopBeats(t *testing.T) {
	looping(t, func(t *testing.T, l *loop, _ *diary) {
		for range 600 {
			time.Sleep(time.Second)
			if age := l.beat.age(); age > idleTime {
				t.Fatalf("the last beat was %v ago", age)
			}
		}
	})
}
