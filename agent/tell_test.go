package agent

import (
	"testing"

	"vifd/vif"
)

func TestInOneLine(t *testing.T) {
	store, libvirt := vif.Part{Name: "store", OK: true}, vif.Part{Name: "libvirt", Why: "it does not answer"}
	for want, h := range map[string]vif.Health{
		"0 ports":                              {Ready: true, Parts: []vif.Part{store}},
		"1 port":                               {Ready: true, Ports: 1},
		"libvirt: it does not answer; 7 ports": {Ready: true, Ports: 7, Parts: []vif.Part{store, libvirt}},
		"has just started; libvirt: it does not answer; 2 ports": {Why: "has just started", Ports: 2, Parts: []vif.Part{libvirt, store}},
	} {
		if got := inOneLine(h); got != want {
			t.Errorf("%+v: %q, want %q", h, got, want)
		}
	}
}
