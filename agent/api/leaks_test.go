package api

import (
	"context"
	"errors"
	"testing"

	"vifd/vif"
)

// leaky is a host on which something is left over, and whose metrics are one line.
type leaky struct{ err error }

func (l leaky) Leaks(_ context.Context, deep bool) ([]vif.Leak, error) {
	found := []vif.Leak{{Kind: vif.StrayTap, Object: "tap0", Port: portA, Gen: 7, Why: "no attachment stands for it"}}
	if deep {
		found = append(found, vif.Leak{Kind: vif.StrayDevice, Object: "ua-vifd-" + portB, Server: vm1})
	}
	return found, l.err
}

func (l leaky) Metrics(context.Context) ([]byte, string, error) {
	return []byte("vifd_ports 1\n"), "text/plain; version=0.0.4", l.err
}

func TestLeaks(t *testing.T) {
	for _, tt := range []struct {
		who, path string
		err       error
		status    int
		part      string
	}{
		{"admin", "/v1/leaks", nil, 200, `{"leaks": [{"kind": "stray_tap", "object": "tap0", "port": "` + portA + `", "why": "no attachment stands for it"}]}`},
		{"admin", "/v1/leaks?deep=1", nil, 200, `"kind": "stray_device"`},
		{"admin", "/v1/leaks", vif.Unavailable.Because("libvirt does not answer"), 503, "libvirt does not answer"},
		{"member", "/v1/leaks", nil, 403, "forbidden"},
		{"member", "/metrics", nil, 403, "above projects"},
		{"host", "/v1/leaks", nil, 403, "forbidden"},
		{"host", "/metrics", nil, 200, "vifd_ports 1\n"},
		{"nobody", "/metrics", nil, 403, "forbidden"},
		{"host", "/metrics", errors.New("secret"), 500, "internal error"},
	} {
		t.Run(tt.who+tt.path, func(t *testing.T) {
			who := identities[tt.who]
			if tt.who == "host" {
				who = Identity{Role: Reader}
			}
			a := serve(t, recordedWorld(), who)
			a.Leaks, a.Metrics = leaky{tt.err}, leaky{tt.err}
			got := ask(a, "GET", tt.path, "")
			want(t, got, tt.status, tt.part)
			if ct := got.Header().Get("Content-Type"); tt.path == "/metrics" && tt.status == 200 && ct != "text/plain; version=0.0.4" {
				t.Errorf("Content-Type %q", ct)
			}
		})
	}
}
