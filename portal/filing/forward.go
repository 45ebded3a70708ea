package filing

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/guide"
	"zharia/portal/identity"
	"zharia/portal/law"
	"zharia/portal/ledger"
	"zharia/portal/opening"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/warrant"
)

// NewForward is what an official writes when he hands on what is not his to decide.
type NewForward struct {
	To       guide.Seat // of those that are open; "" for the most proper
	Himself  bool       // it is about him: he decides it no more
	Words    string     // his explanations, CPC 105(1)
	Language string
}

// Forward is a filing handed on. Until it is signed it is its author's alone.
type Forward struct {
	ID       uuid.UUID
	Filing   uuid.UUID
	Author   uuid.UUID
	Name     string // of its author
	To       casefile.Official
	Seat     guide.Seat
	Himself  bool
	Words    string
	Language string
	Document uuid.UUID
	MadeAt   time.Time
	SignedAt time.Time
}

// mayForward says whether the reader holds the filing: only then he hands it on,
// whether he may decide it or not.
func (f Filing) mayForward() error {
	if !f.holds || !f.Status.Open() {
		return fault.New(fault.Conflict, "fault.not-now")
	}
	if f.OfReport() { // sealed for this office, in which its head alone decides (CPC 193(2)(6))
		return fault.New(fault.Conflict, "fault.forward-report").Under(law.CPC(193, 2))
	}
	return nil
}

const selectSeat = `
SELECT seat FROM filing WHERE id = $1`

// onward is what the way of a filing depends on when it is handed on: never back to
// the one who hands it on.
func (f Filing) onward(ctx context.Context, db *vault.DB, ask policy.Ask, himself bool, h guide.House) (guide.Contest, error) {
	c := guide.Contest{What: f.What, By: slices.Clone(f.Interested), Approved: []uuid.UUID{ask.Person, f.Decider.ID}}
	if slices.Contains(terminations, f.AboutKind) {
		c.Ground = "termination"
	}
	switch {
	case himself:
		c.By, c.ByPost = append(c.By, ask.Person), f.Seat
	case f.Complained != uuid.Nil:
		for _, seat := range guide.AllSeats {
			if slices.Contains(h[seat], f.Complained) {
				c.ByPost = seat
				break
			}
		}
	case f.What == guide.Ruling:
		c.ByPost = guide.Judge
	case f.Against != uuid.Nil:
		if err := db.Get(ctx, &c.ByPost, selectSeat, f.Against); err != nil {
			return c, err
		}
	case f.Family() == policy.Complaint:
		c.ByPost = guide.Investigator
	}
	return c, nil
}

// Onward are those to whom a filing can be handed on, the most proper first. Conflict
// where nobody is left.
func (f Filing) Onward(ctx context.Context, db *vault.DB, ask policy.Ask, himself bool) ([]Seated, error) {
	if err := f.mayForward(); err != nil {
		return nil, err
	}
	h, err := house(ctx, db, f.Case)
	if err != nil {
		return nil, err
	}
	c, err := f.onward(ctx, db, ask, himself, h)
	if err != nil {
		return nil, err
	}
	var out []Seated
	for _, seat := range append([]guide.Seat{""}, guide.AllSeats...) {
		c.To = seat
		who, at, _, err := guide.Addressee(f.Kind, c, h)
		if err != nil {
			return nil, err
		}
		if who == ask.Person || who == f.Decider.ID || slices.ContainsFunc(out, func(s Seated) bool { return s.Seat == at }) {
			continue
		}
		official, err := officer(ctx, db, who)
		if err != nil {
			return nil, err
		}
		out = append(out, Seated{Seat: at, Official: official})
	}
	if len(out) == 0 {
		return nil, fault.New(fault.Conflict, "fault.nobody-left")
	}
	return out, nil
}

// goes is whom the writer chose; the most proper where he chose nobody.
func (n NewForward) goes(all []Seated) (Seated, error) {
	if n.To == "" {
		return all[0], nil
	}
	i := slices.IndexFunc(all, func(s Seated) bool { return s.Seat == n.To })
	if i < 0 {
		return Seated{}, fault.New(fault.Invalid, "form.choose").At("to")
	}
	return all[i], nil
}

// DraftForward keeps a draft of handing a filing on and prints the paper that will be
// signed; saving it again changes the one draft.
func DraftForward(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, id uuid.UUID, n NewForward) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		f, err := lock(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		all, err := f.Onward(ctx, tx, ask, n.Himself)
		if err != nil {
			return err
		}
		to, err := n.goes(all)
		if err != nil {
			return err
		}
		old, err := draftForward(ctx, tx, ask, id)
		if err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		doc, err := printed(ctx, tx, press, ask, f.of(), []uuid.UUID{f.Author}, document.Forward, n.Language, func(d document.Document, signer identity.Person) document.Sheet {
			return n.sheet(press, d, f, to, signer)
		})
		if err != nil {
			return err
		}
		if old.ID == uuid.Nil {
			if old.ID, err = uuid.NewV7(); err != nil {
				return err
			}
		}
		words, err := tx.SealText(forwardWords(f.home(), old.ID), n.Words, f.Author)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, upsertForward, old.ID, id, ask.Person, n.Himself, to.Official.ID, to.Seat, words, n.Language, doc.ID, ask.At); err != nil {
			return err
		}
		if err := dropOwn(ctx, tx, ask, old.Document); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "filing", id, f.Case, doc.Digest)
	})
}

func forwardWords(home vault.Home, id uuid.UUID) vault.Where {
	return vault.Where{Table: "forward", Column: "words", ID: id}.In(home)
}

const upsertForward = `
INSERT INTO forward (id, filing, author, himself, addressee, seat, words, language, document, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT (id) DO UPDATE
   SET himself = $4, addressee = $5, seat = $6, words = $7, language = $8, document = $9, made_at = $10
 WHERE forward.signed_at IS NULL`

const selectForwards = `
SELECT w.id, w.filing, f.casefile, w.author, a.name AS author_name, w.addressee, o.name AS addressee_name, b.name_kk AS body_kk, b.name_ru AS body_ru,
       w.seat, w.himself, w.words, w.language, w.document, w.made_at, w.signed_at
  FROM forward w
  JOIN filing f ON f.id = w.filing
  JOIN officer a ON a.person = w.author
  JOIN officer o ON o.person = w.addressee
  JOIN body b ON b.id = o.body
 WHERE w.filing = $1`

const selectForwardDraft = selectForwards + ` AND w.author = $2 AND w.signed_at IS NULL`

const selectForwardsSigned = selectForwards + ` AND w.signed_at IS NOT NULL
 ORDER BY w.signed_at, w.id`

type forwardRow struct {
	ID            uuid.UUID `db:"id"`
	Case          uuid.UUID `db:"casefile"`
	Filing        uuid.UUID `db:"filing"`
	Author        uuid.UUID `db:"author"`
	AuthorName    string    `db:"author_name"`
	Addressee     uuid.UUID `db:"addressee"`
	AddresseeName string    `db:"addressee_name"`
	identity.Body
	Seat     guide.Seat `db:"seat"`
	Himself  bool       `db:"himself"`
	Words    []byte     `db:"words"`
	Language string     `db:"language"`
	Document uuid.UUID  `db:"document"`
	MadeAt   time.Time  `db:"made_at"`
	SignedAt *time.Time `db:"signed_at"`
}

func (row forwardRow) open(ctx context.Context, db *vault.DB) (Forward, error) {
	w := Forward{
		ID: row.ID, Filing: row.Filing, Author: row.Author, Name: row.AuthorName, To: casefile.Official{ID: row.Addressee, Name: row.AddresseeName, Body: row.Body}, Seat: row.Seat,
		Himself: row.Himself, Language: row.Language, Document: row.Document, MadeAt: row.MadeAt, SignedAt: deref(row.SignedAt),
	}
	var err error
	w.Words, err = db.OpenText(ctx, forwardWords(vault.Home{Case: row.Case}, row.ID), row.Words)
	return w, err
}

func draftForward(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Forward, error) {
	var row forwardRow
	if err := db.Get(ctx, &row, selectForwardDraft, id, ask.Person); err != nil {
		return Forward{}, err
	}
	return row.open(ctx, db)
}

// ForwardDraft is the asker's unsigned paper that hands a filing on, to check, to
// change or to sign; NotFound while there is none.
func ForwardDraft(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Filing, Forward, document.Document, error) {
	f, err := Read(ctx, db, ask, id)
	if err != nil {
		return f, Forward{}, document.Document{}, err
	}
	if err := f.mayForward(); err != nil {
		return f, Forward{}, document.Document{}, err
	}
	w, err := draftForward(ctx, db, ask, id)
	if err != nil {
		return f, w, document.Document{}, err
	}
	doc, err := document.Fetch(ctx, db, w.Document)
	return f, w, doc, err
}

const signForward = `
UPDATE forward SET signed_at = $2 WHERE id = $1 AND signed_at IS NULL`

// Its clock is not touched. Whom it concerns is written down as such, and finds it no
// more.
const forwardFiling = `
UPDATE filing
   SET status = $2, decider = $3, seat = $4, considered_at = NULL,
       complained = CASE WHEN $5 THEN coalesce(complained, CAST($6 AS uuid)) ELSE complained END,
       interested = CASE WHEN $5 THEN array_append(array_remove(interested, CAST($6 AS uuid)), CAST($6 AS uuid)) ELSE interested END
 WHERE id = $1`

// HandOn signs the paper and gives the filing to whom it names. The term runs on from
// the day it was filed. Conflict where somebody else sits there since it was drafted.
func HandOn(ctx context.Context, db *vault.DB, v *eds.Verifier, ask policy.Ask, id uuid.UUID, cms, digest []byte) error {
	signature, err := document.Verify(ctx, db, v, ask, cms, digest)
	if err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		f, next, err := move(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		w, err := draftForward(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		all, err := f.Onward(ctx, tx, ask, w.Himself)
		if err != nil {
			return err
		}
		if to, err := (NewForward{To: w.Seat}).goes(all); err != nil || to.Official.ID != w.To.ID {
			return fault.New(fault.Conflict, "fault.document-changed")
		}
		doc, err := document.Sign(ctx, tx, ask, w.Document, signature)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, signForward, w.ID, ask.At); err != nil {
			return err
		}
		if err := tx.Exec(ctx, forwardFiling, id, next, w.To.ID, w.Seat, w.Himself, ask.Person); err != nil {
			return err
		}
		return record(ctx, tx.DB, ask, f.Kind, id, f.Case, doc.Digest)
	})
}

// Forwards are all the times a filing was handed on, the first first; the filing was
// fetched through the asker.
func Forwards(ctx context.Context, db *vault.DB, f Filing) ([]Forward, error) {
	var rows []forwardRow
	if err := db.Select(ctx, &rows, selectForwardsSigned, f.ID); err != nil {
		return nil, err
	}
	out := make([]Forward, len(rows))
	for i, row := range rows {
		var err error
		if out[i], err = row.open(ctx, db); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ForwardPaper opens the paper by which a filing was handed on, or the asker's draft
// of one. Reading it is kept.
func ForwardPaper(ctx context.Context, db *vault.DB, ask policy.Ask, id, paper uuid.UUID) (Filing, document.Document, error) {
	return openPaper(ctx, db, ask, opening.Filing, id, func(tx *vault.DB, f Filing) (uuid.UUID, error) {
		if paper == uuid.Nil {
			w, err := draftForward(ctx, tx, ask, id)
			return w.Document, err
		}
		all, err := Forwards(ctx, tx, f)
		if err != nil {
			return uuid.Nil, err
		}
		i := slices.IndexFunc(all, func(w Forward) bool { return w.ID == paper })
		if i < 0 {
			return uuid.Nil, fault.New(fault.NotFound, "fault.not-found")
		}
		return all[i].Document, nil
	})
}

// sheet is the paper that hands a filing on, as it will be signed.
func (n NewForward) sheet(press document.Press, d document.Document, f Filing, to Seated, signer identity.Person) document.Sheet {
	w := press.Words.In(n.Language)
	s := press.Sheet(d, "forward")
	s.To = seated(w, to.Official, to.Seat)
	s.From = []string{f.Decider.Body.In(n.Language), w.T("paper.seat."+string(f.Seat), "name", signer.Name)}
	s.Facts = f.facts(w)
	text := w.T("paper.forward.text", "due", w.Until(f.DueAt))
	if n.Himself {
		text = w.T("paper.forward.himself") + "\n" + text
	}
	s.Sections = []document.Section{{Text: text}, {Heading: w.T("paper.forward.words"), Text: n.Words}}
	s.Closing = f.closing(w, d, signer)
	s.States = &warrant.Fact{Kind: warrant.Forward, Filing: f.ID, To: to.Official.ID, Seat: string(to.Seat)}
	return s
}

// Held says that the filing waits for its reader, or for one whom he stands in for.
func (f Filing) Held() bool { return f.holds }

// Decides says that its reader is of those whom the Code lets decide such a filing.
func (f Filing) Decides(ask policy.Ask) bool {
	return f.mayDecide(ask) == nil && f.Standing&policy.Decider != 0
}
