package casefile

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Exposure is one decision opened to one person further than his status does, or,
// on a ground of law, less far, by a paper that the investigator signs. It is of
// that person alone: who stands for him has a paper of his own or none.
type Exposure struct {
	ID          uuid.UUID // of the paper, too
	Decision    uuid.UUID
	Kind        policy.Kind
	Case        uuid.UUID
	Participant uuid.UUID
	Name        string
	Role        policy.Role
	View        policy.View
	Ground      policy.Ground
	Reasons     string // the investigator's; zero for the participant
	MadeAt      time.Time
	SignedAt    time.Time
	EndedAt     time.Time
}

// InForce says that it counts now.
func (x Exposure) InForce() bool { return !x.SignedAt.IsZero() && x.EndedAt.IsZero() }

// Exposed is what a reader is told of an exposure to him: what ground, since when.
type Exposed struct {
	Ground policy.Ground
	At     time.Time
}

// ExposureDraft is what the investigator says of it.
type ExposureDraft struct {
	Participant uuid.UUID
	View        policy.View
	Ground      policy.Ground
	Reasons     string
	Language    string
}

// opened is what the investigator signed for a reader of a case, and in which
// capacities the file is open to him now.
type opened struct {
	exposures []exposedRow
	file      []uuid.UUID // participants
}

type exposedRow struct {
	Decision    uuid.UUID
	Participant uuid.UUID
	View        string
	Ground      policy.Ground
	SignedAt    time.Time
}

const selectOpened = `
SELECT p.id AS participant, x.decision, coalesce(x.view, '') AS view, coalesce(x.ground, '') AS ground, x.signed_at,
       EXISTS (SELECT FROM familiarisation f WHERE f.participant = p.id AND f.status = 'open' AND f.opens_on <= $3 AND ($3 <= f.until OR p.role = ANY ($4))) AS file
  FROM participant p
  LEFT JOIN exposure x ON x.participant = p.id AND x.signed_at IS NOT NULL AND x.ended_at IS NULL
 WHERE p.casefile = $1 AND p.person = $2
 ORDER BY x.signed_at`

func openedTo(ctx context.Context, db *vault.DB, ask policy.Ask, c Case) (opened, error) {
	var o opened
	if c.Standing&policy.Party == 0 {
		return o, nil
	}
	var rows []struct {
		Participant uuid.UUID     `db:"participant"`
		Decision    uuid.NullUUID `db:"decision"` // none where nothing is signed for him
		View        string        `db:"view"`
		Ground      policy.Ground `db:"ground"`
		SignedAt    *time.Time    `db:"signed_at"`
		File        bool          `db:"file"`
	}
	today := ask.At.In(deadline.Zone).Format(time.DateOnly)
	if err := db.Select(ctx, &rows, selectOpened, c.ID, ask.Person, today, pq.Array(policy.Unhurried)); err != nil {
		return o, err
	}
	for _, row := range rows {
		if row.Decision.Valid {
			o.exposures = append(o.exposures, exposedRow{row.Decision.UUID, row.Participant, row.View, row.Ground, deref(row.SignedAt)})
		}
		if row.File && !slices.Contains(o.file, row.Participant) {
			o.file = append(o.file, row.Participant)
		}
	}
	return o, nil
}

// to is what was signed about a decision for one capacity. A narrowing is the
// person's: he cannot go round it by being something else in the case as well.
func (o opened) to(decision, participant uuid.UUID) (policy.View, policy.Ground) {
	view, ground := policy.Hidden, policy.Ground("")
	for _, x := range o.exposures {
		switch {
		case x.Decision != decision:
		case x.Ground.Narrows() && (!ground.Narrows() || policy.ViewOf(x.View) < view):
			view, ground = policy.ViewOf(x.View), x.Ground
		case x.Participant == participant && ground == "":
			view, ground = policy.ViewOf(x.View), x.Ground
		}
	}
	return view, ground
}

// of is what the reader is told of an exposure that counts.
func (o opened) of(decision uuid.UUID, s policy.Sight) Exposed {
	for _, x := range o.exposures {
		if x.Decision == decision && (s.Opened && !x.Ground.Narrows() || s.Why == policy.Reason(x.Ground)) {
			return Exposed{x.Ground, x.SignedAt}
		}
	}
	return Exposed{}
}

// fits holds an exposure against the law: the person is in the case now, a ground
// that narrows takes something from him, any other gives him something, and no
// further than may be opened to his status.
func (draft ExposureDraft) fits(ctx context.Context, tx *vault.DB, ask policy.Ask, row decisionRow, c Case) (Participant, error) {
	all, err := participants(ctx, tx, c.ID)
	if err != nil {
		return Participant{}, err
	}
	i := slices.IndexFunc(all, func(p Participant) bool { return p.ID == draft.Participant && p.Status == Confirmed })
	if i < 0 {
		return Participant{}, fault.New(fault.Invalid, "form.choose").At("participant")
	}
	p := all[i]
	if !slices.Contains(policy.Grounds, draft.Ground) {
		return p, fault.New(fault.Invalid, "form.choose").At("ground")
	}
	if draft.View < policy.Fact || draft.View > policy.Copy {
		return p, fault.New(fault.Invalid, "form.choose").At("view")
	}
	viewer, capacity, err := row.viewerOf(ctx, tx, ask, c, p)
	if err != nil {
		return p, err
	}
	now := capacity.see(policy.See(row.Kind, viewer))
	viewer.Exposed, viewer.Ground = draft.View, draft.Ground
	then := capacity.see(policy.See(row.Kind, viewer))
	switch {
	case then != now && draft.Ground.Narrows():
		return p, nil
	case draft.Ground.Narrows():
		return p, fault.New(fault.Invalid, "fault.exposure-narrows-nothing").At("view").Under(draft.Ground.By())
	case then.Opened:
		return p, nil
	}
	return p, fault.New(fault.Invalid, "fault.exposure-opens-nothing").At("view").Under(now.Why.By())
}

// viewerOf is a participant as the matrix asks about him, with nothing signed for
// him yet.
func (row decisionRow) viewerOf(ctx context.Context, db *vault.DB, ask policy.Ask, c Case, p Participant) (policy.Viewer, Capacity, error) {
	all, err := capacities(ctx, db, policy.Ask{Person: p.Person, At: ask.At}, c.ID)
	if err != nil {
		return policy.Viewer{}, Capacity{}, err
	}
	for _, capacity := range all {
		if capacity.Participant == p.ID {
			return row.viewer(row.seenFrom(c, opened{}), capacity, opened{}), capacity, nil
		}
	}
	return policy.Viewer{}, Capacity{}, nil // his power is over: he sees nothing
}

// DraftExposure prints the paper by which a published decision is opened to one
// person further, or less far, for the investigator to check and to sign. Another
// draft about the same person and decision takes the place of the first.
func DraftExposure(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, decision uuid.UUID, draft ExposureDraft) (uuid.UUID, error) {
	var id uuid.UUID
	return id, db.Within(ctx, func(tx *vault.DB) error {
		d, row, c, err := readDecision(ctx, tx, ask, decision)
		if err != nil {
			return err
		}
		if d.Status != Published {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		p, err := draft.fits(ctx, tx, ask, row, c)
		if err != nil {
			return err
		}
		var old exposureRow
		switch err := tx.Get(ctx, &old, lockExposureDraft, decision, p.ID); {
		case err == nil:
			if err := dropExposure(ctx, tx, old.ID); err != nil {
				return err
			}
		case !errors.Is(err, fault.NotFound):
			return err
		}
		doc, err := document.New(ask, c.ID, document.Exposure, draft.Language)
		if err != nil {
			return err
		}
		original, err := document.Fetch(ctx, tx, row.Document)
		if err != nil {
			return err
		}
		if doc.Content, err = press.Paper(draft.sheet(press, doc, c, d, p, original.Digest), doc, c.Number); err != nil {
			return err
		}
		if err := document.Add(ctx, tx, &doc); err != nil {
			return err
		}
		reasons, err := tx.SealText(exposureReasons(c.ID, doc.ID), draft.Reasons)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, insertExposure, doc.ID, decision, p.ID, ask.Person, draft.View.String(), draft.Ground, reasons, ask.At); err != nil {
			return err
		}
		id = doc.ID
		return ledger.Step(ctx, tx.DB, ask, "exposure", doc.ID, c.ID, doc.Digest)
	})
}

func dropExposure(ctx context.Context, tx *vault.DB, id uuid.UUID) error {
	if err := tx.Exec(ctx, deleteExposure, id); err != nil {
		return err
	}
	return document.Drop(ctx, tx, id)
}

// ReadExposure is one exposure with its paper, for the officials of the case. A
// draft is the investigator's alone.
func ReadExposure(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Exposure, document.Document, Case, error) {
	x, c, err := readExposure(ctx, db, ask, id, false)
	if err != nil {
		return x, document.Document{}, c, err
	}
	doc, err := document.Fetch(ctx, db, id)
	return x, doc, c, err
}

func readExposure(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID, lock bool) (Exposure, Case, error) {
	var row exposureRow
	var err error
	if lock {
		err = db.Get(ctx, &row, lockExposure, id)
	} else {
		err = db.Get(ctx, &row, selectExposure, id)
	}
	if err != nil {
		return Exposure{}, Case{}, err
	}
	c, err := Read(ctx, db, ask.To(policy.DecisionRead), row.Case)
	if err != nil {
		return Exposure{}, c, err
	}
	if c.Standing&policy.OnDuty == 0 || row.SignedAt == nil && c.Standing&policy.Charge == 0 {
		return Exposure{}, c, fault.New(fault.NotFound, "fault.not-found") // who sees what is not for the others to learn
	}
	if err := ask.Check(c.Standing); err != nil {
		return Exposure{}, c, err
	}
	x, err := row.open(ctx, db)
	return x, c, err
}

// SignExposure puts the investigator's signature on the paper: from here the
// decision opens to the person as it says, and what was signed about the two
// before counts no more.
func SignExposure(ctx context.Context, db *vault.DB, v *eds.Verifier, ask policy.Ask, id uuid.UUID, cms, digest []byte) error {
	signature, err := document.Verify(ctx, db, v, ask, cms, digest)
	if err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		x, c, err := readExposure(ctx, tx, ask, id, true)
		if err != nil {
			return err
		}
		if !x.SignedAt.IsZero() {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		_, row, _, err := readDecision(ctx, tx, ask, x.Decision)
		if err != nil {
			return err
		}
		// Between the draft and the signature the person's status may have ended.
		if err := Hold(ctx, tx, x.Participant); err != nil {
			return err
		}
		draft := ExposureDraft{Participant: x.Participant, View: x.View, Ground: x.Ground}
		if _, err := draft.fits(ctx, tx, ask, row, c); err != nil {
			return err
		}
		doc, err := document.Sign(ctx, tx, ask, id, signature)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, replaceExposure, x.Decision, x.Participant, ask.At); err != nil {
			return err
		}
		if err := tx.Exec(ctx, signExposure, id, ask.At); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "exposure", id, c.ID, doc.Digest)
	})
}

// EndExposure ends an exposure: in the same second the person sees again what his
// status gives him. Nothing is signed; the record says who did it and when.
func EndExposure(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		x, c, err := readExposure(ctx, tx, ask, id, true)
		if err != nil {
			return err
		}
		if !x.InForce() {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		if err := tx.Exec(ctx, endExposure, id, ask.At); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "exposure", id, c.ID, nil)
	})
}

// DiscardExposure gives an unsigned paper up.
func DiscardExposure(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		x, c, err := readExposure(ctx, tx, ask, id, true)
		if err != nil {
			return err
		}
		if !x.SignedAt.IsZero() {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		if err := dropExposure(ctx, tx, id); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "exposure", id, c.ID, nil)
	})
}

// Leave is EndExposure or DiscardExposure.
type Leave func(context.Context, *vault.DB, policy.Ask, uuid.UUID) error

// Exposures are those of a decision that its reader found, newest first: for
// officials; nobody else learns what another is shown.
func Exposures(ctx context.Context, db *vault.DB, c Case, decision uuid.UUID) ([]Exposure, error) {
	if c.Standing&policy.OnDuty == 0 {
		return nil, nil
	}
	var rows []exposureRow
	if err := db.Select(ctx, &rows, selectExposures, decision); err != nil {
		return nil, err
	}
	var out []Exposure
	for _, row := range rows {
		if row.SignedAt == nil && c.Standing&policy.Charge == 0 {
			continue
		}
		x, err := row.open(ctx, db)
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

// Exposable are the participants whom a decision can be opened to further, or less
// far, each with what he sees now.
func Exposable(ctx context.Context, db *vault.DB, ask policy.Ask, decision uuid.UUID) ([]Seen, Decision, Case, error) {
	d, row, c, err := readDecision(ctx, db, ask, decision)
	if err != nil {
		return nil, d, c, err
	}
	if d.Status != Published {
		return nil, d, c, fault.New(fault.Conflict, "fault.not-now")
	}
	all, err := participants(ctx, db, c.ID)
	if err != nil {
		return nil, d, c, err
	}
	var out []Seen
	for _, p := range all {
		if p.Status != Confirmed {
			continue
		}
		viewer, capacity, err := row.viewerOf(ctx, db, ask, c, p)
		if err != nil {
			return nil, d, c, err
		}
		now := capacity.see(policy.See(d.Kind, viewer))
		if now.View > policy.Fact || policy.Widest(d.Kind, viewer).Opened {
			out = append(out, Seen{p, now})
		}
	}
	return out, d, c, nil
}

// Seen is a participant, and what his status shows him of a decision.
type Seen struct {
	Participant
	policy.Sight
}

type exposureRow struct {
	ID          uuid.UUID     `db:"document"`
	Decision    uuid.UUID     `db:"decision"`
	Kind        policy.Kind   `db:"kind"`
	Case        uuid.UUID     `db:"casefile"`
	Participant uuid.UUID     `db:"participant"`
	Person      uuid.UUID     `db:"person"`
	Name        []byte        `db:"name"`
	Role        policy.Role   `db:"role"`
	View        string        `db:"view"`
	Ground      policy.Ground `db:"ground"`
	Reasons     []byte        `db:"reasons"`
	MadeAt      time.Time     `db:"made_at"`
	SignedAt    *time.Time    `db:"signed_at"`
	EndedAt     *time.Time    `db:"ended_at"`
}

func exposureReasons(casefile, id uuid.UUID) vault.Where {
	return vault.Where{Table: "exposure", Column: "reasons", ID: id, Case: casefile}
}

func (row exposureRow) open(ctx context.Context, db *vault.DB) (Exposure, error) {
	x := Exposure{
		ID: row.ID, Decision: row.Decision, Kind: row.Kind, Case: row.Case, Participant: row.Participant, Role: row.Role,
		View: policy.ViewOf(row.View), Ground: row.Ground, MadeAt: row.MadeAt, SignedAt: deref(row.SignedAt), EndedAt: deref(row.EndedAt),
	}
	var err error
	if x.Name, err = identity.OpenName(ctx, db, row.Case, row.Person, row.Name); err != nil {
		return x, err
	}
	x.Reasons, err = db.OpenText(ctx, exposureReasons(row.Case, row.ID), row.Reasons)
	return x, err
}

const selectAnyExposure = `
SELECT x.document, x.decision, d.kind, d.casefile, x.participant, p.person, n.name, p.role,
       x.view, x.ground, x.reasons, x.made_at, x.signed_at, x.ended_at
  FROM exposure x
  JOIN decision d ON d.id = x.decision
  JOIN participant p ON p.id = x.participant
  LEFT JOIN known n ON n.casefile = p.casefile AND n.person = p.person`

const selectExposure = selectAnyExposure + `
 WHERE x.document = $1`

const lockExposure = selectExposure + `
   FOR UPDATE OF x`

const lockExposureDraft = selectAnyExposure + `
 WHERE x.decision = $1 AND x.participant = $2 AND x.signed_at IS NULL
   FOR UPDATE OF x`

const selectExposures = selectAnyExposure + `
 WHERE x.decision = $1
 ORDER BY x.made_at DESC`

const insertExposure = `
INSERT INTO exposure (document, decision, participant, author, view, ground, reasons, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`

const deleteExposure = `
DELETE FROM exposure WHERE document = $1 AND signed_at IS NULL`

const replaceExposure = `
UPDATE exposure SET ended_at = $3 WHERE decision = $1 AND participant = $2 AND signed_at IS NOT NULL AND ended_at IS NULL`

const signExposure = `
UPDATE exposure SET signed_at = $2 WHERE document = $1`

const endExposure = `
UPDATE exposure SET ended_at = $2 WHERE document = $1`

// sheet is an exposure on paper, as it will be signed: which decision, to whom, how
// far, on what ground by which article, and why.
func (draft ExposureDraft) sheet(press document.Press, doc document.Document, c Case, d Decision, p Participant, digest []byte) document.Sheet {
	w := press.Words.In(draft.Language)
	s := press.Sheet(doc, "exposure")
	s.From = []string{c.Body.In(draft.Language)}
	s.Facts = []document.Fact{
		{Label: w.T("paper.case"), Value: c.Number},
		{Label: w.T("paper.about"), Value: w.T("paper.about-value", "kind", w.T("kind."+string(d.Kind)), "day", w.Day(d.DecidedOn))},
		{Label: w.T("paper.exposure.original"), Value: w.Hex(digest)},
		{Label: w.T("paper.person"), Value: p.Name},
		{Label: w.T("paper.role"), Value: w.T("role." + string(p.Role))},
		{Label: w.T("paper.exposure.view"), Value: w.T("exposure.view." + draft.View.String())},
		{Label: w.T("paper.exposure.ground"), Value: w.T("paper.basis-value", "basis", w.T("exposure.ground."+string(draft.Ground)), "law", w.Law(draft.Ground.By()))},
	}
	text := "paper.exposure.widens"
	if draft.Ground.Narrows() {
		text = "paper.exposure.narrows"
	}
	s.Sections = []document.Section{{Heading: w.T("paper.established"), Text: draft.Reasons}, {Heading: w.T("paper.resolved"), Text: w.T(text)}}
	s.Closing = []string{w.Day(doc.MadeAt) + "\t" + w.T("paper.seat.investigator", "name", c.signer())}
	return s
}
