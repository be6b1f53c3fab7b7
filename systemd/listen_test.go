package systemd

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// TestMain answers one caller on the socket that it is given, where a test
// started it as systemd would.
func TestMain(m *testing.M) {
	if os.Getenv("LISTEN_FDS") == "" {
		os.Exit(m.Run())
	}
	os.Setenv("LISTEN_PID", strconv.Itoa(os.Getpid()))
	listeners, err := Listeners()
	if err != nil || len(listeners[API]) != 1 {
		os.Exit(1)
	}
	conn, err := listeners[API][0].Accept()
	if err != nil {
		os.Exit(1)
	}
	io.WriteString(conn, "here")
	conn.Close()
	os.Exit(0)
}

func TestListeners(t *testing.T) {
	path := filepath.Join(t.TempDir(), "api.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f, err := l.File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	service := exec.CommandContext(t.Context(), self)
	service.Env = append(os.Environ(), "LISTEN_FDS=1", "LISTEN_FDNAMES="+API)
	service.ExtraFiles = []*os.File{f}
	if err := service.Start(); err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got, err := io.ReadAll(conn); string(got) != "here" {
		t.Errorf("answer %q, %v", got, err)
	}
	if err := service.Wait(); err != nil {
		t.Error(err)
	}
}

func TestListenersWithoutSystemd(t *testing.T) {
	if got, err := Listeners(); len(got) != 0 || err != nil {
		t.Errorf("Listeners = %v, %v; want none", got, err)
	}
}
