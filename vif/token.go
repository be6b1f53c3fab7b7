package vif

import "time"

// A Token lets somebody in who does not come by the socket. It is what vifd
// keeps of it: of the secret, only a hash.
type Token struct {
	ID      string
	Name    string // no two have the same
	Role    string // "reader", "member" or "admin"
	Project string // "" for one that stands above projects
	Hash    []byte
	Created time.Time
	Expires time.Time // zero for never
	Used    time.Time // when it was used last, give or take a minute; zero for never
}

// Expired tells whether t does not let anybody in any more.
func (t Token) Expired(now time.Time) bool { return !t.Expires.IsZero() && !now.Before(t.Expires) }
