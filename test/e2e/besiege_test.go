package e2e

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vifd/test/testhost"
)

// An act is what a hostile client does once. What vifd does wrong meanwhile it
// says; it ends when end is closed.
type act func(say func(format string, args ...any), end <-chan struct{})

// hostile are clients that want to hurt. Each comes over and over, many at once,
// while others go about their business.
var hostile = []struct {
	name string
	many int
	does act
}{
	{"slowloris", 100, trickle(bySocket)},
	{"half closed", 20, halfClose},
	{"a crowd", 1000, hold},
	{"10 MB of headers", 4, pour("GET / HTTP/1.1\r\nHost: vifd\r\n", "X-Much: "+strings.Repeat("x", 1000)+"\r\n", 10<<20)},
	{"a body that does not end", 8, pour("POST /v1/attachments HTTP/1.1\r\nHost: vifd\r\nTransfer-Encoding: chunked\r\n\r\n", "3e8\r\n"+strings.Repeat(" ", 1000)+"\r\n", 10<<20)},
	{"chunk sizes", 8, sayAll(
		"ffffffffffffffffffff\r\n", "-1\r\n", "0x5\r\nhello\r\n", "5;"+strings.Repeat("e", 5000)+"\r\nhello\r\n", "5\nhello", "5\r\nhelloX\r\n0\r\n\r\n")},
	{"deep JSON", 8, sayBodies(strings.Repeat("[", 100_000), strings.Repeat(`{"a":`, 20_000), `{"interfaceAttachment": `+strings.Repeat("[", 50_000)+strings.Repeat("]", 50_000)+`}`)},
	{"large JSON", 4, sayBodies(`{"attachments": [`+strings.Repeat(`{},`, 37_000)+`{}]}`, `{`+strings.Repeat(`"a":0,`, 18_000)+`"b":1}`, `"`+strings.Repeat(`\u0000`, 19_000)+`"`)},
	{"pipelining", 8, pipeline},
	{"TLS handshake", 100, trickle(byTCP)},
	{"TLS slowloris", 100, trickle(byTLS)},
}

// besiegeKey names to a process of the tests which of the hostile clients it is.
const besiegeKey = "VIFD_BESIEGE"

// besieged does what it is to do while many clients do what they do, and returns
// how often they came. They are a process of their own that has the CPU which vifd,
// and whoever asks it, leave: those of a real siege have another machine's.
func besieged(t *testing.T, name string, meanwhile func()) (came int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "chrt", "--idle", "0", self)
	cmd.Env = append(os.Environ(), besiegeKey+"="+name, "VIFD_SOCKET="+host.Socket)
	cmd.Stderr = os.Stderr
	end, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewScanner(out)
	said.Scan() // they are all there
	meanwhile()
	_ = end.Close()
	for said.Scan() {
		if _, err := fmt.Sscanf(said.Text(), "came %d", &came); err != nil {
			t.Error(said.Text())
		}
	}
	if err := cmd.Wait(); err != nil || came == 0 {
		t.Errorf("the siege has ended with %v, and they came %d times", err, came)
	}
	return came
}

// besiege is what the process of the hostile clients does until its stdin ends.
func besiege(name string) int {
	host = testhost.Here()
	end := make(chan struct{})
	go func() { _, _ = io.Copy(io.Discard, os.Stdin); close(end) }()
	for _, h := range hostile {
		if h.name == name {
			fmt.Printf("came %d\n", throng(h.many, h.does, end))
			return 0
		}
	}
	return 2
}

// throng has many clients do what they do, over and over, and returns how often
// they did. It says so when each of them is at it.
func throng(many int, does act, end <-chan struct{}) int64 {
	var came atomic.Int64
	var said sync.Map // each complaint once
	say := func(format string, args ...any) {
		if _, before := said.LoadOrStore(format, true); !before {
			fmt.Printf(format+"\n", args...)
		}
	}
	var wg sync.WaitGroup
	for range many {
		wg.Go(func() {
			for {
				select {
				case <-end:
					return
				default:
				}
				if came.Add(1) == int64(many) {
					fmt.Println("begun")
				}
				does(say, end)
			}
		})
	}
	wg.Wait()
	return came.Load()
}

func bySocket() (net.Conn, error) { return net.Dial("unix", host.Socket) }

func byTCP() (net.Conn, error) { return net.Dial("tcp", strings.TrimPrefix(door, "https://")) }

// byTLS does not ask whom it has come to.
func byTLS() (net.Conn, error) {
	return tls.Dial("tcp", strings.TrimPrefix(door, "https://"), &tls.Config{InsecureSkipVerify: true})
}

// knock opens a connection that is closed when the siege ends, or after f.
func knock(end <-chan struct{}, f func(net.Conn)) { knockBy(bySocket, end, f) }

func knockBy(way func() (net.Conn, error), end <-chan struct{}, f func(net.Conn)) {
	c, err := way()
	if err != nil {
		select { // vifd has no room, which is its right
		case <-end:
		case <-time.After(10 * time.Millisecond):
		}
		return
	}
	done := make(chan struct{})
	go func() {
		select {
		case <-end:
		case <-done:
		}
		c.Close()
	}()
	f(c)
	close(done)
}

// trickle returns what comes that way and sends a header a byte at a time.
func trickle(way func() (net.Conn, error)) act {
	return func(_ func(string, ...any), end <-chan struct{}) {
		knockBy(way, end, func(c net.Conn) {
			tick := time.NewTicker(50 * time.Millisecond)
			defer tick.Stop()
			for range tick.C {
				if _, err := io.WriteString(c, "G"); err != nil {
					return
				}
			}
		})
	}
}

// halfClose sends half a request and says that it has no more.
func halfClose(_ func(string, ...any), end <-chan struct{}) {
	knock(end, func(c net.Conn) {
		_, _ = io.WriteString(c, "POST /v1/attachments HTTP/1.1\r\nHost: vifd\r\nContent-Length: 100\r\n\r\n{")
		_ = c.(*net.UnixConn).CloseWrite()
		_, _ = io.Copy(io.Discard, c)
	})
}

// hold takes a connection and says nothing, until it is let go of.
func hold(_ func(string, ...any), end <-chan struct{}) {
	knock(end, func(c net.Conn) {
		_, _ = io.Copy(io.Discard, c)
		<-end
	})
}

// pour returns what sends a beginning, and then the same until it has sent so much.
func pour(begin, again string, much int) act {
	return func(_ func(string, ...any), end <-chan struct{}) {
		knock(end, func(c net.Conn) {
			go func() { _, _ = io.Copy(io.Discard, c) }()
			_, err := io.WriteString(c, begin)
			for sent := 0; sent < much && err == nil; sent += len(again) {
				_, err = io.WriteString(c, again)
			}
		})
	}
}

// sayAll returns what sends each of the bodies as chunks, and wants no success.
func sayAll(chunks ...string) act {
	return func(say func(string, ...any), end <-chan struct{}) {
		for _, chunk := range chunks {
			faulted(say, end, "POST /v1/attachments HTTP/1.1\r\nHost: vifd\r\nTransfer-Encoding: chunked\r\n\r\n"+chunk)
		}
	}
}

// sayBodies returns what sends each of the bodies, and wants no success.
func sayBodies(bodies ...string) act {
	return func(say func(string, ...any), end <-chan struct{}) {
		for _, body := range bodies {
			faulted(say, end, fmt.Sprintf("POST /v1/attachments:batch HTTP/1.1\r\nHost: vifd\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
		}
	}
}

// faulted sends a request, and wants an answer that it is the client's fault,
// unless the siege ends.
func faulted(say func(string, ...any), end <-chan struct{}, request string) {
	knock(end, func(c net.Conn) {
		_, _ = io.WriteString(c, request)
		_ = c.(*net.UnixConn).CloseWrite()
		line, err := bufio.NewReader(c).ReadString('\n')
		select {
		case <-end:
			return
		default:
		}
		if err == nil && !strings.HasPrefix(line, "HTTP/1.1 4") && !strings.HasPrefix(line, "HTTP/1.1 503") {
			say("%.200q was answered %q", request, line)
		}
	})
}

// pipeline sends many requests at once, and reads some of the answers.
func pipeline(_ func(string, ...any), end <-chan struct{}) {
	knock(end, func(c net.Conn) {
		_, _ = io.WriteString(c, strings.Repeat("GET /v2.1/servers/detail HTTP/1.1\r\nHost: vifd\r\n\r\n", 100))
		_, _ = io.CopyN(io.Discard, c, 4<<10)
	})
}
