package systemd

import (
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// checks are commands that say how vifd was installed, and what they print.
var checks = map[string]string{
	"stat -c '%a %U:%G' /run/vifd/vifd.sock /run/vifd /var/lib/vifd /etc/vifd": "660 root:vifd\n755 root:root\n700 root:root\n755 root:root",
	"getent group vifd vifd-admin | cut -d: -f1":                               "vifd\nvifd-admin",
	"systemctl is-enabled vifd.service vifd.socket":                            "enabled\nenabled",
	"systemctl is-active vifd.service vifd.socket":                             "active\nactive",
	"systemctl --failed --plain --no-legend":                                   "",
	"systemd-analyze verify vifd.service vifd.socket":                          "",
	"man -w vifd vifd-attach | xargs -n 1 basename":                            "vifd.8\nvifd-attach.8",
	"vifd config check /usr/share/doc/vifd/vifd.toml":                          "/usr/share/doc/vifd/vifd.toml is right",
}

func TestInstalled(t *testing.T) {
	for command, want := range checks {
		if got := sh(t, command+" || true"); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", command, got, want)
		}
	}
	if got := sh(t, "systemd-analyze security --threshold=20 vifd.service | tail -n 1"); !strings.Contains(got, "OK") {
		t.Errorf("systemd-analyze security: %s", got)
	}
}

// The sandbox is one: of what the process may do, little is left.
func TestConfined(t *testing.T) {
	got := sh(t, "grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/$(systemctl show -P MainPID vifd)/status | tr -s '\\t' ' '")
	const netAdmin = "0000000000001000"
	for _, want := range []string{"CapEff: " + netAdmin, "CapBnd: " + netAdmin, "NoNewPrivs: 1", "Seccomp: 2"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
	for _, command := range []string{"touch /usr/vifd", "touch /etc/vifd/vifd", "ls /root/.bashrc", "ls /proc/sys"} {
		if out, ok := try("nsenter --target $(systemctl show -P MainPID vifd) --mount " + command); ok {
			t.Errorf("where vifd is one can %s: %s", command, out)
		}
	}
}

// Who may do what depends on groups, which vifd looks up from within its sandbox.
func TestGroups(t *testing.T) {
	sh(t, "useradd -M looker -G vifd; useradd -M changer -G vifd,vifd-admin; useradd -M stranger")
	for _, tt := range []struct {
		who, command string
		may          bool
	}{
		{"looker", "vifd network list", true},
		{"looker", "vifd network create lent", false},
		{"changer", "vifd network create lent && vifd network delete lent", true},
		{"stranger", "vifd network list", false},
	} {
		if out, ok := try("runuser -u " + tt.who + " -- sh -c '" + tt.command + "'"); ok != tt.may {
			t.Errorf("%s: %s: %t, want %t: %s", tt.who, tt.command, ok, tt.may, out)
		}
	}
}

// make uninstall leaves nothing of what make install put anywhere.
func TestUninstall(t *testing.T) {
	dir := t.TempDir()
	for _, target := range []string{"install", "uninstall"} {
		cmd := exec.CommandContext(t.Context(), "make", "--silent", "-C", "../..", target, "DESTDIR="+dir)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("make %s: %v: %s", target, err, out)
		}
		files := filesIn(t, dir)
		if target == "install" && len(files) < 10 || target == "uninstall" && len(files) > 0 {
			t.Errorf("after make %s there are %v", target, files)
		}
	}
}

func filesIn(t *testing.T, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
