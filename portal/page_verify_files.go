package portal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"

	"github.com/labstack/echo/v4"

	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/web"
)

// verifyFilesPage lets anybody check a signature by the files themselves: a
// document and its signature, or one file that holds both. Nothing is kept.
type verifyFilesPage struct {
	Form    *web.Form
	Verdict *verdict // nil until files were brought
	Log     logView
}

// verdict is what is said of the files.
type verdict struct {
	Refusal    string // reason why no signature could be read; then there are no Seals
	Seals      []seal
	Attached   bool   // the signature came in one file with what was signed
	Size       int    // of what was signed, KiB
	Digest     []byte // SHA-256 of it
	Ours, Kept bool   // see document.Known
	ReceivedAt time.Time
}

// seal is one signature. The name and the number are shown because whoever holds
// the file can read them there; the number masked, as everywhere.
type seal struct {
	eds.Signer
	State string // valid, pending, past or invalid
	Why   string // the reason, where it is invalid
	Name  string
}

// The states of a seal.
const (
	sealValid   = "valid"
	sealPending = "pending" // right, but the authority did not say whether the key was revoked
	sealPast    = "past"    // the key's term is over; by its time-stamp it was made within the term
	sealInvalid = "invalid"
)

func (p *Portal) verifyAny(c echo.Context, _ policy.Ask) error {
	return p.showVerifyFiles(c, web.NewForm("verify_files"), nil)
}

func (p *Portal) showVerifyFiles(c echo.Context, form *web.Form, v *verdict) error {
	p.hereIs(c, policy.VerifyAny)
	return p.form(c, form, "verify_files", verifyFilesPage{form, v, p.logView()}, policy.VerifyFiles)
}

// verifyFiles answers whose signature this is. The files stay in memory and are
// gone with the answer.
func (p *Portal) verifyFiles(c echo.Context, ask policy.Ask) error {
	form := web.ReadForm(c, "verify_files")
	doc := form.File("document", document.MaxUpload)
	sig := form.File("signature", document.MaxUpload)
	if form.Bad() {
		return p.showVerifyFiles(c, form, nil)
	}
	sig, doc = sorted(sig, doc)
	if sig == nil && doc == nil {
		form.Wrong("signature", "form.required")
		return p.showVerifyFiles(c, form, nil)
	}
	v, err := p.judge(c.Request().Context(), ask, sig, doc)
	switch {
	case errors.Is(err, errNoSignature):
		form.Wrong("signature", "verify_files.no-signature")
		return p.showVerifyFiles(c, form, nil)
	case errors.Is(err, errXMLAlone):
		form.Wrong("document", "verify_files.xml-alone")
		return p.showVerifyFiles(c, form, nil)
	case err != nil:
		return err
	}
	return p.showVerifyFiles(c, form, v)
}

// What is wrong with the choice of files.
var (
	errNoSignature = errors.New("none of the files is a signature")
	errXMLAlone    = errors.New("signed XML beside another document")
)

// judge asks everything of the files that were brought.
func (p *Portal) judge(ctx context.Context, ask policy.Ask, sig, doc []byte) (*verdict, error) {
	if sig == nil {
		known, err := document.Recognise(ctx, p.DB, p.Verifier, ask, nil, doc)
		if err == nil && !known.Ours {
			err = errNoSignature
		}
		return of(doc).recognised(known), err
	}
	if doc != nil && signedXML(sig) {
		return nil, errXMLAlone
	}
	out, inspected := eds.Verdict{Content: doc}, false
	if doc == nil { // what was signed is inside
		out, inspected = inspect(ctx, p.Verifier, sig, nil, ask.At), true
	}
	v := of(out.Content)
	v.Attached = doc == nil
	if out.Content != nil {
		known, err := document.Recognise(ctx, p.DB, p.Verifier, ask, sig, out.Content)
		if err != nil {
			return nil, err
		}
		if v.recognised(known); known.Kept {
			v.Seals = []seal{sealOf(known.Signer, known.Refused)}
			return v, nil
		}
	}
	if !inspected {
		out = inspect(ctx, p.Verifier, sig, doc, ask.At)
	}
	return v, v.take(ctx, p.Verifier, out, sig, doc)
}

// inspect reads a signed message of either kind.
func inspect(ctx context.Context, v *eds.Verifier, sig, doc []byte, at time.Time) eds.Verdict {
	if signedXML(sig) {
		out, _ := v.XML(ctx, sig, at)
		return out
	}
	out, _ := v.Inspect(ctx, sig, doc, at)
	return out
}

// of is a verdict about a content, before any signature is looked at.
func of(content []byte) *verdict {
	v := &verdict{}
	if content != nil {
		sum := sha256.Sum256(content)
		v.Digest, v.Size = sum[:], (len(content)+1023)/1024
	}
	return v
}

func (v *verdict) recognised(known document.Known) *verdict {
	v.Ours, v.Kept, v.ReceivedAt = known.Ours, known.Kept, known.ReceivedAt
	return v
}

// take makes the seals of what was found. A question that had no turn is no
// verdict about the signature.
func (v *verdict) take(ctx context.Context, verifier *eds.Verifier, out eds.Verdict, sig, doc []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var past []eds.Finding // judged when somebody asks for it
	for i, f := range out.Signers {
		if f.Reason == eds.Busy {
			return fault.New(fault.Unavailable, "fault.eds.busy")
		}
		s := seal{Signer: f.Signer, State: sealInvalid, Why: string(f.Reason), Name: identity.ProperName(f.Signer)}
		switch {
		case f.Valid && f.Signer.Revocation == eds.Pending:
			s.State = sealPending
		case f.Valid:
			s.State = sealValid
		case f.Reason == eds.Expired && !f.Signer.ClaimedAt.IsZero():
			var err error
			if past == nil {
				if past, err = within(ctx, verifier, sig, doc, out); err != nil {
					return err
				}
			}
			if then := past[i]; then.Valid && inTerm(then.Signer) {
				s = seal{Signer: then.Signer, State: sealPast, Name: identity.ProperName(then.Signer)}
			}
		}
		v.Seals = append(v.Seals, s)
	}
	if len(v.Seals) == 0 {
		if out.Reason == eds.Busy {
			return fault.New(fault.Unavailable, "fault.eds.busy")
		}
		v.Refusal = string(out.Reason)
	}
	return nil
}

// maxPast is how many signers of one message are judged as of their own time:
// each costs a whole inspection.
const maxPast = 4

// within judges a message whose keys are out of their term as of the times
// that their signers claim, by the same authorities and asking nobody:
// services do not answer about the past. Only a time-stamp makes such a verdict
// worth telling; see inTerm.
func within(ctx context.Context, v *eds.Verifier, sig, doc []byte, out eds.Verdict) ([]eds.Finding, error) {
	silent, err := eds.NewVerifier(v.Authorities()...)
	if err != nil {
		return nil, err
	}
	found := make([]eds.Finding, len(out.Signers))
	for i, f := range out.Signers[:min(len(out.Signers), maxPast)] {
		if f.Reason != eds.Expired {
			continue
		}
		if then := inspect(ctx, silent, sig, doc, f.Signer.ClaimedAt); len(then.Signers) == len(found) {
			found[i] = then.Signers[i]
		}
	}
	return found, ctx.Err()
}

// inTerm tells whether a time-stamp proves that the signature was made while the
// certificate held.
func inTerm(s eds.Signer) bool {
	return !s.ProvenAt.IsZero() && !s.ProvenAt.Before(s.NotBefore) && !s.ProvenAt.After(s.NotAfter)
}

// sealOf is the seal of a signature that was judged by its evidence.
func sealOf(s eds.Signer, refused error) seal {
	out := seal{Signer: s, State: sealValid, Name: identity.ProperName(s)}
	var refusal *eds.Refusal
	switch {
	case errors.As(refused, &refusal):
		out.State, out.Why = sealInvalid, string(refusal.Reason)
	case refused != nil:
		out.State, out.Why = sealInvalid, string(eds.NotKnown)
	case s.Revocation == eds.Refuted:
		out.State, out.Why = sealInvalid, string(eds.Revoked)
	case s.Revocation == eds.Pending:
		out.State = sealPending
	}
	return out
}

// sorted finds out which file is which: people mix the two fields up, and one
// that is alone may be in either.
func sorted(sig, doc []byte) (signature, content []byte) {
	switch {
	case sig != nil && doc != nil && !signs(sig) && signs(doc), sig == nil && signs(doc), doc == nil && sig != nil && !signs(sig):
		return doc, sig
	}
	return sig, doc
}

var (
	signedData = []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02} // RFC 5652, section 5.1
	xmldsig    = []byte("http://www.w3.org/2000/09/xmldsig#")
)

// signs tells whether a file looks like a signature; whether it is a good one is
// another question.
func signs(file []byte) bool {
	head := file[:min(len(file), 4<<10)]
	if bytes.Contains(head[:min(len(head), 32)], signedData) || bytes.HasPrefix(bytes.TrimSpace(head), []byte("-----BEGIN ")) {
		return true
	}
	if signedXML(file) {
		return true
	}
	text := bytes.Join(bytes.Fields(head), nil)
	text = text[:min(len(text), 64)&^3]
	raw := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(raw, text)
	return err == nil && bytes.Contains(raw[:n], signedData)
}

// signedXML tells whether a file is a document in XML that speaks of signatures.
func signedXML(file []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(bytes.TrimPrefix(file, []byte("\ufeff"))), []byte("<")) && bytes.Contains(file, xmldsig)
}

// How often anybody may ask for files to be checked.
const (
	checkRate    = 1  // a second, from one network
	checkAtFirst = 30 // before that
)
