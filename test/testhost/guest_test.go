package testhost

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestGuestCommand(t *testing.T) {
	big := strings.Repeat("0123456789abcdef\n", 16*1024)
	for _, tt := range []struct {
		name, command, out string
		status             int
	}{
		{"status", "exit 7", "", 7},
		{"killed by itself", "kill -9 $$", "", 137},
		{"output and errors", "echo out; echo err >&2", "out\nerr\n", 0},
		{"no newline", "printf x", "x", 0},
		{"bytes", `printf '\000\377\n\r\n'`, "\x00\xff\n\r\n", 0},
		{"quotes", `echo "a  'b'" '$c' \\`, "a  'b' $c \\\n", 0},
		{"lines", "if true\nthen echo yes\nfi", "yes\n", 0},
		{"much output", "yes 0123456789abcdef | head -n 16384", big, 0},
		{"reads nothing", "cat", "", 0},
		{"leaves a process", "sleep 1000 & echo $((1+1))", "2\n", 0},
		{"long command", "echo " + strings.Repeat("x", 10000) + " | wc -c", "10001\n", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, status, err := host.Guest("g1").Run(within(t), tt.command)
			if err != nil {
				t.Fatal(err)
			}
			if out != tt.out || status != tt.status {
				t.Errorf("got %.80q and status %d, want %.80q and %d", out, status, tt.out, tt.status)
			}
		})
	}
}

// A command that takes too long is killed with its children, and the next runs.
func TestGuestCommandTimesOut(t *testing.T) {
	g := host.Guest("g1")
	out, status, err := g.RunFor(within(t), time.Second, "echo begun; sleep 1001; echo not")
	if err != nil {
		t.Fatal(err)
	}
	if out != "begun\n" || status != TimedOut {
		t.Errorf("got %q and status %d, want what was printed in time and %d", out, status, TimedOut)
	}
	out, _, err = g.Run(within(t), "ps | grep -c '[s]leep 1001'")
	if err != nil || out != "0\n" {
		t.Errorf("still running: %q, %v", out, err)
	}
}

func TestGuestCommandsAtOnce(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			want := fmt.Sprintf("I am %d\n", i)
			out, status, err := host.Guest("g1").Run(within(t), fmt.Sprintf("echo I am %d; exit %d", i, i))
			if err != nil || out != want || status != i {
				t.Errorf("got %q, %d, %v; want %q, %d", out, status, err, want, i)
			}
		})
	}
	wg.Wait()
}

// A guest that is paused is an error and not a wait without end, and what it
// answers once it runs again is not taken for the answer to something else.
func TestGuestPaused(t *testing.T) {
	ctx, g := within(t), host.Guest("g1")
	if err := virsh(ctx, "suspend", "g1"); err != nil {
		t.Fatal(err)
	}
	if out, _, err := g.RunFor(ctx, time.Second, "echo late"); err == nil {
		t.Errorf("a paused guest answers %q", out)
	}
	if err := virsh(ctx, "resume", "g1"); err != nil {
		t.Fatal(err)
	}
	if out, _, err := g.Run(ctx, "echo now"); err != nil || out != "now\n" {
		t.Errorf("then got %q, %v", out, err)
	}
}

// A defined guest starts again under its UUID, and its console goes on.
func TestGuestRestarts(t *testing.T) {
	ctx, g := within(t), host.Guest("g1")
	if err := g.Destroy(ctx); err != nil {
		t.Fatal(err)
	}
	if err := g.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if _, status, err := g.Run(ctx, "true"); err != nil || status != 0 {
		t.Errorf("status %d, %v", status, err)
	}
	text, err := g.History().Text()
	if n := strings.Count(text, "guest ready"); err != nil || n != 2 {
		t.Errorf("the console says %d times that it is ready, want 2 (%v):\n%s", n, err, text)
	}
	id, err := run(ctx, "virsh", "-q", "domuuid", "g1")
	if err != nil || strings.TrimSpace(id) != g.UUID {
		t.Errorf("UUID %q, want %q (%v)", id, g.UUID, err)
	}
}

func TestTransientGuest(t *testing.T) {
	ctx := within(t)
	g, err := host.AddGuest(ctx, Guest{Name: "brief", Transient: true, VCPUs: 2, Slots: -1})
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := g.Run(ctx, "nproc; ls /sys/bus/pci_express/drivers/pcieport 2>/dev/null | grep -c :")
	if err != nil || !strings.HasPrefix(out, "2\n") {
		t.Errorf("got %q, %v", out, err)
	}
	if err := g.Destroy(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := g.XML(ctx, false); err == nil {
		t.Error("it is still defined")
	}
}
