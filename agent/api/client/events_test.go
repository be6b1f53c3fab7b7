package client

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"vifd/vif"
)

// Who cannot be followed at all is told so at once.
func TestFollowNobody(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	c, err := New(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Follow(t.Context(), Followed{}); vif.KindOf(err) != vif.NotFound {
		t.Errorf("follow: %v", err)
	}
	server.Close()
	if _, ok := errors.AsType[*Unreachable](c.Follow(t.Context(), Followed{})); !ok {
		t.Errorf("follow: %v", err)
	}
}
