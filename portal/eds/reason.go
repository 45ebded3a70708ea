package eds

import (
	"fmt"
	"time"

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
	Extension        Reason = chain.Extension
	NameConstraints  Reason = chain.NameConstraints
	Policy           Reason = chain.Policy
	NoIIN            Reason = "no-iin"
	Organisation     Reason = "organisation"
	Machine          Reason = "system" // the key of an organisation's information system
	NameUnfit        Reason = "name"
	SeveralSigners   Reason = "several-signers"
	ClaimedTime      Reason = "claimed-time"
	Revoked          Reason = "revoked"
	Held             Reason = "revoked-hold"
	NotKnown         Reason = "revocation-unknown"
	Unreachable      Reason = "revocation-unreachable"
	Busy             Reason = "busy"
)

// Reasons lists them all, so that a test can ask for a sentence for each.
func Reasons() []Reason {
	return []Reason{
		Malformed, TooLarge, Algorithm, Attributes, Timestamp, ContentDiffers, ContentAbsent,
		SignatureWrong, UnknownAuthority, Expired, NotYet, KeyUsage, Extension,
		NameConstraints, Policy, XMLForm, NoIIN, Organisation, Machine,
		NameUnfit, SeveralSigners, ClaimedTime, Revoked, Held, NotKnown,
		Unreachable, Busy,
	}
}

// Refusal is why a signature was not accepted. Every refusal of this package
// is one, under errors.As. Detail is for the log; it holds no personal data.
type Refusal struct {
	Reason Reason
	Detail string

	// Of a certificate that was revoked: since when, and the reason code of
	// RFC 5280, section 5.3.1.
	RevokedAt time.Time
	Code      int
}

// Error is for logs: the reason, then what was wrong.
func (r *Refusal) Error() string { return "signature refused: " + string(r.Reason) + ": " + r.Detail }

func refuse(reason Reason, format string, args ...any) error {
	return &Refusal{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}
