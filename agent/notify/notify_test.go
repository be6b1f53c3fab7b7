package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vifd/vif"
)

// A box is an Outbox in memory.
type box struct {
	mu   sync.Mutex
	list []vif.Notice
	made int64
	next chan struct{}
	fail error // what Done answers
}

func newBox() *box { return &box{next: make(chan struct{})} }

// put adds notices of these ports, "completed" unless the port ends with "!".
func (b *box) put(ports ...string) *box {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range ports {
		b.made++
		status := map[bool]string{true: "failed", false: "completed"}[strings.HasSuffix(p, "!")]
		b.list = append(b.list, vif.Notice{ID: b.made, Server: "vm", Port: p, Name: "network-vif-plugged", Status: status})
	}
	close(b.next)
	b.next = make(chan struct{})
	return b
}

func (b *box) Waiting(_ context.Context, most int, without func(string) bool) (list []vif.Notice, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, n := range b.list {
		if len(list) < most && !without(n.Port) && !slices.ContainsFunc(list, func(o vif.Notice) bool { return o.Port == n.Port }) {
			list = append(list, n)
		}
	}
	return list, nil
}

func (b *box) Done(_ context.Context, told []vif.Notice) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		err := b.fail
		b.fail = nil
		return err
	}
	b.list = slices.DeleteFunc(b.list, func(n vif.Notice) bool { return slices.Contains(told, n) })
	return nil
}

func (b *box) Count(context.Context) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.list), nil
}

func (b *box) Eventful() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.next
}

func (b *box) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return ports(b.list)
}

func ports(list []vif.Notice) string {
	var all []string
	for _, n := range list {
		all = append(all, n.Port)
	}
	return strings.Join(all, " ")
}

// A cloud is a poster that takes what answer says, and logs when it was asked.
type cloud struct {
	mu     sync.Mutex
	begun  time.Time
	log    []string
	answer func(port string) int // 0: nobody answers
}

func (c *cloud) post(ctx context.Context, list []vif.Notice) (codes []int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log = append(c.log, fmt.Sprintf("%.0fs %s", time.Since(c.begun).Seconds(), ports(list)))
	for _, n := range list {
		code := c.answer(n.Port)
		if code == 0 {
			return nil, errors.New("nobody there")
		}
		codes = append(codes, code)
	}
	return codes, ctx.Err()
}

func (c *cloud) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.log, ", ")
}

// told runs a Notifier over box and cloud for as long as do takes.
func told(t *testing.T, answer func(port string) int, do func(*Notifier, *box, *cloud)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b, c := newBox(), &cloud{begun: time.Now(), answer: answer}
		n := &Notifier{outbox: b, nova: c, log: slog.New(slog.DiscardHandler), interval: 2 * time.Second, timeout: 10 * time.Second, sick: sick{}}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); n.Run(ctx) }()
		synctest.Wait()
		do(n, b, c)
		cancel()
		<-done
	})
}

func takesAll(string) int { return 200 }

// What comes together goes together, and of each port one after the other.
func TestGathers(t *testing.T) {
	told(t, takesAll, func(n *Notifier, b *box, c *cloud) {
		b.put("a", "b")
		time.Sleep(time.Second)
		b.put("a", "c")
		time.Sleep(time.Minute)
		if got := c.String(); got != "2s a b c, 2s a" {
			t.Errorf("told %q", got)
		}
		if b.String() != "" || n.Healthy() != nil {
			t.Errorf("left %s, %v", b, n.Healthy())
		}
	})
}

// A Nova that is not there is asked less and less often, gets everything when it
// is back, and says meanwhile what waits.
func TestBacksOff(t *testing.T) {
	down := true
	told(t, func(string) int { return map[bool]int{true: 0, false: 200}[down] }, func(n *Notifier, b *box, c *cloud) {
		b.put("a")
		time.Sleep(10 * time.Minute)
		c.mu.Lock()
		tries := len(c.log)
		down = false
		c.mu.Unlock()
		if tries < 10 || tries > 30 {
			t.Errorf("asked %d times in ten minutes: %s", tries, c)
		}
		if err := n.Healthy(); err == nil || !strings.Contains(vif.Shown(err), "1 notifications wait: nobody there") {
			t.Errorf("healthy: %v", err)
		}
		time.Sleep(2 * lastWait)
		if b.String() != "" || n.Healthy() != nil {
			t.Errorf("left %s, %v", b, n.Healthy())
		}
		b.put("b")
		time.Sleep(3 * time.Second)
		if b.String() != "" {
			t.Errorf("left %s", b)
		}
	})
}

// What Nova will never take is given up, what it fails on is tried again, and
// nothing holds another port up.
func TestMixedAnswers(t *testing.T) {
	answers := map[string]int{"gone": 404, "nowhere": 422, "bad": 400, "sick": 500, "well": 200}
	told(t, func(p string) int { return answers[p] }, func(n *Notifier, b *box, c *cloud) {
		b.put("sick", "gone", "nowhere", "bad", "well")
		time.Sleep(10 * time.Second)
		if b.String() != "sick" || n.Healthy() == nil {
			t.Errorf("left %q, %v", b, n.Healthy())
		}
		c.mu.Lock()
		answers["sick"] = 200
		c.mu.Unlock()
		time.Sleep(2 * lastWait)
		if b.String() != "" {
			t.Errorf("left %q", b)
		}
	})
}

// Ports that Nova fails on wait for their own time, ever longer: they keep nobody
// else, and are told when it does not any more.
func TestManySickPorts(t *testing.T) {
	ill := true
	told(t, func(p string) int { return map[bool]int{true: 500, false: 200}[ill && strings.HasPrefix(p, "sick")] }, func(n *Notifier, b *box, c *cloud) {
		var all []string
		for i := range batch + 20 {
			all = append(all, fmt.Sprint("sick", i))
		}
		b.put(all...)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		before := slices.Clone(c.log)
		b.put("well")
		time.Sleep(5 * time.Second)
		if strings.Contains(b.String(), "well") || n.Healthy() == nil {
			t.Errorf("left %q, %v", b, n.Healthy())
		}
		asked := 0
		for _, line := range before {
			if strings.HasSuffix(line, " sick7") || strings.Contains(line, " sick7 ") {
				asked++
			}
		}
		if asked < 10 || asked > 30 {
			t.Errorf("one of them was told %d times in ten minutes", asked)
		}
		c.mu.Lock()
		ill = false
		c.mu.Unlock()
		time.Sleep(3 * lastWait)
		synctest.Wait()
		if b.String() != "" || n.Healthy() != nil || len(n.sick) != 0 {
			t.Errorf("left %q, %v, %d sick", b, n.Healthy(), len(n.sick))
		}
	})
}

// What was told and could not be noted is told again.
func TestToldAgain(t *testing.T) {
	told(t, takesAll, func(n *Notifier, b *box, c *cloud) {
		b.mu.Lock()
		b.fail = errors.New("no disk")
		b.mu.Unlock()
		b.put("a")
		time.Sleep(time.Minute)
		if got := c.String(); strings.Count(got, "a") != 2 || b.String() != "" {
			t.Errorf("told %q, left %q", got, b)
		}
	})
}

// More than fits in one request goes in several, at once.
func TestManyBatches(t *testing.T) {
	told(t, takesAll, func(n *Notifier, b *box, c *cloud) {
		var all []string
		for i := range 2*batch + 1 {
			all = append(all, fmt.Sprint(i))
		}
		b.put(all...)
		time.Sleep(2*time.Second + time.Millisecond)
		if b.String() != "" || len(c.log) != 3 {
			t.Errorf("left %q after %d requests", b, len(c.log))
		}
	})
}

// A Nova that asks for time gets it.
func TestAsksForTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		var asked []time.Duration
		ctx, cancel := context.WithCancel(t.Context())
		n := &Notifier{
			outbox: newBox().put("a"), log: slog.New(slog.DiscardHandler), timeout: time.Second, sick: sick{},
			nova: posterFunc(func() error {
				asked = append(asked, time.Since(begun))
				if len(asked) == 2 {
					cancel()
				}
				return fmt.Errorf("post: %w", later(90*time.Second))
			}),
		}
		n.Run(ctx)
		if asked[1] != 90*time.Second {
			t.Errorf("asked after %v", asked)
		}
	})
}

type posterFunc func() error

func (f posterFunc) post(context.Context, []vif.Notice) ([]int, error) { return nil, f() }
