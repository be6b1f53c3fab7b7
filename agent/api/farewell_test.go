package api

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Who sends late what they wanted, and was turned away by then, finds no broken
// pipe but the answer.
func TestTurnedAwayAndLate(t *testing.T) {
	d := start(t, recordedWorld(), Limits{Conns: 1})
	full(t, d)
	conn := d.dial(t)
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 503") || !strings.Contains(string(answer), "\r\nRetry-After: ") {
		t.Errorf("answered %q, %v", answer, err)
	}
	if _, err := io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Errorf("what was sent late: %v", err)
	}
}

// Who is slow to ask is answered after that, and not before.
func TestTurnedAwayWhenAsked(t *testing.T) {
	var f farewells
	p := pair(t)
	f.say(p.ours, false)
	_ = p.theirs.SetReadDeadline(time.Now().Add(farewellAsked / 5))
	if n, err := p.theirs.Read(make([]byte, 1)); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("answered before it has asked: %d, %v", n, err)
	}
	_ = p.theirs.SetReadDeadline(time.Now().Add(farewellTime))
	_, _ = io.WriteString(p.theirs, "GET / HTTP/1.1\r\n\r\n")
	if answer, err := io.ReadAll(p.theirs); err != nil || string(answer) != busy {
		t.Errorf("answered %q, %v", answer, err)
	}
	p.theirs.Close()
	f.Wait()
}

// Of those who are turned away and stay, only some are waited for, and not long.
func TestTurnedAwayAndStaying(t *testing.T) {
	d := start(t, recordedWorld(), Limits{Conns: 1})
	full(t, d)
	var stay []net.Conn
	for range maxFarewells + 8 {
		conn := d.dial(t)
		if _, err := io.ReadAll(conn); err != nil {
			t.Fatal(err)
		}
		stay = append(stay, conn)
	}
	if heard := d.farewells.many.Load(); heard > maxFarewells {
		t.Errorf("%d are waited for, and may be %d", heard, maxFarewells)
	}
	begun := time.Now()
	d.farewells.Wait()
	if took := time.Since(begun); took > 10*farewellTime {
		t.Errorf("they are waited for %v", took)
	}
	for i, conn := range stay {
		if _, err := io.WriteString(conn, "x"); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("connection %d is open: %v", i, err)
		}
	}
}

// Where there are no files left, one is waited for, and shortly.
func TestFarewellWithoutFiles(t *testing.T) {
	var f farewells
	first, second := pair(t), pair(t)
	f.say(first.ours, true)
	f.say(second.ours, true)
	if _, err := io.WriteString(second.theirs, "x"); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("the second is waited for, too: %v", err)
	}
	begun := time.Now()
	f.Wait()
	if took := time.Since(begun); took >= farewellTime {
		t.Errorf("the first is waited for %v", took)
	}
}

// full holds all of d's connections until the end of the test.
func full(t *testing.T, d *daemon) {
	t.Helper()
	for range d.Limits.Conns {
		conn := d.dial(t)
		if _, err := io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
}

type ends struct{ ours, theirs net.Conn }

// pair returns the two ends of a connection.
func pair(t *testing.T) ends {
	t.Helper()
	l, err := net.Listen("unix", t.TempDir()+"/s")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	theirs, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	ours, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = theirs.Close(), ours.Close() })
	return ends{ours, theirs}
}
