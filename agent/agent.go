// Package agent introduces the parts of vifd to each other: it starts them,
// decides when the host is looked at again, and stops them.
package agent

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"vifd/agent/api"
	"vifd/agent/hotplug"
	"vifd/agent/hypervisor"
	"vifd/agent/metrics"
	"vifd/agent/network/local"
	"vifd/agent/notify"
	"vifd/agent/store"
	"vifd/systemd"
	"vifd/vif"
	"vifd/vif/fail"
	"vifd/vif/ovs"
	"vifd/vif/tap"
)

// What each part owes to those that call it.
var (
	_ hotplug.Authority  = (*local.Local)(nil)
	_ hotplug.Taps       = (*tap.Devices)(nil)
	_ hotplug.Switch     = (*ovs.Switch)(nil)
	_ hotplug.Hypervisor = (*hypervisor.Host)(nil)
	_ api.Attachments    = (*hotplug.Engine)(nil)
	_ api.Events         = (*hotplug.Engine)(nil)
	_ api.Operations     = (*hotplug.Engine)(nil)
	_ api.Servers        = servers{}
	_ api.Locks          = servers{}
	_ api.Networking     = (*local.Local)(nil)
	_ api.Health         = (*pulse)(nil)
	_ api.Tokens         = tokens{}
	_ api.Attachments    = measured{}
	_ api.Leaks          = (*hotplug.Engine)(nil)
	_ api.Metrics        = (*metrics.Metrics)(nil)
	_ api.Upkeep         = (*agent)(nil)
)

// An agent is all parts of one vifd.
type agent struct {
	Process
	config Config
	log    *slog.Logger
	store  *store.Store
	taps   *tap.Devices
	ovs    *ovs.Switch
	host   *hypervisor.Host
	local  *local.Local
	engine *hotplug.Engine
	locks  *lockKeeper
	loop   *loop
	pulse  *pulse
	nova   *notify.Notifier // nil: none is told
	lost   bool             // the store was, and not all was seen that could give it back; the loop's
	keys   []*keys          // of the doors
	api    *api.API
}

// run makes the parts, serves until ctx ends, and lets go of everything.
func run(ctx context.Context, c Config, p Process) error {
	a := &agent{Process: p, config: c, log: p.Log}
	if err := a.open(ctx); err != nil {
		return errors.Join(err, a.close())
	}
	err := a.serve(ctx)
	return errors.Join(err, a.close())
}

// open makes the parts. Nothing but the store, the kernel and the socket has to
// be there for it.
func (a *agent) open(ctx context.Context) (err error) {
	a.store, err = store.Open(ctx, a.config.StateDir, a.log)
	if err = fail.At(fail.R0, err); err != nil {
		return err
	}
	if a.taps, err = tap.Open(a.config.Taps); err != nil {
		return err
	}
	a.ovs = ovs.New(ovs.Config{Database: a.config.OVS.Database, Sockets: a.config.OVS.RunDir, Index: a.taps.Index, Log: a.log})
	a.host = hypervisor.New(a.config.Libvirt, a.log)
	a.local = local.New(a.store, a.config.Host, local.Defaults{
		Bridge: a.config.Network.Bridge, MTU: a.config.Network.MTU, Quarantine: a.config.Network.Quarantine,
	})
	a.engine = hotplug.New(hotplug.Parts{
		Authority: a.local, Taps: a.taps, Switch: a.ovs, Hypervisor: a.host, Store: a.store, Log: a.log,
		Again: func(l hotplug.Look) { a.loop.again(l) }, Moved: func() { a.loop.beat.now() },
	}, a.config.Engine)
	a.loop = newLoop(a.pass, a.config.Resync, a.log)
	a.pulse = &pulse{version: a.Version, since: time.Now(), parts: a.parts, ports: a.engine.Count}
	hosted := servers{a.host, a.store}
	a.locks = &lockKeeper{servers: hosted}
	numbers := a.measure()
	a.api = api.New(api.Config{
		Servers: hosted, Locks: hosted, Attachments: measured{a.engine, numbers}, Leaks: a.engine, Metrics: numbers, Operations: a.engine, Networking: a.local, Health: a.pulse, Answers: answers{a.store},
		Tokens: tokens{a.store}, Upkeep: a, Older: a.config.Older,
		Log: a.log, Host: a.config.Host, Version: a.Version, Limits: fitting(a.config.API),
		Events: a.engine,
	})
	return a.openNova()
}

// serve runs the parts until ctx ends or the API fails. The API comes first, so
// that reading works while the host is looked at. Open vSwitch and libvirt stay
// within reach until nothing is under way any more: an attach that is cut off
// from them can neither be ended nor taken back.
func (a *agent) serve(ctx context.Context) error {
	listeners, err := a.listenAll()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	reach, letGo := context.WithCancel(context.WithoutCancel(ctx))
	var parts sync.WaitGroup
	defer parts.Wait()
	defer letGo()
	context.AfterFunc(ctx, func() { a.warn("systemd", systemd.Stopping()) })
	parts.Go(func() { a.warn("Open vSwitch", a.ovs.Run(reach)) })
	parts.Go(func() {
		a.warn("libvirt", a.host.Run(reach, func(server string) { a.loop.again(look(server)) }))
	})
	parts.Go(func() { a.hear(ctx) })
	parts.Go(func() { a.look(ctx) })
	parts.Go(func() { a.watchdog(ctx) })
	parts.Go(func() { a.tell(ctx) })
	parts.Go(func() { a.prune(ctx) })
	parts.Go(func() { a.notify(ctx) })
	parts.Go(func() { a.reloads(ctx) })
	parts.Go(func() { a.guard(ctx, stop) })
	err = a.api.Serve(ctx, listeners...)
	stop()
	return errors.Join(err, a.finish(), a.harm())
}

// finish waits for what goes on after an answer.
func (a *agent) finish() error {
	ctx, cancel := context.WithTimeout(context.Background(), a.config.API.Grace)
	defer cancel()
	return a.engine.Close(ctx)
}

// look does the first pass, says that vifd is ready, and goes on looking.
func (a *agent) look(ctx context.Context) {
	a.settle(ctx)
	a.recall(ctx)
	for {
		a.loop.beat.now()
		err := fail.At(fail.R5, a.engine.Start(ctx))
		if ctx.Err() != nil {
			return
		}
		if err == nil || vif.KindOf(err) != vif.Unavailable || a.store.Failed() == nil {
			a.warn("the first look at the host left something to do", err)
			a.again(err)
			break
		}
		a.warn("the store does not answer", err)
		wait(ctx, time.Second)
	}
	var spares sync.WaitGroup // made when the store is what it should be
	defer spares.Wait()
	spares.Go(func() { a.copies(ctx) })
	spares.Go(func() { a.backups(ctx) })
	a.pulse.ready.Store(true)
	a.log.Info("ready", "version", a.pulse.version, "socket", a.config.Socket.Path)
	a.warn("systemd", systemd.Ready())
	a.loop.run(ctx)
}

// again asks for another look at everything, if the first came to an error.
func (a *agent) again(err error) {
	if err != nil {
		a.loop.again(hotplug.Look{All: true})
	}
}

func (a *agent) warn(what string, err error) {
	if err != nil {
		a.log.Warn(what, "err", err)
	}
}

// close lets go of everything.
func (a *agent) close() error {
	if a.taps != nil {
		a.taps.Close()
	}
	if a.store != nil {
		return a.store.Close()
	}
	return nil
}
