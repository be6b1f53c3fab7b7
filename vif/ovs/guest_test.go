package ovs

import (
	"bytes"
	"net"
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vifd/vif"
)

// A guest is who holds the other end of a tap.
type guest struct {
	*host
	tap  *os.File
	mac  net.HardwareAddr
	ip   netip.Addr
	tick uint32
	vlan uint16 // what it sends and gets is tagged so, if this is not 0
}

// on returns g as one whose frames are tagged.
func (g *guest) on(vlan uint16) *guest {
	g.vlan = vlan
	return g
}

// newGuest opens the tap, for one who may speak under that MAC and address.
func newGuest(h *host, tap, mac string, ip netip.Addr) *guest {
	h.Helper()
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		h.Fatal(err)
	}
	request, err := unix.NewIfreq(tap)
	if err != nil {
		h.Fatal(err)
	}
	request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		h.Fatal(err)
	}
	g := &guest{host: h, tap: os.NewFile(uintptr(fd), tap), mac: mustMAC(mac), ip: ip}
	h.Cleanup(func() { g.tap.Close() })
	h.await("the tap carries", func() bool { return running(tap) })
	return g
}

// running tells whether the kernel has seen that somebody holds the tap; until then
// it drops what is sent to it.
func running(tap string) bool {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(s)
	request, err := unix.NewIfreq(tap)
	return err == nil && unix.IoctlIfreq(s, unix.SIOCGIFFLAGS, request) == nil && request.Uint16()&unix.IFF_RUNNING != 0
}

// guestOf returns the guest of n, whose port is in place when it is returned.
func guestOf(h *host, s *Switch, n vif.NIC) *guest {
	h.Helper()
	plugged(h, s, n)
	return newGuest(h, n.Tap, n.Port.MAC, n.Port.FixedIPs[0].Address)
}

// stranger returns one who holds a port that is not ours.
func stranger(h *host, bridge, mac, ip string, columns ...string) *guest {
	h.Helper()
	tap := h.addTap()
	h.vsctl(append([]string{"add-port", bridge, tap}, columns...)...)
	return newGuest(h, tap, mac, netip.MustParseAddr(ip))
}

func (g *guest) send(frames ...[]byte) {
	g.Helper()
	for _, f := range frames {
		if g.vlan > 0 {
			f = tagged(0x8100, g.vlan, f)
		}
		if _, err := g.tap.Write(f); err != nil {
			g.Fatal(err)
		}
	}
}

// reached sends the frames and returns which of them got to the other. A frame that
// all let pass, sent behind them twice, says when the others are through: of those
// that the switch takes at once it may see to some before others.
func (g *guest) reached(t *testing.T, to *guest, frames ...[]byte) []bool {
	t.Helper()
	g.send(frames...)
	var got [][]byte
	for range 2 {
		g.tick++
		last := g.last()
		g.send(last)
		got = append(got, to.until(t, last)...)
	}
	came := make([]bool, len(frames))
	for i, f := range frames {
		came[i] = slices.ContainsFunc(got, func(b []byte) bool { return bytes.HasPrefix(b, f) })
	}
	return came
}

// last is an ARP request that g has not sent before.
func (g *guest) last() []byte {
	asked := be.AppendUint32(nil, 0x0a630000|g.tick&0xffff)
	return arp(g.mac, 1, g.mac, g.ip, netip.AddrFrom4([4]byte(asked)))
}

// until returns what comes before the frame.
func (g *guest) until(t *testing.T, last []byte) (got [][]byte) {
	t.Helper()
	g.tap.SetReadDeadline(time.Now().Add(patience))
	for {
		b := make([]byte, 2048)
		n, err := g.tap.Read(b)
		if err != nil {
			t.Fatalf("nothing more comes by %s: %v", g.tap.Name(), err)
		}
		if at := 12; g.vlan > 0 && n > 16 && be.Uint16(b[at:]) == 0x8100 {
			n = copy(b[at:], b[at+4:n]) + at
		}
		if bytes.HasSuffix(bytes.TrimRight(b[:n], "\x00"), bytes.TrimRight(last[14:], "\x00")) {
			return got
		}
		got = append(got, b[:n])
	}
}

// reaches tells whether the frame gets to the other.
func (g *guest) reaches(t *testing.T, to *guest, frame []byte) bool {
	t.Helper()
	return g.reached(t, to, frame)[0]
}
