package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/sessions"

	"zharia/portal/fault"
	"zharia/portal/vault"
)

// How long a session lives: since it was last used, and in all.
const (
	Idle = 30 * time.Minute
	Life = 8 * time.Hour
)

// Sessions keeps sessions as rows (gorilla's Store). The cookie holds a random
// token, the row its SHA-256.
type Sessions struct {
	DB     *vault.DB
	Secure bool // the site is https: the cookie is bound to it and to this host
}

// What a session holds.
const (
	personKey      = "person"
	certificateKey = "certificate"
)

// CookieName is the session's cookie.
func (s *Sessions) CookieName() string {
	if s.Secure {
		return "__Host-zharia"
	}
	return "zharia"
}

// Get is the session of a request, read once a request.
func (s *Sessions) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

const selectSession = `
SELECT person, certificate, seen_at
  FROM session
 WHERE token_hash = $1 AND ends_at > $2 AND seen_at > $3`

// A row is touched at most once a minute: a commit costs ten times a read.
const touchSession = `
UPDATE session SET seen_at = $2 WHERE token_hash = $1`

// New reads the session of the cookie, or makes an empty one that is not kept
// until it is saved.
func (s *Sessions) New(r *http.Request, name string) (*sessions.Session, error) {
	se := sessions.NewSession(s, name)
	se.Options = &sessions.Options{Path: "/", HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode}
	se.IsNew = true
	cookie, err := r.Cookie(name)
	if err != nil {
		return se, nil
	}
	hash, ok := tokenHash(cookie.Value)
	if !ok {
		return se, nil
	}
	now := time.Now().UTC()
	var row struct {
		Person      uuid.NullUUID `db:"person"`
		Certificate []byte        `db:"certificate"`
		SeenAt      time.Time     `db:"seen_at"`
	}
	err = s.DB.Get(r.Context(), &row, selectSession, hash, now, now.Add(-Idle))
	if errors.Is(err, fault.NotFound) {
		return se, nil
	}
	if err != nil {
		return se, err
	}
	if now.Sub(row.SeenAt) > time.Minute {
		if err := s.DB.Exec(r.Context(), touchSession, hash, now); err != nil {
			return se, err
		}
	}
	se.ID, se.IsNew = cookie.Value, false
	if row.Person.Valid {
		se.Values[personKey], se.Values[certificateKey] = row.Person.UUID, row.Certificate
	}
	return se, nil
}

const insertSession = `
INSERT INTO session (token_hash, person, certificate, made_at, seen_at, ends_at)
VALUES ($1, $2, $3, $4, $4, $5)`

const deleteSession = `
DELETE FROM session WHERE token_hash = $1`

// Save keeps a new session, or ends one whose MaxAge is negative. What a session
// holds never changes: who signs in gets a new one (T02, session fixation).
func (s *Sessions) Save(r *http.Request, w http.ResponseWriter, se *sessions.Session) error {
	if se.Options.MaxAge < 0 {
		if hash, ok := tokenHash(se.ID); ok {
			if err := s.DB.Exec(r.Context(), deleteSession, hash); err != nil {
				return err
			}
		}
		http.SetCookie(w, sessions.NewCookie(se.Name(), "", se.Options))
		return nil
	}
	if !se.IsNew {
		return nil
	}
	var token [32]byte
	rand.Read(token[:])
	se.ID = base64.RawURLEncoding.EncodeToString(token[:])
	hash := sha256.Sum256(token[:])
	now := time.Now().UTC()
	if err := s.DB.Exec(r.Context(), insertSession, hash[:], se.Values[personKey], se.Values[certificateKey], now, now.Add(Life)); err != nil {
		return err
	}
	se.IsNew = false
	http.SetCookie(w, sessions.NewCookie(se.Name(), se.ID, se.Options))
	return nil
}

// tokenHash is what the row of a cookie is found by.
func tokenHash(cookie string) ([]byte, bool) {
	token, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil || len(token) != 32 {
		return nil, false
	}
	sum := sha256.Sum256(token)
	return sum[:], true
}

// Hash names the session in the database, or nil where it is not kept.
func Hash(se *sessions.Session) []byte {
	hash, _ := tokenHash(se.ID)
	return hash
}

// PersonOf is who is signed in; zero for nobody.
func PersonOf(se *sessions.Session) uuid.UUID {
	id, _ := se.Values[personKey].(uuid.UUID)
	return id
}

// Start makes the session that of a person: the old one ends, a new one begins.
func (s *Sessions) Start(r *http.Request, w http.ResponseWriter, se *sessions.Session, person uuid.UUID, certificate []byte) error {
	if hash, ok := tokenHash(se.ID); ok {
		if err := s.DB.Exec(r.Context(), deleteSession, hash); err != nil {
			return err
		}
	}
	sum := sha256.Sum256(certificate)
	se.Values[personKey], se.Values[certificateKey] = person, sum[:]
	se.ID, se.IsNew = "", true
	return s.Save(r, w, se)
}

// End ends the session.
func (s *Sessions) End(r *http.Request, w http.ResponseWriter, se *sessions.Session) error {
	se.Options.MaxAge = -1
	return s.Save(r, w, se)
}

// DropEnded removes the sessions that are over, for the timetable.
func DropEnded(ctx context.Context, db *vault.DB, at time.Time) error {
	return db.Exec(ctx, deleteEndedSessions, at, at.Add(-Idle))
}

const deleteEndedSessions = `
DELETE FROM session WHERE ends_at < $1 OR seen_at < $2`
