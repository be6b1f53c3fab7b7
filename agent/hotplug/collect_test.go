package hotplug

import (
	"testing"
	"testing/synctest"
	"time"
)

// Who finds something that nobody owns for the first time asks for another look
// 5 s later, and the one who finds it again for none.
func TestStrayIsLookedAtAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost()
		e := newEngine(t, h, newStore(t))
		var asked []time.Duration
		var begun time.Time
		e.Again = func(l Look) {
			if !l.All {
				t.Errorf("asked for %+v", l)
			}
			asked = append(asked, time.Since(begun))
		}
		if err := h.Create(t.Context(), nic); err != nil {
			t.Fatal(err)
		}
		for pass := range 2 {
			begun = time.Now()
			if err := e.Recover(t.Context(), Look{All: true}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			if len(asked) != 1 || asked[0] != second {
				t.Errorf("after pass %d looks were asked for after %v", pass, asked)
			}
		}
		if left := h.String(); left != "" {
			t.Errorf("left:\n%s", left)
		}
	})
}
