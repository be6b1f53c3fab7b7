package systemd

import (
	"net"
	"path/filepath"
	"regexp"
	"testing"
)

func TestNotify(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	t.Setenv("NOTIFY_SOCKET", path)

	for _, tt := range []struct {
		say  func() error
		want string
	}{
		{Ready, `^READY=1$`},
		{Stopping, `^STOPPING=1$`},
		{Reloading, `^RELOADING=1\nMONOTONIC_USEC=[0-9]+\n$`},
		{func() error { return Status("%d ports", 3) }, `^STATUS=3 ports$`},
		{func() error { return Status("vm\n1\nMAINPID=1") }, `^STATUS=vm 1 MAINPID=1$`},
	} {
		if err := tt.say(); err != nil {
			t.Fatal(err)
		}
		said := make([]byte, 4096)
		n, err := manager.Read(said)
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(tt.want).Match(said[:n]) {
			t.Errorf("said %q, want %s", said[:n], tt.want)
		}
	}
}

func TestNotifyNobody(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	if err := Ready(); err != nil {
		t.Errorf("without systemd: %v", err)
	}
	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "gone"))
	if err := Ready(); err == nil {
		t.Error("a manager that is gone is no error")
	}
}
