package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

const starting = "<domain type='kvm'><name>g</name><uuid>6ba7b810-9dad-41d1-80b4-00c04fd430c8</uuid></domain>"

// prepared runs the hook against the socket, and returns its exit code and what it
// said. Without an agent it would need a configuration, which is not there.
func prepared(t *testing.T, socket string) (int, string) {
	t.Helper()
	var said bytes.Buffer
	a := &app{in: strings.NewReader(starting), out: io.Discard, err: &said, env: func(name string) string {
		return map[string]string{"VIFD_SOCKET": socket, "NO_COLOR": "1"}[name]
	}}
	code := a.run(context.Background(), []string{"hook", "prepare", "--config", filepath.Join(t.TempDir(), "none.toml")})
	return code, said.String()
}

// The hook leaves to an agent that answers, whatever that is, what is to be done,
// and does it by itself only where nobody answers.
func TestHookAsks(t *testing.T) {
	for name, tt := range map[string]struct {
		answers []int // the last one is given from then on
		said    string
		asked   int32 // at least
		alone   bool
	}{
		"done":            {[]int{204}, "", 1, false},
		"not ready yet":   {[]int{503, 503, 204}, "", 3, false},
		"cannot":          {[]int{503}, "Open vSwitch hangs", 3, false},
		"broken":          {[]int{500}, "Open vSwitch hangs", 1, false},
		"silent":          {nil, "none.toml", 1, true},
		"silent after no": {[]int{503, 0}, "Open vSwitch hangs", 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			socket := filepath.Join(t.TempDir(), "s")
			l, err := net.Listen("unix", socket)
			if err != nil {
				t.Fatal(err)
			}
			var asked atomic.Int32
			s := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				n := int(asked.Add(1))
				code := 0
				if len(tt.answers) > 0 {
					code = tt.answers[min(n, len(tt.answers))-1]
				}
				if code == 0 {
					<-r.Context().Done()
					return
				}
				w.WriteHeader(code)
				if code != http.StatusNoContent {
					fmt.Fprintf(w, `{"error": {"code": %d, "message": "Open vSwitch hangs"}}`, code)
				}
			})}}
			s.Start()
			defer s.Close()
			code, said := prepared(t, socket)
			if (code != 0) != tt.alone || !strings.Contains(said, tt.said) || tt.said == "" && said != "" || asked.Load() < tt.asked {
				t.Errorf("exit code %d after %d answers: %s", code, asked.Load(), said)
			}
		})
	}
	if code, said := prepared(t, filepath.Join(t.TempDir(), "s")); code == 0 || !strings.Contains(said, "none.toml") {
		t.Errorf("nobody listens: exit code %d, %s", code, said)
	}
}
