package keeper

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"zharia/portal/share"
)

// Source is where the root comes from when the keeper starts: people with shares,
// one passphrase, a hardware module (pkcs11.go), or another keeper of keys. It says only how the root is sealed in
// the state folder; the keeper itself proves that what comes back is the root.
type Source interface {
	// Name stands in the state folder: a root is unsealed as it was sealed.
	Name() string
	// Seal gives what the state folder keeps of the root: nothing that opens alone.
	Seal(ctx context.Context, root []byte) ([]byte, error)
	// Unseal is the way back, or ErrNotRoot, or what else stands in it.
	Unseal(ctx context.Context, sealed []byte) ([]byte, error)
}

// ErrNotRoot says that what was brought does not unseal this keeper.
var ErrNotRoot = errors.New("keeper: this does not unseal this keeper")

// ErrForged says that a share has the name of one of ours and was not made by us.
var ErrForged = errors.New("keeper: this share was not made for this keeper, though it says so")

const rootSize = 32

// Names of sources, as they stand in the state folder.
const (
	byShares     = "shares"
	byPassphrase = "passphrase"
	byTransit    = "transit"
)

// Shares seals the root with a key that is cut into shares for custodians of
// different bodies. The root itself is in no share: so new shares make the old ones
// useless to whoever has not kept the old state folder too.
type Shares struct {
	Threshold, Count int
	Made             []share.Share // by Seal; printed once, then cleared
	Given            []share.Share // for Unseal
}

// sealedShares is what the state folder keeps: the root under the key, and by which
// each share is known again. The fingerprints are of 256 random bits each, they tell
// nothing.
type sealedShares struct {
	Set       share.Set  `json:"set"`
	Threshold int        `json:"threshold"`
	Prints    [][32]byte `json:"prints"`
	Box       []byte     `json:"box"`
}

func (s *Shares) Name() string { return byShares }

// Seal makes new shares: Made has them.
func (s *Shares) Seal(_ context.Context, root []byte) ([]byte, error) {
	key := make([]byte, share.Size)
	defer clear(key)
	rand.Read(key)
	made, err := share.Split(key, s.Threshold, s.Count)
	if err != nil {
		return nil, err
	}
	kept := sealedShares{Set: made[0].Set, Threshold: s.Threshold}
	for _, one := range made {
		print, err := one.Print()
		if err != nil {
			return nil, err
		}
		kept.Prints = append(kept.Prints, print)
	}
	if kept.Box, err = box(key, byShares+"/"+kept.Set.String(), root); err != nil {
		return nil, err
	}
	s.Made = made
	return json.Marshal(kept)
}

// Unseal takes Given. The errors name the share that is wrong.
func (s *Shares) Unseal(_ context.Context, sealed []byte) ([]byte, error) {
	for _, one := range s.Given {
		if err := belongs(sealed, one); err != nil {
			return nil, err
		}
	}
	key, err := share.Combine(s.Given...)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	var kept sealedShares
	if err := strictly(sealed, &kept); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrChanged, err)
	}
	return unbox(key, byShares+"/"+kept.Set.String(), kept.Box)
}

// belongs says why a share is not one of those that were made for this root.
func belongs(sealed []byte, one share.Share) error {
	var kept sealedShares
	if err := strictly(sealed, &kept); err != nil {
		return fmt.Errorf("%w: %w", ErrChanged, err)
	}
	print, err := one.Print()
	switch {
	case err != nil:
		return err
	case one.Set != kept.Set:
		return fmt.Errorf("%w: %v; the shares of this keeper are of set %v", share.ErrMixed, one, kept.Set)
	case int(one.Threshold) != kept.Threshold || int(one.Index) > len(kept.Prints) || print != kept.Prints[one.Index-1]:
		return fmt.Errorf("%w: %v", ErrForged, one)
	}
	return nil
}

// Passphrase seals the root with one passphrase: for development and small sites,
// where one person may open everything and it is known who.
type Passphrase struct{ Text []byte }

// MinPassphrase is the least number of characters: five words of a list.
const MinPassphrase = 20

// ErrShort says that a passphrase can be guessed.
var ErrShort = fmt.Errorf("keeper: a passphrase has at least %d characters", MinPassphrase)

type sealedPassphrase struct {
	Salt []byte `json:"salt"`
	Box  []byte `json:"box"`
}

func (p Passphrase) Name() string { return byPassphrase }

func (p Passphrase) Seal(_ context.Context, root []byte) ([]byte, error) {
	if utf8.RuneCount(p.Text) < MinPassphrase {
		return nil, ErrShort
	}
	kept := sealedPassphrase{Salt: make([]byte, 16)}
	rand.Read(kept.Salt)
	key := p.key(kept.Salt)
	defer clear(key)
	var err error
	if kept.Box, err = box(key, byPassphrase, root); err != nil {
		return nil, err
	}
	return json.Marshal(kept)
}

func (p Passphrase) Unseal(_ context.Context, sealed []byte) ([]byte, error) {
	var kept sealedPassphrase
	if err := strictly(sealed, &kept); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrChanged, err)
	}
	key := p.key(kept.Salt)
	defer clear(key)
	return unbox(key, byPassphrase, kept.Box)
}

// key costs a guess 64 MiB and about a tenth of a second (RFC 9106, section 4). They go back
// to the system at once: the keeper needs a fraction of that afterwards.
func (p Passphrase) key(salt []byte) []byte {
	defer debug.FreeOSMemory()
	return argon2.IDKey(p.Text, salt, 3, 64<<10, 4, 32)
}

// Transit lets OpenBao or Vault seal the root (the transit secrets engine): the
// site that has one with a hardware module behind it needs no custodians of ours.
type Transit struct {
	Address string // https://…, or http:// to this machine
	Token   string
	Key     string // its name in the engine
	Client  *http.Client
}

// maxTransit bounds an answer.
const maxTransit = 64 << 10

func (t Transit) Name() string { return byTransit }

func (t Transit) Seal(ctx context.Context, root []byte) ([]byte, error) {
	plain := base64.StdEncoding.EncodeToString(root)
	sealed, err := t.ask(ctx, "encrypt", map[string]string{"plaintext": plain, "associated_data": t.bound()}, "ciphertext")
	return []byte(sealed), err
}

func (t Transit) Unseal(ctx context.Context, sealed []byte) ([]byte, error) {
	plain, err := t.ask(ctx, "decrypt", map[string]string{"ciphertext": string(sealed), "associated_data": t.bound()}, "plaintext")
	if err != nil {
		return nil, err
	}
	root, err := base64.StdEncoding.DecodeString(plain)
	if err != nil {
		return nil, fmt.Errorf("%w: %s gave what is not base64", ErrNotRoot, byTransit)
	}
	return root, nil
}

// bound keeps the engine from taking another ciphertext of this key for a root.
func (t Transit) bound() string {
	return base64.StdEncoding.EncodeToString([]byte("zharia/keeper/root"))
}

// straight goes nowhere but to the address it was given: the token goes along.
var straight = &http.Client{
	Timeout:       time.Minute,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func (t Transit) ask(ctx context.Context, verb string, what map[string]string, field string) (string, error) {
	base, err := url.Parse(t.Address)
	if err != nil || base.Host == "" {
		return "", fmt.Errorf("keeper: %q is not the address of a transit engine", t.Address)
	}
	if host := base.Hostname(); base.Scheme != "https" && host != "127.0.0.1" && host != "::1" && host != "localhost" {
		return "", fmt.Errorf("keeper: the root does not go to %s without TLS", base.Host)
	}
	body, err := json.Marshal(what)
	if err != nil {
		return "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, base.JoinPath("v1", "transit", verb, url.PathEscape(t.Key)).String(), bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("X-Vault-Token", t.Token)
	request.Header.Set("Content-Type", "application/json")
	client := t.Client
	if client == nil {
		client = straight
	}
	response, err := client.Do(request)
	if err != nil {
		return "", fmt.Errorf("keeper: ask the transit engine: %w", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxTransit))
	if err != nil {
		return "", fmt.Errorf("keeper: ask the transit engine: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%w: the transit engine says %s", ErrNotRoot, response.Status)
	}
	var answer struct {
		Data map[string]any `json:"data"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return "", fmt.Errorf("keeper: the transit engine's answer: %w", err)
	}
	value, ok := answer.Data[field].(string)
	if !ok || strings.TrimSpace(value) == "" {
		return "", fmt.Errorf("keeper: the transit engine's answer has no %s", field)
	}
	return value, nil
}

// box is AES-256-GCM with a key that seals one thing only, so the nonce may be zero.
func box(key []byte, place string, plain []byte) ([]byte, error) {
	sealer, err := sealerOf(key)
	if err != nil {
		return nil, err
	}
	return sealer.Seal(nil, make([]byte, sealer.NonceSize()), plain, []byte("zharia/keeper/box/1\x00"+place)), nil
}

func unbox(key []byte, place string, sealed []byte) ([]byte, error) {
	sealer, err := sealerOf(key)
	if err != nil {
		return nil, err
	}
	plain, err := sealer.Open(nil, make([]byte, sealer.NonceSize()), sealed, []byte("zharia/keeper/box/1\x00"+place))
	if err != nil {
		return nil, ErrNotRoot
	}
	return plain, nil
}

func sealerOf(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
