package phone

import (
	"time"

	"github.com/google/uuid"
)

type requestRow struct {
	ID      uuid.UUID     `db:"id"`
	Session []byte        `db:"session"`
	Person  uuid.NullUUID `db:"person"`
	Purpose Purpose       `db:"purpose"`
	Target  uuid.UUID     `db:"target"`
	Digest  []byte        `db:"digest"`
	Act     string        `db:"act"`
	Of      uuid.NullUUID `db:"of"`
	Kept    []byte        `db:"kept"`
	Auth    string        `db:"auth"`
	EndsAt  time.Time     `db:"ends_at"`
	State   State         `db:"state"`
	Tries   int           `db:"tries"`
	Refusal string        `db:"refusal"`
}

func (row requestRow) request(token string) Request {
	return Request{
		ID: row.ID, Purpose: row.Purpose, Target: row.Target, Digest: row.Digest, Act: row.Act, Of: row.Of.UUID,
		Auth: row.Auth, Ends: row.EndsAt, State: row.State, Tries: row.Tries, Refusal: row.Refusal,
		Session: row.Session, Person: row.Person.UUID, token: token, kept: row.Kept,
	}
}

// The session may have ended since the request began.
const insertRequest = `
INSERT INTO phone_request (id, token_hash, session, purpose, target, digest, act, of, kept, auth, made_at, ends_at, state, content)
SELECT $1, $2, token_hash, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'asked', $13
  FROM session
 WHERE token_hash = $3
   FOR KEY SHARE`

const dropContents = `
UPDATE phone_request SET content = NULL
 WHERE content IS NOT NULL AND (ends_at <= $1 OR state NOT IN ('asked', 'fetched'))`

const selectContent = `
SELECT content FROM phone_request WHERE id = $1 AND ends_at > $2 AND content IS NOT NULL`

const deleteOldRequests = `
DELETE FROM phone_request
 WHERE session = $1
   AND id NOT IN (SELECT id FROM phone_request WHERE session = $1 ORDER BY made_at DESC, id DESC LIMIT $2)`

const columns = `
SELECT r.id, r.session, s.person, r.purpose, r.target, r.digest, r.act, r.of, r.kept, r.auth, r.ends_at, r.state, r.tries, r.refusal
  FROM phone_request r
  JOIN session s ON s.token_hash = r.session`

const selectRequest = columns + `
 WHERE r.session = $1 AND r.id = $2`

const selectByToken = columns + `
 WHERE r.token_hash = $1`

const updateFetched = `
UPDATE phone_request SET state = 'fetched' WHERE id = $1 AND state = 'asked'`

const updateSigned = `
UPDATE phone_request SET state = 'signed', cms = $2, refusal = '', content = NULL
 WHERE id = $1 AND state IN ('asked', 'fetched') AND ends_at > $3`

const updateCancelled = `
UPDATE phone_request SET state = 'cancelled', content = NULL
 WHERE id = $1 AND state IN ('asked', 'fetched') AND ends_at > $2`

const updateRefused = `
UPDATE phone_request SET tries = tries + 1, refusal = $2
 WHERE id = $1 AND state IN ('asked', 'fetched')`

const selectSignature = `
SELECT cms FROM phone_request WHERE session = $1 AND id = $2 AND state = 'signed'`

const updateUsed = `
UPDATE phone_request SET state = 'used', cms = NULL, content = NULL WHERE target = $1`
