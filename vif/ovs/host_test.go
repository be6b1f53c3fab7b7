package ovs

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"vifd/vif"
)

// inside says that the test binary runs in a network namespace of its own, where
// bridges and taps are nobody else's.
const inside = "VIFD_TEST_OVS_NAMESPACE"

func TestMain(m *testing.M) {
	if os.Getenv(inside) == "" {
		unshare, err := exec.LookPath("unshare")
		if err == nil {
			args := append([]string{"unshare", "--net", "--"}, os.Args...)
			err = syscall.Exec(unshare, args, append(os.Environ(), inside+"=1"))
		}
		fmt.Fprintln(os.Stderr, "no network namespace:", err)
		os.Exit(1)
	}
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "ip link set lo up: %v: %s\n", err, out)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// A host is an Open vSwitch of its own, with its files in a directory that ends
// with the test.
type host struct {
	testing.TB
	dir     string
	server  *exec.Cmd // ovsdb-server
	switchd *exec.Cmd // ovs-vswitchd
}

// serial makes names of devices unique in the namespace.
var serial atomic.Int32

func device(prefix string) string { return fmt.Sprintf("%s%d", prefix, serial.Add(1)) }

// newDatabase starts an ovsdb-server with an empty database.
func newDatabase(t testing.TB) *host {
	t.Helper()
	dir, err := os.MkdirTemp("", "ovs") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	h := &host{TB: t, dir: dir}
	t.Cleanup(func() {
		h.stop(h.switchd)
		h.stop(h.server)
		os.RemoveAll(dir)
	})
	h.run("ovsdb-tool", "create", h.path("conf.db"), "/usr/share/openvswitch/vswitch.ovsschema")
	h.startServer()
	h.run("ovs-vsctl", h.db(), "--no-wait", "init")
	return h
}

// newHost starts an ovsdb-server and an ovs-vswitchd.
func newHost(t testing.TB) *host {
	t.Helper()
	h := newDatabase(t)
	h.startSwitchd()
	return h
}

func (h *host) path(name string) string { return filepath.Join(h.dir, name) }
func (h *host) db() string              { return "--db=unix:" + h.path("db.sock") }

func (h *host) startServer() {
	h.Helper()
	h.server = h.start("ovsdb-server", h.path("conf.db"), "--remote=punix:"+h.path("db.sock"),
		"--unixctl="+h.path("db.ctl"), "--log-file="+h.path("db.log"), "-vconsole:off")
	h.await("ovsdb-server", func() bool { return dials(h.path("db.sock")) })
}

func (h *host) startSwitchd() {
	h.Helper()
	h.switchd = h.start("ovs-vswitchd", "unix:"+h.path("db.sock"),
		"--unixctl="+h.path("vs.ctl"), "--log-file="+h.path("vs.log"), "-vconsole:off", "-vofproto_dpif_upcall:off")
	h.await("ovs-vswitchd", func() bool { return dials(h.path("vs.ctl")) })
}

func dials(socket string) bool {
	c, err := net.Dial("unix", socket)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

func (h *host) environ() []string {
	return append(os.Environ(), "OVS_RUNDIR="+h.dir, "OVS_DBDIR="+h.dir, "OVS_SYSCONFDIR="+h.dir, "OVS_LOGDIR="+h.dir)
}

func (h *host) start(name string, args ...string) *exec.Cmd {
	h.Helper()
	c := exec.Command(name, args...)
	c.Env = h.environ()
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.Start(); err != nil {
		h.Fatal(err)
	}
	return c
}

// stop kills a process as a power cut would.
func (h *host) stop(c *exec.Cmd) {
	if c != nil && c.ProcessState == nil {
		c.Process.Kill()
		c.Wait()
	}
}

// run runs a command that must succeed and returns what it prints.
func (h *host) run(name string, args ...string) string {
	h.Helper()
	c := exec.Command(name, args...)
	c.Env = h.environ()
	out, err := c.CombinedOutput()
	if err != nil {
		h.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (h *host) vsctl(args ...string) string {
	h.Helper()
	return strings.TrimSpace(h.run("ovs-vsctl", append([]string{h.db(), "--timeout=20"}, args...)...))
}

// get returns a column of a record.
func (h *host) get(table, record, column string) string {
	h.Helper()
	return strings.Trim(h.vsctl("--if-exists", "get", table, record, column), `"`)
}

// addBridge makes a bridge in user space and returns its name.
func (h *host) addBridge() string {
	h.Helper()
	name := device("br")
	args := []string{"add-br", name, "--", "set", "bridge", name, "datapath_type=netdev"}
	if h.switchd == nil {
		args = append([]string{"--no-wait"}, args...)
	}
	h.vsctl(args...)
	return name
}

// bridgeOf makes a bridge that s has heard of.
func (h *host) bridgeOf(s *Switch) string {
	h.Helper()
	name := h.addBridge()
	h.await("the bridge is known", func() bool { return s.db.view().bridge(name) != nil })
	return name
}

// addTap makes a tap and returns its name.
func (h *host) addTap() string {
	h.Helper()
	name := device("tap")
	h.makeTap(name)
	h.Cleanup(func() { removeDevice(name) })
	return name
}

// removeDevice deletes a device that may be gone.
func removeDevice(name string) { _ = exec.Command("ip", "link", "del", name).Run() }

func (h *host) makeTap(name string) {
	h.Helper()
	h.run("ip", "tuntap", "add", name, "mode", "tap")
	h.run("ip", "link", "set", name, "up")
}

// flows returns the flows of a bridge, without what counts time and packets.
func (h *host) flows(bridge string) string {
	h.Helper()
	return h.run("ovs-ofctl", "--no-names", "--no-stats", "dump-flows", "unix:"+h.path(bridge+".mgmt"))
}

// index looks a device up in the namespace, and at no other.
func index(device string) (int, bool) {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, false
	}
	defer unix.Close(s)
	request, err := unix.NewIfreq(device)
	if err != nil || unix.IoctlIfreq(s, unix.SIOCGIFINDEX, request) != nil {
		return 0, false
	}
	return int(request.Uint32()), true
}

// open returns a Switch that runs until the test ends, and is connected.
func (h *host) open() *Switch {
	h.Helper()
	s := New(Config{Database: h.path("db.sock"), Sockets: h.dir, Index: index, Log: h.log()})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	h.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			h.Errorf("Run: %v", err)
		}
	})
	h.await("connection", func() bool { _, err := s.Ports(ctx); return err == nil })
	return s
}

func (h *host) log() *slog.Logger {
	return slog.New(slog.NewTextHandler(h.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// await waits for what must come.
func (h *host) await(what string, there func() bool) {
	h.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end); <-tick.C {
		if there() {
			return
		}
	}
	h.Fatalf("%s: not within %v", what, patience)
}

// context returns a context that ends when patience does.
func (h *host) context() context.Context {
	ctx, cancel := context.WithTimeout(h.Context(), patience)
	h.Cleanup(cancel)
	return ctx
}

// portID returns the ID of the nth port of a test.
func portID(n int) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", n, n) }

// newNIC returns the nth NIC of a test.
func newNIC(bridge, tap string, n int) vif.NIC {
	return vif.NIC{
		Server: "5d1e7e5c-0000-4000-8000-000000000001", Tap: tap, OFPort: FirstOFPort + n, Gen: 7,
		Port: vif.Port{
			ID: portID(n), MAC: fmt.Sprintf("fa:16:3e:00:%02x:%02x", n>>8, n&0xff), MTU: 1450, Secure: true, AdminUp: true,
			Segment: vif.Segment{Bridge: bridge, VLAN: 100},
			FixedIPs: []vif.FixedIP{
				{Address: netip.AddrFrom4([4]byte{10, 20, byte(n >> 8), byte(n)})},
				{Address: netip.MustParseAddr("fd00:20::" + strconv.FormatInt(int64(n+1), 16))},
			},
		},
	}
}
