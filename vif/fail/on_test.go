//go:build failpoints

package fail

import (
	"errors"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	faults := parse("A6:kill,A8#3:kill+5ms,R3:error,D1:term")
	if len(faults) != 4 {
		t.Fatalf("%d faults", len(faults))
	}
	f := faults[1]
	if f.at != A8 || f.act != "kill" || f.later != 5*time.Millisecond || f.passes.Load() != 3 {
		t.Errorf("%s at %s, %v later, after %d", f.act, f.at, f.later, f.passes.Load())
	}
	if err := faults[2].happen(); err == nil {
		t.Error("no error")
	}
}

// What cannot be read is no test in which nothing fails.
func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"A6", "A6:die", "A6#x:kill", "A6:kill+soon"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q was read", text)
				}
			}()
			parse(text)
		}()
	}
}

// A point that is not reached is not passed.
func TestAt(t *testing.T) {
	t.Setenv("VIFD_FAIL", "A6#2:error")
	broken := errors.New("broken")
	for i, tt := range []struct{ with, want bool }{{true, true}, {false, false}, {false, true}, {false, false}} {
		err := error(nil)
		if tt.with {
			err = broken
		}
		if got := At(A6, err); (got != nil) != tt.want || tt.with && got != broken {
			t.Errorf("pass %d: %v", i, got)
		}
	}
}
