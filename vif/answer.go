package vif

import "time"

// A Once names a request among those of its caller, so that asking again is
// safe: whoever sends the same request under the same name has asked once.
type Once struct {
	Caller  string // names of different callers are different names
	Key     string // the name
	Request []byte // a hash of all that was asked
}

// An Answer is what was answered to a request that a Once names.
type Answer struct {
	Once
	ID         string    // that the request was answered with; "" where a vifd kept it that did not note it
	Operations []string  // that the request has begun; noted in one commit with what they shall make
	Status     int       // of HTTP; 0 while there is no answer yet
	Type       string    // of the body; "" for JSON
	Body       []byte    //
	Created    time.Time //
}
