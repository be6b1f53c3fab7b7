package hypervisor

import (
	"context"
	"errors"
	"testing"
	"time"

	"libvirt.org/go/libvirt"

	"vifd/vif"
)

// Without libvirt every call fails at once; when it is back, everything works
// again by itself, and everybody is told to look.
func TestLibvirtRestarts(t *testing.T) {
	h, changed := run(t)
	g := box.Guest("g1")
	n := nic(t, g.UUID, 10)
	ctx := within20s(t)
	if err := h.Show(ctx, n, true); err != nil {
		t.Fatal(err)
	}
	h.taps.learn(tapRefused)
	if err := box.Libvirtd.Kill(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Libvirtd.Start(context.WithoutCancel(t.Context())) })
	until(t, "it is missed", func() error {
		if h.Up() == nil {
			return errors.New("it is up")
		}
		return nil
	})
	start := time.Now()
	_, err := h.Server(ctx, g.UUID)
	_, e := h.Servers(ctx)
	_, e2 := h.Persist(ctx, n)
	for what, err := range map[string]error{"server": err, "servers": e, "persist": e2,
		"show": h.Show(ctx, n, true), "link": h.Link(ctx, n, true), "hide": h.Hide(ctx, n), "forget": h.Forget(ctx, n)} {
		if !errors.Is(err, vif.Unavailable) || vif.Shown(err) == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("they took %v to say so", took)
	}
	for len(changed) > 0 {
		<-changed
	}
	if err := box.Libvirtd.Start(ctx); err != nil {
		t.Fatal(err)
	}
	for server := "none"; server != ""; {
		select {
		case server = <-changed:
		case <-ctx.Done():
			t.Fatal("nobody was told to look")
		}
	}
	if err := h.Whole(); err != nil { // for all that is known of this one
		t.Errorf("told to look too early: %v", err)
	}
	if err := h.Show(ctx, n, true); err != nil {
		t.Errorf("show again: %v", err)
	}
	if err := h.Hide(ctx, n); err != nil {
		t.Errorf("hide: %v", err)
	}
}

var tapRefused = libvirt.Error{Code: libvirt.ERR_OPERATION_INVALID, Message: "The tap1 interface already exists"}

// A libvirt that refuses our taps is not well, until it takes one.
func TestTapsRefused(t *testing.T) {
	h, _ := run(t)
	g := box.Guest("g1")
	n := nic(t, g.UUID, 12)
	attach(t, h, n)
	for _, err := range []error{tapRefused, libvirt.Error{Code: libvirt.ERR_OPERATION_FAILED}} {
		h.taps.learn(err)
		if err := h.Whole(); vif.KindOf(err) != vif.Unavailable || vif.Shown(err) != noTaps {
			t.Errorf("it is well: %v", err)
		}
	}
	detach(t, h, g, n)
	attach(t, h, n)
	if err := h.Whole(); err != nil {
		t.Errorf("it has taken one: %v", err)
	}
	detach(t, h, g, n)
}

// A guest that lets go while libvirt is away is found to have done so.
func TestHideOverRestart(t *testing.T) {
	h, _ := run(t)
	g := box.Guest("g1")
	n := nic(t, g.UUID, 11)
	ctx := within20s(t)
	if err := h.Show(ctx, n, true); err != nil {
		t.Fatal(err)
	}
	virsh(t, "suspend", g.Name)
	ended := make(chan error)
	go func() { ended <- h.Hide(ctx, n) }()
	waits(t, h)
	if err := box.Libvirtd.Kill(ctx); err != nil {
		t.Fatal(err)
	}
	if err := box.Libvirtd.Start(ctx); err != nil {
		t.Fatal(err)
	}
	virsh(t, "resume", g.Name)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if _, ok := seen(t, g, n, true); ok {
		t.Error("the guest has the NIC")
	}
}

// waits returns when a Hide has asked a guest, and waits for it: only then does
// it heed that it is told to look.
func waits(t *testing.T, h *Host) {
	t.Helper()
	var one *ear
	until(t, "somebody listens", func() error {
		h.ears.mu.Lock()
		defer h.ears.mu.Unlock()
		for e := range h.ears.all {
			one = e
			return nil
		}
		return errors.New("nobody")
	})
	poke(one.again)
	until(t, "somebody waits", func() error {
		if len(one.again) > 0 {
			return errors.New("nobody")
		}
		return nil
	})
}

// A libvirt that hangs holds nobody longer than they want to wait. What it does
// when it goes on is not lost: Hide undoes a Show that was given up on.
func TestLibvirtHangs(t *testing.T) {
	h, _ := run(t)
	g := box.Guest("g1")
	n := nic(t, g.UUID, 12)
	ctx := within20s(t)
	if _, err := h.Server(ctx, g.UUID); err != nil {
		t.Fatal(err)
	}
	if err := box.Libvirtd.Freeze(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Libvirtd.Thaw() })
	short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	if err := h.Show(short, n, true); !errors.Is(err, vif.Unavailable) {
		t.Errorf("show: %v", err)
	}
	if _, err := h.Server(short, g.UUID); !errors.Is(err, vif.Unavailable) {
		t.Errorf("server: %v", err)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("they took %v", took)
	}
	if err := box.Libvirtd.Thaw(); err != nil {
		t.Fatal(err)
	}
	if err := h.Hide(ctx, n); err != nil {
		t.Fatal(err)
	}
	if _, ok := seen(t, g, n, true); ok {
		t.Error("the guest was given the NIC after all")
	}
}

// A libvirt that is there and does not answer a dial is dialled once.
func TestDialHangs(t *testing.T) {
	if err := box.Libvirtd.Freeze(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Libvirtd.Thaw() })
	l := newLine("test", "qemu:///system", time.Second, newQuiet())
	dials := make(chan struct{}, 100)
	dial := l.dial
	l.dial = func() (*session, error) { dials <- struct{}{}; return dial() }
	if err := startEvents(newQuiet()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { l.keep(ctx); close(ended) }()
	for range 10 {
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		if _, err := l.get(short); !errors.Is(err, vif.Unavailable) {
			t.Fatalf("got %v", err)
		}
	}
	if len(dials) != 1 {
		t.Errorf("dialled %d times", len(dials))
	}
	cancel()
	<-ended
}
