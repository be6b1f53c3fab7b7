package testhost

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// CommandTimeout is how long a command in a guest may take when its context
// sets no earlier end.
const CommandTimeout = 30 * time.Second

// TimedOut is the status of a command that the guest had to kill.
const TimedOut = 124

// grace is what the guest gets beyond a command's time to say that it is over.
const grace = 5 * time.Second

// Run runs a command in the guest's shell and returns what it printed, output
// and errors in one, and its status. A command that takes too long is killed
// and has the status TimedOut. The error is for a guest that does not answer.
//
// Any number may call Run at once, from any process; the commands run in turn.
func (g *Running) Run(ctx context.Context, command string) (out string, status int, err error) {
	limit := CommandTimeout
	if end, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(end))
	}
	return g.RunFor(ctx, limit, command)
}

// RunFor is Run with a time for the command, in whole seconds and at least one.
// The wait for others' commands to end does not count.
func (g *Running) RunFor(ctx context.Context, limit time.Duration, command string) (string, int, error) {
	unlock, err := g.lock(ctx)
	if err != nil {
		return "", 0, fmt.Errorf("guest %s: %w", g.Name, err)
	}
	defer unlock()
	ctx, cancel := context.WithTimeout(ctx, limit+grace)
	defer cancel()
	out, status, err := g.ask(ctx, max(1, int(limit.Seconds())), command)
	if err != nil {
		return "", 0, fmt.Errorf("guest %s does not answer: %w", g.Name, err)
	}
	return out, status, nil
}

// ask writes "ID SECONDS BASE64" and waits for "ID STATUS BASE64". What
// somebody else left half-written or unread does not match, and is passed over.
func (g *Running) ask(ctx context.Context, seconds int, command string) (string, int, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", g.host.path("guests", g.Name+".sock"))
	if err != nil {
		return "", 0, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	id := rand.Text()
	encoded := base64.StdEncoding.EncodeToString([]byte(command + "\n"))
	if _, err := fmt.Fprintf(conn, "\n%s %d %s\n", id, seconds, encoded); err != nil {
		return "", 0, errors.Join(context.Cause(ctx), err)
	}
	r := bufio.NewReader(conn)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return "", 0, errors.Join(context.Cause(ctx), err)
		}
		if rest, ok := strings.CutPrefix(line, id+" "); ok {
			return parseAnswer(rest)
		}
	}
}

func parseAnswer(line string) (string, int, error) {
	number, encoded, _ := strings.Cut(strings.TrimSpace(line), " ")
	status, err := strconv.Atoi(number)
	if err != nil {
		return "", 0, fmt.Errorf("answer %q: %w", line, err)
	}
	out, err := base64.StdEncoding.DecodeString(encoded)
	return string(out), status, err
}

// lock takes the guest's shell for us alone. A process that dies lets go.
func (g *Running) lock(ctx context.Context) (unlock func(), err error) {
	f, err := os.OpenFile(g.host.path("guests", g.Name+".lock"), os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, err
	}
	err = until(ctx, func(context.Context) error {
		return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	})
	if err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}
