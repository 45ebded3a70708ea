package identity

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/gorilla/sessions"

	"zharia/portal/vault"
)

// A cookie is a token and a seed. The token names the session and is drawn anew at
// the sign-in. The seed makes the key (Ed25519) with which the session signs what it
// asks of the keeper; it stays, for the challenge that was signed names that key.
// Neither is kept by us: while no request of the person is being answered, nobody
// here can sign for him.
const (
	tokenSize = 32
	seedSize  = 32
)

// newToken is what a new cookie holds; before is the one that it takes the place of.
func newToken(before string) []byte {
	fresh := make([]byte, tokenSize+seedSize)
	rand.Read(fresh)
	if old, ok := readToken(before); ok {
		copy(fresh[tokenSize:], old[tokenSize:])
	}
	return fresh
}

func readToken(cookie string) ([]byte, bool) {
	token, err := base64.RawURLEncoding.DecodeString(cookie)
	return token, err == nil && len(token) == tokenSize+seedSize
}

// Key is what the session signs with; nil where it is not kept.
func Key(se *sessions.Session) (ed25519.PrivateKey, error) {
	token, ok := readToken(se.ID)
	if !ok {
		return nil, nil
	}
	seed, err := hkdf.Key(sha256.New, token[tokenSize:], nil, "zharia/session-key/1", ed25519.SeedSize)
	if err != nil {
		return nil, err
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// Login is what opened a session: the challenge, which names the key of the session,
// and the signature over it. It is shown to the keeper at each opening.
type Login struct {
	Challenge []byte `json:"challenge"`
	CMS       []byte `json:"cms"`
}

// sealLogin keeps it for the life of the session, where a copy of the database does
// not read it: a certificate names its owner.
func sealLogin(db *vault.DB, session uuid.UUID, l Login) ([]byte, error) {
	plain, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	return db.SealBrief("session", "login", session, plain)
}

// sealedLogin is the Login of a session that was read: many a request needs none.
type sealedLogin struct {
	db      *vault.DB
	session uuid.UUID
	sealed  []byte
}

func (s sealedLogin) open() (l Login, err error) {
	if s.sealed == nil {
		return l, nil
	}
	plain, err := s.db.OpenBrief("session", "login", s.session, s.sealed)
	if err != nil {
		return l, err
	}
	if err := json.Unmarshal(plain, &l); err != nil {
		return l, fmt.Errorf("identity: read the login of a session: %w", err)
	}
	return l, nil
}

// Ticket is what the session shows the keeper; zero for nobody's.
func Ticket(se *sessions.Session) (vault.Ticket, error) {
	key, err := Key(se)
	if err != nil {
		return vault.Ticket{}, err
	}
	sealed, _ := se.Values[loginKey].(sealedLogin)
	l, err := sealed.open()
	if err != nil {
		return vault.Ticket{}, err
	}
	return vault.Ticket{Login: l.CMS, Challenge: l.Challenge, Key: key, Person: PersonOf(se)}, nil
}

// PageKey seals pages that the session of this cookie was shown, so that they can be shown
// again (AES-256): like its Key it is the cookie's, and we do not keep it. Nil where that is
// no session's cookie.
func PageKey(cookie string) ([]byte, error) {
	token, ok := readToken(cookie)
	if !ok {
		return nil, nil
	}
	return hkdf.Key(sha256.New, token, nil, "zharia/page-key/1", 32)
}
