package agent

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"vifd/agent/api"
)

// The sample names every key, and says of each what holds without it.
func TestConfigSample(t *testing.T) {
	commented := regexp.MustCompile(`(?m)^#([a-z_]+ = |\[\[)`)
	text := commented.ReplaceAllString(ConfigSample, "$1")
	if text == ConfigSample {
		t.Fatal("no key in the sample")
	}
	sample, err := ParseConfig("sample", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	asIs, err := ParseConfig("sample as it is", []byte(ConfigSample))
	if err != nil {
		t.Fatal(err)
	}
	none, err := ParseConfig("nothing", nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(sample.Listen) != 1 || len(sample.Listen[0].Holders) != 1 {
		t.Errorf("the sample listens at %+v", sample.Listen)
	}
	sample.Listen, sample.raw.Listen = nil, nil
	if !reflect.DeepEqual(sample, none) || !reflect.DeepEqual(asIs, none) {
		t.Errorf("the sample says\n%s\nthe defaults are\n%s", sample, none)
	}
	for _, key := range knownKeys(reflect.TypeFor[rawConfig](), "") {
		if !regexp.MustCompile(`(?m)^(#` + lastPart(key) + ` = |#?\[+` + key + `\]+$)`).MatchString(ConfigSample) {
			t.Errorf("%s is not in the sample", key)
		}
	}
}

// Without a word about it the rates are those that Rackspace documented.
func TestUsualRates(t *testing.T) {
	c, err := ParseConfig("empty", nil)
	if want := (api.Rates{Get: 25, Post: 4}); err != nil || c.Older.Rates != want {
		t.Errorf("%v, rates %+v, want %+v", err, c.Older.Rates, want)
	}
}

func TestConfigShowsItself(t *testing.T) {
	const text = `
log_level = "DEBUG"
[socket]
mode = "0600"
[nic]
multiqueue = true
[timeouts]
attach = "1m30s"
[compute]
virtual_interfaces = "gone"
[rackspace]
gets_per_minute = 0
posts_per_minute = 5
deletes_per_minute = 3
`
	c, err := ParseConfig("first", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseConfig("shown", []byte(c.String()))
	if err != nil {
		t.Fatalf("%v in\n%s", err, c)
	}
	if !reflect.DeepEqual(again, c) {
		t.Errorf("%s\nis not\n%s", again, c)
	}
	if c.Engine.MaxQueues != 8 || c.Engine.Attach != 90*time.Second || c.API.Attach != 90*time.Second || c.Socket.Mode != 0o600 {
		t.Errorf("config: %+v", c)
	}
	if want := (api.Older{Gone: true, Rates: api.Rates{Post: 5, Delete: 3}}); c.Older != want {
		t.Errorf("older dialects: %+v, want %+v", c.Older, want)
	}
}

func TestConfigWithoutFile(t *testing.T) {
	c, err := LoadConfig(filepath.Join(t.TempDir(), "vifd.toml"))
	if err != nil {
		t.Fatal(err)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	got := []any{c.Host, c.StateDir, c.Socket.Path, c.Socket.Mode, c.Libvirt, c.OVS.Database, c.Network.Bridge,
		c.Network.MTU, c.Network.Quarantine, c.Engine.Active, c.Engine.MaxQueues, c.Taps.GID}
	want := []any{host, "/var/lib/vifd", "/run/vifd/vifd.sock", os.FileMode(0o660), "qemu:///system", "/run/openvswitch/db.sock", "br-int",
		1500, time.Minute, 2 * time.Second, 1, -1}
	if !slices.Equal(got, want) {
		t.Errorf("defaults %v, want %v", got, want)
	}
}

// What is wrong is said by file, line and key, and with what to write instead.
func TestConfigRefuses(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"host_nmae = \"h\"", `f:1: unknown key "host_nmae"; did you mean "host_name"?`},
		{"\nmtu = 9000", `f:2: unknown key "mtu"; did you mean "network.mtu"?`},
		{"[netwrk]\nmtu = 9000", `f:1: unknown key "netwrk"; did you mean "network"?`},
		{"[ovs]\nflavour = 1", `f:2: unknown key "ovs.flavour"; "vifd config show --sample" lists`},
		{"[ovs]\nx = 1\ny = 2", "f:3: unknown key"},
		{"[ovs]\nx = 1\n[network]\nmtu = 67", "network.mtu: 67 must be"},
		{"[timeouts]\nattach = 5", "f:2:"},
		{"[socket]\nmode = 432", "f:2:"},
		{"log_level = 4", "f:1:13: log_level: cannot decode TOML integer to string"},
		{"[timeouts]\nattach = \"5\"", `timeouts.attach: "5" must be a time span`},
		{"[timeouts]\nattach = \"-5s\"", `timeouts.attach: "-5s" must be`},
		{"[timeouts]\nattach = \"0s\"", `timeouts.attach: "0s" must be a time span`},
		{"[socket]\nmode = \"rw\"", `socket.mode: "rw" must be a file mode`},
		{"[socket]\nmode = \"07777\"", `socket.mode: "07777" must be a file mode`},
		{"[socket]\npath = \"vifd.sock\"", `socket.path: "vifd.sock" must be an absolute path`},
		{"[socket]\npath = \"/" + strings.Repeat("x", 107) + "\"", "must be at most 107"},
		{"log_level = \"loud\"", `log_level: "loud" must be`},
		{"[network]\nmtu = 67", "network.mtu: 67 must be 68 to 65521"},
		{"[network]\nbridge = \"br int\"", "network.bridge:"},
		{"[network]\nbridge = \"a-bridge-of-16-b\"", "network.bridge:"},
		{"[libvirt]\nuri = \"qemu+ssh://far/system\"", "libvirt.uri:"},
		{"[libvirt]\nuri = \"qemu://far/system\"", "libvirt.uri:"},
		{"[libvirt]\nuri = \"\"", "libvirt.uri:"},
		{"[nic]\nowner = \"nobody-at-all\"", `nic.owner: "nobody-at-all" must be a user`},
		{"[nic]\nmax_queues = 0", "nic.max_queues: 0 must be 1 to 256"},
		{"[nic]\nmax_queues = 0\n[network]\nmtu = 1", "network.mtu"},
		{"[compute]\nvirtual_interfaces = \"none\"", `compute.virtual_interfaces: "none" must be one of ["list" "gone"]`},
		{"[rackspace]\nposts_per_minute = -1", "rackspace.posts_per_minute: -1 must be 0 to 1000000"},
		{"[nic\n", "f:1:"},
		{"[nic]\nmultiqueue = \"yes\"", "f:2:"},
		{"[nova]\nauth = \"magic\"", "nova.auth:"},
		{"[nova]\nendpoint = \"nova:8774\"", `nova.endpoint: "nova:8774" must be an http or https URL`},
		{"[nova]\nendpoint = \"http://me:secret@nova/\"", "nova.endpoint:"},
		{"[nova]\nenabled = true\nauth_url = \"http://k/v3\"\nuser = \"vifd\"", `nova.project: "" must be given, as nova.auth is "password"`},
		{"[nova]\nenabled = true\nauth = \"token\"", "nova.endpoint:"},
		{"[nova]\nca_file = \"ca.pem\"", "nova.ca_file:"},
	} {
		_, err := ParseConfig("f", []byte(tt.text))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v\nwant %s", tt.text, err, tt.want)
		}
	}
}

// Each fault is said, and said once.
func TestConfigSaysAllThatIsWrong(t *testing.T) {
	_, err := ParseConfig("f", []byte("[nic]\nmax_queues = 0\n[timeouts]\nattach = \"soon\"\nundo = \"later\""))
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("%v; want three lines", err)
	}
}
