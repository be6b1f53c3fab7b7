package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"vifd/test/wait"
)

// enough is the memory that vifd has to do with here, in bytes.
const enough = 128 << 20

// With little memory and many who send much at once, vifd tells some to come back
// and goes on, and then attaches as ever.
func TestMemoryLimit(t *testing.T) {
	clean(t)
	confined(t, enough)
	pid := host.Vifd.Pid()
	before := open(t)
	conns := crowded(t, 400)
	answers := map[string]int{}
	for range 3 {
		for status, n := range sendAll(t, conns) {
			answers[status] += n
		}
		for _, c := range conns {
			c.Close()
		}
		conns = crowded(t, 400)
	}
	for _, c := range conns {
		c.Close()
	}
	t.Logf("answered %v", answers)
	if host.Vifd.Pid() != pid || !host.Vifd.Running() {
		t.Fatal("vifd died")
	}
	if answers["503"] == 0 || answers["400"] == 0 || answers[""] > 0 {
		t.Errorf("answered %v, want both 400 and 503 with Retry-After, and no silence", answers)
	}
	takeOut(t, host.Guest("g1"), servesAgain(t, host.Guest("g1")).Port)
	wait.Until(t, patience, func() string {
		if now := open(t); now > before+2 {
			return fmt.Sprintf("%d files are open, and were %d", now, before)
		}
		return ""
	})
}

// confined restarts vifd in a control group with so much memory, until the end of
// the test.
func confined(t *testing.T, bytes int) {
	t.Helper()
	root, limit := t.TempDir(), "memory.limit_in_bytes"
	if _, ok := run("mount -t cgroup -o memory vifd " + root); !ok {
		limit = "memory.max"
		sh(t, "mount -t cgroup2 vifd "+root)
	}
	t.Cleanup(func() { sh(t, "umount "+root) })
	group := filepath.Join(root, "vifd-test")
	if err := os.MkdirAll(group, 0o755); err != nil {
		t.Fatal(err)
	}
	own := sh(t, "awk -F: '/:memory:|^0::/ {print $3; exit}' /proc/self/cgroup")
	enter := func(group string) {
		if err := os.WriteFile(filepath.Join(group, "cgroup.procs"), fmt.Append(nil, os.Getpid()), 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(group, limit), fmt.Append(nil, bytes), 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		restartVifd(t)
		wait.Until(t, patience, func() string {
			if err := os.Remove(group); err != nil {
				return err.Error()
			}
			return ""
		})
	})
	enter(group)
	restartVifd(t)
	enter(filepath.Join(root, own))
}

// large is a body that is large, right in form, and asks for nothing that there is.
var large = `{"attachments": [` + strings.Repeat(`{},`, 1000) + `{}]` + strings.Repeat(" ", 105_000) + `}`

// crowded returns so many connections, all but the last byte of a large request
// sent by each.
func crowded(t *testing.T, many int) (conns []net.Conn) {
	t.Helper()
	request := fmt.Sprintf("POST /v1/attachments:batch HTTP/1.1\r\nHost: vifd\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(large), large)
	for range many {
		c, err := net.Dial("unix", host.Socket)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(patience))
		conns = append(conns, c)
	}
	var all sync.WaitGroup
	for _, c := range conns {
		all.Go(func() { _, _ = io.WriteString(c, request[:len(request)-1]) })
	}
	all.Wait()
	return conns
}

// sendAll sends the last byte by each connection, and counts the answers by their
// status: "" is for none, and for a 503 that does not say when to come back.
func sendAll(t *testing.T, conns []net.Conn) map[string]int {
	t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex
	answers := map[string]int{}
	for _, c := range conns {
		all.Go(func() {
			_, _ = io.WriteString(c, "}")
			status := ""
			if got, err := http.ReadResponse(bufio.NewReader(c), nil); err == nil && (got.StatusCode != 503 || got.Header.Get("Retry-After") != "") {
				status = got.Status[:3]
			}
			mu.Lock()
			defer mu.Unlock()
			answers[status]++
		})
	}
	all.Wait()
	return answers
}

// However many files are left to vifd when it is asked for a NIC, it makes it or
// says 503, and leaves nothing.
func TestFilesRunOutInAnAttach(t *testing.T) {
	clean(t)
	g, pid := host.Guest("g1"), host.Vifd.Pid()
	was := sh(t, fmt.Sprintf("prlimit --pid %d --nofile --noheadings --output SOFT", pid))
	limit := func(n string) { sh(t, fmt.Sprintf("prlimit --pid %d --nofile=%s:", pid, n)) }
	t.Cleanup(func() { limit(was) })
	answers := map[int]int{}
	body := expand(t, `{"interfaceAttachment": `+blue+`}`)
	for spare := -10; spare < 4; spare += 2 { // numbers of files below the highest may be free
		limit(fmt.Sprint(open(t) + spare))
		a, err := send(within(t, 2*patience), "POST", interfaces(g), body, shown)
		limit(was)
		if err != nil || a.Status != 200 && (a.Status != 503 || a.Header.Get("Retry-After") == "") {
			t.Errorf("with %d files left: %+v, %v", spare, a, err)
		}
		answers[a.Status]++
		if a.Status == 200 {
			takeOut(t, g, nicOf(t, a).Port)
		}
		if left := wait.For(settle, leftovers); left != "" {
			t.Fatalf("with %d files left:\n%s", spare, left)
		}
	}
	if answers[200] == 0 || answers[503] == 0 {
		t.Errorf("answered %v, want both", answers)
	}
	takeOut(t, g, servesAgain(t, g).Port)
}
