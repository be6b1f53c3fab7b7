// Package wait waits for what tells nobody when it comes.
package wait

import (
	"testing"
	"time"
)

// poll is how often is looked.
const poll = 25 * time.Millisecond

// Until waits for f to return "", and fails the test with what f returned last if
// that takes longer than limit.
func Until(t testing.TB, limit time.Duration, f func() string) {
	t.Helper()
	if why := For(limit, f); why != "" {
		t.Fatalf("after %v: %s", limit, why)
	}
}

// For returns "" as soon as f does, or after limit what f returned last.
func For(limit time.Duration, f func() string) string {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	end := time.After(limit)
	for {
		why := f()
		if why == "" {
			return ""
		}
		select {
		case <-end:
			return why
		case <-tick.C:
		}
	}
}
