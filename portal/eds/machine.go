package eds

import (
	"bytes"
	"context"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/cms"
)

// MachineCertificate says why these bytes are no certificate that Machine takes: a
// Refusal.
func MachineCertificate(cert []byte) error {
	raw, err := bare(cert)
	if err != nil {
		return err
	}
	c, err := chain.Parse(raw)
	if err != nil {
		return refusal(err)
	}
	if !c.Key.Usable() {
		return refuse(Algorithm, "key of algorithm %s", c.Key.Name())
	}
	return nil
}

// Machine verifies a signature of a machine that is known by its certificate alone,
// DER or one PEM block: the register of investigations signs who conducts a case. No
// authority is asked: whoever has pinned the certificate takes it away himself. The time
// is what the machine's clock said, zero if it was silent. Errors are Refusals, or the
// context's.
func (v *Verifier) Machine(ctx context.Context, cert, sig, content []byte) (time.Time, error) {
	pinned, err := bare(cert)
	if err != nil {
		return time.Time{}, err
	}
	m, err := open(sig, content, v.trusted(inspection).Profile)
	if err != nil {
		return time.Time{}, err
	}
	if len(m.Signers) != 1 {
		return time.Time{}, refuse(SeveralSigners, "%d signers", len(m.Signers))
	}
	s := m.Signers[0]
	switch {
	case !bytes.Equal(s.Certificate.Raw, pinned):
		return time.Time{}, refuse(UnknownAuthority, "another certificate than the one that is pinned")
	case !s.Certificate.Key.Usable():
		return time.Time{}, refuse(Algorithm, "key of algorithm %s", s.Certificate.Key.Name())
	case cms.LooksLikeAttributes(content):
		return time.Time{}, refuse(Attributes, "the content could pass for signed attributes")
	}
	return s.SigningTime, v.gate.through(ctx, func() error { return refusal(s.Verify(content)) })
}
