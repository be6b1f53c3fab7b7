package systemd

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"vifd/test/wait"
)

// show returns a property of vifd.service.
func show(t *testing.T, property string) string {
	t.Helper()
	return sh(t, "systemctl show -P "+property+" vifd.service")
}

// ready waits until a vifd says so that is another than the process pid.
func ready(t *testing.T, pid string) {
	t.Helper()
	wait.Until(t, 2*patience, func() string {
		if now, state := show(t, "MainPID"), show(t, "ActiveState"); state != "active" || now == pid {
			return now + " is " + state
		}
		return ""
	})
}

// systemctl status says how vifd is, also when that changes.
func TestStatus(t *testing.T) {
	says := func(pattern string) {
		t.Helper()
		wait.Until(t, patience, func() string {
			if got := show(t, "StatusText"); !regexp.MustCompile(pattern).MatchString(got) {
				return got
			}
			return ""
		})
	}
	const sockets = "libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket"
	says("^[0-9]+ ports?$")
	sh(t, "systemctl stop libvirtd.service "+sockets)
	t.Cleanup(func() { says("^[0-9]+ ports?$") })
	t.Cleanup(func() { sh(t, "systemctl start "+sockets+" libvirtd.service") })
	says("^libvirt: .+; [0-9]+ ports?$")
}

const ask = `curl -sS --max-time 60 --unix-socket /run/vifd/vifd.sock -o /dev/null -w '%{http_code}\n' http://localhost/v2.1/servers`

// A request that comes while no vifd runs starts one, and is answered.
func TestActivation(t *testing.T) {
	sh(t, "systemctl stop vifd.service")
	if got := sh(t, "systemctl is-active vifd.socket vifd.service || true"); got != "active\ninactive" {
		t.Fatalf("after systemctl stop: %s", got)
	}
	if got := sh(t, ask); got != "200" {
		t.Errorf("answer: %s", got)
	}
	ready(t, "0")
}

// Requests that come while vifd is restarted, again and again, wait. None is
// refused.
func TestRestartUnderRequests(t *testing.T) {
	was := show(t, "MainPID")
	got := sh(t, "(for i in 1 2 3 4 5; do systemctl restart vifd; done) & while kill -0 $! 2>/dev/null; do "+ask+"; done | sort | uniq -c")
	var n int
	if _, err := fmt.Sscanf(got, "%d 200", &n); err != nil || n < 10 || strings.Contains(got, "\n") {
		t.Errorf("answers:\n%s", got)
	}
	ready(t, was)
}

// No thread of vifd takes a core from whoever is at work there.
func TestSchedulingPolicy(t *testing.T) {
	const batch = "SCHED_BATCH"
	got := sh(t, "for thread in $(ls /proc/"+show(t, "MainPID")+"/task); do chrt -p $thread; done | sed -n 's/.*policy: //p' | sort | uniq -c")
	if fields := strings.Fields(got); len(fields) != 2 || fields[1] != batch {
		t.Errorf("threads by policy:\n%s\nwant %s alone", got, batch)
	}
}

// A vifd that is killed is there again, without anybody asking it.
func TestKill(t *testing.T) {
	was := show(t, "MainPID")
	sh(t, "systemctl kill -s KILL vifd")
	ready(t, was)
	if got := sh(t, ask); got != "200" {
		t.Errorf("answer: %s", got)
	}
}

// A vifd that hangs is ended and started again by the watchdog.
func TestWatchdog(t *testing.T) {
	was, restarts := show(t, "MainPID"), show(t, "NRestarts")
	sh(t, "kill -STOP "+was)
	wait.Until(t, 2*patience, func() string {
		if now := show(t, "NRestarts"); now == restarts {
			return "vifd is not started again"
		}
		return ""
	})
	ready(t, was)
	if got := sh(t, "journalctl -b -u vifd -o cat --grep 'Watchdog timeout'"); got == "" {
		t.Error("the journal does not tell of the watchdog")
	}
}

// systemctl reload reads the configuration again, a wrong one without harm.
func TestReload(t *testing.T) {
	t.Cleanup(func() { sh(t, "rm /etc/vifd/vifd.toml; systemctl reload vifd") })
	was := show(t, "MainPID")
	for config, message := range map[string]string{
		`log_level = "debug"`: reread,
		`log_level = 7`:       notRead,
	} {
		sh(t, "echo '"+config+"' >/etc/vifd/vifd.toml; systemctl reload vifd")
		wait.Until(t, patience, func() string {
			out, _ := try("journalctl -b -o cat _PID=" + was + " MESSAGE_ID=" + message)
			if out == "" {
				return "nothing is said of " + config
			}
			return ""
		})
		if now := show(t, "MainPID"); now != was || show(t, "ActiveState") != "active" {
			t.Fatalf("with %s: process %s is %s", config, was, now)
		}
	}
}
