package agent

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
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

// What is under way when vifd is told to stop ends with Open vSwitch and libvirt
// still within reach: they are let go of last.
func TestStopLetsGoOfTheHostLast(t *testing.T) {
	dir := t.TempDir()
	startDatabase(t, dir)
	socket := filepath.Join(dir, "s")
	c, err := ParseConfig("test", fmt.Appendf(nil, `
state_directory = %q
[socket]
path = %q
[ovs]
database = %q
run_directory = %q
[libvirt]
uri = "qemu:///nowhere"
`, dir, socket, filepath.Join(dir, "db.sock"), dir))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, c, Process{Version: "test", Log: slog.New(slog.DiscardHandler)}) }()
	until(t, "Open vSwitch is found", func() bool {
		return strings.Contains(statusOf(dialled(socket), ""), `{"name": "openvswitch", "ok": true}`)
	})

	conn := dialled(socket)
	if conn == nil {
		t.Fatal("no connection")
	}
	defer conn.Close()
	begun := "GET /v1/status HTTP/1.1\r\nHost: v\r\nContent-Length: 2\r\n\r\n"
	if _, err := io.WriteString(conn, begun); err != nil {
		t.Fatal(err)
	}
	for range 20 { // others are served, so the one before them is in hand
		statusOf(dialled(socket), "")
	}
	stop()
	until(t, "no more requests are taken", func() bool { return dialled(socket) == nil })
	if said := statusOf(conn, "{}"); !strings.Contains(said, `{"name": "openvswitch", "ok": true}`) {
		t.Errorf("a request that was under way was told %s", said)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func startDatabase(t *testing.T, dir string) {
	t.Helper()
	file := filepath.Join(dir, "conf.db")
	if out, err := exec.Command("ovsdb-tool", "create", file, "/usr/share/openvswitch/vswitch.ovsschema").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	sock := filepath.Join(dir, "db.sock")
	server := exec.Command("ovsdb-server", file, "--remote=punix:"+sock, "--unixctl="+filepath.Join(dir, "ctl"), "-vconsole:off")
	server.Env = append(os.Environ(), "OVS_RUNDIR="+dir)
	server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	until(t, "ovsdb-server listens", func() bool { return dialled(sock) != nil })
	if out, err := exec.Command("ovs-vsctl", "--db=unix:"+sock, "--no-wait", "init").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// dialled returns a connection to the socket, or nil.
func dialled(socket string) net.Conn {
	c, err := net.Dial("unix", socket)
	if err != nil {
		return nil
	}
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	return c
}

// statusOf sends rest, or for "" a request for the status, and returns the answer.
func statusOf(c net.Conn, rest string) string {
	if c == nil {
		return ""
	}
	defer c.Close()
	if rest == "" {
		rest = "GET /v1/status HTTP/1.1\r\nHost: v\r\nConnection: close\r\n\r\n"
	}
	if _, err := io.WriteString(c, rest); err != nil {
		return err.Error()
	}
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return err.Error()
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err.Error()
	}
	return string(body)
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}
