package eds

import (
	"context"
	"time"

	"zharia/portal/eds/internal/xmldsig"
)

// XMLForm refuses signed XML that is not in one of the two forms NCALayer makes.
const XMLForm Reason = xmldsig.Form

// XML reads a document signed as NCALayer signs XML, up to one megabyte and by
// whoever and however many signed it, and judges every signature like Inspect:
// as a document's at the moment given.
//
// The Content of the Verdict is what was signed, in canonical form: the document
// without its signatures, or the one element that the signature points at. Only
// these octets may be read or shown; the document around them is anybody's. No
// Evidence is kept, for the bundle is about messages of the other kind.
func (v *Verifier) XML(ctx context.Context, document []byte, at time.Time) (Verdict, error) {
	var m *xmldsig.Message
	err := v.gate.through(ctx, func() (err error) {
		m, err = xmldsig.Parse(document, v.trusted(inspection).Profile)
		return refusal(err)
	})
	if err != nil {
		return verdictOf(Verdict{}, err), err
	}
	// The first signer signed what all the others did, and no signature.
	out := Verdict{Attached: true, Content: m.Signers[0].Signed}
	return judgeEach(out, m.Signers, func(s *xmldsig.Signer) (Signer, error) { return v.examineXML(ctx, s, at) })
}

// examineXML is examine for a signature in XML, which claims no time and carries
// no time-stamp.
func (v *Verifier) examineXML(ctx context.Context, s *xmldsig.Signer, at time.Time) (Signer, error) {
	who := describe(s.Certificate)
	if err := v.gate.through(ctx, func() error { return refusal(s.Verify()) }); err != nil {
		return who, err
	}
	err := v.inquire(inspection, at, v.source()).person(ctx, &who, s.Certificate)
	return who, err
}
