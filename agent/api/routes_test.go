package api

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"vifd/vif"
)

// samples are values for the parameters of paths.
var samples = strings.NewReplacer("{server}", vm1, "{port}", first, "{id}", net88, "{network}", "peer-net88", "{token}", "none", "{operation}", "none", "{alias}", "none", "{action}", "none", "{flavor}", "none", "{group}", "none")

// A gate is a door whose callers bring tokens.
func gate(w *world, tokens Tokens) *API {
	return New(Config{Servers: w, Locks: w, Attachments: w, Operations: w, Networking: w, Health: w, Tokens: tokens, Upkeep: w, Answers: w, Log: quiet()})
}

// A sender is somebody who asks, and the role that they have.
type sender struct {
	name string
	role Role
	send func(a *API, method, path, body string) *httptest.ResponseRecorder
}

// senders are everybody there is: by a network, and one at the socket who may nothing.
func senders() []sender {
	tokens := &keptTokens{}
	by := func(name string, role Role, secret string) sender {
		return sender{name, role, func(a *API, method, path, body string) *httptest.ResponseRecorder {
			a.Tokens = tokens
			return knock(a, NewBearers(tokens, quiet()), method, path, secret, body)
		}}
	}
	return []sender{
		by("nobody", Nobody, ""), by("stranger", Nobody, "vifd_0123456789abcdef_"+strings.Repeat("A", 43)),
		by("reader", Reader, tokens.add("reader", "reader", "")), by("member", Member, tokens.add("member", "member", project)),
		by("admin", Admin, tokens.add("admin", "admin", "")),
		{"guest", Nobody, func(a *API, method, path, body string) *httptest.ResponseRecorder {
			a.Who = caller(Identity{Caller: vif.Caller{User: "u"}})
			return ask(a, method, path, body, onceHeader, "k")
		}},
	}
}

// Every route lets in who its rule says, and nobody else: they are told so by the
// name of the policy, in the form of what they asked, and nothing has happened.
func TestEveryRoute(t *testing.T) {
	all := senders()
	for _, few := range rules {
		for _, r := range few.everywhere() {
			method, path, _ := strings.Cut(r.asked, " ")
			method = strings.NewReplacer("*", "PATCH").Replace(orElse(method, "PATCH"))
			path = orElse(samples.Replace(spellOut(path)[0]), "/")
			for _, s := range all {
				w := recordedWorld()
				w.plug(vm1, first, "")
				was, a := w.all(), gate(w, nil)
				got := s.send(a, method, path, r.body)
				a.Stop(t.Context())
				if why := r.broken(s, got); why != "" {
					t.Errorf("%s %s by %s: %s, answered %d %s", r.asked, r.body, s.name, why, got.Code, got.Body)
				}
				if now := w.all(); s.role < r.who && now != was {
					t.Errorf("%s %s by %s changed\n%s\nto\n%s", r.asked, r.body, s.name, was, now)
				}
			}
		}
	}
}

// Every route has a rule, and every rule a route.
func TestRulesAreTheTable(t *testing.T) {
	ruled := map[string]Role{}
	for _, few := range rules {
		for _, r := range few.everywhere() {
			ruled[r.asked] = r.who
		}
	}
	for _, r := range gate(recordedWorld(), nil).table {
		asked := r.method + " " + r.pattern
		if who, ok := ruled[asked]; !ok || who != r.who {
			t.Errorf("%s takes role %d, and the rules say %d (%v)", asked, r.who, who, ok)
		}
		delete(ruled, asked)
	}
	for asked := range ruled {
		t.Errorf("there is a rule for %s, and nobody serves it", asked)
	}
}

// all prints all of w.
func (w *world) all() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return fmt.Sprintf("%+v\n%+v\n%+v\n%+v\n%+v\n%+v\n%+v\n%+v", w.servers, w.networks, w.subnets, w.groups, w.ports, w.attached, w.operations, w.answers)
}

// knock sends a request that comes by a network.
func knock(a *API, who Who, method, path, secret, body string) *httptest.ResponseRecorder {
	r := remote(httptest.NewRequest(method, "http://127.0.0.1"+path, strings.NewReader(body)), who, secret)
	r.Header.Set(onceHeader, "k")
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

// forGuests is r for who has no role: their bodies are not looked at.
func (r rule) forGuests() rule {
	if strings.HasSuffix(r.asked, "/action") {
		r.policy = strings.Replace(r.asked, "[/{project}]", "", 1)
	}
	return r
}

// broken says how an answer to s breaks r, or "".
func (r rule) broken(s sender, got *httptest.ResponseRecorder) string {
	body := got.Body.String()
	if s.name == "guest" {
		r = r.forGuests()
	}
	switch {
	case s.role >= r.who && strings.Contains(r.asked, "/v1/tokens"):
		if got.Code != http.StatusForbidden || !strings.Contains(body, "by the socket of their host alone") {
			return "tokens are for the socket"
		}
	case s.role >= r.who:
		if got.Code == http.StatusUnauthorized || got.Code == http.StatusForbidden && strings.Contains(body, r.policy) {
			return "it is allowed"
		}
	case s.name == "nobody" || s.name == "stranger":
		if got.Code != http.StatusUnauthorized || got.Header().Get("WWW-Authenticate") != `Keystone uri="http://127.0.0.1"` || !strings.Contains(body, asksWho) {
			return "they should be asked who they are"
		}
	case got.Code != http.StatusForbidden || !strings.Contains(body, r.forbids()):
		return "it should be 403 and " + r.forbids()
	}
	return ""
}

// Who tries many secrets has to wait, and who has a right one does not.
func TestStrangersHaveToWait(t *testing.T) {
	tokens := &keptTokens{}
	right := tokens.add("ops", "reader", "")
	a := gate(recordedWorld(), tokens)
	who := NewBearers(tokens, quiet())
	for range strangerTries {
		want(t, knock(a, who, "GET", interfaces1, "wrong", ""), 401, asksWho)
	}
	got := knock(a, who, "GET", interfaces1, "wrong", "")
	want(t, got, 429, `{"overLimit": {"code": 429`)
	if got.Header().Get("Retry-After") != "5" {
		t.Errorf("Retry-After %q", got.Header().Get("Retry-After"))
	}
	want(t, knock(a, who, "GET", "/v1/status", "wrong", ""), 429, `"kind": "forbidden"`)
	want(t, knock(a, who, "GET", interfaces1, "", ""), 401, asksWho)
	want(t, knock(a, who, "GET", interfaces1, right, ""), 200, "interfaceAttachments")
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
