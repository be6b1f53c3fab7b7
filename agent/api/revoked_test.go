package api

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vifd/vif"
)

// Who follows the events by a token that is revoked, or that expires, is told
// nothing from then on, and is let go of at the next sign of life.
func TestEventsOfRevoked(t *testing.T) {
	for name, taken := range map[string]func(k *keptTokens){
		"revoked": func(k *keptTokens) { k.all = nil },
		"expired": func(k *keptTokens) { k.all[0].Expires = time.Now() },
		"demoted": func(k *keptTokens) { k.all[0].Project = "another" },
	} {
		for _, happens := range []bool{true, false} {
			t.Run(name, func(t *testing.T) { followRevoked(t, taken, happens) })
		}
	}
}

func followRevoked(t *testing.T, taken func(*keptTokens), happens bool) {
	synctest.Test(t, func(t *testing.T) {
		tokens := &keptTokens{}
		secret := tokens.add("r", "reader", "")
		a, h := gate(recordedWorld(), tokens), newHistory(0)
		defer a.Stop(t.Context())
		a.Config.Events = h
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(ctx, "GET", "http://nova/v1/events", nil)
		done := make(chan struct{})
		go func() { defer close(done); a.ServeHTTP(w, remote(r, NewBearers(tokens, quiet()), secret)) }()
		synctest.Wait()
		tokens.mu.Lock()
		taken(tokens)
		tokens.mu.Unlock()
		if happens {
			h.happens(vif.Event{Kind: vif.PortState, Port: portA})
		}
		time.Sleep(15 * time.Second) // of the bubble's clock
		synctest.Wait()
		select {
		case <-done:
		default:
			t.Error("the stream goes on")
		}
		if got := w.Body.String(); w.Code != 200 || strings.Contains(got, portA) || strings.Contains(got, "alive") {
			t.Errorf("%d %s", w.Code, got)
		}
	})
}
