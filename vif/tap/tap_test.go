package tap

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"vifd/vif"
)

// enter moves t's goroutine into a new, empty network namespace and opens the
// taps there. The goroutine stays locked to its thread, so that the thread dies
// with it rather than going on in a foreign namespace.
func enter(t testing.TB) *Devices {
	t.Helper()
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Fatalf("new network namespace: %v", err)
	}
	d, err := Open(Owner{UID: 64055, GID: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func nic(gen int64) vif.NIC {
	port := "3fa85f64-5717-4562-b3fc-2c963f66afa6"
	return vif.NIC{
		Port: vif.Port{ID: port, MAC: "52:54:00:12:34:56", MTU: 1442},
		Tap:  vif.TapName(port, 0),
		Gen:  gen,
	}
}

func link(t *testing.T, d *Devices, name string) *netlink.Tuntap {
	t.Helper()
	l, err := d.read.LinkByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return l.(*netlink.Tuntap)
}

func create(t *testing.T, d *Devices, n vif.NIC) {
	t.Helper()
	if err := d.Create(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	if err := d.Raise(t.Context(), n); err != nil {
		t.Fatal(err)
	}
}

// A new tap is down, and only its own NIC's Raise puts it up, as often as asked.
func TestRaise(t *testing.T) {
	t.Parallel()
	d := enter(t)
	n, other := nic(7), nic(8)
	if err := d.Create(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	up := func() bool {
		l, _, _, err := d.Tap(t.Context(), n.Tap)
		if err != nil {
			t.Fatal(err)
		}
		return l.Up
	}
	if up() {
		t.Error("a new tap is up")
	}
	if got := vif.KindOf(d.Raise(t.Context(), other)); got != vif.NotFound || up() {
		t.Errorf("Raise of another generation: %v, up %v", got, up())
	}
	for range 2 {
		if err := d.Raise(t.Context(), n); err != nil || !up() {
			t.Errorf("Raise: %v, up %v", err, up())
		}
	}
	if err := d.Create(t.Context(), n); err != nil || !up() {
		t.Errorf("Create again: %v, up %v", err, up())
	}
}

// A device that is not ours is neither changed nor removed, whatever it is.
func TestStrangerIsLeftAlone(t *testing.T) {
	t.Parallel()
	n := nic(1)
	attrs := netlink.LinkAttrs{Name: n.Tap}
	for name, stranger := range map[string]netlink.Link{
		"tap":    &netlink.Tuntap{LinkAttrs: attrs, Mode: netlink.TUNTAP_MODE_TAP},
		"bridge": &netlink.Bridge{LinkAttrs: attrs},
	} {
		t.Run(name, func(t *testing.T) {
			d := enter(t)
			if err := d.write.LinkAdd(stranger); err != nil {
				t.Fatal(err)
			}
			if err := d.Create(t.Context(), n); vif.KindOf(err) != vif.InUse {
				t.Errorf("Create = %v, want %v", err, vif.InUse)
			}
			if err := d.Remove(t.Context(), n); err != nil {
				t.Errorf("Remove = %v", err)
			}
			if _, there, ours, err := d.Tap(t.Context(), n.Tap); !there || ours || err != nil {
				t.Errorf("Tap: there %v, ours %v, %v; want a stranger's", there, ours, err)
			}
		})
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	other := nic(9)
	other.Port.ID = "3fa85f64-5717-4562-b3fc-ffffffffffff"
	for name, tt := range map[string]struct {
		there, n vif.NIC
		stays    bool
	}{
		"own":              {there: nic(3), n: nic(3)},
		"older generation": {there: nic(2), n: nic(3)},
		"newer generation": {there: nic(4), n: nic(3), stays: true},
		"another port":     {there: nic(3), n: other, stays: true},
	} {
		t.Run(name, func(t *testing.T) {
			d := enter(t)
			create(t, d, tt.there)
			for range 2 {
				if err := d.Remove(t.Context(), tt.n); err != nil {
					t.Fatal(err)
				}
				if _, stays := d.Index(tt.there.Tap); stays != tt.stays {
					t.Fatalf("stays = %v, want %v", stays, tt.stays)
				}
			}
		})
	}
}

// Carrier is what tells that QEMU opened the tap, and Tap and Taps say so too.
func TestCarrier(t *testing.T) {
	t.Parallel()
	d := enter(t)
	n := nic(1)
	if _, err := d.Carrier(n.Tap); vif.KindOf(err) != vif.NotFound {
		t.Errorf("Carrier without a tap = %v, want %v", err, vif.NotFound)
	}
	create(t, d, n)
	look := func(want bool) {
		t.Helper()
		index, _ := d.Index(n.Tap)
		wanted := vif.Tap{Name: n.Tap, Index: index, Port: n.Port.ID, Gen: 1, MTU: 1442, Up: true, Carrier: want}
		if got, err := d.Carrier(n.Tap); err != nil || got != want {
			t.Errorf("Carrier = %v, %v; want %v", got, err, want)
		}
		if got, there, ours, err := d.Tap(t.Context(), n.Tap); !there || !ours || err != nil || got != wanted {
			t.Errorf("Tap = %+v, %v, %v, %v; want %+v", got, there, ours, err, wanted)
		}
		if got, err := d.Taps(t.Context()); err != nil || len(got) != 1 || got[0] != wanted {
			t.Errorf("Taps = %+v, %v; want %+v alone", got, err, wanted)
		}
	}
	look(false)
	release := hold(t, d, n)
	look(true)
	release()
	look(false)
}

// Callers side by side get a tap each, and the names do not mix.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	d := enter(t)
	const many = 100
	var all sync.WaitGroup
	for i := range many {
		n := nic(1)
		n.Port.ID = fmt.Sprintf("%08x-5717-4562-b3fc-2c963f66afa6", i)
		n.Tap = vif.TapName(n.Port.ID, 0)
		all.Go(func() {
			if err := d.Create(t.Context(), n); err != nil {
				t.Error(err)
			}
			if _, err := d.Taps(t.Context()); err != nil {
				t.Error(err)
			}
			if i%2 == 0 {
				if err := d.Remove(t.Context(), n); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	taps, err := d.Taps(t.Context())
	if err != nil || len(taps) != many/2 {
		t.Errorf("%d taps, %v; want %d", len(taps), err, many/2)
	}
	for _, tap := range taps {
		if tap.Name != vif.TapName(tap.Port, 0) {
			t.Errorf("%s is marked as %s's", tap.Name, tap.Port)
		}
	}
}

// What is asked for waits for what was given up, and that makes no tap.
func TestGivenUpWorkKeepsItsTurn(t *testing.T) {
	t.Parallel()
	d := enter(t)
	n := nic(1)
	turn := nic(1)
	turn.Port.ID = "of another port, so that there is nothing to remove"
	gone, giveUp := context.WithCancel(t.Context())
	giveUp()
	for range 20 {
		if err := d.Create(gone, n); err != nil && vif.KindOf(err) != vif.Unavailable {
			t.Fatalf("Create for nobody = %v", err)
		}
		if err := d.Remove(t.Context(), turn); err != nil {
			t.Fatal(err)
		}
		if got := names(t, d); got != "lo" {
			t.Fatalf("left behind: %s", got)
		}
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	d := enter(t)
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	again := d.Watch(ctx)
	await := func(what string, seen func() bool) {
		t.Helper()
		for first := true; first || !seen(); first = false {
			if _, open := <-again; !open {
				t.Fatalf("no news of %s", what)
			}
		}
	}
	await("the start", func() bool { return true })

	n := nic(1)
	has := func(carrier bool) func() bool {
		return func() bool { c, err := d.Carrier(n.Tap); return err == nil && c == carrier }
	}
	create(t, d, n)
	release := hold(t, d, n)
	await("the carrier", has(true))
	release()
	await("the loss of the carrier", has(false))
	if err := d.Remove(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	await("the end", func() bool { _, there := d.Index(n.Tap); return !there })
	stop()
	for range again {
	}
}

// However much changes, the last of it is soon told.
func TestWatchBurst(t *testing.T) {
	t.Parallel()
	d := enter(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	again := d.Watch(ctx)
	for i := range 40 {
		create(t, d, victimNIC(i))
	}
	for end := time.Now().Add(20 * lull); ; {
		select {
		case <-again:
		case <-time.After(4 * lull): // it is all told
			return
		}
		if time.Now().After(end) {
			t.Fatal("there is still news")
		}
	}
}

// hold opens the tap's other end, as QEMU does, until release.
func hold(t *testing.T, d *Devices, n vif.NIC) (release func()) {
	t.Helper()
	var fd int
	err := d.space.do(func() (err error) {
		fd, err = unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	release = sync.OnceFunc(func() { unix.Close(fd) })
	t.Cleanup(release)
	request, err := unix.NewIfreq(n.Tap)
	if err != nil {
		t.Fatal(err)
	}
	request.SetUint16(wantedFeatures(n))
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		t.Fatal(err)
	}
	return release
}

// names are those of all links in the namespace.
func names(t *testing.T, d *Devices) string {
	t.Helper()
	links, err := d.read.LinkList()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range links {
		names = append(names, l.Attrs().Name)
	}
	return strings.Join(names, " ")
}

func BenchmarkCreate(b *testing.B) {
	d := enter(b)
	for i := 0; b.Loop(); i++ {
		if err := d.Create(b.Context(), victimNIC(i)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRemove(b *testing.B) {
	d := enter(b)
	for b.Loop() {
		b.StopTimer()
		if err := d.Create(b.Context(), nic(1)); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if err := d.Remove(b.Context(), nic(1)); err != nil {
			b.Fatal(err)
		}
	}
}
