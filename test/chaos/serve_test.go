package chaos

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"vifd/agent/api"
	"vifd/vif"
)

// guest is the server of tests that need only one.
const guest = "6ba7b810-9dad-41d1-80b4-00c04fd430c8"

// behind has as recent what was seen first of a server.
type behind struct {
	libvirt
	first sync.Map
}

func (b *behind) Recent(ctx context.Context, id string) (vif.Server, error) {
	if s, ok := b.first.Load(id); ok {
		return s.(vif.Server), nil
	}
	s, err := b.Server(ctx, id)
	if err == nil {
		b.first.Store(id, s)
	}
	return s, err
}

// everybody is an admin.
type everybody struct{}

func (everybody) Identify(*http.Request) (api.Identity, error) {
	return api.Identity{Caller: vif.Caller{User: "root", Admin: true}, Role: api.Admin}, nil
}

func (everybody) Explain(api.Role) string { return "somebody else" }

// api returns v's API.
func (v *vifd) api() *api.API {
	return api.New(api.Config{
		Servers: &behind{libvirt: libvirt{v.world}}, Attachments: v.Engine, Operations: v.Engine, Networking: v.local, Health: v, Answers: v,
		Who: everybody{}, Log: slog.New(slog.DiscardHandler), Host: "host1",
	})
}

// graceTime is how long what goes on after an answer has when vifd is told to stop.
const graceTime = 8 * time.Second

// ignored returns err, unless ctx has ended: then it may be about that.
func ignored(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// serve is a vifd of which nothing outlives it but what is in dir. It says that
// it is ready, and serves at the socket there until it dies, or is told to stop: then
// it lets what is under way come to its end, as agent does.
func serve(dir string) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	w, err := load(filepath.Join(dir, "world"), guest)
	if err != nil {
		return err
	}
	v, err := start(ctx, dir, w)
	if err != nil {
		return ignored(ctx, err)
	}
	defer func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), graceTime)
		defer cancel()
		err = errors.Join(err, v.end(grace))
	}()
	if err := v.ready(ctx); ctx.Err() != nil || err != nil {
		return ignored(ctx, err)
	}
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		return err
	}
	fmt.Println("ready")
	return v.api().Serve(ctx, l)
}
