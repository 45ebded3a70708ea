package document

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/eds"
	"zharia/portal/evidence"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Known is what the portal knows of a document that somebody brought from
// outside. It says nothing of the case.
type Known struct {
	Ours       bool       // a document of exactly these bytes was signed here
	Kept       bool       // and the signature brought is the one that is kept with it
	ReceivedAt time.Time  // of the document, by our clock
	Signer     eds.Signer // as of then, where Kept
	Refused    error      // why it is not right, where Kept
}

const selectSignedByDigest = `
SELECT id, signed_at
  FROM fence.signed($1)
 ORDER BY signed_at, id
 LIMIT $2`

// maxTwins is how many documents of the same bytes are looked at: an uploaded
// ruling may have been published in several cases.
const maxTwins = 10

// Recognise tells whether a document that somebody brought was signed on the
// portal, and whether the signature beside it, if there is one, is the one that
// was received here. Then it is judged as it was at that moment, by the evidence
// that was kept: nobody is asked. Errors are the database's.
func Recognise(ctx context.Context, db *vault.DB, v *eds.Verifier, ask policy.Ask, cms, content []byte) (Known, error) {
	if err := ask.Check(0); err != nil {
		return Known{}, err
	}
	var twins []struct {
		ID       uuid.UUID `db:"id"`
		SignedAt time.Time `db:"signed_at"`
	}
	sum := sha256.Sum256(content)
	if err := db.Select(ctx, &twins, selectSignedByDigest, sum[:], maxTwins); err != nil {
		return Known{}, err
	}
	var known Known
	for _, twin := range twins {
		if !known.Ours {
			known.Ours, known.ReceivedAt = true, twin.SignedAt
		}
		if cms == nil {
			return known, nil
		}
		kept, err := evidence.ReadPublic(database.HoldingPaper(ctx, twin.ID), db, twin.ID)
		if err != nil {
			return known, err
		}
		if kept.Is(cms) {
			known.Kept, known.ReceivedAt = true, twin.SignedAt
			known.Signer, known.Refused = then(ctx, v, cms, content, kept)
			return known, ctx.Err()
		}
	}
	return known, nil
}

// then judges a signature that was brought as of the moment it was received, or of its own day
// where that was long before (VerifyReceived): it is the very one that was found to be right
// then. What the authority said of the key stands in clear.
func then(ctx context.Context, v *eds.Verifier, cms, content []byte, kept evidence.Public) (eds.Signer, error) {
	silent, err := eds.NewVerifier(v.Authorities()...)
	if err != nil {
		return eds.Signer{}, err
	}
	signer, err := silent.Document(ctx, cms, content, kept.ReceivedAt)
	var refused *eds.Refusal
	if errors.As(err, &refused) && (refused.Reason == eds.ClaimedTime || refused.Reason == eds.Expired) {
		read, _ := silent.Inspect(ctx, cms, content, kept.ReceivedAt)
		if day := claimed(read); !day.IsZero() && kept.ReceivedAt.Sub(day) > window {
			signer, err = silent.Document(ctx, cms, content, day)
		}
	}
	if err == nil {
		signer.Revocation = kept.Revocation
	}
	return signer, err
}

// claimed is when the one who signed says that he did; zero where he does not, or several did.
func claimed(read eds.Verdict) time.Time {
	if len(read.Signers) != 1 {
		return time.Time{}
	}
	return read.Signers[0].Signer.ClaimedAt
}
