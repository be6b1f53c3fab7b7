package testhost

import (
	"context"
	"strings"
	"testing"
	"time"
)

// What runs can be killed and started again, and then works as before.
func TestRestart(t *testing.T) {
	for _, tt := range []struct {
		d     *Daemon
		works string
	}{
		{host.OVSDB, "ovs-vsctl --timeout=10 br-exists br-int"},
		{host.VSwitchd, "ovs-ofctl show br-int"},
		{host.Virtlogd, "pidof virtlogd"},
		{host.Libvirtd, "virsh domstate g1 | grep running"},
	} {
		t.Run(tt.d.name, func(t *testing.T) {
			ctx := within(t)
			for name, end := range map[string]func(context.Context) error{"killed": tt.d.Kill, "stopped": tt.d.Stop} {
				before := tt.d.Pid()
				if err := end(ctx); err != nil {
					t.Fatal(err)
				}
				if tt.d.Running() {
					t.Errorf("runs after it was %s", name)
				}
				if err := tt.d.Start(ctx); err != nil {
					t.Fatal(err)
				}
				if tt.d.Pid() == before {
					t.Errorf("it is the same process after it was %s", name)
				}
				check := func(ctx context.Context) error { _, err := run(ctx, "bash", "-c", tt.works); return err }
				if err := until(ctx, check); err != nil {
					t.Errorf("%s and started: %v", name, err)
				}
			}
		})
	}
}

func TestFreeze(t *testing.T) {
	ctx := within(t)
	if err := host.Libvirtd.Freeze(); err != nil {
		t.Fatal(err)
	}
	soon, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	if err := virsh(soon, "list"); err == nil {
		t.Error("a frozen libvirtd answers")
	}
	if err := host.Libvirtd.Thaw(); err != nil {
		t.Fatal(err)
	}
	if err := virsh(ctx, "list"); err != nil {
		t.Error(err)
	}
}

// A daemon that ends instead of getting ready is an error at once, with what it
// said last.
func TestStartFails(t *testing.T) {
	d := &Daemon{
		name: "sulker", log: host.path("sulker.log"),
		args:  []string{"sh", "-c", "echo I would rather not; exit 1"},
		ready: func(ctx context.Context) error { return virsh(ctx, "no-such-command") },
	}
	start := time.Now()
	err := d.Start(within(t))
	if err == nil || !strings.Contains(err.Error(), "I would rather not") {
		t.Errorf("Start = %v, want what it said", err)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %v to say so", took)
	}
}
