package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"vifd/test/wait"
)

// Told to stop while libvirt hangs in an attach, vifd ends within 10 s, and the
// next one takes back what was left.
func TestStopWhileLibvirtHangs(t *testing.T) {
	clean(t)
	g := host.Guest("g1")
	if err := host.Libvirtd.Freeze(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = host.Libvirtd.Thaw() })
	var took time.Duration
	meanwhile(t, 300*time.Millisecond, func() {
		began := time.Now()
		if err := host.Vifd.Stop(within(t, patience)); err != nil {
			t.Error(err)
		}
		took = time.Since(began)
	}, "POST", interfaces(g), `{"interfaceAttachment": `+blue+`}`)
	if took > 10*time.Second {
		t.Errorf("it took %v to end", took)
	}
	if err := host.Libvirtd.Thaw(); err != nil {
		t.Fatal(err)
	}
	startVifd(t)
	if left := wait.For(settle, leftovers); left != "" {
		t.Errorf("left:\n%s", left)
	}
}

// A second vifd on the host ends with 75 and names the first.
func TestSecondVifd(t *testing.T) {
	second := exec.CommandContext(t.Context(), host.Binary, "serve")
	out, _ := second.CombinedOutput()
	pid := fmt.Sprintf("process %d,", host.Vifd.Pid())
	if code := second.ProcessState.ExitCode(); code != 75 || !strings.Contains(string(out), pid) {
		t.Errorf("exit code %d, want 75 and %q in\n%s", code, pid, out)
	}
	ask(t, "GET", "/readyz", "").is(t, 200)
}

// SIGHUP puts in force what can be.
func TestHangup(t *testing.T) {
	clean(t)
	configured(t, "log_level = \"INFO\"\n")
	pid := host.Vifd.Pid()
	if err := os.WriteFile(configFile, []byte("log_level = \"DEBUG\"\n[network]\nmtu = 1400\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	wait.Until(t, patience, logged(t, "changed=[log_level] needs_restart=[network.mtu]"))
	ask(t, "GET", "/readyz", "").is(t, 200)
	if host.Vifd.Pid() != pid || !host.Vifd.Running() {
		t.Error("vifd ended")
	}
}

// A vifd that has no files left sends people away, and serves again when it has.
func TestNoFilesLeft(t *testing.T) {
	clean(t)
	pid := host.Vifd.Pid()
	limit := func(n int) {
		t.Helper()
		sh(t, fmt.Sprintf("prlimit --pid %d --nofile=%d:", pid, n))
	}
	old := sh(t, fmt.Sprintf("prlimit --pid %d --nofile --noheadings --output SOFT", pid))
	t.Cleanup(func() { sh(t, fmt.Sprintf("prlimit --pid %d --nofile=%s:", pid, old)) })
	open := len(strings.Fields(sh(t, fmt.Sprintf("ls /proc/%d/fd", pid))))
	limit(open + 4)
	var held []net.Conn
	defer func() {
		for _, c := range held {
			c.Close()
		}
	}()
	for range 10 {
		c, err := net.Dial("unix", host.Socket)
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, c)
	}
	ask(t, "GET", "/healthz", "").is(t, 503)
	for _, c := range held {
		c.Close()
	}
	wait.Until(t, patience, func() string {
		if a := ask(t, "GET", "/readyz", ""); a.Status != 200 {
			return a.Body
		}
		return ""
	})
	sh(t, fmt.Sprintf("prlimit --pid %d --nofile=%s:", pid, old))
	takeOut(t, host.Guest("g1"), servesAgain(t, host.Guest("g1")).Port)
}

// logged returns what says whether vifd has logged the text.
func logged(t *testing.T, text string) func() string {
	return func() string {
		log, err := os.ReadFile(filepath.Join(host.Dir, "vifd.log"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(log), text) {
			return "the log lacks " + text
		}
		return ""
	}
}
