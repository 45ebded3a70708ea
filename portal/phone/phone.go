// Package phone keeps the signatures that were asked of a phone: for which
// browser, of what, how far it has come, and the signature until the act takes
// it. It judges no signature and knows no protocol; portal/egov speaks to the
// phone, and the act verifies through its own door.
package phone

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/vault"
)

// Life is how long a phone has to answer.
const Life = 5 * time.Minute

// MaxTries is how many signatures of one request may be refused: each costs
// arithmetic and a question to the authority.
const MaxTries = 10

// most is how many requests of one browser are kept; a newer one replaces the
// oldest.
const most = 8

// Purpose is what the signature is for.
type Purpose string

// The purposes.
const (
	SignIn   Purpose = "sign-in"
	Document Purpose = "document"
)

// State is how far a request has come.
type State string

// The states.
const (
	Asked     State = "asked"     // the code is shown
	Fetched   State = "fetched"   // a phone has what is to be signed
	Signed    State = "signed"    // the signature is here
	Cancelled State = "cancelled" // refused on the phone
	Used      State = "used"      // the thing is signed, by this way or another
)

// Request is one signature asked of a phone.
type Request struct {
	ID      uuid.UUID
	Purpose Purpose
	Target  uuid.UUID // the challenge or the document
	Digest  []byte    // of the document, as the page showed it; nil for a sign-in
	Act     string    // what the signature is for
	Of      uuid.UUID // the thing the act is done to; zero for a sign-in
	Auth    string    // how the phone shows that it may fetch the document
	Ends    time.Time
	State   State
	Tries   int
	Refusal string // key of why the last signature was refused, or ""

	// Session and Person are those of the browser that asked; Person is zero
	// before sign-in.
	Session []byte
	Person  uuid.UUID

	token string // of whoever reads it: what the texts of it are sealed with
	kept  []byte // sealed (Kept)
}

// Open tells that a phone may still answer.
func (r Request) Open(at time.Time) bool {
	return (r.State == Asked || r.State == Fetched) && at.Before(r.Ends) && r.Tries < MaxTries
}

// Over tells that nothing will come any more.
func (r Request) Over(at time.Time) bool { return !r.Open(at) && r.State != Signed && r.State != Used }

// Token is the secret in the code of a request. It is made of the secret of the
// browser that asked, so that the page can show it again and nobody keeps it: the
// row has its SHA-256, and of the browser's secret the database has no more.
func Token(cookie string, request uuid.UUID) string {
	mac := hmac.New(sha256.New, []byte(cookie))
	mac.Write([]byte("zharia/phone/1\n" + request.String()))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// hash is what the row of a token is found by; nil for what is no token.
func hash(token string) []byte {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != sha256.Size {
		return nil
	}
	sum := sha256.Sum256(raw)
	return sum[:]
}

// Bearer is the second secret, which the phone is told by API 1 and shows from
// then on. It is not kept: only who has the keys of the vault can make it.
func Bearer(db *vault.DB, token string) string {
	return base64.RawURLEncoding.EncodeToString(db.Tag("phone.bearer", token))
}

// Ask keeps a new request of a browser, whose cookie makes its token: with it what goes with
// the signature (Kept), and for the phone the document itself (Content), nil for a sign-in.
// Both lie here under the token, which is nowhere in the database or its log.
func Ask(ctx context.Context, db *vault.DB, cookie string, r Request, kept string, document []byte, at time.Time) error {
	token := Token(cookie, r.ID)
	goes, err := db.SealShown(token, "phone_request", "kept", r.ID, []byte(kept))
	if err != nil {
		return err
	}
	var content []byte
	if document != nil {
		if content, err = db.SealShown(token, "phone_request", "content", r.ID, document); err != nil {
			return err
		}
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		made, err := tx.Change(ctx, insertRequest, r.ID, hash(token), r.Session, r.Purpose, r.Target, r.Digest,
			r.Act, nullable(r.Of), goes, r.Auth, at, r.Ends, content)
		if err != nil {
			return err
		}
		if made == 0 { // the session has ended since the request began
			return fault.New(fault.NotFound, "fault.not-found")
		}
		return tx.Exec(ctx, deleteOldRequests, r.Session, most)
	})
}

func nullable(id uuid.UUID) uuid.NullUUID { return uuid.NullUUID{UUID: id, Valid: id != uuid.Nil} }

// Read is a request as the browser of a session and its cookie sees it, which asked; to
// every other one it is not there.
func Read(ctx context.Context, db *vault.DB, session []byte, cookie string, id uuid.UUID) (Request, error) {
	var row requestRow
	if err := db.Get(ctx, &row, selectRequest, session, id); err != nil {
		return Request{}, err
	}
	return row.request(Token(cookie, id)), nil
}

// Kept is what goes with the signature: where the person was going and what he had typed.
func (r Request) Kept(db *vault.DB) (string, error) {
	kept, err := db.OpenShown(r.token, "phone_request", "kept", r.ID, r.kept)
	return string(kept), err
}

// Answering is the request of a token while a phone may answer it. One whose time
// is up or whose browser has gone is not there, like one that never was; one that
// was answered is a Conflict.
func Answering(ctx context.Context, db *vault.DB, token string, at time.Time) (Request, error) {
	var row requestRow
	if err := db.Get(ctx, &row, selectByToken, hash(token)); err != nil {
		return Request{}, err
	}
	r := row.request(token)
	switch {
	case !at.Before(r.Ends):
		return r, fault.New(fault.NotFound, "fault.not-found")
	case !r.Open(at):
		return r, fault.New(fault.Conflict, "fault.phone-over")
	}
	return r, nil
}

// Content is the document that a phone is to sign. The browser that asked could open it
// and the phone, which signs in nowhere, cannot; so it lies here for the minutes that
// the code is good for, and goes with it.
func Content(ctx context.Context, db *vault.DB, r Request, at time.Time) ([]byte, error) {
	var sealed []byte
	if err := db.Get(ctx, &sealed, selectContent, r.ID, at); err != nil {
		return nil, err
	}
	return db.OpenShown(r.token, "phone_request", "content", r.ID, sealed)
}

// DropContents takes away the documents whose codes are over, for the timetable.
func DropContents(ctx context.Context, db *database.DB, at time.Time) error {
	return db.Exec(ctx, dropContents, at)
}

// Fetch notes that a phone has what is to be signed.
func Fetch(ctx context.Context, db *vault.DB, id uuid.UUID) error {
	return db.Exec(ctx, updateFetched, id)
}

// Answer keeps a signature that was found good. Of two at once one is kept: the
// other, and one that comes late, is a Conflict.
func Answer(ctx context.Context, db *vault.DB, r Request, cms []byte, at time.Time) error {
	sealed, err := db.SealShown(r.token, "phone_request", "cms", r.ID, cms)
	if err != nil {
		return err
	}
	return changed(db.Change(ctx, updateSigned, r.ID, sealed, at))
}

// Cancel notes that the person refused on the phone.
func Cancel(ctx context.Context, db *vault.DB, id uuid.UUID, at time.Time) error {
	return changed(db.Change(ctx, updateCancelled, id, at))
}

// Refuse notes why a signature was not good; another may come.
func Refuse(ctx context.Context, db *vault.DB, id uuid.UUID, why string) error {
	return db.Exec(ctx, updateRefused, id, why)
}

func changed(n int64, err error) error {
	if err == nil && n == 0 {
		return fault.New(fault.Conflict, "fault.phone-over")
	}
	return err
}

// Signature is what the phone gave, for the act, once the browser that asked
// brings it.
func Signature(ctx context.Context, db *vault.DB, session []byte, cookie string, id uuid.UUID) ([]byte, error) {
	var sealed []byte
	if err := db.Get(ctx, &sealed, selectSignature, session, id); err != nil {
		return nil, err
	}
	return db.OpenShown(Token(cookie, id), "phone_request", "cms", id, sealed)
}

// Use closes every request over a thing in the transaction in which it is signed,
// whichever way the signature came: no phone answers what is done.
func Use(ctx context.Context, tx *vault.DB, target uuid.UUID) error {
	return tx.Exec(ctx, updateUsed, target)
}
