package api

import (
	"net/http/httptest"
	"testing"

	"vifd/vif"
)

// Where both are asked for, neither is enough, and the token says who it is.
func TestBoth(t *testing.T) {
	shown := caller(Identity{Caller: vif.Caller{User: "cert:x"}, Role: Admin})
	sent := caller(Identity{Caller: vif.Caller{User: "token:x"}, Role: Reader})
	for _, tt := range []struct {
		name          string
		tokens, certs Who
		want          Identity
	}{
		{"both", sent, shown, Identity(sent)},
		{"a token", sent, caller{}, Identity{}},
		{"a certificate", caller{}, shown, Identity{}},
		{"neither", caller{}, caller{}, Identity{}},
	} {
		got, err := Both{tt.tokens, tt.certs}.Identify(httptest.NewRequest("GET", "/", nil))
		if err != nil || got != tt.want {
			t.Errorf("%s: %+v, %v", tt.name, got, err)
		}
	}
}
