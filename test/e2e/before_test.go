package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"vifd/test/wait"
)

// others are commands that print what is not vifd's: none of it may change.
// fail_mode, and the one flow that a bridge is born with, are vifd's to change.
var others = []struct{ of, command string }{
	{"link", `ip -o link show | grep -v 'alias vifd:' | sed -E 's/^[0-9]+: ([^:@]+)[^<]*<[^>]*> (mtu [0-9]+).*/\1 \2/'`},
	{"row", `ovs-vsctl --format=csv --data=bare --no-headings -- --columns=name,datapath_type,controller list Bridge` +
		` -- --columns=name,tag,vlan_mode,trunks,other_config,external_ids list Port` +
		` -- --columns=name,type,options,mtu_request,ofport_request,external_ids list Interface | grep -v vifd-port=`},
	{"flow", `ovs-ofctl --no-stats dump-flows br-int | grep actions= | grep -Ev 'cookie=0x56|priority=0 actions=NORMAL'`},
	{"definition", `cat /etc/libvirt/qemu/*.xml`}, // as libvirt keeps them
}

// lent is what libvirt adds to a definition for a NIC, and keeps: slots, and the
// element in which metadata are.
var lent = regexp.MustCompile(`<controller type='pci'[^>]*/>|(?s:<controller type='pci'[^>]*[^/]>.*?</controller>)|</?metadata/?>`)

// The most that vifd may have more of after a test than before it: connections come
// back with a restart, and one test may be the first to use them.
const (
	moreFiles    = 16
	moreRoutines = 40
)

// A before is a host as a test found it.
type before struct {
	others          []string // a line each
	files, routines int
	log             int // bytes
}

// canary is a secret that clean shows to vifd. written are those of this test, which
// may be found nowhere.
const canary = "canary-4b1d7f0e9c6a52c8d3"

var written = []string{canary}

func look() (b before) {
	for _, o := range others {
		out, _ := run(o.command) // grep fails when it finds nothing
		for line := range strings.Lines(lent.ReplaceAllString(out, "") + "\n") {
			if line = strings.TrimSpace(line); line != "" {
				b.others = append(b.others, o.of+": "+line)
			}
		}
	}
	slices.Sort(b.others)
	files, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", host.Vifd.Pid()))
	b.files, b.routines = len(files), running()
	if log, err := os.Stat(vifdLog()); err == nil {
		b.log = int(log.Size())
	}
	return b
}

// running returns how many goroutines vifd says that it has.
func running() int {
	ctx, cancel := context.WithTimeout(context.Background(), settle)
	defer cancel()
	a, err := send(ctx, "GET", "/metrics", "", "X-Auth-Token: "+canary, "Authorization: Bearer "+canary)
	_, rest, _ := strings.Cut(a.Body, "\ngo_goroutines ")
	digits, _, _ := strings.Cut(rest, "\n")
	n, bad := strconv.Atoi(digits)
	if err != nil || bad != nil {
		return 0
	}
	return n
}

// kept sees that what is not vifd's is as it was, that vifd has let go of what it
// needed, and that no secret is written down.
func (b before) kept(t *testing.T) {
	t.Helper()
	if changed := wait.For(settle, func() string { return look().since(b) }); changed != "" {
		t.Errorf("the host is not as it was:\n%s", changed)
	}
	if said := told(b.log); said != "" {
		t.Errorf("secrets are written down: %s", said)
	}
	written = []string{canary}
}

// since returns what is not as it was.
func (b before) since(was before) string {
	var wrong []string
	for _, line := range b.others {
		if !slices.Contains(was.others, line) {
			wrong = append(wrong, "new: "+line)
		}
	}
	for _, line := range was.others {
		if !slices.Contains(b.others, line) {
			wrong = append(wrong, "gone: "+line)
		}
	}
	if b.files > was.files+moreFiles || b.routines > was.routines+moreRoutines || b.routines == 0 {
		wrong = append(wrong, fmt.Sprintf("vifd has %d files and %d goroutines, and had %d and %d", b.files, b.routines, was.files, was.routines))
	}
	if out, _ := run(fmt.Sprintf("pgrep -a -P %d", host.Vifd.Pid())); out != "" {
		wrong = append(wrong, "children of vifd: "+out)
	}
	return strings.Join(wrong, "\n")
}

// told returns where a secret is, in the log from that byte on or in the state directory.
func told(from int) string {
	var where []string
	for _, secret := range written {
		if out, _ := run(fmt.Sprintf("tail -c +%d %s | grep -aF -e '%s'; grep -arlF -e '%s' %s", from+1, vifdLog(), secret, secret, stateDir)); out != "" {
			where = append(where, out)
		}
	}
	return strings.Join(where, "\n")
}

func vifdLog() string { return filepath.Join(host.Dir, "vifd.log") }
