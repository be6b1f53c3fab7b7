package hotplug

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vifd/agent/store"
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

// A busyDisk takes nothing more from when a guest has its NIC on, until it is free.
type busyDisk struct {
	hungLibvirt
	store *store.Store
	free  chan struct{}
}

func (b busyDisk) Show(ctx context.Context, n vif.NIC, up bool) error {
	busy := make(chan struct{})
	go b.store.Update(context.WithoutCancel(ctx), func(*store.Tx) error {
		close(busy)
		<-b.free
		return nil
	})
	<-busy
	return b.host.Show(ctx, n, up)
}

// An attach that cannot be settled in time is answered all the same, though libvirt
// hangs too; nothing of it is left in the end.
func TestAttachUnsettled(t *testing.T) {
	const limit = 200 * time.Millisecond
	for _, tt := range []struct {
		name    string
		busy    time.Duration
		answers string
	}{{"a moment", limit + moment/4, "taken back"}, {"longer", limit + 2*moment, "is open"}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := busyDisk{hungLibvirt{newHost(), make(chan struct{})}, newStore(t), make(chan struct{})}
			e := newEngine(t, h.host, h.store)
			e.Hypervisor = h
			e.limits.Attach, e.limits.Detach = limit, time.Hour
			time.AfterFunc(tt.busy, func() { close(h.free) })
			begun := time.Now()
			_, err := e.Attach(t.Context(), request)
			if took := time.Since(begun); !errors.Is(err, vif.Unavailable) || !strings.Contains(vif.Shown(err), tt.answers) || took > limit+moment+moment/2 {
				t.Errorf("after %v: %v, want it %q", took, err, tt.answers)
			}
			close(h.thawed)
			if err := e.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := h.String(); got != "" || len(rows(t, e)) != 0 {
				t.Errorf("left:\n%s\nrows %+v", got, rows(t, e))
			}
		})
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

// Whatever becomes of an attach when its time is over, it is answered a moment after
// that at the latest: as it has ended, or that it is taken back, or that it is open.
func TestOutcome(t *testing.T) {
	const limit, now, late, ever = time.Second, time.Millisecond, time.Second + moment/2, time.Hour
	for _, tt := range []struct {
		name           string
		takes          bool          // it comes so far as to be settled
		fails, settles time.Duration // when it has turned out so
		answers        string        // part of the error, "" when there is none
		after          time.Duration
	}{
		{"settled in time", true, ever, now, "", now},
		{"settled just then", true, ever, late, "", late},
		{"not settled, and hangs", true, now, ever, "taken back", limit + moment},
		{"not settled just then, and hangs", true, late, ever, "taken back", limit + moment},
		{"hangs before it is settled", false, ever, ever, "taken back", limit + moment},
		{"hangs while it is settled", true, ever, ever, "is open", limit + moment},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				begun, o := time.Now(), newOutcome()
				if tt.takes && !o.take() {
					t.Fatal("somebody else has decided")
				}
				time.AfterFunc(tt.fails, o.giveBack)
				time.AfterFunc(tt.settles, func() { o.end([]vif.Attachment{{}}, nil) })
				got, err := o.wait(ctx)
				if took := time.Since(begun); took != tt.after {
					t.Errorf("answered after %v, want %v", took, tt.after)
				}
				if tt.answers == "" && (err != nil || len(got) != 1) || tt.answers != "" && (!errors.Is(err, vif.Unavailable) || !strings.Contains(vif.Shown(err), tt.answers)) {
					t.Errorf("answered %v, %v", got, err)
				}
				if tt.answers == "taken back" && o.take() {
					t.Error("it may still be settled")
				}
			})
		})
	}
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
