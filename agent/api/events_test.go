package api

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vifd/agent/api/client"
	"vifd/vif"
)

// streamOf returns what a caller is sent until there is nothing more to tell.
func streamOf(t *testing.T, who Identity, h *history, query string, headers ...string) (status int, text string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		a := serve(t, recordedWorld(), who)
		a.Config.Events = h
		h.next = make(chan struct{}) // of this bubble
		ctx, cancel := context.WithCancel(t.Context())
		r := httptest.NewRequestWithContext(ctx, "GET", "/v1/events"+query, nil)
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		done := make(chan struct{})
		go func() { defer close(done); a.ServeHTTP(w, r) }()
		synctest.Wait()
		cancel()
		<-done
		status, text = w.Code, w.Body.String()
	})
	return status, text
}

// brief returns an event as the stream has it, with what identifies it.
func brief(id int, port string) string {
	return fmt.Sprintf("id: %d\nevent: port.state\ndata: {\"id\": %d, \"at\": \"1970-01-01T00:00:00Z\", "+
		`"event": "port.state", "server": "%s", "port": "%s", "project": "%s", "state": "ACTIVE"}`+"\n\n", id, id, vm1, port, project)
}

func TestFollowEvents(t *testing.T) {
	mine, others := identities["member"], identities["other"]
	mine.Project, others.Project = project, "somebody-elses"
	begin := func(id int) string { return fmt.Sprintf("retry: 1000\nid: %d\n\n", id) }
	for _, tt := range []struct {
		name    string
		who     Identity
		query   string
		headers []string
		want    string
	}{
		{"from now", mine, "", nil, begin(9)},
		{"since", mine, "?since=8", nil, begin(8) + brief(9, portA)},
		{"all that are kept", mine, "?since=0", nil, begin(0) + brief(7, portA) + brief(8, portB) + brief(9, portA)},
		{"from where it was", mine, "?since=0", []string{"Last-Event-ID", "7"}, begin(7) + brief(8, portB) + brief(9, portA)},
		{"one port", mine, "?since=6&port=" + strings.ToUpper(portB), nil, begin(6) + brief(8, portB)},
		{"one server", mine, "?since=8&server=vm1", nil, begin(8) + brief(9, portA)},
		{"another server", mine, "?since=6&server=" + vm2, nil, begin(6)},
		{"another project", others, "?since=6", nil, begin(6)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, got := streamOf(t, tt.who, newHistory(6, portA, portB, portA), tt.query, tt.headers...)
			if status != 200 || got != tt.want {
				t.Errorf("%d\n%s\nwant\n%s", status, got, tt.want)
			}
		})
	}
}

// Who asks for what is lost, or never was, is told to list afresh, and goes on
// with what comes.
func TestEventsLost(t *testing.T) {
	for _, since := range []string{"5", "10"} {
		_, got := streamOf(t, identities["admin"], newHistory(6, portA, portB, portA), "?since="+since)
		want := "retry: 1000\nid: " + since + "\n\nid: 9\nevent: reset\ndata: {\"id\": 9, "
		if !strings.HasPrefix(got, want) || strings.Contains(got, portA) {
			t.Errorf("since %s: %s", since, got)
		}
	}
}

func TestEventsRefused(t *testing.T) {
	for query, want := range map[string]string{
		"?since=x":  "'x' is not the ID of an event",
		"?since=-1": "'-1' is not the ID",
		"?server=z": "there is no server with the ID or the name 'z'",
		"?port=z":   "there is no port with the ID or the name 'z'",
	} {
		if status, got := streamOf(t, identities["admin"], newHistory(0), query); status/100 != 4 || !strings.Contains(got, want) {
			t.Errorf("%s: %d %s", query, status, got)
		}
	}
	h := newHistory(0)
	h.fail = vif.Unavailable.Because("no store")
	if status, got := streamOf(t, identities["admin"], h, "?since=1"); status != 503 || !strings.Contains(got, "no store") {
		t.Errorf("%d %s", status, got)
	}
}

// More streams than there may be are turned away, until one ends.
func TestStreamsAreBounded(t *testing.T) {
	a := serve(t, recordedWorld(), identities["admin"])
	a.Config.Events, a.streams = newHistory(0), newStreams(1)
	if !a.streams.enter() {
		t.Fatal("the first is turned away")
	}
	want(t, ask(a, "GET", "/v1/events", ""), 503, "clients follow the events already")
	a.streams.leave()
	a.streams.end()
	want(t, ask(a, "GET", "/v1/events", ""), 200, "")
}

// While nothing happens a stream shows that it lives, and where it is.
func TestHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHistory(0)
		sent := make(chan string, 10)
		s := &eventStream{
			Events: h, wanted: func(e vif.Event) bool { return e.Port == portA }, beat: 15 * time.Second,
			send: func(text []byte) error { sent <- string(text); return nil }, still: func() error { return nil },
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.run(ctx) }()
		<-sent
		begun := time.Now()
		h.happens(vif.Event{Port: portB})
		if got := <-sent; got != ": alive\nid: 1\n\n" || time.Since(begun) != 15*time.Second {
			t.Errorf("after %v: %q", time.Since(begun), got)
		}
		h.happens(vif.Event{Port: portA})
		if got := <-sent; !strings.HasPrefix(got, "id: 2\n") || time.Since(begun) != 15*time.Second {
			t.Errorf("after %v: %q", time.Since(begun), got)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// A client that does not read is dropped, and one that goes away is forgotten,
// while others go on; and no stream keeps vifd from stopping.
func TestSlowReader(t *testing.T) {
	h := newHistory(0)
	d := start(t, recordedWorld(), Limits{Write: 50 * time.Millisecond, Heartbeat: 20 * time.Millisecond, Streams: 1, Grace: time.Minute})
	d.Config.Events = h
	slow := d.dial(t)
	if _, err := io.WriteString(slow, "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := slow.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	for range 5000 {
		h.happens(vif.Event{Kind: vif.PortState, Reason: strings.Repeat("x", 1000)})
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	var next *bufio.Reader
	for tries := 0; next == nil; tries++ {
		conn := d.dial(t)
		_, _ = io.WriteString(conn, "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n") // the answer says it
		next = bufio.NewReader(conn)
		if line, err := next.ReadString('\n'); err != nil || !strings.Contains(line, "200") {
			next = nil
			_ = conn.Close()
		}
		if <-tick.C; tries > 2000 {
			t.Fatal("the slow reader was never dropped")
		}
	}
	for beats := 0; beats < 10; {
		line, err := next.ReadString('\n')
		if err != nil {
			t.Fatalf("who reads is cut off after %d signs of life: %v", beats, err)
		}
		if strings.HasPrefix(line, ": alive") {
			beats++
		}
	}
	go io.Copy(io.Discard, next)
	begun := time.Now()
	if err := d.stop(); err != nil || time.Since(begun) > 10*time.Second {
		t.Errorf("stopped after %v: %v", time.Since(begun), err)
	}
}

// Follow takes a broken stream up where it was, and tells each event once.
func TestFollow(t *testing.T) {
	h := newHistory(0, portA, portB)
	a := serve(t, recordedWorld(), identities["admin"])
	a.Config.Events = h
	server := httptest.NewServer(a)
	defer server.Close()
	defer a.streams.end()
	asked, err := client.New(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer asked.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var seen []int64
	lost := 0
	err = asked.Follow(ctx, client.Followed{
		Since: "0", Lost: func(error) { lost++ },
		Event: func(e vif.Event) error {
			seen = append(seen, e.ID)
			switch e.ID {
			case 2:
				server.CloseClientConnections()
				h.happens(vif.Event{Port: portC})
			case 3:
				return errEnough
			}
			return nil
		},
	})
	if !errors.Is(err, errEnough) || fmt.Sprint(seen) != "[1 2 3]" || lost == 0 {
		t.Errorf("saw %v, lost %d: %v", seen, lost, err)
	}
}

var errEnough = errors.New("enough")
