package agent

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vifd/agent/hotplug"
	"vifd/agent/store"
)

const undoTime = 30 * time.Second

// beating is an agent of which nothing moves but a loop with that pass.
func beating(t *testing.T, pass func(context.Context, hotplug.Look) error) *agent {
	t.Helper()
	a := withStore(t)
	a.config.Engine.Undo = undoTime
	a.loop = newLoop(pass, 30*time.Second, slog.New(slog.DiscardHandler))
	return a
}

func answered(context.Context) error { return nil }

// A pass that hangs is told from one that takes long: as long as that may take,
// or goes on step by step, vifd is well.
func TestWatchdogHearsTheLoop(t *testing.T) {
	longest := stillest + undoTime
	for name, tt := range map[string]struct {
		step time.Duration // between the steps of the pass; 0: it makes none
		well bool
	}{
		"hangs": {0, false}, "goes on slowly": {longest - time.Second, true}, "goes on too slowly": {longest + 2*time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var a *agent
				a = beating(t, func(ctx context.Context, _ hotplug.Look) error {
					for tt.step > 0 && ctx.Err() == nil {
						wait(ctx, tt.step)
						a.loop.beat.now()
					}
					<-ctx.Done()
					return nil
				})
				ctx, cancel := context.WithCancel(t.Context())
				var ended sync.WaitGroup
				ended.Go(func() { a.loop.run(ctx) })
				time.Sleep(33 * time.Second) // by now it has begun
				var ill error
				for range 30 * 60 {
					ill = errors.Join(ill, a.well(ctx, answered))
					time.Sleep(time.Second)
				}
				if (ill == nil) != tt.well {
					t.Errorf("well: %v, want %t", ill, tt.well)
				}
				cancel()
				ended.Wait()
			})
		})
	}
}

// A store in which an Update does not end is one that hangs.
func TestWatchdogHearsTheStore(t *testing.T) {
	a := beating(t, nil)
	if err := a.well(t.Context(), answered); err != nil {
		t.Fatal(err)
	}
	hangs, let, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- a.store.Update(t.Context(), func(*store.Tx) error { close(hangs); <-let; return nil })
	}()
	<-hangs
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := a.well(short, answered); err == nil {
		t.Error("well, with a store that hangs")
	}
	close(let)
	if err := errors.Join(<-done, a.well(t.Context(), answered)); err != nil {
		t.Error(err)
	}
}

// An API that answers that it is broken is not well, and one that has too many
// clients is.
func TestWatchdogHearsTheAPI(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	status := http.StatusOK
	s := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
	})}}
	s.Start()
	ask := answering(socket)
	for code, well := range map[int]bool{200: true, 503: true, 500: false, 404: false} {
		status = code
		if err := ask(t.Context()); (err == nil) != well {
			t.Errorf("%d: %v", code, err)
		}
	}
	s.Close()
	if ask(t.Context()) == nil {
		t.Error("nobody listens, and it is well")
	}
}
