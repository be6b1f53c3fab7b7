package api

import (
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"vifd/vif"
)

// Whatever an Idempotency-Key is, it is refused, or asked again it has the same
// answer and is not done again.
func FuzzIdempotencyKey(f *testing.F) {
	for _, seed := range []string{"", "k", "a b", "é", strings.Repeat("x", 128), strings.Repeat("x", 129), "\x7f", "\x00", "\"'<>;--"} {
		f.Add(seed, seed)
	}
	body := []byte(`{"interfaceAttachment": {"net_id": "` + net88 + `"}}`)
	f.Fuzz(func(t *testing.T, key, other string) {
		w := recordedWorld()
		a := serve(t, w, identities["member"])
		once := func(key string) (int, string) {
			got := putRequest(a, "POST", interfaces1, "", body, http.Header{onceHeader: {key}})
			fine(t, "POST", got)
			return got.Code, got.Body.String()
		}
		status, said := once(key)
		if status != 200 {
			if status != 400 || isKey(key) || len(w.attached) != 0 {
				t.Errorf("key %q: %d %s", key, status, said)
			}
			return
		}
		if again, same := once(key); again != 200 || same != said || len(w.attached) != 1 {
			t.Errorf("key %q again: %d %s, at first %s", key, again, same, said)
		}
		if status, _ := once(other); status == 200 && (len(w.attached) == 2) != (key != other) {
			t.Errorf("keys %q and %q are taken for one another", key, other)
		}
	})
}

// Only what says that it is JSON, or says nothing, is read as JSON.
func FuzzContentType(f *testing.F) {
	for _, seed := range []string{"", "application/json", "Application/JSON; charset=utf-8", "application/jsonx", "text/plain;", "application/xml",
		"multipart/form-data; boundary=x", "application/json; a=\"", ";", "application/vnd.openstack.compute+json;version=1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, contentType string) {
		w := recordedWorld()
		got := putRequest(serve(t, w, identities["member"]), "POST", interfaces1, "", []byte(`{"interfaceAttachment": {"net_id": "`+net88+`"}}`), http.Header{"Content-Type": {contentType}})
		fine(t, "POST", got)
		name, _, _ := strings.Cut(contentType, ";")
		if said := slices.Contains(append(mediaTypes, ""), strings.ToLower(strings.TrimSpace(name))); (got.Code == 200) && !said || got.Code != 200 && got.Code != 415 {
			t.Errorf("%q: %d %s", contentType, got.Code, got.Body)
		}
	})
}

// Every path has a route, and what a route says of its path is in it.
func FuzzRoute(f *testing.F) {
	for _, seed := range []string{"/", "//", "", "/v2.1", "/v2.1/", interfaces1, interfaces1 + "/" + portA, "/v2.1/" + project + "/servers//os-interface",
		"/v2.1/servers/../..", "/v2.0/ports/{id}", "/v1/attachments:batch", "/v2/servers/\x00/action", "/v2.1/servers/[x]"} {
		f.Add(uint8(0), seed)
		f.Add(uint8(1), seed)
	}
	a := New(Config{Networking: recordedWorld(), Log: quiet()})
	f.Fuzz(func(t *testing.T, method uint8, path string) {
		verb := fuzzed[int(method)%len(fuzzed)]
		r, params := a.find(verb, path)
		if r == nil || r.as == nil || r.handle == nil {
			t.Fatalf("%s %q leads nowhere", verb, path)
		}
		for name, value := range params {
			if !slices.Contains(segments(path), value) || value == "" || strings.Contains(value, "/") {
				t.Errorf("%s %q: %s is %q", verb, path, name, value)
			}
		}
		if p, ok := params["project"]; ok && !isProject(p) {
			t.Errorf("%q is no project", p)
		}
	})
}

// What is written as an ID, a MAC or an address is read as one thing, and what
// is written of it is read as the same.
func FuzzFormat(f *testing.F) {
	for _, seed := range []string{vm1, strings.ToUpper(vm1), "urn:uuid:" + vm1, "{" + vm1 + "}", "urn:uuid:", "fa:16:3e:00:00:01", "FA-16-3E-00-00-01", "fa16.3e00.0001",
		"00:00:00:00:00:00:00:00", "10.0.0.1", "::ffff:10.0.0.1", "fe80::1%eth0", "010.0.0.1", "1.2.3", "K\u212a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if id, ok := parseUUID(text); ok {
			if again, still := parseUUID(id); !still || again != id || len(id) != 36 || strings.ToLower(id) != id {
				t.Errorf("%q is %q is %q", text, id, again)
			}
		}
		if mac, ok := parseMAC(text); ok {
			if again, still := parseMAC(mac); !still || again != mac || len(mac) != 17 {
				t.Errorf("%q is %q is %q", text, mac, again)
			}
		}
		if ip, ok := parseAddr(text); ok {
			if again, still := parseAddr(ip.String()); !still || again != ip || ip.Is4In6() {
				t.Errorf("%q is %v is %v", text, ip, again)
			}
		}
	})
}

// No text is a token but that of one that was made, and it opens no other.
func FuzzSecret(f *testing.F) {
	id, hash, text := newSecret()
	made := vif.Token{ID: id, Hash: hash}
	other, otherHash, _ := newSecret()
	for _, seed := range []string{"", text, strings.TrimPrefix(text, secretMark), text + "=", text[:len(text)-1], secretMark + other + text[len(secretMark)+16:], "vifd__", "vifd_\x00_"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sent string) {
		_, secret, ok := readSecret(sent)
		if !ok {
			if sent == text {
				t.Error("what was made cannot be read")
			}
			return
		}
		if opens(made, secret) != (sha256.Sum256(secret) == [32]byte(hash)) || opens(vif.Token{Hash: otherHash}, secret) || opens(vif.Token{}, secret) || sent == text && !opens(made, secret) {
			t.Errorf("%q opens what it should not", sent)
		}
	})
}

// Whatever stands in a certificate, it goes by names that stand in it, and by
// none that is empty.
func FuzzCertificateNames(f *testing.F) {
	f.Add("watch", "watch.example", "spiffe://x/y", "a@b", []byte{127, 0, 0, 1})
	f.Add("", "", "", "", []byte{})
	f.Add(" ", "\x00", "%zz", "CN=root", []byte{1})
	f.Add("CN=admin", "admin,O=x", "urn:1", "x", make([]byte, 16))
	f.Fuzz(func(t *testing.T, cn, dns, uri, mail string, ip []byte) {
		c := &x509.Certificate{Subject: pkix.Name{CommonName: cn}, DNSNames: []string{dns}, EmailAddresses: []string{mail}, IPAddresses: []net.IP{ip}}
		if u, err := url.Parse(uri); err == nil {
			c.URIs = []*url.URL{u}
		}
		names := namesOf(c)
		for _, n := range names {
			if strings.TrimSpace(n) == "" {
				t.Errorf("a certificate goes by %q", n)
			}
		}
		if strings.TrimSpace(cn) != "" && !slices.Contains(names, cn) {
			t.Errorf("%q is not among %q", cn, names)
		}
	})
}

// A time that a token ends at is to come, or is refused.
func FuzzExpiry(f *testing.F) {
	for _, seed := range []string{"", "2030-01-31T12:00:00Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:60Z", "2030-01-31", "2030-01-31T12:00:00+99:99"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		why := futureTime(text)
		at, err := time.Parse(time.RFC3339, text)
		if (why == "") != (err == nil && at.After(time.Now())) {
			t.Errorf("%q: %q", text, why)
		}
	})
}
