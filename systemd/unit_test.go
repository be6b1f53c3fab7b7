package systemd

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/go-systemd/v22/unit"
)

// options returns all values of each option of a unit file, by section and name.
func options(t *testing.T, file string) map[string][]string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	opts, err := unit.DeserializeOptions(f)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	byName := map[string][]string{}
	for _, o := range opts {
		key := o.Section + "." + o.Name
		byName[key] = append(byName[key], strings.Fields(o.Value)...)
	}
	return byName
}

// What the code counts on, the units say.
func TestUnits(t *testing.T) {
	for file, wants := range map[string]map[string]string{
		"vifd.service": {
			"Unit.Before":                      "libvirtd.service virtqemud.service libvirt-guests.service", // guests find their taps
			"Unit.Requires":                    "",
			"Service.Type":                     "notify", // Ready
			"Service.NotifyAccess":             "main",   // and nobody else's
			"Service.WatchdogSec":              "30s",    // Watch
			"Service.TimeoutStopSec":           "15s",    // more than timeouts.stop and a second
			"Service.ExecStart":                "/usr/bin/vifd serve",
			"Service.ExecReload":               "/bin/kill -HUP $MAINPID",
			"Service.StateDirectory":           "vifd",            // the store
			"Service.StateDirectoryMode":       "0700",            //
			"Service.RuntimeDirectory":         "vifd",            // the socket
			"Service.RuntimeDirectoryPreserve": "yes",             // which outlives a restart
			"Service.DeviceAllow":              "/dev/net/tun rw", // taps
			"Service.CapabilityBoundingSet":    "CAP_NET_ADMIN",   // links
			"Service.RestrictAddressFamilies":  "AF_UNIX AF_NETLINK AF_INET AF_INET6",
			"Service.SystemCallErrorNumber":    "EPERM",
			"Install.Also":                     "vifd.socket",
		},
		"vifd.socket": {
			"Socket.ListenStream":       "/run/vifd/vifd.sock",
			"Socket.FileDescriptorName": API,
			"Socket.SocketMode":         "0660",
			"Socket.SocketGroup":        "vifd",
			"Socket.DirectoryMode":      "0755",
		},
	} {
		got := options(t, file)
		for key, want := range wants {
			if g := strings.Join(got[key], " "); g != want {
				t.Errorf("%s: %s = %q, want %q", file, key, g, want)
			}
		}
	}
}

// Every group that a unit names is one that sysusers makes, and every directory
// that the units give is one that tmpfiles knows.
func TestUnitsAndLists(t *testing.T) {
	service, socket := options(t, "vifd.service"), options(t, "vifd.socket")
	users, files := words(t, "vifd.sysusers"), words(t, "vifd.tmpfiles")
	for _, group := range slices.Concat(service["Service.SupplementaryGroups"], socket["Socket.SocketGroup"]) {
		if !slices.Contains(users, group) {
			t.Errorf("group %s is not in vifd.sysusers", group)
		}
	}
	for _, dir := range []string{
		filepath.Join("/var/lib", service["Service.StateDirectory"][0]),
		filepath.Join("/etc", service["Service.ConfigurationDirectory"][0]),
		filepath.Dir(socket["Socket.ListenStream"][0]),
	} {
		if !slices.Contains(files, dir) {
			t.Errorf("directory %s is not in vifd.tmpfiles", dir)
		}
	}
}

func words(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text))
}

// The sandbox stays as tight as it was: at most 2.0 on systemd's own scale,
// where 10 is none.
func TestSandbox(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", "security",
		"--offline=true", "--threshold=20", "--no-pager", "vifd.service").CombinedOutput()
	if err != nil {
		t.Errorf("systemd-analyze security: %v\n%s", err, out)
	}
}
