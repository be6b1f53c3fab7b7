package api

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vifd/vif"
)

// A daemon is an API on a unix socket.
type daemon struct {
	socket string
	stop   func() error
	*API
}

func start(t *testing.T, w *world, limits Limits) *daemon {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
	d := &daemon{socket: filepath.Join(t.TempDir(), "s")}
	l, err := net.Listen("unix", d.socket)
	if err != nil {
		t.Fatal(err)
	}
	d.API = New(Config{Servers: w, Attachments: w, Operations: w, Networking: w, Health: w, Answers: w, Log: quiet(), Limits: limits})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Serve(ctx, l) }()
	stopped := false
	d.stop = func() error {
		cancel()
		stopped = true
		return <-ended
	}
	t.Cleanup(func() {
		if !stopped {
			if err := d.stop(); err != nil {
				t.Error(err)
			}
		}
	})
	return d
}

func (d *daemon) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.Dial("unix", d.socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	// No wait in a test is endless.
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// exchange sends text as it is, and returns the status line of the answer, ""
// when the connection is closed without one.
func (d *daemon) exchange(t *testing.T, text string) string {
	t.Helper()
	conn := d.dial(t)
	_, _ = io.WriteString(conn, text) // what is not read is not an error yet
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("after %q: %v", line, err)
	}
	return strings.TrimSpace(line)
}

// Root is known by the socket alone, whatever the headers say.
func TestPeer(t *testing.T) {
	d := start(t, recordedWorld(), Limits{})
	got := d.exchange(t, "GET /v2.1/servers HTTP/1.1\r\nHost: x\r\nX-Roles: reader\r\nX-Auth-Token: stolen\r\nConnection: close\r\n\r\n")
	if got != "HTTP/1.1 200 OK" {
		t.Error(got)
	}
}

// Clients that do not behave are answered or cut off in time.
func TestBadClients(t *testing.T) {
	limits := Limits{Header: 50 * time.Millisecond, Body: 50 * time.Millisecond, Idle: 50 * time.Millisecond}
	d := start(t, recordedWorld(), limits)
	post := "POST " + interfaces1 + " HTTP/1.1\r\nHost: x\r\n"
	for _, tt := range []struct{ name, sent, answer string }{
		{"nothing", "", ""},
		{"half a request line", "GET /v2", "HTTP/1.1 400 Bad Request"},
		{"half the headers", "GET /v2.1 HTTP/1.1\r\nHost: x\r\nX-A: ", ""},
		{"too many headers", "GET /v2.1 HTTP/1.1\r\nHost: x\r\nX-A: " + strings.Repeat("a", 40<<10) + "\r\n\r\n", "HTTP/1.1 431 Request Header Fields Too Large"},
		{"half a body", post + "Content-Length: 100\r\n\r\n{", "HTTP/1.1 408 Request Timeout"},
		{"half a chunk", post + "Transfer-Encoding: chunked\r\n\r\n5\r\n{", "HTTP/1.1 408 Request Timeout"},
		{"a chunk that is none", post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{", "HTTP/1.1 400 Bad Request"},
		{"a body that is announced too large", post + "Content-Length: 200000\r\n\r\n", "HTTP/1.1 413 Request Entity Too Large"},
		{"a body that turns out too large", post + "Transfer-Encoding: chunked\r\n\r\n1fffe\r\n" + strings.Repeat("x", 0x1fffe), "HTTP/1.1 413 Request Entity Too Large"},
		{"a body for what has none", "GET /v2.1/servers HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n", "HTTP/1.1 408 Request Timeout"},
		{"no host", "GET /v2.1 HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request"},
		{"not HTTP", "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", "HTTP/1.1 400 Bad Request"},
		{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 300 Multiple Choices"},
		{"all servers", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 300 Multiple Choices"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := d.exchange(t, tt.sent); !strings.HasPrefix(got, tt.answer) || tt.answer == "" && got != "" {
				t.Errorf("answer %q, want %q", got, tt.answer)
			}
		})
	}
}

// A client that sends its headers byte by byte is cut off all the same, and
// one that is idle, too.
func TestSlowClients(t *testing.T) {
	d := start(t, recordedWorld(), Limits{Header: 60 * time.Millisecond, Idle: 60 * time.Millisecond})
	slow := d.dial(t)
	drip := time.NewTicker(5 * time.Millisecond)
	defer drip.Stop()
	for range drip.C {
		if _, err := slow.Write([]byte("G")); err != nil {
			break // cut off
		}
	}
	idle := d.dial(t)
	if _, err := io.WriteString(idle, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(idle); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 200") {
		t.Errorf("idle: %q, %v", answer, err)
	}
}

// A client that asks and does not read the answer holds nothing for long.
func TestUnreadAnswer(t *testing.T) {
	w := recordedWorld()
	for i := range 5000 {
		w.servers = append(w.servers, vif.Server{ID: fmt.Sprintf("%032x", i), Name: "x"})
	}
	d := start(t, w, Limits{Write: 50 * time.Millisecond})
	conn := d.dial(t)
	if _, err := io.WriteString(conn, "GET /v2.1/servers/detail HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	_ = conn.(*net.UnixConn).SetReadBuffer(1 << 10)
	// Stop waits for the handler, which can only end by giving up.
	begun := time.Now()
	if err := d.stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("held for %v", took)
	}
}

// More connections than there may be are turned away, and let in when others end.
func TestConnectionLimit(t *testing.T) {
	d := start(t, recordedWorld(), Limits{Conns: 2})
	get := "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
	var held []net.Conn
	for range 2 {
		conn := d.dial(t)
		if _, err := io.WriteString(conn, get); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "200") {
			t.Fatalf("%q, %v", line, err)
		}
		held = append(held, conn)
	}
	if got := d.exchange(t, get); got != "HTTP/1.1 503 Service Unavailable" {
		t.Errorf("third connection: %q", got)
	}
	_ = held[0].Close()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for tries := 0; !strings.Contains(d.exchange(t, get), "200"); tries++ {
		if <-again.C; tries > 5000 {
			t.Fatal("never let in again")
		}
	}
}

func TestLimiter(t *testing.T) {
	l := newLimiter(Limits{Conns: 3, PerUser: 1})
	for _, tt := range []struct {
		user string
		ok   bool
	}{{"uid 7", true}, {"uid 7", false}, {rootUser, true}, {rootUser, true}, {"uid 8", false}} {
		if got := l.take(tt.user, false); got != tt.ok {
			t.Errorf("take(%s) = %v", tt.user, got)
		}
	}
	l.give(rootUser, false)
	if !l.take("uid 8", false) {
		t.Error("nothing was given back")
	}
}

// Who comes from afar leaves room for who is on this host.
func TestLimiterAfar(t *testing.T) {
	l := newLimiter(Limits{Conns: 4, PerUser: 4})
	for i := range 3 {
		if !l.take("192.0.2.1", true) {
			t.Errorf("connection %d is too many", i+1)
		}
	}
	if l.take("192.0.2.2", true) || !l.take("uid 7", false) {
		t.Error("the last connection is not this host's")
	}
	l.give("uid 7", false)
	l.give("192.0.2.1", true)
	if !l.take("192.0.2.2", true) {
		t.Error("nothing was given back")
	}
}

// Stopping lets a detach that was accepted finish, and cancels it only when it
// takes too long. What is being attached is rolled back by its context.
func TestStop(t *testing.T) {
	for _, tt := range []struct {
		name  string
		grace time.Duration
		lets  bool // the guest lets go
		left  int
	}{
		{"guest lets go", 10 * time.Second, true, 0},
		{"guest does not", 50 * time.Millisecond, false, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := recordedWorld()
			w.plug(vm1, portA, "")
			w.stubborn = make(chan struct{})
			d := start(t, w, Limits{Grace: tt.grace})
			got := d.exchange(t, "DELETE "+interfaces1+"/"+portA+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			if got != "HTTP/1.1 202 Accepted" {
				t.Fatal(got)
			}
			if tt.lets {
				close(w.stubborn)
			}
			if err := d.stop(); err != nil {
				t.Error(err)
			}
			if len(w.attached) != tt.left {
				t.Errorf("left:\n%v", w)
			}
		})
	}
}

// A listener that fails ends Serve with its error.
func TestServeFails(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	w := &world{}
	err = New(Config{Servers: w, Attachments: w, Operations: w, Networking: w, Health: w, Answers: w, Log: quiet()}).Serve(t.Context(), l)
	if !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve = %v", err)
	}
}

// A process of another user is who its groups say.
func TestRoles(t *testing.T) {
	groups := map[uint32][]string{1: {"vifd-admin"}, 2: {"users", "vifd"}, 3: {"users"}}
	p := NewPeers("vifd-admin", "vifd")
	p.lookup = func(c syscall.Ucred) (string, []string) { return "u", groups[c.Uid] }
	for uid, role := range map[uint32]Role{0: Admin, 1: Admin, 2: Reader, 3: Nobody} {
		r, _ := http.NewRequestWithContext(context.WithValue(t.Context(), peerKey{}, syscall.Ucred{Uid: uid, Gid: 9, Pid: 1}), "GET", "/", nil)
		for range 2 { // the second is remembered
			if i, err := p.Identify(r); err != nil || i.Role != role || i.Admin != (role == Admin) {
				t.Errorf("uid %d: %+v, %v", uid, i, err)
			}
		}
	}
	r, _ := http.NewRequestWithContext(t.Context(), "GET", "/", nil)
	if i, err := p.Identify(r); err != nil || i.Role != Nobody {
		t.Errorf("without credentials: %+v, %v", i, err)
	}
}

func TestLookupPeer(t *testing.T) {
	if name, groups := lookupPeer(syscall.Ucred{Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid())}); name != "root" || len(groups) == 0 || groups[0] != "root" {
		t.Errorf("root is %s of %v", name, groups)
	}
	if name, groups := lookupPeer(syscall.Ucred{Uid: 4000000, Gid: 4000000}); name != "uid 4000000" || len(groups) != 0 {
		t.Errorf("nobody is %s of %v", name, groups)
	}
}
