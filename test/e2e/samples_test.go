package e2e

import (
	"regexp"
	"strings"
	"testing"

	"vifd/test/testhost"
)

// sampleInterface is an interface in the answers that Nova's documentation shows;
// TAG is what its version has at the end.
const sampleInterface = `{"net_id": "ID", "port_id": "ID", "mac_addr": "MAC", "port_state": "ACTIVE", "fixed_ips": [{"subnet_id": "ID", "ip_address": "IP"}]TAG}`

var sampleWords = strings.NewReplacer("ID", `[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`, "MAC", `([0-9a-f]{2}:){5}[0-9a-f]{2}`, "IP", `10\.20\.0\.\d+`)

// samplePattern returns the expression for a whole body.
func samplePattern(body string, tag string) *regexp.Regexp {
	body = strings.ReplaceAll(strings.ReplaceAll(body, "INTERFACE", sampleInterface), "TAG", tag)
	return regexp.MustCompile("^" + sampleWords.Replace(strings.NewReplacer("{", `\{`, "[", `\[`, "]", `\]`, "}", `\}`).Replace(body)) + "$")
}

// TestNovasSamples goes through the examples of Nova's documentation, at the
// versions at which they changed. The names are those of Nova's tests of them.
func TestNovasSamples(t *testing.T) {
	clean(t)
	for _, tt := range []struct{ version, sent, got string }{
		{"2.1", "", ""},
		{"2.49", `, "tag": "foo"`, ""},
		{"2.70", `, "tag": "foo"`, `, "tag": "foo"`},
	} {
		t.Run(tt.version, func(t *testing.T) {
			s := sample{host.Guest("g1"), "X-OpenStack-Nova-API-Version: " + tt.version, tt.got}
			port, _ := createPort(t, `{"network_id": "$blue", "fixed_ips": [{"subnet_id": "$blue4"}]}`)
			t.Run("test_create_interfaces", func(t *testing.T) {
				s.check(t, "POST", "", `{"interfaceAttachment": {"port_id": "`+port+`"`+tt.sent+`}}`, `{"interfaceAttachment": INTERFACE}`)
			})
			t.Run("test_list_interfaces", func(t *testing.T) { s.check(t, "GET", "", "", `{"interfaceAttachments": [INTERFACE]}`) })
			t.Run("test_show_interfaces", func(t *testing.T) { s.check(t, "GET", "/"+port, "", `{"interfaceAttachment": INTERFACE}`) })
			t.Run("test_delete_interfaces", func(t *testing.T) { s.delete(t, port) })
			t.Run("test_create_interfaces_with_net_id_and_fixed_ips", func(t *testing.T) {
				body := `{"interfaceAttachment": {"fixed_ips": [{"ip_address": "10.20.0.33"}], "net_id": "$blue"` + tt.sent + `}}`
				made := nicOf(t, s.check(t, "POST", "", body, `{"interfaceAttachment": INTERFACE}`))
				if made.ip(4).String() != "10.20.0.33" {
					t.Errorf("got %v", made.IPs)
				}
				s.delete(t, made.Port)
			})
		})
	}
}

// A sample is a server that is asked at a version at which interfaces have a tag
// like that.
type sample struct {
	guest       *testhost.Running
	header, tag string
}

func (s sample) check(t *testing.T, method, path, body, want string) answer {
	t.Helper()
	a := ask(t, method, interfaces(s.guest)+path, body, s.header).is(t, 200)
	if !samplePattern(want, s.tag).MatchString(a.Body) {
		t.Errorf("answered\n%s\nwant\n%s", a.Body, samplePattern(want, s.tag))
	}
	return a
}

// delete wants 202 and no text, and waits until the NIC is gone.
func (s sample) delete(t *testing.T, port string) {
	t.Helper()
	if a := ask(t, "DELETE", interfaces(s.guest)+"/"+port, "", s.header).is(t, 202); a.Body != "" {
		t.Errorf("a DELETE is answered %q", a.Body)
	}
	gone(t, s.guest, port)
}
