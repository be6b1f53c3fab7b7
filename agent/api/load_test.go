package api

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"vifd/vif"
)

func TestLoad(t *testing.T) {
	l := load{most: 10}
	for _, tt := range []struct {
		take, give int
		ok         bool
	}{{take: 6, ok: true}, {take: 5}, {take: 4, ok: true}, {give: 10}, {take: 20, ok: true}, {take: 1}, {give: 20}, {take: 1, ok: true}} {
		l.give(tt.give)
		if tt.take > 0 && l.take(tt.take) != tt.ok {
			t.Errorf("take(%d) = %t with %d taken", tt.take, !tt.ok, l.bytes)
		}
	}
}

// Where too many large bodies are on their way, another is not taken; small ones
// are, and large ones again when the others have come to an end.
func TestTooManyBodies(t *testing.T) {
	d := start(t, recordedWorld(), Limits{})
	post := func(size int) string {
		return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n", interfaces1, size)
	}
	var others []net.Conn
	for range maxBodies / maxBody {
		conn := d.dial(t)
		if _, err := io.WriteString(conn, post(maxBody)+strings.Repeat(" ", 2*largeBody)); err != nil {
			t.Fatal(err)
		}
		others = append(others, conn)
	}
	waitFor(t, func() bool { return d.bodies.now() == len(others)*maxBody })
	large := post(maxBody) + strings.Repeat(" ", maxBody)
	conn := d.dial(t)
	if _, err := io.WriteString(conn, large); err != nil {
		t.Error(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 503") || !strings.Contains(string(answer), "\r\nRetry-After: 1\r\n") {
		t.Errorf("one more large body: %.200q, %v", answer, err)
	}
	if got := d.exchange(t, post(2)+"{}"); !strings.HasPrefix(got, "HTTP/1.1 4") {
		t.Errorf("a small body: %s", got)
	}
	for _, conn := range others {
		_ = conn.Close()
	}
	waitFor(t, func() bool { return d.bodies.now() == 0 })
	if got := d.exchange(t, large); got != "HTTP/1.1 400 Bad Request" {
		t.Errorf("when the others have ended: %s", got)
	}
}

// Where too many large answers are on their way, another is not sent.
func TestTooManyAnswers(t *testing.T) {
	w := recordedWorld()
	for i := range 5000 {
		w.servers = append(w.servers, vif.Server{ID: fmt.Sprintf("%032x", i), Name: strings.Repeat("x", 200)})
	}
	d := start(t, w, Limits{})
	d.answers.most = 1 << 20 // no answer here is smaller
	list := "GET /v2.1/servers/detail HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	slow := d.dial(t)
	if _, err := io.WriteString(slow, list); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return d.answers.now() > 0 })
	conn := d.dial(t)
	if _, err := io.WriteString(conn, list); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || answer.StatusCode != 503 || answer.Header.Get("Retry-After") == "" {
		t.Errorf("one more: %+v, %v", answer, err)
	}
	if got := d.exchange(t, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"); got != "HTTP/1.1 200 OK" {
		t.Errorf("a small answer: %s", got)
	}
	if _, err := io.Copy(io.Discard, slow); err != nil {
		t.Error(err)
	}
	waitFor(t, func() bool { return d.answers.now() == 0 })
	if got := d.exchange(t, list); got != "HTTP/1.1 200 OK" {
		t.Errorf("when it was taken: %s", got)
	}
}

// Large bodies are decoded one at a time, and small ones beside them.
func TestLargeInTurn(t *testing.T) {
	d := start(t, recordedWorld(), Limits{Body: 100 * time.Millisecond})
	end, err := d.compute(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	post := func(body string) string {
		return d.exchange(t, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", interfaces1, len(body), body))
	}
	if got := post("{" + strings.Repeat(" ", largeBody)); got != "HTTP/1.1 503 Service Unavailable" {
		t.Errorf("a large one, while another does not end: %s", got)
	}
	if got := post("{"); got != "HTTP/1.1 400 Bad Request" {
		t.Errorf("a small one: %s", got)
	}
	end()
	if got := post("{" + strings.Repeat(" ", largeBody)); got != "HTTP/1.1 400 Bad Request" {
		t.Errorf("a large one, when the other has ended: %s", got)
	}
}

func (l *load) now() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bytes
}

// waitFor returns when f is true.
func waitFor(t *testing.T, f func() bool) {
	t.Helper()
	tick, end := time.NewTicker(time.Millisecond), time.After(20*time.Second)
	defer tick.Stop()
	for !f() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatal("not within 20 s")
		}
	}
}
