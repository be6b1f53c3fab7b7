package store

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"path/filepath"
	"slices"

	_ "modernc.org/sqlite" // the driver named "sqlite"
)

// pragmas hold for each connection. The busy timeout is for people with a shell:
// vifd itself never has two writers.
var pragmas = []string{
	"busy_timeout(2000)",
	"foreign_keys(on)",
	"synchronous(full)",
	"trusted_schema(off)",
	"journal_size_limit(4194304)",
}

// database returns a handle for the file at path, with further options in pairs.
// It has no pool: a connection lives from dial to close.
func database(path string, options ...string) (*sql.DB, error) {
	path, err := filepath.Abs(path) // of another one SQLite takes the beginning for a host
	if err != nil {
		return nil, err
	}
	query := url.Values{"_pragma": pragmas}
	for pair := range slices.Chunk(options, 2) {
		query.Set(pair[0], pair[1])
	}
	name := url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}
	db, err := sql.Open("sqlite", name.String())
	if err == nil {
		db.SetMaxIdleConns(-1)
	}
	return db, err
}

// A conn is a connection with the statements that were prepared on it.
type conn struct {
	*sql.Conn
	prepared map[string]*sql.Stmt
}

func dial(ctx context.Context, db *sql.DB) (*conn, error) {
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, prepared: map[string]*sql.Stmt{}}, nil
}

// prepare returns the statement for query, which must be one statement and one
// of a bounded number of texts: it stays prepared.
func (c *conn) prepare(query string) (*sql.Stmt, error) {
	if stmt := c.prepared[query]; stmt != nil {
		return stmt, nil
	}
	stmt, err := c.PrepareContext(context.Background(), query)
	if err == nil {
		c.prepared[query] = stmt
	}
	return stmt, err
}

// do runs a statement that has no arguments and no rows.
//
// No statement takes a context: SQLite answers an interrupted one by rolling
// the whole transaction back, and it may be that of others. All of them are
// short.
func (c *conn) do(query string) error {
	stmt, err := c.prepare(query)
	if err == nil {
		_, err = stmt.Exec()
	}
	return err
}

// close ends the connection, if there is one; what it has not committed is gone.
func (c *conn) close() error {
	if c == nil {
		return nil
	}
	errs := []error{}
	for _, stmt := range c.prepared {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(append(errs, c.Conn.Close())...)
}
