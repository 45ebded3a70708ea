package authority

import (
	"errors"
	"fmt"
	"maps"
	"time"

	"zharia/portal/eds/internal/chain"
)

// Reasons of a revocation (RFC 5280 5.3.1). Hold is the one that can be
// lifted; the national authority gives it to keys their owners blocked.
const (
	Unspecified   = 0
	KeyCompromise = 1
	Superseded    = 4
	Hold          = 6

	reasonRemoved = 8 // in a delta: the entry of the full list is lifted
	reasonLast    = 10
)

// ErrSerial says that the authority never issued such a certificate.
var ErrSerial = errors.New("no certificate of this serial number was issued")

// ErrNotHeld says that there is nothing to lift: the certificate is not on
// hold.
var ErrNotHeld = errors.New("the certificate is not on hold")

// state is what an authority must not forget. Serial numbers are lower-case
// hex, as Key.Serial gives them.
type state struct {
	Issued  map[string]bool       `json:"issued"`
	Revoked map[string]revocation `json:"revoked"`
	Number  int64                 `json:"number"` // of the last revocation list
}

// revocation is when a certificate was revoked and why.
type revocation struct {
	At     time.Time `json:"at"`
	Reason int       `json:"reason"`
}

func newState() state {
	return state{Issued: map[string]bool{}, Revoked: map[string]revocation{}}
}

// remember notes that a serial number was issued.
func (a *Authority) remember(serial string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.state.Issued[serial] = true
	return a.keepState()
}

// Recognise notes a certificate (DER) that this authority issued before it
// kept a state; without it the services answer that it was never issued.
func (a *Authority) Recognise(certificate []byte) error {
	c, err := chain.Parse(certificate)
	if err != nil {
		return err
	}
	issuer, err := chain.Parse(a.Issuer())
	if err != nil {
		return err
	}
	if err := c.SignedBy(issuer); err != nil {
		return err
	}
	serial := fmt.Sprintf("%x", c.Serial.Bytes())
	if a.Issued(serial) {
		return nil
	}
	return a.remember(serial)
}

// Revoke takes a certificate back, by its serial number in lower-case hex: of
// a person, a service, or the issuer itself, which then stands in the root's
// list. A second revocation replaces the first. When the folder cannot be
// written the revocation still holds in memory, and the error says so.
func (a *Authority) Revoke(serial string, reason int, at time.Time) error {
	if reason < 0 || reason > reasonLast || reason == 7 || reason == reasonRemoved {
		return fmt.Errorf("revoke: there is no reason %d", reason)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.state.Issued[serial] && serial != a.issuer.Serial() {
		return fmt.Errorf("revoke: %w", ErrSerial)
	}
	a.state.Revoked[serial] = revocation{at.UTC().Truncate(time.Second), reason}
	return a.keepState()
}

// Unrevoke lifts a hold. Any other revocation is for ever.
func (a *Authority) Unrevoke(serial string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r, ok := a.state.Revoked[serial]; !ok || r.Reason != Hold {
		return fmt.Errorf("lift a hold: %w", ErrNotHeld)
	}
	delete(a.state.Revoked, serial)
	return a.keepState()
}

// Revoked says whether a certificate is revoked or on hold now.
func (a *Authority) Revoked(serial string) bool {
	_, ok := a.revocation(serial)
	return ok
}

func (a *Authority) revocation(serial string) (revocation, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r, ok := a.state.Revoked[serial]
	return r, ok
}

// Issued says whether the authority issued a certificate of this serial number.
func (a *Authority) Issued(serial string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state.Issued[serial]
}

// entries gives what the root revoked, or what the issuer did.
func (a *Authority) entries(ofRoot bool) map[string]revocation {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := maps.Clone(a.state.Revoked)
	maps.DeleteFunc(all, func(serial string, _ revocation) bool {
		return (serial == a.issuer.Serial()) != ofRoot
	})
	return all
}

// number gives the next number of a revocation list. It is kept before it is
// used, so that no restart gives one out twice.
func (a *Authority) number() (int64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.state.Number++
	return a.state.Number, a.keepState()
}
