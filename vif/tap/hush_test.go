package tap

import (
	"testing"
)

// A tap whose MTU somebody made too small for IPv6, and large again, gets an
// address from the kernel. That is seen, and Create takes it away.
func TestCreateHushes(t *testing.T) {
	t.Parallel()
	d := enter(t)
	n := nic(1)
	create(t, d, n)
	hold(t, d, n)
	loud := func() bool {
		taps, err := d.Taps(t.Context())
		if err != nil || len(taps) != 1 {
			t.Fatalf("%v, %v", taps, err)
		}
		return taps[0].Loud
	}
	if loud() {
		t.Error("a new tap has an address")
	}
	for _, mtu := range []int{1000, n.Port.MTU} {
		if err := d.write.LinkSetMTU(link(t, d, n.Tap), mtu); err != nil {
			t.Fatal(err)
		}
	}
	if !loud() {
		t.Fatal("the kernel gave it no address: this test tests nothing")
	}
	create(t, d, n)
	if loud() {
		t.Error("it has its address still")
	}
	if err := d.write.LinkSetDown(link(t, d, n.Tap)); err != nil {
		t.Fatal(err)
	}
	if err := d.Raise(t.Context(), n); err != nil || loud() {
		t.Errorf("up again: %v, it has an address: %t", err, loud())
	}
}

// A tap that Create finds too small for IPv6 is silent when it is large again.
func TestCreateSilencesGrown(t *testing.T) {
	t.Parallel()
	d := enter(t)
	n := nic(1)
	create(t, d, n)
	hold(t, d, n)
	if err := d.write.LinkSetMTU(link(t, d, n.Tap), 1000); err != nil {
		t.Fatal(err)
	}
	create(t, d, n)
	if err := d.write.LinkSetDown(link(t, d, n.Tap)); err != nil {
		t.Fatal(err)
	}
	if err := d.Raise(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	taps, err := d.Taps(t.Context())
	if err != nil || len(taps) != 1 || taps[0].Loud || taps[0].MTU != n.Port.MTU {
		t.Errorf("%+v, %v", taps, err)
	}
}
