package client

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"

	"vifd/agent/api/wire"
	"vifd/vif"
)

// answering is a client of a server on a unix socket that gives one answer.
func answering(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	path := filepath.Join(t.TempDir(), "vifd.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: handler}}
	server.Start()
	t.Cleanup(server.Close)
	c, err := New(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestClientAddress(t *testing.T) {
	for address, base := range map[string]string{
		"/run/vifd/vifd.sock":        "http://vifd",
		"vifd.sock":                  "http://vifd",
		"unix:/run/vifd/vifd.sock":   "http://vifd",
		"unix:///run/vifd/vifd.sock": "http://vifd",
		"http://127.0.0.1:8774/":     "http://127.0.0.1:8774",
		"https://host.example/vifd":  "https://host.example/vifd",
		"":                           "",
		"ftp://host.example":         "",
		"http://":                    "",
	} {
		c, err := New(address)
		if base == "" {
			if vif.KindOf(err) != vif.Invalid {
				t.Errorf("%q: %v, want %v", address, err, vif.Invalid)
			}
			continue
		}
		if err != nil || c.base != base {
			t.Errorf("%q: %+v, %v; want %s", address, c, err, base)
		}
	}
}

// What each dialect's fault says arrives: its kind, its text and its request.
func TestClientRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		status            int
		contentType, body string
		want              Refused
	}{
		"own": {409, "application/json", `{"error":{"code":409,"kind":"no free PCIe slot","message":"add ports","request_id":"req-1"}}`,
			Refused{409, vif.NoSlot, "add ports", "req-1"}},
		"own, not finished": {202, "application/json", `{"error":{"code":202,"kind":"not finished yet","message":"goes on"}}`,
			Refused{202, vif.Pending, "goes on", "req-h"}},
		"own, in a stream": {200, wire.NDJSON, `{"step":"tap","ms":0.8}` + "\n" + `{"error":{"code":503,"kind":"backend unavailable","message":"no OVS"}}` + "\n",
			Refused{503, vif.Unavailable, "no OVS", "req-h"}},
		"networking": {404, "application/json", `{"NeutronError":{"type":"PortNotFound","message":"Port p could not be found.","detail":""}}`,
			Refused{404, vif.NotFound, "Port p could not be found.", "req-h"}},
		"compute": {409, "application/json", `{"conflictingRequest":{"code":409,"message":"Port p is still in use."}}`,
			Refused{409, vif.InUse, "Port p is still in use.", "req-h"}},
		"a page":     {404, "text/html", `<html>404</html>`, Refused{404, vif.NotFound, "404 Not Found", "req-h"}},
		"no comment": {500, "application/json", ``, Refused{500, vif.Internal, "500 Internal Server Error", "req-h"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := answering(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", tt.contentType)
				w.Header().Set("X-Openstack-Request-Id", "req-h")
				w.WriteHeader(tt.status)
				io.WriteString(w, tt.body)
			})
			_, err := c.Attach(t.Context(), NewAttachment{Server: "g1"}, func(vif.Progress) {})
			got, ok := errors.AsType[*Refused](err)
			if !ok || *got != tt.want {
				t.Errorf("%#v\nwant %#v", err, tt.want)
			}
			if vif.KindOf(err) != tt.want.Kind {
				t.Errorf("kind %v, want %v", vif.KindOf(err), tt.want.Kind)
			}
		})
	}
}

func TestClientStream(t *testing.T) {
	c := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); r.Header.Get("Accept") != wire.NDJSON || err != nil ||
			string(body) != `{"server":"g1","network":"blue","fixed_ips":[{"ip_version":6}],"tag":"db"}` {
			t.Errorf("asked %s for %s, %v", body, r.Header.Get("Accept"), err)
		}
		w.Header().Set("Content-Type", wire.NDJSON)
		io.WriteString(w, `{"step":"tap","ms":0.8}`+"\n"+`{"step":"plug","ms":1.5,"error":"once more"}`+"\n")
		io.WriteString(w, `{"attachment":{"port":{"id":"p1","fixed_ips":[{"subnet":"s","address":"fd00:20::5"}]},"tap":"tapp1","state":"ACTIVE"}}`)
	})
	var steps []vif.Progress
	got, err := c.Attach(t.Context(), NewAttachment{Server: "g1", Network: "blue", FixedIPs: []NewAddress{{Version: 6}}, Tag: "db"},
		func(p vif.Progress) { steps = append(steps, p) })
	if err != nil {
		t.Fatal(err)
	}
	if want := []vif.Progress{{Step: "tap", Ms: 0.8}, {Step: "plug", Ms: 1.5, Err: "once more"}}; !slices.Equal(steps, want) {
		t.Errorf("steps %v, want %v", steps, want)
	}
	if got.Port.ID != "p1" || got.Tap != "tapp1" || got.State != vif.Active || got.Port.FixedIPs[0].Address.String() != "fd00:20::5" {
		t.Errorf("attachment %+v", got)
	}
}

// No answer, half an answer and somebody else's answer are one kind of trouble.
func TestClientUnreachable(t *testing.T) {
	gone, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	for name, tt := range map[string]struct {
		ctx     context.Context
		handler http.HandlerFunc
		cause   error
	}{
		"half a stream": {t.Context(), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", wire.NDJSON)
			io.WriteString(w, `{"step":"tap","ms":0.8}`+"\n")
		}, io.ErrUnexpectedEOF},
		"hung up":        {t.Context(), func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, io.ErrUnexpectedEOF},
		"something else": {t.Context(), func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }, nil},
		"caller gave up": {gone, func(http.ResponseWriter, *http.Request) {}, context.Cause(gone)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := answering(t, tt.handler).Attach(tt.ctx, NewAttachment{}, func(vif.Progress) {})
			if _, ok := errors.AsType[*Unreachable](err); !ok || tt.cause != nil && !errors.Is(err, tt.cause) {
				t.Errorf("%v (%T), want unreachable for %v", err, err, tt.cause)
			}
		})
	}
	c, err := New(filepath.Join(t.TempDir(), "none.sock"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Status(t.Context())
	if _, ok := errors.AsType[*Unreachable](err); !ok {
		t.Errorf("%v, want unreachable", err)
	}
}

func TestClientFind(t *testing.T) {
	const id = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
	c := answering(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, map[string]string{
			"id=" + id:   `{"networks":[{"id":"` + id + `","name":"blue"}]}`,
			"name=blue":  `{"networks":[{"id":"` + id + `","name":"blue"}]}`,
			"name=green": `{"networks":[]}`,
			"name=red":   `{"networks":[{"id":"2","name":"red"},{"id":"1","name":"red"}]}`,
		}[r.URL.RawQuery])
	})
	for name, tt := range map[string]struct {
		kind vif.Kind
		text string
	}{
		"blue":  {"", id},
		id:      {"", id},
		"green": {vif.NotFound, `there is no network with the ID or the name "green"`},
		"red":   {vif.Ambiguous, `more than one network has the name "red": use one of the IDs 1, 2`},
	} {
		found, err := c.Networks().Find(t.Context(), name)
		if tt.kind == "" && (err != nil || found.Text("id") != tt.text) {
			t.Errorf("%s: %v, %v", name, found, err)
		}
		if tt.kind != "" && (vif.KindOf(err) != tt.kind || vif.Shown(err) != tt.text) {
			t.Errorf("%s: %v, want %s", name, err, tt.text)
		}
	}
}
