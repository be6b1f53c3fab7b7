package store

import (
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"vifd/vif"
)

// A claim is what a row has to itself: the columns of a unique index as SQLite
// names them in its error, and what to tell whoever wants the same.
type claim struct {
	columns string
	taken   string
}

// conflict turns what the schema refused into a kind: vif.InUse for one of the
// claims, vif.NotFound for a row that refers to one that is not there.
func conflict(err error, claims ...claim) error {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		for _, c := range claims {
			if strings.Contains(e.Error(), c.columns) {
				return vif.InUse.From(err, "%s", c.taken)
			}
		}
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return fmt.Errorf("%w: it refers to what is not there: %w", vif.NotFound, err)
	case sqlite3.SQLITE_CONSTRAINT_CHECK, sqlite3.SQLITE_CONSTRAINT_DATATYPE:
		return fmt.Errorf("%w: %w", vif.Invalid, err)
	}
	return err
}

// still turns the refusal to delete a row that others refer to into vif.InUse.
func still(err error, format string, args ...any) error {
	if e, ok := errors.AsType[*sqlite.Error](err); ok && e.Code() == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY {
		return vif.InUse.From(err, format, args...)
	}
	return err
}
