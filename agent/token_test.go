package agent

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"vifd/agent/api"
	"vifd/agent/network/local"
	"vifd/vif"
)

func netip0(at netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(at.Addr(), 0) }

// well is a vifd that takes changes.
type well struct{}

func (well) Health(context.Context) vif.Health { return vif.Health{Ready: true} }
func (well) Ready() string                     { return "" }

// mint makes a token as the socket does, and returns its secret. One that is
// called expired is.
func mint(t *testing.T, all tokens, name string) string {
	t.Helper()
	a := api.New(api.Config{Networking: (*local.Local)(nil), Tokens: all, Who: api.Anybody{Role: api.Admin}, Health: well{}, Log: slog.New(slog.DiscardHandler)})
	w := httptest.NewRecorder()
	a.ServeHTTP(w, httptest.NewRequest("POST", "/v1/tokens", strings.NewReader(`{"name":"`+name+`","role":"reader"}`)))
	_, rest, ok := strings.Cut(w.Body.String(), `"secret": "`)
	if w.Code != http.StatusCreated || !ok {
		t.Fatalf("create %s: %d %s", name, w.Code, w.Body)
	}
	if name == "expired" {
		expire(t, all, name)
	}
	return strings.TrimRight(rest, "\"}\n")
}

func expire(t *testing.T, all tokens, name string) {
	t.Helper()
	token := named(t, all, name)
	if err := all.DropToken(t.Context(), token.ID); err != nil {
		t.Fatal(err)
	}
	token.Expires = time.Now().Add(-time.Second)
	if err := all.PutToken(t.Context(), token); err != nil {
		t.Fatal(err)
	}
}

func named(t *testing.T, all tokens, name string) vif.Token {
	t.Helper()
	list, err := all.Tokens(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range list {
		if token.Name == name {
			return token
		}
	}
	t.Fatalf("no token %s", name)
	return vif.Token{}
}

// A token is of use until it is revoked or expires, on connections that are open
// as well, and it is told when it was used.
func TestTokens(t *testing.T) {
	p := openPlace(t, tlsOnly+"tokens = true\nnames = [\"vifd.example\"]\n")
	all := p.api.Tokens.(tokens)
	c := p.client()
	defer c.CloseIdleConnections()
	for _, tt := range []struct{ name, header, value, answer string }{
		{"none", "X-Other", "x", `401 {"error": {"code": 401, "title": "Unauthorized", "message": "The request you have made requires authentication."}}`},
		{"a token", "X-Auth-Token", p.secrets["reader"], "200 "},
		{"as a bearer", "Authorization", "bearer " + p.secrets["reader"], "200 "},
		{"not as a password", "Authorization", "Basic " + p.secrets["reader"], "401 "},
		{"nonsense", "X-Auth-Token", "gAAAAAB", "401 "},
		{"another's secret", "X-Auth-Token", p.secrets["reader"][:21] + p.secrets["revoked"][21:], "401 "},
		{"expired", "X-Auth-Token", p.secrets["expired"], "401 "},
	} {
		if got := p.get(c, nowhere, tt.header, tt.value); !strings.HasPrefix(got, tt.answer) {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.answer)
		}
	}
	if used := named(t, all, "reader").Used; time.Since(used) > time.Minute {
		t.Errorf("used at %v", used)
	}
	if got := p.get(c, nowhere, "X-Auth-Token", p.secrets["revoked"]); !strings.HasPrefix(got, "200 ") {
		t.Errorf("before it is revoked: %s", got)
	}
	if err := all.DropToken(t.Context(), named(t, all, "revoked").ID); err != nil {
		t.Fatal(err)
	}
	if got := p.get(c, nowhere, "X-Auth-Token", p.secrets["revoked"]); !strings.HasPrefix(got, "401 ") {
		t.Errorf("once it is revoked: %s", got)
	}
	expire(t, all, "reader")
	if got := p.get(c, nowhere, "X-Auth-Token", p.secrets["reader"]); !strings.HasPrefix(got, "401 ") {
		t.Errorf("once it has expired: %s", got)
	}
}

// What a door believes is what its configuration says.
func TestCredentials(t *testing.T) {
	either := strings.Replace(withClients, "names", "tokens = true\nnames", 1)
	both, _, _ := strings.Cut(strings.Replace(either, "names", "both = true\nnames", 1), "[[")
	for _, tt := range []struct {
		name, config    string
		shows, brings   bool
		answer, badness string // with a wrong token
	}{
		{"either: nothing", either, false, false, "401 ", "401 "},
		{"either: a certificate", either, true, false, "200 ", "401 "},
		{"either: a token", either, false, true, "200 ", "401 "},
		{"both: a certificate", both, true, false, "401 ", "401 "},
		{"both: a token", both, false, true, "certificate required", "certificate required"},
		{"both: both", both, true, true, "200 ", "401 "},
		{"anybody", "insecure_loopback = true\n", false, false, "200 ", "200 "},
		{"plain, a token", "insecure_loopback = true\ntokens = true\n", false, true, "200 ", "401 "},
		{"plain, none", "insecure_loopback = true\ntokens = true\n", false, false, "401 ", "401 "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := openPlace(t, tt.config)
			var shown []tls.Certificate
			if tt.shows {
				shown = append(shown, p.ca.Issue(t, "ops", nil))
			}
			c := p.client(shown...)
			defer c.CloseIdleConnections()
			secret := ""
			if tt.brings {
				secret = p.secrets["reader"]
			}
			if got := p.get(c, nowhere, "X-Auth-Token", secret); !strings.Contains(got, tt.answer) {
				t.Errorf("answer %s, want %s", got, tt.answer)
			}
			if got := p.get(c, nowhere, "X-Auth-Token", "wrong"); !strings.Contains(got, tt.badness) {
				t.Errorf("with a wrong token: %s, want %s", got, tt.badness)
			}
			if got := p.get(c, "/v2.1", "X-Auth-Token", "wrong"); !strings.Contains(tt.answer, "required") && !strings.HasPrefix(got, "200 ") {
				t.Errorf("what takes no credentials: %s", got)
			}
		})
	}
}

// A name that does not stand for the door is none of a client's that means it.
func TestHostNames(t *testing.T) {
	p := openPlace(t, tlsOnly+"tokens = true\nnames = [\"vifd.example\"]\n")
	c := p.client()
	defer c.CloseIdleConnections()
	for host, status := range map[string]string{
		"127.0.0.1": "200 ", "127.0.0.1:99": "200 ", "localhost": "200 ", "VIFD.example:1": "200 ",
		"evil.example": `403 {"forbidden"`, "192.0.2.1": "403 ", "vifd.example.evil.example": "403 ",
	} {
		if got := p.get(c, "/v2.1", "Host", host); !strings.HasPrefix(got, status) {
			t.Errorf("%s: %s, want %s", host, got, status)
		}
	}
	if got := p.get(c, "/v2.1", "Origin", "https://127.0.0.1"); !strings.HasPrefix(got, "403 ") {
		t.Errorf("a web page: %s", got)
	}
}
