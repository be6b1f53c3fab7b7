// Package test holds the shape of the code as tests.
package test

import (
	"os/exec"
	"strings"
	"testing"
)

// allowed says which of our packages each may import. One that is not named
// here may import none. "+" stands for what it adds to its own row.
var allowed = map[string][]string{
	"libvirtxml":                 {"vif"},
	"vif/tap":                    {"vif", "vif/fail"},
	"vif/ovs":                    {"vif", "vif/fail", "vif/ovs/openflow"},
	"agent/store":                {"vif"},
	"agent/api":                  {"agent/api/wire", "vif", "vif/fail"},
	"agent/api/client":           {"agent/api/wire", "vif"},
	"agent/api/wire":             {"vif"},
	"agent/metrics":              {"vif"},
	"agent/notify":               {"vif"},
	"agent/hotplug":              {"vif", "vif/fail", "agent/store", "agent/leaks"},
	"agent/leaks":                {"vif", "agent/store"},
	"agent/network/local":        {"vif", "agent/store"},
	"agent/hypervisor":           {"vif", "vif/fail", "libvirtxml"},
	"agent":                      {"agent/api", "agent/hotplug", "agent/store", "agent/network/local", "agent/hypervisor", "agent/metrics", "agent/notify", "vif", "vif/fail", "vif/tap", "vif/ovs", "libvirtxml", "systemd"},
	"cmd/vifd":                   {"agent", "agent/api/client", "vif", "systemd"},
	"test/testhost/cmd/testhost": {"test/testhost"},
	"agent/network/networktest":  {"vif"},
	"agent/hotplug/hotplugtest":  {"vif"},
}

// doors says which outside package may be imported by which of ours only.
var doors = map[string][]string{
	"libvirt.org/go/libvirt":                 {"agent/hypervisor"},
	"libvirt.org/go/libvirtxml":              {"libvirtxml"},
	"github.com/vishvananda/netlink":         {"vif/tap"},
	"github.com/digitalocean/go-openvswitch": {"vif/ovs"},
	"github.com/ovn-kubernetes/libovsdb":     {"vif/ovs"},
	"modernc.org/sqlite":                     {"agent/store"},
	"github.com/coreos/go-systemd":           {"systemd"},
	"github.com/prometheus":                  {"agent/metrics"},
	"github.com/gophercloud/gophercloud":     {"agent/notify"},
}

func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "vifd/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		pkg := strings.TrimPrefix(fields[0], "vifd/")
		if strings.HasPrefix(pkg, "test/bench") || strings.HasPrefix(pkg, "test/e2e") {
			continue // they measure and drive the real things
		}
		for _, imp := range fields[1:] {
			checkOurs(t, pkg, imp)
			checkDoor(t, pkg, imp)
		}
	}
}

func checkOurs(t *testing.T, pkg, imp string) {
	t.Helper()
	ours, ok := strings.CutPrefix(imp, "vifd/")
	if !ok {
		return
	}
	for _, a := range allowed[pkg] {
		if a == ours {
			return
		}
	}
	t.Errorf("%s imports %s, which the table does not allow", pkg, ours)
}

func checkDoor(t *testing.T, pkg, imp string) {
	t.Helper()
	for outside, doorkeepers := range doors {
		if imp != outside && !strings.HasPrefix(imp, outside+"/") {
			continue
		}
		for _, d := range doorkeepers {
			if d == pkg {
				return
			}
		}
		t.Errorf("%s imports %s, whose door is %v", pkg, imp, doorkeepers)
	}
}
