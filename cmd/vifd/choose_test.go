package main

import (
	"testing"

	"vifd/vif"
)

func TestChoose(t *testing.T) {
	plugged := func(id, name, tag, mac string) vif.Attachment {
		return vif.Attachment{NIC: vif.NIC{Port: vif.Port{ID: id, Name: name, MAC: mac}, Tag: vif.Tag(tag)}}
	}
	all := []vif.Attachment{
		plugged("db000000-0000-4000-8000-000000000001", "web", "front", "52:54:00:00:00:01"),
		plugged("db000000-0000-4000-8000-000000000002", "web", "", "52:54:00:00:00:02"),
		plugged("3fa85f64-0000-4000-8000-000000000003", "", "back", "52:54:00:00:00:03"),
		plugged("4fa85f64-0000-4000-8000-000000000004", "", " odd", "52:54:00:00:00:04"),
	}
	for _, tt := range []struct {
		word string
		want int // which of them, from 1
		kind vif.Kind
	}{
		{"DB000000-0000-4000-8000-000000000002", 2, ""},
		{"3fa85f64", 3, ""},
		{"3FA85F64-0", 3, ""},
		{"front", 1, ""},
		{" back ", 3, ""},
		{" odd", 4, ""},
		{"odd", 0, vif.NotFound},
		{"52-54-00-00-00-02", 2, ""},
		{"web", 0, vif.Ambiguous},
		{"db000000", 0, vif.Ambiguous},
		{"3fa85f6", 0, vif.NotFound}, // too short to be meant as an ID
		{"db", 0, vif.NotFound},
		{"", 0, vif.NotFound},
	} {
		at, err := choose(all, tt.word, "nobody")
		switch {
		case tt.want == 0 && vif.KindOf(err) != tt.kind:
			t.Errorf("%q: %v, want %q", tt.word, err, tt.kind)
		case tt.want > 0 && (err != nil || at.Port.ID != all[tt.want-1].Port.ID):
			t.Errorf("%q is %s, %v", tt.word, at.Port.ID, err)
		}
	}
}
