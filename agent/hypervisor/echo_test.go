package hypervisor

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vifd/test/testhost"
	"vifd/vif"
)

// A libvirtd that is slow to hear that QEMU has let go of a ghost takes the NIC for it
// that was given in its place. Show leaves it time; where that was not enough, libvirt
// tells that the NIC is gone, and the next Show gives it for good.
func TestEchoOfGhost(t *testing.T) {
	h, changed := run(t)
	for i, inTime := range []bool{true, false} {
		t.Run(fmt.Sprint("in time ", inTime), func(t *testing.T) {
			g := guest(t, testhost.Guest{Name: fmt.Sprintf("echoing%d", i)})
			first, n := nic(t, g.UUID, 960+i), nic(t, g.UUID, 962+i)
			haunt(t, g, first, true) // after it libvirt has the thread
			attach(t, h, first)
			detach(t, h, g, first)
			haunt(t, g, n, true)
			resume := suspend(t, eventThread(t))
			var beside sync.WaitGroup
			if inTime {
				beside.Go(func() { afterGhost(t, h, n); resume() })
			}
			if err := h.Show(within20s(t), n, true); err != nil {
				t.Fatal(err)
			}
			beside.Wait()
			for told(changed, g.UUID) == nil { // of what was before
			}
			resume()
			if inTime {
				pause(t.Context(), echo/2)
			} else {
				awaitGone(t, g, n.DeviceAlias())
				until(t, "vifd is told", func() error { return told(changed, g.UUID) })
			}
			if _, ok := seen(t, g, n, true); ok != inTime {
				t.Errorf("libvirt has it: %v", ok)
			}
			attach(t, h, n)
			if got, ok := seen(t, g, n, true); !ok || got.MAC != n.Port.MAC || got.Tap != n.Tap {
				t.Errorf("libvirt has it as %+v, %v", got, ok)
			}
			detach(t, h, g, n)
			checkNoGhost(t, g, n)
		})
	}
}

// afterGhost returns half an echo after QEMU has let go of the NIC.
func afterGhost(t *testing.T, h *Host, n vif.NIC) {
	ctx := within20s(t)
	for ctx.Err() == nil {
		if there, err := h.haunted(ctx, n); err == nil && !there {
			break
		}
		pause(ctx, 10*time.Millisecond)
	}
	pause(ctx, echo/2)
}

// awaitGone returns when libvirt does not know of the device any more.
func awaitGone(t *testing.T, g *testhost.Running, alias string) {
	t.Helper()
	until(t, "libvirt has forgotten it", func() error {
		if text, err := g.XML(within20s(t), true); err != nil || strings.Contains(text, alias) {
			return fmt.Errorf("%s is there, or %v", alias, err)
		}
		return nil
	})
}

// told is nil once vifd was told to look at the server.
func told(changed <-chan string, server string) error {
	for {
		select {
		case s := <-changed:
			if s == server {
				return nil
			}
		default:
			return fmt.Errorf("no word of %s", server)
		}
	}
}

// eventThread returns the one thread of libvirtd that deals with QEMU's events.
func eventThread(t *testing.T) (tid int) {
	t.Helper()
	names, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/comm", box.Libvirtd.Pid()))
	for _, name := range names {
		if text, _ := os.ReadFile(name); strings.TrimSpace(string(text)) == "qemu-event" {
			tid, err = strconv.Atoi(filepath.Base(filepath.Dir(name)))
		}
	}
	if err != nil || tid == 0 {
		t.Fatalf("libvirtd has no thread qemu-event among %d: %v", len(names), err)
	}
	return tid
}

// suspend stops one thread of another process (ptrace(2)), until resume, or the end of the test.
func suspend(t *testing.T, tid int) (resume func()) {
	t.Helper()
	stopped, end, ended := make(chan error), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread() // it is the thread that traces, and with its end that is over
		err := unix.PtraceSeize(tid)
		if err == nil {
			err = unix.PtraceInterrupt(tid)
		}
		if err == nil {
			_, err = unix.Wait4(tid, nil, unix.WALL, nil)
		}
		stopped <- err
		<-end
	}()
	if err := <-stopped; err != nil {
		close(end)
		t.Fatal("ptrace:", err)
	}
	resume = sync.OnceFunc(func() { close(end); <-ended })
	t.Cleanup(resume)
	return resume
}
