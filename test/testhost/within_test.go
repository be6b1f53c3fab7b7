package testhost

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestStatus(t *testing.T) {
	for _, tt := range []struct {
		command string
		want    int
	}{
		{"exit 0", 0},
		{"exit 3", 3},
		{"kill -TERM $$", 128 + 15},
	} {
		t.Run(tt.command, func(t *testing.T) {
			t.Parallel()
			out, err := another(t, tt.command).Output()
			if got, _ := statusOf(err); got != tt.want {
				t.Errorf("status = %d, want %d", got, tt.want)
			}
			if len(out) != 0 {
				t.Errorf("printed %q, want only what the command prints", out)
			}
		})
	}
}

// Another host shares nothing with this one, though both use the same paths,
// names and VLANs.
func TestSideBySide(t *testing.T) {
	ctx := within(t)
	if _, err := run(ctx, "ovs-vsctl", "set", "Bridge", "br-int", "external_ids:whose=ours"); err != nil {
		t.Fatal(err)
	}
	out, err := another(t, `
		virsh -q list --all --name
		ovs-vsctl get Bridge br-int external_ids
		ip -o link | wc -l
		pidof libvirtd | wc -w
		touch /var/lib/vifd/theirs /etc/theirs
		ovs-vsctl set Bridge br-int external_ids:whose=theirs`).Output()
	if err != nil {
		t.Fatal(err)
	}
	links := "3" // lo, br-int, and the switch's ovs-netdev
	if got, want := strings.Fields(string(out)), []string{"{}", links, "1"}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the other host sees %q, want %q", got, want)
	}
	whose, err := run(ctx, "ovs-vsctl", "get", "Bridge", "br-int", "external_ids:whose")
	if err != nil || strings.TrimSpace(whose) != "ours" {
		t.Errorf("our bridge is %q, %v", whose, err)
	}
	for _, file := range []string{"/var/lib/vifd/theirs", "/etc/theirs"} {
		if _, err := os.Stat(file); err == nil {
			t.Errorf("the other host's %s is here", file)
		}
	}
}

// A launcher that is killed takes everything with it.
func TestNothingOutlivesTheLauncher(t *testing.T) {
	cmd := another(t, "setsid sleep 1000 & readlink /proc/self/ns/pid; wait")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ns, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	ns = strings.TrimSpace(ns)
	if len(processes(t, ns)) < 6 { // the first, the second, four daemons, bash, sleep
		t.Fatalf("found only %v in %s", processes(t, ns), ns)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	err = until(within(t), func(context.Context) error {
		if left := processes(t, ns); len(left) > 0 {
			return errors.New(strings.Join(left, " "))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// processes returns the names of the processes in a PID namespace.
func processes(t *testing.T, ns string) (names []string) {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/ns/pid")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if at, _ := os.Readlink(link); at == ns { // it may have ended meanwhile
			name, _ := os.ReadFile(filepath.Join(link, "../../comm"))
			names = append(names, strings.TrimSpace(string(name)))
		}
	}
	return names
}
