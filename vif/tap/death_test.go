package tap

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"vifd/vif"
)

// TestMain makes taps without end where a test started it as the process that
// is going to die.
func TestMain(m *testing.M) {
	if os.Getenv("TAP_TEST_VICTIM") != "" {
		victim()
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

func victimNIC(i int) vif.NIC {
	n := nic(1)
	n.Port.ID = fmt.Sprintf("%08x-5717-4562-b3fc-2c963f66afa6", i)
	n.Tap = vif.TapName(n.Port.ID, 0)
	return n
}

// victim makes taps side by side, so that its death meets them at every stage.
func victim() {
	d, err := Open(Owner{-1, -1})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	var all sync.WaitGroup
	for lane := range 8 {
		all.Go(func() {
			for i := lane; d.Create(context.Background(), victimNIC(i)) == nil; i += 8 {
				fmt.Println("made", i)
			}
		})
	}
	all.Wait()
}

// Wherever in Create a process dies, a tap is whole or it is not there. Not in
// parallel: for an instant a fork has the open files of all other tests too.
func TestDeathLeavesNoHalfTap(t *testing.T) {
	for round := range 15 {
		d := enter(t)
		killAfter(t, 1+4*round)
		taps, err := d.Taps(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if links, err := d.read.LinkList(); err != nil || len(links) != len(taps)+1 {
			t.Errorf("beside lo and %d taps of ours there are others: %s, %v", len(taps), names(t, d), err)
		}
		for _, tap := range taps {
			l := link(t, d, tap.Name)
			if tap.MTU != 1442 || tap.Up || l.HardwareAddr[0] != 0xfe || l.NonPersist {
				t.Errorf("half a tap: %+v, %s, persistent %v", tap, l.HardwareAddr, !l.NonPersist)
			}
		}
	}
}

// killAfter runs a victim in the calling thread's namespace and kills it while
// it makes more than that many taps.
func killAfter(t *testing.T, taps int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), "TAP_TEST_VICTIM=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	for range taps {
		if _, err := lines.ReadString('\n'); err != nil && err != io.EOF {
			t.Fatal(err)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the victim was not killed: %v", err)
	}
}

// A tap whose maker dies just before the end is gone with it.
func TestTapDiesWithItsFile(t *testing.T) {
	t.Parallel()
	d := enter(t)
	n := nic(1)
	made, err := d.openTun(n.Tap, wantedFeatures(n))
	if err != nil {
		t.Fatal(err)
	}
	mac, err := hostMAC(n.Port.MAC)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.dress(link(t, d, n.Tap), n, mac); err != nil {
		t.Fatal(err)
	}
	if _, there := d.Index(n.Tap); !there {
		t.Fatal("no tap")
	}
	if err := made.close(); err != nil {
		t.Fatal(err)
	}
	if got := names(t, d); got != "lo" {
		t.Errorf("left behind: %s", got)
	}
}
