package api

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vifd/vif"
)

// Four requests are taken at once, and then one each 15 s; who has rested has
// them all again.
func TestRate(t *testing.T) {
	now := at("2026-11-22T10:00:00.4Z")
	w := recordedWorld()
	a := New(Config{
		Servers: w, Attachments: w, Networking: w, Health: w, Who: caller(identities["member"]), Log: quiet(),
		Older: Older{Rates: Rates{Post: 4}}, Now: func() time.Time { return now },
	})
	t.Cleanup(func() { a.Stop(t.Context()) })
	for _, step := range []struct {
		after time.Duration
		taken int    // so many, and no more
		retry string // after how many seconds the next is taken
		at    string
	}{
		{0, 4, "15", "2026-11-22T10:00:16Z"},
		{14 * time.Second, 0, "1", "2026-11-22T10:00:16Z"},
		{time.Second, 1, "15", "2026-11-22T10:00:31Z"},
		{30 * time.Second, 2, "15", "2026-11-22T10:01:01Z"},
		{10 * time.Minute, 4, "15", "2026-11-22T10:11:01Z"},
	} {
		now = now.Add(step.after)
		for range step.taken {
			want(t, ask(a, "POST", rackspace1, `{}`), 400, `"badRequest"`)
		}
		got := ask(a, "POST", rackspace1, `{}`)
		want(t, got, 413, `{"overLimit": {"code": 413, "message": "OverLimit Retry...", "details": "One caller may send 4 POST requests a minute here.", "retryAt": "`+step.at+`"}}`)
		if after := got.Header().Get("Retry-After"); after != step.retry {
			t.Errorf("Retry-After %s, want %s", after, step.retry)
		}
	}
	for range 50 {
		want(t, ask(a, "GET", rackspace1, ""), 200, "")
		want(t, ask(a, "POST", interfaces20, `{"interfaceAttachment":{"net_id":"x"}}`), 400, "")
	}
}

// Each caller has a rate of their own, with each method.
func TestRateIsPerCaller(t *testing.T) {
	m := newMeter(Rates{Get: 1, Post: 1, Delete: 1}, func() time.Time { return at("2026-11-22T10:00:00Z") })
	for _, who := range []string{"p1/a", "p1/b", "p2/a"} {
		for _, method := range []string{"GET", "POST", "DELETE"} {
			if wait := m.take(method, who); wait != 0 {
				t.Errorf("%s by %s: wait %v", method, who, wait)
			}
			if wait := m.take(method, who); wait != time.Minute {
				t.Errorf("%s by %s again: wait %v", method, who, wait)
			}
		}
	}
	if wait := m.take("PUT", "p1/a") + m.take("PUT", "p1/a"); wait != 0 {
		t.Errorf("PUT: wait %v", wait)
	}
}

// A rate holds however the requests lie: never more than twice it in a minute,
// and never less than it in the long run.
func TestRateInTheLongRun(t *testing.T) {
	for _, rate := range []int{1, 4, 7, 25, 1000} {
		now := at("2026-11-22T10:00:00Z")
		m := newMeter(Rates{Get: rate}, func() time.Time { return now })
		taken := 0
		for range 10 * 6000 { // ten minutes
			if m.take("GET", "x") == 0 {
				taken++
			}
			now = now.Add(10 * time.Millisecond)
		}
		if taken < 10*rate || taken > 11*rate {
			t.Errorf("%d a minute: %d taken in ten", rate, taken)
		}
	}
}

// However many callers there are, a meter does not grow beyond its bound, and
// forgets first what is made up for.
func TestRateIsBounded(t *testing.T) {
	now := at("2026-11-22T10:00:00Z")
	m := newMeter(Rates{Get: 2}, func() time.Time { return now })
	for i := range 2 * maxMetered {
		m.take("GET", fmt.Sprint(i))
		now = now.Add(time.Millisecond)
	}
	if len(m.settled) != maxMetered {
		t.Errorf("%d callers are kept, want %d", len(m.settled), maxMetered)
	}
	last := fmt.Sprint(2*maxMetered - 1)
	if m.take("GET", last) != 0 || m.take("GET", last) == 0 {
		t.Error("the last caller is forgotten")
	}
	now = now.Add(time.Hour)
	m.take("GET", "new")
	if len(m.settled) != 1 {
		t.Errorf("%d callers are kept after an hour", len(m.settled))
	}
}

// Nobody is not counted, but refused; and what no limit is set for is not
// limited.
func TestRateComesAfterWhoMay(t *testing.T) {
	w := recordedWorld()
	a := serve(t, w, Identity{Caller: vif.Caller{User: "eve"}})
	a.meter = newMeter(Rates{Get: 1}, time.Now)
	for range 3 {
		if got := ask(a, "GET", rackspace1, ""); got.Code != 403 || strings.Contains(got.Body.String(), "overLimit") {
			t.Errorf("answer %d %s", got.Code, got.Body)
		}
	}
	a = serve(t, w, identities["member"])
	for range 100 {
		want(t, ask(a, "GET", rackspace1, ""), 200, "")
	}
}
