package casefile

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"zharia/portal/calendar"
	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/law"
	"zharia/portal/ledger"
	"zharia/portal/opening"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Service is a decision that was handed over to a participant, or waits to be
// (CPC 49(2)).
type Service struct {
	Decision    uuid.UUID
	Case        uuid.UUID
	Kind        policy.Kind
	Participant uuid.UUID
	Person      uuid.UUID
	Name        string
	Role        policy.Role
	Represented string         // of one who acts for another
	Receipt     policy.Receipt // how it was handed over, or will be
	By          law.Ref        // that it must be handed over
	At          time.Time      // zero: not yet
	Document    uuid.UUID      // the signed receipt; zero where opening is the receipt
	Term        deadline.Name  // that began with it; or will
	DueAt       time.Time      // its legal end; zero for none
}

// Served tells that it was handed over.
func (s Service) Served() bool { return !s.At.IsZero() }

// Counting is the working of the term, as if it began at the moment given where it
// has not begun yet.
func (s Service) Counting(at time.Time, days calendar.Changes) deadline.Counting {
	if s.Served() {
		count, _ := days.Counted(s.Term, s.At, s.DueAt)
		return count
	}
	return s.Term.Count(at, days.Calendar())
}

// Handover is what of one decision is handed over to its reader: to him in his own
// capacities, each with its own receipt. Of others it tells nothing.
type Handover struct {
	Decision Decision
	Case     Case
	Waits    []Service // he has not received it in these
	Done     []Service
	Days     calendar.Changes // by which its terms are counted
}

// Receipt is what the Code wants before the text opens: a signature if any of the
// capacities needs one; "" where nothing waits.
func (h Handover) Receipt() policy.Receipt {
	receipt := policy.Receipt("")
	for _, s := range h.Waits {
		if receipt == "" || s.Receipt == policy.BySignature {
			receipt = s.Receipt
		}
	}
	return receipt
}

// Complain is the last day to complain of the termination of a case, which is counted from
// the ruling or its approval and not from when it was read (CPC 102); zero for others.
func (h Handover) Complain() time.Time { return h.Decision.Complain(h.Days) }

// terminations are the decisions whose complaint has a last day of its own (CPC 102).
var terminations = []policy.Kind{"terminated-full", "terminated-part", "prosecution-terminated"}

// Since is from which day it is complained of: that of its approval by the prosecutor, if
// that is later (CPC 102, CPC 290).
func (d Decision) Since() time.Time {
	if d.ReadyOn.After(d.DecidedOn) {
		return d.ReadyOn
	}
	return d.DecidedOn
}

// Complain is the end of the term to complain of the termination of a case to the
// prosecutor; zero for any other decision.
func (d Decision) Complain(days calendar.Changes) time.Time {
	if !slices.Contains(terminations, d.Kind) {
		return time.Time{}
	}
	return days.Running(deadline.Termination, d.Since()).Ends
}

// handing is how the decision is handed over in a capacity; false where it is not.
func (d Decision) handing(role, represented policy.Role) (policy.Handing, bool) {
	if d.Status != Published {
		return policy.Handing{}, false
	}
	return policy.HandedTo(d.Kind, policy.Viewer{Role: role, Represented: represented}, !d.ReadyOn.IsZero())
}

// handover is what of a decision is handed over to its reader.
func handover(ctx context.Context, db *vault.DB, ask policy.Ask, d Decision, c Case) (Handover, error) {
	days, err := calendar.Read(ctx, db.DB)
	h := Handover{Decision: d, Case: c, Days: days}
	if err != nil {
		return h, err
	}
	if c.Standing&policy.Party == 0 || c.Standing&policy.OnDuty != 0 || !d.Text() {
		return h, nil
	}
	var rows []serviceRow
	if err := db.Select(ctx, &rows, selectOwnServices, d.ID, ask.Person); err != nil {
		return h, err
	}
	for _, capacity := range c.Capacities {
		rule, ok := d.handing(capacity.Role, capacity.RepresentedRole)
		if !ok {
			continue
		}
		s := Service{
			Decision: d.ID, Case: d.Case, Kind: d.Kind, Participant: capacity.Participant, Person: ask.Person, Role: capacity.Role,
			Represented: capacity.Represented, Receipt: rule.Receipt, By: rule.By, Term: deadline.Name(rule.Term),
		}
		// What he was handed as a suspect he has as an accused.
		same := func(r serviceRow) bool {
			return r.At != nil && (r.Participant == capacity.Participant || slices.Contains(capacity.line, r.Participant))
		}
		if i := slices.IndexFunc(rows, same); i >= 0 {
			rows[i].into(&s)
			h.Done = append(h.Done, s)
			continue
		}
		h.Waits = append(h.Waits, s)
	}
	return h, nil
}

// Hands tells that a decision is handed over to the reader of the case, by opening
// or by a signature.
func (c Case) Hands(d Decision) bool {
	return c.Standing&policy.OnDuty == 0 && d.Text() && slices.ContainsFunc(c.Capacities, func(capacity Capacity) bool {
		_, ok := d.handing(capacity.Role, capacity.RepresentedRole)
		return ok
	})
}

// ReadHandover is a decision and what of it is handed over to the asker. Reading it
// opens nothing and starts nothing.
func ReadHandover(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Handover, error) {
	d, _, c, err := readDecision(ctx, db, ask, id)
	if err != nil {
		return Handover{}, err
	}
	return handover(ctx, db, ask, d, c)
}

// Look opens the page that shows a decision. Where its text is on the page that is a
// view of it: it is kept, and an official must have said why. Where it waits to be
// handed over nothing opens: the handover tells so.
func Look(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Handover, document.Document, error) {
	var h Handover
	var doc document.Document
	err := db.Within(ctx, func(tx *vault.DB) error {
		if err := opening.Hold(ctx, tx, ask, opening.Decision, id); err != nil {
			return err
		}
		d, _, c, err := readDecision(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if h, err = handover(ctx, tx, ask, d, c); err != nil || d.Status == Draft || !d.Text() || len(h.Waits) > 0 {
			return err
		}
		if err := opening.Show(ctx, tx, ask, c.view(d)); err != nil {
			return err
		}
		doc, err = document.Fetch(ctx, tx, d.Document)
		return err
	})
	return h, doc, err
}

// opened keeps a view of a decision. A ruling that waits for the prosecutor's word
// is read in order to give it.
func (c Case) opened(ctx context.Context, tx *vault.DB, ask policy.Ask, d Decision) error {
	return opening.Keep(ctx, tx, ask, c.view(d))
}

// view is a decision about to be shown.
func (c Case) view(d Decision) opening.Opening {
	o := opening.Opening{Case: c.ID, As: c.Standing, Object: opening.Decision, ObjectID: d.ID, Document: d.Document}
	if d.Status == Submitted && c.Standing&policy.Supervisor != 0 {
		o.As |= policy.Addressee
	}
	if d.Redacted() {
		o.Object = opening.Redaction
	}
	if len(c.Capacities) > 0 {
		o.Role = c.Capacities[0].Role
	}
	return o
}

// unserved refuses the text of a decision that waits to be handed over.
func unserved(h Handover) error {
	if len(h.Waits) == 0 {
		return nil
	}
	return fault.New(fault.Conflict, "fault.unserved").Under(h.Waits[0].By)
}

// Receive hands a decision over to the asker by his opening it: the moment is kept
// for each of his capacities, and the terms begin. Opening it again changes nothing.
// Where the Code wants a signature it is refused: that is SignReceipt.
func Receive(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		h, err := lockHandover(ctx, tx, ask, id)
		if err != nil || len(h.Waits) == 0 {
			return err
		}
		if h.Receipt() == policy.BySignature {
			return fault.New(fault.Conflict, "fault.unserved").Under(h.Waits[0].By)
		}
		for _, s := range h.Waits {
			if err := s.keep(ctx, tx, ask, uuid.Nil); err != nil {
				return err
			}
		}
		return ledger.Step(ctx, tx.DB, ask, "service", id, h.Case.ID, nil)
	})
}

// lockHandover holds the statuses in which the decision is handed over until the
// transaction ends: what ends first, the status or the handing over, is one of the
// two.
func lockHandover(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID) (Handover, error) {
	if err := opening.Hold(ctx, tx, ask, opening.Decision, id); err != nil {
		return Handover{}, err
	}
	h, err := ReadHandover(ctx, tx, ask, id)
	if err != nil {
		return h, err
	}
	if err := tx.Exec(ctx, lockDecisionShared, id); err != nil {
		return h, err
	}
	for _, s := range h.Waits {
		if err := Hold(ctx, tx, s.Participant); err != nil {
			return h, err
		}
	}
	return h, nil
}

// keep writes down that it was handed over, now, and the term that begins.
func (s Service) keep(ctx context.Context, tx *vault.DB, ask policy.Ask, receipt uuid.UUID) error {
	way := policy.ByOpening
	if receipt != uuid.Nil {
		way = policy.BySignature
	}
	var term *deadline.Name
	var raw, due *time.Time
	if s.Term != deadline.None {
		off, err := calendar.Now(ctx, tx.DB)
		if err != nil {
			return err
		}
		count := s.Term.Count(ask.At, off)
		term, raw, due = &s.Term, &count.Raw, &count.Ends
	}
	return tx.Exec(ctx, upsertService, s.Decision, s.Participant, ask.Person, way, ask.At, nullable(receipt), term, raw, due)
}

// DraftReceipt prints the receipt that the asker signs to be handed the decision;
// drafting it again changes the one draft.
func DraftReceipt(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, id uuid.UUID, language string) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		h, err := lockHandover(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if h.Receipt() != policy.BySignature {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		if err := dropReceipt(ctx, tx, ask, id); err != nil {
			return err
		}
		original, err := document.Fetch(ctx, tx, h.Decision.Document)
		if err != nil {
			return err
		}
		me, err := identity.Read(ctx, tx, ask.Person, ask.At)
		if err != nil {
			return err
		}
		doc, err := document.New(ask, h.Case.ID, document.Service, language)
		if err != nil {
			return err
		}
		if doc.Content, err = press.Paper(h.sheet(press, doc, original, me), doc, h.Case.Number); err != nil {
			return err
		}
		if err := document.Add(ctx, tx, &doc); err != nil {
			return err
		}
		for _, s := range h.Waits {
			if err := tx.Exec(ctx, insertReceipt, id, s.Participant, ask.Person, doc.ID); err != nil {
				return err
			}
		}
		return ledger.Step(ctx, tx.DB, ask, "service", id, h.Case.ID, doc.Digest)
	})
}

// dropReceipt removes the asker's unsigned receipt for a decision, if there is one.
func dropReceipt(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID) error {
	var old []uuid.UUID
	if err := tx.Select(ctx, &old, selectReceipt, id, ask.Person); err != nil || len(old) == 0 {
		return err
	}
	if err := tx.Exec(ctx, deleteReceipts, id, ask.Person); err != nil {
		return err
	}
	for _, doc := range old {
		if err := document.Drop(ctx, tx, doc); err != nil {
			return err
		}
	}
	return nil
}

// ReceiptOf is the receipt that waits for the asker's signature; NotFound where none
// does.
func ReceiptOf(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Handover, document.Document, error) {
	h, err := ReadHandover(ctx, db, ask, id)
	if err != nil {
		return h, document.Document{}, err
	}
	var receipt uuid.UUID
	if err := db.Get(ctx, &receipt, selectReceipt, id, ask.Person); err != nil {
		return h, document.Document{}, err
	}
	doc, err := document.Fetch(ctx, db, receipt)
	return h, doc, err
}

// SignReceipt hands a decision over by the asker's signature over the receipt: the
// terms begin, and the text opens. An unsigned receipt that names another capacity
// than those of today is refused: what was signed must be what takes effect.
func SignReceipt(ctx context.Context, db *vault.DB, v *eds.Verifier, ask policy.Ask, id uuid.UUID, cms, digest []byte) error {
	signature, err := document.Verify(ctx, db, v, ask, cms, digest)
	if err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		h, err := lockHandover(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		var rows []serviceRow
		if err := tx.Select(ctx, &rows, lockReceipts, id, ask.Person); err != nil {
			return err
		}
		if len(rows) == 0 || len(rows) != len(h.Waits) {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		doc, err := document.Sign(ctx, tx, ask, rows[0].Document.UUID, signature)
		if err != nil {
			return err
		}
		for _, s := range h.Waits {
			if !slices.ContainsFunc(rows, func(r serviceRow) bool { return r.Participant == s.Participant }) {
				return fault.New(fault.Conflict, "fault.document-changed")
			}
			if err := s.keep(ctx, tx, ask, doc.ID); err != nil {
				return err
			}
		}
		return ledger.Step(ctx, tx.DB, ask, "service", id, h.Case.ID, doc.Digest)
	})
}

// Services are those to whom a decision must be handed over, and whether it was: for
// the officials of the case. Who has left the case since stays, with what he received.
func Services(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) ([]Service, error) {
	d, row, c, err := readDecision(ctx, db, ask, id)
	if err != nil {
		return nil, err
	}
	if c.Standing&policy.OnDuty == 0 {
		return nil, fault.New(fault.NotFound, "fault.not-found")
	}
	if d.Status != Published {
		return nil, nil
	}
	all, err := participants(ctx, db, d.Case)
	if err != nil {
		return nil, err
	}
	var rows []serviceRow
	if err := db.Select(ctx, &rows, selectServices, id); err != nil {
		return nil, err
	}
	var out []Service
	for _, p := range all {
		s := Service{
			Decision: d.ID, Case: d.Case, Kind: d.Kind, Participant: p.ID, Person: p.Person, Name: p.Name,
			Role: p.Role, Represented: p.Represented,
		}
		rule, must := d.handing(p.Role, p.RepresentedRole)
		s.Receipt, s.By, s.Term = rule.Receipt, rule.By, deadline.Name(rule.Term)
		if i := slices.IndexFunc(rows, func(r serviceRow) bool { return r.Participant == p.ID && r.At != nil }); i >= 0 {
			rows[i].into(&s)
			out = append(out, s)
		} else if must && p.Status == Confirmed && row.shown(d, p) {
			out = append(out, s)
		}
	}
	return out, nil
}

// subject is the participant whose rights somebody exercises.
func (p Participant) subject() uuid.UUID {
	if p.Represents != uuid.Nil {
		return p.Represents
	}
	return p.ID
}

// shown tells that the matrix opens the text to a participant: of several on one
// side, to the one it is about (CPC 43(6)).
func (row decisionRow) shown(d Decision, p Participant) bool {
	role := p.Role
	if p.Represents != uuid.Nil {
		role = p.RepresentedRole
	}
	viewer := policy.Viewer{Role: p.Role, Represented: p.RepresentedRole, Concerned: slices.Contains(d.Concerns, p.subject()), Reached: true, Flagged: len(d.Flags) > 0}
	for _, other := range row.ConcernRoles {
		viewer.OthersOfHisSideOnly = viewer.OthersOfHisSideOnly || !viewer.Concerned && policy.Side(policy.Role(other)) == policy.Side(role)
	}
	return policy.See(d.Kind, viewer).View >= policy.Read
}

// Terms are the asker's own terms to complain that run now, by case, the next to end
// first.
func Terms(ctx context.Context, db *vault.DB, ask policy.Ask) (map[uuid.UUID][]Service, error) {
	if err := ask.Check(0); err != nil {
		return nil, err
	}
	var rows []serviceRow
	if err := db.Select(ctx, &rows, selectTerms, ask.Person, ask.At, day(ask.At)); err != nil {
		return nil, err
	}
	out := map[uuid.UUID][]Service{}
	for _, row := range rows {
		s := Service{Decision: row.Decision, Case: row.Case, Kind: row.Kind, Participant: row.Participant, Person: ask.Person}
		row.into(&s)
		out[row.Case] = append(out[row.Case], s)
	}
	return out, nil
}

// Received are the asker's own services in a case by decision: what he has been
// handed over, for the timeline.
func Received(ctx context.Context, db *vault.DB, ask policy.Ask, of Case) (map[uuid.UUID]Service, error) {
	if err := ask.Check(of.Standing); err != nil {
		return nil, err
	}
	var rows []serviceRow
	if err := db.Select(ctx, &rows, selectReceived, ask.Person, of.ID); err != nil {
		return nil, err
	}
	out := map[uuid.UUID]Service{}
	for _, row := range rows {
		s := Service{Decision: row.Decision, Case: row.Case, Kind: row.Kind, Participant: row.Participant, Person: ask.Person}
		row.into(&s)
		if earlier, ok := out[row.Decision]; !ok || s.DueAt.Before(earlier.DueAt) {
			out[row.Decision] = s
		}
	}
	return out, nil
}

type serviceRow struct {
	Decision    uuid.UUID      `db:"decision"`
	Case        uuid.UUID      `db:"casefile"`
	Kind        policy.Kind    `db:"kind"`
	Participant uuid.UUID      `db:"participant"`
	Way         policy.Receipt `db:"way"`
	At          *time.Time     `db:"at"`
	Document    uuid.NullUUID  `db:"document"`
	Term        *deadline.Name `db:"term"`
	DueAt       *time.Time     `db:"due_at"`
}

// into puts what is kept over what would be.
func (row serviceRow) into(s *Service) {
	s.Receipt, s.At, s.Document, s.Term, s.DueAt = row.Way, deref(row.At), row.Document.UUID, deref(row.Term), deref(row.DueAt)
}

const selectAnyService = `
SELECT s.decision, d.casefile, d.kind, s.participant, s.way, s.at, s.document, s.term, s.due_at
  FROM service s
  JOIN decision d ON d.id = s.decision`

const selectServices = selectAnyService + `
 WHERE s.decision = $1`

const selectOwnServices = selectAnyService + `
 WHERE s.decision = $1 AND s.person = $2`

const selectReceived = selectAnyService + `
 WHERE s.person = $1 AND d.casefile = $2 AND s.at IS NOT NULL`

// A term of a status that has ended is nobody's to keep any more; of one that became
// another it goes on.
const selectTerms = selectAnyService + `
  JOIN capacity k ON k.person = s.person AND k.casefile = d.casefile AND s.participant = ANY (lineage(k.participant))
 WHERE s.person = $1 AND s.due_at > $2 AND (k.until IS NULL OR k.until >= CAST($3 AS date))
 ORDER BY s.due_at, s.decision`

const lockReceipts = selectAnyService + `
 WHERE s.decision = $1 AND s.person = $2 AND s.at IS NULL
   FOR UPDATE OF s`

const selectReceipt = `
SELECT DISTINCT document FROM service WHERE decision = $1 AND person = $2 AND at IS NULL`

const insertReceipt = `
INSERT INTO service (decision, participant, person, way, document)
VALUES ($1, $2, $3, 'signed', $4)`

const deleteReceipts = `
DELETE FROM service WHERE decision = $1 AND person = $2 AND at IS NULL`

const lockDecisionShared = `
SELECT 1 FROM decision WHERE id = $1 FOR SHARE`

// What was handed over once stays as it was.
const upsertService = `
INSERT INTO service (decision, participant, person, way, at, document, term, due_raw, due_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (decision, participant) DO UPDATE
   SET way = $4, at = $5, document = $6, term = $7, due_raw = $8, due_at = $9
 WHERE service.at IS NULL`

// sheet is the receipt on paper, as it will be signed: that this person has received
// this very decision, and was told what begins.
func (h Handover) sheet(press document.Press, d, original document.Document, me identity.Person) document.Sheet {
	w := press.Words.In(d.Language)
	s := press.Sheet(d, "service")
	s.From = []string{me.Name, w.T("role." + string(h.Waits[0].Role))}
	s.Facts = []document.Fact{
		{Label: w.T("paper.case"), Value: h.Case.Number},
		{Label: w.T("paper.service.what"), Value: w.T("paper.about-value", "kind", w.T("kind."+string(h.Decision.Kind)), "day", w.Day(h.Decision.DecidedOn))},
		{Label: w.T("paper.service.digest"), Value: w.Hex(original.Digest)},
		{Label: w.T("paper.service.by"), Value: w.Law(h.Waits[0].By)},
	}
	for _, waits := range h.Waits {
		if waits.Represented != "" {
			s.Facts = append(s.Facts, document.Fact{Label: w.T("paper.represents"), Value: waits.Represented})
		}
	}
	text := w.T("paper.service.text")
	if count := h.Waits[0].Counting(d.MadeAt, h.Days); h.Waits[0].Term != deadline.None {
		text += "\n" + w.T("paper.service.term", "n", count.Term.Amount, "law", w.Law(count.Term.By))
	}
	s.Sections = []document.Section{{Text: text}}
	s.Closing = []string{w.Day(d.MadeAt) + "\t" + me.Name}
	return s
}
