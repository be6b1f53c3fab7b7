package systemd

import (
	"strings"
	"testing"

	"vifd/test/wait"
)

// After a reboot of the machine the taps and switch ports of a domain are there
// again before libvirtd starts it.
func TestReboot(t *testing.T) {
	n := attached(t)
	sh(t, "virsh -q autostart d1")
	if err := machine.reboot(); err != nil {
		t.Fatal(err)
	}
	wait.Until(t, patience, func() string {
		if out, _ := try("virsh -q domstate d1"); strings.TrimSpace(out) != "running" {
			return out + sh(t, "journalctl -b -u libvirtd -u vifd --no-pager | tail -n 40")
		}
		return ""
	})
	becomes(t, n.Port.ID, "ACTIVE")
	if now := shown(t, n.Port.ID); now != n {
		t.Errorf("the NIC was %+v and is %+v", n, now)
	}
	at := strings.Fields(sh(t, "systemctl show -P ActiveEnterTimestampMonotonic vifd; systemctl show -P ExecMainStartTimestampMonotonic libvirtd"))
	if len(at) != 2 || len(at[0]) > len(at[1]) || len(at[0]) == len(at[1]) && at[0] > at[1] {
		t.Errorf("vifd was ready and libvirtd started at %v microseconds", at)
	}
	for step, want := range map[string]int{"tap": 1, "plug": 1, "replace": 0, "show": 0} { // the guest found all that it needs
		said, _ := try("journalctl -b -q -o cat MESSAGE_ID=" + mended + " STEP=" + step)
		if got := strings.Count(said, "mended"); got != want {
			t.Errorf("%s: %d times, want %d: %s", step, got, want, said)
		}
	}
}
