package hypervisor

import (
	"context"
	"slices"
	"testing"
	"time"

	"libvirt.org/go/libvirt"

	"vifd/libvirtxml"
)

// times are what a thing took, round by round.
type times map[string][]time.Duration

func (s times) take(b *testing.B, what string, f func() error) {
	b.Helper()
	start := time.Now()
	if err := f(); err != nil {
		b.Fatalf("%s: %v", what, err)
	}
	s[what] = append(s[what], time.Since(start))
}

// report gives the medians, in milliseconds.
func (s times) report(b *testing.B) {
	for what, d := range s {
		slices.Sort(d)
		b.ReportMetric(float64(d[len(d)/2].Microseconds())/1000, what+"-ms")
	}
	b.ReportMetric(0, "ns/op")
}

func connected(b *testing.B) *Host {
	h := New("qemu:///system", newQuiet())
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error)
	go func() { ended <- h.Run(ctx, func(string) {}) }()
	b.Cleanup(func() { cancel(); <-ended })
	for h.Up() != nil {
		pause(ctx, time.Millisecond)
	}
	return h
}

// BenchmarkNIC gives g1 a NIC and takes it back, with libvirt alone and through
// a Host in turn.
func BenchmarkNIC(b *testing.B) {
	h, s, g := connected(b), times{}, box.Guest("g1")
	ctx, n := b.Context(), nic(b, g.UUID, 1)
	s1, err := h.look.get(ctx)
	if err != nil {
		b.Fatal(err)
	}
	defer s1.release()
	d, err := s1.conn.LookupDomainByUUIDString(g.UUID)
	if err != nil {
		b.Fatal(err)
	}
	defer d.Free()
	settle := func() { pause(ctx, 300*time.Millisecond) }
	for b.Loop() {
		bare(b, s, h, d, n.DeviceAlias(), func() string {
			text, err := libvirtxml.Interface(n, true)
			if err != nil {
				b.Fatal(err)
			}
			return text
		}(), settle)
		settle()
		s.take(b, "show", func() error { return h.Show(ctx, n, true) })
		s.take(b, "link", func() error { return h.Link(ctx, n, false) })
		s.take(b, "persist", func() error { _, err := h.Persist(ctx, n); return err })
		settle()
		s.take(b, "hide", func() error { return h.Hide(ctx, n) })
		s.take(b, "forget", func() error { return h.Forget(ctx, n) })
		settle()
	}
	s.report(b)
}

func bare(b *testing.B, s times, h *Host, d *libvirt.Domain, alias, text string, settle func()) {
	s.take(b, "bare-attach", func() error { return d.AttachDeviceFlags(text, libvirt.DOMAIN_DEVICE_MODIFY_LIVE) })
	settle()
	e, stop := h.ears.listen(box.Guest("g1").UUID, alias)
	defer stop()
	s.take(b, "bare-detach", func() error {
		err := d.DetachDeviceAlias(alias, libvirt.DOMAIN_DEVICE_MODIFY_LIVE)
		<-e.gone
		return err
	})
}

func BenchmarkServer(b *testing.B) {
	h, s, g := connected(b), times{}, box.Guest("g1")
	for b.Loop() {
		s.take(b, "server", func() error { _, err := h.Server(b.Context(), g.UUID); return err })
		s.take(b, "servers", func() error { _, err := h.Servers(b.Context()); return err })
		s.take(b, "state", func() error {
			_, err := on(b.Context(), h.look, g.UUID, nil, func(d *libvirt.Domain) (int, error) { _, n, err := d.GetState(); return n, err })
			return err
		})
	}
	s.report(b)
}
