package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"vifd/vif"
)

// A blind world is one of which nothing can be read once a NIC is in.
type blind struct {
	*world
	done bool
}

func (b *blind) Attach(ctx context.Context, r vif.Request) (vif.Attachment, error) {
	at, err := b.world.Attach(ctx, r)
	b.done = err == nil
	return at, err
}

func (b *blind) AttachAll(ctx context.Context, rs []vif.Request) ([]vif.Attachment, error) {
	all, err := b.world.AttachAll(ctx, rs)
	b.done = err == nil
	return all, err
}

// read returns what f does, until nothing can be read.
func read[T any](b *blind, f func() (T, error)) (T, error) {
	if b.done {
		return *new(T), vif.Unavailable.Because("nothing can be read")
	}
	return f()
}

func (b *blind) Server(ctx context.Context, id string) (vif.Server, error) {
	return read(b, func() (vif.Server, error) { return b.world.Server(ctx, id) })
}

func (b *blind) Recent(ctx context.Context, id string) (vif.Server, error) { return b.Server(ctx, id) }

func (b *blind) Servers(ctx context.Context) ([]vif.Server, error) {
	return read(b, func() ([]vif.Server, error) { return b.world.Servers(ctx) })
}

func (b *blind) Attached(ctx context.Context, server string) ([]vif.Attachment, error) {
	return read(b, func() ([]vif.Attachment, error) { return b.world.Attached(ctx, server) })
}

func (b *blind) Networks(ctx context.Context) ([]vif.Network, error) {
	return read(b, func() ([]vif.Network, error) { return b.world.Networks(ctx) })
}

func (b *blind) Network(ctx context.Context, id string) (vif.Network, error) {
	return read(b, func() (vif.Network, error) { return b.world.Network(ctx, id) })
}

func (b *blind) Subnets(ctx context.Context) ([]vif.Subnet, error) {
	return read(b, func() ([]vif.Subnet, error) { return b.world.Subnets(ctx) })
}

func (b *blind) Ports(ctx context.Context) ([]vif.Port, error) {
	return read(b, func() ([]vif.Port, error) { return b.world.Ports(ctx) })
}

func (b *blind) Port(ctx context.Context, id string) (vif.Port, error) {
	return read(b, func() (vif.Port, error) { return b.world.Port(ctx, id) })
}

// An attach that has succeeded is answered with what the attach itself found:
// that nothing can be read afterwards makes no fault of it, in no dialect.
func TestAttachedIsAnswered(t *testing.T) {
	const nova, mine = `{"interfaceAttachment": {"net_id": "` + net89 + `"}}`, `{"server": "` + vm1 + `", "network": "` + net89 + `"}`
	for _, tt := range []struct{ path, body string }{
		{"/v2.1/servers/" + vm1 + "/os-interface", nova},
		{"/v2/servers/" + vm1 + "/os-interface", nova},
		{"/v2/servers/" + vm1 + "/os-virtual-interfacesv2", `{"virtual_interface": {"network_id": "` + net89 + `"}}`},
		{"/v1/attachments", mine},
		{"/v1/attachments:batch", `{"attachments": [` + mine + `]}`},
	} {
		t.Run(tt.path, func(t *testing.T) {
			b := &blind{world: recordedWorld()}
			a := serve(t, b.world, identities["admin"])
			a.Servers, a.Attachments, a.Networking = b, b, b
			got := httptest.NewRecorder()
			a.ServeHTTP(got, httptest.NewRequest("POST", tt.path, strings.NewReader(tt.body)))
			if got.Code != http.StatusOK || !b.done || !strings.Contains(got.Body.String(), "99999999-0000-4000-8000-000000000001") {
				t.Errorf("answered %d %s", got.Code, got.Body)
			}
		})
	}
}
