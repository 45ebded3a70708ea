package identity

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/sessions"

	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// How long a session lives: since it was last used, and in all; and how long
// before it ends for want of use the person is asked (security/ASVS 7.1.1).
const (
	Idle    = 15 * time.Minute
	Life    = 8 * time.Hour
	Warning = 2 * time.Minute
)

// Most is how many sessions of one person are open at once: a computer at home,
// one at work and a phone. One more ends the one that was used longest ago.
const Most = 3

// Way is how the signature of a sign-in came to us.
type Way string

const (
	ByAgent Way = "agent" // from the signing program on the computer
	ByPhone Way = "phone" // from the phone that read a QR code
)

// Sessions keeps sessions as rows (gorilla's Store). The cookie holds a random
// token, the row its SHA-256; and the seed of the key that the session signs with
// (sessionkey.go), which no row and no disk of ours holds.
type Sessions struct {
	DB     *vault.DB
	Secure bool             // the site is https: the cookie is bound to it and to this host
	Clock  func() time.Time // nil: the machine's
	Idle   time.Duration    // 0: the constant; tests shorten it
}

func (s *Sessions) now() time.Time {
	if s.Clock == nil {
		return time.Now().UTC()
	}
	return s.Clock().UTC()
}

// IdleFor is how long a session lives unused.
func (s *Sessions) IdleFor() time.Duration {
	if s.Idle == 0 {
		return Idle
	}
	return s.Idle
}

// Session is an open session of a person as he may see it; the token is not here.
type Session struct {
	ID        uuid.UUID
	MadeAt    time.Time
	SeenAt    time.Time // last used, to about a minute
	Way       Way
	Browser   string    // as Browser puts it, or ""
	Ends      time.Time // if nothing more is done
	Last      bool      // Ends is the end of its whole life: use does not put it off
	BeforeAt  time.Time // the person's sign-in before this one; zero for the first
	BeforeWay Way
	Told      bool // the person was told of the sign-in before

	Acting uuid.UUID // the participant he said he acts as; zero while he has not

	Touches string // of the things that were asked about (AskAbout); "" where none were
}

// What a session holds.
const (
	personKey  = "person"
	sessionKey = "session"
	openingKey = "opening"
	loginKey   = "login"
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

const selectWhose = `SELECT person IS NOT NULL FROM session WHERE token_hash = $1`

// Ended says that the cookie of a request is of somebody's session that is over; a visitor
// has one, too.
func (s *Sessions) Ended(r *http.Request) (bool, error) {
	cookie, err := r.Cookie(s.CookieName())
	if err != nil {
		return false, nil
	}
	hash, ok := tokenHash(cookie.Value)
	if !ok {
		return false, nil
	}
	ended := false
	err = s.DB.Get(r.Context(), &ended, selectWhose, hash)
	if errors.Is(err, fault.NotFound) {
		return false, nil
	}
	return ended, err
}

type sessionRow struct {
	Token     []byte        `db:"token_hash"`
	ID        uuid.UUID     `db:"id"`
	Person    uuid.NullUUID `db:"person"`
	Way       Way           `db:"way"`
	Browser   string        `db:"browser"`
	MadeAt    time.Time     `db:"made_at"`
	SeenAt    time.Time     `db:"seen_at"`
	EndsAt    time.Time     `db:"ends_at"`
	BeforeAt  *time.Time    `db:"before_at"`
	BeforeWay Way           `db:"before_way"`
	Told      bool          `db:"told"`
	Acting    uuid.NullUUID `db:"acting"`
	Login     []byte        `db:"login"`
	Touches   string        `db:"touches"`
}

func (row sessionRow) session(idle time.Duration) Session {
	se := Session{ID: row.ID, MadeAt: row.MadeAt, SeenAt: row.SeenAt, Way: row.Way, Browser: row.Browser,
		Ends: row.SeenAt.Add(idle), BeforeWay: row.BeforeWay, Told: row.Told, Acting: row.Acting.UUID, Touches: row.Touches}
	if !row.EndsAt.After(se.Ends) {
		se.Ends, se.Last = row.EndsAt, true
	}
	if row.BeforeAt != nil {
		se.BeforeAt = *row.BeforeAt
	}
	return se
}

const columns = `
SELECT token_hash, id, person, coalesce(way, '') AS way, coalesce(browser, '') AS browser, made_at, seen_at, ends_at,
       before_at, coalesce(before_way, '') AS before_way, told, acting, login`

const selectSession = columns + `, coalesce(fence.touches(CAST($4 AS bigint[])), '') AS touches
  FROM session
 WHERE token_hash = $1 AND ends_at > $2 AND seen_at > $3`

// A row is touched at most once a fifteenth of its idle life, a minute: a commit
// costs ten times a read.
// Who only reads need not wait for the standby: lost with a server, it ends a session a
// minute early.
const touchSession = `
UPDATE session SET seen_at = $2 WHERE token_hash = $1 AND set_config('synchronous_commit', 'local', true) IS NOT NULL`

// AskAbout has the question for the session of a request ask how these things were touched
// of late, too (fence.touches; an array as PostgreSQL writes it). It must be set before the
// session is read.
func AskAbout(ctx context.Context, things string) context.Context {
	return context.WithValue(ctx, aboutKey{}, things)
}

type aboutKey struct{}

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
	now, idle := s.now(), s.IdleFor()
	var row sessionRow
	err = s.DB.Glance(r.Context(), &row, selectSession, hash, now, now.Add(-idle), r.Context().Value(aboutKey{}))
	if errors.Is(err, fault.NotFound) {
		return se, nil
	}
	if err != nil {
		return se, err
	}
	if now.Sub(row.SeenAt) > idle/15 {
		if err := s.DB.Exec(r.Context(), touchSession, hash, now); err != nil {
			return se, err
		}
		row.SeenAt = now
	}
	se.ID, se.IsNew = cookie.Value, false
	if row.Person.Valid {
		se.Values[personKey], se.Values[sessionKey], se.Values[loginKey] = row.Person.UUID, row.session(idle), sealedLogin{s.DB, row.ID, row.Login}
	}
	return se, nil
}

const insertSession = `
INSERT INTO session (token_hash, id, person, certificate, way, browser, made_at, seen_at, ends_at, before_at, before_way, told, login)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $10, CAST($3 AS uuid) IS NULL, $11)`

const deleteSession = `
DELETE FROM session WHERE token_hash = $1
RETURNING id, person, login`

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
	_, err := s.keep(r.Context(), s.DB, w, se)
	return err
}

// keep gives the session a token and a row, and the browser its cookie.
func (s *Sessions) keep(ctx context.Context, tx *vault.DB, w http.ResponseWriter, se *sessions.Session) (before lastSignIn, err error) {
	id, err := uuid.NewV7()
	if err != nil {
		return before, err
	}
	token := newToken(se.ID)
	hash := sha256.Sum256(token[:tokenSize])
	now := s.now()
	var person, certificate, way, browser any // of somebody who has not signed in: nothing
	var login []byte
	if o, ok := se.Values[openingKey].(Opening); ok {
		if login, err = sealLogin(tx, id, o.Login); err != nil {
			return before, err
		}
		se.Values[loginKey] = sealedLogin{tx, id, login}
		person, certificate, way, browser = o.Person, fingerprint(o.Certificate), o.Way, o.Browser
		if err := tx.Get(ctx, &before, markSignIn, o.Person, now, o.Way, certificate); err != nil {
			return before, err
		}
	}
	if err := tx.Exec(ctx, insertSession, hash[:], id, person, certificate, way, browser, now, now.Add(Life), before.At, before.Way, login); err != nil {
		return before, err
	}
	se.ID, se.IsNew = base64.RawURLEncoding.EncodeToString(token), false
	if o, ok := se.Values[openingKey].(Opening); ok { // the answer to a sign-in tells how long it lasts, too
		se.Values[sessionKey] = sessionRow{ID: id, Way: o.Way, Browser: o.Browser, MadeAt: now, SeenAt: now, EndsAt: now.Add(Life)}.session(s.IdleFor())
	}
	http.SetCookie(w, sessions.NewCookie(se.Name(), se.ID, se.Options))
	return before, nil
}

func fingerprint(certificate []byte) []byte {
	sum := sha256.Sum256(certificate)
	return sum[:]
}

// tokenHash is what the row of a cookie is found by.
func tokenHash(cookie string) ([]byte, bool) {
	token, ok := readToken(cookie)
	if !ok {
		return nil, false
	}
	sum := sha256.Sum256(token[:tokenSize])
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

// Of is the session of somebody who has signed in; zero for nobody's.
func Of(se *sessions.Session) Session {
	session, _ := se.Values[sessionKey].(Session)
	return session
}

// Opening is a sign-in: who, with which certificate, how, and in what browser.
type Opening struct {
	Person      uuid.UUID
	Certificate []byte // DER
	Way         Way
	Browser     string // as Browser puts it
	Login       Login
}

type lastSignIn struct {
	At  *time.Time `db:"signed_in_at"`
	Way *string    `db:"signed_in_way"`
	New bool       `db:"fresh"` // he has signed in before, and never with this certificate
}

// markSignIn notes a sign-in and answers with the one before it, and whether its
// certificate is one that was not seen before. The last eight are remembered: on a
// computer and on a phone people have one each, and a new one each year.
const markSignIn = `
WITH before AS (
    SELECT id, signed_in_at, signed_in_way, signed_in_with AS seen, array_remove(signed_in_with, $4) AS others
      FROM person WHERE id = $1 FOR UPDATE)
UPDATE person
   SET signed_in_at = $2, signed_in_way = $3, signed_in_with = others[greatest(1, cardinality(others) - 6):] || CAST($4 AS bytea)
  FROM before
 WHERE person.id = before.id
RETURNING before.signed_in_at, before.signed_in_way, cardinality(seen) > 0 AND cardinality(seen) = cardinality(others) AS fresh`

const deleteSpareSessions = `
DELETE FROM session
 WHERE person = $1
   AND token_hash NOT IN (SELECT token_hash FROM session WHERE person = $1 ORDER BY seen_at DESC, made_at DESC, id DESC LIMIT $2)
RETURNING id, person, login`

// Start makes the session that of a person: the old one ends, a new one begins,
// and those over Most end. A key that was never seen before is an act of its own, of which
// he is told wherever he reads messages (ASVS 6.3.7): somebody may have got it in his name.
func (s *Sessions) Start(r *http.Request, w http.ResponseWriter, se *sessions.Session, o Opening) error {
	old, had := tokenHash(se.ID)
	se.Values[personKey], se.Values[openingKey] = o.Person, o
	ctx := database.As(r.Context(), o.Person, uuid.Nil, s.now())
	return s.DB.Within(ctx, func(tx *vault.DB) error {
		var ended, spare []endedRow
		if had {
			if err := tx.Select(ctx, &ended, deleteSession, old); err != nil {
				return err
			}
		}
		before, err := s.keep(ctx, tx, w, se)
		if err != nil {
			return err
		}
		if err := tx.Select(ctx, &spare, deleteSpareSessions, o.Person, Most); err != nil {
			return err
		}
		if err := leave(ctx, tx, s.now(), append(ended, spare...)); err != nil || !before.New {
			return err
		}
		return ledger.Record(ctx, tx.DB, ledger.Entry{At: s.now(), Who: o.Person, Act: string(policy.KeyNew), Object: "person", ID: o.Person})
	})
}

// End ends the session of the request, somebody's or nobody's, and takes the
// cookie away.
func (s *Sessions) End(r *http.Request, w http.ResponseWriter, se *sessions.Session, ask policy.Ask) error {
	se.Options.MaxAge = -1
	if session := Of(se); session.ID != uuid.Nil {
		if err := s.EndOne(r.Context(), ask, session.ID); err != nil && !errors.Is(err, fault.NotFound) { // ended meanwhile from elsewhere
			return err
		}
	}
	return s.Save(r, w, se)
}

const selectOpenSessions = columns + `
  FROM session
 WHERE person = $1 AND ends_at > $2 AND seen_at > $3
 ORDER BY seen_at DESC, made_at DESC, id DESC`

// Open are the asker's own open sessions, the one used last first.
func (s *Sessions) Open(ctx context.Context, ask policy.Ask) ([]Session, error) {
	var rows []sessionRow
	idle := s.IdleFor()
	if err := s.DB.Select(ctx, &rows, selectOpenSessions, ask.Person, ask.At, ask.At.Add(-idle)); err != nil {
		return nil, err
	}
	out := make([]Session, len(rows))
	for i, row := range rows {
		out[i] = row.session(idle)
	}
	return out, nil
}

const deleteOneSession = `
DELETE FROM session WHERE person = $1 AND id = $2
RETURNING id, person, login`

// EndOne ends one session of the asker's own; another's is not found.
func (s *Sessions) EndOne(ctx context.Context, ask policy.Ask, id uuid.UUID) error {
	return s.DB.Within(ctx, func(tx *vault.DB) error {
		var ended []endedRow
		if err := tx.Select(ctx, &ended, deleteOneSession, ask.Person, id); err != nil {
			return err
		}
		if len(ended) == 0 {
			return fault.New(fault.NotFound, "fault.not-found")
		}
		if err := leave(ctx, tx, ask.At, ended); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "session", id, uuid.Nil, nil)
	})
}

const deleteSessionsBut = `
DELETE FROM session WHERE person = $1 AND id <> $2
RETURNING id, person, login`

// EndAll ends the asker's own sessions but one; but none where keep is zero.
func (s *Sessions) EndAll(ctx context.Context, ask policy.Ask, keep uuid.UUID) error {
	return s.DB.Within(ctx, func(tx *vault.DB) error {
		var ended []endedRow
		if err := tx.Select(ctx, &ended, deleteSessionsBut, ask.Person, keep); err != nil {
			return err
		}
		if err := leave(ctx, tx, ask.At, ended); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "person", ask.Person, uuid.Nil, nil)
	})
}

const deleteSessionsOf = `
DELETE FROM session WHERE person = $1
RETURNING id, person, login`

// Dismiss ends all sessions of somebody whose post has changed: what is open in a
// browser of his was opened by what he is no more.
func Dismiss(ctx context.Context, tx *vault.DB, person uuid.UUID, at time.Time) error {
	var ended []endedRow
	if err := tx.Select(ctx, &ended, deleteSessionsOf, person); err != nil {
		return err
	}
	return leave(ctx, tx, at, ended)
}

const deletePeoplesSessions = `
DELETE FROM session
 WHERE person IS NOT NULL AND (CAST($1 AS uuid) = '00000000-0000-0000-0000-000000000000' OR person = CAST($1 AS uuid))
RETURNING id, person, login`

// Expel ends the sessions of a person, or of everybody where that is zero, and answers how
// many: whoever runs the portal does it when a key was stolen (ASVS 7.4.5).
func Expel(ctx context.Context, db *vault.DB, person uuid.UUID, at time.Time) (int, error) {
	var ended []endedRow
	err := db.Within(ctx, func(tx *vault.DB) error {
		if err := tx.Select(ctx, &ended, deletePeoplesSessions, person); err != nil {
			return err
		}
		if err := leave(ctx, tx, at, ended); err != nil {
			return err
		}
		told := map[uuid.UUID]bool{}
		for _, row := range ended {
			of := row.Person.UUID
			if told[of] {
				continue
			}
			told[of] = true
			if err := ledger.Step(ctx, tx.DB, policy.Ask{Act: policy.SessionEndAll, At: at}, "person", of, uuid.Nil, nil); err != nil {
				return err
			}
		}
		return nil
	})
	return len(ended), err
}

const markTold = `
UPDATE session SET told = true WHERE token_hash = $1`

// Tell notes that the person was told of the sign-in before this one.
func (s *Sessions) Tell(ctx context.Context, se *sessions.Session) error {
	return s.DB.Exec(ctx, markTold, Hash(se))
}

const markActing = `
UPDATE session SET acting = $3 WHERE token_hash = $1 AND person = $2`

// Act keeps, for this session alone, as which participant its person acts from now
// on. Whether he is one, the case has said; nothing is kept for a visitor.
func (s *Sessions) Act(ctx context.Context, se *sessions.Session, ask policy.Ask, participant, casefile uuid.UUID) error {
	return s.DB.Within(ctx, func(tx *vault.DB) error {
		n, err := tx.Change(ctx, markActing, Hash(se), ask.Person, participant)
		if err != nil {
			return err
		}
		if n == 0 { // ended meanwhile from elsewhere
			return fault.New(fault.NotFound, "fault.not-found")
		}
		return ledger.Step(ctx, tx.DB, ask, "participant", participant, casefile, nil)
	})
}

// DropEnded removes the sessions that are over, for the timetable.
func DropEnded(ctx context.Context, db *vault.DB, at time.Time) error {
	return db.Exec(ctx, deleteEndedSessions, at, at.Add(-Idle))
}

const deleteEndedSessions = `
DELETE FROM session WHERE ends_at < $1 OR seen_at < $2`
