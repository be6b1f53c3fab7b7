package ovs

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vifd/vif"
)

// A tap that was made anew under its old name is polled again after a Plug.
func TestTapMadeAnew(t *testing.T) {
	h := newHost(t)
	s := h.open()
	n := plugged(h, s, newNIC(h.bridgeOf(s), h.addTap(), 1))
	h.run("ip", "link", "del", n.Tap)
	h.makeTap(n.Tap)
	unfiltered(h, s, n)
	h.polls(s, n)
}

// Somebody deletes a tap and its row while ovs-vswitchd hangs, and both are made
// again before it has seen that: the new tap is polled all the same, once the
// port was retired first, which fails for as long as it hangs.
func TestBothMadeAnewWhileItHangs(t *testing.T) {
	h := newHost(t)
	s := h.open()
	n := plugged(h, s, newNIC(h.bridgeOf(s), h.addTap(), 1))
	must(t, h.switchd.Process.Signal(syscall.SIGSTOP))
	h.vsctl("--no-wait", "del-port", n.Tap)
	h.run("ip", "link", "del", n.Tap)
	h.await("the loss", func() bool { _, there := s.Port(n); return !there })
	h.makeTap(n.Tap)
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := s.Retire(short, n); vif.KindOf(err) != vif.Unavailable {
		t.Errorf("Retire while it hangs: %v", err)
	}
	ended := make(chan error)
	go func() {
		err := s.Retire(h.context(), n)
		if err == nil {
			err = s.Plug(h.context(), n)
		}
		ended <- err
	}()
	h.await("the port is retired, or there", func() bool {
		want, has := s.configuration()
		_, there := s.Port(n)
		return there || want > has
	})
	must(t, h.switchd.Process.Signal(syscall.SIGCONT))
	must(t, <-ended)
	unfiltered(h, s, n)
	h.polls(s, n)
}

// polls sees that the switch has n's tap of today, and that a frame of n's guest
// gets to it.
func (h *host) polls(s *Switch, n vif.NIC) {
	h.Helper()
	i, _ := index(n.Tap)
	if p, _ := s.Port(n); p.Index != i || p.OFPort != n.OFPort {
		h.Errorf("port %+v, device %d", p, i)
	}
	guest := h.hold(n.Tap)
	h.await("a frame on the switch", func() bool {
		if _, err := guest.Write(arp(ownMAC, 1, ownMAC, own4, other4)); err != nil {
			h.Fatal(err)
		}
		out := h.run("ovs-ofctl", "dump-flows", "unix:"+h.path(n.Port.Segment.Bridge+".mgmt"), fmt.Sprintf("cookie=%#x/-1", vif.Cookie(n.Port.ID)))
		return strings.Count(out, "n_packets=") > strings.Count(out, "n_packets=0,")
	})
}

// hold takes the other end of a tap, as QEMU does.
func (h *host) hold(tap string) *os.File {
	h.Helper()
	f, err := os.OpenFile("/dev/net/tun", os.O_RDWR, 0)
	must(h, err)
	h.Cleanup(func() { f.Close() })
	request, err := unix.NewIfreq(tap)
	must(h, err)
	request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
	must(h, unix.IoctlIfreq(int(f.Fd()), unix.TUNSETIFF, request))
	return f
}
