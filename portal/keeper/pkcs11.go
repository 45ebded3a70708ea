package keeper

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// byHSM is the name of the source, as it stands in the state folder.
const byHSM = "pkcs11"

// HSM seals the root with an AES-256 key that cannot leave a hardware module, asked
// over PKCS#11. Whoever has the state folder and the PIN and not the module has
// nothing. Only a build with the tag hsm has it; every other one says so.
//
// What the maker's library keeps in its own memory is not ours to clear; the PIN and the
// root stand nowhere else once they were used (pkcs11_call.go).
type HSM struct {
	Module string // full path of the library that the maker of the module gives
	Token  string // label of the token
	Key    string // label of the key in it; Seal makes one where there is none
	PIN    []byte // of the token's user
}

// Bounds of what is told: as PKCS#11 has them, or generous.
const (
	maxTokenLabel = 32
	maxKeyLabel   = 64
	maxPIN        = 255
)

// moduleTime is how long the module may take: less than whoever waits for us waits.
const moduleTime = 8 * time.Second

// Errors of the hardware module, each something else for whoever runs the keeper to do.
// None has the PIN in it.
var (
	ErrNoPKCS11  = errors.New("keeper: this portal was built without PKCS#11: build it with CGO_ENABLED=1 go build -tags hsm ./cmd/portal")
	ErrHSMGone   = errors.New("keeper: the hardware module does not answer")
	ErrHSMToken  = errors.New("keeper: the hardware module has not the one token it was asked for")
	ErrHSMKey    = errors.New("keeper: the token has not the key that it should have")
	ErrPIN       = errors.New("keeper: the PIN is not that of the token")
	ErrPINLast   = errors.New("keeper: one more wrong PIN locks the token: the last try is not ours to take, log in once with the tools of the module's maker")
	ErrPINLocked = errors.New("keeper: the token is locked after too many wrong PINs: its security officer unlocks it")
)

// sealedHSM is what the state folder keeps.
type sealedHSM struct {
	Key   string `json:"key"` // its label
	ID    []byte `json:"id"`  // the same label in another token is another key
	Nonce []byte `json:"nonce"`
	Box   []byte `json:"box"`
}

func (h HSM) Name() string { return byHSM }

// String is everything but the PIN, and so is what stands in a log.
func (h HSM) String() string {
	return fmt.Sprintf("PKCS#11 module %s, token %q, key %q", h.Module, h.Token, h.Key)
}

func (h HSM) GoString() string     { return h.String() }
func (h HSM) LogValue() slog.Value { return slog.StringValue(h.String()) }

// Check says what is wrong with the settings, all but the PIN. It does not ask the
// module.
func (h HSM) Check() error {
	if !withPKCS11 {
		return ErrNoPKCS11
	}
	switch {
	case !filepath.IsAbs(h.Module):
		return errors.New("keeper: the PKCS#11 module is told by its full path: -source pkcs11 -pkcs11-module PATH")
	case h.Token == "" || len(h.Token) > maxTokenLabel:
		return fmt.Errorf("keeper: the label of the token has 1 to %d bytes", maxTokenLabel)
	case h.Key == "" || len(h.Key) > maxKeyLabel || strings.ContainsRune(h.Key, 0):
		return fmt.Errorf("keeper: the label of the key has 1 to %d bytes", maxKeyLabel)
	}
	info, err := os.Stat(h.Module)
	switch {
	case err != nil:
		return fmt.Errorf("%w: its library: %w", ErrHSMGone, err)
	case !info.Mode().IsRegular() || info.Mode().Perm()&0o022 != 0:
		// It runs inside the keeper: whoever writes it has the root.
		return fmt.Errorf("keeper: %s: others can write it, or it is no library: chmod go-w it", h.Module)
	}
	return nil
}

// Seal makes the key in the token, or takes the one with that label if it cannot leave.
func (h HSM) Seal(ctx context.Context, root []byte) ([]byte, error) {
	plain := bytes.Clone(root) // the module may be at it still when we have given up
	return h.ask(ctx, func(h HSM) ([]byte, error) {
		defer clear(plain)
		kept, err := h.encrypt(plain)
		if err != nil {
			return nil, err
		}
		return json.Marshal(kept)
	})
}

// Unseal says which of the errors of the module it was, or ErrNotRoot.
func (h HSM) Unseal(ctx context.Context, sealed []byte) ([]byte, error) {
	var kept sealedHSM
	if err := strictly(sealed, &kept); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrChanged, err)
	}
	if kept.Key != h.Key {
		return nil, fmt.Errorf("%w: the root is under the key %q, and %q is told", ErrHSMKey, kept.Key, h.Key)
	}
	return h.ask(ctx, func(h HSM) ([]byte, error) { return h.decrypt(kept) })
}

// atModule lets one question in at a time: the library of a module is one for the
// process, and knows one login.
var atModule = make(chan struct{}, 1)

// ask waits for the module, and not for ever: a call into it cannot be interrupted, so
// one that hangs is left alone, and what it gives in the end is cleared.
func (h HSM) ask(ctx context.Context, question func(HSM) ([]byte, error)) ([]byte, error) {
	if err := h.Check(); err != nil {
		return nil, err
	}
	if len(h.PIN) == 0 || len(h.PIN) > maxPIN || bytes.IndexByte(h.PIN, 0) >= 0 {
		return nil, fmt.Errorf("%w: it has 1 to %d characters", ErrPIN, maxPIN)
	}
	ctx, done := context.WithTimeout(ctx, moduleTime)
	defer done()
	select {
	case atModule <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: it is still at the question before this one", ErrHSMGone)
	}
	type answer struct {
		text []byte
		err  error
	}
	answers := make(chan answer)
	h.PIN = bytes.Clone(h.PIN) // whoever gave it may clear it when we have given up
	go func() {
		defer func() { <-atModule }()
		defer clear(h.PIN)
		text, err := unbroken(h, question)
		select {
		case answers <- answer{text, err}:
		case <-ctx.Done():
			clear(text)
		}
	}()
	select {
	case a := <-answers:
		return a.text, a.err
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: it said nothing in %v", ErrHSMGone, moduleTime)
	}
}

// unbroken keeps what breaks in a question from ending the keeper, who would be sealed.
func unbroken(h HSM, question func(HSM) ([]byte, error)) (text []byte, err error) {
	defer func() {
		if recover() != nil {
			text, err = nil, fmt.Errorf("%w as it should: the question to it broke", ErrHSMGone)
		}
	}()
	return question(h)
}

// bySecret is what one secret unseals a keeper with: a passphrase, the PIN of the token, or
// the token of a transit engine, where the rest of the settings stand in the configuration.
func (k *Keeper) bySecret(text []byte) Source {
	k.mu.RLock()
	defer k.mu.RUnlock()
	switch k.state.Source {
	case byHSM:
		h := k.config.HSM
		h.PIN = text
		return h
	case byTransit:
		engine := k.config.Transit
		engine.Token = string(text)
		return engine
	}
	return Passphrase{text}
}
