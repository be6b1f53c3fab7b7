package agent

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vifd/agent/api"
	"vifd/test/testcerts"
)

// What would let in somebody who nobody named is refused, and what to write
// instead is said.
func TestListenRefuses(t *testing.T) {
	const pair = "certificate = \"/c\"\nkey = \"/k\"\n"
	const anywhere, loopback = "address = \"192.0.2.7:1\"\n", "address = \"127.0.0.1:1\"\n"
	const client = "[[listen.client]]\nname = \"x\"\nrole = \"reader\"\n"
	for _, tt := range []struct{ text, want string }{
		{anywhere + pair + "tokens = true", ""},
		{anywhere + pair + "client_ca = \"/a\"\n" + client, ""},
		{anywhere + pair + "client_ca = \"/a\"\ntokens = true\nboth = true", ""},
		{loopback + "insecure_loopback = true", ""},
		{"address = \"[::1]:1\"\ninsecure_loopback = true\ntokens = true", ""},

		{"tokens = true", "listen[1].address: \"\" must be an IP address and a port"},
		{"address = \"localhost:1\"\n" + pair + "tokens = true", "must be an IP address and a port"},
		{"address = \"127.0.0.1\"\n" + pair + "tokens = true", "must be an IP address and a port"},
		{anywhere + "tokens = true", "listen[1]: without a certificate secrets and answers could be read on the network"},
		{"address = \"0.0.0.0:1\"\ntokens = true\ninsecure_loopback = true", "without a certificate secrets"},
		{"address = \"[::]:1\"\n" + pair, "without client_ca and tokens anybody could come"},
		{anywhere + pair, "without client_ca and tokens anybody could come"},
		{anywhere + pair + "insecure_loopback = true", "insecure_loopback is for loopback addresses alone"},
		{loopback, "say insecure_loopback = true"},
		{loopback + pair, "say insecure_loopback = true"},
		{loopback + "tokens = true", "say insecure_loopback = true"},
		{loopback + "insecure_loopback = true\nrole = \"member\"", "a member needs the project"},
		{loopback + "insecure_loopback = true\ntokens = true\nrole = \"admin\"", "listen[1].role: \"admin\" must be left out"},
		{anywhere + "tokens = true\ncertificate = \"/c\"", "certificate and key need each other"},
		{anywhere + "tokens = true\ncertificate = \"c\"\nkey = \"/k\"", "listen[1].certificate: \"c\" must be an absolute path"},
		{anywhere + pair + "client_ca = \"/a\"\n", "client_ca needs a [[listen.client]]"},
		{anywhere + pair + "tokens = true\n" + client, "[[listen.client]] needs client_ca"},
		{anywhere + pair + "tokens = true\nboth = true", "both needs client_ca and tokens"},
		{anywhere + pair + "client_ca = \"/a\"\n" + strings.Replace(client, "reader", "king", 1), `listen[1].client[1]: "king" is no role`},
		{anywhere + pair + "client_ca = \"/a\"\n" + strings.Replace(client, "reader", "member", 1), "a member needs the project"},
		{anywhere + pair + "client_ca = \"/a\"\n" + client + "project = \"a b\"", "a project is at most 64"},
		{anywhere + pair + "tokens = true\nnames = [\"a b\"]", "listen[1].names[1]:"},
		{anywhere + pair + "token = true", `did you mean "listen.tokens"?`},
	} {
		c, err := ParseConfig("f", []byte("[[listen]]\n"+tt.text))
		if tt.want == "" && (err != nil || len(c.Listen) != 1) || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s\n%v\nwant %s", tt.text, err, tt.want)
		}
	}
}

// vifd does not start with files that it cannot use.
func TestListenNeedsItsFiles(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(dir string) error
		want  string
	}{
		{"no certificate", func(dir string) error { return os.Remove(filepath.Join(dir, "server.pem")) }, "server.pem"},
		{"a key for all to read", func(dir string) error { return os.Chmod(filepath.Join(dir, "server.key"), 0o644) }, "chmod 600"},
		{"no authority", func(dir string) error { return os.Remove(filepath.Join(dir, "ca.pem")) }, "ca.pem"},
		{"an authority that is none", func(dir string) error { return os.WriteFile(filepath.Join(dir, "ca.pem"), nil, 0o600) }, "no certificate in it"},
	} {
		dir, ca := t.TempDir(), testcerts.New(t)
		ca.Write(t, filepath.Join(dir, "ca.pem"))
		testcerts.Write(t, ca.Issue(t, "vifd", nil), dir, "server")
		if err := tt.spoil(dir); err != nil {
			t.Fatal(err)
		}
		c, err := ParseConfig("f", []byte("[[listen]]\naddress = \"127.0.0.1:1\"\n"+strings.ReplaceAll(withClients, "$dir", dir)))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.Listen[0].door(api.Tokens(nil), slog.New(slog.DiscardHandler)); err == nil ||
			!strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "127.0.0.1:1") {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
}
