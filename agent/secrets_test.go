package agent

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"vifd/agent/store"
	"vifd/test/testcerts"
	"vifd/vif"
)

// The secrets that the test plants.
const (
	planted      = "pl4nted-passw0rd"
	plantedToken = "pl4nted-t0ken-of-keystone"
)

// A notebook is a log that may be read while it is written.
type notebook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (n *notebook) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(p)
}

func (n *notebook) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.String()
}

// parrot is a Keystone and a Nova that send back whatever they are sent: first as
// an error of Keystone's, and then of Nova's.
func parrot(t *testing.T) (url string, heard func() string) {
	all := &notebook{}
	logins := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		said := fmt.Sprintf("%s %s %s %v %s\n", r.Header.Get("X-Auth-Token"), r.Method, r.URL, r.Header, body)
		io.WriteString(all, said)
		if strings.HasSuffix(r.URL.Path, "/auth/tokens") {
			if logins++; logins > 1 {
				w.Header().Set("X-Subject-Token", plantedToken)
				w.WriteHeader(http.StatusCreated)
				io.WriteString(w, `{"token": {"expires_at": "2999-01-01T00:00:00.000000Z", "catalog": []}}`)
				return
			}
		}
		http.Error(w, said, http.StatusInternalServerError)
	}))
	t.Cleanup(s.Close)
	return s.URL, all.String
}

// Whatever vifd is given that is secret is in nothing that it shows, logs or keeps:
// a password, tokens of others and its own, right and wrong ones, and a key.
func TestSecretsStaySecret(t *testing.T) {
	dir, log := t.TempDir(), &notebook{}
	url, heard := parrot(t)
	plant(t, dir)
	c := plantedConfig(t, dir, url)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	level := &slog.HandlerOptions{Level: slog.LevelDebug}
	go func() { ended <- Run(ctx, c, Process{Version: "test", Log: slog.New(slog.NewTextHandler(log, level))}) }()
	until(t, "it serves", func() bool { return dialled(c.Socket.Path) != nil })
	until(t, "Nova was asked", func() bool { return strings.Contains(heard(), "os-server-external-events") })
	until(t, "its error is logged", func() bool { return strings.Contains(log.String(), "log in to Keystone") })
	until(t, "its error is shown", func() bool {
		return strings.Contains(exchange(t, c.Socket.Path, "GET", "/v1/status", "", ""), "answer 500 of Nova")
	})

	own := ownToken(t, c.Socket.Path)
	key := privateKey(t, dir)
	shown := map[string]string{"configuration": c.String()}
	for _, path := range []string{"/metrics", "/v1/status", "/v1/tokens", "/v1/operations", "/v1/attachments", "/openapi.json", "/v1/leaks"} {
		shown[path] = exchange(t, c.Socket.Path, "GET", path, "", "")
	}
	wrong := own[:len(own)-4] + "AAAA"
	for i, token := range []string{own, wrong, planted, own + "\x01"} {
		shown[fmt.Sprintf("answer %d", i)] = exchange(t, c.Listen[0].Address.String(), "GET", "/v2.1/servers?token="+token, token, "")
		shown[fmt.Sprintf("change %d", i)] = exchange(t, c.Listen[0].Address.String(), "POST", "/v2.1/servers/x/os-interface", token, `{}`)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	shown["log"] = log.String()
	afterwards(t, dir, c, shown)
	for _, secret := range []string{planted, plantedToken, own, own[len(own)-32:], wrong, key} {
		for where, text := range shown {
			if strings.Contains(text, secret) {
				t.Errorf("%s shows the secret %.12s…:\n%.400s", where, secret, text[strings.Index(text, secret)-min(200, strings.Index(text, secret)):])
			}
		}
	}
	if !strings.Contains(heard(), planted) || !strings.Contains(heard(), plantedToken) {
		t.Errorf("the secrets were not used: %s", heard())
	}
}

// plant puts files with secrets into dir, and something that Nova has to be told.
func plant(t *testing.T, dir string) {
	t.Helper()
	testcerts.Write(t, testcerts.New(t).Issue(t, "vifd.example", nil), dir, "server")
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte(planted+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), filepath.Join(dir, "state"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.Update(t.Context(), func(tx *store.Tx) error {
		return tx.AddNotice(vif.Notice{Server: "s", Port: "p", Name: "network-vif-plugged", Status: "completed"})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func plantedConfig(t *testing.T, dir, url string) Config {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	c, err := ParseConfig("test", fmt.Appendf(nil, `
state_directory = "%[1]s/state"
log_level = "DEBUG"
[socket]
path = "%[1]s/s"
[ovs]
database = "%[1]s/none.sock"
run_directory = "%[1]s"
[libvirt]
uri = "qemu:///nowhere"
[nova]
enabled = true
endpoint = "%[2]s"
auth_url = "%[2]s/v3"
user = "u"
project = "p"
secret_file = "%[1]s/secret"
interval = "10ms"
[[listen]]
address = "%[3]s"
certificate = "%[1]s/server.pem"
key = "%[1]s/server.key"
tokens = true
`, dir, url, free.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// exchange sends a request as it is, to a socket or to a port, and returns the
// whole answer.
func exchange(t *testing.T, at, method, path, token, body string) string {
	t.Helper()
	conn := dialled(at)
	if !strings.HasPrefix(at, "/") {
		c, err := tls.Dial("tcp", at, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		conn = c
	}
	defer conn.Close()
	fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nX-Auth-Token: %s\r\nContent-Length: %d\r\n\r\n%s",
		method, path, "127.0.0.1", token, len(body), body)
	answer, err := io.ReadAll(conn)
	if len(answer) == 0 {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return string(answer)
}

// ownToken has a token made, and returns it.
func ownToken(t *testing.T, socket string) (token string) {
	t.Helper()
	until(t, "a token is made", func() bool {
		_, rest, _ := strings.Cut(exchange(t, socket, "POST", "/v1/tokens", "", `{"name": "ci", "role": "admin"}`), `"secret": "`)
		token, _, _ = strings.Cut(rest, `"`)
		return token != ""
	})
	return token
}

// privateKey returns a line of the server's private key.
func privateKey(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "server.key"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(text), "\n")[1]
}

// afterwards adds what is kept of a vifd that has ended: its files, and what is made of
// them. Bytes are looked at as they are: SQLite keeps texts whole.
func afterwards(t *testing.T, dir string, c Config, shown map[string]string) {
	t.Helper()
	backup, process := filepath.Join(dir, "state", "copy.db"), Process{Log: slog.New(slog.DiscardHandler)}
	db := filepath.Join(c.StateDir, "vifd.db")
	if err := BackupStore(t.Context(), db, backup, process); err != nil {
		t.Fatal(err)
	}
	exported, err := ReadStore(t.Context(), db, process)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(exported)
	if err != nil {
		t.Fatal(err)
	}
	shown["export"] = string(text)
	files, err := filepath.Glob(filepath.Join(dir, "state", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "/proc/self/environ", "/proc/self/cmdline") {
		raw, err := os.ReadFile(file)
		if err == nil {
			shown[file] = string(raw)
		}
	}
	if len(shown[db]) == 0 || len(shown[backup]) == 0 {
		t.Error("no files were looked at")
	}
}

// What is wrong with a URL is told without the password in it.
func TestRefusedURL(t *testing.T) {
	for _, text := range []string{
		"[nova]\nendpoint = \"https://u:" + planted + "@nova\"", "[nova]\nauth_url = \"ftp://u:" + planted + "@k\"",
		"[nova]\nauth_url = \"https://u:" + planted + "@k:port\"", "[libvirt]\nuri = \"qemu+ssh://u:" + planted + "@other/system\"",
	} {
		if _, err := ParseConfig("test", []byte(text)); err == nil || strings.Contains(err.Error(), planted) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
