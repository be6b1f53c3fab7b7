package e2e

import (
	"fmt"
	"strings"
	"testing"

	"vifd/test/testhost"
	"vifd/test/wait"
	"vifd/vif"
)

// What has vifd's mark and no owner is taken away, but not at the first look; what
// has no mark of vifd's stays as it is.
func TestStrays(t *testing.T) {
	clean(t)
	configured(t, oftenLooked)
	const nobodys = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
	makes := []string{
		"ip tuntap add mode tap name vtstray; ip link set vtstray alias vifd:" + nobodys + ":5",
		"ovs-vsctl --timeout=5 add-port br-int vtrow -- set port vtrow external_ids:owner=vifd external_ids:vifd-port=" + nobodys +
			" external_ids:vifd-gen=5 -- set interface vtrow type=internal external_ids:vifd-port=" + nobodys,
		fmt.Sprintf("ovs-ofctl add-flow br-int cookie=%#x,priority=7,in_port=20000,actions=drop", vif.Cookie(nobodys)),
		"virsh metadata g2 --uri urn:vifd:1 --key vifd --set '<ports><port id=\"" + nobodys + "\" mac=\"52:54:00:00:00:09\" gen=\"5\"/></ports>' --live --config",
		"ip tuntap add mode tap name xforeign; ovs-vsctl add-port br-int xforeign -- set port xforeign external_ids:owner=other; " +
			"ovs-ofctl add-flow br-int cookie=0x77,priority=7,in_port=300,actions=drop",
	}
	sh(t, strings.Join(makes, "\n"))
	t.Cleanup(func() {
		sh(t, "ovs-vsctl del-port xforeign; ip link del xforeign; ovs-ofctl del-flows br-int cookie=0x77/-1")
	})
	foreign := stranger(t, "xforeign") + sh(t, "ovs-ofctl --no-stats dump-flows br-int cookie=0x77/-1")
	said := vifd(t, "leaks").out
	for _, kind := range []string{"stray_tap", "stray_switch_port", "stray_flows", "stray_metadata"} {
		if !strings.Contains(said, kind) {
			t.Errorf("no %s in\n%s", kind, said)
		}
	}
	wait.Until(t, healing, func() string { return leftovers() })
	if now := stranger(t, "xforeign") + sh(t, "ovs-ofctl --no-stats dump-flows br-int cookie=0x77/-1"); now != foreign {
		t.Errorf("what is not vifd's was\n%s\nand is\n%s", foreign, now)
	}
}

// A NIC that somebody gave our alias, without asking vifd, is taken out.
func TestStrayNIC(t *testing.T) {
	clean(t)
	configured(t, oftenLooked)
	const alias = "ua-vifd-3fa85f64-5717-4562-b3fc-2c963f66afa6"
	file := t.TempDir() + "/nic.xml"
	sh(t, "ip tuntap add mode tap name vthand; printf '<interface type=\"ethernet\"><mac address=\"52:54:00:00:00:09\"/>"+
		"<target dev=\"vthand\" managed=\"no\"/><model type=\"virtio\"/><alias name=\""+alias+"\"/></interface>' > "+file+
		"; virsh attach-device g1 "+file+" --live --config")
	t.Cleanup(func() { sh(t, "ip link del vthand") })
	wait.Until(t, healing, func() string {
		out, _ := run("virsh dumpxml g1; virsh dumpxml --inactive g1")
		if strings.Contains(out, alias) {
			return "the server still has it"
		}
		return ""
	})
}

// A server that is saved, restored, renamed, started or rebooted keeps its NIC, and
// has it whole afterwards.
func TestServerComesAndGoes(t *testing.T) {
	clean(t)
	configured(t, oftenLooked)
	g := spare(t, testhost.Guest{Name: "moves"})
	n := attach(t, g, blue)
	defined(t, g, n.Port)
	file := t.TempDir() + "/saved"
	for _, tt := range []struct{ name, command string }{
		{"saved and restored", "virsh save moves " + file + " && virsh restore " + file},
		{"managed save", "virsh managedsave moves && virsh start moves"},
		{"stopped and started", "virsh destroy moves && virsh start moves"},
		{"reset", "virsh reset moves"},
		{"renamed", "virsh destroy moves && virsh domrename moves moved && virsh domrename moved moves && virsh start moves"},
		{"paused and resumed", "virsh suspend moves && virsh resume moves"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pci, before := defined(t, g, n.Port).pci(), details(t, n.Port)
			sh(t, tt.command)
			well(t, g, n)
			if after := details(t, n.Port); after.Tap != before.Tap || after.Gen != before.Gen || defined(t, g, n.Port).pci() != pci {
				t.Errorf("the NIC was %+v and is %+v", before, after)
			}
		})
	}
	detach(t, g, n.Port)
}
