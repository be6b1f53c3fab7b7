package vif

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestKind(t *testing.T) {
	cause := errors.New("dial unix: no such file")
	for _, tt := range []struct {
		err   error
		kind  Kind
		shown string
		text  string
	}{
		{nil, Internal, "", "<nil>"},
		{cause, Internal, "", "dial unix: no such file"},
		{NotFound, NotFound, "", "not found"},
		{fmt.Errorf("port p1: %w", NotFound), NotFound, "", "port p1: not found"},
		{InUse.Because("port %s is taken", "p1"), InUse, "port p1 is taken", "port p1 is taken"},
		{Unavailable.From(cause, "libvirt is down"), Unavailable, "libvirt is down", "libvirt is down: dial unix: no such file"},
		{Unavailable.From(cause, "It is down."), Unavailable, "It is down.", "It is down: dial unix: no such file"},
		{fmt.Errorf("show: %w", NoSlot.From(InUse, "none free")), NoSlot, "none free", "show: none free: already in use"},
	} {
		if got := KindOf(tt.err); got != tt.kind {
			t.Errorf("KindOf(%v) = %v, want %v", tt.err, got, tt.kind)
		}
		if got := Shown(tt.err); got != tt.shown {
			t.Errorf("Shown(%v) = %q, want %q", tt.err, got, tt.shown)
		}
		if got := fmt.Sprint(tt.err); got != tt.text {
			t.Errorf("text %q, want %q", got, tt.text)
		}
	}
	if err := Unavailable.From(cause, "down"); !errors.Is(err, cause) || !errors.Is(err, Unavailable) {
		t.Errorf("%v hides its kind or its cause", err)
	}
}

func TestParseTag(t *testing.T) {
	for _, tt := range []struct {
		tag string
		ok  bool
	}{
		{"a", true}, {strings.Repeat("x", 60), true}, {strings.Repeat("é", 60), true}, {`"><evil/>`, false}, {"db.1 main", true},
		{"", false}, {strings.Repeat("x", 61), false}, {"a,b", false}, {"a/b", false}, {"a\nb", false}, {"a\x00", false}, {"\xff", false}, {"a\ufffd", false}, {"\ufffe", false}, {"\uffff", false}, {"\U0001f600", true},
	} {
		got, err := ParseTag(tt.tag)
		if ok := err == nil; ok != tt.ok || ok && string(got) != tt.tag {
			t.Errorf("ParseTag(%q) = %q, %v", tt.tag, got, err)
		}
		if err != nil && KindOf(err) != Invalid {
			t.Errorf("ParseTag(%q): kind %v", tt.tag, KindOf(err))
		}
	}
}

func TestTapName(t *testing.T) {
	const port = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
	seen := map[string]bool{}
	for salt := range 16 {
		name := TapName(port, salt)
		if seen[name] || len(name) > 15 {
			t.Errorf("TapName(%d) = %q", salt, name)
		}
		seen[name] = true
	}
	if got := TapName(port, 0); got != "tap3fa85f64-57" {
		t.Errorf("TapName = %q", got)
	}
}

func TestTapAlias(t *testing.T) {
	n := NIC{Port: Port{ID: "3fa85f64-5717-4562-b3fc-2c963f66afa6"}, Gen: 1795317939}
	if port, gen, ok := ParseTapAlias(n.TapAlias()); !ok || port != n.Port.ID || gen != n.Gen {
		t.Errorf("%q reads as %q, %d, %v", n.TapAlias(), port, gen, ok)
	}
	for _, alias := range []string{"", "vifd", "vifd:", "vifd:p1", "vifd:p1:", "vifd:p1:x", "vifd:p1:1x", "other:p1:1"} {
		if port, _, ok := ParseTapAlias(alias); ok {
			t.Errorf("%q reads as port %q", alias, port)
		}
	}
}

func TestMay(t *testing.T) {
	for _, tt := range []struct {
		caller  Caller
		project string
		want    bool
	}{
		{Caller{Admin: true}, "a", true}, {Caller{Project: "a"}, "a", true},
		{Caller{Project: "a"}, "b", false}, {Caller{}, "", false}, {Caller{}, "a", false},
	} {
		if got := tt.caller.May(tt.project); got != tt.want {
			t.Errorf("%+v may see %q: %v", tt.caller, tt.project, got)
		}
	}
}
