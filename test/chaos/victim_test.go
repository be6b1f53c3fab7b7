//go:build failpoints

package chaos

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A victim is a vifd in a process of its own, which is to die.
type victim struct {
	cmd *exec.Cmd
	dir string
	out *bufio.Reader
}

// arise starts a vifd that dies as fault says.
func arise(t *testing.T, dir, fault string) *victim {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, "s")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Env = append(os.Environ(), dirVar+"="+dir, "VIFD_FAIL="+fault)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &victim{cmd, dir, bufio.NewReader(out)}
}

// ready tells whether v is, or has died before.
func (v *victim) ready() bool {
	line, err := v.out.ReadString('\n')
	return err == nil && line == "ready\n"
}

// An answer is what a client has got; no status is none.
type answer struct {
	status int
	body   string
}

// ask sends a request, and takes what it gets of an answer.
func (v *victim) ask(t *testing.T, method, path, key, body string) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, "http://vifd"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", key)
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(v.dir, "s"))
	}}
	got, err := transport.RoundTrip(r)
	if err != nil {
		return answer{}
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		return answer{} // half of one is none
	}
	return answer{got.StatusCode, string(text)}
}

// buried waits for v's death, and tells whether it was the one that was asked
// for: nobody else kills with SIGKILL here, but for one that lives too long.
func (v *victim) buried(patience time.Duration) bool {
	late := time.AfterFunc(patience, func() { _ = v.cmd.Process.Signal(syscall.SIGABRT) })
	defer late.Stop()
	_, _ = io.Copy(io.Discard, v.out)
	_ = v.cmd.Wait() // how it ended is looked at
	return v.cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
}

// ended waits for v to end by itself, and tells whether it did within that time and
// says that all is well.
func (v *victim) ended(patience time.Duration) bool {
	late := time.AfterFunc(patience, func() { _ = v.cmd.Process.Signal(syscall.SIGABRT) })
	defer late.Stop()
	_, _ = io.Copy(io.Discard, v.out)
	return v.cmd.Wait() == nil
}

// kill ends a v that lives.
func (v *victim) kill(t *testing.T) {
	t.Helper()
	if err := v.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	v.buried(10 * time.Second)
}
