package testhost

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const nicXML = `<interface type='ethernet'>
  <mac address='%s'/><target dev='%s'/><model type='virtio'/>
  <driver>
    <host csum='off' gso='off' tso4='off' tso6='off' ecn='off' ufo='off'/>
    <guest csum='off' tso4='off' tso6='off' ecn='off' ufo='off'/>
  </driver>
</interface>`

// plug gives a guest a NIC on VLAN 100, by libvirt and Open vSwitch alone.
func plug(t *testing.T, ctx context.Context, guest, mac, tap string) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "nic.xml")
	if err := os.WriteFile(file, fmt.Appendf(nil, nicXML, mac, tap), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := virsh(ctx, "attach-device", guest, file, "--live"); err != nil {
		t.Fatal(err)
	}
	if _, err := run(ctx, "ovs-vsctl", "add-port", "br-int", tap, "tag=100"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := run(context.WithoutCancel(ctx), "ovs-vsctl", "del-port", "br-int", tap); err != nil {
			t.Error(err)
		}
	})
	return file
}

// The guest says which NIC came, that its link changed, and that it went; while
// it is there, it carries pings and whole TCP transfers, on its own VLAN only.
func TestNIC(t *testing.T) {
	ctx, g := within(t), host.Guest("g1")
	console := g.Console()
	file := plug(t, ctx, "g1", "fa:16:3e:00:00:01", "tap1")
	line(t, ctx, console, `^nic \+ eth0 fa:16:3e:00:00:01 0000:0[1-8]:00\.0 mtu 1500$`)
	line(t, ctx, console, `^link eth0 up$`)

	t.Run("carries", func(t *testing.T) { carries(t, ctx, g) })

	if err := virsh(ctx, "domif-setlink", "g1", "tap1", "down"); err != nil {
		t.Fatal(err)
	}
	line(t, ctx, console, `^link eth0 down$`)
	if err := virsh(ctx, "detach-device", "g1", file, "--live"); err != nil {
		t.Fatal(err)
	}
	line(t, ctx, console, `^nic - eth0 fa:16:3e:00:00:01$`)
}

func line(t *testing.T, ctx context.Context, c *Console, pattern string) {
	t.Helper()
	if _, err := c.Line(ctx, pattern); err != nil {
		t.Fatal(err)
	}
}

func carries(t *testing.T, ctx context.Context, g *Running) {
	if out, status, err := g.Run(ctx, "ip addr add 10.20.0.10/24 dev eth0; sha256sum </www/big"); err != nil || status != 0 {
		t.Fatalf("%q, %d, %v", out, status, err)
	}
	blue := peer(t, ctx, "blue", "10.20.0.250/24")
	red := peer(t, ctx, "200", "10.20.0.251/24")
	sum, _, err := g.Run(ctx, "sha256sum </www/big")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		from    *Peer
		command string
		want    string // "" for a command that fails
	}{
		{"ping", blue, "ping -c1 -W5 10.20.0.10 >&2 && echo ok", "ok\n"},
		{"download", blue, "set -o pipefail; curl -sSf -m 20 http://10.20.0.10/big | sha256sum", sum},
		{"echo", blue, "head -c 100000 /dev/zero | socat -t 10 - TCP:10.20.0.10:7 | wc -c", "100000\n"},
		{"ping from another VLAN", red, "ping -c1 -W1 10.20.0.10", ""},
		{"TCP from another VLAN", red, "curl -sS -m 1 http://10.20.0.10/big", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, err := tt.from.Run(ctx, "bash", "-c", tt.command)
			if tt.want == "" && err == nil {
				t.Errorf("it got through: %q", out)
			}
			if tt.want != "" && (err != nil || out != tt.want) {
				t.Errorf("got %q, %v; want %q", out, err, tt.want)
			}
		})
	}
}

func peer(t *testing.T, ctx context.Context, network, cidr string) *Peer {
	t.Helper()
	p, err := host.Peer(ctx, network, cidr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Remove(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	})
	again, err := host.Peer(ctx, network, cidr)
	if err != nil || *again != *p {
		t.Errorf("asked again for %v, got %v, %v", p, again, err)
	}
	return p
}

// A guest without an OS never lets go of a NIC.
func TestStubbornGuest(t *testing.T) {
	ctx := within(t)
	file := plug(t, ctx, "g2", "fa:16:3e:00:00:02", "tap2")
	if err := virsh(ctx, "detach-device", "g2", file, "--live"); err != nil {
		t.Fatal(err)
	}
	soon, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	err := until(soon, func(ctx context.Context) error {
		xml, err := host.Guest("g2").XML(ctx, true)
		if err == nil && strings.Contains(xml, "fa:16:3e:00:00:02") {
			return fmt.Errorf("it has the NIC")
		}
		return err
	})
	if err == nil {
		t.Error("it let go of its NIC")
	}
}
