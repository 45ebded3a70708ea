package eds_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"zharia/portal/eds"
	"zharia/portal/eds/authority"
	"zharia/portal/eds/internal/beside"
	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/crl"
	"zharia/portal/eds/internal/der"
	"zharia/portal/eds/key"
)

// served is a world whose authority has services that live by its clock.
type served struct {
	*authority.Authority
	*authority.Services
	verifier *eds.Verifier
	aigul    *key.Key
	now      time.Time
}

func services(t testing.TB) *served { return servicesOf(t, authority.New) }

func servicesOf(t testing.TB, found func(string, time.Time) (*authority.Authority, error)) *served {
	t.Helper()
	s := &served{now: now}
	var err error
	if s.Authority, err = found("SERVED", now.AddDate(-1, 0, 0)); err != nil {
		t.Fatal(err)
	}
	if s.Services, err = s.Authority.Services(func() time.Time { return s.now }); err != nil {
		t.Fatal(err)
	}
	if s.verifier, err = eds.NewVerifier(s.Root(), s.Issuer()); err != nil {
		t.Fatal(err)
	}
	s.verifier.Services = authority.Direct{Services: s.Services}
	person := aigul
	person.From, person.To = now.AddDate(0, -1, 0), now.AddDate(1, 0, 0)
	if s.aigul, err = s.Issue(person); err != nil {
		t.Fatal(err)
	}
	return s
}

// sign signs the filing at the present moment of the world.
func (s *served) sign(t testing.TB) []byte {
	t.Helper()
	cms, err := s.aigul.SignCMS(filing, false, s.now)
	if err != nil {
		t.Fatal(err)
	}
	return cms
}

func (s *served) silence(how authority.Fault) {
	for _, service := range []authority.Service{authority.OCSP, authority.Lists, authority.Stamps} {
		s.Break(service, how)
	}
}

func TestRevocationThatIsNotClearlyGoodIsARefusal(t *testing.T) {
	revoke := func(reason int, before time.Duration) func(*served) {
		return func(s *served) { s.Revoke(s.aigul.Serial(), reason, s.now.Add(-before)) }
	}
	broken := func(how authority.Fault) func(*served) {
		return func(s *served) { s.Break(authority.OCSP, how) }
	}
	listed := func(do func(*served)) func(*served) {
		return func(s *served) {
			do(s)
			s.Break(authority.OCSP, authority.Unavailable)
		}
	}
	for name, c := range map[string]struct {
		set  func(*served)
		want eds.Reason
	}{
		"good":                        {func(*served) {}, ""},
		"revoked":                     {revoke(authority.KeyCompromise, time.Hour), eds.Revoked},
		"superseded an hour ago":      {revoke(authority.Superseded, time.Hour), eds.Revoked},
		"on hold":                     {revoke(authority.Hold, time.Hour), eds.Held},
		"the responder does not know": {broken(authority.UnknownStatus), eds.NotKnown},
		"a stale answer":              {broken(authority.Stale), eds.NotKnown},
		"somebody else's nonce":       {broken(authority.WrongNonce), eds.NotKnown},
		"an answer by a person":       {broken(authority.WrongResponder), eds.NotKnown},
		"by the list: good":           {listed(func(*served) {}), ""},
		"by the list: revoked":        {listed(revoke(authority.KeyCompromise, time.Hour)), eds.Revoked},
		"by the list: on hold":        {listed(revoke(authority.Hold, time.Hour)), eds.Held},
		"a list by a person":          {listed(func(s *served) { s.Break(authority.Lists, authority.WrongResponder) }), eds.NotKnown},
	} {
		s := services(t)
		c.set(s)
		who, err := s.verifier.Document(t.Context(), s.sign(t), filing, s.now)
		if reason(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if err == nil && (who.Revocation != eds.Good || who.Evidence == nil) {
			t.Errorf("%s: %q", name, who.Revocation)
		}
		if _, err := s.verifier.SignIn(t.Context(), s.sign(t), filing, s.now); reason(err) != c.want {
			t.Errorf("%s, signing in: %v, want %q", name, err, c.want)
		}
	}
}

// The issuer's own certificate is asked about, too: of the root's list.
func TestAKeyOfARevokedIssuerIsNoKey(t *testing.T) {
	s := services(t)
	issuer, err := chain.Parse(s.Issuer())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Revoke(fmt.Sprintf("%x", issuer.Serial.Bytes()), authority.KeyCompromise, s.now.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.verifier.Document(t.Context(), s.sign(t), filing, s.now); reason(err) != eds.Revoked {
		t.Errorf("it signs: %v", err)
	}
}

func TestASilentAuthorityLetsADocumentWaitAndNobodyIn(t *testing.T) {
	for _, how := range []authority.Fault{authority.Unavailable, authority.Slow, authority.Redirected, authority.CutOff} {
		s := services(t)
		s.silence(how)
		who, err := s.verifier.Document(t.Context(), s.sign(t), filing, s.now)
		if err != nil || who.Revocation != eds.Pending || !who.ProvenAt.IsZero() {
			t.Errorf("%s: a document is %q, %v", how, who.Revocation, err)
		}
		if _, err := s.verifier.SignIn(t.Context(), s.sign(t), filing, s.now); reason(err) != eds.Unreachable {
			t.Errorf("%s: signing in: %v", how, err)
		}
	}
}

func TestWhatTheAuthorityWillSayLaterDecidesAboutADocumentThatWaits(t *testing.T) {
	for name, c := range map[string]struct {
		reason int
		after  time.Duration // of the revocation, from the signature
		want   eds.Revocation
	}{
		"never revoked":             {-1, 0, eds.Good},
		"superseded afterwards":     {authority.Superseded, time.Minute, eds.Good},
		"superseded before":         {authority.Superseded, -time.Minute, eds.Refuted},
		"compromised afterwards":    {authority.KeyCompromise, time.Minute, eds.Refuted},
		"blocked afterwards":        {authority.Hold, time.Minute, eds.Refuted},
		"without a reason":          {authority.Unspecified, time.Minute, eds.Refuted},
		"compromised before, known": {authority.KeyCompromise, -time.Hour, eds.Refuted},
	} {
		s := services(t)
		s.silence(authority.Unavailable)
		who, err := s.verifier.Document(t.Context(), s.sign(t), filing, s.now)
		if err != nil {
			t.Fatal(err)
		}
		if c.reason >= 0 {
			s.Revoke(s.aigul.Serial(), c.reason, s.now.Add(c.after))
		}
		s.now = s.now.Add(time.Hour)
		if state, err := s.verifier.Confirm(t.Context(), who.Evidence, s.now); err != nil || state != eds.Pending {
			t.Errorf("%s: asked in vain: %q, %v", name, state, err)
		}
		s.silence(authority.NoFault)
		state, err := s.verifier.Confirm(t.Context(), who.Evidence, s.now)
		if err != nil || state != c.want {
			t.Errorf("%s: %q, %v; want %q", name, state, err, c.want)
		}
		again, err := s.verifier.Reverify(t.Context(), who.Evidence, filing)
		if err != nil || again.Revocation != c.want {
			t.Errorf("%s, verified anew: %q, %v", name, again.Revocation, err)
		}
	}
}

func TestEvidenceProvesASignatureWhenNobodyAnswersAnyMore(t *testing.T) {
	s := services(t)
	for what, set := range map[string]func(){
		"by the responder": func() {},
		"by the lists":     func() { s.Break(authority.OCSP, authority.Unavailable) },
	} {
		set()
		who, err := s.verifier.Document(t.Context(), s.sign(t), filing, s.now)
		if err != nil || who.ProvenAt.IsZero() {
			t.Fatalf("%s: %v, stamped at %v", what, err, who.ProvenAt)
		}
		bundle, err := who.Evidence.Bundle()
		if err != nil {
			t.Fatal(err)
		}
		e, err := eds.ReadBundle(bundle)
		if err != nil {
			t.Fatal(err)
		}
		later, err := eds.NewVerifier(s.Root())
		if err != nil {
			t.Fatal(err)
		}
		again, err := later.Reverify(t.Context(), e, filing)
		if err != nil || again.Revocation != eds.Good || again.IIN != who.IIN || !again.ProvenAt.Equal(who.ProvenAt) {
			t.Errorf("%s: %q, %v, %v", what, again.Revocation, again.ProvenAt, err)
		}
		t.Logf("%s: a bundle of %d bytes", what, len(bundle))
		stranger, err := eds.NewVerifier(ours(t).authority.Root())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stranger.Reverify(t.Context(), e, filing); reason(err) != eds.UnknownAuthority {
			t.Errorf("%s, under another root: %v", what, err)
		}
	}
}

// Whatever is changed in a bundle, it proves what it proved or less.
func TestAChangedBundleProvesNothingNew(t *testing.T) {
	s := services(t)
	s.now = now.AddDate(0, 0, -25)
	before, err := s.verifier.Document(t.Context(), s.sign(t), filing, s.now)
	if err != nil {
		t.Fatal(err)
	}
	s.now = now
	who, err := s.verifier.Document(t.Context(), s.sign(t), filing, s.now)
	if err != nil {
		t.Fatal(err)
	}
	fresh := func() *eds.Evidence {
		b, _ := who.Evidence.Bundle()
		e, err := eds.ReadBundle(b)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	for name, c := range map[string]struct {
		change func(*eds.Evidence)
		want   eds.Reason
		state  eds.Revocation
	}{
		"as it was":         {func(*eds.Evidence) {}, "", eds.Good},
		"received later":    {func(e *eds.Evidence) { e.At = e.At.AddDate(2, 0, 0) }, eds.ClaimedTime, ""},
		"another purpose":   {func(e *eds.Evidence) { e.Purpose = "anything" }, eds.Malformed, ""},
		"no answers":        {func(e *eds.Evidence) { e.Answers = nil }, "", eds.Pending},
		"no lists":          {func(e *eds.Evidence) { e.Lists = nil }, "", eds.Pending},
		"asked another day": {func(e *eds.Evidence) { e.Answers[0].At = e.At.AddDate(0, 0, 2) }, eds.NotKnown, ""},
		"answers of the month before": {func(e *eds.Evidence) { // as they were given then: the key was good
			e.Answers = slices.Clone(before.Evidence.Answers)
		}, "", eds.Pending},
		"lists of the month before": {func(e *eds.Evidence) { e.Answers, e.Lists = nil, slices.Clone(before.Evidence.Lists) }, "", eds.Pending},
		"an hour before":            {func(e *eds.Evidence) { e.Answers[0].At = e.At.Add(-time.Hour) }, "", eds.Pending},
		"another nonce":             {func(e *eds.Evidence) { e.Answers[0].Nonce[0] ^= 1 }, eds.NotKnown, ""},
		"a bit of the answer":       {func(e *eds.Evidence) { e.Answers[0].Response[len(e.Answers[0].Response)/2] ^= 1 }, eds.NotKnown, ""},
		"a bit of the list":         {func(e *eds.Evidence) { e.Lists[0].Raw[len(e.Lists[0].Raw)/2] ^= 1 }, eds.NotKnown, ""},
		"without the issuer":        {func(e *eds.Evidence) { e.Path = e.Path[:1] }, "", eds.Good}, // the verifier knows him
		"without anybody":           {func(e *eds.Evidence) { e.Path[0] = []byte{0x30, 0} }, eds.Malformed, ""},
		"a bit of the stamp":        {func(e *eds.Evidence) { e.Token[len(e.Token)/2] ^= 1 }, eds.Timestamp, ""},
		"a verdict of its own":      {func(e *eds.Evidence) { e.Verdict = eds.Judged{}; e.Answers = nil }, "", eds.Pending},
		"a bit of the message":      {func(e *eds.Evidence) { e.CMS[len(e.CMS)-3] ^= 1 }, eds.SignatureWrong, ""},
		"a digest of its own":       {func(e *eds.Evidence) { e.Content[0] ^= 1 }, eds.ContentDiffers, ""},
		"a list under its name":     {func(e *eds.Evidence) { e.Lists[0].Digest[0] ^= 1 }, eds.NotKnown, ""},
	} {
		e := fresh()
		c.change(e)
		again, err := s.verifier.Reverify(t.Context(), e, filing)
		if reason(err) != c.want || err == nil && again.Revocation != c.state {
			t.Errorf("%s: %q, %v; want %q, %q", name, again.Revocation, err, c.state, c.want)
		}
	}
	for name, b := range map[string]string{
		"nothing": "", "not JSON": "{", "another version": `{"version":2}`, "something after it": `{"version":1} {}`, "an unknown field": `{"version":1,"trust":true}`,
	} {
		if _, err := eds.ReadBundle([]byte(b)); reason(err) != eds.Malformed {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := eds.ReadBundle(make([]byte, 5<<20)); reason(err) != eds.TooLarge {
		t.Errorf("five megabytes: %v", err)
	}
}

// A key that was stolen and taken back signs, and its thief has answers of when it was good:
// he puts them beside the signature, and says that it was received today.
func TestAnswersFromBeforeTheSignatureDoNotProveAStolenKey(t *testing.T) {
	for what, set := range map[string]func(*served){
		"answers": func(*served) {},
		"lists":   func(s *served) { s.Break(authority.OCSP, authority.Unavailable) },
	} {
		s := services(t)
		s.now = now.AddDate(0, 0, -25)
		set(s)
		good, err := s.verifier.Document(t.Context(), s.sign(t), filing, s.now)
		if err != nil {
			t.Fatal(err)
		}
		s.Revoke(s.aigul.Serial(), authority.KeyCompromise, s.now.Add(time.Hour))
		s.now = now
		stolen, sum := s.sign(t), sha256.Sum256(filing)
		if _, err := s.verifier.Document(t.Context(), stolen, filing, s.now); reason(err) != eds.Revoked {
			t.Fatalf("%s: it is not known to be stolen: %v", what, err)
		}
		forged := &eds.Evidence{Version: 1, At: s.now, Content: sum[:], CMS: stolen, Path: good.Evidence.Path, Answers: good.Evidence.Answers, Lists: good.Evidence.Lists, Purpose: "document"}
		if who, err := s.verifier.Reverify(t.Context(), forged, filing); err == nil && who.Revocation != eds.Pending {
			t.Errorf("by %s of the month before the stolen key is %q", what, who.Revocation)
		}
	}
}

// He says, too, that it came when the key was good. So the authority is asked anew about such a
// paper, and of whom, the signature says: not the bundle, where another's good certificate stands first.
func TestTheAuthorityIsAskedAboutTheOneWhoSigned(t *testing.T) {
	s := services(t)
	person := aigul
	person.IIN, person.From, person.To = "900101300001", now.AddDate(0, -1, 0), now.AddDate(1, 0, 0)
	other, err := s.Issue(person)
	if err != nil {
		t.Fatal(err)
	}
	who, err := s.verifier.Document(t.Context(), s.sign(t), filing, s.now)
	if err != nil {
		t.Fatal(err)
	}
	s.Revoke(s.aigul.Serial(), authority.KeyCompromise, s.now.Add(time.Hour))
	s.now = s.now.AddDate(0, 0, 25)
	good := other.Certificate()
	for what, path := range map[string][][]byte{
		"instead of the signer": slices.Concat([][]byte{good}, who.Evidence.Path[1:]),
		"before the signer":     slices.Concat([][]byte{good}, who.Evidence.Path),
	} {
		e := *who.Evidence
		e.Path = path
		if _, err := s.verifier.Reverify(t.Context(), &e, filing); reason(err) != eds.Malformed {
			t.Errorf("another %s, verified anew: %v", what, err)
		}
		if state, err := s.verifier.Confirm(t.Context(), &e, s.now); reason(err) != eds.Malformed {
			t.Errorf("another %s, asked again: %q, %v", what, state, err)
		}
	}
	if state, err := s.verifier.Confirm(t.Context(), who.Evidence, s.now); err != nil || state != eds.Refuted {
		t.Errorf("as it was, asked again: %q, %v", state, err)
	}
}

// The issuer's list is long, and only its name lies in the evidence: until somebody brings it or
// the responder speaks again, nothing is known; after that nobody looks for it any more.
func TestWhatWasProvedByALongListWaitsForTheAuthorityAndIsThenProved(t *testing.T) {
	s := services(t)
	s.Break(authority.OCSP, authority.Unavailable)
	who, err := s.verifier.Document(t.Context(), s.sign(t), filing, s.now)
	if err != nil || len(who.Evidence.Lists) < 2 {
		t.Fatalf("%d lists, %v", len(who.Evidence.Lists), err)
	}
	e := who.Evidence
	long := e.Lists[0].Raw
	e.Lists[0].Raw = nil
	is := func(what string, e *eds.Evidence, want eds.Revocation, lists ...[]byte) {
		t.Helper()
		if again, err := s.verifier.Reverify(t.Context(), e, filing, lists...); err != nil || again.Revocation != want {
			t.Errorf("%s: %q, %v; want %q", what, again.Revocation, err, want)
		}
	}
	is("as it was received", e, eds.Pending)
	is("with the list that was brought", e, eds.Good, long)
	s.Break(authority.OCSP, authority.NoFault)
	s.now = s.now.Add(time.Hour)
	named := slices.Clone(e.Lists)
	if state, err := s.verifier.Confirm(t.Context(), e, s.now); err != nil || state != eds.Good {
		t.Fatalf("confirmed: %q, %v", state, err)
	}
	is("confirmed", e, eds.Good)
	if slices.ContainsFunc(e.Lists, func(l eds.List) bool { return l.Raw == nil }) {
		t.Error("a list that nobody needs any more is still to be brought")
	}
	e.Lists = append(slices.Clone(e.Lists), named...) // as they were confirmed before
	is("confirmed by the version before", e, eds.Good)
}

// A thousand signatures are proved with a clock five years on (THREATS S30).
func TestAThousandFilingsAreProvedFiveYearsLater(t *testing.T) {
	s := services(t)
	const people, each = 20, 50
	later, err := eds.NewVerifier(s.Root())
	if err != nil {
		t.Fatal(err)
	}
	for range people {
		person := aigul
		person.From, person.To = now.AddDate(0, -1, 0), now.AddDate(1, 0, 0)
		k, err := s.Issue(person)
		if err != nil {
			t.Fatal(err)
		}
		s.aigul = k
		who, err := s.verifier.Document(t.Context(), s.sign(t), filing, s.now)
		if err != nil {
			t.Fatal(err)
		}
		s.Revoke(k.Serial(), authority.KeyCompromise, s.now.AddDate(1, 0, 0))
		for range each {
			again, err := later.Reverify(t.Context(), who.Evidence, filing)
			if err != nil || again.Revocation != eds.Good || again.Serial != who.Serial {
				t.Fatalf("%q, %v", again.Revocation, err)
			}
		}
	}
}

// beyond is an authority that is asked and gives what is not of this world.
type beyond struct{ answer []byte }

func (b beyond) OCSP(context.Context, [32]byte, []byte) ([]byte, error) { return b.answer, nil }
func (b beyond) Lists(context.Context, [32]byte) (*crl.List, *crl.List, error) {
	return nil, nil, errors.New("a fault of ours")
}
func (b beyond) Stamp(context.Context, []byte) ([]byte, error) { return b.answer, nil }

func TestWhatIsNoAnswerIsNotGood(t *testing.T) {
	s := services(t)
	sig := s.sign(t)
	for _, answer := range [][]byte{nil, {}, {0x30, 0}, []byte("good"), sig, s.Root(), make([]byte, 1<<20)} {
		s.verifier.Services = beyond{answer}
		if _, err := s.verifier.Document(t.Context(), sig, filing, s.now); reason(err) != eds.NotKnown {
			t.Errorf("%d bytes: %v", len(answer), err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.verifier.Document(ctx, sig, filing, s.now); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
}

func TestASignatureIsGivenOutWithItsTimeStamp(t *testing.T) {
	s := services(t)
	for _, attached := range []bool{false, true} {
		cms, err := s.aigul.SignCMS(filing, attached, s.now)
		if err != nil {
			t.Fatal(err)
		}
		who, err := s.verifier.Document(t.Context(), cms, filing, s.now)
		if err != nil {
			t.Fatal(err)
		}
		stamped, err := who.Evidence.Stamped()
		if err != nil {
			t.Fatal(err)
		}
		s.verifier.Services = nil
		bare, err := s.verifier.Document(t.Context(), cms, filing, s.now)
		if err != nil || !bare.ProvenAt.IsZero() {
			t.Errorf("as it came: proven at %v, %v", bare.ProvenAt, err)
		}
		again, err := s.verifier.Document(t.Context(), stamped, filing, s.now)
		if err != nil || !again.ProvenAt.Equal(s.now) || again.Serial != who.Serial {
			t.Errorf("stamped: proven at %v, %v", again.ProvenAt, err)
		}
		s.verifier.Services = authority.Direct{Services: s.Services}
		third, err := s.verifier.Document(t.Context(), stamped, filing, s.now)
		if err != nil || third.Evidence.Token != nil {
			t.Errorf("stamped already: %v", err)
		}
	}
}

// Another program put something beside the signature that is not signed, and no time-stamp, or
// two: the portal's own goes beside it, for evidence whose signature cannot be given out is not kept.
func TestTheTimeStampGoesBesideWhatOthersAdded(t *testing.T) {
	s := services(t)
	plain := s.sign(t)
	who, err := s.verifier.Document(t.Context(), plain, filing, s.now)
	if err != nil {
		t.Fatal(err)
	}
	put := func(kind string, value []byte) []byte {
		return der.EncodeSequence(der.EncodeOID(kind), der.EncodeSet(value))
	}
	const references, stamp = "1.2.840.113549.1.9.16.2.21", "1.2.840.113549.1.9.16.2.14"
	for what, c := range map[string]struct {
		unsigned [][]byte
		alone    bool // ours is the only stamp there, and read by whoever is given the signature
	}{
		"references of an archive": {[][]byte{put(references, der.EncodeSequence())}, true},
		"two time-stamps":          {[][]byte{put(stamp, who.Evidence.Token), put(stamp, who.Evidence.Token)}, false},
	} {
		p := cut(t, plain)
		cms := p.remake(der.Encode(der.Context(0, true), p.attributes...), der.Encode(der.Context(1, true), c.unsigned...)).join()
		got, err := s.verifier.Document(t.Context(), cms, filing, s.now)
		if err != nil || got.Evidence.Token == nil {
			t.Fatalf("%s: %v", what, err)
		}
		stamped, err := got.Evidence.Stamped()
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		for _, one := range c.unsigned {
			if !bytes.Contains(stamped, one) {
				t.Errorf("%s: what was there is gone", what)
			}
		}
		again, err := s.verifier.Document(t.Context(), stamped, filing, s.now)
		if err != nil || c.alone && (again.Evidence.Token != nil || !again.ProvenAt.Equal(s.now)) {
			t.Errorf("%s, given out: proven at %v, %v", what, again.ProvenAt, err)
		}
	}
}

func TestOnlyInspectionBelievesTheOldAlgorithm(t *testing.T) {
	data, ok := beside.Path(t, "pki/data")
	if !ok {
		return
	}
	v, err := eds.NewVerifier()
	if err != nil {
		t.Fatal(err)
	}
	if err := v.AddAuthority(read(t, data, "ca", "prod", "root_gost.pem")); reason(err) != eds.Algorithm {
		t.Errorf("an old root as any other: %v", err)
	}
	for _, name := range []string{"root_gost.pem", "nca_gost.pem"} {
		if err := v.AddOldAuthority(read(t, data, "ca", "prod", name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	old := read(t, data, "cms", "CMS_for_double_sign.der")
	then := time.Date(2019, 8, 26, 6, 12, 23, 0, time.UTC)
	if _, err := v.Document(t.Context(), old, filing, then); reason(err) != eds.Algorithm {
		t.Errorf("as a new document: %v", err)
	}
	if _, err := v.SignIn(t.Context(), old, filing, then); reason(err) != eds.Algorithm {
		t.Errorf("as a sign-in: %v", err)
	}
	if _, err := v.Inspect(t.Context(), old, nil, then); reason(err) != eds.ContentAbsent {
		t.Errorf("inspected without its content: %v", err)
	}
	// That the content is another one is found by the old digest.
	if _, err := v.Inspect(t.Context(), old, filing, then); reason(err) != eds.ContentDiffers {
		t.Errorf("inspected with another content: %v", err)
	}
}

func TestEvidenceIsConfirmedByWhoHasServicesAndNamesSomebody(t *testing.T) {
	s := services(t)
	who, err := s.verifier.Document(t.Context(), s.sign(t), filing, s.now)
	if err != nil {
		t.Fatal(err)
	}
	alone, err := eds.NewVerifier(s.verifier.Authorities()...)
	if err != nil {
		t.Fatal(err)
	}
	if state, err := alone.Confirm(t.Context(), who.Evidence, s.now); err != nil || state != eds.NotChecked {
		t.Errorf("without services: %q, %v", state, err)
	}
	nobody := *who.Evidence
	nobody.Path = nil
	if _, err := s.verifier.Confirm(t.Context(), &nobody, s.now); reason(err) != eds.Malformed {
		t.Errorf("of nobody: %v", err)
	}
	if _, err := s.verifier.Reverify(t.Context(), &nobody, filing); reason(err) != eds.Malformed {
		t.Errorf("of nobody, verified anew: %v", err)
	}
}

// The responder may stay silent while the list already tells of the key.
func TestAListAloneRefutesADocumentThatWaitsAndTheBundleSaysSo(t *testing.T) {
	s := services(t)
	s.silence(authority.Unavailable)
	who, err := s.verifier.Document(t.Context(), s.sign(t), filing, s.now)
	if err != nil {
		t.Fatal(err)
	}
	s.Revoke(s.aigul.Serial(), authority.KeyCompromise, s.now.Add(-time.Minute))
	s.now = s.now.Add(time.Hour)
	s.Break(authority.Lists, authority.NoFault)
	if state, err := s.verifier.Confirm(t.Context(), who.Evidence, s.now); err != nil || state != eds.Refuted {
		t.Fatalf("asked again: %q, %v", state, err)
	}
	bundle, err := who.Evidence.Bundle()
	if err != nil {
		t.Fatal(err)
	}
	kept, err := eds.ReadBundle(bundle)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.verifier.Reverify(t.Context(), kept, filing)
	if err != nil || again.Revocation != eds.Refuted {
		t.Errorf("verified anew: %q, %v", again.Revocation, err)
	}
	if len(kept.AgainstLists) == 0 {
		t.Error("the list that refuted it is not kept")
	}
}

// The authority's clock is a little ahead of ours, and its list was fetched at once.
func TestAListThatWasJustMadeIsOfNow(t *testing.T) {
	for ahead, want := range map[time.Duration]eds.Reason{0: "", time.Minute: "", 5 * time.Minute: "", 6 * time.Minute: eds.NotKnown} {
		s := services(t)
		s.Break(authority.OCSP, authority.Unavailable)
		ours := s.now
		s.now = s.now.Add(ahead)
		cms, err := s.aigul.SignCMS(filing, false, ours)
		if err != nil {
			t.Fatal(err)
		}
		who, err := s.verifier.Document(t.Context(), cms, filing, ours)
		if reason(err) != want || err == nil && who.Revocation != eds.Good {
			t.Errorf("%v ahead: %q, %v", ahead, who.Revocation, err)
			continue
		}
		if err != nil {
			continue
		}
		if again, err := s.verifier.Reverify(t.Context(), who.Evidence, filing); err != nil || again.Revocation != eds.Good {
			t.Errorf("%v ahead, verified anew: %q, %v", ahead, again.Revocation, err)
		}
	}
}

// What is no answer at all is not silence: the network gives it on, and so does
// the authority without one.
func TestGarbageInPlaceOfAnAnswerIsNotSilence(t *testing.T) {
	s := services(t)
	s.Break(authority.OCSP, authority.Garbage)
	if _, err := s.verifier.Document(t.Context(), s.sign(t), filing, s.now); reason(err) != eds.NotKnown {
		t.Errorf("a document is judged %v", err)
	}
}
