// Package hotplug is the engine: it puts ports into servers and takes them out
// again. Attach, Detach, rollback and Recover read one list of steps, forwards
// or backwards; what should be true is in the store before a step is done.
package hotplug

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"vifd/agent/store"
)

// Parts are what an Engine works with. All but the last are required.
type Parts struct {
	Authority  Authority
	Taps       Taps
	Switch     Switch
	Hypervisor Hypervisor
	Store      *store.Store
	Log        *slog.Logger

	// Again asks for another pass, by Recover. It must not wait for it.
	Again func(Look)

	// Moved is told at each step of a pass, so that a long one can be told from one
	// that hangs. Nil: nobody wants to know.
	Moved func()
}

func (p Parts) moved() {
	if p.Moved != nil {
		p.Moved()
	}
}

// Limits say how long an Engine waits, and how many queues a NIC gets.
type Limits struct {
	Active    time.Duration // an attach waits this long for the NIC to be ACTIVE
	Attach    time.Duration // and has failed when it has not ended by then
	Detach    time.Duration // a detach waits this long for the guest before it is left to Recover
	Undo      time.Duration // bounds all else of an undoing, whatever became of its caller
	MaxQueues int           // 0 and 1: one queue pair; more: one a vCPU, up to this many
	Notices   bool          // what Nova is to be told is kept for it
}

// An Engine changes this host one server at a time, and different servers side
// by side. Its methods may be called at the same time.
type Engine struct {
	Parts
	limits     Limits
	servers    keyed // one change at a time to a server
	ports      keyed // and to a port, until nothing of its last attachment is left
	after      sync.WaitGroup
	held       marks      // ports whose tap is down until the switch has them
	unfiltered marks      // ports whose rules were found not to be in place, and are not yet
	pace       pace       // of the last attach
	names      sync.Mutex // held while a name and a number are chosen and noted
	waiting    marks      // looks that are taken again once what they met is not busy
	unrecorded unrecorded // operations, since one was recorded
	strays     strays     // what the last looks at everything found that nobody owns
}

// New returns an Engine. It does nothing until it is asked.
func New(p Parts, l Limits) *Engine { return &Engine{Parts: p, limits: l} }

// Close returns when the work that goes on after an answer has ended, or ctx.
// No other method may be called after it.
func (e *Engine) Close(ctx context.Context) error {
	done := make(chan struct{})
	go func() { e.after.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
