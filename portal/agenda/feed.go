package agenda

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/register"
	"zharia/portal/vault"
)

// MaxFeeds is how many addresses one person may have at once: one for each thing
// that shows a calendar, and some to spare.
const MaxFeeds = 10

// Feed is a private address under which a calendar program reads somebody's terms.
// Whoever knows the address reads them, so only its SHA-256 is kept.
type Feed struct {
	ID       uuid.UUID
	Case     uuid.UUID // zero: all cases
	Number   string    // of that case
	Language string
	MadeAt   time.Time
	SeenAt   time.Time // when it was last read, to the hour; zero: never
}

type feedRow struct {
	ID       uuid.UUID     `db:"id"`
	Person   uuid.UUID     `db:"person"`
	Case     uuid.NullUUID `db:"casefile"`
	Number   []byte        `db:"number"`
	Language string        `db:"language"`
	MadeAt   time.Time     `db:"made_at"`
	SeenAt   *time.Time    `db:"seen_at"`
}

func (row feedRow) feed(ctx context.Context, db *vault.DB) (Feed, error) {
	f := Feed{ID: row.ID, Case: row.Case.UUID, Language: row.Language, MadeAt: row.MadeAt}
	if row.SeenAt != nil {
		f.SeenAt = *row.SeenAt
	}
	if !row.Case.Valid || row.Number == nil {
		return f, nil
	}
	var err error
	f.Number, err = register.Open(ctx, db, row.Case.UUID, row.Number)
	return f, err
}

const selectAnyFeed = `
SELECT f.id, f.person, f.casefile, c.number, f.language, f.made_at, f.seen_at
  FROM feed f
  LEFT JOIN casefile c ON c.id = f.casefile`

const selectFeeds = selectAnyFeed + `
 WHERE f.person = $1 AND f.ended_at IS NULL
 ORDER BY f.made_at, f.id`

const lockFeeds = `
SELECT id FROM feed WHERE person = $1 AND ended_at IS NULL FOR UPDATE`

const insertFeed = `
INSERT INTO feed (id, person, token_hash, scope, casefile, language, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`

const endFeed = `
UPDATE feed SET ended_at = $3 WHERE id = $1 AND person = $2 AND ended_at IS NULL`

const selectFeedByToken = selectAnyFeed + `
 WHERE f.token_hash = $1 AND f.ended_at IS NULL`

const seeFeed = `
UPDATE feed SET seen_at = $2 WHERE id = $1 AND (seen_at IS NULL OR seen_at < $2)`

// Feeds are the asker's addresses that can be read.
func Feeds(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Feed, error) {
	if err := ask.Check(0); err != nil {
		return nil, err
	}
	var rows []feedRow
	if err := db.Select(ctx, &rows, selectFeeds, ask.Person); err != nil {
		return nil, err
	}
	out := make([]Feed, len(rows))
	for i, row := range rows {
		var err error
		if out[i], err = row.feed(ctx, db); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Make makes an address for all of the asker's cases, or for one; token is its secret
// part, which is told this once. Invalid at "case" where the case is not his, Conflict
// where he has MaxFeeds.
func Make(ctx context.Context, db *vault.DB, ask policy.Ask, of uuid.UUID, language string) (token string, err error) {
	if err := ask.Check(0); err != nil {
		return "", err
	}
	secret := make([]byte, 32)
	rand.Read(secret) // it never fails
	token = base64.RawURLEncoding.EncodeToString(secret)
	err = db.Within(ctx, func(tx *vault.DB) error {
		scope := "all"
		if of != uuid.Nil {
			scope = "case"
			if err := his(ctx, tx, ask, of); err != nil {
				return fault.New(fault.Invalid, "form.choose").At("case").Because(err)
			}
		}
		var live []uuid.UUID
		if err := tx.Select(ctx, &live, lockFeeds, ask.Person); err != nil {
			return err
		}
		if len(live) >= MaxFeeds {
			return fault.New(fault.Conflict, "fault.feeds-many")
		}
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		hash := sha256.Sum256([]byte(token))
		if err := tx.Exec(ctx, insertFeed, id, ask.Person, hash[:], scope, uuid.NullUUID{UUID: of, Valid: of != uuid.Nil}, language, ask.At); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "feed", id, of, nil)
	})
	return token, err
}

// his refuses a case in which the asker is nothing: as a participant, or by office.
func his(ctx context.Context, tx *vault.DB, ask policy.Ask, of uuid.UUID) error {
	cases, _, err := casefile.List(ctx, tx, ask.To(policy.CaseList))
	if err != nil {
		return err
	}
	for _, c := range cases {
		if c.ID == of {
			return nil
		}
	}
	return fault.New(fault.NotFound, "fault.not-found")
}

// End takes an address back: from this moment nothing is read under it. Ending it
// twice is not found, like another's.
func End(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) error {
	if err := ask.Check(0); err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		n, err := tx.Change(ctx, endFeed, id, ask.Person, ask.At)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.NotFound, "fault.not-found")
		}
		return ledger.Step(ctx, tx.DB, ask, "feed", id, uuid.Nil, nil)
	})
}

// Known is nil for a secret of ours, and NotFound for any other.
func Known(ctx context.Context, db *vault.DB, token string) error {
	_, err := known(ctx, db, token)
	return err
}

func known(ctx context.Context, db *vault.DB, token string) (row feedRow, err error) {
	if len(token) != base64.RawURLEncoding.EncodedLen(32) {
		return row, fault.New(fault.NotFound, "fault.not-found")
	}
	hash := sha256.Sum256([]byte(token))
	err = db.Get(database.HoldingSecret(ctx, hash[:]), &row, selectFeedByToken, hash[:])
	return row, err
}

// Read is the feed of a secret, with the terms it shows: those of its owner as they
// stand now, with the rights he has now. NotFound for what is no secret of ours.
func Read(ctx context.Context, db *vault.DB, ask policy.Ask, token string) (Feed, []Term, error) {
	if err := ask.Check(0); err != nil {
		return Feed{}, nil, err
	}
	row, err := known(ctx, db, token)
	if err != nil {
		return Feed{}, nil, err
	}
	// A calendar program has signed in nowhere: no text opens to it, and it shows none.
	ctx = vault.Closed(database.As(ctx, row.Person, uuid.Nil, ask.At))
	owner, err := identity.Read(ctx, db, row.Person, ask.At)
	if err != nil {
		return Feed{}, nil, err
	}
	ask.Person, ask.Is = row.Person, owner.Standing()
	all, err := Gather(ctx, db, ask)
	if err != nil {
		return Feed{}, nil, err
	}
	feed, err := row.feed(ctx, db)
	if err != nil {
		return Feed{}, nil, err
	}
	var out []Term
	for _, t := range all {
		if feed.Case != uuid.Nil && t.Case != feed.Case || t.Over && ask.At.Sub(t.Touched) > Kept {
			continue
		}
		out = append(out, t)
	}
	return feed, out, db.Exec(ctx, seeFeed, feed.ID, ask.At.Truncate(time.Hour))
}
