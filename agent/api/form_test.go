package api

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestRepr(t *testing.T) {
	for in, out := range map[string]string{
		`null`: `None`, `true`: `True`, `false`: `False`, `12`: `12`, `-0`: `0`, `1.50`: `1.5`, `1e2`: `100.0`,
		`1e16`: `1e+16`, `1e-5`: `1e-05`, `1e999`: `inf`, `-1e999`: `-inf`, `0.0`: `0.0`,
		`123456789012345678901234567890`: `123456789012345678901234567890`,
		`"it's"`:                         `"it's"`, `"it's \"it\""`: `'it\'s "it"'`, `"a\nb\\"`: `'a\nb\\'`, `"\u0001\u007f"`: `'\x01\x7f'`,
		`"é\ud83d\ude00"`: `'é😀'`, `"\u200b\ue000"`: `'\u200b\ue000'`,
		`{"b":[1,"x"],"a":{},"b":2}`: `{'b': 2, 'a': {}}`, `[]`: `[]`,
	} {
		v, err := decode([]byte(in))
		if got := repr(v); err != nil || got != out {
			t.Errorf("repr(%s) = %s, %v, want %s", in, got, err, out)
		}
	}
}

func TestEncode(t *testing.T) {
	v := object{{"b", `é😀" \ , :` + "\n\x7f<&"}, {"a", []any{1, nil, object{}}}, {"c", map[string]bool{"x": true}}}
	want := `{"b": "\u00e9\ud83d\ude00\" \\ , :\n\u007f<&", "a": [1, null, {}], "c": {"x": true}}`
	if got, err := encode(v); err != nil || string(got) != want {
		t.Errorf("encode = %s, %v\nwant %s", got, err, want)
	}
}

func TestParseUUID(t *testing.T) {
	const id = "345f1cc2-e48a-4f76-9ea3-ef898d47cfaa"
	for in, ok := range map[string]bool{
		id: true, "345F1CC2E48A4F769EA3EF898D47CFAA": true, "{" + id + "}": true, "urn:uuid:" + id: true,
		"": false, id + "0": false, "345f1cc2-e48a-4f76-9ea3-ef898d47cfag": false, "../../etc": false,
	} {
		if got, is := parseUUID(in); is != ok || ok && got != id {
			t.Errorf("parseUUID(%q) = %q, %v", in, got, is)
		}
	}
}

func TestAskedVersion(t *testing.T) {
	for _, tt := range []struct {
		standard, legacy []string
		want             string
	}{
		{nil, nil, ""},
		{[]string{"compute 2.70"}, []string{"2.1"}, "2.70"},
		{[]string{"volume 3.10, Compute  2.3"}, nil, "2.3"},
		{[]string{"compute 2.3, compute 2.4"}, nil, "2.4"},
		{[]string{"compute 2.3", "volume 3"}, nil, "2.3"},
		{[]string{"volume 3.10"}, []string{"2.60"}, "2.60"},
		{[]string{"compute"}, []string{" 2.60 "}, "2.60"},
	} {
		h := http.Header{}
		h["Openstack-Api-Version"], h["X-Openstack-Nova-Api-Version"] = tt.standard, tt.legacy
		if got := askedVersion(h); got != tt.want {
			t.Errorf("askedVersion(%q, %q) = %q, want %q", tt.standard, tt.legacy, got, tt.want)
		}
	}
}

func TestSpellOut(t *testing.T) {
	got := spellOut("/v2.1[/{project}]/x[/{y}]")
	slices.Sort(got)
	if want := []string{"/v2.1/x", "/v2.1/x/{y}", "/v2.1/{project}/x", "/v2.1/{project}/x/{y}"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// What no controller answers is a page, or JSON for who accepts that.
func TestWebobPage(t *testing.T) {
	a := serve(t, recordedWorld(), identities["admin"])
	got := ask(a, "GET", "/v2.1/nothing", "", "Accept", "application/json")
	want(t, got, 404, `{"message": "The resource could not be found.<br /><br />\n\n\n", "code": "404 Not Found", "title": "Not Found"}`)
	if ct := got.Header().Get("Content-Type"); ct != "application/json" {
		t.Errorf("Content-Type %s", ct)
	}
	if got = ask(a, "GET", "/v2.1/nothing", ""); got.Header().Get("Content-Length") != "154" {
		t.Errorf("a page of %s bytes", got.Header().Get("Content-Length"))
	}
}

// As many values as there may be, as deep as they may be, are let in, and one more is
// not, whatever the strings among them hold.
func TestExtent(t *testing.T) {
	list := func(n int, of string) string { return "[" + strings.TrimSuffix(strings.Repeat(of+" ,", n), ",") + "]" }
	for _, tt := range []struct {
		name string
		most string // that is let in
		over string
	}{
		{"numbers", list(maxValues-1, "1"), list(maxValues, "1")},
		{"strings", list(maxValues-1, `"[,\"{"`), list(maxValues, `"]"`)},
		{"empty ones", list(maxValues-1, "{ }"), list(maxValues, "[ ]")},
		{"members", list((maxValues-1)/2, `{"a,": 1}`), list((maxValues-1)/2+1, `{"a": 1}`)},
		{"depth", strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth), strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1)},
	} {
		v, err := decode([]byte(tt.most))
		if n, depth := extent(v); err != nil || n < maxValues-1 && depth < maxDepth {
			t.Errorf("%s: %v, %d values, %d deep", tt.name, err, n, depth)
		}
		if _, err := decode([]byte(tt.over)); err == nil {
			t.Errorf("%s: one more is let in", tt.name)
		}
	}
}

// extent counts the values of v, and how deep they are nested.
func extent(v any) (n, depth int) {
	var parts []any
	switch v := v.(type) {
	case []any:
		parts = v
	case object:
		for _, m := range v {
			parts = append(parts, m.value)
		}
	default:
		return 1, 0
	}
	n = 1
	for _, part := range parts {
		m, d := extent(part)
		n, depth = n+m, max(depth, d)
	}
	return n, depth + 1
}

// Whatever a body holds, it is decoded or refused; what is decoded can be
// quoted, sent, and put to a schema.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `null`, `[[[]]]`, `{"interfaceAttachment": {"net_id": "x", "fixed_ips": [{"ip_address": "10.0.0.1"}], "tag": "a\ud800"}}`,
		`{"a":1,"a":2}`, "\xff", `1e400`, `"\u0000"`, `{"interfaceAttachment":{"fixed_ips":[{"ip_version":4,"subnet_id":"urn:uuid:"}]}}`,
	} {
		f.Add([]byte(seed))
	}
	schemas := []*schema{createBody(newest, compute), attachmentBody, networkCreated, subnetCreated, portCreated, portChanged}
	f.Fuzz(func(t *testing.T, body []byte) {
		v, err := decode(body)
		if err != nil {
			return
		}
		if n, depth := extent(v); n > maxValues || depth > maxDepth {
			t.Errorf("%d values, %d deep, are let in", n, depth)
		}
		if len(repr(v)) > maxRepr+10 {
			t.Error("quotes too much")
		}
		raw, err := encode(v)
		if err != nil || !json.Valid(raw) {
			t.Errorf("%q is sent as %q: %v", body, raw, err)
		}
		for _, s := range schemas {
			if found := s.check(v); found != nil && found.nova() == "" {
				t.Error("refused without a reason")
			}
		}
	})
}

// Whatever the headers ask for is a version, or an error that says so.
func FuzzMicroversion(f *testing.F) {
	for _, seed := range []string{"", "latest", "2.70", "2.01", "compute 2.70", "compute latest, volume 3", "2.99999999999999999999", ",", "compute"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, standard, legacy string) {
		h := http.Header{}
		h.Set(versionHeader, standard)
		h.Set(legacyHeader, legacy)
		v, err := parseMicroversion(askedVersion(h))
		if err == nil && v.served() && (v.minor < 1 || v.minor > 93) {
			t.Errorf("%q, %q ask for %v", standard, legacy, v)
		}
	})
}
