package api

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// Failures are forgotten with time, counted by address, by network with IPv6,
// and never more of them than there is room for.
func TestStrangers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStrangers()
		for i := range strangerTries {
			if s.tooMany(fmt.Sprintf("[2001:db8::%x]:1", i)) {
				t.Errorf("failure %d is too many", i+1)
			}
		}
		for remote, tooMany := range map[string]bool{
			"[2001:db8::ffff]:2": true, "[2001:db8:0:1::1]:1": false, "192.0.2.1:1": false, "[::ffff:192.0.2.1]:1": false,
		} {
			if s.tooMany(remote) != tooMany {
				t.Errorf("%s: too many %v, want %v", remote, !tooMany, tooMany)
			}
		}
		time.Sleep(strangerPause + 1)
		if s.tooMany("[2001:db8::1]:1") || !s.tooMany("[2001:db8::1]:1") {
			t.Error("after a pause there is not one more try")
		}
		for i := range strangersKept + 100 {
			s.tooMany(fmt.Sprintf("10.%d.%d.1:1", i>>8, i&0xff))
		}
		if len(s.until) > strangersKept {
			t.Errorf("%d addresses are kept", len(s.until))
		}
	})
}
