package api

import (
	"bufio"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// asUser does f as a user of this host who is nobody special. Credentials
// belong to a thread, and this one ends with f.
func asUser(t *testing.T, uid uintptr, f func()) {
	t.Helper()
	done := make(chan syscall.Errno)
	go func() {
		runtime.LockOSThread()
		_, _, e1 := syscall.RawSyscall(syscall.SYS_SETRESGID, uid, uid, uid)
		_, _, e2 := syscall.RawSyscall(syscall.SYS_SETRESUID, uid, uid, uid)
		if e1 == 0 && e2 == 0 {
			f()
		}
		done <- e1 | e2
	}()
	if e := <-done; e != 0 {
		t.Fatalf("become uid %d: %v", uid, e)
	}
}

// Another user's process is known by the kernel's word, not by its own.
func TestStrangerOnSocket(t *testing.T) {
	d := start(t, recordedWorld(), Limits{})
	for dir := d.socket; dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{"/healthz": "200 OK", "/v2.1/servers": "403 Forbidden"} {
		var answer string
		var err error
		asUser(t, 65534, func() {
			var conn net.Conn
			if conn, err = net.Dial("unix", d.socket); err != nil {
				return
			}
			defer conn.Close()
			_, _ = conn.Write([]byte("GET " + path + " HTTP/1.1\r\nHost: x\r\nX-Roles: admin\r\n\r\n"))
			answer, err = bufio.NewReader(conn).ReadString('\n')
		})
		if err != nil || !strings.Contains(answer, want) {
			t.Errorf("%s: %q, %v, want %s", path, answer, err, want)
		}
	}
}
