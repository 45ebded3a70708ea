package database

import (
	"context"
	"database/sql/driver"
	"strings"
)

// preparing is a connector whose connections keep each query prepared from its first
// use on: with the policies of schema.sql PostgreSQL takes longer to plan a query than
// to run it. Queries are constants of the program (query), so a connection has as many
// of them as the program, and no more.
type preparing struct {
	driver.Connector
	all bool // those without arguments, too: nobody asks here what is not a constant
}

// whole is what lib/pq's connection can do and database/sql makes use of.
type whole interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

func (p preparing) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := p.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &prepared{conn.(whole), map[string]stmt{}, p.all}, nil
}

// prepared is one connection; database/sql lets one goroutine at a time have it.
type prepared struct {
	whole
	stmts map[string]stmt
	all   bool
}

type stmt interface {
	driver.StmtQueryContext
	driver.StmtExecContext
}

// of is the statement of a query, which a connection is told once.
func (p *prepared) of(ctx context.Context, query string) (stmt, error) {
	if st, ok := p.stmts[query]; ok {
		return st, nil
	}
	made, err := p.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	st := made.(stmt)
	p.stmts[query] = st
	return st, nil
}

// keeps says that a query is one and a constant: one without arguments may be several, or
// hold a name that was read in the catalogue.
func (p *prepared) keeps(query string, args []driver.NamedValue) bool {
	return len(args) > 0 || p.all && strings.HasPrefix(strings.TrimSpace(query), "SELECT") && !strings.Contains(query, ";")
}

// QueryContext asks.
func (p *prepared) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if !p.keeps(query, args) {
		return p.whole.QueryContext(ctx, query, args)
	}
	st, err := p.of(ctx, query)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args)
}

// ExecContext is QueryContext for what answers no rows. What has no arguments goes to the
// session, which hears whether the standby was waited for (everywhere).
func (p *prepared) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if len(args) == 0 {
		return p.whole.ExecContext(ctx, query, args)
	}
	st, err := p.of(ctx, query)
	if err != nil {
		return nil, err
	}
	return st.ExecContext(ctx, args)
}
