package agent

import (
	"reflect"
	"strings"
	"testing"
)

// Whatever a configuration says, it is refused with words, or it is complete, and
// what it says of itself is read as the same.
func FuzzConfig(f *testing.F) {
	for _, seed := range []string{
		"", ConfigSample, strings.ReplaceAll(ConfigSample, "\n#", "\n"), "host_name = \"x\"\nlog_level = \"DEBUG\"", "[limits]\nconnections = 0",
		"[[listen]]\naddress = \"127.0.0.1:1\"\ninsecure_loopback = true\nrole = \"admin\"", "[timeouts]\nstop = \"1s\"", "timeouts = 7", "a.b.c = [",
		"[socket]\nmode = \"0777\"\npath = \"/\"", "[network]\nmtu = 99999999999999999999", "[libvirt]\nuri = \"qemu+ssh://x/\"", "\xff", "host_name = '''\n'''",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := ParseConfig("vifd.toml", text)
		if err != nil {
			if said := err.Error(); !strings.Contains(said, "vifd.toml") || strings.Contains(said, "Go struct") {
				t.Errorf("%q is refused with %q", text, said)
			}
			return
		}
		again, err := ParseConfig("shown.toml", []byte(c.String()))
		if err != nil {
			t.Fatalf("%q says of itself\n%s\nwhich is refused: %v", text, c, err)
		}
		if !reflect.DeepEqual(c, again) {
			t.Errorf("%q is read again as\n%s\nnot\n%s", text, again, c)
		}
		if c.StateDir == "" || c.Socket.Path == "" || c.Engine.Attach <= 0 || c.API.Conns <= 0 || c.Resync <= 0 {
			t.Errorf("%q leaves something out: %+v", text, c)
		}
	})
}
