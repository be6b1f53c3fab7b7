package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"vifd/vif"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 1 << 20

// A nova is the Compute API, with a session that is made when it is needed.
type nova struct {
	Config
	http    *http.Client
	session *session
	secret  string // as it was read last
}

func newNova(c Config) (*nova, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, err
	}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, err
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: no certificate in it", c.CAFile)
		}
	}
	return &nova{Config: c, http: &http.Client{
		Timeout:       c.Timeout,
		Transport:     bounded{&http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, IdleConnTimeout: time.Minute, Proxy: http.ProxyFromEnvironment}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // a token is for one host
	}}, nil
}

// bounded lets nobody read more of an answer than maxAnswer.
type bounded struct{ *http.Transport }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.Transport.RoundTrip(r)
	if err == nil {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, maxAnswer), answer.Body}
	}
	return answer, err
}

// An event is a notice as Nova reads it, and answers it.
type event struct {
	Server string `json:"server_uuid"`
	Name   string `json:"name"`
	Status string `json:"status"`
	Tag    string `json:"tag"`
	Code   int    `json:"code,omitempty"`
}

type events struct {
	Events []event `json:"events"`
}

// post implements poster. One that Nova does not understand does not keep the
// others from it.
func (n *nova) post(ctx context.Context, list []vif.Notice) (codes []int, err error) {
	status, body, err := n.send(ctx, list)
	switch {
	case err != nil:
		return nil, err
	case status == http.StatusOK || status == http.StatusMultiStatus:
		return read(status, body, list)
	case status == http.StatusNotFound && isFault(body): // all failed, in the words of an older Nova
	case status != http.StatusBadRequest:
		return nil, fmt.Errorf("answer %d of Nova: %s", status, excerpt(body))
	}
	if len(list) == 1 {
		return []int{status}, nil
	}
	for _, one := range list {
		code, err := n.post(ctx, []vif.Notice{one})
		if err != nil {
			return codes, err
		}
		codes = append(codes, code...)
	}
	return codes, nil
}

// send sends the notices and returns the answer. A session that has ended is
// made anew, once.
func (n *nova) send(ctx context.Context, list []vif.Notice) (status int, body []byte, err error) {
	for range 2 {
		if n.session == nil {
			if n.session, err = n.login(ctx); err != nil {
				return 0, nil, fmt.Errorf("log in: %w", err)
			}
		}
		if status, body, err = n.once(ctx, list); err != nil || status != http.StatusUnauthorized {
			return status, body, err
		}
		n.session = nil
	}
	return status, body, err
}

func (n *nova) once(ctx context.Context, list []vif.Notice) (int, []byte, error) {
	var said events
	for _, one := range list {
		said.Events = append(said.Events, event{Server: one.Server, Name: one.Name, Status: one.Status, Tag: one.Port})
	}
	text, err := json.Marshal(said)
	if err != nil {
		return 0, nil, err
	}
	url := strings.TrimSuffix(n.session.endpoint, "/") + "/os-server-external-events"
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(text))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	if n.session.token != "" {
		r.Header.Set("X-Auth-Token", n.session.token)
	}
	answer, err := n.http.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answer.StatusCode, n.hide(body), errors.Join(err, wantsTime(answer))
}

// hide returns an answer without our secrets: who sends back what they were sent
// must not have them logged.
func (n *nova) hide(body []byte) []byte {
	for _, secret := range []string{n.secret, n.session.token} {
		if secret != "" {
			body = bytes.ReplaceAll(body, []byte(secret), []byte("***"))
		}
	}
	return body
}

// read returns the code of each notice from an answer that has them all.
func read(status int, body []byte, list []vif.Notice) ([]int, error) {
	var said events
	if err := json.Unmarshal(body, &said); err != nil || said.Events == nil {
		return nil, fmt.Errorf("what answers is not Nova: %d %s", status, excerpt(body))
	}
	code := map[[3]string]int{}
	for _, e := range said.Events {
		code[[3]string{e.Server, e.Name, e.Tag}] = e.Code
	}
	var codes []int
	for _, one := range list {
		switch c := code[[3]string{one.Server, one.Name, one.Port}]; status {
		case http.StatusOK:
			codes = append(codes, http.StatusOK)
		default:
			codes = append(codes, c)
		}
	}
	return codes, nil
}

// isFault tells whether Nova itself has written body, and not whoever else
// listens at its address.
func isFault(body []byte) bool {
	var fault struct {
		ItemNotFound *struct{} `json:"itemNotFound"`
	}
	return json.Unmarshal(body, &fault) == nil && fault.ItemNotFound != nil
}

func excerpt(body []byte) string { return strconv.Quote(string(body[:min(len(body), 200)])) }

// A later is an answer that says when to come back.
type later time.Duration

func (l later) Error() string { return fmt.Sprintf("Nova is busy for %v", time.Duration(l)) }

// wantsTime returns a later when answer is one.
func wantsTime(answer *http.Response) error {
	seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
	if err != nil || seconds < 0 || answer.StatusCode < http.StatusBadRequest {
		return nil
	}
	return later(min(time.Duration(seconds)*time.Second, 10*lastWait))
}

// after returns how long an error asks to wait at least.
func after(err error) time.Duration {
	l, _ := errors.AsType[later](err)
	return time.Duration(l)
}
