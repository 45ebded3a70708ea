package casefile

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/database"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/law"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/register"
	"zharia/portal/vault"
	"zharia/portal/warrant"
)

// What stands here is what the register of investigations brings (CPC 179): cases, who
// awaits a status in them, and papers that were signed outside the portal. Nobody has
// signed in, so no text is opened on the way: what is needed stands in clear, and the
// names come with the message.

// Entered is a case as the register has it. Its charge names the officials and bodies.
type Entered struct {
	ID           uuid.UUID
	Number       string // 15 digits
	Report       string // the number of the report it began with; "" for none
	OffenceKK    string
	OffenceRU    string
	RegisteredOn time.Time // a day
	MadeAt       time.Time // when the portal learned of it
}

const insertRegistered = `
INSERT INTO casefile (id, number, number_tag, offence_kk, offence_ru, registered_on, body, investigator, prosecution, prosecutor, made_at, report_tag, charged_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    ON CONFLICT (id) DO NOTHING`

func offence(column string, id uuid.UUID) vault.Where {
	return vault.Where{Table: "casefile", Column: column, ID: id, Case: id}
}

// Enter takes a case from the register, with who conducts and who supervises it, as the
// register signed that. False: the case is there. digest is that of the message, if one
// brought it.
func Enter(ctx context.Context, tx *vault.DB, c Entered, charge register.Said, digest []byte) (bool, error) {
	kk, err := tx.SealText(offence("offence_kk", c.ID), c.OffenceKK)
	if err != nil {
		return false, err
	}
	ru, err := tx.SealText(offence("offence_ru", c.ID), c.OffenceRU)
	if err != nil {
		return false, err
	}
	number, tag, err := register.Seal(tx, c.ID, c.Number)
	if err != nil {
		return false, err
	}
	var report []byte
	if c.Report != "" {
		report = register.Tag(tx, c.Report)
	}
	n, err := tx.Change(ctx, insertRegistered, c.ID, number, tag, kk, ru, c.RegisteredOn, charge.Body, charge.Officer, charge.Office, charge.Prosecutor, c.MadeAt, report, charge.Made)
	switch {
	case database.Violates(err, "casefile_number_tag_key"):
		return false, fault.New(fault.Invalid, "fault.case-number-taken").At("number")
	case database.Violates(err, "casefile_report_tag_key"):
		return false, fault.New(fault.Invalid, "fault.case-number-taken").At("report")
	case err != nil || n == 0:
		return false, unknownOffice(err)
	}
	return register.Keep(ctx, tx, charge, c.MadeAt, digest)
}

// unknownOffice says that the charge names an official or a body that nobody entered.
func unknownOffice(err error) error {
	for _, name := range []string{"casefile_body_fkey", "casefile_investigator_fkey", "casefile_prosecution_fkey", "casefile_prosecutor_fkey"} {
		if database.Violates(err, name) {
			return fault.New(fault.Invalid, "fault.register-office").At("fact").Because(err)
		}
	}
	return err
}

const moveCase = `
UPDATE casefile SET body = $2, investigator = $3, prosecution = $4, prosecutor = $5, charged_at = $6
 WHERE id = $1 AND (charged_at IS NULL OR charged_at < $6)
   AND NOT EXISTS (SELECT FROM assignment a WHERE a.casefile = $1 AND a.signed_at IS NOT NULL AND a.made_at >= $6)`

// Transfer gives a case to the officials that the register names from now on: to others of
// the same bodies, or to another body (CPC 186, 187). Those before lose it in the same
// moment. Whoever calls hands over what waits for them (Holders). A charge that is not
// newer than what gave the case last came too late: fault.Conflict. Statuses whose papers
// it overtook await whoever has the case now (overtaken).
func Transfer(ctx context.Context, tx *vault.DB, charge register.Said, at time.Time, digest []byte) error {
	if _, err := Holders(ctx, tx, charge.Case); err != nil {
		return err
	}
	n, err := tx.Change(ctx, moveCase, charge.Case, charge.Body, charge.Officer, charge.Office, charge.Prosecutor, charge.Made)
	if err != nil {
		return unknownOffice(err)
	}
	if n == 0 {
		return fault.New(fault.Conflict, "fault.not-now").At("fact")
	}
	kept, err := register.Keep(ctx, tx, charge, at, digest)
	if err == nil && !kept {
		return fault.New(fault.Conflict, "fault.register-again").At("fact")
	}
	if err != nil {
		return err
	}
	return overtaken(ctx, tx, charge, at)
}

// What was confirmed since a charge was made, or brought by a joinder or a severance:
// confirmed_at is when the paper took effect here.
const selectSince = `
SELECT p.id, p.casefile, d.id AS paper, d.signer, d.made_at, d.signed_at, e.stamped_at
  FROM participant p
  JOIN confirmation c ON c.participant = p.id AND c.signed_at = p.confirmed_at AND NOT c.ends
  JOIN document d ON d.id = c.document
  LEFT JOIN evidence e ON e.id = d.id
 WHERE p.casefile = $1 AND p.status = 'confirmed' AND p.confirmed_at >= $2
UNION ALL
SELECT p.id, p.casefile, d.id AS paper, d.signer, d.made_at, d.signed_at, e.stamped_at
  FROM decision x
  JOIN participant p ON p.casefile = x.casefile AND p.from_case = x.joins AND p.confirmed_at = x.published_at
  JOIN document d ON d.id = x.document
  LEFT JOIN evidence e ON e.id = d.id
 WHERE x.casefile = ANY (ARRAY(SELECT unnest(ARRAY[id, joined_into]) FROM casefile WHERE id = $1)) AND (x.casefile = $1 OR x.joins = $1)
   AND p.status = 'confirmed' AND p.confirmed_at >= $2
UNION ALL
SELECT p.id, p.casefile, d.id AS paper, d.signer, d.made_at, d.signed_at, e.stamped_at
  FROM decision x
  JOIN casefile s ON s.severed_from = x.casefile AND s.made_at = x.published_at
  JOIN participant p ON p.casefile = s.id AND p.confirmed_at = s.made_at
  JOIN document d ON d.id = x.document
  LEFT JOIN evidence e ON e.id = d.id
 WHERE x.casefile = $1 AND x.severs IS NOT NULL AND p.status = 'confirmed' AND p.confirmed_at >= $2
 ORDER BY 1`

type sinceRow struct {
	ID      uuid.UUID  `db:"id"`
	Case    uuid.UUID  `db:"casefile"`
	Paper   uuid.UUID  `db:"paper"`
	Signer  uuid.UUID  `db:"signer"`
	Made    time.Time  `db:"made_at"`
	Came    time.Time  `db:"signed_at"`
	Stamped *time.Time `db:"stamped_at"`
}

// waiting and fresh are the keeper's (portal/warrant, portal/leave): how long a paper may
// lie between its printing and its signature, and how far its time-stamp may be from when
// it came. aged is from when on it is judged as of its own day (document.VerifyReceived).
const (
	waiting = 10 * time.Minute
	fresh   = 10 * time.Minute
	aged    = 23 * time.Hour
)

// proved is when the keeper takes a paper for signed: by its time-stamp, or when it came.
func proved(came time.Time, stamped *time.Time) time.Time {
	if stamped != nil && (came.Sub(*stamped).Abs() <= fresh || came.Sub(*stamped) > aged) {
		return *stamped
	}
	return came
}

const lockActing = `
SELECT id AS a, casefile AS b FROM participant WHERE (id = $1 OR represents = $1) AND status = 'confirmed'
 ORDER BY represents NULLS FIRST, id
   FOR NO KEY UPDATE`

// overtaken has statuses await a confirmation again whose paper gives nothing since a
// charge that was made before it was proved: the case was another's by then, though nobody
// knew it here, and the keeper opens nothing by such a paper. Whoever acts for them awaits
// it with them.
func overtaken(ctx context.Context, tx *vault.DB, charge register.Said, at time.Time) error {
	var since []sinceRow
	if err := tx.Select(ctx, &since, selectSince, charge.Case, charge.Made); err != nil || len(since) == 0 {
		return err
	}
	var signers []uuid.UUID
	for _, s := range since {
		signers = append(signers, s.Signer)
	}
	had, err := conductorsOf(ctx, tx, []uuid.UUID{charge.Case}, unique(signers))
	if err != nil {
		return err
	}
	ask := policy.Ask{Act: policy.RegisterTake, At: at}
	for _, s := range since {
		then := proved(s.Came, s.Stamped).Add(-waiting)
		lost := !s.Made.Before(charge.Made) && !had.could(s.Signer, charge.Case, s.Made, s.Paper) ||
			then.After(s.Made) && !then.Before(charge.Made) && !had.could(s.Signer, charge.Case, then, uuid.Max)
		if !lost {
			continue
		}
		var all []pair
		if err := tx.Select(ctx, &all, lockActing, s.ID); err != nil {
			return err
		}
		for _, p := range all {
			if err := tx.Exec(ctx, awaitAgain, p.A, Unconfirmed, at); err != nil {
				return err
			}
			if err := follows(ctx, tx.DB, ask, policy.ParticipantLapse, "participant", p.A, p.B, law.CPC(186)); err != nil {
				return err
			}
		}
	}
	return nil
}

// Held is who has a case.
type Held struct {
	Investigator uuid.UUID `db:"investigator"`
	Prosecutor   uuid.UUID `db:"prosecutor"`
}

const lockHolders = `
SELECT investigator, prosecutor FROM casefile WHERE id = $1
   FOR UPDATE`

// Holders are those who have a case, locked until the transaction ends.
func Holders(ctx context.Context, tx *vault.DB, id uuid.UUID) (Held, error) {
	var h Held
	err := tx.Get(ctx, &h, lockHolders, id)
	return h, err
}

const insertUnconfirmed = `
INSERT INTO participant (id, casefile, person, role, status, asked_at)
VALUES ($1, $2, $3, $4, $5, $6)`

// Await writes down a status that the register names and nobody has confirmed: nothing
// opens to him by it.
func Await(ctx context.Context, tx *vault.DB, casefile, id uuid.UUID, who identity.Person, role policy.Role, at time.Time, digest []byte) error {
	if err := tx.Exec(ctx, insertUnconfirmed, id, casefile, who.ID, role, Unconfirmed, at); err != nil {
		return placed(err)
	}
	if err := identity.Introduce(ctx, tx, casefile, who); err != nil {
		return err
	}
	return register.Took(ctx, tx, "casefile", casefile, casefile, at, digest)
}

// placed is why a participant cannot stand under that id.
func placed(err error) error {
	switch {
	case database.Violates(err, "participant_casefile_person_role_represents_key"):
		return fault.New(fault.Invalid, "fault.participant-twice").At("participant")
	case database.Violates(err, "participant_pkey"):
		return fault.New(fault.Conflict, "fault.register-again").At("participant")
	case database.Violates(err, "participant_casefile_fkey"):
		return fault.New(fault.Invalid, "fault.register-case").At("case")
	}
	return err
}

// charged is the ask of the one who signed a paper about a case; refused where he did not
// conduct it when he made the paper, or when he signed it. Of one that gives a right by its
// fact more is asked, as the keeper asks it: that he could when he made it, and that he
// conducts the case still.
func charged(ctx context.Context, tx *vault.DB, casefile uuid.UUID, r document.Received, act policy.Act, gives *warrant.Fact, made, signed, at time.Time) (policy.Ask, error) {
	ask := policy.Ask{Person: r.Signer, Is: policy.Citizen | policy.Investigator, Act: act, At: at}
	c, err := conductorsOf(ctx, tx, []uuid.UUID{casefile}, []uuid.UUID{r.Signer})
	if err != nil {
		return ask, err
	}
	switch {
	case !c.conducted(r.Signer, casefile, made), !signed.IsZero() && !c.conducted(r.Signer, casefile, signed):
		return ask, notHis()
	case gives == nil:
		return ask, nil
	case !c.could(r.Signer, casefile, gives.Made, gives.ID):
		return ask, notHis()
	}
	return ask, still(ctx, tx, casefile, r.Signer)
}

func notHis() error { return fault.New(fault.Invalid, "fault.register-signer").At("cms") }

const selectInCharge = `
SELECT count(*) FROM duty WHERE casefile = $1 AND person = $2 AND standing = 'charge'`

// still refuses a paper that gives a right where its signer does not conduct the case any
// more: the keeper goes by the moment at which it is proved, which is that of its coming.
// That a charge was made before then and comes after, nobody knows yet: Transfer sees to it.
func still(ctx context.Context, tx *vault.DB, casefile, signer uuid.UUID) error {
	var n int
	if err := tx.Get(ctx, &n, selectInCharge, casefile, signer); err != nil {
		return err
	}
	if n == 0 {
		return notHis()
	}
	return nil
}

// ReceivedStatus is a paper about a status that the investigator signed outside the portal.
// What it confirms or ends, its fact says.
type ReceivedStatus struct {
	document.Received
	Fact     warrant.Fact
	SignedAt time.Time       // there; zero: when it was made
	Who      identity.Person // whose status it is; the id is made of the IIN
	Language string
	Advocate string // number of the licence, of a defender who is an advocate
	Reasons  string // why a status ends
}

// grant is what the fact confirms.
func (r ReceivedStatus) grant() (Grant, error) {
	f := r.Fact
	g := Grant{
		Language: r.Language, Role: f.Role, Represents: f.Represents, Basis: f.Basis, Previous: f.Previous,
		Capacity: LegalCapacity(f.Capacity), Advocate: r.Advocate, Conflict: true, self: f.Participant,
	}
	for _, s := range f.Scope {
		g.Scope = append(g.Scope, Scope(s))
	}
	var err error
	if g.Since, err = time.Parse(time.DateOnly, string(f.From)); err != nil {
		return g, fault.New(fault.Invalid, "fault.register-fact").At("pdf")
	}
	if f.Until != "" {
		if g.Until, err = time.Parse(time.DateOnly, string(f.Until)); err != nil {
			return g, fault.New(fault.Invalid, "fault.register-fact").At("pdf")
		}
	}
	return g, nil
}

const countWhom = `
SELECT count(*) FROM participant WHERE id = $1 AND casefile = $2 AND person = $3 AND role = $4`

// whom holds the represented person of a fact against the case: the keeper goes by the
// fact, the portal by its rows, and the two must not part.
func (r ReceivedStatus) whom(ctx context.Context, tx *vault.DB) error {
	f := r.Fact
	if f.Represents == uuid.Nil {
		return nil
	}
	var n int
	if err := tx.Get(ctx, &n, countWhom, f.Represents, f.Case, f.Whom, f.WhomRole); err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Invalid, "fault.represents-whom").At("pdf")
	}
	return nil
}

// What was said about a status last: a paper that was signed here when it was signed, one
// that came when it was made. What ended it without a paper, by what was decided about
// something else, says so in its row; unless it did by one of these. That a day was past
// nobody said: who had it go on before that, has it go on.
const selectNewest = `
WITH said AS (
    SELECT CASE WHEN d.nonce IS NULL THEN c.made_at ELSE c.signed_at END AS at, c.signed_at AS came
      FROM confirmation c JOIN document d ON d.id = c.document
     WHERE c.participant = $1 AND c.signed_at IS NOT NULL
    UNION ALL
    SELECT CASE WHEN d.nonce IS NULL THEN c.made_at ELSE c.signed_at END, c.signed_at
      FROM participant q JOIN confirmation c ON c.participant = q.id AND c.previous = $1 JOIN document d ON d.id = c.document
     WHERE q.previous = $1 AND c.signed_at IS NOT NULL
    UNION ALL
    SELECT signed_at, signed_at FROM revocation WHERE participant = $1 AND signed_at IS NOT NULL
    UNION ALL
    SELECT CASE WHEN d.nonce IS NULL THEN d.made_at ELSE d.signed_at END, x.published_at
      FROM participant p JOIN decision x ON x.casefile = p.casefile JOIN decision_person y ON y.decision = x.id AND y.participant = p.id JOIN document d ON d.id = x.document
     WHERE p.id = $1 AND x.leaving AND x.status = 'published'
)
SELECT max(at) FROM (
    SELECT at FROM said
    UNION ALL
    SELECT p.ended_at FROM participant p WHERE p.id = $1 AND (p.until IS NULL OR p.until >= CAST(p.ended_at AT TIME ZONE 'Asia/Almaty' AS date))
       AND NOT EXISTS (SELECT FROM said WHERE came = p.ended_at)) newest`

// newer refuses a fact that is not newer than all that was signed about a status before it
// came: who took a power back has taken it back, however late an older confirmation of it
// comes. The row is locked.
func newer(ctx context.Context, tx *vault.DB, f warrant.Fact) error {
	var newest *time.Time
	if err := tx.Get(ctx, &newest, selectNewest, f.Participant); err != nil {
		return err
	}
	if newest != nil && !f.Made.After(*newest) {
		return fault.New(fault.Conflict, "fault.not-now").At("pdf")
	}
	return nil
}

// TakeConfirmation takes a confirmation or the end of a status that was signed outside the
// portal: it has the same effect as one signed here (Settle), unless something newer was
// signed about the status meanwhile.
func TakeConfirmation(ctx context.Context, tx *vault.DB, r ReceivedStatus, at time.Time) error {
	act, kind, gives := policy.ParticipantGrant, document.Confirmation, &r.Fact
	if r.Fact.Kind == warrant.Ending {
		act, kind, gives = policy.ParticipantEnd, document.Ending, nil
	}
	ask, err := charged(ctx, tx, r.Fact.Case, r.Received, act, gives, r.Fact.Made, r.SignedAt, at)
	if err != nil {
		return err
	}
	if err := r.whom(ctx, tx); err != nil {
		return err
	}
	shut := vault.Closed(ctx) // names and numbers of the case stay sealed
	id := r.Fact.Participant
	g, err := r.stand(shut, tx, ask)
	if err != nil {
		return err
	}
	p, err := lockAny(shut, tx, id)
	if err != nil {
		return notThere(err)
	}
	if err := newer(ctx, tx, r.Fact); err != nil {
		return err
	}
	if p.Person != r.Fact.Person || p.Case != r.Fact.Case {
		return fault.New(fault.Invalid, "fault.register-fact").At("pdf")
	}
	next, err := p.Status.after(act)
	if err != nil {
		return err
	}
	if _, err := drop(shut, tx, p.Case, id); err != nil {
		return err
	}
	d := document.Document{ID: r.Fact.ID, Casefile: p.Case, Kind: kind, Language: r.Language, MadeAt: r.Fact.Made, For: []uuid.UUID{p.Person}}
	if err := received(document.Receive(ctx, tx, &d, r.Received, at)); err != nil {
		return err
	}
	c := Confirmation{Document: d.ID, Ends: act == policy.ParticipantEnd}
	if c.Ends {
		reasons, err := sealReasons(tx, p, d.ID, r.Reasons)
		if err != nil {
			return err
		}
		err = tx.Exec(ctx, insertEnding, d.ID, id, reasons, r.Fact.Made)
		if err != nil {
			return err
		}
	} else {
		if c.Grant, err = g.check(shut, tx, ask, p.Case, id, p.Person); err != nil {
			return err
		}
		advocate, err := sealAdvocate(tx, "confirmation", p.Case, d.ID, g.Advocate)
		if err != nil {
			return err
		}
		g = c.Grant
		if err := tx.Exec(ctx, insertConfirmation, d.ID, id, g.Role, nullable(g.Represents), g.Basis, g.Since, r.Fact.Made,
			g.Capacity, kept(g.Scope), date(g.Until), advocate, g.Conflict, nullable(g.Previous)); err != nil {
			return err
		}
	}
	if err := p.settle(shut, tx, ask, c, next); err != nil {
		return err
	}
	if err := tx.Exec(ctx, signConfirmation, d.ID, at); err != nil {
		return err
	}
	if err := answerRequests(shut, tx, ask, p); err != nil {
		return err
	}
	if err := ledger.Step(ctx, tx.DB, ask, "participant", id, p.Case, d.Digest); err != nil || !c.Ends {
		return err
	}
	return endResting(shut, tx, ask, id, "")
}

const selectPlaced = `
SELECT count(*) FROM participant WHERE id = $1`

// stand has the person stand in the case under the id of the fact, if he does not yet.
func (r ReceivedStatus) stand(shut context.Context, tx *vault.DB, ask policy.Ask) (Grant, error) {
	if ask.Act == policy.ParticipantEnd {
		return Grant{}, nil
	}
	g, err := r.grant()
	if err != nil {
		return g, err
	}
	var n int
	if err := tx.Get(shut, &n, selectPlaced, r.Fact.Participant); err != nil || n > 0 {
		return g, err
	}
	if err := place(shut, tx, ask, r.Fact.Case, r.Fact.Participant, r.Who.ID, g, "participant"); err != nil {
		return g, err
	}
	return g, identity.Introduce(shut, tx, r.Fact.Case, r.Who)
}

// notThere makes of an id that is another's, or nobody's, a refusal of the message.
func notThere(err error) error {
	if errors.Is(err, fault.NotFound) {
		return fault.New(fault.Invalid, "fault.register-participant").At("participant").Because(err)
	}
	return err
}

func received(err error) error {
	if database.Violates(err, "document_pkey") {
		return fault.New(fault.Conflict, "fault.register-again").At("pdf")
	}
	return err
}

// Known is somebody whom a joinder or a severance brings into another case: with his name
// and the number of his licence, which the portal cannot read for itself there.
type Known struct {
	identity.Person
	Advocate string
}

// ReceivedDecision is a decision that the investigator signed outside the portal.
type ReceivedDecision struct {
	document.Received
	ID     uuid.UUID
	Case   uuid.UUID
	Paper  uuid.UUID // id of the document; of a joinder or a severance the one its fact names
	Made   time.Time // when it was signed
	Draft  DecisionDraft
	People map[uuid.UUID]Known // participants whom it brings elsewhere

	OffenceKK, OffenceRU string // of the case that begins by a severance
}

const insertReceivedDecision = `
INSERT INTO decision (id, casefile, kind, status, author, decided_on, ready_on, flags, document, made_at, published_at)
VALUES ($1, $2, $3, 'published', $4, $5, $6, $7, $8, $9, $10)`

const countConcerned = `
SELECT count(*) FROM participant WHERE casefile = $1 AND id = ANY (CAST($2 AS uuid[]))`

// TakeDecision takes a decision that was signed outside the portal. What waits for the
// prosecutor waits here too; everything else opens at once to those whom the Code names.
func TakeDecision(ctx context.Context, tx *vault.DB, r ReceivedDecision, at time.Time) error {
	printed, gives := r.Made, (*warrant.Fact)(nil)
	if r.moves() { // the keeper goes by its fact
		f, err := warrant.Read(r.Content)
		if err != nil {
			return fault.New(fault.Invalid, "fault.register-fact").At("pdf").Because(err)
		}
		printed, gives = f.Made, &f
	}
	ask, err := charged(ctx, tx, r.Case, r.Received, signs(r.Draft.Kind), gives, printed, r.Made, at)
	if err != nil {
		return err
	}
	if err := r.Draft.checkDays(); err != nil {
		return err
	}
	if len(r.Draft.Concerns) > 0 {
		var n int
		if err := tx.Get(ctx, &n, countConcerned, r.Case, array(r.Draft.Concerns)); err != nil {
			return err
		}
		if n != len(r.Draft.Concerns) {
			return fault.New(fault.Invalid, "fault.register-participant").At("concerns")
		}
	}
	d := document.Document{ID: r.Paper, Casefile: r.Case, Kind: document.Decision, Language: r.Draft.Language, MadeAt: printed}
	if err := received(document.Receive(ctx, tx, &d, r.Received, at)); err != nil {
		return err
	}
	if err := r.keep(ctx, tx, ask, d, gives); err != nil {
		return err
	}
	return ledger.Step(ctx, tx.DB, ask, "decision", r.ID, r.Case, d.Digest)
}

// moves says that it brings people into another case.
func (r ReceivedDecision) moves() bool { return r.Draft.Joins != uuid.Nil || r.Draft.Severs != "" }

func (r ReceivedDecision) keep(ctx context.Context, tx *vault.DB, ask policy.Ask, d document.Document, gives *warrant.Fact) error {
	if ask.Act == policy.DecisionPublish && !r.moves() {
		flags := make(pq.StringArray, len(r.Draft.Flags))
		for i, f := range r.Draft.Flags {
			flags[i] = string(f)
		}
		err := tx.Exec(ctx, insertReceivedDecision, r.ID, r.Case, r.Draft.Kind, ask.Person, r.Draft.DecidedOn, date(r.Draft.ReadyOn), flags, d.ID, r.Made, ask.At)
		if database.Violates(err, "decision_pkey") {
			return fault.New(fault.Conflict, "fault.register-again").At("decision")
		}
		if err != nil {
			return err
		}
		if err := reopen(ctx, tx, r.Case, r.Draft.Kind, r.Made); err != nil || len(r.Draft.Concerns) == 0 {
			return err
		}
		return tx.Exec(ctx, insertDecisionPersons, r.ID, array(r.Draft.Concerns))
	}
	draft := r.Draft
	draft.Upload = d.Content // no texts of ours: it was not printed here
	if old, err := lockDraft(ctx, tx, r.Case, r.ID); err != nil || old != uuid.Nil {
		return errors.Join(err, fault.New(fault.Conflict, "fault.register-again").At("decision"))
	}
	if err := draft.keep(ctx, tx, ask, r.Case, r.ID, d.ID); err != nil {
		return err
	}
	made := Decision{
		ID: r.ID, Case: r.Case, Kind: draft.Kind, Document: d.ID, Concerns: draft.Concerns,
		Joins: draft.Joins, Severs: draft.Severs, Leaving: draft.Leaving, people: r.People,
	}
	if ask.Act == policy.DecisionSubmit {
		return submit(ctx, tx, ask, made)
	}
	shut := vault.Closed(ctx)
	here := Case{ID: r.Case, OffenceKK: r.OffenceKK, OffenceRU: r.OffenceRU}
	if draft.Joins != uuid.Nil { // both cases must be his, and stand alone
		if _, err := draft.checkJoining(shut, tx, ask.To(policy.DecisionDraft), here); err != nil {
			return err
		}
		if _, err := charged(shut, tx, draft.Joins, r.Received, ask.Act, gives, d.MadeAt, time.Time{}, ask.At); err != nil {
			return err
		}
	} else if err := r.checkGoing(shut, tx); err != nil {
		return err
	}
	return publish(shut, tx, ask, made, here)
}

// checkGoing holds a severance against the law (CPC 44).
func (r ReceivedDecision) checkGoing(shut context.Context, tx *vault.DB) error {
	all, err := participants(shut, tx, r.Case)
	if err != nil {
		return err
	}
	_, err = r.Draft.checkSevering(shut, tx, all)
	return err
}

// ReadyDecision is a decision that opens at once, sealed for TakeDecisions.
type ReadyDecision struct {
	ReceivedDecision
	paper document.Ready
}

// Prepare seals a decision for TakeDecisions; at is when the portal received it. False: it
// has to go through TakeDecision, because more comes of it than its own rows.
func (r ReceivedDecision) Prepare(pack *vault.Pack, at time.Time) (ReadyDecision, bool, error) {
	rule, _ := policy.KindOf(r.Draft.Kind)
	if signs(r.Draft.Kind) != policy.DecisionPublish || r.moves() || rule.Reopens {
		return ReadyDecision{}, false, nil
	}
	d := document.Document{ID: r.Paper, Casefile: r.Case, Kind: document.Decision, Language: r.Draft.Language, MadeAt: r.Made}
	paper, good, err := r.Received.Prepare(pack, d, at)
	return ReadyDecision{r, paper}, good, err
}

const selectAllConcerned = `
SELECT id, casefile FROM participant WHERE id = ANY (CAST($1 AS uuid[]))`

const insertReceivedDecisions = `
INSERT INTO decision (id, casefile, kind, status, author, decided_on, ready_on, flags, document, made_at, published_at)
SELECT x.id, x.casefile, x.kind, 'published', x.author, x.decided, x.ready, CAST(x.flags AS text[]), x.document, x.made, $1
  FROM unnest(CAST($2 AS uuid[]), CAST($3 AS uuid[]), CAST($4 AS text[]), CAST($5 AS uuid[]), CAST($6 AS date[]), CAST($7 AS date[]), CAST($8 AS text[]), CAST($9 AS uuid[]), CAST($10 AS timestamptz[]))
    AS x(id, casefile, kind, author, decided, ready, flags, document, made)`

const insertAllDecisionPersons = `
INSERT INTO decision_person (decision, participant)
SELECT * FROM unnest(CAST($1 AS uuid[]), CAST($2 AS uuid[]))`

// pair is a row of two ids: which participant is of which case.
type pair struct {
	A uuid.UUID
	B uuid.UUID
}

// TakeDecisions is TakeDecision for many that were prepared. One that is refused refuses
// them all.
func TakeDecisions(ctx context.Context, tx *vault.DB, all []ReadyDecision, at time.Time) error {
	if err := holdUp(ctx, tx, all); err != nil {
		return err
	}
	papers, deeds := make([]document.Ready, len(all)), make([]ledger.Deed, len(all))
	var ids, cases, kinds, authors, decided, flags, documents, of, whom pq.StringArray
	ready, made := make([]*string, len(all)), make([]time.Time, len(all))
	for i, r := range all {
		papers[i], made[i] = r.paper, r.Made
		id, document := r.ID.String(), r.Paper.String()
		ids, cases, kinds, authors, documents = append(ids, id), append(cases, r.Case.String()), append(kinds, string(r.Draft.Kind)), append(authors, r.Signer.String()), append(documents, document)
		decided = append(decided, r.Draft.DecidedOn.Format(time.DateOnly))
		if !r.Draft.ReadyOn.IsZero() {
			day := r.Draft.ReadyOn.Format(time.DateOnly)
			ready[i] = &day
		}
		marks := make(pq.StringArray, len(r.Draft.Flags))
		for j, f := range r.Draft.Flags {
			marks[j] = string(f)
		}
		text, err := marks.Value()
		if err != nil {
			return err
		}
		flags = append(flags, text.(string))
		deeds[i] = ledger.Deed{Who: r.Signer, ID: r.ID, Casefile: r.Case, Digest: r.paper.Digest, Rows: []ledger.Touched{{Table: "document", Key: document}, {Table: "evidence", Key: document}, {Table: "decision", Key: id}}}
		for _, c := range r.Draft.Concerns {
			of, whom = append(of, id), append(whom, c.String())
			deeds[i].Rows = append(deeds[i].Rows, ledger.Touched{Table: "decision_person", Key: id + "/" + c.String()})
		}
	}
	if err := received(document.ReceiveAll(ctx, tx, papers)); err != nil {
		return err
	}
	err := tx.Exec(ctx, insertReceivedDecisions, at, ids, cases, kinds, authors, decided, pq.Array(ready), flags, documents, database.Times(made))
	if database.Violates(err, "decision_pkey") {
		return fault.New(fault.Conflict, "fault.register-again").At("decision")
	}
	if err != nil {
		return err
	}
	if len(of) > 0 {
		if err := tx.Exec(ctx, insertAllDecisionPersons, of, whom); err != nil {
			return err
		}
	}
	return ledger.StepAll(ctx, tx.DB, policy.DecisionPublish, at, "decision", deeds)
}

// unique has each id once.
func unique(ids []uuid.UUID) []uuid.UUID {
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(ids)
}

// holdUp asks of many decisions what TakeDecision asks of one.
func holdUp(ctx context.Context, tx *vault.DB, all []ReadyDecision) error {
	var cases, signers []uuid.UUID
	var concerned pq.StringArray
	for _, r := range all {
		cases, signers = append(cases, r.Case), append(signers, r.Signer)
		for _, c := range r.Draft.Concerns {
			concerned = append(concerned, c.String())
		}
	}
	had, err := conductorsOf(ctx, tx, unique(cases), unique(signers))
	if err != nil {
		return err
	}
	stands := map[pair]bool{}
	if len(concerned) > 0 {
		var found []struct {
			ID   uuid.UUID `db:"id"`
			Case uuid.UUID `db:"casefile"`
		}
		if err := tx.Select(ctx, &found, selectAllConcerned, concerned); err != nil {
			return err
		}
		for _, p := range found {
			stands[pair{p.Case, p.ID}] = true
		}
	}
	for _, r := range all {
		if !had.conducted(r.Signer, r.Case, r.Made) {
			return notHis()
		}
		if err := r.Draft.checkDays(); err != nil {
			return err
		}
		for _, c := range r.Draft.Concerns {
			if !stands[pair{r.Case, c}] {
				return fault.New(fault.Invalid, "fault.register-participant").At("concerns")
			}
		}
	}
	return nil
}

// State is where a case is on its way.
type State string

// The states of a case, as the register names them.
const (
	Conducted      State = "conducted"
	Interrupted    State = "interrupted"
	Terminated     State = "terminated"
	WithProsecutor State = "with-prosecutor"
	InCourt        State = "in-court"
)

// States are all of them.
var States = []State{Conducted, Interrupted, Terminated, WithProsecutor, InCourt}

// Movement is where a case is since a day.
type Movement struct {
	State State     `db:"state"`
	Since time.Time `db:"since"`
}

const insertMovement = `
INSERT INTO movement (id, casefile, state, since, made_at)
VALUES ($1, $2, $3, $4, $5)`

// Move writes down where the register says a case is. It gives nobody a right and takes
// none: decisions do.
func Move(ctx context.Context, tx *vault.DB, casefile, id uuid.UUID, m Movement, at time.Time, digest []byte) error {
	err := tx.Exec(ctx, insertMovement, id, casefile, m.State, m.Since, at)
	if database.Violates(err, "movement_casefile_fkey") {
		return fault.New(fault.Invalid, "fault.register-case").At("case")
	}
	if err != nil {
		return err
	}
	return register.Took(ctx, tx, "movement", id, casefile, at, digest)
}

const selectMovement = `
SELECT state, since FROM movement WHERE casefile = $1 ORDER BY since DESC, made_at DESC LIMIT 1`

// Moved is where a case of the reader's is; the zero Movement where the register has not
// said.
func Moved(ctx context.Context, db *vault.DB, c Case) (Movement, error) {
	var m Movement
	err := db.Get(ctx, &m, selectMovement, c.ID)
	if errors.Is(err, fault.NotFound) {
		return Movement{}, nil
	}
	return m, err
}
