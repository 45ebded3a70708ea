package filing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/ledger"
	"zharia/portal/opening"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// SupplementKind is what is said of a filing after it was filed.
type SupplementKind string

// The kinds.
const (
	AskedFor  SupplementKind = "asked"     // in answer to the official who asked for it
	Added     SupplementKind = "added"     // facts that were not in it
	Corrected SupplementKind = "corrected" // the circumstances written anew, whole
)

// maxSupplements is how many a filing has at most.
const maxSupplements = 50

// Supplement is one such paper. What was filed stays as it was, and no term begins
// anew.
type Supplement struct {
	ID       uuid.UUID
	N        int // from 1
	Kind     SupplementKind
	Text     string
	Points   []string // what more it asks
	Document uuid.UUID
	MadeAt   time.Time
	SignedAt time.Time // zero: a draft of the author's
}

// NewSupplement is what the author writes.
type NewSupplement struct {
	Kind     SupplementKind
	Text     string
	Points   []string // only with facts that are added
	Language string
}

func supplementText(column string, home vault.Home, id uuid.UUID) vault.Where {
	return vault.Where{Table: "supplement", Column: column, ID: id}.In(home)
}

type supplementRow struct {
	ID       uuid.UUID      `db:"id"`
	N        int            `db:"n"`
	Kind     SupplementKind `db:"kind"`
	Text     []byte         `db:"text"`
	Points   []byte         `db:"points"`
	Document uuid.UUID      `db:"document"`
	MadeAt   time.Time      `db:"made_at"`
	SignedAt *time.Time     `db:"signed_at"`
}

const selectSupplement = `
SELECT id, n, kind, text, points, document, made_at, signed_at FROM supplement`

const selectSupplements = selectSupplement + `
 WHERE filing = $1 AND signed_at IS NOT NULL
 ORDER BY n`

const selectSupplementDraft = selectSupplement + `
 WHERE filing = $1 AND signed_at IS NULL`

const selectSupplemented = `
SELECT filing, document FROM supplement WHERE id = $1`

func (row supplementRow) open(ctx context.Context, db *vault.DB, home vault.Home) (Supplement, error) {
	s := Supplement{ID: row.ID, N: row.N, Kind: row.Kind, Document: row.Document, MadeAt: row.MadeAt, SignedAt: deref(row.SignedAt)}
	var err error
	if s.Text, err = db.OpenText(ctx, supplementText("text", home, row.ID), row.Text); err != nil || row.Points == nil {
		return s, err
	}
	list, err := db.OpenText(ctx, supplementText("points", home, row.ID), row.Points)
	if err != nil {
		return s, err
	}
	err = json.Unmarshal([]byte(list), &s.Points)
	return s, err
}

// Supplements are the signed ones of a filing that was fetched through the asker, the
// oldest first.
func Supplements(ctx context.Context, db *vault.DB, f Filing) ([]Supplement, error) {
	var rows []supplementRow
	if err := db.Select(ctx, &rows, selectSupplements, f.ID); err != nil {
		return nil, err
	}
	out := make([]Supplement, len(rows))
	for i, row := range rows {
		var err error
		if out[i], err = row.open(ctx, db, f.home()); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// draftOf is what the author has begun and not signed: a reply to the official or, if
// not, an addition of his own. NotFound while there is none, Conflict while it is the
// other of the two.
func draftOf(ctx context.Context, db *vault.DB, f Filing, reply bool) (Supplement, error) {
	var row supplementRow
	if err := db.Get(ctx, &row, selectSupplementDraft, f.ID); err != nil {
		return Supplement{}, err
	}
	if (row.Kind == AskedFor) != reply {
		return Supplement{}, fault.New(fault.Conflict, "fault.supplement-begun")
	}
	return row.open(ctx, db, f.home())
}

const selectAnswering = `
SELECT fence.answering($1)`

// Addable tells whether more may still be asked in a filing: not when its answer is
// being written, and not over the limit. The filing was fetched through the asker.
func Addable(ctx context.Context, db *vault.DB, f Filing) (bool, error) {
	var answering bool
	if err := db.Get(ctx, &answering, selectAnswering, f.ID); err != nil {
		return false, err
	}
	return f.Status.Open() && !answering && len(f.Points) < MaxPoints, nil
}

// DraftSupplement prints what the author adds, or writes anew, for him to sign. There
// is one draft at a time: saving again changes it.
func DraftSupplement(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, id uuid.UUID, n NewSupplement) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		f, err := lock(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if _, err := f.Status.after(policy.SupplementSign); err != nil {
			return err
		}
		if err := n.check(ctx, tx, f); err != nil {
			return err
		}
		if _, err := dropUnawaited(ctx, tx, f); err != nil {
			return err
		}
		if err := dropSupplement(ctx, tx, f); err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		var signed []supplementRow
		if err := tx.Select(ctx, &signed, selectSupplements, id); err != nil {
			return err
		}
		if len(signed) >= maxSupplements {
			return fault.New(fault.Conflict, "fault.supplements-many")
		}
		place := len(signed) + 1
		doc, err := printed(ctx, tx, press, ask, f.of(), []uuid.UUID{f.Author}, document.Supplement, n.Language, func(d document.Document, _ identity.Person) document.Sheet {
			return n.sheet(press, d, f, place)
		})
		if err != nil {
			return err
		}
		if err := n.keep(ctx, tx, ask, f.home(), id, place, doc.ID); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "filing", id, f.Case, doc.Digest)
	})
}

// check holds what is written against the limits, and against the answer: what it is
// being written to changes no more.
func (n NewSupplement) check(ctx context.Context, tx *vault.DB, f Filing) error {
	if n.Kind != Added && n.Kind != Corrected { // a reply has its own door
		return fault.New(fault.Invalid, "form.choose").At("kind")
	}
	if length := utf8.RuneCountInString(n.Text); length < MinText || length > MaxText {
		return fault.New(fault.Invalid, "fault.supplement-text").At("text")
	}
	if len(n.Points) == 0 {
		return nil
	}
	if n.Kind == Corrected || len(f.Points)+len(n.Points) > MaxPoints {
		return fault.New(fault.Invalid, "fault.points").At("point-1")
	}
	if err := (NewFiling{Points: n.Points}).bounded(); err != nil {
		return err
	}
	may, err := Addable(ctx, tx, f)
	if err == nil && !may {
		err = fault.New(fault.Invalid, "fault.points-late").At("point-1")
	}
	return err
}

const insertSupplement = `
INSERT INTO supplement (id, filing, n, kind, text, points, document, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`

func (n NewSupplement) keep(ctx context.Context, tx *vault.DB, ask policy.Ask, home vault.Home, filing uuid.UUID, place int, doc uuid.UUID) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	text, err := tx.SealText(supplementText("text", home, id), n.Text, ask.Person)
	if err != nil {
		return err
	}
	var points []byte
	if len(n.Points) > 0 {
		list, err := json.Marshal(n.Points)
		if err != nil {
			return err
		}
		if points, err = tx.SealText(supplementText("points", home, id), string(list), ask.Person); err != nil {
			return err
		}
	}
	return tx.Exec(ctx, insertSupplement, id, filing, place, n.Kind, text, points, doc, ask.At)
}

// A reply to who handed the filing on since: another decides it, who has not asked for it,
// or has asked for something else.
const selectUnawaited = selectSupplement + ` s
 WHERE s.filing = $1 AND s.signed_at IS NULL AND s.kind = 'asked'
   AND NOT ($2 AND s.id IS NOT DISTINCT FROM (SELECT a.supplement FROM addition a WHERE a.filing = $1 ORDER BY a.asked_at DESC, a.id DESC LIMIT 1))`

// dropUnawaited gives up a reply that nobody awaits any more, so that it is in the way of
// nothing that its author writes; false where there is none.
func dropUnawaited(ctx context.Context, tx *vault.DB, f Filing) (bool, error) {
	var rows []supplementRow
	if err := tx.Select(ctx, &rows, selectUnawaited, f.ID, f.Status == Asked); err != nil || len(rows) == 0 {
		return false, err
	}
	if err := tx.Exec(ctx, deleteSupplement, rows[0].ID); err != nil {
		return false, err
	}
	return true, document.Drop(ctx, tx, rows[0].Document)
}

const deleteSupplement = `
DELETE FROM supplement WHERE id = $1 AND signed_at IS NULL`

func dropSupplement(ctx context.Context, tx *vault.DB, f Filing) error {
	old, err := draftOf(ctx, tx, f, false)
	if err != nil {
		return err
	}
	if err := tx.Exec(ctx, deleteSupplement, old.ID); err != nil {
		return err
	}
	return document.Drop(ctx, tx, old.Document)
}

// SupplementDraft is what the author is about to sign.
func SupplementDraft(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Filing, Supplement, document.Document, error) {
	f, err := Read(ctx, db, ask, id)
	if err != nil {
		return f, Supplement{}, document.Document{}, err
	}
	s, err := draftOf(ctx, db, f, false)
	if errors.Is(err, fault.Conflict) {
		err = fault.New(fault.NotFound, "fault.not-found").Because(err)
	}
	if err != nil {
		return f, s, document.Document{}, err
	}
	doc, err := document.Fetch(ctx, db, s.Document)
	return f, s, doc, err
}

// DiscardSupplement gives the draft up.
func DiscardSupplement(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		f, err := lock(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		gone, err := dropUnawaited(ctx, tx, f)
		if err == nil && !gone {
			err = dropSupplement(ctx, tx, f)
		}
		if err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "filing", id, f.Case, nil)
	})
}

const signSupplement = `
UPDATE supplement SET signed_at = $2 WHERE id = $1`

const insertLaterPoint = `
INSERT INTO point (id, filing, n, text, supplement)
VALUES ($1, $2, $3, $4, $5)`

// SignSupplement puts the author's signature on it: from here the official sees it,
// and what it asks becomes points of the filing. The clock runs on as it did.
func SignSupplement(ctx context.Context, db *vault.DB, v *eds.Verifier, ask policy.Ask, id uuid.UUID, cms, digest []byte) error {
	signature, err := document.Verify(ctx, db, v, ask, cms, digest)
	if err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		f, _, err := move(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if f.Points, err = f.points(ctx, tx, ask); err != nil {
			return err
		}
		s, err := draftOf(ctx, tx, f, false)
		if database.Lost(err) {
			return err
		}
		if err != nil {
			return fault.New(fault.Conflict, "fault.not-now").Because(err)
		}
		if err := (NewSupplement{Kind: s.Kind, Text: s.Text, Points: s.Points}).check(ctx, tx, f); err != nil {
			return err
		}
		doc, err := document.Sign(ctx, tx, ask, s.Document, signature)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, signSupplement, s.ID, ask.At); err != nil {
			return err
		}
		for i, text := range s.Points {
			point, err := uuid.NewV7()
			if err != nil {
				return err
			}
			sealed, err := tx.SealText(pointText(f.home(), point), text, f.Author)
			if err != nil {
				return err
			}
			if err := tx.Exec(ctx, insertLaterPoint, point, id, len(f.Points)+i+1, sealed, s.ID); err != nil {
				return err
			}
		}
		return record(ctx, tx.DB, ask, f.Kind, id, f.Case, doc.Digest)
	})
}

// SupplementPaper opens a signed supplement, or its author's draft. Another's look at
// it is kept.
func SupplementPaper(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Filing, document.Document, error) {
	var of struct {
		Filing   uuid.UUID `db:"filing"`
		Document uuid.UUID `db:"document"`
	}
	if err := db.Get(ctx, &of, selectSupplemented, id); err != nil {
		return Filing{}, document.Document{}, err
	}
	return openPaper(ctx, db, ask, opening.Filing, of.Filing, func(*vault.DB, Filing) (uuid.UUID, error) { return of.Document, nil })
}

// Version is the text of a filing as it stood after a supplement; the first is what
// was filed.
type Version struct {
	N          int // 0 is what was filed
	Supplement Supplement
	At         time.Time
	Text       string
}

// Versions are all texts of a filing, for its readers to compare. Somebody else's look
// is kept.
func Versions(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Filing, []Version, error) {
	var f Filing
	var out []Version
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
		all, err := Supplements(ctx, tx, f)
		if err != nil {
			return err
		}
		out = []Version{{At: f.FiledAt, Text: f.Circumstances}}
		for _, s := range all {
			out = append(out, Version{N: s.N, Supplement: s, At: s.SignedAt, Text: s.onto(out[len(out)-1].Text)})
		}
		return f.shown(ctx, tx, ask)
	})
	return f, out, err
}

// Text is the circumstances as they stand now: what was filed, with all that was
// signed after it.
func (f Filing) Text(all []Supplement) string {
	text := f.Circumstances
	for _, s := range all {
		text = s.onto(text)
	}
	return text
}

// onto is the text as it stands with this supplement.
func (s Supplement) onto(text string) string {
	if s.Kind == Corrected {
		return s.Text
	}
	return text + "\n\n" + s.Text
}

// sheet is the supplement on paper, as it will be signed.
func (n NewSupplement) sheet(press document.Press, d document.Document, f Filing, place int) document.Sheet {
	w := press.Words.In(n.Language)
	s := press.Sheet(d, "supplement")
	s.Subtitle = w.T("paper.supplement.number", "place", strconv.Itoa(place), "number", f.Number)
	s.To, s.From, s.Facts = seated(w, f.Decider, f.Seat), f.from(w), f.facts(w)
	s.Sections = []document.Section{{Heading: w.T("paper.supplement." + string(n.Kind)), Text: n.Text}}
	if len(n.Points) > 0 {
		text := ""
		for i, point := range n.Points {
			text += fmt.Sprintf("%d. %s\n", len(f.Points)+i+1, point)
		}
		s.Sections = append(s.Sections, document.Section{Heading: w.T("paper.supplement.points"), Text: text[:len(text)-1]})
	}
	s.Sections = append(s.Sections, document.Section{Text: w.T("paper.supplement.clock")})
	s.Closing = []string{w.Day(d.MadeAt) + "\t" + f.AuthorName}
	return s
}
