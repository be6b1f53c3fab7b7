package api

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Turns are given one after the other, at once where nobody is before one, and
// not at all where it would take too long.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p pace
		begin := time.Now()
		for i, tt := range []struct {
			turn, after time.Duration
			err         error
		}{
			{10 * time.Millisecond, 0, nil}, {5 * time.Millisecond, 10 * time.Millisecond, nil}, {2 * time.Second, 15 * time.Millisecond, nil},
			{time.Millisecond, 15 * time.Millisecond, errPace},
		} {
			if err := p.wait(t.Context(), tt.turn, time.Second); err != tt.err || time.Since(begin) != tt.after {
				t.Errorf("turn %d: %v after %v, want %v after %v", i, err, time.Since(begin), tt.err, tt.after)
			}
		}
		time.Sleep(2 * time.Second) // of the bubble's clock
		if err := p.wait(t.Context(), time.Minute, time.Second); err != nil {
			t.Errorf("when all have had their turns: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := p.wait(ctx, 0, time.Hour); err != errPace || time.Since(begin) > 4*time.Second {
			t.Errorf("who has gone waits: %v after %v", err, time.Since(begin))
		}
	})
}

func TestPipelined(t *testing.T) {
	const get, post = "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "POST /v1/x HTTP/1.1\r\nCONTENT-LENGTH: 4\r\n\r\n"
	for sent, want := range map[string]bool{
		get: false, get + get: true, get + "G": true, get[1:] + get: true, post + "{ }\n": false, get[:9]: false, "": false,
		"{\r\n\r\n}": false, "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n": false, "GET / HTTP/1.1\r\n\r\n" + get: true,
	} {
		if got := pipelined([]byte(sent)); got != want {
			t.Errorf("%q: %t", sent, got)
		}
	}
}

// Who sends many requests without waiting for answers is answered one at a time,
// and who waits, at once.
func TestEager(t *testing.T) {
	d := start(t, recordedWorld(), Limits{})
	const many, one = 5, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
	conn := d.dial(t)
	begin := time.Now()
	if _, err := io.WriteString(conn, strings.Repeat(one, many)); err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewReader(conn)
	for range many {
		r, err := http.ReadResponse(answers, nil)
		if err != nil || r.StatusCode != 200 {
			t.Fatal(r, err)
		}
		_, _ = io.Copy(io.Discard, r.Body)
	}
	if took := time.Since(begin); took < (many-1)*rudeTime {
		t.Errorf("%d requests at once are answered within %v", many, took)
	}
	d.rude.queue(time.Minute, time.Minute)
	if got := d.exchange(t, strings.Replace(one, "\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1)); got != "HTTP/1.1 200 OK" {
		t.Errorf("who waits is answered %s", got)
	}
	if _, err := io.WriteString(d.dial(t), one); err != nil {
		t.Error(err)
	}
	conn = d.dial(t)
	if _, err := io.WriteString(conn, one+one); err != nil {
		t.Fatal(err)
	}
	if r, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || r.StatusCode != 503 {
		t.Errorf("where too many wait: %v, %v", r, err)
	}
}

// So is who sends bodies that break off, and comes again and again.
func TestBrokenBodiesTakeTurns(t *testing.T) {
	d := start(t, recordedWorld(), Limits{})
	begin := time.Now()
	for range 4 {
		if got := d.exchange(t, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n"); got != "HTTP/1.1 400 Bad Request" {
			t.Errorf("answered %s", got)
		}
	}
	if took := time.Since(begin); took < 3*rudeTime {
		t.Errorf("4 broken bodies are answered within %v", took)
	}
}

// Large bodies have their turns by their size.
func TestLargeBodiesTakeTurns(t *testing.T) {
	d := start(t, recordedWorld(), Limits{})
	body := `"` + strings.Repeat("x", 64<<10) + `"`
	post := fmt.Sprintf("POST /v1/attachments:batch HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	begin := time.Now()
	for range 4 {
		conn := d.dial(t)
		if _, err := io.WriteString(conn, post); err != nil {
			t.Fatal(err)
		}
		_ = conn.(*net.UnixConn).CloseWrite() // which is not to have gone
		if got, err := bufio.NewReader(conn).ReadString('\n'); got != "HTTP/1.1 400 Bad Request\r\n" {
			t.Errorf("answered %s, %v", got, err)
		}
	}
	if took := time.Since(begin); took < 3*64*largeTime {
		t.Errorf("4 bodies of 64 KiB are taken within %v", took)
	}
}
