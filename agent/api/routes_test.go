package api

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"vifd/vif"
)

// exceptions are the routes that are not for who they would be for as a rule:
// readers may GET, and members may do the rest.
var exceptions = map[string]Role{
	"GET /": Nobody, "GET /v2[/]": Nobody, "GET /v2.1[/]": Nobody, "GET /v2.0[/]": Nobody, " ": Nobody,
	"GET /healthz": Nobody, "GET /readyz": Nobody,
	"GET /v1/tokens": Admin, "POST /v1/tokens": Admin, "DELETE /v1/tokens/{token}": Admin,
	"GET /v1/leaks":       Admin,
	"POST /v2.0/networks": Admin, "POST /v2.1[/{project}]/networks": Admin,
	"POST /v1/store/rebuild": Admin, "POST /v1/servers/{server}/prepare": Admin,
}

// decided returns the role that a route should take.
func decided(r *route) Role {
	if role, ok := exceptions[r.method+" "+r.pattern]; ok {
		return role
	}
	if r.changes() {
		return Member
	}
	return Reader
}

// samples are values for the parameters of paths.
var samples = strings.NewReplacer("{server}", vm1, "{port}", first, "{id}", net88, "{network}", "peer-net88", "{token}", "none", "{operation}", "none", "{alias}", "none", "{action}", "none", "{flavor}", "none")

// A gate is a door whose callers bring tokens.
func gate(w *world, tokens Tokens) *API {
	return New(Config{Servers: w, Locks: w, Attachments: w, Operations: w, Networking: w, Health: w, Tokens: tokens, Upkeep: w, Log: quiet()})
}

// Every route lets in who the rule or the exceptions say, and nobody else: they
// are told so in the form of what they asked. A route that is new is asked here,
// too, and fails while it is open to more than the rule says.
func TestEveryRoute(t *testing.T) {
	tokens := &keptTokens{}
	secrets := map[string]string{
		"nobody": "", "stranger": "vifd_0123456789abcdef_" + strings.Repeat("A", 43),
		"reader": tokens.add("reader", "reader", ""), "member": tokens.add("member", "member", project), "admin": tokens.add("admin", "admin", ""),
	}
	roles := map[string]Role{"reader": Reader, "member": Member, "admin": Admin}
	for _, r := range gate(recordedWorld(), tokens).table {
		if r.who != decided(&r) {
			t.Errorf("%s %s takes role %d: the rule says %d; if it shall be so, put it among the exceptions", r.method, r.pattern, r.who, decided(&r))
		}
		path := samples.Replace(orElse(strings.Join(append([]string{""}, r.paths[0]...), "/"), "/"))
		if strings.Contains(path, "{") {
			t.Errorf("%s: the samples have nothing for it", path)
		}
		for who, secret := range secrets {
			a := gate(recordedWorld(), tokens)
			got := knock(a, NewBearers(tokens, quiet()), orElse(r.method, "PATCH"), path, secret)
			if why := refusal(&r, roles[who], got); why != "" {
				t.Errorf("%s %s by %s: %s, answered %d %s", r.method, r.pattern, who, why, got.Code, got.Body)
			}
			a.Stop(t.Context())
		}
	}
}

// knock sends a request that comes by a network.
func knock(a *API, who Who, method, path, secret string) *httptest.ResponseRecorder {
	r := remote(httptest.NewRequest(method, "http://127.0.0.1"+path, strings.NewReader("{}")), who, secret)
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w
}

// remote returns r as if it came by a network, with a secret.
func remote(r *http.Request, who Who, secret string) *http.Request {
	r = r.WithContext(context.WithValue(r.Context(), doorKey{}, &Door{Listener: anywhere{}, Who: who, Names: []string{"nova"}}))
	r.Header.Set("X-Auth-Token", secret)
	return r
}

// refusal says what is wrong with an answer to a caller with the role, or "".
func refusal(r *route, role Role, got *httptest.ResponseRecorder) string {
	body, atSocket := got.Body.String(), strings.HasPrefix(r.pattern, "/v1/tokens")
	switch {
	case r.who == Nobody || role >= r.who && !atSocket:
		if got.Code == http.StatusUnauthorized || strings.Contains(body, r.policy()) && got.Code == http.StatusForbidden {
			return "it is allowed"
		}
	case role == Nobody:
		if got.Code != http.StatusUnauthorized || got.Header().Get("WWW-Authenticate") != `Keystone uri="http://127.0.0.1"` || !strings.Contains(body, asksWho) {
			return "they should be asked who they are"
		}
	case got.Code != http.StatusForbidden || role < r.who && !strings.Contains(body, r.policy()):
		return "the policy " + r.policy() + " should forbid it"
	}
	return ""
}

// The policies have the names that OpenStack's operators know.
func TestPolicies(t *testing.T) {
	a := serve(t, recordedWorld(), Identity{Caller: vif.Caller{User: "u"}})
	for asked, want := range map[string]string{
		"POST " + interfaces1: `{"forbidden": {"code": 403, "message": "Policy doesn't allow os_compute_api:os-attach-interfaces:create to be performed."}}`,
		"DELETE /v2.1/" + project + "/servers/x/os-interface/y": `os_compute_api:os-attach-interfaces:delete`,
		"GET /v2.1/servers/detail":                              `os_compute_api:servers:detail`,
		"POST /v2.0/networks":                                   `"message": "rule:create_network is disallowed by policy"`,
		"PUT /v2.0/ports/x":                                     `rule:update_port is`,
		"GET /v2.1/subnets":                                     `rule:get_subnet is`,
		"POST /v1/attachments":                                  `POST /v1/attachments is not allowed to u: it takes somebody else.`,
	} {
		method, path, _ := strings.Cut(asked, " ")
		if got := ask(a, method, path, "{}"); !strings.Contains(got.Body.String(), want) {
			t.Errorf("%s: %s, want %s", asked, got.Body, want)
		}
	}
}

// Who tries many secrets has to wait, and who has a right one does not.
func TestStrangersHaveToWait(t *testing.T) {
	tokens := &keptTokens{}
	right := tokens.add("ops", "reader", "")
	a := gate(recordedWorld(), tokens)
	who := NewBearers(tokens, quiet())
	for range strangerTries {
		want(t, knock(a, who, "GET", interfaces1, "wrong"), 401, asksWho)
	}
	got := knock(a, who, "GET", interfaces1, "wrong")
	want(t, got, 429, `{"overLimit": {"code": 429`)
	if got.Header().Get("Retry-After") != "5" {
		t.Errorf("Retry-After %q", got.Header().Get("Retry-After"))
	}
	want(t, knock(a, who, "GET", "/v1/status", "wrong"), 429, `"kind": "forbidden"`)
	want(t, knock(a, who, "GET", interfaces1, ""), 401, asksWho)
	want(t, knock(a, who, "GET", interfaces1, right), 200, "interfaceAttachments")
}

// anywhere is a listener that nobody listens to.
type anywhere struct{ net.Listener }

func (anywhere) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8774} }

// keptTokens are tokens in memory.
type keptTokens struct {
	mu  sync.Mutex
	all []vif.Token
}

// add makes a token, and returns its text.
func (k *keptTokens) add(name, role, project string) string {
	id, hash, text := newSecret()
	k.all = append(k.all, vif.Token{ID: id, Hash: hash, Name: name, Role: role, Project: project, Created: time.Now()})
	return text
}

func (k *keptTokens) Tokens(context.Context) ([]vif.Token, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]vif.Token{}, k.all...), nil
}

func (k *keptTokens) Token(_ context.Context, id string) (vif.Token, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return find(k.all, func(t vif.Token) bool { return t.ID == id }, vif.NotFound)
}

func (k *keptTokens) PutToken(_ context.Context, t vif.Token) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, other := range k.all {
		if other.Name == t.Name {
			return vif.InUse.Because("There is a token with the name %s.", t.Name)
		}
	}
	k.all = append(k.all, t)
	return nil
}

func (k *keptTokens) UseToken(_ context.Context, id string, at time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range k.all {
		if k.all[i].ID == id {
			k.all[i].Used = at
		}
	}
	return nil
}

func (k *keptTokens) DropToken(_ context.Context, id string) error {
	return drop(&world{}, &k.all, func(t vif.Token) string { return t.ID }, id)
}
