package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"vifd/test/testhost"
	"vifd/test/wait"
)

const stateDir = "/var/lib/vifd"

// A store that is lost, as a whole or by damage, is given back by what is beside
// it and by the marks on the host; the NICs do not notice.
func TestStoreLost(t *testing.T) {
	for _, tt := range []struct{ name, harm string }{
		{"damaged", "dd if=/dev/urandom of=vifd.db bs=4096 seek=1 count=20 conv=notrunc status=none"},
		{"deleted", "rm vifd.db*"},
		{"all but the copies", "rm -r vifd.db* backup"},
		{"all but the marks", "rm -r vifd.db* servers"},
		{"all of it", "rm -r vifd.db* backup servers"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			clean(t)
			p := plug(t, "g1", `{"net_id": "$blue", "tag": "kept"}`)
			friend := peer(t, "blue", "10.20.0.250/24")
			in(t, p.guest, "ping -c 1 -W 10 10.20.0.250")
			networks := sh(t, host.Binary+" network list -o name | sort")
			before := details(t, p.Port)
			wait.Until(t, patience, persisted(t, p.Port))
			backedUp(t)
			stopVifd(t)
			sh(t, "cp -a "+stateDir+" /run/state.before && cd "+stateDir+" && "+tt.harm)
			t.Cleanup(func() { back(t) })
			ping := pinging(t, friend, p.ip(4).String())
			startVifd(t)
			becomes(t, p.guest, p.Port, "ACTIVE")
			ping(t)
			if after := details(t, p.Port); after != before {
				t.Errorf("the NIC was %+v and is %+v", before, after)
			}
			if now := sh(t, host.Binary+" network list -o name | sort"); tt.name != "all of it" && tt.name != "all but the copies" && now != networks {
				t.Errorf("networks were\n%s\nand are\n%s", networks, now)
			}
			in(t, p.guest, "ping -c 1 -W 10 10.20.0.250")
			detach(t, p.guest, p.Port)
		})
	}
}

// A store that is lost while there is no libvirt is given back when there is one, also
// by a vifd that has started since.
func TestStoreLostWithoutLibvirt(t *testing.T) {
	clean(t)
	g := host.Guest("g1")
	n := attach(t, g, blue)
	defined(t, g, n.Port)
	before := details(t, n.Port)
	if err := host.Libvirtd.Stop(within(t, patience)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bringBack(t, []*testhost.Daemon{host.Libvirtd}) })
	stopVifd(t)
	sh(t, "cp -a "+stateDir+" /run/state.before && cd "+stateDir+" && rm -r vifd.db* backup servers")
	t.Cleanup(func() { back(t) })
	startVifd(t)
	ask(t, "POST", "/v2.0/networks", `{"network": {"name": "new", "provider:network_type": "vlan", "provider:segmentation_id": 3999}}`).is(t, 201)
	restartVifd(t)
	bringBack(t, []*testhost.Daemon{host.Libvirtd})
	wait.Until(t, patience, func() string {
		if a := ask(t, "GET", "/v1/attachments/"+n.Port, ""); a.Status != 200 {
			return a.Body
		}
		return ""
	})
	becomes(t, g, n.Port, "ACTIVE")
	if after := details(t, n.Port); after != before {
		t.Errorf("the NIC was %+v and is %+v", before, after)
	}
	detach(t, g, n.Port)
}

// backedUp makes the backup that the night would.
func backedUp(t *testing.T) {
	t.Helper()
	sh(t, "rm -f "+stateDir+"/backup/* && "+host.Binary+" store backup "+stateDir+"/backup/vifd-20260101T000000Z.db")
}

// back gives vifd the store of before.
func back(t *testing.T) {
	t.Helper()
	stopVifd(t)
	sh(t, "rm -rf "+stateDir+"/* && mv /run/state.before/* "+stateDir+" && rm -r /run/state.before")
	startVifd(t)
}

func stopVifd(t *testing.T) {
	t.Helper()
	if err := host.Vifd.Stop(within(t, patience)); err != nil {
		t.Fatal(err)
	}
}

// persisted returns what says whether the port has a file beside the store.
func persisted(t *testing.T, port string) func() string {
	return func() string {
		out, _ := run("cat " + stateDir + "/servers/*.json")
		if !strings.Contains(out, `"settled":true,"persisted":true`) || !strings.Contains(out, port) {
			return "no copy of port " + port + ": " + out
		}
		return ""
	}
}

var sequence = regexp.MustCompile(`icmp_seq=(\d+) `)

// pinging pings through a NIC each 10 ms until what it returns is called, which
// wants every answer, and each in its turn.
func pinging(t *testing.T, friend *testhost.Peer, to string) func(*testing.T) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "pings")
	ctx := within(t, 4*patience)
	ended := make(chan error, 1)
	go func() {
		_, err := friend.Run(ctx, "sh", "-c", "ping -n -i 0.01 -W 5 "+to+" >"+out+" & echo $! >"+out+".pid; wait")
		ended <- err
	}()
	wait.Until(t, patience, func() string {
		if text, err := os.ReadFile(out); err != nil || !strings.Contains(string(text), "icmp_seq=10 ") {
			return "no pings"
		}
		return ""
	})
	return func(t *testing.T) {
		t.Helper()
		sh(t, "kill -INT $(cat "+out+".pid)")
		<-ended
		text, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		for i, answer := range sequence.FindAllStringSubmatch(string(text), -1) {
			if answer[1] != fmt.Sprint(i+1) {
				t.Errorf("after ping %d came %s", i, answer[1])
				return
			}
		}
	}
}

// A store that is lost as a whole is given back with what only the server's definition
// says: after a reboot of the host too it starts, with all its queues, and with its
// link as it was.
func TestStoreLostBeforeReboot(t *testing.T) {
	clean(t)
	configured(t, "[nic]\nmultiqueue = true\n")
	g := host.Guest("g2") // it has two CPUs
	n := attach(t, g, blue)
	vifd(t, "link", n.Port, "down")
	defined(t, g, n.Port)
	becomes(t, g, n.Port, "DOWN")
	before := details(t, n.Port)
	stopVifd(t)
	sh(t, "cp -a "+stateDir+" /run/state.before && cd "+stateDir+" && rm -r vifd.db* backup servers")
	t.Cleanup(func() { back(t) })
	startVifd(t)
	if after := details(t, n.Port); after != before || after.Queues != 2 {
		t.Errorf("the NIC was %+v and is %+v", before, after)
	}
	sh(t, "virsh -q destroy g2")
	stopVifd(t)
	sh(t, "ip link del "+before.Tap)
	startVifd(t)
	bootGuest(t, g)
	becomes(t, g, n.Port, "DOWN")
	if got := sh(t, "virsh domif-getlink g2 "+n.MAC); !strings.HasSuffix(strings.TrimSpace(got), " down") {
		t.Errorf("the cable that was pulled: %s", got)
	}
	vifd(t, "link", n.Port, "up")
	becomes(t, g, n.Port, "ACTIVE")
	reaches(t, g, n)
	detach(t, g, n.Port)
}
