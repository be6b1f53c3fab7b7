package hotplug

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vifd/vif"
)

// A hungLibvirt answers nothing until it is thawed.
type hungLibvirt struct {
	*host
	thawed chan struct{}
}

func (h hungLibvirt) Show(ctx context.Context, n vif.NIC, up bool) error {
	return h.hang(ctx, func() error { return h.host.Show(ctx, n, up) })
}

func (h hungLibvirt) Hide(ctx context.Context, n vif.NIC) error {
	return h.hang(ctx, func() error { return h.host.Hide(ctx, n) })
}

func (h hungLibvirt) hang(ctx context.Context, act func() error) error {
	select {
	case <-h.thawed:
		return act()
	case <-ctx.Done():
		return vif.Unavailable.From(context.Cause(ctx), "libvirt did not answer in time")
	}
}

// An attach is answered when its time is over, though what it has done cannot be
// taken back yet; nothing of it is left when libvirt goes on.
func TestAttachInTime(t *testing.T) {
	h := hungLibvirt{newHost(), make(chan struct{})}
	e := newEngine(t, h.host, newStore(t))
	e.Hypervisor = h
	e.limits.Attach, e.limits.Detach = 50*time.Millisecond, time.Hour
	begun := time.Now()
	_, err := e.Attach(t.Context(), request)
	if took := time.Since(begun); !errors.Is(err, vif.Unavailable) || took > moment+time.Second {
		t.Errorf("after %v: %v", took, err)
	}
	if got := rows(t, e); len(got) != 1 || got[0].Settled {
		t.Errorf("rows: %+v", got)
	}
	close(h.thawed)
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := h.String(); got != "" || len(rows(t, e)) != 0 {
		t.Errorf("left:\n%s\nrows %+v", got, rows(t, e))
	}
}

// The time that the caller has counts, if it is less than an attach's.
func TestCallersTime(t *testing.T) {
	for _, tt := range []struct{ asked, want time.Duration }{{0, time.Minute}, {time.Second, time.Second}, {time.Hour, time.Minute}} {
		synctest.Test(t, func(t *testing.T) {
			caller, cancel := context.WithCancel(t.Context())
			if tt.asked > 0 {
				caller, cancel = context.WithTimeout(t.Context(), tt.asked)
			}
			ctx, end := inTime(caller, time.Minute)
			defer end()
			cancel() // who goes away changes nothing
			begun := time.Now()
			<-ctx.Done()
			if got := time.Since(begun); got != tt.want {
				t.Errorf("asked with %v: ended after %v, want %v", tt.asked, got, tt.want)
			}
		})
	}
}

// What is being settled when the time is over is answered as it ends, and what is
// not is never settled.
func TestOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		settling := newOutcome()
		if !settling.take() {
			t.Fatal("somebody else has decided")
		}
		time.AfterFunc(time.Hour, func() { settling.end([]vif.Attachment{{}}, nil) })
		if got, err := settling.wait(over); len(got) != 1 || err != nil {
			t.Errorf("it was settled, and answered %v, %v", got, err)
		}
		late := newOutcome()
		begun := time.Now()
		if _, err := late.wait(over); !errors.Is(err, vif.Unavailable) || time.Since(begun) != moment || late.take() {
			t.Errorf("after %v: %v, or it may still be settled", time.Since(begun), err)
		}
	})
}

// That operations cannot be recorded is said once, and how many, at the end.
func TestUnrecorded(t *testing.T) {
	var log strings.Builder
	s := newStore(t)
	e := newEngine(t, newHost(), s)
	e.Log = slog.New(slog.NewTextHandler(&log, nil))
	ended, cancel := context.WithCancel(t.Context())
	cancel() // the store takes nothing with it
	for range 5 {
		e.record(ended, vif.Operation{ID: "req-1", Server: vm1, Kind: vif.DetachInterface}, "")
	}
	e.record(t.Context(), vif.Operation{ID: "req-2", Server: vm1, Kind: vif.DetachInterface}, "")
	e.record(t.Context(), vif.Operation{ID: "req-3", Server: vm1, Kind: vif.DetachInterface}, "")
	if got := log.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, "not recorded") || !strings.Contains(got, "unrecorded=5") {
		t.Errorf("logged\n%s", got)
	}
}
