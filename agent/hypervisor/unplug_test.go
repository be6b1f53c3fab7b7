package hypervisor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vifd/vif"
)

// A world is a guest with one NIC, which lives by the clock. It writes down what
// happened, and when.
type world struct {
	mu    sync.Mutex
	ear   *ear
	start time.Time
	lines []string

	plugged  bool
	busyTill time.Duration    // it is booting
	acks     []time.Duration  // how long it takes to let go after each question; negative is never
	mute     bool             // libvirt loses the event
	down     [2]time.Duration // libvirt is away from, to
}

func (w *world) now() time.Duration { return time.Since(w.start) }

func (w *world) log(format string, args ...any) {
	w.lines = append(w.lines, fmt.Sprintf("%v ", w.now())+fmt.Sprintf(format, args...))
}

func (w *world) away() error {
	if now := w.now(); now >= w.down[0] && now < w.down[1] {
		return vif.Unavailable.Because("libvirt is away")
	}
	return nil
}

func (w *world) eject(context.Context) (answer, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.away(); err != nil {
		w.log("ask: away")
		return notNow, err
	}
	switch {
	case !w.plugged:
		w.log("ask: not there")
		return notThere, nil
	case w.now() < w.busyTill:
		w.log("ask: busy")
		return notNow, nil
	}
	w.log("ask")
	if len(w.acks) > 0 && w.acks[0] >= 0 {
		time.AfterFunc(w.acks[0], w.letGo)
	}
	w.acks = w.acks[min(1, len(w.acks)):]
	return asked, nil
}

func (w *world) letGo() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.plugged {
		return
	}
	w.plugged = false
	w.log("gone")
	if !w.mute {
		close(w.ear.gone)
	}
}

func (w *world) there(context.Context) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.away(); err != nil {
		return true, err
	}
	w.log("look: %v", w.plugged)
	return w.plugged, nil
}

func TestUnplug(t *testing.T) {
	const never = time.Duration(-1)
	for _, tt := range []struct {
		name  string
		world *world
		pokes []time.Duration // when something happens to the server
		ends  time.Duration   // of the context; 0 is never
		want  error
		log   string
	}{
		{name: "lets go", world: &world{plugged: true, acks: []time.Duration{120 * time.Millisecond}},
			log: "0s ask, 120ms gone"},
		{name: "before the call returns", world: &world{plugged: true, acks: []time.Duration{0}}, log: "0s ask, 0s gone"},
		{name: "was never there", world: &world{}, log: "0s ask: not there"},
		{name: "is asked again, later each time", world: &world{plugged: true, acks: []time.Duration{never, never, never, never, never, time.Second}},
			log: "0s ask, 5s ask, 15s ask, 35s ask, 1m15s ask, 1m55s ask, 1m56s gone"},
		{name: "boots", world: &world{plugged: true, busyTill: 7 * time.Second, acks: []time.Duration{time.Second}},
			log: "0s ask: busy, 3s ask: busy, 6s ask: busy, 9s ask, 10s gone"},
		{name: "the event is lost", world: &world{plugged: true, mute: true, acks: []time.Duration{time.Second}},
			log: "0s ask, 1s gone, 5s ask: not there"},
		{name: "the event is lost, but libvirt came back", world: &world{plugged: true, mute: true, acks: []time.Duration{time.Second}},
			pokes: []time.Duration{500 * time.Millisecond, 2 * time.Second}, log: "0s ask, 500ms look: true, 1s gone, 2s look: false"},
		{name: "pokes do not put off the next question", world: &world{plugged: true, acks: []time.Duration{never, time.Second}},
			pokes: []time.Duration{4 * time.Second}, log: "0s ask, 4s look: true, 5s ask, 6s gone"},
		{name: "libvirt is away at first", world: &world{plugged: true, down: [2]time.Duration{0, time.Second}},
			want: vif.Unavailable, log: "0s ask: away"},
		{name: "libvirt is away later", world: &world{plugged: true, acks: []time.Duration{never, time.Second}, down: [2]time.Duration{4 * time.Second, 7 * time.Second}},
			log: "0s ask, 5s ask: away, 8s ask, 9s gone"},
		{name: "never", world: &world{plugged: true}, ends: 6 * time.Second,
			want: vif.Pending, log: "0s ask, 5s ask"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := tt.world
				e, stop := newEars().listen("g", "ua-1")
				defer stop()
				w.ear, w.start = e, time.Now()
				for _, at := range tt.pokes {
					time.AfterFunc(at, func() { poke(e.again) })
				}
				ctx, cancel := context.WithCancel(t.Context())
				if tt.ends > 0 {
					ctx, cancel = context.WithTimeout(t.Context(), tt.ends)
				}
				defer cancel()
				err := unplug(ctx, w, e)
				w.mu.Lock()
				defer w.mu.Unlock()
				if !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
				if got := strings.Join(w.lines, ", "); got != tt.log {
					t.Errorf("got\n%s\nwant\n%s", got, tt.log)
				}
			})
		})
	}
}

func TestEars(t *testing.T) {
	e := newEars()
	var all []*ear
	for _, at := range [][2]string{{"g1", "ua-1"}, {"g1", "ua-2"}, {"g2", "ua-1"}, {"g1", "ua-1"}} {
		one, stop := e.listen(at[0], at[1])
		defer stop()
		all = append(all, one)
	}
	_, stop := e.listen("g1", "ua-1")
	stop()
	e.removed("g1", "ua-1")
	e.removed("g1", "ua-1")
	e.look("g2")
	e.look("g2")
	want := []string{"gone", "", "look", "gone"}
	for i, one := range all {
		got := ""
		select {
		case <-one.gone:
			got = "gone"
		case <-one.again:
			got = "look"
		default:
		}
		if got != want[i] {
			t.Errorf("%s of %s heard %q, want %q", one.alias, one.server, got, want[i])
		}
	}
	e.look("")
	if len(all[1].again) != 1 || len(all[2].again) != 1 {
		t.Error("not everybody who still waits was told to look")
	}
}

func TestNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNews()
		ctx, cancel := context.WithCancel(t.Context())
		got := make(chan string)
		go n.deliver(ctx, func(server string) { got <- server })
		n.add("g1")
		synctest.Wait() // changed is busy with g1
		for range 100 {
			n.add("g2")
			n.add("g1")
		}
		heard := map[string]int{}
		for range 3 {
			heard[<-got]++
		}
		synctest.Wait()
		if heard["g1"] != 2 || heard["g2"] != 1 {
			t.Errorf("heard %v", heard)
		}
		select {
		case server := <-got:
			t.Errorf("and once more: %s", server)
		default:
		}
		cancel()
	})
}

func TestBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b busy
		leave, err := b.enter(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		other, err := b.enter(t.Context(), "b")
		if err != nil {
			t.Fatal(err)
		}
		other()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := b.enter(ctx, "a"); !errors.Is(err, vif.Unavailable) {
			t.Errorf("what is in hand: %v", err)
		}
		inside, most := 0, 0
		done := make(chan struct{})
		for range 5 {
			go func() {
				leave, err := b.enter(t.Context(), "a")
				if err != nil {
					t.Error(err)
				}
				inside++
				most = max(most, inside)
				time.Sleep(time.Second)
				inside--
				leave()
				done <- struct{}{}
			}()
		}
		synctest.Wait()
		leave()
		for range 5 {
			<-done
		}
		if most != 1 || len(b.names) != 0 {
			t.Errorf("%d at once, and %d names are left", most, len(b.names))
		}
	})
}
