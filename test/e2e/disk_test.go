package e2e

import (
	"strings"
	"testing"

	"vifd/test/wait"
)

// onDisk moves vifd's state to a small file system of its own, until the end of
// the test, and returns the file that it is in.
func onDisk(t *testing.T) (image string) {
	t.Helper()
	stopVifd(t)
	image = t.TempDir() + "/image"
	sh(t, "mkfs.ext4 -q -m 0 "+image+" 16m && cp -a "+stateDir+" /run/state.before && mount -o loop "+image+" "+stateDir+
		" && chmod 700 "+stateDir+" && cp -a /run/state.before/. "+stateDir+" && sync -f "+stateDir+" && rm -r /run/state.before")
	t.Cleanup(func() {
		stopVifd(t)
		sh(t, "cd "+stateDir+" && rm -rf lost+found ballast; cp -a . /run/state.before && cd / && umount "+stateDir)
		back(t)
	})
	startVifd(t)
	return image
}

// While the disk is full or read-only, changes are refused and leave nothing,
// reads and the NICs that are there go on; when it can be written again, so can
// vifd.
func TestStateDisk(t *testing.T) {
	for _, tt := range []struct {
		name, harm, mend string
		restart          bool // what mends it takes the file system away from vifd
	}{
		{"full", "! cat /dev/zero 2>/dev/null >ballast", "rm ballast", false},
		{"read-only", "mount -o remount,abort .", "cd / && umount " + stateDir + " && cp $image $image.mended && mount -o loop $image.mended " + stateDir, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			clean(t)
			image := onDisk(t)
			p := plug(t, "g1", blue)
			friend := peer(t, "blue", "10.20.0.250/24")
			in(t, p.guest, "ping -c 1 -W 10 10.20.0.250")
			wait.Until(t, patience, persisted(t, p.Port))
			before, there := details(t, p.Port), made(t)
			ping := pinging(t, friend, p.ip(4).String())
			sh(t, "cd "+stateDir+" && "+tt.harm)
			for range 3 {
				refused(t, host.Guest("g2"), "full or read-only")
			}
			ask(t, "DELETE", interfaces(p.guest)+"/"+p.Port, "").is(t, 503)
			for _, path := range []string{"/v1/attachments", "/v2.0/ports", "/v1/status", "/v2.1/servers", "/v2.1/servers/$g1/os-interface", "/healthz"} {
				ask(t, "GET", path, "").is(t, 200)
			}
			wait.Until(t, settle, func() string { return differs(made(t), there) })
			if after := details(t, p.Port); after != before {
				t.Errorf("the NIC was %+v and is %+v", before, after)
			}
			if tt.restart {
				stopVifd(t)
			}
			sh(t, "cd "+stateDir+" && "+strings.ReplaceAll(tt.mend, "$image", image))
			startVifd(t)
			n := servesAgain(t, host.Guest("g2"))
			ping(t)
			detach(t, host.Guest("g2"), n.Port)
			detach(t, p.guest, p.Port)
		})
	}
}

// made returns all that vifd has made on the host.
func made(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, trace := range traces {
		out, _ := run(trace.command) // grep fails when it finds nothing
		all.WriteString(trace.of + ":\n" + out + "\n")
	}
	return all.String()
}
