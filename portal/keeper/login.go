package keeper

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"zharia/portal/eds"
	"zharia/portal/vault"
)

// How long a sign-in opens texts, and how long its challenge could be signed
// (identity.ChallengeLife): the challenge says until when, so when it was made is
// known. A signed statement cannot be made to last longer by whoever asks for it.
const (
	LoginLife     = 8 * time.Hour
	challengeLife = 5 * time.Minute
	skew          = time.Minute
)

// Bounds of a sign-in, and of how many are remembered.
const (
	maxChallenge = 1 << 10
	maxCMS       = 32 << 10
	maxLogins    = 20_000
)

// SessionKey is the key with which a session signs what it asks of the keeper. It is
// made of the secret that only the browser's cookie has, each time the browser asks
// for something, and is forgotten when that is answered.
func SessionKey(secret []byte) (ed25519.PrivateKey, error) {
	seed, err := hkdf.Key(sha256.New, secret, nil, "zharia/session-key/1", ed25519.SeedSize)
	if err != nil {
		return nil, err
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// KeyLine is the line of a sign-in challenge that names the key of the session.
func KeyLine(key ed25519.PublicKey) string {
	return "key=" + base64.RawURLEncoding.EncodeToString(key) + "\n"
}

// statement is a sign-in challenge as the keeper reads it.
type statement struct {
	origin string
	until  time.Time
	key    ed25519.PublicKey
}

// purpose is the first line of a sign-in challenge: a signature over it serves for
// nothing else, and no other signature serves here.
const purpose = "zharia/sign-in/1"

// readStatement takes a challenge apart. Each line that belongs to it is there once,
// and nothing else is: nobody can have signed more than we read.
func readStatement(challenge []byte) (statement, error) {
	var s statement
	if len(challenge) > maxChallenge || !bytes.HasSuffix(challenge, []byte("\n")) {
		return s, refuse(LoginStrange)
	}
	lines := bytes.Split(bytes.TrimSuffix(challenge, []byte("\n")), []byte("\n"))
	seen := map[string]string{"origin": "", "session": "", "nonce": "", "until": "", "key": ""}
	if string(lines[0]) != purpose || len(lines) != 1+len(seen) {
		return s, refuse(LoginStrange)
	}
	for _, line := range lines[1:] {
		name, value, ok := bytes.Cut(line, []byte("="))
		if before, known := seen[string(name)]; !ok || !known || before != "" || len(value) == 0 {
			return s, refuse(LoginStrange)
		}
		seen[string(name)] = string(value)
	}
	until, err := time.Parse(time.RFC3339, seen["until"])
	if err != nil {
		return s, refuse(LoginStrange)
	}
	key, err := base64.RawURLEncoding.Strict().DecodeString(seen["key"])
	if err != nil || len(key) != ed25519.PublicKeySize {
		return s, refuse(LoginStrange)
	}
	return statement{origin: seen["origin"], until: until, key: key}, nil
}

// login is what a sign-in proved: whose the key of a session is. The IIN is not kept.
type login struct {
	person uuid.UUID
	key    ed25519.PublicKey
	end    [32]byte // endName
	from   time.Time
	until  time.Time
}

// LoginNames are by which the keeper is told that a sign-in ended (Client.EndLogin): what was
// signed, whatever bytes are around the signature, and, for a keeper of the version before,
// those very bytes. They say nothing of whose it is.
func LoginNames(challenge, cms []byte) [2][32]byte {
	return [2][32]byte{endName(challenge), loginName(challenge, cms)}
}

// endName is by which it is remembered that a sign-in ended. It is of what the person signed
// alone: the same signature can be written in many ways, and one statement has one session.
func endName(challenge []byte) [32]byte {
	return sha256.Sum256(append([]byte("zharia/keeper/ended/1\x00"), challenge...))
}

// loginName is by which a sign-in is called after it was proved once.
func loginName(challenge, cms []byte) [32]byte {
	h := sha256.New()
	h.Write([]byte("zharia/keeper/login/1\x00"))
	h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(challenge))))
	h.Write(challenge)
	h.Write(cms)
	return [32]byte(h.Sum(nil))
}

// prove verifies a sign-in from nothing but what was signed.
func (k *Keeper) prove(ctx context.Context, challenge, cms []byte, at time.Time, past time.Duration, tagKey []byte) (login, error) {
	if len(cms) == 0 || len(cms) > maxCMS {
		return login{}, refuse(LoginStrange)
	}
	s, err := readStatement(challenge)
	if err != nil {
		return login{}, err
	}
	l := login{key: s.key, end: endName(challenge), from: s.until.Add(-challengeLife), until: s.until.Add(LoginLife - challengeLife)}
	switch {
	case s.origin != k.config.Origin:
		return login{}, refuse(LoginElsewhere)
	case at.Before(l.from.Add(-skew)) || !at.Before(l.until.Add(past)):
		return login{}, refuse(LoginOld)
	}
	who, err := k.config.Verifier.SignIn(ctx, cms, challenge, at)
	if err != nil {
		return login{}, refuse(LoginUnsigned).because(err)
	}
	if who.Role != eds.Individual {
		return login{}, refuse(LoginUnsigned).because(fmt.Errorf("a certificate of role %s", who.Role))
	}
	l.person = personOf(tagKey, who.IIN)
	return l, nil
}

// personOf is the id of whoever has this IIN: a blind index with the key of the
// root, so no row of a database can say that it is somebody else.
func personOf(tagKey []byte, iin eds.IIN) uuid.UUID {
	return vault.BlindID(vault.Tag(tagKey, "person.iin", iin.Reveal()))
}

// logins remembers those that were proved, until they end.
type logins struct {
	mu   sync.Mutex
	seen map[[32]byte]login
}

func (l *logins) find(name [32]byte, at time.Time) (login, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one, ok := l.seen[name]
	return one, ok && at.Before(one.until)
}

// keep makes room by dropping those that ended, and if none did, any: it can be
// proved again.
func (l *logins) keep(name [32]byte, one login, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.seen) >= maxLogins {
		for other, o := range l.seen {
			if !at.Before(o.until.Add(SlipLife)) {
				delete(l.seen, other)
			}
		}
	}
	for other := range l.seen {
		if len(l.seen) < maxLogins {
			break
		}
		delete(l.seen, other)
	}
	l.seen[name] = one
}
