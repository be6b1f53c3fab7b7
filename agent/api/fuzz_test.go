package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// fuzzed are the methods that a fuzzed request chooses from.
var fuzzed = []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW"}

// putRequest puts a request to the API whatever its path and headers are, as long as
// net/http lets them through.
func putRequest(a *API, method, path, query string, body []byte, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://vifd/", bytes.NewReader(body))
	r.URL = &url.URL{Path: "/" + strings.TrimPrefix(path, "/"), RawQuery: query}
	r.RequestURI, r.Header = r.URL.RequestURI(), header
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w
}

// fine checks what holds for every answer to input that vifd did not choose:
// it is not vifd that failed, and what says that it is JSON is JSON.
func fine(t *testing.T, method string, got *httptest.ResponseRecorder) {
	t.Helper()
	raw := got.Body.Bytes()
	older := got.Code == 500 && bytes.HasPrefix(raw, []byte(`{"computeFault": {"code": 500, "message": "`)) && // Compute 2.0's, for a 404
		bytes.Contains(raw, []byte("could not be found"))
	if got.Code >= 500 && got.Code != http.StatusNotImplemented && !older {
		t.Errorf("answered %d %s", got.Code, raw)
	}
	isJSON := strings.HasPrefix(got.Header().Get("Content-Type"), "application/json")
	if isJSON && len(raw) > 0 && !json.Valid(raw) {
		t.Errorf("answered %d with what is not JSON: %q", got.Code, raw)
	}
	if got.Code >= 400 && isJSON && method != http.MethodHead {
		checkFaultForm(t, raw)
	}
}

// checkFaultForm wants an error to say something, in the form of some dialect.
func checkFaultForm(t *testing.T, raw []byte) {
	t.Helper()
	var page struct{ Message, Title string }
	if json.Unmarshal(raw, &page) == nil && page.Title != "" {
		return // webob's
	}
	var fault map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fault); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	for _, inner := range fault {
		var said struct{ Message string }
		if json.Unmarshal(inner, &said) == nil && said.Message != "" {
			return
		}
	}
	t.Errorf("a fault that says nothing: %s", raw)
}

// addExchanges adds what was recorded of Nova, and what vifd has besides.
func addExchanges(f *testing.F, add func(method, path, query string, body []byte, header http.Header)) {
	for _, file := range []string{"nova/exchanges.txt", "seeds/compute-2.0.txt", "seeds/vendor.txt", "seeds/rackspace.txt", "seeds/virtual-interfaces.txt"} {
		for _, e := range readExchanges(f, file) {
			path, query, _ := strings.Cut(e.path, "?")
			if len(e.body) < 4<<10 {
				add(e.method, path, query, []byte(e.body), e.sent)
			}
		}
	}
	add("POST", "/v1/attachments", "", []byte(`{"server": "vm1", "network": "net89", "fixed_ips": [{"ip_version": 4}], "mac": "52:54:00:00:00:01"}`), http.Header{})
	add("POST", "/v1/attachments:batch", "", []byte(`{"attachments": [{"server": "vm1", "port": "`+portA+`"}, {"server": "vm2", "network": "net89"}]}`), http.Header{})
	add("PATCH", "/v1/ports/"+portA, "", []byte(`{"link_state": "down"}`), http.Header{})
	add("POST", "/v2.0/subnets", "", []byte(`{"subnet": {"network_id": "`+net88+`", "ip_version": 6, "cidr": "fd00::/64", "allocation_pools": [{"start": "fd00::2", "end": "fd00::9"}]}}`), http.Header{})
	add("PUT", "/v2.0/ports/"+portA, "", []byte(`{"port": {"name": "web", "fixed_ips": []}}`), http.Header{})
	add("POST", "/v2.0/security-groups", "", []byte(`{"security_group": {"name": "db", "description": "d"}}`), http.Header{})
	add("POST", "/v2.0/security-group-rules", "", []byte(`{"security_group_rule": {"security_group_id": "`+groupWeb+`", "direction": "ingress", "ethertype": "IPv6", "protocol": "tcp", "port_range_min": 1, "port_range_max": 65535, "remote_ip_prefix": "fd00::/64"}}`), http.Header{})
	add("POST", "/v2.1/security-group-rules", "", []byte(`{"security_group_rule": {"security_group_id": "`+groupWeb+`", "direction": "egress", "protocol": 99999999999999999999, "port_range_min": -99999999999999999999, "remote_group_id": "`+groupWeb+`"}}`), http.Header{})
	add("PUT", "/v2.0/ports/"+portA, "", []byte(`{"port": {"security_groups": ["`+groupWeb+`"]}}`), http.Header{})
	add("GET", "/v2.0/ports", "fixed_ips=ip_address%3D10.88.0.4&fields=id&limit=1", nil, http.Header{})
}

// Whatever is asked, of whichever path, is answered in the form of its dialect,
// and never by a failure of vifd's.
func FuzzRequest(f *testing.F) {
	addExchanges(f, func(method, path, query string, body []byte, header http.Header) {
		f.Add(uint8(slices.Index(fuzzed, method)), path, query, body, header.Get("Content-Type"), header.Get(legacyHeader), "")
	})
	f.Add(uint8(1), interfaces1, "", []byte(`{}`), "text/plain; charset=latin1", "2.93", "key-1")
	f.Fuzz(func(t *testing.T, method uint8, path, query string, body []byte, contentType, version, key string) {
		w := recordedWorld()
		w.plug(vm1, portB, "nic-b")
		a := serve(t, w, identities["admin"])
		h := http.Header{"Content-Type": {contentType}, legacyHeader: {version}}
		if key != "" {
			h.Set(onceHeader, key)
		}
		path = "/" + strings.TrimPrefix(path, "/")
		if strings.HasPrefix(path, "/v1/") && !strings.HasPrefix(path, "/v1/attachments") && !strings.HasPrefix(path, "/v1/ports/") {
			return // is answered by parts that the world in memory has not got
		}
		before := w.String()
		verb := fuzzed[int(method)%len(fuzzed)]
		got := putRequest(a, verb, path, query, body, h)
		fine(t, verb, got)
		if after := w.String(); got.Code >= 400 && verb != "DELETE" && after != before {
			t.Errorf("answered %d %s, and changed\n%s\nto\n%s", got.Code, got.Body, before, after)
		}
	})
}

// Whatever a query asks for, a list has nothing in it that is not there without
// the query, and a filter that is not known is refused.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"", "name=vm1", "name=%5B", "limit=1", "limit=-1", "limit=99999999999", "marker=" + vm1, "marker=x", "fields=id&fields=name", "id=" + portA,
		"fixed_ips=ip_address%3D10.88.0.4", "fixed_ips=ip_address_substr%3D", "fixed_ips=%3D&fixed_ips=subnet_id%3D", "device_id=", "%zz", ";", "limit=0&sort_key=name&sort_dir=asc",
		"status=active&locked=yes", "mac_address=FA-16-3E-D0-C6-20", "tenant_id=" + project, "admin_state_up=1", "deleted=true",
	} {
		for i := range 5 {
			f.Add(uint8(i), seed)
		}
	}
	lists := []struct{ path, name string }{
		{"/v2.1/servers", "servers"}, {"/v2.1/servers/detail", "servers"}, {"/v2.0/ports", "ports"}, {"/v2.0/networks", "networks"}, {"/v2.0/subnets", "subnets"},
	}
	f.Fuzz(func(t *testing.T, which uint8, query string) {
		list := lists[int(which)%len(lists)]
		a := serve(t, recordedWorld(), identities["admin"])
		got := putRequest(a, "GET", list.path, query, nil, http.Header{legacyHeader: {"2.93"}})
		fine(t, "GET", got)
		if got.Code != http.StatusOK {
			return
		}
		all := putRequest(a, "GET", list.path, "", nil, http.Header{legacyHeader: {"2.93"}}).Body.String()
		for _, id := range listedIDs(t, got.Body.Bytes(), list.name) {
			if !strings.Contains(all, id) {
				t.Errorf("%s?%s has %s, which is nowhere", list.path, query, id)
			}
		}
	})
}

// listedIDs returns the IDs in a list, as far as they are shown.
func listedIDs(t *testing.T, raw []byte, name string) (ids []string) {
	t.Helper()
	var said map[string]json.RawMessage
	if err := json.Unmarshal(raw, &said); err != nil {
		t.Fatal(err)
	}
	var items []struct{ ID string }
	if err := json.Unmarshal(said[name], &items); err != nil || items == nil {
		t.Fatalf("no list of %s in %s: %v", name, raw, err)
	}
	for _, i := range items {
		ids = append(ids, i.ID)
	}
	return ids
}
