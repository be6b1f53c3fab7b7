package e2e

import (
	"bufio"
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"vifd/test/testhost"
)

// A capture is what arrives at a peer from others, a line a packet.
type capture struct {
	mu    sync.Mutex
	lines []string
}

// listen returns what arrives at the peer from now on.
func listen(t *testing.T, p *testhost.Peer) *capture {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := p.Command(ctx, "tcpdump", "-i", "eth0", "-n", "-e", "-l", "-Q", "in")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	ready, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for s := bufio.NewScanner(ready); s.Scan() && !strings.Contains(s.Text(), "listening on"); {
	}
	c := &capture{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.read(bufio.NewScanner(out), cmd)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return c
}

func (c *capture) read(s *bufio.Scanner, cmd *exec.Cmd) {
	for s.Scan() {
		c.mu.Lock()
		c.lines = append(c.lines, s.Text())
		c.mu.Unlock()
	}
	_ = cmd.Wait() // it was killed
}

// lacks returns "" when a packet has been heard whose line has all the words, or
// what is missing.
func (c *capture) lacks(words ...string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, line := range c.lines {
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) {
			return ""
		}
	}
	return fmt.Sprintf("%s was not heard in %d packets, the last of which are\n%s", strings.Join(words, " … "),
		len(c.lines), strings.Join(c.lines[max(0, len(c.lines)-5):], "\n"))
}

func (c *capture) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.lines, "\n")
}
