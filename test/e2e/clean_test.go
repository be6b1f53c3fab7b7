package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"vifd/test/wait"
)

// settle is how long the host may take to be as if nothing had happened.
const settle = 10 * time.Second

// traces, which share nothing with vifd's own judge, are commands that print what vifd has left on the host, and nothing on
// a host that has no NIC of vifd's. The base flows stay: their cookie names no port.
// A peer of a test before would answer in the place of the test's own.
var traces = []struct{ of, command string }{
	{"taps", `ip -o link show | grep -E 'alias vifd:|^[0-9]+: (tap|vt)[0-9a-f]'`},
	{"peers", `ip -o link show type veth | grep -o 'peer[0-9a-f]*'; ovs-vsctl list-ports br-int | grep peer`},
	{"switch ports", `ovs-vsctl --bare --columns=name,external_ids find Port external_ids:owner=vifd`},
	{"switch interfaces", `ovs-vsctl --bare --columns=name,external_ids list Interface | grep vifd-port`},
	{"QoS rows", `ovs-vsctl --bare --columns=_uuid,external_ids find QoS external_ids:owner=vifd`},
	{"flows", `ovs-ofctl dump-flows br-int | grep -E 'cookie=0x56[0-9a-f]{14},' | grep -v 'cookie=0x5600000000000000,' | cut -d, -f1 | sort | uniq -c`},
	{"live XML", `for d in $(virsh -q list --all --name); do virsh dumpxml $d; done | grep -E 'ua-vifd-|<vifd:port'`},
	{"QEMU", `for d in $(virsh -q list --name); do virsh qemu-monitor-command $d '{"execute": "qom-list", "arguments": {"path": "/machine/peripheral"}}'; ` +
		`virsh qemu-monitor-command $d --hmp info network; done | grep -o 'ua-vifd-[-0-9a-f]*'`},
	{"definitions", `for d in $(virsh -q list --all --persistent --name); do virsh dumpxml --inactive $d; done | grep -E 'ua-vifd-|<vifd:port'`},
}

// clean has the host looked over at the end of the test, and compared with what it
// is now. Of a test that failed it shows what vifd logged besides requests that were met.
func clean(t *testing.T) {
	t.Helper()
	was := look()
	t.Cleanup(func() {
		if t.Failed() {
			logged, _ := run(fmt.Sprintf("tail -c +%d %s | grep -Ev ' status=20[0-9] ' | tail -n 30", was.log+1, vifdLog()))
			t.Log(logged)
		}
	})
	t.Cleanup(func() { was.kept(t) })
	t.Cleanup(func() {
		if left := wait.For(settle, leftovers); left != "" {
			t.Errorf("left on the host:\n%s", left)
		}
	})
}

// leftovers returns what is left on the host and in vifd's books, as text, and
// what vifd itself finds wrong.
func leftovers() string {
	var left []string
	for _, trace := range traces {
		if out, _ := run(trace.command); out != "" { // grep fails when it finds nothing
			left = append(left, trace.of+": "+out)
		}
	}
	for path, none := range map[string]string{
		"/v1/attachments": `{"attachments":[]}`,
		"/v2.0/ports":     `{"ports":[]}`,
	} {
		ctx, cancel := context.WithTimeout(context.Background(), settle)
		a, err := send(ctx, "GET", path, "")
		cancel()
		if err != nil || strings.ReplaceAll(strings.TrimSpace(a.Body), " ", "") != none {
			left = append(left, path+": "+a.Body)
		}
	}
	if said, well := run(host.Binary + " leaks --deep"); !well {
		left = append(left, "vifd leaks: "+said)
	}
	return strings.Join(left, "\n")
}
