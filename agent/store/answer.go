package store

import (
	"time"

	"vifd/vif"
)

// AnswersKept is how long an answer is given again.
const AnswersKept = 24 * time.Hour

// An Answer is what was answered to a request with an Idempotency-Key, so that
// the same can be answered to the same request.
type Answer struct {
	Caller  string // keys of different callers are different keys
	Key     string
	Request []byte // a hash of the request
	Status  int    // of HTTP; 0 while there is no answer yet
	Body    []byte
	Created time.Time
}

// Answer returns what was answered to the caller under the key.
func (tx *Tx) Answer(caller, key string) (Answer, error) {
	return one(tx, func(r row) (a Answer, err error) {
		err = r.Scan(&a.Caller, &a.Key, &a.Request, &a.Status, &a.Body, moment{&a.Created})
		return a, err
	}, `SELECT caller, key, request, status, body, created FROM answer WHERE caller = ? AND key = ?`, caller, key)
}

// PutAnswer keeps a new answer, or completes one of the same request that had no
// status yet. One that was given does not change any more: that is vif.InUse.
func (tx *Tx) PutAnswer(a Answer) error {
	changed, err := tx.exec(`INSERT INTO answer VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (caller, key) DO UPDATE SET status = excluded.status, body = excluded.body
		WHERE status = 0 AND request = excluded.request`,
		a.Caller, a.Key, blob(a.Request), a.Status, blob(a.Body), nanos(a.Created))
	if err == nil && changed == 0 {
		return vif.InUse.Because("The idempotency key %q was used for another request.", a.Key)
	}
	return err
}

// blob keeps nil from being NULL.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// DropAnswer forgets an answer, if it is there.
func (tx *Tx) DropAnswer(caller, key string) error {
	_, err := tx.exec(`DELETE FROM answer WHERE caller = ? AND key = ?`, caller, key)
	return err
}

// PruneAnswers deletes the answers from before the time, and says how many they
// were.
func (tx *Tx) PruneAnswers(before time.Time) (int64, error) {
	return tx.exec(`DELETE FROM answer WHERE created < ?`, nanos(before))
}
