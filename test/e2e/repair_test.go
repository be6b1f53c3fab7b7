package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vifd/test/testhost"
	"vifd/test/wait"
)

// healing is how long what somebody broke may stay broken, where everything is
// looked at every few seconds.
const healing = 30 * time.Second

const oftenLooked = "[timeouts]\nlook = \"3s\"\n"

// well waits until vifd and a look at the host find nothing wrong with the NIC.
func well(t *testing.T, g *testhost.Running, n nic) {
	t.Helper()
	wait.Until(t, healing, func() string {
		said := vifd(t, "leaks")
		if said.code != 0 {
			return said.out + said.err
		}
		if s := state(t, g, n.Port); s != "ACTIVE" {
			return "the port is " + s
		}
		if noted, _ := run("virsh metadata " + g.Name + " urn:vifd:1"); !strings.Contains(noted, n.Port) {
			return "the metadata are " + noted
		}
		return tapFault(t, n, details(t, n.Port)) // the switch may only now do what it was told
	})
	checkSwitch(t, g, n, details(t, n.Port))
	defined(t, g, n.Port)
}

// Whatever of a NIC is broken by hand is whole again by itself, and its traffic
// goes on.
func TestRepair(t *testing.T) {
	clean(t)
	configured(t, oftenLooked)
	p := plug(t, "g1", blue)
	peer(t, "blue", "10.20.0.250/24")
	in(t, p.guest, "ping -c 1 -W 10 10.20.0.250")
	pci := defined(t, p.guest, p.Port).pci()
	for _, tt := range []struct{ name, command string }{
		{"MTU of the tap", "ip link set dev $tap mtu 1300"},
		{"VLAN", "ovs-vsctl set port $tap tag=77"},
		{"external_ids", "ovs-vsctl set interface $tap external_ids:iface-id=other -- remove interface $tap external_ids vm-id"},
		{"markers of the interface", "ovs-vsctl clear interface $tap external_ids"},
		{"markers of the port", "ovs-vsctl clear port $tap external_ids"},
		{"ofport_request", "ovs-vsctl set interface $tap ofport_request=17000"},
		{"mtu_request", "ovs-vsctl set interface $tap mtu_request=1200"},
		{"switch port deleted", "ovs-vsctl del-port $tap"},
		{"a flow deleted", "ovs-ofctl del-flows br-int in_port=$ofport,arp"},
		{"a flow added", "ovs-ofctl add-flow br-int cookie=$cookie,priority=65000,in_port=$ofport,actions=normal"},
		{"base flows deleted", "ovs-ofctl del-flows br-int table=1"},
		{"all flows deleted", "ovs-ofctl del-flows br-int"},
		{"fail mode", "ovs-vsctl set-fail-mode br-int standalone"},
		{"definition", "virsh detach-device --config g1 $nic"},
		{"metadata", "virsh metadata g1 urn:vifd:1 --remove --live --config"},
		{"PCI address in the definition", "virsh dumpxml --inactive g1 >/run/g1.xml; " +
			`last=$(printf 0x%02x $(grep pcie-root-port /run/g1.xml | grep -o "index='[0-9]*'" | grep -o '[0-9]*' | sort -n | tail -n 1)); ` +
			`sed -i "/ua-vifd-/,/<.interface>/s/bus='0x[0-9a-f]*'/bus='$last'/" /run/g1.xml; ` +
			`virsh define /run/g1.xml; rm /run/g1.xml; virsh dumpxml --inactive g1 | grep -A 1 ua-vifd- | grep "bus='$last'"`},
		{"NIC taken out", "virsh detach-device --live --config g1 $nic"},
		{"tap deleted under QEMU", "ip link del $tap"},
		{"tap made again under QEMU", "ip link del $tap; ip tuntap add mode tap name $tap; ip link set $tap alias \"$alias\" up"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := details(t, p.Port)
			sh(t, fill(t, tt.command, before))
			changed := time.Now()
			well(t, p.guest, p.nic)
			t.Logf("well again after %v", time.Since(changed).Round(100*time.Millisecond))
			if after := defined(t, p.guest, p.Port); after.pci() != pci || after.MAC.Address != before.Port.MAC {
				t.Errorf("the NIC is %+v, and was %s at %s", after, before.Port.MAC, pci)
			}
			in(t, p.guest, readdressed(p))
		})
	}
}

// A bridge that somebody deletes and makes again is filtered and whole again, though
// nothing but the switch tells of it.
func TestBridgeMadeAgain(t *testing.T) {
	clean(t)
	configured(t, rarelyLooked)
	p := plug(t, "g1", blue)
	peer(t, "blue", "10.20.0.250/24")
	in(t, p.guest, "ping -c 1 -W 10 10.20.0.250")
	for range 2 {
		peers := sh(t, `for port in $(ovs-vsctl list-ports br-int | grep ^peer); do echo -- add-port br-int $port tag=$(ovs-vsctl get port $port tag); done`)
		sh(t, "ovs-vsctl del-br br-int")
		wait.Until(t, patience, func() string {
			if s, a := state(t, p.guest, p.Port), ask(t, "GET", "/v1/status", ""); s != "ERROR" || strings.Contains(a.Body, `"ok": false`) {
				return "without its bridge the port is " + s + ", and vifd says " + a.Body
			}
			return ""
		})
		sh(t, "ovs-vsctl add-br br-int -- set bridge br-int datapath_type=netdev "+strings.Join(strings.Fields(peers), " "))
		well(t, p.guest, p.nic)
		in(t, p.guest, readdressed(p))
	}
	detach(t, p.guest, p.Port)
}

// fill writes what a command needs to know of a NIC into it.
func fill(t *testing.T, command string, d inside) string {
	t.Helper()
	nic := t.TempDir() + "/nic.xml"
	sh(t, fmt.Sprintf("printf '<interface type=\"ethernet\"><mac address=\"%s\"/><alias name=\"ua-vifd-%s\"/></interface>' > %s",
		d.Port.MAC, d.Port.ID, nic))
	cookie := sh(t, fmt.Sprintf(`ovs-ofctl dump-flows br-int in_port=%d | grep -o 'cookie=0x[0-9a-f]*' | head -n 1`, d.OFPort))
	return strings.NewReplacer("$tap", d.Tap, "$ofport", fmt.Sprint(d.OFPort), "$nic", nic,
		"cookie=$cookie", cookie, "$alias", linkOf(t, d.Tap).Alias).Replace(command)
}

// readdressed has the guest, which may have got its NIC anew, ping from it.
func readdressed(p plugged) string {
	mac := p.MAC
	return fmt.Sprintf("dev=$(grep -l %s /sys/class/net/*/address | cut -d/ -f5); ip link set $dev up; "+
		"ip address replace %s/24 dev $dev; i=0; until ping -c 1 -W 1 10.20.0.250; do i=$((i+1)); [ $i -lt 20 ] || exit 1; done", mac, p.ip(4))
}
