package vif

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// What is taken for a tag is within the bounds, and is kept as it is.
func FuzzParseTag(f *testing.F) {
	for _, seed := range []string{"", "nic1", "a,b", "a/b", "\x00", "é", strings.Repeat("é", 60), strings.Repeat("x", 61), "\xff", "\ufffe", "\ufffd", "\u2028"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tag, err := ParseTag(text)
		if err != nil {
			if KindOf(err) != Invalid || Shown(err) == "" {
				t.Errorf("%q is refused with %v", text, err)
			}
			return
		}
		if n := utf8.RuneCountInString(text); string(tag) != text || n == 0 || n > MaxTag || !utf8.ValidString(text) || strings.ContainsAny(text, ",/\n\x00") {
			t.Errorf("%q is taken as %q", text, tag)
		}
	})
}

// What a tap is marked with is read as it was written, and nothing else is.
func FuzzTapAlias(f *testing.F) {
	for _, seed := range []string{"", "vifd:", "vifd:a:1", "vifd:a:b:1", "vifd:a:-1", "vifd:a:99999999999999999999", "vifd::+1", "vifd:a:01"} {
		f.Add(seed, "99999999-0000-4000-8000-000000000001", int64(7))
	}
	f.Fuzz(func(t *testing.T, text, port string, gen int64) {
		ParseTapAlias(text) // ends
		n := NIC{Port: Port{ID: port}, Gen: gen}
		if got, at, ok := ParseTapAlias(n.TapAlias()); ok && (got != port || at != gen) || !ok && !strings.Contains(port, ":") {
			t.Errorf("%s is read as %q, %d, %t", n.TapAlias(), got, at, ok)
		}
		if name := TapName(port, int(gen)); len(name) > 15 || name == "" {
			t.Errorf("port %q has a tap %q", port, name)
		}
	})
}
