package agent

import (
	"sync/atomic"
	"time"
)

// A beat is when something has moved last. A clock that is set does not move it.
type beat struct {
	born time.Time
	last atomic.Int64 // since then
}

func newBeat() *beat { return &beat{born: time.Now()} }

// now says that it moves.
func (b *beat) now() { b.last.Store(int64(time.Since(b.born))) }

// age is how long ago it has moved.
func (b *beat) age() time.Duration { return time.Since(b.born) - time.Duration(b.last.Load()) }
