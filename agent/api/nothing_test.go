package api

import "testing"

// What is sent to where there is nothing does not count: there is nothing.
func TestNothingThere(t *testing.T) {
	a := serve(t, recordedWorld(), identities["admin"])
	for _, path := range []string{"/v2.1/nope", "/v2/nope", "/v2.0/nope", "/v1/nope"} {
		for _, headers := range [][]string{nil, {"Content-Type", "text/html"}, {"OpenStack-API-Version", "compute bogus"}} {
			want(t, ask(a, "POST", path, `{x`, headers...), 404, "")
		}
	}
	want(t, ask(a, "PUT", "/v2.1/servers/"+vm1+"/os-interface", `{x`), 404, "")
	want(t, ask(a, "PATCH", "/v2.1/servers/"+vm1+"/os-virtual-interfacesv2", `{x`), 405, "badMethod")
}

// What tells of vifd itself may be probed by HEAD, and knows no other method. Nova
// knows no HEAD.
func TestProbes(t *testing.T) {
	a := serve(t, recordedWorld(), identities["admin"])
	for _, path := range []string{"/healthz", "/readyz", "/", "/healthz?verbose"} {
		if got := ask(a, "HEAD", path, ""); got.Code != 200 || got.Body.Len() != 0 || got.Header().Get("Content-Length") == "0" {
			t.Errorf("HEAD %s: %d, %d bytes, %v", path, got.Code, got.Body.Len(), got.Header())
		}
	}
	for _, asked := range [][2]string{{"POST", "/healthz"}, {"DELETE", "/readyz"}, {"HEAD", "/v1/status"}, {"PUT", "/metrics"}, {"POST", "/openapi.json"}, {"HEAD", "/v2.1"}, {"HEAD", "/v2.1/servers"}} {
		want(t, ask(a, asked[0], asked[1], ""), 404, "")
	}
}
