package hypervisor

import (
	"errors"
	"strings"
	"testing"

	"vifd/test/testhost"
)

// occupy lets nobody use the line until free is called.
func occupy(t *testing.T, l *line) (free func()) {
	t.Helper()
	s, err := l.get(within20s(t))
	if err != nil {
		t.Fatal(err)
	}
	for range slots {
		s.slots <- struct{}{}
	}
	return func() {
		for range slots {
			<-s.slots
		}
		s.release()
	}
}

// A server that starts between Forget's look and its writing was started with what
// its definition said, and does not keep it.
func TestForgetOfOneThatStarts(t *testing.T) {
	h, _ := run(t)
	g := guest(t, testhost.Guest{Name: "starting", Firmware: true})
	n := nic(t, g.UUID, 31)
	attach(t, h, n)
	virsh(t, "destroy", g.Name)
	if err := h.Hide(within20s(t), n); err != nil {
		t.Fatal(err)
	}
	free := occupy(t, h.detach)
	ended := make(chan error)
	h.look.outdated(g.UUID)
	go func() { ended <- h.Forget(within20s(t), n) }()
	until(t, "Forget has looked", func() error {
		if _, ok := h.look.recent(g.UUID); !ok {
			return errors.New("not yet")
		}
		return nil
	})
	virsh(t, "start", g.Name)
	free()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	for _, live := range []bool{true, false} {
		if text, err := g.XML(within20s(t), live); err != nil || strings.Contains(text, n.Port.ID) {
			t.Errorf("live %v: %v, the port is named in\n%s", live, err, text)
		}
	}
}

// A server that ends while its guest is asked for a NIC, and starts again at once,
// is without it.
func TestHideFromOneThatStartsAnew(t *testing.T) {
	h, _ := run(t)
	g := guest(t, testhost.Guest{Name: "anew", Firmware: true})
	n := nic(t, g.UUID, 32)
	attach(t, h, n)
	ended := make(chan error)
	go func() { ended <- h.Hide(within20s(t), n) }()
	until(t, "it is out of the definition", func() error {
		if _, has := seen(t, g, n, false); has {
			return errors.New("not yet")
		}
		return nil
	})
	virsh(t, "destroy", g.Name)
	virsh(t, "start", g.Name)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if _, has := seen(t, g, n, true); has {
		t.Error("it started with the NIC")
	}
}
