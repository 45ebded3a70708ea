package crl

import (
	"bytes"
	"math/big"
	"time"

	"zharia/portal/eds/internal/chain"
)

// Status says what the list, and the delta to it if one is given, know of a
// certificate at a moment.
//
// The issuer is the authority that the caller has verified the certificate
// with, and must have the key the list was verified with: authorities of the
// same name are not the same. Where an authority signs its lists with another
// key of its own, the caller who has verified that gives the certificate of
// that key.
//
// A certificate whose revocation is dated later than the moment is revoked all
// the same. Unknown always comes with a *chain.Refused, the other two never.
// The caller that has no current delta gives nil and relies on the full list
// alone.
func (l *List) Status(c, issuer *chain.Certificate, delta *List, at time.Time) (Status, Entry, error) {
	if err := l.speaksOf(c, issuer); err != nil {
		return Unknown, Entry{}, err
	}
	if err := l.current(at); err != nil {
		return Unknown, Entry{}, err
	}
	entry, listed := l.Find(c.Serial)
	if delta != nil {
		if err := delta.completes(l, at); err != nil {
			return Unknown, Entry{}, err
		}
		entry, listed = delta.over(l, c.Serial, entry, listed)
	}
	if listed {
		return Revoked, entry, nil
	}
	// Authorities take expired certificates off their lists, revoked ones too:
	// an old filing judged by a new list would look good.
	if c.NotAfter.Before(l.ThisUpdate) {
		return Unknown, Entry{}, refuse(NotKnown, "the certificate had expired before the list was made")
	}
	return Good, Entry{}, nil
}

// speaksOf asks whether the list is complete for the certificate.
func (l *List) speaksOf(c, issuer *chain.Certificate) error {
	switch {
	case l.Base != nil:
		return refuse(NotKnown, "a delta alone is not a list")
	case !bytes.Equal(c.Issuer, l.Issuer) || !bytes.Equal(issuer.Subject, l.Issuer):
		return refuse(NotKnown, "the list is another issuer's")
	case !bytes.Equal(issuer.SPKI, l.signer.SPKI):
		return refuse(NotKnown, "the list is by another key than the certificate's issuer has")
	case !l.scope.covers(c):
		return refuse(NotKnown, "the list does not speak of such certificates")
	}
	return nil
}

// current asks whether the list may be used at the moment.
func (l *List) current(at time.Time) error {
	switch {
	case l.ThisUpdate.After(at):
		return refuse(Stale, "the list is of %s, later than the moment asked", l.ThisUpdate.Format(time.RFC3339))
	case l.NextUpdate.IsZero() && l.MaxAge == 0:
		return refuse(Stale, "the list does not say when it ends")
	case !l.NextUpdate.IsZero() && at.After(l.NextUpdate):
		return refuse(Stale, "the list ended at %s", l.NextUpdate.Format(time.RFC3339))
	case l.MaxAge > 0 && at.Sub(l.ThisUpdate) > l.MaxAge:
		return refuse(Stale, "the list is older than %s", l.MaxAge)
	}
	return nil
}

// completes asks whether the delta may be read on top of the full list (RFC
// 5280 5.2.4): by the same key, of the same certificates, current, and made
// for this full list or an earlier one.
func (d *List) completes(full *List, at time.Time) error {
	switch {
	case d.Base == nil:
		return refuse(NotKnown, "the delta is a full list")
	case !bytes.Equal(d.Issuer, full.Issuer) || !bytes.Equal(d.signer.SPKI, full.signer.SPKI):
		return refuse(NotKnown, "the delta is another issuer's")
	case !bytes.Equal(d.scope.raw, full.scope.raw):
		return refuse(NotKnown, "the delta speaks of other certificates than the list")
	case full.Number == nil || full.Number.Cmp(d.Base) < 0:
		return refuse(Stale, "the delta completes a later list")
	}
	return d.current(at)
}

// over gives what the two lists say together. Which of them is later is told
// by their dates: RFC 5280 5.2.4 would compare their numbers, but the national
// authority counts its deltas apart. An earlier delta has nothing to add.
func (d *List) over(full *List, serial *big.Int, entry Entry, listed bool) (Entry, bool) {
	changed, in := d.Find(serial)
	switch {
	case !in || d.ThisUpdate.Before(full.ThisUpdate):
		return entry, listed
	case changed.Reason != Remove:
		return changed, true
	case listed && entry.Reason != Hold:
		// Only a hold can be lifted.
		return entry, true
	}
	return Entry{}, false
}
