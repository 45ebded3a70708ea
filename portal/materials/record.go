package materials

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/warrant"
	"zharia/portal/words"
)

// Summary is what came of the reading, as the record says it.
type Summary struct {
	Entries        []Entry
	Sheets, Opened int
	Seconds        int
	First, Last    time.Time // zero where nothing was opened
}

const selectSpan = `
SELECT min(first_at) AS first, max(last_at) AS last FROM reading WHERE familiarisation = $1`

// Summarise adds up what a reader has read.
func Summarise(ctx context.Context, db *vault.DB, f Familiarisation) (Summary, error) {
	entries, err := Table(ctx, db, f)
	s := Summary{Entries: entries}
	if err != nil {
		return s, err
	}
	for _, e := range entries {
		s.Sheets, s.Opened, s.Seconds = s.Sheets+e.Sheets, s.Opened+e.Opened, s.Seconds+e.Seconds
	}
	var span struct {
		First *time.Time `db:"first"`
		Last  *time.Time `db:"last"`
	}
	if err := db.Get(ctx, &span, selectSpan, f.ID); err != nil {
		return s, err
	}
	if span.First != nil {
		s.First, s.Last = *span.First, *span.Last
	}
	return s, nil
}

// MaxMotions is how long the reader's own words in the record may be.
const MaxMotions = 10_000

const setRecord = `
UPDATE familiarisation SET record = $2, motions = $3 WHERE id = $1`

// DraftRecord prints the record of the reading, for the reader to check and to sign:
// what was opened, when and for how long, what was not, and what he has to say and
// to ask (CPC 294(4)). A second draft takes the place of the first.
func DraftRecord(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, id uuid.UUID, language, motions string) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		f, err := lock(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if _, err := f.Status.after(ask.Act); err != nil {
			return err
		}
		if err := settle(ctx, tx, f.ID, ask.At); err != nil {
			return err
		}
		c, err := casefile.Read(ctx, tx, ask.To(policy.CaseRead), f.Case)
		if err != nil {
			return err
		}
		summary, err := Summarise(ctx, tx, f)
		if err != nil {
			return err
		}
		person, err := identity.Read(ctx, tx, ask.Person, ask.At)
		if err != nil {
			return err
		}
		doc, err := document.New(ask, f.Case, document.FamiliarisationRecord, language)
		if err != nil {
			return err
		}
		if doc.Content, err = press.Paper(f.sheet(press, doc, c, person, summary, motions), doc, c.Number); err != nil {
			return err
		}
		if err := document.Add(ctx, tx, &doc); err != nil {
			return err
		}
		var said *string
		if motions != "" {
			said = &motions
		}
		sealed, err := tx.SealMaybe(motionsAt(f.Case, id), said)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, setRecord, id, doc.ID, sealed); err != nil {
			return err
		}
		if f.Record != uuid.Nil {
			if err := document.Drop(ctx, tx, f.Record); err != nil {
				return err
			}
		}
		return ledger.Step(ctx, tx.DB, ask, "familiarisation", id, f.Case, doc.Digest)
	})
}

// ReadRecord is a familiarisation with its record; NotFound while there is none. A
// draft is the reader's alone.
func ReadRecord(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Familiarisation, document.Document, error) {
	f, err := Read(ctx, db, ask, id)
	if err != nil {
		return f, document.Document{}, err
	}
	if f.Record == uuid.Nil || f.Status == Opened && !f.Mine {
		return f, document.Document{}, fault.New(fault.NotFound, "fault.not-found")
	}
	doc, err := document.Fetch(ctx, db, f.Record)
	return f, doc, err
}

const recordFamiliarisation = `
UPDATE familiarisation SET status = $2, recorded_at = $3 WHERE id = $1`

// SignRecord signs the record with the reader's key; the reading is over with it.
// Where he has read on since it was printed, or the file has grown, it would say less than
// is true: it must be printed anew.
func SignRecord(ctx context.Context, db *vault.DB, v *eds.Verifier, ask policy.Ask, id uuid.UUID, cms, digest []byte) error {
	signature, err := document.Verify(ctx, db, v, ask, cms, digest)
	if err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		f, err := lock(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		next, err := f.Status.after(ask.Act)
		if err != nil {
			return err
		}
		if f.Record == uuid.Nil {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		if err := casefile.Hold(ctx, tx, f.Holder); err != nil {
			return err
		}
		doc, err := document.Sign(ctx, tx, ask, f.Record, signature)
		if err != nil {
			return err
		}
		var span struct {
			First *time.Time `db:"first"`
			Last  *time.Time `db:"last"`
		}
		if err := tx.Get(ctx, &span, selectSpan, id); err != nil {
			return err
		}
		if span.Last != nil && span.Last.After(doc.MadeAt) {
			return fault.New(fault.Invalid, "fault.file-read-on")
		}
		all, err := visible(ctx, tx, f.Case, f.Part)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(all, func(m Material) bool { return m.MadeAt.After(doc.MadeAt) }) {
			return fault.New(fault.Invalid, "fault.file-new-sheets")
		}
		if err := tx.Exec(ctx, recordFamiliarisation, id, next, ask.At); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "familiarisation", id, f.Case, doc.Digest)
	})
}

// DraftClosing prints the investigator's signature under the record as a paper of
// its own, for him to sign.
func DraftClosing(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, id uuid.UUID, language string) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		f, err := lock(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if _, err := f.Status.after(ask.Act); err != nil {
			return err
		}
		c, err := casefile.Read(ctx, tx, ask.To(policy.CaseRead), f.Case)
		if err != nil {
			return err
		}
		signer, err := identity.Read(ctx, tx, ask.Person, ask.At)
		if err != nil {
			return err
		}
		about, err := document.Fetch(ctx, tx, f.Record)
		if err != nil {
			return err
		}
		w := press.Words.In(language)
		doc, err := document.DraftAssent(ctx, tx, press, ask, document.AssentDraft{
			About: about, Number: c.Number, Agrees: true, Language: language, From: c.Body.In(language),
			What: []document.Fact{
				{Label: w.T("paper.record.about"), Value: w.T("paper.record.about-value", "day", w.Day(f.RecordedAt))},
				{Label: w.T("paper.person"), Value: f.Name},
			},
			Signer: w.T("paper.seat.investigator", "name", signer.Name),
		})
		if err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "familiarisation", id, f.Case, doc.Digest)
	})
}

// ReadClosing is the investigator's paper about the record: the asker's own that
// waits for his signature, or the one that was signed. NotFound where there is none.
func ReadClosing(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Familiarisation, document.Document, error) {
	f, err := Read(ctx, db, ask, id)
	if err != nil {
		return f, document.Document{}, err
	}
	var a document.Assent
	if f.Status == Closed {
		a, err = document.AssentTo(ctx, db, f.Record)
	} else {
		a, err = document.OwnAssent(ctx, db, ask, f.Record)
	}
	if err != nil {
		return f, document.Document{}, err
	}
	doc, err := document.Fetch(ctx, db, a.Document)
	return f, doc, err
}

const closeFamiliarisation = `
UPDATE familiarisation SET status = $2, closed_at = $3 WHERE id = $1`

// Close signs the record with the investigator's key, too, and ends the
// familiarisation.
func Close(ctx context.Context, db *vault.DB, v *eds.Verifier, ask policy.Ask, id uuid.UUID, cms, digest []byte) error {
	signature, err := document.Verify(ctx, db, v, ask, cms, digest)
	if err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		f, err := lock(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		next, err := f.Status.after(ask.Act)
		if err != nil {
			return err
		}
		_, doc, err := document.SettleAssent(ctx, tx, ask, f.Record, signature)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, closeFamiliarisation, id, next, ask.At); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "familiarisation", id, f.Case, doc.Digest)
	})
}

// maxLines is how many materials the record names one by one; of the others it says how
// many there are. A variable for the tests.
var maxLines = 500

// sheet is the record on paper.
func (f Familiarisation) sheet(press document.Press, d document.Document, c casefile.Case, person identity.Person, sum Summary, motions string) document.Sheet {
	w := press.Words.In(d.Language)
	s := press.Sheet(d, string(d.Kind))
	if f.Terminated {
		s.Subtitle = w.T("paper.familiarisation.subtitle.terminated")
	}
	s.From = []string{c.Body.In(d.Language)}
	s.Facts = []document.Fact{
		{Label: w.T("paper.case"), Value: c.Number},
		{Label: w.T("paper.person"), Value: person.Name},
		{Label: w.T("paper.person.iin"), Value: person.IIN.Reveal()},
		{Label: w.T("paper.role"), Value: w.T("role." + string(f.Role))},
		{Label: w.T("paper.familiarisation.term"), Value: w.T("paper.familiarisation.term-value", "from", w.Day(f.OpensOn), "until", w.Day(f.Until))},
		{Label: w.T("paper.record.opened"), Value: w.T("paper.record.opened-value", "opened", sum.Opened, "sheets", sum.Sheets)},
	}
	if !sum.First.IsZero() {
		s.Facts = append(s.Facts,
			document.Fact{Label: w.T("paper.record.first"), Value: w.Moment(sum.First)},
			document.Fact{Label: w.T("paper.record.last"), Value: w.Moment(sum.Last)},
			document.Fact{Label: w.T("paper.record.time"), Value: Spoken(w, sum.Seconds)},
		)
	}
	var opened, closed []string
	for _, e := range sum.Entries[:min(maxLines, len(sum.Entries))] {
		place := w.T("paper.record.place", "volume", e.Volume, "from", e.Sheet, "to", e.Last(), "title", e.Title)
		if e.Sheets == 1 {
			place = w.T("paper.record.one", "volume", e.Volume, "sheet", e.Sheet, "title", e.Title)
		}
		if e.Opened > 0 {
			opened = append(opened, place+" "+w.T("paper.record.read", "opened", e.Opened, "sheets", e.Sheets, "time", Spoken(w, e.Seconds)))
		}
		if e.Left() > 0 {
			closed = append(closed, place+" "+w.T("paper.record.left", "left", e.Left()))
		}
	}
	var more, sheets, fewer, left int
	for _, e := range sum.Entries[min(maxLines, len(sum.Entries)):] {
		if e.Opened > 0 {
			more, sheets = more+1, sheets+e.Opened
		}
		if e.Left() > 0 {
			fewer, left = fewer+1, left+e.Left()
		}
	}
	if more > 0 {
		opened = append(opened, w.T("paper.record.more-opened", "count", more, "opened", sheets))
	}
	if fewer > 0 {
		closed = append(closed, w.T("paper.record.more-left", "count", fewer, "left", left))
	}
	s.Sections = []document.Section{
		{Text: w.T("paper.record.text")},
		{Heading: w.T("paper.record.was-opened"), Text: listed(w, opened)},
		{Heading: w.T("paper.record.was-not"), Text: listed(w, closed)},
		{Heading: w.T("paper.record.motions"), Text: motions},
	}
	if motions == "" {
		s.Sections[3].Text = w.T("paper.record.none")
	}
	s.States = &warrant.Fact{Kind: warrant.Record, Participant: f.Participant, Person: f.Person, Role: f.Role, About: f.Document}
	s.Closing = []string{w.Day(d.MadeAt) + "\t" + person.Name}
	return s
}

func listed(w *words.Language, lines []string) string {
	if len(lines) == 0 {
		return w.T("paper.record.nothing")
	}
	for i, line := range lines {
		lines[i] = fmt.Sprintf("%d. %s", i+1, line)
	}
	return strings.Join(lines, "\n")
}

// Spoken is a time of reading in words.
func Spoken(w *words.Language, seconds int) string {
	return w.T("file.time", "hours", seconds/3600, "minutes", seconds/60%60, "seconds", seconds%60)
}
