package store

import (
	"fmt"
	"time"

	"vifd/vif"
)

const tokenColumns = `SELECT id, name, role, project, hash, created, expires, used FROM token `

func scanToken(r row) (t vif.Token, err error) {
	err = r.Scan(&t.ID, &t.Name, &t.Role, &t.Project, &t.Hash, moment{&t.Created}, moment{&t.Expires}, moment{&t.Used})
	return t, err
}

// Tokens returns all tokens, oldest first.
func (tx *Tx) Tokens() ([]vif.Token, error) {
	return all(tx, scanToken, tokenColumns+`ORDER BY created, id`)
}

// Token returns the token with the ID.
func (tx *Tx) Token(id string) (vif.Token, error) {
	return one(tx, scanToken, tokenColumns+`WHERE id = ?`, id)
}

// PutToken keeps a new token. A name that another has is vif.InUse.
func (tx *Tx) PutToken(t vif.Token) error {
	_, err := tx.exec(`INSERT INTO token (id, name, role, project,
			hash, created, expires, used)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		t.ID, t.Name, t.Role, t.Project, blob(t.Hash), nanos(t.Created), nanos(t.Expires), nanos(t.Used))
	return conflict(err, claim{"token.name", fmt.Sprintf("There is a token with the name %s. Revoke it, or choose another name.", t.Name)})
}

// UseToken notes when the token was used last, if it is there.
func (tx *Tx) UseToken(id string, at time.Time) error {
	_, err := tx.exec(`UPDATE token SET used = ? WHERE id = ?`, nanos(at), id)
	return err
}

// DropToken deletes the token; one that is not there is vif.NotFound.
func (tx *Tx) DropToken(id string) error {
	gone, err := tx.exec(`DELETE FROM token WHERE id = ?`, id)
	if err == nil && gone == 0 {
		return vif.NotFound
	}
	return err
}
