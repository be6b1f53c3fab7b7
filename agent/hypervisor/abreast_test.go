package hypervisor

import (
	"errors"
	"sync/atomic"
	"testing"

	"vifd/vif"
)

// A libvirt that does not answer is asked for no more servers than it is for at
// once; one that has no such server is.
func TestAbreast(t *testing.T) {
	for kind, want := range map[vif.Kind]int32{vif.Unavailable: slots - 1, vif.NotFound: 100} {
		var asked atomic.Int32
		_, errs := abreast(make([]string, 100), func(string) (vif.Server, error) {
			asked.Add(1)
			return vif.Server{}, kind.Because("no")
		})
		for i, err := range errs {
			if !errors.Is(err, kind) {
				t.Errorf("the answer to %d is %v, want %v", i, err, kind)
			}
		}
		if n := asked.Load(); n > want || kind == vif.NotFound && n != want {
			t.Errorf("%v: asked for %d servers, want %d", kind, n, want)
		}
	}
}
