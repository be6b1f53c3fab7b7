package main

import (
	"strings"
	"testing"
	"time"

	"vifd/vif"
)

// An event is one line in every format, whatever is in it.
func TestEventLines(t *testing.T) {
	e := vif.Event{
		ID: 7, At: time.Unix(0, 0), Kind: vif.PortState, Server: "s", Port: "p",
		State: vif.Down, Was: vif.Active, Reason: "the tap\nis \x1bdown",
	}
	for output, want := range map[format]string{
		"table": " 7 port.state s p DOWN (the tap?is ?down)\n",
		"name":  "7\n",
		"json":  `"event":"port.state","server":"s","port":"p","project":"","state":"DOWN","was":"ACTIVE","reason":"the tap\nis \u001bdown"}` + "\n",
	} {
		var out strings.Builder
		a := &app{out: &out, output: output}
		if err := a.event(e); err != nil || !strings.HasSuffix(out.String(), want) || strings.Count(out.String(), "\n") != 1 {
			t.Errorf("%s: %q, %v; want %q", output, out.String(), err, want)
		}
	}
}
