package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"
)

// A said is what a vifd command printed, and how it ended.
type said struct {
	out, err string
	code     int
}

// vifd runs a vifd command.
func vifd(t *testing.T, args ...string) said {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 2*patience)
	defer cancel()
	var out, talk strings.Builder
	cmd := exec.CommandContext(ctx, host.Binary, args...)
	cmd.Stdout, cmd.Stderr = &out, &talk
	err := cmd.Run()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		t.Fatalf("vifd %q: %v", args, err)
	}
	s := said{strings.TrimRight(out.String(), "\n"), talk.String(), cmd.ProcessState.ExitCode()}
	if strings.HasPrefix(strings.Join(args, " "), "token create ") && s.code == 0 && !strings.ContainsAny(s.out, " \n") {
		written = append(written, s.out)
	}
	return s
}

// ok is vifd for a command that has to succeed. It returns what it printed.
func ok(t *testing.T, args ...string) string {
	t.Helper()
	s := vifd(t, args...)
	if s.code != 0 {
		t.Fatalf("vifd %q: %d, %s%s", args, s.code, s.out, s.err)
	}
	return s.out
}

// Attach with every flag, and detach by every name.
func TestCLI(t *testing.T) {
	clean(t)
	create(t, "port", `{"name": "web", "network_id": "$blue", "fixed_ips": [{"ip_address": "10.20.0.180"}]}`)
	for _, tt := range []struct {
		flags []string
		want  []string // in what list says of it
		by    func(nic inside) string
	}{
		{[]string{"--net", "blue", "--tag", "db"}, []string{"g1", "blue", "db", "10.20.0.", "ACTIVE"}, func(inside) string { return "db" }},
		{[]string{"--net", "blue", "--ip", "10.20.0.181"}, []string{"10.20.0.181"}, func(n inside) string { return n.Port.ID[:8] }},
		{[]string{"--net", "blue", "--ip-version", "6"}, []string{"fd00:20::"}, func(n inside) string { return n.Port.ID }},
		{[]string{"--net", "blue", "--ip", "10.20.0.182", "--ip", "fd00:20::182"}, []string{"10.20.0.182", "fd00:20::182"}, func(n inside) string { return n.Port.ID }},
		{[]string{"--net", "blue", "--mac", "52:54:00:01:02:03"}, []string{"52:54:00:01:02:03"}, func(n inside) string { return n.Port.MAC }},
		{[]string{"--port", "web", "--tag", "front"}, []string{"10.20.0.180", "front"}, func(inside) string { return "web" }},
	} {
		t.Run(strings.Join(tt.flags, " "), func(t *testing.T) {
			before := leftovers()
			if plan := ok(t, append([]string{"attach", "g1", "--dry-run"}, tt.flags...)...); !strings.Contains(plan, "tap") {
				t.Errorf("the plan is %s", plan)
			}
			if after := leftovers(); after != before {
				t.Errorf("the rehearsal left\n%s", after)
			}
			var n inside
			if err := json.Unmarshal([]byte(ok(t, append([]string{"attach", "g1", "-o", "json"}, tt.flags...)...)), &n); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { takeOut(t, host.Guest("g1"), n.Port.ID) })
			list := ok(t, "list", "g1")
			for _, want := range append(tt.want, n.Port.ID) {
				if !strings.Contains(list, want) {
					t.Errorf("list has no %s:\n%s", want, list)
				}
			}
			if show := ok(t, "show", tt.by(n)); !strings.Contains(show, n.Tap) || !strings.Contains(show, "ACTIVE") {
				t.Errorf("show says\n%s", show)
			}
			ok(t, "detach", "g1", tt.by(n))
			if list := ok(t, "list", "-o", "name"); list != "" {
				t.Errorf("after detach the list has %s", list)
			}
		})
	}
}

// The commands for what an attach is about.
func TestCLIResources(t *testing.T) {
	clean(t)
	ok(t, "network", "create", "lab", "--vlan", "444", "--mtu", "1450")
	t.Cleanup(func() { vifd(t, "network", "delete", "lab") })
	ok(t, "subnet", "create", "lab-v4", "--net", "lab", "--cidr", "10.44.0.0/24", "--gateway", "none", "--pool", "10.44.0.10-10.44.0.20")
	port := ok(t, "port", "create", "p1", "--net", "lab", "--ip", "10.44.0.15", "-o", "name")
	t.Cleanup(func() { vifd(t, "port", "delete", port) })
	for _, tt := range []struct {
		args string
		want []string
	}{
		{"network list", []string{"blue", "red", "lab", "444"}},
		{"network show lab", []string{"444", "1450", "br-int"}},
		{"subnet list --net lab", []string{"lab-v4", "10.44.0.0/24", "10.44.0.10-10.44.0.20"}},
		{"subnet show lab-v4 -o json", []string{`"gateway_ip": null`}},
		{"port list --net lab", []string{"p1", "10.44.0.15", "DOWN"}},
		{"port show p1", []string{port, "10.44.0.15"}},
		{"status", []string{"libvirt", "openvswitch", "store", "ok"}},
		{"config show", []string{"/run/vifd/vifd.sock", "qemu:///system"}},
		{"config check", nil},
		{"version", nil},
	} {
		out := ok(t, strings.Fields(tt.args)...)
		for _, want := range tt.want {
			if !strings.Contains(out, want) {
				t.Errorf("vifd %s has no %s:\n%s", tt.args, want, out)
			}
		}
	}
	ok(t, "port", "delete", "p1")
	ok(t, "subnet", "delete", "lab-v4")
	ok(t, "network", "delete", "lab")
	if out := ok(t, "network", "list"); strings.Contains(out, "lab") {
		t.Errorf("still there:\n%s", out)
	}
}

// How a command ends tells scripts what happened, and people what to do.
func TestCLIExitCodes(t *testing.T) {
	clean(t)
	for _, tt := range []struct {
		args string
		code int
		says string
	}{
		{"attach", 2, "--help"},
		{"attach g1 --colour red", 2, "unknown flag"},
		{"attach g1", 2, "Multiple possible networks"},
		{"attach g1 --net blue --port x", 3, "there is no port with the ID or the name 'x'"},
		{"attach g1 --net blue --tag a,b", 2, "does not match"},
		{"attach g1 --net blue --ip 10.30.0.1", 2, "is not a valid ip address"},
		{"attach nobody --net blue", 3, "nobody"},
		{"attach g1 --net nowhere", 3, "nowhere"},
		{"attach g1 --port nothing", 3, "nothing"},
		{"detach g1 nothing", 3, "nothing"},
		{"show nothing", 3, "nothing"},
		{"network show nothing", 3, "nothing"},
		{"network create copy --vlan 100", 4, "100"},
		{"list --socket /run/vifd/none.sock", 6, "systemctl status vifd"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			s := vifd(t, strings.Fields(tt.args)...)
			if s.code != tt.code || !strings.Contains(s.err, tt.says) || s.out != "" {
				t.Errorf("ended with %d, %q and %q; want %d and %q", s.code, s.out, s.err, tt.code, tt.says)
			}
		})
	}
	n := attach(t, host.Guest("g1"), blue)
	if s := vifd(t, "attach", "g2", "--port", n.Port); s.code != 4 || !strings.Contains(s.err, "still in use") {
		t.Errorf("a port that is in use: %+v", s)
	}
	if s := vifd(t, "network", "delete", "blue"); s.code != 4 {
		t.Errorf("a network that is in use: %+v", s)
	}
}

// The configuration is checked before it is used, and the key at fault named.
func TestCLIConfigCheck(t *testing.T) {
	clean(t)
	file := t.TempDir() + "/vifd.toml"
	for text, want := range map[string]string{
		"[network]\nmtu = 9000\n": "",
		"[netwrk]\nmtu = 9000\n":  `did you mean "network"`,
		"log_level = 7\n":         "log_level",
		"log_level = \"LOUD\"\n":  "log_level",
	} {
		sh(t, "printf '%s' '"+text+"' >"+file)
		s := vifd(t, "config", "check", file)
		if (s.code == 0) != (want == "") || !strings.Contains(s.err, want) {
			t.Errorf("%q: ended with %d and %s", text, s.code, s.err)
		}
	}
}
