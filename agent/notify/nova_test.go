package notify

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"vifd/vif"
)

// A nova and its Keystone, as far as somebody who reports events meets them. It
// checks what it is asked as the real one does, and answers as it does.
type stack struct {
	*httptest.Server
	mu     sync.Mutex
	logins int                         // how many there were
	valid  string                      // the token that is
	took   []string                    // "name status port" of what was accepted
	codes  map[string]int              // of ports that are not accepted
	ill    []func(http.ResponseWriter) // answers before those
}

func newStack(t *testing.T) *stack {
	t.Helper()
	o := &stack{codes: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /identity/v3/auth/tokens", o.login)
	mux.HandleFunc("POST /compute/v2.1/os-server-external-events", o.events)
	o.Server = httptest.NewTLSServer(mux)
	t.Cleanup(o.Close)
	return o
}

func (o *stack) login(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	text, _ := io.ReadAll(r.Body)
	body := string(text)
	password := strings.Contains(body, `"password":"secret"`) && strings.Contains(body, `"name":"vifd"`) && strings.Contains(body, `"project":{`)
	credential := strings.Contains(body, `"application_credential":{"id":"cred","secret":"secret"}`)
	if !password && !credential {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	o.logins++
	o.valid = fmt.Sprint("token-", o.logins)
	w.Header().Set("X-Subject-Token", o.valid)
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, `{"token": {"expires_at": "2099-01-01T00:00:00.000000Z", "catalog": [
		{"type": "network", "endpoints": [{"interface": "public", "region_id": "one", "url": "%[1]s/network"}]},
		{"type": "compute", "endpoints": [
			{"interface": "public", "region_id": "two", "url": "%[1]s/elsewhere"},
			{"interface": "internal", "region_id": "one", "url": "%[1]s/elsewhere"},
			{"interface": "public", "region_id": "one", "url": "%[1]s/compute/v2.1/"}]}]}}`, o.URL)
}

func (o *stack) events(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.ill) > 0 {
		ill := o.ill[0]
		o.ill = o.ill[1:]
		ill(w)
		return
	}
	if r.Header.Get("X-Auth-Token") != o.valid {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	var said struct {
		Events []map[string]any `json:"events"`
	}
	strict := json.NewDecoder(r.Body)
	strict.DisallowUnknownFields()
	if err := strict.Decode(&said); err != nil || len(said.Events) == 0 || r.Header.Get("Content-Type") != "application/json" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	status := http.StatusOK
	for _, e := range said.Events {
		port := fmt.Sprint(e["tag"])
		if len(e) != 4 || port == "schema" {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"badRequest": {"code": 400, "message": "Invalid input"}}`)
			return
		}
		e["code"] = 200
		if code := o.codes[port]; code != 0 {
			e["code"], e["status"], status = code, "failed", http.StatusMultiStatus
			continue
		}
		o.took = append(o.took, fmt.Sprint(e["name"], " ", e["status"], " ", port))
		e["status"] = "completed"
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(said)
}

// files writes the secret and the certificate of o, and returns what they are called.
func (o *stack) files(t *testing.T) (secret, ca string) {
	t.Helper()
	dir := t.TempDir()
	secret, ca = filepath.Join(dir, "secret"), filepath.Join(dir, "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: o.Certificate().Raw})
	if err := os.WriteFile(ca, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(secret, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return secret, ca
}

// config is one with which o is reached by password.
func (o *stack) config(t *testing.T) Config {
	secret, ca := o.files(t)
	return Config{
		Auth: Password, AuthURL: o.URL + "/identity", User: "vifd", UserDomain: "Default", Project: "service",
		Region: "one", Interface: "public", SecretFile: secret, CAFile: ca, Timeout: 5 * time.Second, Interval: time.Millisecond,
	}
}

func notices(ports ...string) []vif.Notice { return newBox().put(ports...).list }

// Whoever we say that we are, Nova takes what it is told.
func TestAuth(t *testing.T) {
	for auth, change := range map[Auth]func(o *stack, c *Config){
		Password:              func(o *stack, c *Config) {},
		ApplicationCredential: func(o *stack, c *Config) { c.Credential = "cred" },
		Token:                 func(o *stack, c *Config) { c.Endpoint, o.valid = o.URL+"/compute/v2.1", "secret" },
		NoAuth:                func(o *stack, c *Config) { c.Endpoint, o.valid = o.URL+"/compute/v2.1", "" },
	} {
		t.Run(string(auth), func(t *testing.T) {
			o := newStack(t)
			c := o.config(t)
			c.Auth = auth
			change(o, &c)
			n, err := newNova(c)
			if err != nil {
				t.Fatal(err)
			}
			codes, err := n.post(t.Context(), notices("a", "b!"))
			if err != nil || fmt.Sprint(codes) != "[200 200]" {
				t.Errorf("codes %v, %v", codes, err)
			}
			if got := strings.Join(o.took, ", "); got != "network-vif-plugged completed a, network-vif-plugged failed b!" {
				t.Errorf("Nova took %s", got)
			}
		})
	}
}

// Each event has its own answer; and what Nova does not even read does not keep
// it from reading the others.
func TestCodes(t *testing.T) {
	o := newStack(t)
	o.codes = map[string]int{"gone": 404, "nowhere": 422, "sick": 500}
	n, err := newNova(o.config(t))
	if err != nil {
		t.Fatal(err)
	}
	codes, err := n.post(t.Context(), notices("gone", "well", "nowhere", "sick"))
	if err != nil || fmt.Sprint(codes) != "[404 200 422 500]" {
		t.Errorf("codes %v, %v", codes, err)
	}
	codes, err = n.post(t.Context(), notices("a", "schema", "b"))
	if err != nil || fmt.Sprint(codes) != "[200 400 200]" {
		t.Errorf("codes %v, %v", codes, err)
	}
	o.ill = []func(http.ResponseWriter){answers(404, `{"itemNotFound": {"code": 404, "message": "No instances found for any event"}}`)}
	if codes, err = n.post(t.Context(), notices("a")); err != nil || fmt.Sprint(codes) != "[404]" {
		t.Errorf("codes %v, %v", codes, err)
	}
}

// A token that has ended is replaced, once for a request.
func TestExpiredToken(t *testing.T) {
	o := newStack(t)
	n, err := newNova(o.config(t))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if _, err := n.post(t.Context(), notices("a")); err != nil || o.logins != i+1 {
			t.Errorf("%d logins, %v", o.logins, err)
		}
		o.valid = "another"
	}
	o.ill = []func(http.ResponseWriter){answers(401, ""), answers(401, "")}
	if _, err := n.post(t.Context(), notices("a")); err == nil || !strings.Contains(err.Error(), "401") || o.logins != 3 {
		t.Errorf("%d logins, %v", o.logins, err)
	}
}

// Whatever is wrong with Nova is an error that says so, and nothing is taken for told.
func TestIllNova(t *testing.T) {
	for name, tt := range map[string]struct {
		ill  func(http.ResponseWriter)
		want string
	}{
		"500":             {answers(500, "<html>oops</html>"), "answer 500 of Nova: \"<html>oops"},
		"403":             {answers(403, `{"forbidden": {}}`), "answer 403 of Nova"},
		"garbage":         {answers(200, "<html>welcome</html>"), "what answers is not Nova"},
		"other JSON":      {answers(200, `{"hello": 1}`), "what answers is not Nova"},
		"a wrong address": {answers(404, "404 page not found"), "answer 404 of Nova"},
		"elsewhere":       {func(w http.ResponseWriter) { w.Header().Set("Location", "http://192.0.2.1/"); w.WriteHeader(307) }, "answer 307 of Nova"},
		"busy":            {func(w http.ResponseWriter) { w.Header().Set("Retry-After", "7"); w.WriteHeader(503) }, "busy for 7s"},
		"cut off":         {func(w http.ResponseWriter) { panic(http.ErrAbortHandler) }, "EOF"},
		"endless":         {func(w http.ResponseWriter) { w.Write(make([]byte, 2*maxAnswer)) }, "what answers is not Nova"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newStack(t)
			o.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
			o.ill = []func(http.ResponseWriter){tt.ill}
			n, err := newNova(o.config(t))
			if err != nil {
				t.Fatal(err)
			}
			codes, err := n.post(t.Context(), notices("a"))
			if err == nil || !strings.Contains(err.Error(), tt.want) || codes != nil {
				t.Errorf("codes %v, %v; want %s", codes, err, tt.want)
			}
		})
	}
}

// What keeps us from Nova is said.
func TestNoLogin(t *testing.T) {
	o := newStack(t)
	for want, change := range map[string]func(*Config){
		"no such file":                      func(c *Config) { c.SecretFile += "x" },
		"certificate":                       func(c *Config) { c.CAFile = "" },
		"401":                               func(c *Config) { c.User = "nobody" },
		"no admin endpoint":                 func(c *Config) { c.Interface = "admin" },
		"no public endpoint of the service": func(c *Config) { c.Region = "three" },
		"connection refused":                func(c *Config) { c.AuthURL = "https://127.0.0.1:1/" },
	} {
		c := o.config(t)
		change(&c)
		n, err := newNova(c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.post(t.Context(), notices("a")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	c := o.config(t)
	c.CAFile = c.SecretFile
	if _, err := newNova(c); err == nil || !strings.Contains(err.Error(), "no certificate") {
		t.Errorf("%v", err)
	}
}

// A Nova that hangs costs the time of one try.
func TestSlowNova(t *testing.T) {
	o := newStack(t)
	held := make(chan struct{})
	defer close(held)
	o.ill = []func(http.ResponseWriter){func(http.ResponseWriter) { o.mu.Unlock(); <-held; o.mu.Lock() }}
	c := o.config(t)
	c.Timeout = 100 * time.Millisecond
	n, err := newNova(c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.post(t.Context(), notices("a")); err == nil {
		t.Error("it answered")
	}
	if codes, err := n.post(t.Context(), notices("a")); err != nil {
		t.Errorf("afterwards: %v, %v", codes, err)
	}
}

func answers(status int, body string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { w.WriteHeader(status); fmt.Fprint(w, body) }
}

// A Nova that takes an event and dies before it has said so is told again.
func TestAtLeastOnce(t *testing.T) {
	o := newStack(t)
	o.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	asked := 0
	o.ill = []func(http.ResponseWriter){func(http.ResponseWriter) { asked++; panic(http.ErrAbortHandler) }}
	b := newBox().put("a")
	n, err := New(o.config(t), b, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); n.Run(ctx) }()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for begun := time.Now(); b.String() != ""; <-tick.C {
		if time.Since(begun) > 20*time.Second {
			t.Fatalf("never taken: %v", n.Healthy())
		}
	}
	cancel()
	<-done
	if asked != 1 || len(o.took) != 1 {
		t.Errorf("asked %d times before it took %v", asked, o.took)
	}
}
