package agent

import (
	"strings"
	"testing"

	"vifd/vif"
)

// A switch that is well says on which bridges ports are open for a while, and one
// that is not says why not.
func TestFiltering(t *testing.T) {
	broken := vif.Unavailable.Because("it is gone")
	for _, tt := range []struct {
		err  error
		open []string
		ok   bool
		why  string
	}{
		{nil, nil, true, ""},
		{nil, []string{"br-a", "br-b"}, true, "br-a, br-b: a controller"},
		{broken, []string{"br-a"}, false, "it is gone"},
	} {
		p := filtering(part("openvswitch", tt.err), tt.open)
		if p.OK != tt.ok || !strings.HasPrefix(p.Why, tt.why) || tt.why == "" && p.Why != "" {
			t.Errorf("%v on %v: %+v", tt.err, tt.open, p)
		}
	}
}

// Whether changes are taken is known without asking anybody how he is.
func TestReady(t *testing.T) {
	p := &pulse{} // with nobody to ask
	if p.Ready() == "" {
		t.Error("ready before the first pass is through")
	}
	p.ready.Store(true)
	if why := p.Ready(); why != "" {
		t.Errorf("not ready: %s", why)
	}
}
