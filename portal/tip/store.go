package tip

import (
	"database/sql"
	"time"

	"github.com/google/uuid"
)

const (
	selectBodies = `SELECT id, name_kk, name_ru FROM body WHERE code IS NOT NULL ORDER BY kato, code`

	selectReceives = `SELECT EXISTS (SELECT FROM body WHERE id = $1 AND code IS NOT NULL)`

	insertTip = `
INSERT INTO tip (id, body, handle, key, day, status) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (handle) DO NOTHING
RETURNING id`

	insertMessage = `
INSERT INTO tip_message (id, tip, n, author, day, text, own, digest)
SELECT $1, $2, 1 + (SELECT count(*) FROM tip_message WHERE tip = $2), $3, $4, $5, $6, $7
ON CONFLICT (id) DO NOTHING
RETURNING id`

	countMessages = `SELECT count(*) FROM tip_message WHERE tip = $1`

	selectTip = `
SELECT t.id, t.body, b.name_kk, b.name_ru, t.key, t.day, t.status, t.closed_on, t.forgotten_on
  FROM tip t JOIN body b ON b.id = t.body`

	selectByHandle = selectTip + ` WHERE t.handle = $1`

	forUpdate = ` FOR UPDATE OF t`

	selectMessages = `SELECT id, author, day, text, own FROM tip_message WHERE tip = $1 ORDER BY n`

	// An official in post sees those of his body.
	mine = `
  JOIN officer o ON o.body = t.body AND o.person = $1 AND o.post IN ('registrar', 'head') AND o.left_at IS NULL AND (o.until IS NULL OR o.until >= CAST($2 AS date))`

	selectMine = selectTip + mine + `
  LEFT JOIN tip z ON z.id = $3
 WHERE (t.status <> 'closed' OR t.closed_on > CAST($2 AS date) - 30)
   AND (z.id IS NULL OR (t.status = 'closed', t.day, t.id) > (z.status = 'closed', z.day, z.id))
 ORDER BY t.status = 'closed', t.day, t.id
 LIMIT $4`

	selectOne = selectTip + mine + ` WHERE t.id = $3`

	updateStatus = `UPDATE tip SET status = $2, closed_on = $3 WHERE id = $1`
)

// tipRow is a row of selectTip.
type tipRow struct {
	ID        uuid.UUID    `db:"id"`
	Body      uuid.UUID    `db:"body"`
	NameKK    string       `db:"name_kk"`
	NameRU    string       `db:"name_ru"`
	Key       []byte       `db:"key"`
	Day       time.Time    `db:"day"`
	Status    Status       `db:"status"`
	ClosedOn  sql.NullTime `db:"closed_on"`
	Forgotten sql.NullTime `db:"forgotten_on"`
}

func (r tipRow) tip() Tip {
	return Tip{ID: r.ID, Body: Body{r.Body, r.NameKK, r.NameRU}, Day: r.Day, Status: r.Status, ClosedOn: r.ClosedOn.Time, Forgotten: r.Forgotten.Valid}
}

// messageRow is a row of selectMessages.
type messageRow struct {
	ID     uuid.UUID     `db:"id"`
	Author uuid.NullUUID `db:"author"`
	Day    time.Time     `db:"day"`
	Text   []byte        `db:"text"`
	Own    []byte        `db:"own"`
}
