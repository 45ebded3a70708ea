package filing

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/google/uuid"

	"zharia/portal/calendar"
	"zharia/portal/deadline"
	"zharia/portal/fault"
	"zharia/portal/ledger"
	"zharia/portal/opening"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// The length of a message, in characters, and how many one person sends about one
// filing in a day.
const (
	MinMessage  = 5
	MaxMessage  = 5000
	MaxMessages = 10
)

// Message is what the author of a filing and the official who decides it write to one
// another. It decides nothing and no term begins with it.
type Message struct {
	ID         uuid.UUID
	Person     uuid.UUID
	Name       string // "" where its reader may not know the name
	Official   bool   // from the one who decides
	Text       string
	MadeAt     time.Time
	PromisedOn time.Time // the day by which the portal promises a reply: no term of the Code; zero for none
	ReadAt     time.Time // when the other side first opened it
}

// Mine tells that the reader wrote it.
func (m Message) Mine(ask policy.Ask) bool { return m.Person == ask.Person }

func messageText(home vault.Home, id uuid.UUID) vault.Where {
	return vault.Where{Table: "message", Column: "text", ID: id}.In(home)
}

const countToday = `
SELECT count(*) FROM message WHERE filing = $1 AND person = $2 AND made_at >= $3`

const insertMessage = `
INSERT INTO message (id, filing, person, official, text, digest, made_at, promised_on) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`

// Send writes to the other side of a filing that was received. The record keeps the
// digest of the text. Conflict while it is a draft or when it was taken back, and when
// the day's messages are used up.
func Send(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID, text string) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		f, err := lock(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if !f.Status.Open() && !f.Status.Answered() {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		today := ask.At.In(deadline.Zone)
		today = time.Date(today.Year(), today.Month(), today.Day(), 0, 0, 0, 0, deadline.Zone)
		var sent int
		if err := tx.Get(ctx, &sent, countToday, id, ask.Person, today); err != nil {
			return err
		}
		if sent >= MaxMessages {
			return fault.New(fault.Conflict, "fault.messages-many")
		}
		number, err := uuid.NewV7()
		if err != nil {
			return err
		}
		sealed, err := tx.SealText(messageText(f.home(), number), text, f.Author)
		if err != nil {
			return err
		}
		official := f.Standing&policy.Author == 0
		var promised any
		if !official {
			off, err := calendar.Now(ctx, tx.DB)
			if err != nil {
				return err
			}
			promised = promise(ask.At, off).Format(time.DateOnly)
		}
		sum := sha256.Sum256([]byte(text))
		if err := tx.Exec(ctx, insertMessage, number, id, ask.Person, official, sealed, sum[:], ask.At, promised); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "filing", id, f.Case, sum[:])
	})
}

// promise is the working day after the first working day from now on: what comes in
// at night or on a day of rest is as if it came the next working morning.
func promise(at time.Time, off deadline.Calendar) time.Time {
	day := at.In(deadline.Zone)
	for left := 1; ; day = day.AddDate(0, 0, 1) {
		if off.Off(day) {
			continue
		}
		if left == 0 {
			return day
		}
		left--
	}
}

type messageRow struct {
	ID           uuid.UUID  `db:"id"`
	Person       uuid.UUID  `db:"person"`
	Name         []byte     `db:"name"`
	OfficialName string     `db:"official_name"`
	Official     bool       `db:"official"`
	Text         []byte     `db:"text"`
	MadeAt       time.Time  `db:"made_at"`
	PromisedOn   *time.Time `db:"promised_on"`
	ReadAt       *time.Time `db:"read_at"`
}

const selectMessages = `
SELECT m.id, m.person, coalesce(u.name, '') AS official_name, k.name, m.official, m.text, m.made_at, m.promised_on, m.read_at
  FROM message m
  JOIN filing f ON f.id = m.filing
  LEFT JOIN known k ON k.casefile = f.casefile AND k.person = m.person
  LEFT JOIN officer u ON u.person = m.person AND m.person <> f.author
 WHERE m.filing = $1
 ORDER BY m.made_at, m.id`

const readMessages = `
UPDATE message SET read_at = $3 WHERE filing = $1 AND official = $2 AND read_at IS NULL`

// Messages are all that both sides wrote, for whoever may read the filing. That one
// side opens what the other wrote is a step, and the other sees when.
func Messages(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Filing, []Message, error) {
	var f Filing
	var out []Message
	err := db.Within(ctx, func(tx *vault.DB) (err error) {
		if err := opening.Hold(ctx, tx, ask, opening.Filing, id); err != nil {
			return err
		}
		if f, err = Read(ctx, tx, ask, id); err != nil {
			return err
		}
		if f.Status == Draft {
			return fault.New(fault.NotFound, "fault.not-found")
		}
		if err := f.shown(ctx, tx, ask); err != nil {
			return err
		}
		if f.Standing&(policy.Author|policy.Decider) != 0 {
			n, err := tx.Change(ctx, readMessages, id, f.Standing&policy.Author != 0, ask.At)
			if err != nil {
				return err
			}
			if n > 0 {
				if err := ledger.Step(ctx, tx.DB, ask, "filing", id, f.Case, nil); err != nil {
					return err
				}
			}
		}
		out, err = messages(ctx, tx, f)
		return err
	})
	return f, out, err
}

func messages(ctx context.Context, db *vault.DB, f Filing) ([]Message, error) {
	var rows []messageRow
	if err := db.Select(ctx, &rows, selectMessages, f.ID); err != nil {
		return nil, err
	}
	out := make([]Message, len(rows))
	for i, row := range rows {
		text, err := db.OpenText(ctx, messageText(f.home(), row.ID), row.Text)
		if err != nil {
			return nil, err
		}
		out[i] = Message{ID: row.ID, Person: row.Person, Official: row.Official, Text: text, MadeAt: row.MadeAt, PromisedOn: deref(row.PromisedOn), ReadAt: deref(row.ReadAt)}
		if out[i].Name = row.OfficialName; row.Official {
			continue
		}
		if out[i].Name, err = f.called(ctx, db, row.Person, row.Name); err != nil { // "" of one whose name its reader may not know
			return nil, err
		}
	}
	return out, nil
}

// Correspondence is what a list or a page says of the messages of a filing.
type Correspondence struct {
	All      int       `db:"all"`
	Unread   int       `db:"unread"`   // by its reader, of the other side's
	Promised time.Time `db:"promised"` // by when its author was promised a reply that has not come; zero for none
}

const countMessages = `
SELECT count(*) AS all, count(*) FILTER (WHERE m.official = $2 AND m.read_at IS NULL) AS unread,
       coalesce(min(m.promised_on) FILTER (WHERE NOT m.official AND NOT EXISTS (
           SELECT 1 FROM message r WHERE r.filing = m.filing AND r.official AND r.made_at >= m.made_at)), '0001-01-01') AS promised
  FROM message m
 WHERE m.filing = $1`

// CorrespondenceOf counts them; the filing was fetched through the asker.
func CorrespondenceOf(ctx context.Context, db *vault.DB, f Filing) (Correspondence, error) {
	var c Correspondence
	err := db.Get(ctx, &c, countMessages, f.ID, f.Standing&policy.Author != 0)
	if f.Standing&(policy.Author|policy.Decider) == 0 {
		c.Unread = 0
	}
	return c, err
}

// Owed is a filing to whose author a reply was promised.
type Owed struct {
	Filing uuid.UUID         `db:"filing"`
	Kind   policy.FilingKind `db:"kind"`
	Number string            `db:"number"`
	By     time.Time         `db:"by_day"`
}

const selectPromised = `
SELECT m.filing, f.kind, f.number, min(m.promised_on) AS by_day
  FROM message m
  JOIN filing f ON f.id = m.filing
 WHERE f.decider = ANY (ARRAY(SELECT CAST($1 AS uuid) UNION SELECT officer FROM substitution WHERE deputy = $1 AND signed_at IS NOT NULL AND ended_at IS NULL))
   AND f.status <> 'draft' AND NOT m.official AND NOT EXISTS (SELECT 1 FROM message r WHERE r.filing = m.filing AND r.official AND r.made_at >= m.made_at)
 GROUP BY m.filing, f.kind, f.number
 ORDER BY min(m.promised_on), m.filing
 LIMIT 200`

// Promised are the filings to whose author the asker owes a reply, the nearest
// promise first.
func Promised(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Owed, error) {
	if err := ask.Check(0); err != nil {
		return nil, err
	}
	var out []Owed
	err := db.Select(ctx, &out, selectPromised, ask.Person)
	return out, err
}

// Waits tells that the author of a filing was promised a reply that has not come.
func (c Correspondence) Waits() bool { return c.Promised.Year() > 1 }
