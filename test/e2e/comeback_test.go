package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"vifd/test/dose"
	"vifd/test/testhost"
	"vifd/test/wait"
)

// How long vifd may take to be connected again once a daemon answers its own
// client, and to mend what only an event tells it of: a look that has just begun
// may wait for another guest, for a second.
const (
	reconnected = 2 * time.Second
	heardOf     = 2 * time.Second
)

// rarelyLooked has vifd know of what it does not look at only by being told. The
// addresses of a minute of attaches would be more than there are.
const rarelyLooked = "[timeouts]\nlook = \"1h\"\n[network]\nquarantine = \"1s\"\n"

// A harm breaks something of a NIC, where a daemon tells of it. (Of a link libvirt
// tells nothing; that a server stops and goes on, it does.)
type harm struct{ command, shows string }

var (
	inServer   = harm{"virsh domif-setlink g1 $tap down && virsh suspend g1 && virsh resume g1", "virsh domif-getlink g1 $tap"}
	inDatabase = harm{"ovs-vsctl set port $tap tag=77", "ovs-vsctl get port $tap tag"}
	inFlows    = harm{"true", "ovs-ofctl dump-flows br-int in_port=$ofport | grep -c cookie"}
)

// However long a daemon was away, vifd is connected again as soon as it is back,
// and hears of what happens; meanwhile requests are answered with the truth, or
// sent away, and what goes through a NIC goes on.
func TestChaosDaemonsComeBack(t *testing.T) {
	for _, tt := range []struct {
		name   string
		daemon func() *testhost.Daemon
		harms  []harm
		cuts   bool // there is no traffic without it
	}{
		{"libvirtd", func() *testhost.Daemon { return host.Libvirtd }, []harm{inServer}, false},
		{"ovsdb-server", func() *testhost.Daemon { return host.OVSDB }, []harm{inDatabase}, false},
		{"ovs-vswitchd", func() *testhost.Daemon { return host.VSwitchd }, []harm{inFlows, inDatabase}, true},
		{"virtlogd", func() *testhost.Daemon { return host.Virtlogd }, []harm{inServer}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rounds := 0
			dose.Tally(t, "kill -9 of "+tt.name+", back after up to 4 s, during attaches, detaches and pings", func() int { return rounds })
			clean(t)
			if tt.name == "virtlogd" {
				t.Cleanup(func() { anew(t, "g1", "g2") })
			}
			configured(t, rarelyLooked)
			p := plug(t, "g1", blue)
			friend := peer(t, "blue", "10.20.0.250/24")
			in(t, p.guest, "ping -c 1 -W 10 10.20.0.250")
			defined(t, p.guest, p.Port)
			for ; rounds < dose.Often(2, 25); rounds++ {
				ping := func(*testing.T) { // of which the first may come too early
					in(t, p.guest, "i=0; until ping -c 1 -W 1 10.20.0.250; do i=$((i+1)); [ $i -lt 10 ] || exit 1; done")
				}
				if !tt.cuts {
					ping = pinging(t, friend, p.ip(4).String())
				}
				stop := demanding(t, host.Guest("g2"))
				before := looks(t, p, tt.harms)
				comesBack(t, tt.daemon(), time.Duration(4*(rounds%2))*time.Second)
				ping(t)
				mended(t, p, tt.harms, before)
				stop()
				becomes(t, p.guest, p.Port, "ACTIVE")
			}
			detach(t, p.guest, p.Port)
		})
	}
}

// anew starts guests again, whose consoles virtlogd has taken with it.
func anew(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := host.Guest(name).Destroy(within(t, patience)); err != nil {
			t.Fatal(err)
		}
		start(t, host.Guest(name))
	}
}

// looks returns what shows each harm, before it is done.
func looks(t *testing.T, p plugged, harms []harm) (is []string) {
	t.Helper()
	for _, h := range harms {
		is = append(is, sh(t, fill(t, h.shows, details(t, p.Port))))
	}
	return is
}

// comesBack kills the daemon, starts it that much later, and sees to it that vifd
// is connected in time.
func comesBack(t *testing.T, d *testhost.Daemon, away time.Duration) {
	t.Helper()
	if err := d.Kill(within(t, patience)); err != nil {
		t.Fatal(err)
	}
	<-time.After(away)
	bringBack(t, []*testhost.Daemon{d})
	ready := time.Now()
	wait.Until(t, reconnected, func() string {
		if a := ask(t, "GET", "/v1/status", ""); strings.Contains(a.Body, `"ok": false`) {
			return a.Body
		}
		return ""
	})
	t.Logf("connected %v after the daemon", time.Since(ready).Round(time.Millisecond))
}

// mended does the harms, and wants each to be put right in time.
func mended(t *testing.T, p plugged, harms []harm, before []string) {
	t.Helper()
	for i, h := range harms {
		sh(t, fill(t, h.command, details(t, p.Port)))
		done, look := time.Now(), fill(t, h.shows, details(t, p.Port))
		wait.Until(t, heardOf, func() string {
			if now, _ := run(look); now != before[i] {
				return fmt.Sprintf("%s says %s, and was %s", look, now, before[i])
			}
			return ""
		})
		t.Logf("mended after %v", time.Since(done).Round(time.Millisecond))
	}
}

// demanding has a NIC go into g and out of it, over and over again, until what it
// returns is called. Each answer has to be true, or 503 with when to come back.
func demanding(t *testing.T, g *testhost.Running) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	body := expand(t, `{"interfaceAttachment": `+blue+`}`)
	answers := map[string]int{}
	var ports []string
	done := make(chan struct{})
	go func() {
		defer close(done)
		for tick := time.NewTicker(50 * time.Millisecond); ctx.Err() == nil; <-tick.C {
			a := demand(t, g, "POST", interfaces(g), body, answers)
			if a.Status == 200 {
				ports = append(ports, nicOf(t, a).Port)
			}
			for a.Status == 200 && ctx.Err() == nil {
				<-tick.C
				if demand(t, g, "DELETE", interfaces(g)+"/"+ports[len(ports)-1], "", answers).Status == 404 {
					break
				}
			}
		}
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-done
		t.Logf("answered %v", answers)
		for _, port := range ports {
			takeOut(t, g, port)
		}
	})
	t.Cleanup(stop)
	return stop
}

// demand sends one request, and counts its answer.
func demand(t *testing.T, g *testhost.Running, method, path, body string, answers map[string]int) answer {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 3*patience)
	defer cancel()
	a, err := send(ctx, method, path, body, shown)
	if answers[fmt.Sprint(method, " ", a.Status)]++; err != nil {
		t.Errorf("%s: %v", method, err)
	}
	known := a.Status == 200 || a.Status == 202 || a.Status == 404 && method == "DELETE"
	if later := a.Status == 503 && a.Header.Get("Retry-After") != ""; !known && !later {
		t.Errorf("%s answered %d %v %s", method, a.Status, a.Header, a.Body)
	}
	return a
}
