package hypervisor

import (
	"fmt"
	"os/exec"
	"testing"
	"time"

	"vifd/test/testhost"
	"vifd/vif"
)

// What is remembered of a server is told without asking libvirt, which may hang,
// and is forgotten with each change that libvirt tells of.
func TestRecent(t *testing.T) {
	h, _ := run(t)
	g := guest(t, testhost.Guest{Name: "changing"})
	recent := func() vif.Server {
		t.Helper()
		s, err := h.Recent(within20s(t), g.UUID)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	slots := recent().FreeSlots
	frozen := func() {
		t.Helper()
		before := recent()
		if err := box.Libvirtd.Freeze(); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := box.Libvirtd.Thaw(); err != nil {
				t.Fatal(err)
			}
		}()
		asked := time.Now()
		if got := recent(); got.State != before.State || time.Since(asked) > time.Second {
			t.Errorf("%+v after %v, and was %+v", got, time.Since(asked), before)
		}
	}
	frozen()
	for _, tt := range []struct {
		command string
		is      func(vif.Server) bool
	}{
		{"virsh suspend changing", func(s vif.Server) bool { return s.State == vif.ServerPaused }},
		{`virsh metadata changing urn:vifd:1:owner --key vifd --set "<owner project='p1'/>" --live`,
			func(s vif.Server) bool { return s.Project == "p1" }},
		{`virsh attach-device changing --live <(echo "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>")`,
			func(s vif.Server) bool { return s.FreeSlots == slots-1 }},
		{"virsh destroy changing", func(s vif.Server) bool { return s.State == vif.ServerStopped }},
	} {
		recent()
		if out, err := exec.Command("bash", "-c", tt.command).CombinedOutput(); err != nil {
			t.Fatalf("%s: %s", tt.command, out)
		}
		until(t, tt.command, func() error {
			if s := recent(); !tt.is(s) {
				return fmt.Errorf("%+v", s)
			}
			return nil
		})
		frozen()
	}
}
