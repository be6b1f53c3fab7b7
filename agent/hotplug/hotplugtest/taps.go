package hotplugtest

import (
	"context"
	"sync"
	"testing"

	"vifd/vif"
)

// Taps makes the host's end of a NIC.
type Taps interface {
	Create(ctx context.Context, n vif.NIC) error
	Raise(ctx context.Context, n vif.NIC) error
	Remove(ctx context.Context, n vif.NIC) error
	Tap(ctx context.Context, name string) (t vif.Tap, there, ours bool, err error)
	Taps(ctx context.Context) ([]vif.Tap, error)
}

// A Kernel is where taps are, with what others do there.
type Kernel struct {
	Taps
	Stranger func(name string)      // makes a device of that name that is not vifd's
	Delete   func(name string)      // deletes the device by hand
	Hold     func(n vif.NIC) func() // takes the tap's other end, as QEMU does; what it returns lets go
}

// RunTaps tests the kernels that open returns: each new, and without any device
// of vifd's or of a name that vifd would take.
func RunTaps(t *testing.T, open func(t *testing.T) Kernel) {
	for name, test := range map[string]func(*kernel){
		"makes a tap":                       makesTap,
		"makes it twice":                    makesTapTwice,
		"makes one of many":                 makesTapOnce,
		"puts the MTU right":                mendsMTU,
		"makes an older generation's anew":  remakesOlder,
		"makes one that was deleted again":  remakesDeleted,
		"leaves others' devices":            leavesOthers,
		"leaves another port's tap":         leavesAnotherPorts,
		"leaves a newer generation's":       leavesNewer,
		"raises":                            raises,
		"raises its own only":               raisesItsOwn,
		"removes":                           removes,
		"removes what was never made":       removesNothing,
		"removes an older generation's tap": removesOlder,
		"tells who is held":                 tellsCarrier,
	} {
		t.Run(name, func(t *testing.T) { test(&kernel{t, open(t)}) })
	}
}

type kernel struct {
	*testing.T
	Kernel
}

func (k *kernel) make(n vif.NIC) vif.Tap {
	k.Helper()
	must(k, k.Create(k.Context(), n))
	return k.look(n.Tap)
}

// look returns the tap of ours of that name.
func (k *kernel) look(name string) vif.Tap {
	k.Helper()
	t, there, ours, err := k.Tap(k.Context(), name)
	if err != nil || !there || !ours {
		k.Fatalf("tap %s: there %t, ours %t, %v", name, there, ours, err)
	}
	return t
}

// none sees that there is no device of that name.
func (k *kernel) none(name string) {
	k.Helper()
	if t, there, ours, err := k.Tap(k.Context(), name); there || ours || err != nil {
		k.Errorf("tap %+v: there %t, ours %t, %v", t, there, ours, err)
	}
}

// all sees that these are all taps of ours.
func (k *kernel) all(want ...vif.Tap) {
	k.Helper()
	taps, err := k.Taps.Taps(k.Context())
	if err != nil || len(taps) != len(want) {
		k.Fatalf("taps %+v, %v, want %+v", taps, err, want)
	}
	has := map[vif.Tap]bool{}
	for _, t := range taps {
		has[t] = true
	}
	for _, t := range want {
		if !has[t] {
			k.Errorf("taps %+v, without %+v", taps, t)
		}
	}
}

func makesTap(k *kernel) {
	n := nic(1, 7)
	k.none(n.Tap)
	k.all()
	t := k.make(n)
	if t.Index <= 0 || t != (vif.Tap{Name: n.Tap, Index: t.Index, Port: n.Port.ID, Gen: 7, MTU: n.Port.MTU}) {
		k.Errorf("tap %+v", t)
	}
	other := k.make(nic(2, 1))
	if other.Index == t.Index {
		k.Errorf("two taps are device %d", t.Index)
	}
	k.all(t, other)
}

func makesTapTwice(k *kernel) {
	n := nic(1, 7)
	first := k.make(n)
	if again := k.make(n); again != first {
		k.Errorf("%+v, and the second time %+v", first, again)
	}
	must(k, k.Raise(k.Context(), n))
	if again := k.make(n); !again.Up || again.Index != first.Index {
		k.Errorf("%+v, and after it was raised %+v", first, again)
	}
}

func makesTapOnce(k *kernel) {
	n := nic(1, 7)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := k.Create(k.Context(), n); err != nil {
				k.Error(err)
			}
		})
	}
	all.Wait()
	k.all(k.look(n.Tap))
}

func mendsMTU(k *kernel) {
	n := nic(1, 7)
	was := k.make(n)
	n.Port.MTU = 1500
	if now := k.make(n); now.MTU != 1500 || now.Index != was.Index {
		k.Errorf("%+v, then %+v", was, now)
	}
}

func remakesOlder(k *kernel) {
	n := nic(1, 7)
	was := k.make(n)
	must(k, k.Raise(k.Context(), n))
	n.Gen++
	if now := k.make(n); now.Gen != 8 || now.Index == was.Index || now.Up {
		k.Errorf("%+v, then %+v", was, now)
	}
}

func remakesDeleted(k *kernel) {
	n := nic(1, 7)
	was := k.make(n)
	k.Delete(n.Tap)
	k.none(n.Tap)
	if now := k.make(n); now.Index == was.Index || now.Up {
		k.Errorf("%+v, then %+v", was, now)
	}
}

func leavesOthers(k *kernel) {
	n := nic(1, 7)
	k.Stranger(n.Tap)
	wants(k, "Create", vif.InUse, k.Create(k.Context(), n))
	wants(k, "Raise", vif.NotFound, k.Raise(k.Context(), n))
	must(k, k.Remove(k.Context(), n))
	if _, there, ours, err := k.Tap(k.Context(), n.Tap); !there || ours || err != nil {
		k.Errorf("there %t, ours %t, %v; want a stranger's", there, ours, err)
	}
	k.all()
}

func leavesAnotherPorts(k *kernel) {
	n, other := nic(1, 7), nic(2, 9)
	was := k.make(n)
	other.Tap = n.Tap
	wants(k, "Create", vif.InUse, k.Create(k.Context(), other))
	wants(k, "Raise", vif.NotFound, k.Raise(k.Context(), other))
	must(k, k.Remove(k.Context(), other))
	k.all(was)
}

func leavesNewer(k *kernel) {
	n, older := nic(1, 7), nic(1, 6)
	was := k.make(n)
	wants(k, "Create", vif.InUse, k.Create(k.Context(), older))
	must(k, k.Remove(k.Context(), older))
	k.all(was)
}

func raises(k *kernel) {
	n := nic(1, 7)
	k.make(n)
	for range 2 {
		if err := k.Raise(k.Context(), n); err != nil || !k.look(n.Tap).Up {
			k.Errorf("%v, tap %+v", err, k.look(n.Tap))
		}
	}
}

func raisesItsOwn(k *kernel) {
	n := nic(1, 7)
	wants(k, "Raise of what is not there", vif.NotFound, k.Raise(k.Context(), n))
	k.make(n)
	wants(k, "Raise of another generation", vif.NotFound, k.Raise(k.Context(), nic(1, 8)))
	if k.look(n.Tap).Up {
		k.Error("it is up")
	}
}

func removes(k *kernel) {
	n, other := nic(1, 7), nic(2, 7)
	k.make(n)
	left := k.make(other)
	for range 2 {
		must(k, k.Remove(k.Context(), n))
		k.none(n.Tap)
	}
	k.all(left)
}

func removesNothing(k *kernel) { must(k, k.Remove(k.Context(), nic(1, 7))) }

func removesOlder(k *kernel) {
	n := nic(1, 7)
	k.make(n)
	n.Gen = 9
	must(k, k.Remove(k.Context(), n))
	k.none(n.Tap)
}

func tellsCarrier(k *kernel) {
	n := nic(1, 7)
	k.make(n)
	letGo := k.Hold(n)
	if k.look(n.Tap).Carrier {
		k.Error("a tap that is down has a carrier")
	}
	must(k, k.Raise(k.Context(), n))
	held := k.look(n.Tap)
	if !held.Carrier {
		k.Errorf("it is held, and up: %+v", held)
	}
	k.all(held)
	letGo()
	if k.look(n.Tap).Carrier {
		k.Error("nobody holds it any more")
	}
}
