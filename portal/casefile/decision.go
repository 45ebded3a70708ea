package casefile

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/ledger"
	"zharia/portal/opening"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/warrant"
)

// Decision is a decision in a case, as far as its reader may see it.
type Decision struct {
	ID           uuid.UUID
	Case         uuid.UUID
	Kind         policy.Kind
	Status       Status
	DecidedOn    time.Time // a day
	ReadyOn      time.Time // a day; zero where the condition of showing is not met or there is none
	SubmittedAt  time.Time // signed, and the prosecutor's word is awaited from then; zero where none is needed
	Term         deadline.Name
	DueAt        time.Time // by when he says it; zero where the Code gives no number
	PublishedAt  time.Time
	Flags        []policy.Flag
	Concerns     []uuid.UUID // participants named; none: the case as a whole
	Document     uuid.UUID
	Language     string
	Original     uuid.UUID // the decision itself, where Document is a redacted copy of it; else zero
	Exposure     Exposed   // what the investigator signed for the reader about it, if that counts; else zero
	policy.Sight           // how much of it the reader sees
	Joins        uuid.UUID // of a joinder: the other case
	Severs       string    // of a severance: the number of the new case
	Leaving      bool      // and those who go there are in this one no more

	people map[uuid.UUID]Known // whom it brings elsewhere, where the register names them; nil: the case does
}

// Text says that the document itself opens.
func (d Decision) Text() bool { return d.View >= policy.Read }

// Copy says that the reader has a right to a copy to keep.
func (d Decision) Copy() bool { return d.View >= policy.Copy }

// DecisionDraft is what the investigator says of a decision he publishes: the
// texts to print it from, or a PDF as it came from the case.
type DecisionDraft struct {
	Kind        policy.Kind
	DecidedOn   time.Time
	ReadyOn     time.Time
	Flags       []policy.Flag
	Concerns    []uuid.UUID
	Language    string
	Established string
	Resolved    string
	Upload      []byte
	Joins       uuid.UUID // of a joinder: the case that is joined to this one
	Severs      string    // of a severance: 15 digits, the number of the new case; those concerned go there
	Leaving     bool      // and are in this one no more

	joins string        // the number of that case, for the paper
	goes  []string      // the names of those who go
	who   []warrant.Who // each of those concerned, for machines
}

// Act is the act by which the draft is signed: what waits for the prosecutor is
// not published by the investigator.
func (draft DecisionDraft) Act() policy.Act { return signs(draft.Kind) }

func signs(kind policy.Kind) policy.Act {
	if rule, _ := policy.KindOf(kind); rule.Waits() {
		return policy.DecisionSubmit
	}
	return policy.DecisionPublish
}

// Decisions is the timeline of a case: what its reader may see of what was
// decided, newest first. A decision that he may not see does not exist for him.
func Decisions(ctx context.Context, db *vault.DB, ask policy.Ask, c Case) ([]Decision, error) {
	if err := ask.Check(c.Standing); err != nil {
		return nil, err
	}
	var rows []decisionRow
	if err := db.Select(ctx, &rows, selectDecisions, c.ID); err != nil {
		return nil, err
	}
	o, err := openedTo(ctx, db, ask, c)
	if err != nil {
		return nil, err
	}
	out := make([]Decision, 0, len(rows))
	for _, row := range rows {
		if d := row.seenFrom(c, o); d.View > policy.Hidden {
			out = append(out, d)
		}
	}
	return out, nil
}

// ReadDecision is one decision and its case.
func ReadDecision(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Decision, Case, error) {
	d, _, c, err := readDecision(ctx, db, ask, id)
	return d, c, err
}

func readDecision(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Decision, decisionRow, Case, error) {
	var row decisionRow
	if err := db.Get(ctx, &row, selectDecision, id); err != nil {
		return Decision{}, row, Case{}, err
	}
	// First whether he finds it, then whether he may do this with it: a refusal
	// would tell that it is there.
	c, err := find(ctx, db, ask.To(policy.DecisionRead), row.Case)
	if err != nil {
		return Decision{}, row, Case{}, err
	}
	o, err := openedTo(ctx, db, ask, c)
	if err != nil {
		return Decision{}, row, Case{}, err
	}
	d := row.seenFrom(c, o)
	if d.View == policy.Hidden {
		return Decision{}, row, Case{}, fault.New(fault.NotFound, "fault.not-found")
	}
	if c.undecided {
		return Decision{}, row, Case{}, &Choose{Case: c.ID}
	}
	return d, row, c, ask.Check(c.Standing)
}

// CopyOf opens the document of a decision. Reading it is a step: it leaves a
// record, and a line for those whose case it is. What waits to be handed over does
// not open (Receive, SignReceipt).
func CopyOf(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Decision, document.Document, error) {
	var d Decision
	var doc document.Document
	err := db.Within(ctx, func(tx *vault.DB) (err error) {
		var c Case
		if err := opening.Hold(ctx, tx, ask, opening.Decision, id); err != nil {
			return err
		}
		if d, _, c, err = readDecision(ctx, tx, ask, id); err != nil {
			return err
		}
		if !d.Text() {
			return fault.New(fault.NotFound, "fault.not-found")
		}
		h, err := handover(ctx, tx, ask, d, c)
		if err != nil {
			return err
		}
		if err := unserved(h); err != nil {
			return err
		}
		if err := c.opened(ctx, tx, ask, d); err != nil {
			return err
		}
		if doc, err = document.Fetch(ctx, tx, d.Document); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "decision", d.ID, d.Case, doc.Digest)
	})
	return d, doc, err
}

// DraftDecision prepares a decision for signing. The id is the page's: saving
// the same page again changes the draft and makes no second one.
func DraftDecision(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, casefile, id uuid.UUID, draft DecisionDraft) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		c, err := Read(ctx, tx, ask, casefile)
		if err != nil {
			return err
		}
		if err := c.TakesNew(); err != nil {
			return err
		}
		if draft, err = draft.check(ctx, tx, ask, c); err != nil {
			return err
		}
		old, err := lockDraft(ctx, tx, casefile, id)
		if err != nil {
			return err
		}
		doc, err := draft.document(press, ask, c)
		if err != nil {
			return err
		}
		if err := document.Add(ctx, tx, &doc); err != nil {
			return err
		}
		if err := draft.keep(ctx, tx, ask, casefile, id, doc.ID); err != nil {
			return err
		}
		if old != uuid.Nil {
			if err := document.Drop(ctx, tx, old); err != nil {
				return err
			}
		}
		return ledger.Step(ctx, tx.DB, ask, "decision", id, casefile, doc.Digest)
	})
}

// check holds a draft against the law; it answers with the draft as it is printed.
func (draft DecisionDraft) check(ctx context.Context, tx *vault.DB, ask policy.Ask, c Case) (DecisionDraft, error) {
	if err := draft.checkDays(); err != nil {
		return draft, err
	}
	all, err := participants(ctx, tx, c.ID)
	if err != nil {
		return draft, err
	}
	draft.who = nil
	for _, id := range draft.Concerns {
		i := slices.IndexFunc(all, func(p Participant) bool { return p.ID == id })
		if i < 0 {
			return draft, fault.New(fault.Invalid, "form.choose").At("concerns")
		}
		draft.who = append(draft.who, warrant.Who{Person: all[i].Person, Role: all[i].Role, Whom: all[i].whom})
	}
	if draft, err = draft.checkJoining(ctx, tx, ask, c); err != nil {
		return draft, err
	}
	return draft.checkSevering(ctx, tx, all)
}

// checkDays holds the kind of a decision and its days against the law.
func (draft DecisionDraft) checkDays() error {
	kind, known := policy.KindOf(draft.Kind)
	switch {
	case !known || !kind.Publishable():
		return fault.New(fault.Invalid, "form.choose").At("kind")
	case kind.Waits() && !draft.ReadyOn.IsZero():
		return fault.New(fault.Invalid, "fault.decision-ready-prosecutor").At("ready_on").Under(kind.By)
	case kind.Needs != policy.Nothing && !kind.Waits() && draft.ReadyOn.IsZero():
		return fault.New(fault.Invalid, "fault.decision-condition").At("ready_on").Under(kind.By)
	case !draft.ReadyOn.IsZero() && draft.ReadyOn.Before(draft.DecidedOn):
		return fault.New(fault.Invalid, "fault.decision-ready-before").At("ready_on")
	}
	return nil
}

// document is the PDF of the draft: the uploaded one, or one printed from its
// texts. An uploaded file is the decision as it was made and signed on paper; it is
// signed as it is, byte by byte. A page of ours put before it would make another
// file, whose digest is nowhere in the case. What it serves for is still told apart:
// a signature covers exactly these bytes, and no other act offers them.
func (draft DecisionDraft) document(press document.Press, ask policy.Ask, c Case) (document.Document, error) {
	d, err := document.New(ask, c.ID, document.Decision, draft.Language)
	if err != nil {
		return d, err
	}
	switch {
	case draft.Upload != nil && draft.states(d.ID) != nil:
		return d, fault.New(fault.Invalid, "fault.upload-moves").At("file")
	case draft.Upload != nil:
		d.Content, d.Nonce = draft.Upload, nil
		return d, nil
	}
	d.Content, err = press.Paper(draft.sheet(press, d, c), d, c.Number)
	return d, err
}

// ReadDraft is a draft of the asker's own with the texts it was printed from and
// its document, to check, to sign or to change.
func ReadDraft(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (DecisionDraft, document.Document, Case, error) {
	d, row, c, err := readDecision(ctx, db, ask, id)
	if err != nil {
		return DecisionDraft{}, document.Document{}, c, err
	}
	if d.Status != Draft {
		return DecisionDraft{}, document.Document{}, c, fault.New(fault.Conflict, "fault.not-now")
	}
	draft := DecisionDraft{
		Kind: d.Kind, DecidedOn: d.DecidedOn, ReadyOn: d.ReadyOn, Flags: d.Flags, Concerns: d.Concerns, Language: d.Language,
		Joins: d.Joins, Leaving: d.Leaving,
	}
	severs, err := db.OpenMaybe(ctx, severedNumber(c.ID, id), row.Severs)
	if err != nil {
		return draft, document.Document{}, c, err
	}
	draft.Severs = deref(severs)
	doc, err := document.Fetch(ctx, db, d.Document)
	if err != nil {
		return draft, doc, c, err
	}
	if row.Established == nil {
		draft.Upload = doc.Content
		return draft, doc, c, nil
	}
	if draft.Established, err = db.OpenText(ctx, decisionText("established", c.ID, id), row.Established); err != nil {
		return draft, doc, c, err
	}
	draft.Resolved, err = db.OpenText(ctx, decisionText("resolved", c.ID, id), row.Resolved)
	return draft, doc, c, err
}

// Publish signs a draft with the investigator's key. By the act it opens at once to
// those whom the Code names, or it waits for the prosecutor and opens to nobody of
// them (agreement.go). What joins cases or severs one takes effect here (join.go).
func Publish(ctx context.Context, db *vault.DB, v *eds.Verifier, ask policy.Ask, id uuid.UUID, cms, digest []byte) error {
	signature, err := document.Verify(ctx, db, v, ask, cms, digest)
	if err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		d, c, err := lockDecision(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		next, err := d.Status.after(ask.Act)
		if err != nil || signs(d.Kind) != ask.Act {
			return fault.New(fault.Conflict, "fault.not-now").Because(err)
		}
		if d.Joins == uuid.Nil { // a joinder asks it of both cases, in their order (join)
			if err := standsAlone(ctx, tx, c.ID); err != nil {
				return err
			}
		}
		doc, err := document.Sign(ctx, tx, ask, d.Document, signature)
		if err != nil {
			return err
		}
		if next == Submitted {
			err = submit(ctx, tx, ask, d)
		} else {
			err = publish(ctx, tx, ask, d, c)
		}
		if err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "decision", id, c.ID, doc.Digest)
	})
}

// publish opens a decision and lets it take effect.
func publish(ctx context.Context, tx *vault.DB, ask policy.Ask, d Decision, c Case) error {
	if err := tx.Exec(ctx, publishDecision, d.ID, Published, ask.At); err != nil {
		return err
	}
	switch {
	case d.Joins != uuid.Nil:
		return join(ctx, tx, ask, d, c)
	case d.Severs != "":
		return sever(ctx, tx, ask, d, c)
	}
	return reopen(ctx, tx, c.ID, d.Kind, ask.At)
}

const closeFile = `
UPDATE familiarisation SET status = 'ended' WHERE casefile = $1 AND status = 'open' AND opened_at <= $2`

// reopen closes the file to those who had it open when the investigation was begun again:
// what is found from there on is not disclosed to them before its next end (CPC 201, 294).
func reopen(ctx context.Context, tx *vault.DB, id uuid.UUID, kind policy.Kind, at time.Time) error {
	if rule, _ := policy.KindOf(kind); !rule.Reopens {
		return nil
	}
	return tx.Exec(ctx, closeFile, id, at)
}

// Discard gives a draft up.
func Discard(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		d, c, err := lockDecision(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if d.Status != Draft {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		if err := tx.Exec(ctx, deleteDecision, id); err != nil {
			return err
		}
		if err := document.Drop(ctx, tx, d.Document); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "decision", id, c.ID, nil)
	})
}
