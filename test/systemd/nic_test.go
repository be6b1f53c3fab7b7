package systemd

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"vifd/test/wait"
)

// What the journal's entries are known by, as vifd.catalog has it.
const (
	nicAttached = "dbac96d3720142459e5becccd5bc1852"
	nicDetached = "652dba399f054c8a8978bcb503e7e502"
	mended      = "d00111c91fd54068806264d2851dc8b6"
	reread      = "02f375684f6b468992707d99ff735e20"
	notRead     = "a572fee5532f465eb439cbafd96cad31"
)

// A domain without disks: it sits in its firmware, paused or not, and has two
// free slots.
const domain = `<domain type='qemu'>
  <name>d1</name>
  <uuid>5a1e54f2-95e4-4d0c-9a3c-6a1f2c0f7f01</uuid>
  <memory unit='MiB'>64</memory>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <features><acpi/></features>
  <devices>
    <controller type='usb' model='none'/>
    <controller type='pci' model='pcie-root'/>
    <controller type='pci' model='pcie-root-port'/>
    <controller type='pci' model='pcie-root-port'/>
    <memballoon model='none'/>
  </devices>
</domain>`

// A nic is what vifd show says of one.
type nic struct {
	Port struct {
		ID  string `json:"id"`
		MAC string `json:"mac"`
	} `json:"port"`
	Server string `json:"server"`
	Tap    string `json:"tap"`
	State  string `json:"state"`
}

// attached starts d1, paused, and gives it a NIC.
func attached(t *testing.T) nic {
	t.Helper()
	sh(t, "cat >/run/d1.xml <<'EOF'\n"+domain+"\nEOF\nvirsh -q define /run/d1.xml && virsh -q start --paused d1")
	t.Cleanup(func() {
		sh(t, "virsh -q destroy d1 || true; vifd list -o name | xargs -r -n 1 vifd detach d1; virsh -q undefine d1; vifd network delete blue")
	})
	sh(t, "vifd network create blue --vlan 100 && vifd subnet create blue-v4 --net blue --cidr 10.20.0.0/24")
	port := sh(t, "vifd attach d1 --net blue -o name")
	becomes(t, port, "ACTIVE")
	return shown(t, port)
}

func shown(t *testing.T, port string) (n nic) {
	t.Helper()
	out := sh(t, "vifd show "+port+" -o json")
	if err := json.Unmarshal([]byte(out), &n); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if n.Port.ID == "" || n.Server == "" || n.Tap == "" {
		t.Fatalf("vifd show says only %s", out)
	}
	return n
}

func becomes(t *testing.T, port, state string) {
	t.Helper()
	wait.Until(t, patience, func() string {
		out, _ := try("vifd show " + port + " -o json")
		var n nic
		if err := json.Unmarshal([]byte(out), &n); err != nil || n.State != state {
			return out
		}
		return ""
	})
}

// From within its sandbox vifd makes taps, plugs them in and shows them to a
// guest, mends what somebody breaks, and takes all of it away again; and the
// journal finds it by port, server, request and step.
func TestNIC(t *testing.T) {
	n := attached(t)
	sh(t, "ip link show dev "+n.Tap+" up; ovs-vsctl port-to-br "+n.Tap+"; virsh domiflist d1 | grep "+n.Tap)
	request := sh(t, "journalctl -b -o json MESSAGE_ID="+nicAttached+" PORT_ID="+n.Port.ID+" | sed 's/.*\"OPERATION_ID\":\"\\([^\"]*\\)\".*/\\1/'")
	if got := sh(t, "journalctl -b -o cat SERVER_ID="+n.Server+" OPERATION_ID="+request); !strings.Contains(got, "attached port="+n.Port.ID) {
		t.Errorf("of the request %q the journal says %s", request, got)
	}
	if got := sh(t, "journalctl -b -x PORT_ID="+n.Port.ID); !strings.Contains(got, fmt.Sprintf("Server %s has got port %s", n.Server, n.Port.ID)) {
		t.Errorf("the journal explains\n%s", got)
	}
	sh(t, "ovs-vsctl del-port "+n.Tap)
	wait.Until(t, patience, func() string {
		out, _ := try("journalctl -b -o cat MESSAGE_ID=" + mended + " STEP=plug PORT_ID=" + n.Port.ID)
		if out == "" {
			return "the journal does not tell that the port was plugged again"
		}
		return ""
	})
	becomes(t, n.Port.ID, "ACTIVE")
	sh(t, "virsh -q destroy d1 && vifd detach d1 "+n.Port.ID+" && vifd leaks")
	if out, ok := try("ip link show dev " + n.Tap); ok {
		t.Errorf("the tap is still there: %s", out)
	}
	if got := sh(t, "journalctl -b -o cat MESSAGE_ID="+nicDetached+" PORT_ID="+n.Port.ID); got == "" {
		t.Error("the journal does not tell of the detach")
	}
}
