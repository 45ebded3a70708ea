// Package submission lets a signature be sent twice and taken once. Each page on which
// something is signed carries a key; the act that takes the signature keeps the key in
// its own transaction, and whoever sends the same again (a double click, the button Back,
// another window, a connection that was cut) is led to what came of the first time. The
// key is also how somebody finds out whether a signature arrived of which no answer came.
package submission

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/policy"
)

// Sent is what a browser sends: what is signed, and under which key.
type Sent struct {
	Key     uuid.UUID
	Session uuid.UUID // the one it was sent in
	Act     policy.Act
	Of      uuid.UUID // what the act is done to
	Digest  []byte    // SHA-256 of the document
}

// tag begins what a key is made of, so that nothing else is taken for one.
const tag = "zharia/submission/1\x00"

// Key makes a key for a page that shows a document to a session: a UUIDv7 whose last
// eight bytes only this session and this document give. session is the hash of its
// token.
func Key(session, digest []byte) (uuid.UUID, error) {
	key, err := uuid.NewV7()
	if err != nil {
		return uuid.Nil, err
	}
	bind(&key, session, digest)
	return key, nil
}

// bind sets the last 62 bits of a key, which UUIDv7 leaves free.
func bind(key *uuid.UUID, session, digest []byte) {
	mac := hmac.New(sha256.New, session)
	mac.Write([]byte(tag))
	mac.Write(key[:8])
	mac.Write(digest)
	copy(key[8:], mac.Sum(nil))
	key[8] = key[8]&0x3f | 0x80
}

// Bound tells whether a key was made for this session and this document.
func Bound(key uuid.UUID, session, digest []byte) bool {
	again := key
	bind(&again, session, digest)
	return key.Version() == 7 && subtle.ConstantTimeCompare(key[:], again[:]) == 1
}

type sentKey struct{}

// With is ctx in which an act keeps what was sent, when it takes the signature.
func With(ctx context.Context, s Sent) context.Context { return context.WithValue(ctx, sentKey{}, s) }

const insertSubmission = `
INSERT INTO submission (key, person, session, act, of, document, digest, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`

// Keep writes down in the transaction of an act that the signature over a document was
// taken, under the key of ctx. Nothing where there is none: an act at work, and a page of
// several papers, have no key. fault.Conflict: the key was used meanwhile.
func Keep(ctx context.Context, tx *database.DB, ask policy.Ask, document uuid.UUID, digest []byte) error {
	s, ok := ctx.Value(sentKey{}).(Sent)
	if !ok || ask.Act != s.Act || subtle.ConstantTimeCompare(s.Digest, digest) != 1 {
		return nil
	}
	err := tx.Exec(ctx, insertSubmission, s.Key, ask.Person, s.Session, s.Act, s.Of, document, digest, ask.At)
	if database.Violates(err, "submission_pkey") || database.Violates(err, "submission_document") {
		return fault.New(fault.Conflict, "fault.key-used").Because(err)
	}
	return err
}

// Taken is a signature that was taken.
type Taken struct {
	Key    uuid.UUID  `db:"key"`
	Act    policy.Act `db:"act"`
	Of     uuid.UUID  `db:"of"`
	Digest []byte     `db:"digest"`
	At     time.Time  `db:"at"`
}

const selectSubmission = `
SELECT key, act, of, digest, at
  FROM submission
 WHERE person = $1 AND key = $2`

const selectBefore = `
SELECT key, act, of, digest, at
  FROM submission
 WHERE person = $1 AND (key = $2 OR act = $3 AND of = $4 AND digest = $5)
 ORDER BY key = $2 DESC
 LIMIT 1`

// Find is what the asker sent under a key; fault.NotFound where nothing was taken, and
// where it was another's.
func Find(ctx context.Context, db *database.DB, ask policy.Ask, key uuid.UUID) (Taken, error) {
	var t Taken
	err := db.Get(ctx, &t, selectSubmission, ask.Person, key)
	return t, err
}

// Before is what came of the asker's sending this before: the same key, or the same paper
// from another window. fault.NotFound: it comes for the first time. fault.Conflict: the
// key is that of something else.
func Before(ctx context.Context, db *database.DB, ask policy.Ask, s Sent) (Taken, error) {
	var t Taken
	if err := db.Get(ctx, &t, selectBefore, ask.Person, s.Key, s.Act, s.Of, s.Digest); err != nil {
		return t, err
	}
	if t.Key == s.Key && (t.Act != s.Act || t.Of != s.Of || subtle.ConstantTimeCompare(t.Digest, s.Digest) != 1) {
		return Taken{}, fault.New(fault.Conflict, "fault.key-used")
	}
	return t, nil
}
