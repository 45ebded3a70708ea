package database

import (
	"context"
	"encoding/hex"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"
)

// Role is as whom a pool works in the database. What each may, the last section of
// schema.sql says.
type Role string

const (
	Owner Role = ""            // whoever the address names: puts the schema in, and does nothing else in production
	App   Role = "portal_app"  // serves people: sees what the person of its context may see, and owns nothing
	Work  Role = "portal_work" // the portal by itself: jobs, checks, the command line

	Audit  Role = "portal_audit"  // checks the record against every row, and adds signed checkpoints
	Backup Role = "portal_backup" // reads everything as it is kept, to copy it
	Rotate Role = "portal_rotate" // puts new wraps around the keys of texts (portal/reseal)
)

// asker is what a query of a fenced pool is told about who asks. PostgreSQL has
// nothing else to go by: a context that names nobody sees nothing of anybody.
type asker struct {
	person, acting uuid.UUID
	at             time.Time
	tag            []byte    // keyed PRF of an IIN: he knows it
	paper          uuid.UUID // number of a signed paper: he holds it
	number         []byte    // keyed PRF of the number of a case, or of its report: he names it
}

type askerKey struct{}

func askerOf(ctx context.Context) asker {
	a, _ := ctx.Value(askerKey{}).(asker)
	return a
}

// with replaces what the context says of the asker.
func (a asker) in(ctx context.Context) context.Context { return context.WithValue(ctx, askerKey{}, a) }

// As is a context in which a person asks: what the pool that serves people shows
// from here on is his. at is the moment by which his powers count; acting is the
// participant he chose to act as, zero where he chose none.
func As(ctx context.Context, person, acting uuid.UUID, at time.Time) context.Context {
	a := askerOf(ctx)
	a.person, a.acting, a.at = person, acting, at
	return a.in(ctx)
}

// Asking is the person for whom ctx asks; zero where it is nobody.
func Asking(ctx context.Context) uuid.UUID { return askerOf(ctx).person }

// KnowingIIN is a context of somebody who knows an IIN, whose tag this is: the
// person of it is there for him to be found by it, and to be made known.
func KnowingIIN(ctx context.Context, tag []byte) context.Context {
	a := askerOf(ctx)
	a.tag = tag
	return a.in(ctx)
}

// HoldingSecret is a context of somebody who holds the secret of an address, of which
// this is the SHA-256: what is kept under it is there for him to be found.
func HoldingSecret(ctx context.Context, hash []byte) context.Context { return KnowingIIN(ctx, hash) }

// HoldingPaper is a context of somebody who holds a signed paper, or its number:
// whoever does may have its signature checked, CPC or no CPC.
func HoldingPaper(ctx context.Context, document uuid.UUID) context.Context {
	a := askerOf(ctx)
	a.paper = document
	return a.in(ctx)
}

// NamingCase is a context of somebody who names a case by the number of it or of
// the report it began with: he finds that it is there, and who conducts it.
func NamingCase(ctx context.Context, tag []byte) context.Context {
	a := askerOf(ctx)
	a.number = tag
	return a.in(ctx)
}

// nobody says that the context tells nothing of who asks: a transaction that is told
// nothing sees what is nobody's.
func (a asker) nobody() bool {
	return a.person == uuid.Nil && a.acting == uuid.Nil && a.at.IsZero() && a.tag == nil && a.paper == uuid.Nil && a.number == nil
}

// told is the asker as statements of PostgreSQL: true until the transaction ends.
func (a asker) told() string {
	var b strings.Builder
	set := func(name, value string) {
		b.WriteString("SET LOCAL portal." + name + " = " + pq.QuoteLiteral(value) + ";")
	}
	id := func(id uuid.UUID) string {
		if id == uuid.Nil {
			return ""
		}
		return id.String()
	}
	set("person", id(a.person))
	set("acting", id(a.acting))
	set("at", "")
	if !a.at.IsZero() {
		set("at", a.at.UTC().Format(time.RFC3339Nano))
	}
	set("tag", hex.EncodeToString(a.tag))
	set("paper", id(a.paper))
	set("number", hex.EncodeToString(a.number))
	return b.String()
}
