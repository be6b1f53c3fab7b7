package e2e

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"vifd/test/testhost"
	"vifd/test/wait"
)

// The bodies that ask for a NIC, and what each gets.
func TestAttach(t *testing.T) {
	clean(t)
	for _, tt := range []struct {
		name, body string
		v4, v6     string // what its address is, where it has one
	}{
		{"network", `{"net_id": "$blue"}`, `^10\.20\.0\.`, `^fd00:20::`},
		{"IPv4 address", `{"net_id": "$blue", "fixed_ips": [{"ip_address": "10.20.0.77"}]}`, `^10\.20\.0\.77$`, ""},
		{"IPv6 address", `{"net_id": "$blue", "fixed_ips": [{"ip_address": "fd00:20::77"}]}`, "", `^fd00:20::77$`},
		{"IPv4", `{"net_id": "$blue", "fixed_ips": [{"ip_version": 4}]}`, `^10\.20\.0\.`, ""},
		{"IPv6", `{"net_id": "$blue", "fixed_ips": [{"ip_version": 6}]}`, "", `^fd00:20::`},
		{"subnet 4", `{"net_id": "$blue", "fixed_ips": [{"subnet_id": "$blue4"}]}`, `^10\.20\.0\.`, ""},
		{"subnet 6", `{"net_id": "$blue", "fixed_ips": [{"subnet_id": "$blue6"}]}`, "", `^fd00:20::`},
		{"subnet and version", `{"net_id": "$blue", "fixed_ips": [{"subnet_id": "$blue6", "ip_version": 6}]}`, "", `^fd00:20::`},
		{"tag", `{"net_id": "$blue", "tag": "data <&\"'> base é"}`, `^10\.20\.0\.`, `^fd00:20::`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := host.Guest("g1")
			console := g.Console()
			n := attach(t, g, tt.body)
			for version, want := range map[int]string{4: tt.v4, 6: tt.v6} {
				checkAddress(t, n.ip(version), want)
			}
			if n.Net != networkID(t, "blue") {
				t.Errorf("it is on %s", n.Net)
			}
			checkWhole(t, g, console, n)
		})
	}
}

func checkAddress(t *testing.T, got netip.Addr, want string) {
	t.Helper()
	if want == "" && got.IsValid() || want != "" && !(got.IsValid() && regexp.MustCompile(want).MatchString(got.String())) {
		t.Errorf("address %v, want %q", got, want)
	}
}

func TestAttachPort(t *testing.T) {
	clean(t)
	g := host.Guest("g1")
	port, mac := createPort(t, `{"network_id": "$blue", "name": "web", "fixed_ips": [{"ip_address": "10.20.0.80"}]}`)
	console := g.Console()
	n := attach(t, g, `{"port_id": "`+port+`", "tag": "web"}`)
	if n.Port != port || n.MAC != mac || n.ip(4) != netip.MustParseAddr("10.20.0.80") || n.ip(6).IsValid() {
		t.Errorf("attached %+v, want port %s with MAC %s", n, port, mac)
	}
	checkWhole(t, g, console, n)
}

// With one network to choose from, nobody has to name it.
func TestAttachToTheOnlyNetwork(t *testing.T) {
	clean(t)
	drop(t, expand(t, "/v2.0/networks/$red"))
	t.Cleanup(func() { createRed(t) })
	g := host.Guest("g1")
	for _, body := range []string{`{}`, `{"interfaceAttachment": {}}`, `{"interfaceAttachment": {"tag": "only"}}`} {
		t.Run(body, func(t *testing.T) {
			console := g.Console()
			n := attached(t, g, ask(t, "POST", interfaces(g), body, shown))
			if n.Net != networkID(t, "blue") {
				t.Errorf("it is on %s", n.Net)
			}
			checkWhole(t, g, console, n)
		})
	}
}

func createRed(t *testing.T) {
	t.Helper()
	ctx := within(t, patience)
	for _, request := range []struct{ path, body string }{
		{"/v2.0/networks", `{"network": {"name": "red", "provider:network_type": "vlan", "provider:segmentation_id": 200}}`},
		{"/v2.0/subnets", `{"subnet": {"network_id": "$red", "ip_version": 4, "cidr": "10.30.0.0/24"}}`},
	} {
		a, err := send(ctx, "POST", request.path, strings.ReplaceAll(request.body, "$red", redID(t)))
		if err != nil || a.Status != 201 {
			t.Errorf("%s: %+v, %v", request.path, a, err)
		}
	}
}

// redID returns the ID of the network red, or "" before there is one.
func redID(t *testing.T) string {
	t.Helper()
	out, _ := run(host.Binary + " network show red -o name")
	return out
}

// The tag is taken from 2.49 and shown from 2.70, by either header.
func TestMicroversions(t *testing.T) {
	clean(t)
	g := host.Guest("g1")
	body := `{"interfaceAttachment": {"net_id": "$blue", "tag": "db"}}`
	for _, tt := range []struct {
		header string
		status int
		shown  bool
	}{
		{"OpenStack-API-Version: compute 2.48", 400, false},
		{"OpenStack-API-Version: compute 2.49", 200, false},
		{"OpenStack-API-Version: compute 2.69", 200, false},
		{"OpenStack-API-Version: compute 2.70", 200, true},
		{"OpenStack-API-Version: compute latest", 200, true},
		{"X-OpenStack-Nova-API-Version: 2.70", 200, true},
		{"X-OpenStack-Nova-API-Version: 2.48", 400, false},
		{"OpenStack-API-Version: compute 2.104", 406, false},
	} {
		t.Run(tt.header, func(t *testing.T) {
			a := ask(t, "POST", interfaces(g), body, tt.header).is(t, tt.status)
			if tt.status != 200 {
				return
			}
			n := attached(t, g, a)
			checkVersion(t, a, tt.header)
			for _, a := range []answer{a, ask(t, "GET", interfaces(g)+"/"+n.Port, "", tt.header), ask(t, "GET", interfaces(g), "", tt.header)} {
				if has := strings.Contains(a.Body, `"tag"`); has != tt.shown {
					t.Errorf("%s, want the tag in it to be %t", a.Body, tt.shown)
				}
			}
		})
	}
}

func checkVersion(t *testing.T, a answer, header string) {
	t.Helper()
	_, asked, _ := strings.Cut(header, ": ")
	asked = strings.TrimPrefix(asked, "compute ")
	if asked == "latest" {
		asked = "2.93"
	}
	if got := a.Header.Get("OpenStack-API-Version"); got != "compute "+asked {
		t.Errorf("OpenStack-API-Version: %s, want compute %s", got, asked)
	}
	if got := a.Header.Get("X-OpenStack-Nova-API-Version"); got != asked {
		t.Errorf("X-OpenStack-Nova-API-Version: %s, want %s", got, asked)
	}
}

// checkWhole looks for every part of a NIC: in the guest, in libvirt, on the
// host and in the switch.
func checkWhole(t *testing.T, g *testhost.Running, console *testhost.Console, n nic) {
	t.Helper()
	d := defined(t, g, n.Port)
	line := appears(t, console, n)
	if want := n.MAC + " " + d.pci() + " mtu 1500"; !strings.HasSuffix(line, want) {
		t.Errorf("the guest says %q, libvirt %q", line, want)
	}
	if _, err := console.Line(within(t, patience), `^link eth[0-9]+ up$`); err != nil {
		t.Error(err)
	}
	in := details(t, n.Port)
	if d.Target.Dev != in.Tap || d.MTU.Size != 1500 {
		t.Errorf("libvirt has the tap %s with MTU %d, vifd says %+v", d.Target.Dev, d.MTU.Size, in)
	}
	checkMetadata(t, g, n)
	checkTap(t, n, in)
	checkSwitch(t, g, n, in)
}

func checkMetadata(t *testing.T, g *testhost.Running, n nic) {
	t.Helper()
	tag := n.tag()
	wait.Until(t, patience, func() string {
		for _, config := range []string{"--live", "--config"} {
			text, _ := run("virsh metadata " + g.Name + " --uri urn:vifd:1 " + config)
			id, said := attribute(text, n.Port)
			if id != n.Port || said != tag {
				return fmt.Sprintf("metadata %s says tag %q: %s, want %q", config, said, text, tag)
			}
		}
		return ""
	})
}

func checkTap(t *testing.T, n nic, in inside) {
	t.Helper()
	if wrong := tapFault(t, n, in); wrong != "" {
		t.Error(wrong)
	}
}

// tapFault tells what is wrong with a NIC's tap, or "".
func tapFault(t *testing.T, n nic, in inside) string {
	t.Helper()
	l := linkOf(t, in.Tap)
	if want := fmt.Sprintf("vifd:%s:%d", n.Port, in.Gen); l.Alias != want {
		return fmt.Sprintf("the tap's alias is %q, want %q", l.Alias, want)
	}
	if l.MTU != 1500 || l.MAC != "fe"+n.MAC[2:] || l.GenMode != "none" || l.State == "DOWN" || !l.Kind.Data.Persist {
		return fmt.Sprintf("the tap is %+v", l)
	}
	if addresses := sh(t, "ip -o addr show dev "+in.Tap); addresses != "" {
		return "the tap has addresses: " + addresses
	}
	return ""
}

func checkSwitch(t *testing.T, g *testhost.Running, n nic, in inside) {
	t.Helper()
	number := fmt.Sprint(in.OFPort)
	want := []string{number, number, "1500", "[]", `"` + n.Port + `"`, `"` + n.MAC + `"`, "active",
		`"` + g.UUID + `"`, `"` + n.Port + `"`, `"` + fmt.Sprint(in.Gen) + `"`}
	got := column(t, "Interface", in.Tap, "ofport", "ofport_request", "mtu_request", "error", "external_ids:iface-id",
		"external_ids:attached-mac", "external_ids:iface-status", "external_ids:vm-id", "external_ids:vifd-port", "external_ids:vifd-gen")
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("the Interface row has\n%q, want\n%q", got, want)
	}
	if got := column(t, "Port", in.Tap, "tag", "external_ids:owner"); strings.Join(got, " ") != "100 vifd" {
		t.Errorf("the Port row has %q", got)
	}
	if mode := column(t, "Bridge", "br-int", "fail_mode"); mode[0] != "secure" {
		t.Errorf("fail_mode is %s", mode)
	}
	if out, ok := run("ovs-ofctl dump-flows br-int in_port=" + number + " | grep -q " + n.MAC); !ok {
		t.Errorf("no flow for port %s is about %s: %s", number, n.MAC, out)
	}
}
