package document

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/pem"
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
	Signer     eds.Signer // judged by the kept evidence, where Kept
	Refused    error      // why the evidence does not prove it, where Kept
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
		kept, err := evidence.Fetch(database.HoldingPaper(ctx, twin.ID), db, twin.ID)
		if err != nil {
			return known, err
		}
		if same(cms, kept.Evidence) {
			known.Kept, known.ReceivedAt = true, twin.SignedAt
			known.Signer, known.Refused = v.Reverify(ctx, kept.Evidence, content)
			return known, ctx.Err()
		}
	}
	return known, nil
}

// same tells whether a signature is the one of the evidence: as it came, or with
// the time-stamp that the portal had put beside it, which is how it is given out.
func same(cms []byte, e *eds.Evidence) bool {
	brought := bare(cms)
	if bytes.Equal(brought, bare(e.CMS)) {
		return true
	}
	stamped, err := e.Stamped()
	return err == nil && bytes.Equal(brought, bare(stamped))
}

// bare takes off the text that a signature may be wrapped in. What cannot be
// unwrapped stays as it is and is equal to nothing.
func bare(cms []byte) []byte {
	if block, _ := pem.Decode(cms); block != nil {
		return block.Bytes
	}
	text := bytes.Join(bytes.Fields(cms), nil)
	raw := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	if n, err := base64.StdEncoding.Decode(raw, text); err == nil {
		return raw[:n]
	}
	return cms
}
