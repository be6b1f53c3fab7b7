package store

import (
	"time"

	"vifd/vif"
)

// AnswersKept is how long an answer is given again.
const AnswersKept = 24 * time.Hour

// Answer returns what was answered to the caller under the key.
func (tx *Tx) Answer(caller, key string) (vif.Answer, error) {
	return one(tx, func(r row) (a vif.Answer, err error) {
		err = r.Scan(&a.Caller, &a.Key, &a.Request, &a.ID, &a.Status, &a.Type, &a.Body, document{&a.Operations}, moment{&a.Created})
		return a, err
	}, `SELECT caller, key, request, id, status, type, body, operations, created FROM answer WHERE caller = ? AND key = ?`, caller, key)
}

// PutAnswer keeps a new answer, or completes one of the same request that had no
// status yet. One that was given does not change any more: that is vif.InUse.
func (tx *Tx) PutAnswer(a vif.Answer) error {
	operations, err := encoded(a.Operations)
	if err != nil {
		return err
	}
	changed, err := tx.exec(`INSERT INTO answer (caller, key, request, id, status, type, body, operations, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (caller, key) DO UPDATE SET id = excluded.id, status = excluded.status, type = excluded.type, body = excluded.body,
			operations = excluded.operations
		WHERE status = 0 AND request = excluded.request`,
		a.Caller, a.Key, blob(a.Request), a.ID, a.Status, a.Type, blob(a.Body), operations, nanos(a.Created))
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

// PruneAnswers deletes the answers from before the time, and says how many they
// were. What is noted of a request that is still under way stays, whatever the
// clock has come to.
func (tx *Tx) PruneAnswers(before time.Time) (int64, error) {
	return tx.exec(`DELETE FROM answer WHERE created < ? AND NOT (status = 0 AND EXISTS (
		SELECT 1 FROM operation, json_each(answer.operations) AS o WHERE operation.id = o.value AND operation.finished = 0))`, nanos(before))
}
