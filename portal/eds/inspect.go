package eds

import (
	"context"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/cms"
)

// Verdict is everything that can be said of a signed message.
type Verdict struct {
	Valid    bool // every signer's signature is valid
	Reason   Reason
	Detail   string
	Attached bool
	Content  []byte // what was signed: the attached bytes or those given
	Signers  []Finding
}

// Finding is what was found of one signer. Of one refused, the Signer holds
// only what could be read before the refusal.
type Finding struct {
	Signer Signer
	Valid  bool
	Reason Reason
	Detail string
}

// Inspect reads a signed message, whoever and however many signed it, and
// judges every signature as a document's at the moment given, whatever time
// the signers claim. With nil content the attached content is taken. The
// error is the first Refusal; the Verdict is filled as far as it went.
func (v *Verifier) Inspect(ctx context.Context, sig, content []byte, at time.Time) (Verdict, error) {
	m, err := openAny(sig, content, v.trusted(inspection).Profile)
	if err != nil {
		return verdictOf(Verdict{}, err), err
	}
	out := Verdict{Attached: m.Attached, Content: m.Content}
	if !m.Attached {
		out.Content = content
	}
	return judgeEach(out, m.Signers, func(s *cms.Signer) (Signer, error) {
		return v.inquire(inspection, at, v.source()).examine(ctx, s, out.Content)
	})
}

// judgeEach adds to a verdict what is found of each signer. The first refusal is
// that of the whole.
func judgeEach[S any](out Verdict, signers []S, judge func(S) (Signer, error)) (Verdict, error) {
	out.Valid = true
	var first error
	for _, s := range signers {
		who, err := judge(s)
		f := Finding{Signer: who, Valid: err == nil}
		if err != nil {
			f.Reason, f.Detail = why(err)
			if first == nil {
				first = err
			}
		}
		out.Signers = append(out.Signers, f)
	}
	return verdictOf(out, first), first
}

// Attached verifies a document that carries its own content, by exactly one
// signer, at any time, and gives the content back.
func (v *Verifier) Attached(ctx context.Context, sig []byte, at time.Time) (Signer, []byte, error) {
	out, err := v.Inspect(ctx, sig, nil, at)
	if err != nil {
		return Signer{}, nil, err
	}
	if len(out.Signers) != 1 {
		return Signer{}, nil, refuse(SeveralSigners, "%d signers", len(out.Signers))
	}
	return out.Signers[0].Signer, out.Content, nil
}

// openAny is open that takes attached content for what was signed where none was
// given.
func openAny(sig, content []byte, p chain.Profile) (*cms.SignedData, error) {
	if content != nil {
		return open(sig, content, p)
	}
	raw, err := cms.Decode(sig, MaxSignature+MaxContent)
	if err != nil {
		return nil, refusal(err)
	}
	m, err := cms.Parse(raw, p)
	switch {
	case err != nil:
		return nil, refusal(err)
	case !m.Attached:
		return nil, refuse(ContentAbsent, "the signature is detached and no content was given")
	case len(raw)-len(m.Content) > MaxSignature || len(m.Content) > MaxContent:
		return nil, refuse(TooLarge, "message of %d bytes", len(raw))
	}
	return m, nil
}

// verdictOf makes a verdict one of refusal, if there is an error.
func verdictOf(v Verdict, err error) Verdict {
	if err != nil {
		v.Valid = false
		v.Reason, v.Detail = why(err)
	}
	return v
}

// why puts an error into the words of a verdict. One that is no Refusal is the
// context's: the question was given up before it was answered.
func why(err error) (Reason, string) {
	if r, ok := err.(*Refusal); ok {
		return r.Reason, r.Detail
	}
	return NotKnown, err.Error()
}
