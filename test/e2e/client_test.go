package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// An answer is what vifd said to a request.
type answer struct {
	Status int
	Header http.Header
	Body   string
}

// send asks vifd. Headers are written "Name: value". The error is for a request
// without a whole answer.
func send(ctx context.Context, method, path, body string, headers ...string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://vifd"+path, bytes.NewBufferString(body))
	if err != nil {
		return answer{}, err
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ":")
		r.Header.Set(name, strings.TrimSpace(value))
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", host.Socket)
	}
	client := http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}
	got, err := client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	return answer{got.StatusCode, got.Header, string(text)}, err
}

// ask is send for a test, with path and body as expand reads them.
func ask(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	a, err := send(ctx, method, expand(t, path), expand(t, body), headers...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

// is ends the test unless the answer has that status.
func (a answer) is(t *testing.T, status int) answer {
	t.Helper()
	if a.Status != status {
		t.Fatalf("answered %d %s, want %d", a.Status, a.Body, status)
	}
	return a
}

// into decodes the answer into v.
func (a answer) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.Body), v); err != nil {
		t.Fatalf("%v in %d %s", err, a.Status, a.Body)
	}
}

// fault returns the name of a Compute fault, its code and its message.
func (a answer) fault(t *testing.T) (name string, code int, message string) {
	t.Helper()
	var body map[string]struct {
		Code    int
		Message string
	}
	a.into(t, &body)
	for name, f := range body {
		return name, f.Code, f.Message
	}
	return "", 0, ""
}
