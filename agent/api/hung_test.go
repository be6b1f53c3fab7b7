package api

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"vifd/vif"
)

// A hungLibvirt answers nothing.
type hungLibvirt struct{}

func (hungLibvirt) Server(ctx context.Context, _ string) (vif.Server, error) {
	<-ctx.Done()
	return vif.Server{}, vif.Unavailable.From(context.Cause(ctx), "libvirt did not answer in time")
}

func (h hungLibvirt) Recent(ctx context.Context, id string) (vif.Server, error) {
	return h.Server(ctx, id)
}

func (h hungLibvirt) Servers(ctx context.Context) ([]vif.Server, error) {
	_, err := h.Server(ctx, "")
	return nil, err
}

// Whatever needs a look at a server is answered in the time of an attach, however
// long libvirt would take.
func TestHungLibvirt(t *testing.T) {
	for _, tt := range []struct{ method, path, body string }{
		{"GET", "/v2.1/servers", ""},
		{"GET", "/v2.1/servers/" + vm1, ""},
		{"GET", interfaces1, ""},
		{"POST", interfaces1, `{"interfaceAttachment":{"net_id":"` + net89 + `"}}`},
		{"DELETE", interfaces1 + "/" + portA, ""},
		{"POST", "/v1/attachments", `{"server":"vm1","network":"net89"}`},
		{"POST", "/v1/attachments", `{"server":"` + vm1 + `","network":"net89"}`},
		{"DELETE", "/v1/attachments/" + portA, ""},
		{"PATCH", "/v1/ports/" + portA, `{"link_state":"down"}`},
		{"GET", "/v1/attachments?server=" + vm1, ""},
	} {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := recordedWorld()
				w.plug(vm1, portA, "")
				a := serve(t, w, identities["admin"])
				a.Servers, a.Limits.Attach = hungLibvirt{}, 3*time.Second
				begun := time.Now()
				got := ask(a, tt.method, tt.path, tt.body)
				if took := time.Since(begun); got.Code != http.StatusServiceUnavailable || got.Header().Get("Retry-After") == "" || took != 3*time.Second {
					t.Errorf("after %v answered %d %v %s", took, got.Code, got.Header(), got.Body)
				}
			})
		})
	}
}
