package identity

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/sessions"

	"zharia/portal/database"
	"zharia/portal/eds"
	"zharia/portal/evidence"
	"zharia/portal/fault"
	"zharia/portal/ledger"
	"zharia/portal/phone"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// ChallengeLife is how long a challenge can be signed.
const ChallengeLife = 5 * time.Minute

// Challenge is what a browser is given to sign in order to sign in. Its first
// line names its purpose, so that a signature over it can serve for nothing else.
type Challenge struct {
	ID      uuid.UUID
	Content []byte
	Ends    time.Time
}

// The session may have ended since the request began: somebody signed in with it
// from another window.
const insertChallenge = `
INSERT INTO challenge (id, session, content, made_at)
SELECT $1, token_hash, $3, $4
  FROM session
 WHERE token_hash = $2
   FOR KEY SHARE`

// Only the newest few of a session are kept: a page left open in several windows
// works, a flood of one session does not grow.
const deleteOldChallenges = `
DELETE FROM challenge
 WHERE session = $1
   AND id NOT IN (SELECT id FROM challenge WHERE session = $1 ORDER BY made_at DESC LIMIT 8)`

// NewChallenge makes a challenge for one session of the site at origin. Whoever signs
// it signs with which key the session will speak for him.
func NewChallenge(ctx context.Context, db *vault.DB, se *sessions.Session, origin string, at time.Time) (Challenge, error) {
	session := Hash(se)
	key, err := Key(se)
	if err != nil {
		return Challenge{}, err
	}
	if key == nil {
		return Challenge{}, fault.New(fault.Invalid, "fault.challenge-unknown")
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Challenge{}, err
	}
	var nonce [32]byte
	rand.Read(nonce[:])
	of := sha256.Sum256(session)
	c := Challenge{ID: id, Ends: at.Add(ChallengeLife)}
	c.Content = fmt.Appendf(nil, "zharia/sign-in/1\norigin=%s\nsession=%s\nkey=%s\nnonce=%s\nuntil=%s\n", origin,
		base64.RawURLEncoding.EncodeToString(of[:]), base64.RawURLEncoding.EncodeToString(key[ed25519.SeedSize:]), base64.RawURLEncoding.EncodeToString(nonce[:]), c.Ends.UTC().Format(time.RFC3339))
	return c, db.Within(ctx, func(tx *vault.DB) error {
		made, err := tx.Change(ctx, insertChallenge, c.ID, session, c.Content, at)
		if err != nil {
			return err
		}
		if made == 0 {
			return fault.New(fault.Invalid, "fault.challenge-unknown")
		}
		return tx.Exec(ctx, deleteOldChallenges, session)
	})
}

const selectChallenge = `
SELECT content, made_at, used_at
  FROM challenge
 WHERE id = $1 AND session = $2`

const lockChallenge = selectChallenge + `
   FOR UPDATE`

const useChallenge = `
UPDATE challenge SET used_at = $2 WHERE id = $1`

// SignIn answers who signed the challenge. The challenge serves once, for
// ChallengeLife until the signature was given, in the session it was made for; the person is made known on
// first sight and bears the name of the certificate. The signature is verified
// before the transaction: while the authority is asked no row is locked. Of the
// answer the way and the browser are the caller's to tell.
func SignIn(ctx context.Context, db *vault.DB, v *eds.Verifier, session []byte, challenge uuid.UUID, cms []byte, given, at time.Time) (Opening, error) {
	if len(cms) == 0 {
		return Opening{}, fault.New(fault.Invalid, "fault.unsigned")
	}
	var row challengeRow
	err := db.Get(ctx, &row, selectChallenge, challenge, session)
	if err := row.usable(err, given); err != nil {
		return Opening{}, err
	}
	signer, err := v.SignIn(ctx, cms, row.Content, at)
	if err != nil {
		return Opening{}, Unsigned(err)
	}
	if signer.Role != eds.Individual {
		return Opening{}, fault.New(fault.Invalid, "fault.eds.organisation")
	}
	var person uuid.UUID
	err = db.Within(ctx, func(tx *vault.DB) error {
		var locked challengeRow
		err := tx.Get(ctx, &locked, lockChallenge, challenge, session)
		if err := locked.usable(err, given); err != nil {
			return err
		}
		if err := tx.Exec(ctx, useChallenge, challenge, at); err != nil {
			return err
		}
		if err := phone.Use(ctx, tx, challenge); err != nil {
			return err
		}
		if person, err = Ensure(ctx, tx, signer.IIN, ProperName(signer), at); err != nil {
			return err
		}
		ctx := database.As(ctx, person, uuid.Nil, at) // the signature has shown who it is
		if err := rename(ctx, tx, person, ProperName(signer)); err != nil {
			return err
		}
		if err := evidence.KeepSignIn(ctx, tx, challenge, person, signer, at); err != nil {
			return err
		}
		return ledger.Record(ctx, tx.DB, ledger.Entry{At: at, Who: person, Act: string(policy.SessionOpen), Object: "person", ID: person})
	})
	return Opening{Person: person, Certificate: signer.Certificate, Login: Login{row.Content, cms}}, err
}

type challengeRow struct {
	Content []byte     `db:"content"`
	MadeAt  time.Time  `db:"made_at"`
	UsedAt  *time.Time `db:"used_at"`
}

// usable says why a challenge, fetched with this error, cannot be signed.
func (c challengeRow) usable(err error, at time.Time) error {
	switch {
	case errors.Is(err, fault.NotFound):
		return fault.New(fault.Invalid, "fault.challenge-unknown")
	case err != nil:
		return err
	case c.UsedAt != nil:
		return fault.New(fault.Invalid, "fault.challenge-used")
	case at.After(c.MadeAt.Add(ChallengeLife)):
		return fault.New(fault.Invalid, "fault.challenge-stale")
	}
	return nil
}

// Unsigned turns the refusal of a signature into the sentence for the person;
// the detail, which names nobody, goes to the log.
func Unsigned(err error) error {
	var refusal *eds.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	slog.Info("signature refused", "reason", string(refusal.Reason), "detail", refusal.Detail)
	kind := fault.Invalid
	if refusal.Reason == eds.Unreachable || refusal.Reason == eds.Busy {
		kind = fault.Unavailable // not the signature's fault
	}
	return fault.New(kind, "fault.eds."+string(refusal.Reason)).Because(err)
}
