package eds

import (
	"fmt"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/cms"
)

// Reason says why a signature was refused: for the log, and the key to the
// sentence a person is told.
type Reason string

// Every reason there is.
const (
	Malformed        Reason = chain.Malformed
	TooLarge         Reason = "too-large"
	Algorithm        Reason = chain.Algorithm
	Attributes       Reason = cms.Attribute
	Timestamp        Reason = cms.Timestamp
	ContentDiffers   Reason = cms.ContentDiffers
	ContentAbsent    Reason = cms.NoContent
	SignatureWrong   Reason = chain.SignatureWrong
	UnknownAuthority Reason = chain.UnknownAuthority
	Expired          Reason = chain.Expired
	NotYet           Reason = chain.NotYet
	KeyUsage         Reason = chain.KeyUsage
	Policy           Reason = "policy"
	NoIIN            Reason = "no-iin"
	Organisation     Reason = "organisation"
	NameUnfit        Reason = "name"
	SeveralSigners   Reason = "several-signers"
	ClaimedTime      Reason = "claimed-time"
	Revoked          Reason = "revoked"
	NotKnown         Reason = "revocation-unknown"
)

// Reasons lists them all, so that a test can ask for a sentence for each.
func Reasons() []Reason {
	return []Reason{
		Malformed, TooLarge, Algorithm, Attributes, Timestamp, ContentDiffers, ContentAbsent,
		SignatureWrong, UnknownAuthority, Expired, NotYet, KeyUsage, Policy, NoIIN, Organisation,
		NameUnfit, SeveralSigners, ClaimedTime, Revoked, NotKnown,
	}
}

// Refusal is why a signature was not accepted. Every refusal of this package
// is one, under errors.As. Detail is for the log; it holds no personal data.
type Refusal struct {
	Reason Reason
	Detail string
}

func (r *Refusal) Error() string { return "signature refused: " + string(r.Reason) + ": " + r.Detail }

func refuse(reason Reason, format string, args ...any) error {
	return &Refusal{reason, fmt.Sprintf(format, args...)}
}
