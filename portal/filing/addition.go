package filing

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/ledger"
	"zharia/portal/opening"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// How many things an author may be asked to add at once, and how long each is, in
// characters; a reply may be as long as a point.
const (
	MaxAsked     = 10
	MinAsked     = 5
	MaxAskedText = 1_000
)

// Addition is what an official asks the author of a filing to add, point by point, and
// what he said. The term runs on meanwhile: no article stops it.
type Addition struct {
	ID         uuid.UUID
	Filing     uuid.UUID
	By         uuid.UUID
	Name       string // of who asks
	AskedAt    time.Time
	Points     []AdditionPoint
	Document   uuid.UUID // the reply; zero while nobody began to write it
	AnsweredAt time.Time
}

// AdditionPoint is one of the things asked for, and what is said of it.
type AdditionPoint struct {
	ID    uuid.UUID
	N     int // from 1
	Asked string
	Reply string // of the signed reply, or of the reader's own draft
}

// AskToAdd asks the author to add. It is recorded, and its author finds it on the page
// of the filing; deciding stays possible at any time.
func AskToAdd(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID, points []string) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		f, next, err := move(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if err := f.mayDecide(ask); err != nil {
			return err
		}
		if len(points) == 0 || len(points) > MaxAsked {
			return fault.New(fault.Invalid, "fault.asked").At("asked-1")
		}
		number, err := uuid.NewV7()
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, insertAddition, number, id, ask.Person, ask.At); err != nil {
			return err
		}
		for i, text := range points {
			if n := utf8.RuneCountInString(text); n < MinAsked || n > MaxAskedText {
				return fault.New(fault.Invalid, "fault.asked").At("asked-" + strconv.Itoa(i+1))
			}
			point, err := uuid.NewV7()
			if err != nil {
				return err
			}
			sealed, err := tx.SealText(additionText("asked", f.home(), point), text, f.Author)
			if err != nil {
				return err
			}
			if err := tx.Exec(ctx, insertAdditionPoint, point, number, i+1, sealed); err != nil {
				return err
			}
		}
		if err := tx.Exec(ctx, stepFiling, id, next, ask.At); err != nil {
			return err
		}
		return record(ctx, tx.DB, ask, f.Kind, id, f.Case, nil)
	})
}

func additionText(column string, home vault.Home, id uuid.UUID) vault.Where {
	return vault.Where{Table: "addition_point", Column: column, ID: id}.In(home)
}

const insertAddition = `
INSERT INTO addition (id, filing, asked_by, asked_at) VALUES ($1, $2, $3, $4)`

const insertAdditionPoint = `
INSERT INTO addition_point (id, addition, n, asked) VALUES ($1, $2, $3, $4)`

const selectAdditions = `
SELECT a.id, a.filing, a.asked_by, o.name, a.asked_at, a.supplement, s.document, a.answered_at
  FROM addition a
  JOIN officer o ON o.person = a.asked_by
  LEFT JOIN supplement s ON s.id = a.supplement
 WHERE a.filing = $1
 ORDER BY a.asked_at, a.id`

const selectAdditionPoints = `
SELECT p.id, p.addition, p.n, p.asked, p.reply
  FROM addition_point p
  JOIN addition a ON a.id = p.addition
 WHERE a.filing = $1
 ORDER BY p.addition, p.n`

type additionRow struct {
	ID         uuid.UUID     `db:"id"`
	Filing     uuid.UUID     `db:"filing"`
	By         uuid.UUID     `db:"asked_by"`
	Name       string        `db:"name"`
	AskedAt    time.Time     `db:"asked_at"`
	Supplement uuid.NullUUID `db:"supplement"`
	Document   uuid.NullUUID `db:"document"`
	AnsweredAt *time.Time    `db:"answered_at"`
}

type additionPointRow struct {
	ID       uuid.UUID `db:"id"`
	Addition uuid.UUID `db:"addition"`
	N        int       `db:"n"`
	Asked    []byte    `db:"asked"`
	Reply    []byte    `db:"reply"`
}

// Additions are all that was asked of the author of a filing, the first first, with
// his replies; the filing was fetched through the asker. A reply that is not signed is
// its author's alone.
func Additions(ctx context.Context, db *vault.DB, ask policy.Ask, f Filing) ([]Addition, error) {
	var rows []additionRow
	if err := db.Select(ctx, &rows, selectAdditions, f.ID); err != nil {
		return nil, err
	}
	var points []additionPointRow
	if len(rows) > 0 {
		if err := db.Select(ctx, &points, selectAdditionPoints, f.ID); err != nil {
			return nil, err
		}
	}
	out := make([]Addition, len(rows))
	for i, row := range rows {
		a := Addition{ID: row.ID, Filing: row.Filing, By: row.By, Name: row.Name, AskedAt: row.AskedAt, AnsweredAt: deref(row.AnsweredAt)}
		mine := f.Author == ask.Person
		if mine || row.AnsweredAt != nil {
			a.Document = row.Document.UUID
		}
		var err error
		for _, p := range points {
			if p.Addition != row.ID {
				continue
			}
			point := AdditionPoint{ID: p.ID, N: p.N}
			if point.Asked, err = db.OpenText(ctx, additionText("asked", f.home(), p.ID), p.Asked); err != nil {
				return nil, err
			}
			if p.Reply != nil && (mine || row.AnsweredAt != nil) {
				if point.Reply, err = db.OpenText(ctx, additionText("reply", f.home(), p.ID), p.Reply); err != nil {
					return nil, err
				}
			}
			a.Points = append(a.Points, point)
		}
		out[i] = a
	}
	return out, nil
}

// awaited is what the author is asked for now: Conflict where it is nothing.
func (f Filing) awaited(ctx context.Context, db *vault.DB, ask policy.Ask) (Addition, error) {
	if f.Status != Asked {
		return Addition{}, fault.New(fault.Conflict, "fault.not-now")
	}
	all, err := Additions(ctx, db, ask, f)
	if err != nil {
		return Addition{}, err
	}
	if len(all) == 0 || !all[len(all)-1].AnsweredAt.IsZero() {
		return Addition{}, fault.New(fault.Conflict, "fault.not-now")
	}
	return all[len(all)-1], nil
}

// Awaited is what the asker, who is its author, is asked to add to a filing now.
func Awaited(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Filing, Addition, error) {
	f, err := Read(ctx, db, ask, id)
	if err != nil {
		return f, Addition{}, err
	}
	a, err := f.awaited(ctx, db, ask)
	return f, a, err
}

const nextSupplement = `
SELECT coalesce(max(n), 0) + 1 FROM supplement WHERE filing = $1`

const updateReply = `
UPDATE supplement SET text = $2, document = $3, made_at = $4 WHERE id = $1 AND signed_at IS NULL`

const linkReply = `
UPDATE addition SET supplement = $2 WHERE id = $1 AND answered_at IS NULL`

const replyPoint = `
UPDATE addition_point SET reply = $2 WHERE id = $1`

// DraftReply keeps the author's reply to what he is asked to add, a text for each
// point, and prints it; saving it again changes the one draft. Conflict while another
// addition of his is begun and not signed.
func DraftReply(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, id uuid.UUID, replies []string, language string) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		f, err := lock(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		a, err := f.awaited(ctx, tx, ask)
		if err != nil {
			return err
		}
		if len(replies) != len(a.Points) {
			return fault.New(fault.Invalid, "fault.point-empty").At("reply-1")
		}
		for i, text := range replies {
			if n := utf8.RuneCountInString(text); n < MinPoint || n > MaxPointText {
				return fault.New(fault.Invalid, "fault.point-empty").At("reply-" + strconv.Itoa(i+1))
			}
			a.Points[i].Reply = text
		}
		if _, err := dropUnawaited(ctx, tx, f); err != nil {
			return err
		}
		old, err := draftOf(ctx, tx, f, true)
		if err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		doc, err := printed(ctx, tx, press, ask, f.of(), []uuid.UUID{f.Author}, document.Supplement, language, func(d document.Document, _ identity.Person) document.Sheet {
			return a.sheet(press, d, f)
		})
		if err != nil {
			return err
		}
		if err := a.keep(ctx, tx, press, doc, old, f); err != nil {
			return err
		}
		if err := dropOwn(ctx, tx, ask, old.Document); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "filing", id, f.Case, doc.Digest)
	})
}

// keep writes the draft of a reply down, in place of the one before.
func (a Addition) keep(ctx context.Context, tx *vault.DB, press document.Press, doc document.Document, old Supplement, f Filing) error {
	number := old.ID
	if number == uuid.Nil {
		var err error
		if number, err = uuid.NewV7(); err != nil {
			return err
		}
	}
	text, err := tx.SealText(supplementText("text", f.home(), number), a.text(press, doc.Language), f.Author)
	if err != nil {
		return err
	}
	if old.ID == uuid.Nil {
		var n int
		if err := tx.Get(ctx, &n, nextSupplement, f.ID); err != nil {
			return err
		}
		err = tx.Exec(ctx, insertSupplement, number, f.ID, n, AskedFor, text, nil, doc.ID, doc.MadeAt)
	} else {
		err = tx.Exec(ctx, updateReply, number, text, doc.ID, doc.MadeAt)
	}
	if err != nil {
		return err
	}
	if err := tx.Exec(ctx, linkReply, a.ID, number); err != nil {
		return err
	}
	for _, p := range a.Points {
		sealed, err := tx.SealText(additionText("reply", f.home(), p.ID), p.Reply, f.Author)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, replyPoint, p.ID, sealed); err != nil {
			return err
		}
	}
	return nil
}

// ReplyDraft is the author's unsigned reply, to check, to change or to sign; NotFound
// while there is none.
func ReplyDraft(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Filing, Addition, document.Document, error) {
	f, a, err := Awaited(ctx, db, ask, id)
	if err != nil {
		return f, a, document.Document{}, err
	}
	if a.Document == uuid.Nil || f.Author != ask.Person {
		return f, a, document.Document{}, fault.New(fault.NotFound, "fault.not-found")
	}
	doc, err := document.Fetch(ctx, db, a.Document)
	return f, a, doc, err
}

const signReply = `
UPDATE supplement SET signed_at = $2 WHERE filing = $1 AND kind = 'asked' AND document = $3 AND signed_at IS NULL`

const answerAddition = `
UPDATE addition SET answered_at = $2 WHERE id = $1 AND answered_at IS NULL`

// Reply signs the reply: the filing is considered again, by the same clock.
func Reply(ctx context.Context, db *vault.DB, v *eds.Verifier, ask policy.Ask, id uuid.UUID, cms, digest []byte) error {
	signature, err := document.Verify(ctx, db, v, ask, cms, digest)
	if err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		f, next, err := move(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		a, err := f.awaited(ctx, tx, ask)
		if err != nil {
			return err
		}
		if a.Document == uuid.Nil {
			return fault.New(fault.NotFound, "fault.not-found")
		}
		doc, err := document.Sign(ctx, tx, ask, a.Document, signature)
		if err != nil {
			return err
		}
		switch n, err := tx.Change(ctx, signReply, id, ask.At, a.Document); {
		case err != nil:
			return err
		case n != 1: // he began another addition in its place
			return fault.New(fault.Conflict, "fault.document-changed")
		}
		if err := tx.Exec(ctx, answerAddition, a.ID, ask.At); err != nil {
			return err
		}
		if err := tx.Exec(ctx, stepFiling, id, next, ask.At); err != nil {
			return err
		}
		return record(ctx, tx.DB, ask, f.Kind, id, f.Case, doc.Digest)
	})
}

// ReplyPaper opens a signed reply, or the author's draft where none is named. Reading
// it is kept.
func ReplyPaper(ctx context.Context, db *vault.DB, ask policy.Ask, id, addition uuid.UUID) (Filing, document.Document, error) {
	return openPaper(ctx, db, ask, opening.Filing, id, func(tx *vault.DB, f Filing) (uuid.UUID, error) {
		all, err := Additions(ctx, tx, ask, f)
		if err != nil {
			return uuid.Nil, err
		}
		for _, a := range all {
			if a.Document != uuid.Nil && (a.ID == addition || addition == uuid.Nil && a.AnsweredAt.IsZero()) {
				return a.Document, nil
			}
		}
		return uuid.Nil, fault.New(fault.NotFound, "fault.not-found")
	})
}

// text is the reply as it stands on paper: what was asked, and what is said.
func (a Addition) text(press document.Press, language string) string {
	w := press.Words.In(language)
	lines := make([]string, 0, 2*len(a.Points))
	for _, p := range a.Points {
		lines = append(lines, w.T("paper.reply.asked", "n", p.N, "text", p.Asked), w.T("paper.reply.said", "text", p.Reply))
	}
	return strings.Join(lines, "\n")
}

// sheet is the reply on paper, as it will be signed.
func (a Addition) sheet(press document.Press, d document.Document, f Filing) document.Sheet {
	w := press.Words.In(d.Language)
	s := press.Sheet(d, "supplement")
	s.Subtitle = w.T("paper.reply.subtitle")
	s.To, s.From = seated(w, f.Decider, f.Seat), f.from(w)
	s.Facts = append(f.facts(w), document.Fact{Label: w.T("paper.reply.asked-at"), Value: w.Moment(a.AskedAt)})
	s.Sections = []document.Section{{Text: a.text(press, d.Language)}}
	s.Closing = []string{w.Day(d.MadeAt) + "\t" + f.AuthorName}
	return s
}
