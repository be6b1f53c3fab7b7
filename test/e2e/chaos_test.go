package e2e

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"vifd/test/dose"
	"vifd/test/testhost"
	"vifd/test/wait"
)

// A daemon that hangs costs a request its time and no more. The answer is true,
// or 503 and when to come back. When the daemon goes on, so does vifd, and nothing is left over.
func TestChaosHung(t *testing.T) {
	clean(t)
	configured(t, "[timeouts]\nattach = \"3s\"\nundo = \"3s\"\ndetach = \"3s\"\n")
	g := host.Guest("g1")
	for _, d := range []*testhost.Daemon{host.Libvirtd, host.Virtlogd, host.OVSDB, host.VSwitchd} {
		t.Run(strconv.Itoa(d.Pid()), func(t *testing.T) { hung(t, g, d) })
	}
}

// hungTime is the time of an attach there, the second that undoing it may take
// before it is answered, and one for a machine with much to do.
const hungTime = 5 * time.Second

func hung(t *testing.T, g *testhost.Running, d *testhost.Daemon) {
	dose.Tally(t, "SIGSTOP of libvirtd, virtlogd, ovsdb-server and ovs-vswitchd in turn, during an attach and a detach", func() int { return 1 })
	n := attach(t, g, blue)
	defined(t, g, n.Port)
	frozen := time.Now()
	if err := d.Freeze(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Thaw() })
	answers := map[string]int{}
	for _, r := range []struct{ method, path, body string }{
		{"POST", interfaces(g), `{"interfaceAttachment": ` + blue + `}`}, {"DELETE", interfaces(g) + "/" + n.Port, ""},
	} {
		begun := time.Now()
		a, err := send(within(t, patience), r.method, expand(t, r.path), expand(t, r.body), shown)
		if err != nil || a.Status != 200 && a.Status != 202 && a.Status != 503 || (a.Status == 503) != (a.Header.Get("Retry-After") != "") ||
			time.Since(begun) > hungTime {
			t.Errorf("%s answered %+v, %v after %v", r.method, a, err, time.Since(begun))
		}
		answers[r.method] = a.Status
	}
	<-time.After(time.Until(frozen.Add(time.Duration(dose.Often(3, 60)) * time.Second)))
	if err := d.Thaw(); err != nil {
		t.Fatal(err)
	}
	wait.Until(t, soon, func() string {
		if a := ask(t, "GET", interfaces(g), ""); a.Status == 503 {
			return a.Body // the daemon has just come back
		}
		ports := listed(t, g)
		attached := answers["POST"] == 200
		detached := answers["DELETE"] == 202
		others := len(ports)
		if ports[n.Port] {
			others--
		}
		if ports[n.Port] == detached || (others == 1) != attached {
			return fmt.Sprintf("answered %v, and the server has %v", answers, ports)
		}
		return ""
	})
	takeOut(t, g, servesAgain(t, g).Port)
	for port := range listed(t, g) {
		takeOut(t, g, port)
	}
}

// One port goes into a guest and out of it, again and again: it keeps its MAC and
// its place, no slot is lost, and vifd does not grow, nor when daemons restart.
func TestChaosRounds(t *testing.T) {
	clean(t)
	g := host.Guest("g1")
	id, mac := createPort(t, `{"network_id": "$blue"}`)
	rounds := 0
	dose.Tally(t, "one port into one guest and out of it", func() int { return rounds })
	round := func() string {
		n := attach(t, g, `{"port_id": "`+id+`"}`)
		at := defined(t, g, n.Port).pci()
		if n.MAC != mac {
			t.Fatalf("round %d: MAC %s, want %s", rounds, n.MAC, mac)
		}
		detach(t, g, n.Port)
		rounds++
		return at
	}
	for range 3 {
		round()
	}
	first, files, memory, routines := round(), open(t), resident(t), goroutines(t)
	for range dose.Often(20, 200) {
		if at := round(); at != first {
			t.Fatalf("round %d: at %s, and before at %s", rounds, at, first)
		}
	}
	for range dose.Often(1, 10) { // daemons that come back are found again, and the old connections gone
		for _, d := range []*testhost.Daemon{host.Libvirtd, host.VSwitchd, host.OVSDB} {
			if err := d.Kill(within(t, patience)); err != nil {
				t.Fatal(err)
			}
		}
		bringBack(t, []*testhost.Daemon{host.Libvirtd, host.VSwitchd, host.OVSDB})
		takeOut(t, g, servesAgain(t, g).Port)
	}
	wait.Until(t, soon, func() string {
		if now, more := open(t), goroutines(t); now > files+2 || more > routines+2 {
			return fmt.Sprintf("%d files are open, and were %d; %d goroutines, and were %d", now, files, more, routines)
		}
		return ""
	})
	if now := resident(t); now > memory+8<<10 {
		t.Errorf("vifd has %d KiB, and had %d", now, memory)
	}
}

// open returns how many files vifd has open.
func open(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", host.Vifd.Pid()))
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

// goroutines returns how many vifd says that it has.
func goroutines(t *testing.T) int {
	t.Helper()
	_, rest, _ := strings.Cut(ask(t, "GET", "/metrics", "").is(t, 200).Body, "\ngo_goroutines ")
	n, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// resident returns vifd's memory in KiB.
func resident(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", host.Vifd.Pid()))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kib, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kib
}

// Many at once want NICs of some guests, more than these have slots: each is told
// the truth, and all of it goes again at once.
func TestChaosCrowd(t *testing.T) {
	clean(t)
	guests := append([]*testhost.Running{host.Guest("g1"), host.Guest("g2")}, more(t, dose.Often(0, 6))...)
	visitors := dose.Often(32, 64)
	dose.Tally(t, fmt.Sprintf("attaches at once to %d guests with four or eight slots each", len(guests)), func() int { return visitors })
	got := crowd(t, guests, visitors)
	for _, g := range guests {
		for port := range listed(t, g) {
			if got[port] != g {
				t.Errorf("%s has %s, and nobody was told so", g.Name, port)
			}
		}
	}
	if len(got) < visitors/4 {
		t.Errorf("only %d of %d have a NIC", len(got), visitors)
	}
	var all sync.WaitGroup
	for port, g := range got {
		all.Go(func() { takeOut(t, g, port) })
	}
	all.Wait()
}

// more makes that many guests besides, each with four slots. One boots at a time:
// they are emulated.
func more(t *testing.T, n int) (guests []*testhost.Running) {
	t.Helper()
	for i := range n {
		guests = append(guests, spare(t, testhost.Guest{Name: fmt.Sprint("crowd", i), Slots: 4}))
	}
	return guests
}

// crowd attaches that many NICs at once to the guests in turn. It returns who has
// which, as was told.
func crowd(t *testing.T, guests []*testhost.Running, visitors int) map[string]*testhost.Running {
	t.Helper()
	body := expand(t, `{"interfaceAttachment": `+blue+`}`)
	var all sync.WaitGroup
	var mu sync.Mutex
	got := map[string]*testhost.Running{}
	for i := range visitors {
		all.Go(func() {
			g := guests[i%len(guests)]
			a, err := send(within(t, 3*patience), "POST", interfaces(g), body, shown)
			if err != nil || a.Status != 200 && a.Status != 409 && a.Status != 503 {
				t.Errorf("answered %+v, %v", a, err)
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil && a.Status == 200 {
				got[nicOf(t, a).Port] = g
			}
		})
	}
	all.Wait()
	return got
}
