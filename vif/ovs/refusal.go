package ovs

import (
	"fmt"
	"strings"

	"github.com/ovn-kubernetes/libovsdb/ovsdb"
)

// A refusal is a transaction that the database turned down as a whole.
type refusal struct {
	errs []ovsdb.OperationError
	err  error // of the commit
}

// refused returns the refusal for the errors of the operations, or of the commit.
func refused(errs []ovsdb.OperationError, commit error) error { return &refusal{errs, commit} }

// Error names each operation that failed by its table, and why.
func (r *refusal) Error() string {
	if len(r.errs) == 0 {
		return fmt.Sprintf("OVSDB refused to commit: %v", r.err)
	}
	var texts []string
	for _, e := range r.errs {
		where := "commit"
		if op := e.Operation(); op != nil {
			where = op.Op + " in table " + op.Table
		}
		texts = append(texts, fmt.Sprintf("%s: %v", where, e))
	}
	return "OVSDB refused: " + strings.Join(texts, "; ")
}
