package feed

import (
	"context"
	"crypto/ecdh"
	"crypto/hpke"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/policy"
)

// A paper for the register: enc, 32 bytes, then the paper and 16 bytes of tag, as HPKE
// has them (RFC 9180: X25519, HKDF-SHA256, AES-256-GCM), the id of the document bound to
// it. The author's signature has just been verified over the very bytes, so this is the
// one moment in which the portal has them without asking anybody; a moment later only
// those with a right to the case open them, and the register is not one of these.

const paperInfo = "zharia/register/paper/1"

// Copy is a signed paper, as the register takes it into its file.
type Copy struct {
	PDF []byte `json:"pdf"`
	CMS []byte `json:"cms"` // the signature, detached
}

func kem() hpke.KEM { return hpke.DHKEM(ecdh.X25519()) }

func seal(to []byte, document uuid.UUID, c Copy) ([]byte, error) {
	plain, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	key, err := kem().NewPublicKey(to)
	if err != nil {
		return nil, fmt.Errorf("feed: the key of a subscriber: %w", err)
	}
	enc, sender, err := hpke.NewSender(key, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(paperInfo))
	if err != nil {
		return nil, fmt.Errorf("feed: seal a paper: %w", err)
	}
	sealed, err := sender.Seal(document[:], plain)
	if err != nil {
		return nil, fmt.Errorf("feed: seal a paper: %w", err)
	}
	return append(enc, sealed...), nil
}

// Unseal opens a paper with the register's own key: what a receiver does.
func Unseal(private *ecdh.PrivateKey, document uuid.UUID, content []byte) (Copy, error) {
	var c Copy
	key, err := hpke.NewDHKEMPrivateKey(private)
	if err != nil {
		return c, err
	}
	const encSize = 32
	if len(content) < encSize {
		return c, fmt.Errorf("feed: a sealed paper of %d bytes", len(content))
	}
	recipient, err := hpke.NewRecipient(content[:encSize], key, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(paperInfo))
	if err != nil {
		return c, fmt.Errorf("feed: open a paper: %w", err)
	}
	plain, err := recipient.Open(document[:], content[encSize:])
	if err != nil {
		return c, fmt.Errorf("feed: open a paper: %w", err)
	}
	err = json.Unmarshal(plain, &c)
	return c, err
}

const (
	selectSeals = `SELECT id, seal FROM subscriber WHERE seal IS NOT NULL`

	insertPaper = `INSERT INTO event_paper (document, subscriber, content, made_at) VALUES ($1, $2, $3, $4)`

	selectPaper = `
SELECT p.content
  FROM event_paper p
  JOIN subscriber s ON s.id = p.subscriber
 WHERE p.document = $1 AND s.name = $2`

	dropPapers = `
DELETE FROM event_paper p
 USING event e
  JOIN sending s ON s.seq = e.seq
 WHERE e.document = p.document AND s.subscriber = p.subscriber AND s.state = 'taken' AND s.settled_at < $1`
)

// KeepPaper seals a paper that is being signed to each subscriber, in the transaction of
// the signature: if the act is one that he is told of, for nothing else names the paper to
// him, or has its copy dropped one day. Where nobody is told, nothing is kept.
func KeepPaper(ctx context.Context, tx *database.DB, ask policy.Ask, document uuid.UUID, c Copy) error {
	if Kinds[ask.Act] == "" {
		return nil
	}
	var all []struct {
		ID   uuid.UUID `db:"id"`
		Seal []byte    `db:"seal"`
	}
	if err := tx.Select(ctx, &all, selectSeals); err != nil {
		return err
	}
	for _, s := range all {
		content, err := seal(s.Seal, document, c)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, insertPaper, document, s.ID, content, ask.At); err != nil {
			return err
		}
	}
	return nil
}

// ReadPaper is a paper as it lies sealed for a subscriber; fault.NotFound where there is
// none. It is for whoever proved that he is that subscriber.
func ReadPaper(ctx context.Context, db *database.DB, subscriber string, document uuid.UUID) ([]byte, error) {
	var content []byte
	err := db.Get(ctx, &content, selectPaper, document, subscriber)
	return content, err
}

// PaperLife is how long a paper lies sealed after its event was taken: by then the
// register has fetched it, or lost it and fetched it again.
const PaperLife = 90 * 24 * time.Hour

// DropPapers drops copies whose time is over; the papers themselves stay where they are.
func DropPapers(ctx context.Context, db *database.DB, at time.Time) error {
	return db.Exec(ctx, dropPapers, at.Add(-PaperLife))
}
