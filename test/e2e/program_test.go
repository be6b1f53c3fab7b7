package e2e

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"vifd/test/testhost"
)

// plainDoor is where clients find vifd that know of no unix sockets.
const plainDoor = "http://127.0.0.1:8774"

// openly has vifd answer there until the end of the test.
func openly(t *testing.T) {
	t.Helper()
	configured(t, "[[listen]]\naddress = \"127.0.0.1:8774\"\ninsecure_loopback = true\nrole = \"admin\"\n")
}

// program runs a client of OpenStack's, as Debian has it, and returns what it
// printed. It has to succeed.
func program(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(within(t, 4*patience), "/usr/bin/"+name, args...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin", "HOME=" + t.TempDir(), "LC_ALL=C.UTF-8", "PYTHONWARNINGS=ignore"}
	if name == "nova" { // wants to know whom to ask for a token, and then asks for none
		cmd.Env = append(cmd.Env, "OS_PROJECT_ID="+owner, "OS_USERNAME=anybody", "OS_AUTH_URL="+plainDoor)
	}
	var out, talk strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &talk
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v: %s%s", name, strings.Join(args, " "), err, out.String(), talk.String())
	}
	return strings.TrimRight(out.String(), "\n")
}

// openstack runs a command of the openstack client at a microversion.
func openstack(t *testing.T, version, command string, more ...string) string {
	t.Helper()
	args := append([]string{"--os-auth-type", "none", "--os-endpoint", plainDoor + "/v2.1", "--os-compute-api-version", version},
		strings.Fields(command)...)
	return program(t, "openstack", append(args, more...)...)
}

// nova runs a command of novaclient's.
func nova(t *testing.T, command string) string {
	t.Helper()
	args := append([]string{"--os-auth-type", "none", "--os-endpoint", plainDoor + "/v2.1"}, strings.Fields(command)...)
	return program(t, "nova", args...)
}

// printed decodes what a client printed as JSON.
func printed[T any](t *testing.T, text string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

// only returns the one NIC that the server has, with its tag, and has it taken
// out at the end of the test.
func only(t *testing.T, g *testhost.Running) nic {
	t.Helper()
	var said struct{ InterfaceAttachments []nic }
	ask(t, "GET", interfaces(g), "", shown).is(t, 200).into(t, &said)
	if len(said.InterfaceAttachments) != 1 {
		t.Fatalf("%s has the NICs %+v, want one", g.Name, said.InterfaceAttachments)
	}
	n := said.InterfaceAttachments[0]
	t.Cleanup(func() { takeOut(t, g, n.Port) })
	return n
}

// contains wants every part in what a client printed.
func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("printed\n%s\nwithout %s", text, part)
		}
	}
}
