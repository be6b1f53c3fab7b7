package agent

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vifd/agent/api"
	"vifd/agent/network/local"
	"vifd/agent/store"
	"vifd/test/testcerts"
)

// A place is a vifd that is served by TCP alone: the API over a store, and
// nothing behind it.
type place struct {
	dir     string
	ca      *testcerts.Authority // of the server and of clients
	url     string
	keys    *keys
	secrets map[string]string // of tokens, by their names
	api     *api.API
}

// nowhere is a route that takes a reader, and nothing else.
const nowhere = "/v2.1/versions/v2.1"

// openPlace serves as the [[listen]] in text says, in which $dir is where the
// certificates are.
func openPlace(t *testing.T, text string) *place {
	t.Helper()
	p := &place{dir: t.TempDir(), ca: testcerts.New(t), secrets: map[string]string{}}
	p.ca.Write(t, filepath.Join(p.dir, "ca.pem"))
	testcerts.Write(t, p.ca.Issue(t, "vifd.example", nil), p.dir, "server")
	text = strings.ReplaceAll("[[listen]]\naddress = \"127.0.0.1:1\"\n"+text, "$dir", p.dir)
	c, err := ParseConfig("test", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), filepath.Join(p.dir, "store"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	p.serve(t, c.Listen[0], s)
	return p
}

func (p *place) serve(t *testing.T, l Listen, s *store.Store) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	l.Address = netip0(l.Address)
	door, k, err := l.door(tokens{s}, log)
	if err != nil {
		t.Fatal(err)
	}
	p.keys = k
	scheme := "http"
	if door.TLS != nil {
		scheme = "https"
	}
	p.url = scheme + "://" + door.Addr().String()
	p.api = api.New(api.Config{Networking: (*local.Local)(nil), Tokens: tokens{s}, Log: log})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.api.Serve(ctx, door) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	for _, name := range []string{"reader", "expired", "revoked"} {
		p.secrets[name] = mint(t, tokens{s}, name)
	}
}

// client returns an HTTP client that trusts p and shows the certificates.
func (p *place) client(shown ...tls.Certificate) *http.Client {
	return &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{
		RootCAs: p.ca.Pool(), Certificates: shown,
	}}}
}

// get asks, and returns the status and the body, or the error.
func (p *place) get(c *http.Client, path string, headers ...string) string {
	r, err := http.NewRequest(http.MethodGet, p.url+path, nil)
	if err != nil {
		return err.Error()
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	answer, err := c.Do(r)
	if err != nil {
		return err.Error()
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return fmt.Sprintf("%d %s %v", answer.StatusCode, body, err)
}

const tlsOnly = `
certificate = "$dir/server.pem"
key = "$dir/server.key"
`

const withClients = tlsOnly + `
client_ca = "$dir/ca.pem"
names = ["vifd.example"]
[[listen.client]]
name = "ops"
role = "reader"
`

// Who shows the wrong certificate, or none, does not get as far as HTTP.
func TestCertificates(t *testing.T) {
	p := openPlace(t, withClients)
	for _, tt := range []struct {
		name   string
		shown  []tls.Certificate
		answer string
	}{
		{"a holder", []tls.Certificate{p.ca.Issue(t, "ops", nil)}, "200 "},
		{"a holder by another of its names", []tls.Certificate{p.ca.Issue(t, "x", func(c *x509.Certificate) { c.DNSNames = []string{"ops"} })}, "200 "},
		{"somebody else", []tls.Certificate{p.ca.Issue(t, "eve", nil)}, `403 {"forbidden"`},
		{"nobody", nil, "certificate required"},
		{"of another authority", []tls.Certificate{testcerts.New(t).Issue(t, "ops", nil)}, "unknown certificate authority"},
		{"expired", []tls.Certificate{p.ca.Issue(t, "ops", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })}, "expired certificate"},
		{"of a server", []tls.Certificate{p.ca.Issue(t, "ops", func(c *x509.Certificate) { c.ExtKeyUsage = c.ExtKeyUsage[:1] })}, "bad certificate"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client := p.client(tt.shown...)
			defer client.CloseIdleConnections()
			if got := p.get(client, nowhere); !strings.Contains(got, tt.answer) {
				t.Errorf("answer %s, want %s", got, tt.answer)
			}
		})
	}
}

// Nothing below TLS 1.3 is spoken, and no HTTP without it.
func TestOldTLS(t *testing.T) {
	p := openPlace(t, tlsOnly+"tokens = true\n")
	old := p.client()
	old.Transport.(*http.Transport).TLSClientConfig.MaxVersion = tls.VersionTLS12
	if got := p.get(old, "/"); !strings.Contains(got, "protocol version not supported") {
		t.Errorf("TLS 1.2: %s", got)
	}
	p.url = strings.Replace(p.url, "https", "http", 1)
	if got := p.get(http.DefaultClient, "/"); !strings.HasPrefix(got, "400 Client sent an HTTP request to an HTTPS server") {
		t.Errorf("no TLS: %s", got)
	}
}

// A certificate that is put in place of another counts for the next connection,
// and those that are open stay; half a file changes nothing.
func TestCertificatesAreReadAgain(t *testing.T) {
	p := openPlace(t, withClients)
	ops := p.ca.Issue(t, "ops", nil)
	open := p.client(ops)
	defer open.CloseIdleConnections()
	serial := func(c *http.Client) string {
		r, err := c.Get(p.url + nowhere)
		if err != nil {
			return err.Error()
		}
		defer r.Body.Close()
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return err.Error()
		}
		return fmt.Sprint(r.StatusCode, r.TLS.PeerCertificates[0].SerialNumber)
	}
	first := serial(open)
	testcerts.Write(t, p.ca.Issue(t, "vifd.example", nil), p.dir, "server")
	if got := serial(open); got != first {
		t.Errorf("the open connection has %s, and had %s", got, first)
	}
	fresh := p.client(ops)
	defer fresh.CloseIdleConnections()
	second := serial(fresh)
	if !strings.HasPrefix(second, "200 ") || second == first {
		t.Errorf("a new connection has %s, as before", second)
	}
	if err := os.WriteFile(filepath.Join(p.dir, "server.pem"), []byte("-----BEGIN"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.keys.again()
	half := p.client(ops)
	defer half.CloseIdleConnections()
	if got := serial(half); got != second {
		t.Errorf("with half a file: %s, want %s", got, second)
	}
	testcerts.New(t).Write(t, filepath.Join(p.dir, "ca.pem"))
	testcerts.Write(t, p.ca.Issue(t, "vifd.example", nil), p.dir, "server")
	p.keys.again()
	if got := serial(open); !strings.HasPrefix(got, "401 ") {
		t.Errorf("an authority that is not trusted any more lets in on an open connection: %s", got)
	}
}
