package crl_test

import (
	"math/big"
	"testing"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/crl"
	"zharia/portal/eds/internal/der"
)

// verdict is what Status said, in short.
type verdict struct {
	status crl.Status
	reason string
}

func statusOf(t *testing.T, l *crl.List, c, issuer *chain.Certificate, delta *crl.List, at time.Time) verdict {
	t.Helper()
	status, entry, err := l.Status(c, issuer, delta, at)
	if (status == crl.Unknown) != (err != nil) || (status == crl.Revoked) == entry.At.IsZero() {
		t.Errorf("%s with the entry %v and %v", status, entry, err)
	}
	return verdict{status, reason(err)}
}

func TestAStatusIsKnownOnlyWhileTheListIsCurrent(t *testing.T) {
	s := ours(t)
	d := newDraft(s).with(func(d *draft) {
		d.entries = [][]byte{entry(7, made.Add(-time.Hour), 1), entry(8, made.Add(-time.Hour), crl.Hold), entry(9, now.Add(time.Hour), 4)}
	})
	endless := d.with(func(d *draft) { d.ends = nil })
	good, revoked, stale := verdict{crl.Good, ""}, verdict{crl.Revoked, ""}, verdict{crl.Unknown, crl.Stale}
	for _, c := range []struct {
		name   string
		d      draft
		age    time.Duration
		serial int64
		at     time.Time
		want   verdict
	}{
		{"not listed", d, 0, 1, now, good},
		{"listed", d, 0, 7, now, revoked},
		{"on hold", d, 0, 8, now, revoked},
		{"revoked from a later day", d, 0, 9, now, revoked},
		{"at the list's first second", d, 0, 1, made, good},
		{"before it", d, 0, 1, made.Add(-time.Second), stale},
		{"listed, before it", d, 0, 7, made.Add(-time.Second), stale},
		{"at its last second", d, 0, 1, ends, good},
		{"after it", d, 0, 1, ends.Add(time.Second), stale},
		{"listed, after it", d, 0, 7, ends.Add(time.Second), stale},
		{"younger than asked", d, 2 * time.Hour, 1, now, good},
		{"older than asked", d, 2*time.Hour - time.Second, 1, now, stale},
		{"without an end", endless, 0, 1, now, stale},
		{"without an end, under an age", endless, 2 * time.Hour, 1, now, good},
		{"without an end, too old", endless, time.Hour, 1, now, stale},
	} {
		l := mustRead(t, c.d, s)
		l.MaxAge = c.age
		if got := statusOf(t, l, s.issued(c.serial), s.Certificate, nil, c.at); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestAListSpeaksOnlyOfItsIssuersCertificates(t *testing.T) {
	s, other := ours(t), newSigner(t, "TEST")
	l := mustRead(t, newDraft(s), s)
	unknown := verdict{crl.Unknown, crl.NotKnown}
	if got := statusOf(t, l, s.issued(1), other.Certificate, nil, now); got != unknown {
		t.Errorf("an issuer of the same name with another key: %v", got)
	}
	stranger := s.issued(1)
	stranger.Issuer = named("OTHER")
	if got := statusOf(t, l, stranger, s.Certificate, nil, now); got != unknown {
		t.Errorf("another issuer's certificate: %v", got)
	}
	renamed := *s.Certificate
	renamed.Subject = named("OTHER")
	if got := statusOf(t, l, stranger, &renamed, nil, now); got != unknown {
		t.Errorf("the same key under another name: %v", got)
	}
	if got := statusOf(t, l, s.issued(1), &renamed, nil, now); got != unknown {
		t.Errorf("the same key, whose certificate bears another name: %v", got)
	}
	expired := s.issued(1)
	expired.NotAfter = made.Add(-time.Second)
	if got := statusOf(t, l, expired, s.Certificate, nil, now); got != unknown {
		t.Errorf("a certificate that expired before the list was made: %v", got)
	}
}

// place writes DistributionPointName with these addresses.
func place(addresses ...string) []byte {
	var names [][]byte
	for _, a := range addresses {
		names = append(names, der.Encode(der.Context(6, false), []byte(a)))
	}
	return der.Encode(der.Context(0, true), der.Encode(der.Context(0, true), names...))
}

// pointed is a certificate whose extension cRLDistributionPoints is this.
func pointed(s signer, points ...[]byte) *chain.Certificate {
	c := s.issued(1)
	list := der.EncodeSequence(extension("2.5.29.31", false, der.EncodeSequence(points...)))
	c.TBS = der.EncodeSequence(der.EncodeSmall(1), der.Encode(der.Context(3, true), list))
	return c
}

func TestADividedListSpeaksOnlyOfItsPart(t *testing.T) {
	s := ours(t)
	yes := func(n int) []byte { return der.Encode(der.Context(n, false), []byte{0xff}) }
	person, authority := s.issued(1), s.issued(1)
	authority.CA = true
	reasons := der.Encode(der.Context(1, false), []byte{6, 0x40})
	for _, c := range []struct {
		name  string
		scope [][]byte
		cert  *chain.Certificate
		knows bool
	}{
		{"people, a person", [][]byte{yes(1)}, person, true},
		{"people, an authority", [][]byte{yes(1)}, authority, false},
		{"authorities, a person", [][]byte{yes(2)}, person, false},
		{"authorities, an authority", [][]byte{yes(2)}, authority, true},
		{"a place, a certificate that names none", [][]byte{place("a")}, person, false},
		{"a place, a certificate that names it", [][]byte{place("a")}, pointed(s, der.EncodeSequence(place("a"))), true},
		{"places, a certificate that names one", [][]byte{place("b", "a")}, pointed(s, der.EncodeSequence(place("c")), der.EncodeSequence(place("d", "a"))), true},
		{"a place, a certificate that names another", [][]byte{place("a")}, pointed(s, der.EncodeSequence(place("A"))), false},
		{"a place, a certificate that names it for some reasons", [][]byte{place("a")}, pointed(s, der.EncodeSequence(place("a"), reasons)), false},
		{"a place, a certificate with a broken name of it", [][]byte{place("a")}, pointed(s, place("a")), false},
		{"a place for authorities, a person that names it", [][]byte{place("a"), yes(2)}, pointed(s, der.EncodeSequence(place("a"))), false},
	} {
		d := newDraft(s).with(func(d *draft) {
			d.extensions = append(d.extensions, extension("2.5.29.28", true, der.EncodeSequence(c.scope...)))
		})
		want := verdict{crl.Good, ""}
		if !c.knows {
			want = verdict{crl.Unknown, crl.NotKnown}
		}
		if got := statusOf(t, mustRead(t, d, s), c.cert, s.Certificate, nil, now); got != want {
			t.Errorf("%s: %v, want %v", c.name, got, want)
		}
	}
}

// deltaTo writes a delta to the full list with the number base, made then.
func deltaTo(s signer, base int, at time.Time, entries ...[]byte) draft {
	return newDraft(s).with(func(d *draft) {
		d.made, d.entries = der.EncodeTime(at), entries
		d.extensions[1] = extension("2.5.29.20", false, der.EncodeSmall(3)) // counted apart, as the authority does
		d.extensions = append(d.extensions, extension("2.5.29.27", true, der.EncodeSmall(base)))
	})
}

func TestADeltaCompletesTheFullList(t *testing.T) {
	s := ours(t)
	full := mustRead(t, newDraft(s).with(func(d *draft) {
		d.entries = [][]byte{entry(6, made, crl.Hold), entry(7, made, 1), entry(8, made, crl.Hold)}
	}), s)
	delta := mustRead(t, deltaTo(s, 14, now, entry(2, now, 1), entry(7, now, crl.Remove), entry(8, now, crl.Remove), entry(9, now, crl.Remove)), s)
	for serial, want := range map[int64]crl.Status{
		1: crl.Good,    // in neither
		2: crl.Revoked, // revoked since
		6: crl.Revoked, // still on hold
		7: crl.Revoked, // a stolen key is not given back
		8: crl.Good,    // the hold was lifted
		9: crl.Good,    // held and lifted between the lists
	} {
		if got := statusOf(t, full, s.issued(serial), s.Certificate, delta, now); got != (verdict{want, ""}) {
			t.Errorf("%d: %v, want %s", serial, got, want)
		}
	}
	earlier := mustRead(t, deltaTo(s, 14, made.Add(-time.Second), entry(8, made, crl.Remove), entry(2, made, 1)), s)
	for serial, want := range map[int64]crl.Status{8: crl.Revoked, 2: crl.Good} {
		if got := statusOf(t, full, s.issued(serial), s.Certificate, earlier, now); got != (verdict{want, ""}) {
			t.Errorf("under an earlier delta, %d: %v, want %s", serial, got, want)
		}
	}
}

func TestADeltaThatDoesNotFitMakesTheStatusUnknown(t *testing.T) {
	s, other := ours(t), newSigner(t, "TEST")
	other.SubjectKeyID = s.SubjectKeyID
	renamed := signer{&chain.Certificate{Subject: named("OTHER"), SPKI: s.SPKI, Key: s.Key}, s.private}
	full := mustRead(t, newDraft(s), s)
	unnumbered := mustRead(t, newDraft(s).with(func(d *draft) { d.extensions = d.extensions[:1] }), s)
	fits := deltaTo(s, 14, now)
	for _, c := range []struct {
		name        string
		full, delta *crl.List
		want        verdict
	}{
		{"one that fits", full, mustRead(t, fits, s), verdict{crl.Good, ""}},
		{"one to an earlier list", full, mustRead(t, deltaTo(s, 13, now), s), verdict{crl.Good, ""}},
		{"one to a later list", full, mustRead(t, deltaTo(s, 15, now), s), verdict{crl.Unknown, crl.Stale}},
		{"one to a list without a number", unnumbered, mustRead(t, fits, s), verdict{crl.Unknown, crl.Stale}},
		{"one from the future", full, mustRead(t, deltaTo(s, 14, now.Add(time.Second)), s), verdict{crl.Unknown, crl.Stale}},
		{"one that ended", full, mustRead(t, fits.with(func(d *draft) {
			d.made, d.ends = der.EncodeTime(made), der.EncodeTime(now.Add(-time.Second))
		}), s), verdict{crl.Unknown, crl.Stale}},
		{"one by another key", full, mustRead(t, fits, other), verdict{crl.Unknown, crl.NotKnown}},
		{"one under another name", full, mustRead(t, fits.with(func(d *draft) { d.issuer = renamed.Subject }), renamed), verdict{crl.Unknown, crl.NotKnown}},
		{"one of people only", full, mustRead(t, fits.with(func(d *draft) {
			d.extensions = append(d.extensions, extension("2.5.29.28", true, der.EncodeSequence(der.Encode(der.Context(1, false), []byte{0xff}))))
		}), s), verdict{crl.Unknown, crl.NotKnown}},
		{"a full list in its place", full, full, verdict{crl.Unknown, crl.NotKnown}},
		{"a delta in place of the full list", mustRead(t, fits, s), nil, verdict{crl.Unknown, crl.NotKnown}},
	} {
		if got := statusOf(t, c.full, s.issued(1), s.Certificate, c.delta, now); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestOneListMayBeAskedByMany(t *testing.T) {
	s := ours(t)
	l := mustRead(t, newDraft(s).with(func(d *draft) { d.entries = [][]byte{entry(7, made, 1)} }), s)
	done := make(chan bool)
	for range 4 {
		go func() {
			for n := range int64(100) {
				_, found := l.Find(big.NewInt(n))
				if found != (n == 7) {
					t.Errorf("%d: %v", n, found)
				}
			}
			done <- true
		}()
	}
	for range 4 {
		<-done
	}
}
