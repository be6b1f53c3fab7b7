package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vifd/test/testcerts"
)

// elsewhere are the exchanges that cannot be had here, by how their names begin,
// and why. agent/api replays all of them against a world in memory.
var elsewhere = []struct{ prefix, why string }{
	{"err-port-quota", "the local authority has no quota"},
	{"err-state-build", "libvirt defines a server at once, and starts it while nobody can ask"},
	{"state-build-list", "likewise"},
	{"err-state-error", "QEMU says of no guest here that it has crashed: they have no panic device"},
}

// TestReplay puts the recorded requests to the real vifd, each by who asked it.
// It has to answer word for word, but for what is another each time.
func TestReplay(t *testing.T) {
	clean(t)
	s := newStage(t)
	defer s.has(t, s.g1)
	defer s.has(t, s.g2)
	left := 0
	for _, e := range exchanges(t) {
		if slices.ContainsFunc(elsewhere, func(x struct{ prefix, why string }) bool { return strings.HasPrefix(e.name, x.prefix) }) {
			left++
			continue
		}
		t.Run(e.name, func(t *testing.T) {
			defer s.set(t, e)()
			a := s.put(t, e)
			s.compare(t, e, a)
			if e.method == http.MethodPost && strings.HasPrefix(a.Body, `{"interfaceAttachment"`) {
				takeOut(t, s.server(e.path), nicOf(t, a).Port)
			}
		})
	}
	if left != 5 {
		t.Errorf("%d exchanges are left out, want the 5 that cannot be had", left)
	}
}

// callersOf returns who asks in the exchanges, each with a token of vifd's.
func callersOf(t *testing.T, ca *testcerts.Authority) map[string]caller {
	t.Helper()
	all := map[string]caller{"nobody": callerOf(ca, ""), "stranger": callerOf(ca, "bogus")}
	for who, args := range map[string][]string{
		"admin": {"--role", "admin"}, "member": {"--role", "member", "--project", project}, "other": {"--role", "member", "--project", otherProject},
	} {
		all[who] = callerOf(ca, ok(t, append([]string{"token", "create", "of-" + who, "-o", "name"}, args...)...))
		t.Cleanup(func() { vifd(t, "token", "revoke", "of-"+who) })
	}
	return all
}

// put asks what was asked, with the IDs that the stage has.
func (s stage) put(t *testing.T, e exchange) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(within(t, patience), e.method, door+s.here.Replace(e.path), strings.NewReader(s.here.Replace(e.body)))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range e.sent {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	if token := s.callers[e.who].token; token != "" {
		r.Header.Set("X-Auth-Token", token)
	}
	got, err := s.callers[e.who].http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{got.StatusCode, got.Header, string(text)}
}

// What is another each time, by the names of the members.
var another = []struct{ looks, as string }{
	{`"port_state": "[A-Z]+"`, "port_state"}, // of a port that was just attached Nova says DOWN
	{`("created": "[^"]+"), "updated": "[^"]+"`, "$1, updated"},
	{`"OS-SRV-USG:launched_at": (null|"[^"]+")`, "launched_at"},
	{`"hostId": "[0-9a-f]{56}"`, "hostId"},
	{`(\{"action": "[a-z_]+", ("instance_uuid": "[-0-9a-f]+"), "request_id": "req-[-0-9a-f]+", "user_id": "[^"]+", "project_id": "[0-9a-f]+", ` +
		`"start_time": "[-0-9T:.]+", "message": (null|"Error"), "updated_at": "[-0-9T:.]+"\}(, )?)+`, "$2"}, // another history of the same server
}

func (s stage) compare(t *testing.T, e exchange, got answer) {
	t.Helper()
	have, want := s.there.Replace(strings.ReplaceAll(got.Body, door, "")), e.answer
	if strings.Contains(e.answer, `"interfaceAttachment"`) {
		have = asRecorded(t, e, have)
	}
	for _, a := range another {
		looks := regexp.MustCompile(a.looks)
		have, want = looks.ReplaceAllString(have, a.as), looks.ReplaceAllString(want, a.as)
	}
	if got.Status != e.status || strings.TrimSpace(have) != want {
		t.Errorf("answered %d\n%s\nwant %d\n%s", got.Status, have, e.status, want)
	}
	for _, name := range []string{"Content-Type", "Openstack-Api-Version", "X-Openstack-Nova-Api-Version", "Vary"} {
		have, want := got.Header.Values(name), e.answered.Values(name)
		if !slices.Equal(have, want) && (name != "Content-Type" || want != nil) {
			t.Errorf("%s: %q, want %q", name, have, want)
		}
	}
	for _, name := range []string{"X-Openstack-Request-Id", "X-Compute-Request-Id", "Www-Authenticate"} {
		if (got.Header.Get(name) != "") != (e.answered.Get(name) != "") {
			t.Errorf("%s: %q, and recorded %q", name, got.Header.Get(name), e.answered.Get(name))
		}
	}
}

// asRecorded returns an answer with the port that was recorded in the place of
// the one that e made: its ID and its MAC, and the address that nobody asked for.
func asRecorded(t *testing.T, e exchange, text string) string {
	t.Helper()
	var got, recorded struct{ InterfaceAttachment nic }
	for text, into := range map[string]any{text: &got, e.answer: &recorded} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			t.Fatal(err, text)
		}
	}
	had, has := recorded.InterfaceAttachment, got.InterfaceAttachment
	if e.method != http.MethodPost || strings.Contains(e.body, `"port_id"`) || len(has.IPs) == 0 {
		return text
	}
	pairs := []string{has.Port, had.Port, has.MAC, had.MAC}
	if !strings.Contains(e.body, `"ip_address"`) {
		pairs = append(pairs, fmt.Sprintf("%q", has.IPs[0].Address), fmt.Sprintf("%q", had.IPs[0].Address))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
