package eds

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/cms"
	"zharia/portal/eds/internal/crl"
)

// Evidence is everything that proved one signature when it was received: kept
// beside what was signed, it proves it again years later, when the certificate
// has expired and its authority's lists no longer name it (order 500/NK,
// paragraph 16). Only the pinned roots must come from elsewhere. Its JSON form
// is the bundle that `portal eds verify -bundle` reads; it holds the
// certificate and so personal data.
type Evidence struct {
	Version      int       `json:"version"` // 1
	At           time.Time `json:"at"`      // when the signature was received, by our clock
	Content      []byte    `json:"content"` // SHA-256 of what was signed
	CMS          []byte    `json:"cms"`     // the signature as it came
	Path         [][]byte  `json:"path"`    // certificates, DER: the person's, the issuer's …, the root
	Answers      []Answer  `json:"answers,omitempty"`
	Lists        []List    `json:"lists,omitempty"`
	Against      []Answer  `json:"against,omitempty"`      // what refuted it, when the authority was asked again: answers,
	AgainstLists []List    `json:"againstLists,omitempty"` // or lists
	Token        []byte    `json:"token,omitempty"`        // a time-stamp the portal had made, DER
	Purpose      string    `json:"purpose"`                // "document" or "sign-in"
	Verdict      Judged    `json:"verdict"`
}

// Answer is what a responder said of a certificate (RFC 6960).
type Answer struct {
	At          time.Time `json:"at"`          // when it was asked
	Certificate [32]byte  `json:"certificate"` // SHA-256 of the certificate it is about
	Nonce       []byte    `json:"nonce"`       // of the question
	Response    []byte    `json:"response"`    // DER
}

// List is a revocation list that was asked. One of up to crl.MaxRaw bytes is
// here whole. A longer one is named by its SHA-256: whoever verifies brings it.
type List struct {
	At         time.Time `json:"at"` // when it was asked
	Digest     [32]byte  `json:"sha256"`
	Number     string    `json:"number"`
	ThisUpdate time.Time `json:"thisUpdate"`
	NextUpdate time.Time `json:"nextUpdate"`
	Delta      bool      `json:"delta,omitempty"`
	Raw        []byte    `json:"raw,omitempty"` // DER
}

// Judged is the verdict of the time, for whoever reads the bundle; verifying
// does not lean on it.
type Judged struct {
	Revocation Revocation `json:"revocation"`
	ProvenAt   *time.Time `json:"provenAt,omitempty"` // by a time-stamp
	Algorithm  string     `json:"algorithm"`
	Serial     string     `json:"serial"` // of the certificate
}

func (e *Evidence) addList(l *crl.List, at time.Time) {
	for _, old := range e.Lists {
		if old.Digest == l.Digest {
			return
		}
	}
	e.Lists = append(e.Lists, List{
		At: at.UTC(), Digest: l.Digest, Number: l.Number.String(), ThisUpdate: l.ThisUpdate, NextUpdate: l.NextUpdate,
		Delta: l.Base != nil, Raw: l.Raw,
	})
}

// addPath keeps a certificate that a path needs.
func (e *Evidence) addPath(c *chain.Certificate) {
	if !slices.ContainsFunc(e.Path, func(raw []byte) bool { return bytes.Equal(raw, c.Raw) }) {
		e.Path = append(e.Path, c.Raw)
	}
}

// maxEvidence bounds a bundle: two signatures of the largest kind, a path, and
// the lists that may lie in it whole, in base64.
const maxEvidence = 4 << 20

// Bundle writes the evidence as JSON.
func (e *Evidence) Bundle() ([]byte, error) { return json.Marshal(e) }

// ReadBundle reads what Bundle wrote. The error is a Refusal.
func ReadBundle(b []byte) (*Evidence, error) {
	if len(b) > maxEvidence {
		return nil, refuse(TooLarge, "bundle of %d bytes", len(b))
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var e Evidence
	if err := d.Decode(&e); err != nil {
		return nil, refuse(Malformed, "bundle: %v", err)
	}
	if d.More() {
		return nil, refuse(Malformed, "bundle: something follows it")
	}
	if e.Version != 1 || e.At.IsZero() || len(e.Path) == 0 || len(e.Path) > maxEvidencePath {
		return nil, refuse(Malformed, "bundle: it is not one of version 1")
	}
	return &e, nil
}

const maxEvidencePath = 8

// Reverify judges a signature anew by its evidence alone, at the moment it was
// received: nobody is asked, the verifier gives only the roots it pins. Content
// is what was signed. Lists that do not lie in the evidence whole may be given
// as they are, DER.
func (v *Verifier) Reverify(ctx context.Context, e *Evidence, content []byte, lists ...[]byte) (Signer, error) {
	path, err := e.path()
	if err != nil {
		return Signer{}, err
	}
	recorded := &record{evidence: e, path: path, lists: lists}
	if got := sha256.Sum256(content); !bytes.Equal(got[:], e.Content) {
		return Signer{}, refuse(ContentDiffers, "the evidence is about other content")
	}
	q := document
	switch e.Purpose {
	case document.String():
	case signIn.String():
		q = signIn
	default:
		return Signer{}, refuse(Malformed, "bundle: purpose %q", e.Purpose)
	}
	who, err := v.inquire(q, e.At, recorded).judge(ctx, e.CMS, content)
	if err == nil && !bytes.Equal(who.Certificate, e.Path[0]) {
		return who, errOther
	}
	if err == nil && len(e.Against)+len(e.AgainstLists) > 0 {
		who.Revocation = Refuted
	}
	return who, err
}

// Stamped gives the signature as it came with the time-stamp that the portal had
// made beside it, in DER (CAdES-T): for programs of others. Where the portal made
// none it is the signature as it came.
func (e *Evidence) Stamped() ([]byte, error) {
	if e.Token == nil {
		return e.CMS, nil
	}
	raw, err := cms.Decode(e.CMS, MaxSignature+MaxContent)
	if err != nil {
		return nil, refusal(err)
	}
	stamped, err := cms.AddToken(raw, e.Token)
	return stamped, refusal(err)
}

// errOther is the refusal of evidence that names somebody else than the one who signed:
// what the authority is asked again would be about him.
var errOther = refuse(Malformed, "the evidence begins with another certificate than the signer's")

// signer gives the certificate that signed, which is the first of the evidence.
func (e *Evidence) signer() (*chain.Certificate, error) {
	raw, err := cms.Decode(e.CMS, MaxSignature+MaxContent)
	if err != nil {
		return nil, refusal(err)
	}
	m, err := cms.Parse(raw, chain.Profile{})
	switch {
	case err != nil:
		return nil, refusal(err)
	case len(m.Signers) != 1:
		return nil, refuse(SeveralSigners, "%d signers", len(m.Signers))
	case !bytes.Equal(m.Signers[0].Certificate.Raw, e.Path[0]):
		return nil, errOther
	}
	return m.Signers[0].Certificate, nil
}

// path reads the certificates, of which there is at least the person's.
func (e *Evidence) path() ([]*chain.Certificate, error) {
	if len(e.Path) == 0 {
		return nil, refuse(Malformed, "evidence without a certificate")
	}
	var path []*chain.Certificate
	for _, raw := range e.Path {
		c, err := chain.Parse(raw)
		if err != nil {
			return nil, refusal(err)
		}
		path = append(path, c)
	}
	return path, nil
}

// Confirm asks the authority again about the path of a signature that was
// received before, and adds the answers to the evidence. A key that was revoked
// after the signature was received, for a reason that casts no doubt on it,
// proves it all the same (see benign); one revoked before is Refuted. A Verifier
// without Services says NotChecked. The error is a Refusal, or the context's.
func (v *Verifier) Confirm(ctx context.Context, e *Evidence, at time.Time) (Revocation, error) {
	certificates, err := e.path()
	if err != nil {
		return "", err
	}
	signer, err := e.signer()
	if err != nil {
		return "", err
	}
	path, err := v.inquire(document, e.At, &record{evidence: e, path: certificates}).path(ctx, signer, e.At)
	if err != nil {
		return "", err
	}
	asked := *e
	asked.Answers, asked.Lists = nil, nil
	again := inquiry{Verifier: v, question: document, at: at, asked: at, from: v.source(), evidence: &asked}
	state, err := again.revoked(ctx, path)
	var refusal *Refusal
	switch {
	case errors.As(err, &refusal) && (refusal.Reason == Revoked || refusal.Reason == Held):
		e.Against, e.AgainstLists, e.Verdict.Revocation = asked.Answers, asked.Lists, Refuted
		return Refuted, nil
	case err != nil || state == Pending:
		return state, err
	}
	old := e.Lists
	if state == Good { // all is proven by what lies here: nobody is to look for the long lists of that day any more
		old = slices.DeleteFunc(slices.Clone(old), func(l List) bool { return l.Raw == nil })
	}
	e.Answers, e.Lists, e.Verdict.Revocation = append(asked.Answers, e.Answers...), append(asked.Lists, old...), state
	return state, nil
}

// record answers from evidence what a live verification asks of the world.
type record struct {
	evidence *Evidence
	path     []*chain.Certificate
	lists    [][]byte
}

func (r *record) others() []*chain.Certificate { return r.path[1:] }

// since is from when on an answer says something about a signature that was received then:
// a paper of a Sitting leans on one of up to Fresh before, and clocks of ours differ by
// seconds. The bundle itself says when it asked, and whoever brings it may have chosen an
// answer of the month before, when nobody had stolen the key yet. What was said later
// counts: Confirm asks again.
func (r *record) since() time.Time { return r.evidence.At.Add(-Fresh - time.Minute) }

func (r *record) answer(_ context.Context, c, _ *chain.Certificate, _ time.Time) (Answer, error) {
	about := c.Digest()
	for _, a := range r.evidence.Answers {
		if a.Certificate == about && !a.At.Before(r.since()) {
			return a, nil
		}
	}
	return Answer{}, ErrUnreachable
}

// revocationLists reads the lists of the evidence that the issuer signed: of each
// kind the first, for Confirm puts what is newer in front. Whose a list is that is not
// here nobody knows; it matters only where no other is the issuer's.
func (r *record) revocationLists(_ context.Context, issuer *chain.Certificate, _ time.Time) (lists, error) {
	var found lists
	absent := ErrUnreachable
	for _, kept := range r.evidence.Lists {
		if kept.At.Before(r.since()) {
			continue
		}
		raw, err := r.whole(kept)
		if err != nil {
			if kept.Raw != nil || absent == ErrUnreachable {
				absent = err
			}
			continue
		}
		l, err := crl.Read(bytes.NewReader(raw), issuer, chain.Profile{})
		switch {
		case err != nil: // another issuer's
		case l.Base != nil && found.delta == nil:
			found.delta = l
		case l.Base == nil && found.full == nil:
			found.full, found.at = l, kept.At
		}
	}
	if found.full == nil {
		return found, absent
	}
	return found, nil
}

// whole gives the bytes of a list: from the evidence, or those brought. A list that is too
// long to lie here and was not brought is silence, ErrUnreachable; one that lies here under
// a hash that is not its own is no evidence.
func (r *record) whole(kept List) ([]byte, error) {
	for _, raw := range slices.Concat(r.lists, [][]byte{kept.Raw}) {
		if raw != nil && sha256.Sum256(raw) == kept.Digest {
			return raw, nil
		}
	}
	if kept.Raw != nil {
		return nil, fmt.Errorf("the list with SHA-256 %x is another", kept.Digest)
	}
	return nil, fmt.Errorf("%w: the list with SHA-256 %x is to be brought", ErrUnreachable, kept.Digest)
}

// absent is the refusal of evidence whose long lists were not all brought; nil where they
// were, or there are none.
func (e *Evidence) absent(brought [][]byte) error {
	r := &record{evidence: e, lists: brought}
	for _, kept := range e.Lists {
		if _, err := r.whole(kept); errors.Is(err, ErrUnreachable) {
			return refuse(NotKnown, "%v", err)
		}
	}
	return nil
}

func (r *record) token(context.Context, []byte, string) ([]byte, error) {
	if r.evidence.Token == nil {
		return nil, ErrUnreachable
	}
	return r.evidence.Token, nil
}
