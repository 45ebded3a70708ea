package feed

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"zharia/portal/once"
)

// The headers of a webhook, as the Standard Webhooks specification names them: what is
// signed is "id.timestamp.body", by Ed25519. HeaderKey says with which key, so that the
// key can be changed while messages are under way.
const (
	HeaderID        = "Webhook-Id"
	HeaderTime      = "Webhook-Timestamp"
	HeaderSignature = "Webhook-Signature"
	HeaderKey       = "Webhook-Key"
)

// Slack is how far a time-stamp may be from the receiver's clock: whoever caught a
// message cannot bring it again tomorrow.
const Slack = 5 * time.Minute

// ErrSignature is that of a message that the portal did not sign, or not now.
var ErrSignature = errors.New("feed: the signature of the message is not good")

// Key is what the portal signs its messages to systems with.
type Key struct{ private ed25519.PrivateKey }

// NewKey makes a key.
func NewKey() (Key, error) {
	_, private, err := ed25519.GenerateKey(nil)
	return Key{private}, err
}

// LoadKey reads the key from a file that nobody else may read; where there is none it
// makes one. Of several portals that come to it at one moment one makes it, and all go on
// with that.
func LoadKey(file string) (Key, error) {
	k, err := readKey(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if err := makeKey(file); err != nil && !errors.Is(err, fs.ErrExist) {
		return Key{}, fmt.Errorf("feed: make the key: %w", err)
	}
	return readKey(file) // and never the one just made: another's may have been first
}

func readKey(file string) (Key, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Key{}, err
	}
	if about, err := os.Stat(file); err != nil || about.Mode().Perm()&0o077 != 0 {
		return Key{}, errors.Join(err, fmt.Errorf("feed: %s may be read by others: chmod 600", file))
	}
	seed, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(seed) != ed25519.SeedSize {
		return Key{}, fmt.Errorf("feed: %s is no file of a key", file)
	}
	return Key{ed25519.NewKeyFromSeed(seed)}, nil
}

func makeKey(file string) error {
	k, err := NewKey()
	if err != nil {
		return err
	}
	return once.Write(file, []byte(base64.StdEncoding.EncodeToString(k.private.Seed())+"\n"))
}

// Public is the half that anybody may have.
func (k Key) Public() Public { return Public{k.private.Public().(ed25519.PublicKey)} }

// IsZero says that there is none.
func (k Key) IsZero() bool { return k.private == nil }

// Sign puts the headers of a message with this id on it, at a moment.
func (k Key) Sign(h http.Header, id string, body []byte, at time.Time) {
	stamp := strconv.FormatInt(at.Unix(), 10)
	h.Set(HeaderID, id)
	h.Set(HeaderTime, stamp)
	h.Set(HeaderKey, k.Public().ID())
	h.Set(HeaderSignature, "v1a,"+base64.StdEncoding.EncodeToString(ed25519.Sign(k.private, signed(id, stamp, body))))
}

func signed(id, stamp string, body []byte) []byte {
	return append([]byte(id+"."+stamp+"."), body...)
}

// Public is what a receiver checks messages with.
type Public struct{ key ed25519.PublicKey }

// ParsePublic reads a key as String writes it.
func ParsePublic(text string) (Public, error) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(b) != ed25519.PublicKeySize {
		return Public{}, errors.New("feed: no public key of Ed25519 in base64")
	}
	return Public{b}, nil
}

// ID is how messages name the key.
func (p Public) ID() string {
	sum := sha256.Sum256(p.key)
	return hex.EncodeToString(sum[:8])
}

// IsZero says that there is none.
func (p Public) IsZero() bool { return p.key == nil }

// String is the key in base64.
func (p Public) String() string { return base64.StdEncoding.EncodeToString(p.key) }

// Verify tells that the portal signed this message, not longer ago than Slack; else
// ErrSignature, with the reason.
func (p Public) Verify(h http.Header, body []byte, at time.Time) error {
	id, stamp, text := h.Get(HeaderID), h.Get(HeaderTime), h.Get(HeaderSignature)
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	switch {
	case id == "" || err != nil:
		return fmt.Errorf("%w: no id or no time", ErrSignature)
	case h.Get(HeaderKey) != p.ID():
		return fmt.Errorf("%w: by another key", ErrSignature)
	case at.Sub(time.Unix(seconds, 0)).Abs() > Slack:
		return fmt.Errorf("%w: of another time", ErrSignature)
	}
	for _, one := range strings.Fields(text) {
		raw, ok := strings.CutPrefix(one, "v1a,")
		if sig, err := base64.StdEncoding.DecodeString(raw); ok && err == nil && ed25519.Verify(p.key, signed(id, stamp, body), sig) {
			return nil
		}
	}
	return ErrSignature
}

// The headers by which the register shows who it is where it sends no body: when it asks,
// and its CMS signature, detached, in base64, over RequestText.
const (
	HeaderAsked = "Register-Time"
	HeaderShown = "Register-Signature"
)

// maxShown is the longest signature that is looked at, in base64.
const maxShown = 16 << 10

const askedShape = "2006-01-02T15:04:05Z"

// RequestText is what the register signs of a request: it is no text of anything else,
// and good for no other address and no other portal.
func RequestText(method, origin, uri, asked string) []byte {
	return []byte("zharia/request/1\n" + method + " " + origin + uri + "\n" + asked + "\n")
}

// ShowWho puts the headers on a request. sign is the register's key.
func ShowWho(r *http.Request, origin string, at time.Time, sign func(content []byte) (cms []byte, err error)) error {
	asked := at.UTC().Format(askedShape)
	sig, err := sign(RequestText(r.Method, origin, r.URL.RequestURI(), asked))
	if err != nil {
		return err
	}
	r.Header.Set(HeaderAsked, asked)
	r.Header.Set(HeaderShown, base64.StdEncoding.EncodeToString(sig))
	return nil
}

// Shown is what a request says was signed, and the signature, for whoever knows the
// register's certificate to verify; ErrSignature if it shows none, or one of another time.
func Shown(r *http.Request, origin string, at time.Time) (text, sig []byte, err error) {
	asked, shown := r.Header.Get(HeaderAsked), r.Header.Get(HeaderShown)
	when, err := time.Parse(askedShape, asked)
	if err != nil || at.Sub(when).Abs() > Slack {
		return nil, nil, fmt.Errorf("%w: of another time", ErrSignature)
	}
	if len(shown) == 0 || len(shown) > maxShown {
		return nil, nil, fmt.Errorf("%w: none, or one that is too long", ErrSignature)
	}
	if sig, err = base64.StdEncoding.DecodeString(shown); err != nil {
		return nil, nil, fmt.Errorf("%w: no base64", ErrSignature)
	}
	return RequestText(r.Method, origin, r.RequestURI, asked), sig, nil
}
