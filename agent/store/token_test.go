package store

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"vifd/vif"
)

// Tokens are kept until they are dropped, each with a name of its own.
func TestTokens(t *testing.T) {
	s := open(t, t.TempDir())
	ci := vif.Token{ID: "a1", Name: "ci", Role: "member", Project: "p", Hash: make([]byte, 32), Created: day, Expires: day.Add(time.Hour)}
	ops := vif.Token{ID: "a0", Name: "ops", Role: "admin", Hash: make([]byte, 32), Created: day.Add(1)}
	update(t, s, func(tx *Tx) error {
		return errors.Join(tx.PutToken(ci), tx.PutToken(ops), tx.UseToken("a1", day.Add(2)))
	})
	ci.Used = day.Add(2)
	wantKind(t, s.View(t.Context(), func(tx *Tx) error {
		all, err := tx.Tokens()
		if !reflect.DeepEqual(all, []vif.Token{ci, ops}) {
			t.Errorf("kept %+v", all)
		}
		return err
	}), "")
	for _, tt := range []struct {
		name string
		do   func(*Tx) error
		want vif.Kind
	}{
		{"a name that is taken", func(tx *Tx) error { return tx.PutToken(vif.Token{ID: "a2", Name: "ci", Role: "reader", Hash: ci.Hash}) }, vif.InUse},
		{"a role that is none", func(tx *Tx) error { return tx.PutToken(vif.Token{ID: "a2", Name: "x", Role: "king", Hash: ci.Hash}) }, vif.Invalid},
		{"a hash that is none", func(tx *Tx) error { return tx.PutToken(vif.Token{ID: "a2", Name: "x", Role: "reader"}) }, vif.Invalid},
		{"one that is not there", func(tx *Tx) error { return tx.DropToken("a2") }, vif.NotFound},
		{"one that is", func(tx *Tx) error { return tx.DropToken("a1") }, ""},
		{"and is gone then", func(tx *Tx) error { _, err := tx.Token("a1"); return err }, vif.NotFound},
	} {
		t.Run(tt.name, func(t *testing.T) { wantKind(t, s.Update(t.Context(), tt.do), tt.want) })
	}
}
