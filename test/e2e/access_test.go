package e2e

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"vifd/test/testcerts"
	"vifd/test/wait"
)

const (
	door  = "https://127.0.0.1:8774"
	owner = "9aefb2fe29814a66b7a1f9e2c7f2eef8" // a project
)

// A caller asks by TLS, with a certificate, a token, or neither.
type caller struct {
	http  *http.Client
	token string
}

func callerOf(ca *testcerts.Authority, token string, shown ...tls.Certificate) caller {
	return caller{token: token, http: &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: ca.Pool(), Certificates: shown},
	}}}
}

// ask asks, with path and body as expand reads them.
func (c caller) ask(t *testing.T, method, path, body string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, door+expand(t, path), bytes.NewBufferString(expand(t, body)))
	if err != nil {
		t.Fatal(err)
	}
	if c.token != "" {
		r.Header.Set("X-Auth-Token", c.token)
	}
	got, err := c.http.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{got.StatusCode, got.Header, string(text)}
}

// doored has vifd listen with TLS, too, with certificates in dir. more is put
// before it in the configuration.
func doored(t *testing.T, ca *testcerts.Authority, dir string, more ...string) {
	t.Helper()
	ca.Write(t, filepath.Join(dir, "ca.pem"))
	testcerts.Write(t, ca.Issue(t, "vifd", nil), dir, "server")
	configured(t, strings.Join(more, "")+fmt.Sprintf(`
[[listen]]
address = "127.0.0.1:8774"
certificate = "%[1]s/server.pem"
key = "%[1]s/server.key"
client_ca = "%[1]s/ca.pem"
tokens = true
[[listen.client]]
name = "watch"
role = "reader"
`, dir))
}

// owned gives a guest to the project until the end of the test.
func owned(t *testing.T, guest string) {
	t.Helper()
	novaMade(t, guest, `<owner><project uuid="`+owner+`"/></owner>`)
}

// novaMade gives a guest what Nova writes down of its servers, until the end of
// the test.
func novaMade(t *testing.T, guest, metadata string) {
	t.Helper()
	const nova = " --uri http://openstack.org/xmlns/libvirt/nova/1.1 --live --config "
	sh(t, "virsh metadata "+guest+nova+`--key nova --set '<instance>`+metadata+`</instance>'`)
	t.Cleanup(func() { sh(t, "virsh metadata "+guest+nova+"--remove") })
}

// A member of a project plugs a NIC into its server from afar, and finds neither
// another's server nor what is for admins. Its token is of no use once revoked.
func TestAccess(t *testing.T) {
	clean(t)
	ca := testcerts.New(t)
	doored(t, ca, t.TempDir())
	owned(t, "g1")
	g := host.Guest("g1")
	create(t, "network", `{"name": "shared", "shared": true, "provider:network_type": "vlan", "provider:segmentation_id": 555}`)
	ok(t, "subnet", "create", "shared4", "--net", "shared", "--cidr", "10.55.0.0/24")
	t.Cleanup(func() { vifd(t, "subnet", "delete", "shared4") })
	net := ok(t, "network", "show", "shared", "-o", "name")
	member := callerOf(ca, ok(t, "token", "create", "tenant", "--role", "member", "--project", owner, "-o", "name"))
	t.Cleanup(func() { vifd(t, "token", "revoke", "tenant") })

	nobody := callerOf(ca, "").ask(t, "GET", "/v2.1/servers", "").is(t, 401)
	if got := nobody.Header.Get("WWW-Authenticate"); got != `Keystone uri="`+door+`"` || !strings.Contains(nobody.Body, `"title": "Unauthorized"`) {
		t.Errorf("asked for credentials with %q and %s", got, nobody.Body)
	}
	n := attached(t, g, member.ask(t, "POST", "/v2.1/"+owner+"/servers/"+g.UUID+"/os-interface", `{"interfaceAttachment": {"net_id": "`+net+`"}}`))
	if _, inside := find(nics(t, g, true), n.Port); !inside {
		t.Error("the server has no such NIC")
	}
	for _, tt := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"GET", interfaces(g), "", 200, n.Port},
		{"GET", "/v2.1/servers", "", 200, `"g1"`},
		{"GET", "/v2.1/servers?name=g2", "", 200, `{"servers": []}`},
		{"GET", "/v2.1/servers/$g2/os-interface", "", 404, "could not be found"},
		{"POST", "/v2.1/servers/$g2/os-interface", `{"interfaceAttachment": {"net_id": "` + net + `"}}`, 404, "could not be found"},
		{"GET", "/v2.1/ffffffffffffffffffffffffffffffff/servers", "", 400, "doesn't match Context's project_id"},
		{"POST", "/v2.0/networks", `{"network": {"name": "x", "provider:segmentation_id": 7}}`, 403, "PolicyNotAuthorized"},
		{"GET", "/v1/tokens", "", 403, "is not allowed to token:tenant"},
		{"GET", "/v1/attachments/" + n.Port, "", 200, n.Port},
	} {
		if got := member.ask(t, tt.method, tt.path, tt.body); got.Status != tt.status || !strings.Contains(got.Body, tt.says) {
			t.Errorf("%s %s: %d %s, want %d and %s", tt.method, tt.path, got.Status, got.Body, tt.status, tt.says)
		}
	}
	member.ask(t, "DELETE", interfaces(g)+"/"+n.Port, "").is(t, 202)
	gone(t, g, n.Port)
	ok(t, "token", "revoke", "tenant")
	member.ask(t, "GET", "/v2.1/servers", "").is(t, 401)
	if log, err := os.ReadFile(filepath.Join(host.Dir, "vifd.log")); err != nil || strings.Contains(string(log), member.token) ||
		strings.Contains(string(log), member.token[len(member.token)-20:]) {
		t.Errorf("the log has the token, or cannot be read: %v", err)
	}
}

// A certificate lets its holder look, and a new one of vifd's is taken at SIGHUP
// while the connections go on. The command line comes this way, too.
func TestAccessByCertificate(t *testing.T) {
	clean(t)
	ca, dir := testcerts.New(t), t.TempDir()
	doored(t, ca, dir)
	watch := callerOf(ca, "", ca.Issue(t, "watch", nil))
	watch.ask(t, "GET", "/v2.1/servers", "").is(t, 200)
	if name, _, text := watch.ask(t, "POST", "/v2.1/servers/$g1/os-interface", `{}`).is(t, 403).fault(t); name != "forbidden" ||
		text != "Policy doesn't allow os_compute_api:os-attach-interfaces:create to be performed." {
		t.Errorf("a reader's attach: %s %s", name, text)
	}
	expired := ca.Issue(t, "watch", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	if _, err := callerOf(ca, "", expired).http.Get(door); err == nil || !strings.Contains(err.Error(), "expired certificate") {
		t.Errorf("with a certificate that has expired: %v", err)
	}
	testcerts.Write(t, ca.Issue(t, "vifd", func(c *x509.Certificate) { c.DNSNames = []string{"second.example"} }), dir, "server")
	if err := syscall.Kill(host.Vifd.Pid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	wait.Until(t, patience, func() string {
		conn, err := tls.Dial("tcp", "127.0.0.1:8774", &tls.Config{RootCAs: ca.Pool(), ServerName: "second.example"})
		if err != nil {
			return err.Error()
		}
		_ = conn.Close()
		return ""
	})
	watch.ask(t, "GET", "/v2.1/servers", "").is(t, 200)

	token := ok(t, "token", "create", "cli", "--role", "admin", "--expires", "1h", "-o", "name")
	t.Cleanup(func() { vifd(t, "token", "revoke", "cli") })
	t.Setenv("VIFD_SOCKET", door)
	t.Setenv("VIFD_CACERT", filepath.Join(dir, "ca.pem"))
	if s := vifd(t, "network", "list"); s.code != 5 || !strings.Contains(s.err, "VIFD_TOKEN") {
		t.Errorf("without a token: %+v", s)
	}
	t.Setenv("VIFD_TOKEN", token)
	if out := ok(t, "network", "list"); !strings.Contains(out, "blue") {
		t.Errorf("with one: %s", out)
	}
	if s := vifd(t, "token", "list"); s.code != 5 {
		t.Errorf("tokens from afar: %+v", s)
	}
}

// vifd does not start where anybody could come, and says what to write instead.
func TestAccessIsRefused(t *testing.T) {
	clean(t)
	file := filepath.Join(t.TempDir(), "vifd.toml")
	for text, want := range map[string]string{
		`address = "0.0.0.0:8774"`:                                                        "without a certificate",
		`address = "127.0.0.1:8774"`:                                                      "insecure_loopback = true",
		"address = \"0.0.0.0:8774\"\ncertificate = \"/c\"\nkey = \"/k\"":                  "without client_ca and tokens anybody could come",
		"address = \"0.0.0.0:8774\"\ntokens = true\ninsecure_loopback = true":             "for loopback addresses alone",
		"address = \"127.0.0.1:8774\"\ntokens = true\ncertificate = \"/c\"\nkey = \"/k\"": "",
	} {
		if err := os.WriteFile(file, []byte("[[listen]]\n"+text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		s := vifd(t, "config", "check", file)
		if (s.code == 0) != (want == "") || !strings.Contains(s.err, want) {
			t.Errorf("%s: ended with %d and %s", text, s.code, s.err)
		}
		if want == "" {
			continue
		}
		if s := vifd(t, "serve", "--config", file); s.code == 0 || !strings.Contains(s.err, want) {
			t.Errorf("%s: serve ended with %d and %s", text, s.code, s.err)
		}
	}
}
