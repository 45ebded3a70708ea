package casefile

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/deadline"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/register"
	"zharia/portal/vault"
)

type caseRow struct {
	ID               uuid.UUID `db:"id"`
	Number           []byte    `db:"number"`
	OffenceKK        []byte    `db:"offence_kk"`
	OffenceRU        []byte    `db:"offence_ru"`
	RegisteredOn     time.Time `db:"registered_on"`
	Investigator     uuid.UUID `db:"investigator"`
	InvestigatorName string    `db:"investigator_name"`
	Prosecutor       uuid.UUID `db:"prosecutor"`
	ProsecutorName   string    `db:"prosecutor_name"`
	identity.Body
	ProsecutionKK string         `db:"prosecution_kk"`
	ProsecutionRU string         `db:"prosecution_ru"`
	JoinedInto    uuid.NullUUID  `db:"joined_into"`
	JoinedAt      *time.Time     `db:"joined_at"`
	SeveredFrom   uuid.NullUUID  `db:"severed_from"`
	Standing      pq.StringArray `db:"standing"`
}

const selectAnyCase = `
SELECT c.id, c.number, c.offence_kk, c.offence_ru, c.registered_on,
       c.investigator, i.name AS investigator_name, b.name_kk AS body_kk, b.name_ru AS body_ru,
       c.prosecutor, p.name AS prosecutor_name, pb.name_kk AS prosecution_kk, pb.name_ru AS prosecution_ru,
       c.joined_into, c.joined_at, c.severed_from, s.standing
  FROM casefile c`

const besideCase = `
  JOIN body b ON b.id = c.body
  JOIN officer i ON i.person = c.investigator
  JOIN officer p ON p.person = c.prosecutor
  JOIN body pb ON pb.id = c.prosecution`

// A case of which somebody is nothing is not found.
const selectCases = selectAnyCase + `
  JOIN (SELECT casefile, array_agg(standing) AS standing
          FROM standing WHERE person = $1 GROUP BY casefile) s ON s.casefile = c.id` + besideCase

// Of one case it is asked by itself: the view would be planned into the query with the
// policies of all that it reads, and made ready and put away again each time.
const selectCase = selectAnyCase + `
  JOIN LATERAL (SELECT standings(c.id, $1) AS standing OFFSET 0) s ON cardinality(s.standing) > 0` + besideCase + `
 WHERE c.id = $2`

const selectOwnCases = selectCases + `
 WHERE 'party' = ANY (s.standing)
 ORDER BY c.registered_on DESC, c.id`

const selectOfficialCases = selectCases + `
 WHERE s.standing && ARRAY['charge', 'supervisor', 'unit', 'office']
 ORDER BY c.registered_on DESC, c.id`

const selectNewestCases = selectOfficialCases + `
 LIMIT 200`

const selectTheseCases = selectCases + `
 WHERE c.id = ANY (CAST($2 AS uuid[])) AND s.standing && ARRAY['charge', 'supervisor', 'unit', 'office']
 ORDER BY c.registered_on DESC, c.id`

// places are what a line of a list of cases opens.
func (row caseRow) places() []vault.Sealed {
	text := func(column string, sealed []byte) vault.Sealed {
		return vault.Sealed{Where: vault.Where{Table: "casefile", Column: column, ID: row.ID, Case: row.ID}, Bytes: sealed}
	}
	return []vault.Sealed{text("number", row.Number), text("offence_kk", row.OffenceKK), text("offence_ru", row.OffenceRU)}
}

// ahead asks the keeper at once for all that a list of cases opens.
func ahead(ctx context.Context, db *vault.DB, rows []caseRow) error {
	var all []vault.Sealed
	for _, row := range rows {
		all = append(all, row.places()...)
	}
	return db.Ahead(ctx, all...)
}

func (row caseRow) open(ctx context.Context, db *vault.DB, ask policy.Ask) (Case, error) {
	c := Case{
		ID: row.ID, RegisteredOn: row.RegisteredOn, Body: row.Body,
		Investigator: Official{ID: row.Investigator, Name: row.InvestigatorName, Body: row.Body},
		Prosecutor:   Official{ID: row.Prosecutor, Name: row.ProsecutorName, Body: identity.Body{NameKK: row.ProsecutionKK, NameRU: row.ProsecutionRU}},
		JoinedInto:   row.JoinedInto.UUID, JoinedAt: deref(row.JoinedAt), SeveredFrom: row.SeveredFrom.UUID,
		Standing: ask.Standing(row.Standing),
	}
	var errs [3]error
	c.Number, errs[2] = register.Open(ctx, db, row.ID, row.Number)
	c.OffenceKK, errs[0] = db.OpenText(ctx, vault.Where{Table: "casefile", Column: "offence_kk", ID: row.ID, Case: row.ID}, row.OffenceKK)
	c.OffenceRU, errs[1] = db.OpenText(ctx, vault.Where{Table: "casefile", Column: "offence_ru", ID: row.ID, Case: row.ID}, row.OffenceRU)
	if err := errors.Join(errs[:]...); err != nil {
		return c, err
	}
	if slices.Contains(row.Standing, "party") { // of most cases an official has he is nothing else
		var err error
		if c.Capacities, err = capacities(ctx, db, ask, row.ID); err != nil {
			return c, err
		}
	}
	if len(c.Capacities) == 0 {
		c.Standing &^= policy.Party
	}
	c.choose(ask)
	if c.Standing&policy.Charge != 0 && ask.Person != row.Investigator {
		deputy, err := identity.Read(ctx, db, ask.Person, ask.At)
		if err != nil {
			return c, err
		}
		c.deputy = deputy.Name
	}
	return c, nil
}

type capacityRow struct {
	ID              uuid.UUID      `db:"id"`
	Role            policy.Role    `db:"role"`
	Since           time.Time      `db:"since"`
	Until           *time.Time     `db:"until"`
	Scope           pq.StringArray `db:"scope"`
	Whom            uuid.UUID      `db:"whom"`
	Represents      uuid.NullUUID  `db:"represents"`
	RepresentedID   uuid.NullUUID  `db:"represented_person"`
	RepresentedName []byte         `db:"represented_name"`
	RepresentedRole *policy.Role   `db:"represented_role"`
	FromCase        uuid.NullUUID  `db:"from_case"`
	ConfirmedAt     time.Time      `db:"confirmed_at"`
	AwaitsSince     *time.Time     `db:"awaits_since"`
	Line            pq.StringArray `db:"line"`
}

const selectCapacities = `
SELECT p.id, p.role, p.since, p.represents, r.person AS represented_person, rk.name AS represented_name, r.role AS represented_role,
       p.from_case, p.confirmed_at, coalesce(r.awaits_since, p.awaits_since) AS awaits_since, 
       CASE WHEN p.represents IS NULL AND p.previous IS NULL THEN ARRAY[p.id] ELSE lineage(coalesce(p.represents, p.id)) END AS line,
       p.until, p.scope, k.whom
  FROM capacity k
  JOIN participant p ON p.id = k.participant
  LEFT JOIN participant r ON r.id = p.represents
  LEFT JOIN known rk ON rk.casefile = r.casefile AND rk.person = r.person
 WHERE k.casefile = $1 AND k.person = $2 AND (k.until IS NULL OR k.until >= CAST($3 AS date))
 ORDER BY p.since, p.id`

// capacities are what the asker is in a case today. A power is over from the first
// second after its last day, whether or not the portal has already ended it.
func capacities(ctx context.Context, db *vault.DB, ask policy.Ask, casefile uuid.UUID) ([]Capacity, error) {
	var rows []capacityRow
	if err := db.Select(ctx, &rows, selectCapacities, casefile, ask.Person, day(ask.At)); err != nil {
		return nil, err
	}
	out := make([]Capacity, len(rows))
	for i, row := range rows {
		out[i] = Capacity{
			Participant: row.ID, Role: row.Role, Since: row.Since, AwaitsSince: deref(row.AwaitsSince), line: ids(row.Line),
			Whom: row.Whom, Scope: scopes(row.Scope), Until: deref(row.Until),
		}
		if row.FromCase.Valid {
			out[i].JoinedAt = row.ConfirmedAt
		}
		if !row.Represents.Valid {
			continue
		}
		name, err := identity.OpenName(ctx, db, casefile, row.RepresentedID.UUID, row.RepresentedName)
		if err != nil {
			return nil, err
		}
		out[i].Represents, out[i].Represented, out[i].RepresentedRole = row.Represents.UUID, name, *row.RepresentedRole
	}
	return out, nil
}

type awaitingRow struct {
	Case             uuid.UUID     `db:"casefile"`
	Request          uuid.NullUUID `db:"request"`
	Named            []byte        `db:"named"`
	Role             policy.Role   `db:"role"`
	AskedAt          time.Time     `db:"asked_at"`
	Investigator     uuid.UUID     `db:"investigator"`
	InvestigatorName string        `db:"investigator_name"`
	identity.Body
}

// number is that of the case as he named it himself; "" where he did not. Nothing of the
// case opens to him before his status is confirmed.
func (row awaitingRow) number(ctx context.Context, db *vault.DB) (string, error) {
	if row.Named == nil {
		return "", nil
	}
	return db.OpenText(ctx, requestText("named", row.Case, row.Request.UUID), row.Named)
}

const selectAwaiting = `
SELECT p.casefile, q.id AS request, q.named, p.role, p.asked_at, c.investigator, i.name AS investigator_name, b.name_kk AS body_kk, b.name_ru AS body_ru
  FROM participant p
  LEFT JOIN LATERAL (SELECT r.id, r.named FROM request r WHERE r.participant = p.id AND r.person = p.person ORDER BY r.asked_at DESC LIMIT 1) q ON true
  JOIN casefile c ON c.id = p.casefile
  JOIN officer i ON i.person = c.investigator
  JOIN body b ON b.id = c.body
 WHERE p.person = $1 AND p.status = 'awaiting'
   AND NOT EXISTS (SELECT 1 FROM request r WHERE r.participant = p.id AND r.status = 'asked') -- told with its clock
 ORDER BY p.asked_at`

type participantRow struct {
	ID              uuid.UUID      `db:"id"`
	Case            uuid.UUID      `db:"casefile"`
	Person          uuid.UUID      `db:"person"`
	Name            []byte         `db:"name"`
	Role            policy.Role    `db:"role"`
	Represents      uuid.NullUUID  `db:"represents"`
	RepresentedID   uuid.NullUUID  `db:"represented_person"`
	RepresentedName []byte         `db:"represented_name"`
	RepresentedRole *policy.Role   `db:"represented_role"`
	Basis           *string        `db:"basis"`
	Status          Status         `db:"status"`
	AskedAt         time.Time      `db:"asked_at"`
	Since           *time.Time     `db:"since"`
	ConfirmedAt     *time.Time     `db:"confirmed_at"`
	EndedAt         *time.Time     `db:"ended_at"`
	Capacity        LegalCapacity  `db:"capacity"`
	Scope           pq.StringArray `db:"scope"`
	Until           *time.Time     `db:"until"`
	Advocate        []byte         `db:"advocate"`
	Standing        pq.StringArray `db:"standing"`
}

const selectAnyParticipant = `
SELECT p.id, p.casefile, p.person, n.name, p.role, p.represents, r.person AS represented_person,
       rn.name AS represented_name, r.role AS represented_role,
       p.basis, p.status, p.asked_at, p.since, p.confirmed_at, p.ended_at, p.capacity, p.scope, p.until, p.advocate`

const fromParticipant = `
  FROM participant p
  LEFT JOIN known n ON n.casefile = p.casefile AND n.person = p.person
  LEFT JOIN participant r ON r.id = p.represents
  LEFT JOIN known rn ON rn.casefile = r.casefile AND rn.person = r.person`

const selectParticipants = selectAnyParticipant + fromParticipant + `
 WHERE p.casefile = $1
 ORDER BY p.status IN ('awaiting', 'draft') DESC, p.status = 'ended', p.asked_at, p.id`

const selectWaiting = selectAnyParticipant + fromParticipant + `
 WHERE p.casefile = ANY (ARRAY(SELECT casefile FROM duty WHERE person = $1 AND standing = 'charge')) AND p.status = 'awaiting'
 ORDER BY p.asked_at, p.id`

const selectParticipant = selectAnyParticipant + `, s.standing` + fromParticipant + `
  JOIN (SELECT casefile, array_agg(standing) AS standing
          FROM standing WHERE person = $1 GROUP BY casefile) s ON s.casefile = p.casefile
 WHERE p.id = $2`

const lockParticipant = selectParticipant + `
   FOR UPDATE OF p`

const lockAnyParticipant = selectAnyParticipant + fromParticipant + `
 WHERE p.id = $1
   FOR UPDATE OF p`

func (row participantRow) open(ctx context.Context, db *vault.DB) (Participant, error) {
	p := Participant{
		ID: row.ID, Case: row.Case, Person: row.Person, Role: row.Role, Status: row.Status, AskedAt: row.AskedAt,
		Represents: row.Represents.UUID, Since: deref(row.Since), ConfirmedAt: deref(row.ConfirmedAt), EndedAt: deref(row.EndedAt),
		Basis: deref(row.Basis), RepresentedRole: deref(row.RepresentedRole), whom: row.RepresentedID.UUID,
		Capacity: row.Capacity, Scope: scopes(row.Scope), Until: deref(row.Until),
	}
	var err error
	if p.Advocate, err = openAdvocate(ctx, db, "participant", row.Case, row.ID, row.Advocate); err != nil {
		return p, err
	}
	if p.Name, err = identity.OpenName(ctx, db, row.Case, row.Person, row.Name); err != nil || !row.RepresentedID.Valid {
		return p, err
	}
	p.Represented, err = identity.OpenName(ctx, db, row.Case, row.RepresentedID.UUID, row.RepresentedName)
	return p, err
}

func openAll(ctx context.Context, db *vault.DB, rows []participantRow) ([]Participant, error) {
	out := make([]Participant, len(rows))
	for i, row := range rows {
		var err error
		if out[i], err = row.open(ctx, db); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

const confirmParticipant = `
UPDATE participant
   SET role = $2, represents = $3, basis = $4, status = $5, since = $6, confirmed_at = $7, confirmed_by = $8, ended_at = NULL,
       capacity = $9, scope = $10, until = $11, advocate = $12
 WHERE id = $1`

const insertParticipant = `
INSERT INTO participant (id, casefile, person, role, represents, status, asked_at)
VALUES ($1, $2, $3, $4, $5, 'draft', $6)
    ON CONFLICT (id) DO UPDATE
   SET person = $3, role = $4, represents = $5
 WHERE participant.status = 'draft' AND participant.casefile = $2`

const deleteParticipant = `
DELETE FROM participant WHERE id = $1 AND status = 'draft'`

const holdParticipant = `
SELECT status FROM participant WHERE id = $1 FOR SHARE`

const endParticipant = `
UPDATE participant SET status = $2, ended_at = $3 WHERE id = $1`

type decisionRow struct {
	ID           uuid.UUID      `db:"id"`
	Case         uuid.UUID      `db:"casefile"`
	Kind         policy.Kind    `db:"kind"`
	Status       Status         `db:"status"`
	DecidedOn    time.Time      `db:"decided_on"`
	ReadyOn      *time.Time     `db:"ready_on"`
	SubmittedAt  *time.Time     `db:"submitted_at"`
	Term         *deadline.Name `db:"term"`
	DueAt        *time.Time     `db:"due_at"`
	Joins        uuid.NullUUID  `db:"joins"`
	Severs       []byte         `db:"severs"`
	Leaving      bool           `db:"leaving"`
	Flags        pq.StringArray `db:"flags"`
	Document     uuid.UUID      `db:"document"`
	Language     string         `db:"language"`
	Established  []byte         `db:"established"`
	Resolved     []byte         `db:"resolved"`
	PublishedAt  *time.Time     `db:"published_at"`
	Concerns     pq.StringArray `db:"concerns"`
	ConcernRoles pq.StringArray `db:"concern_roles"`
	Masked       uuid.NullUUID  `db:"masked_copy"` // the redacted copies that are signed
	Claim        uuid.NullUUID  `db:"claim_copy"`
}

const decisionColumns = `
SELECT d.id, d.casefile, d.kind, d.status, d.decided_on, d.ready_on, d.submitted_at, d.term, d.due_at,
       d.joins, d.severs, d.leaving, d.flags, d.document, d.published_at, n.concerns, n.concern_roles,
       rm.document AS masked_copy, rc.document AS claim_copy`

const fromDecision = `
  FROM decision d
  JOIN LATERAL (SELECT coalesce(array_agg(CAST(n.participant AS text)), '{}') AS concerns, coalesce(array_agg(n.role), '{}') AS concern_roles
                  FROM fence.named(d.id) n) n ON true
  LEFT JOIN redaction rm ON rm.decision = d.id AND rm.part = 'personal-data' AND rm.signed_at IS NOT NULL AND rm.replaced_at IS NULL
  LEFT JOIN redaction rc ON rc.decision = d.id AND rc.part = 'civil-claim' AND rc.signed_at IS NOT NULL AND rc.replaced_at IS NULL`

// A list says nothing of the paper and its text: whether they open is asked of each, and
// is dear.
const selectDecisions = decisionColumns + `, '' AS language, CAST(NULL AS bytea) AS established, CAST(NULL AS bytea) AS resolved` + fromDecision + `
 WHERE d.casefile = $1
 ORDER BY d.decided_on DESC, d.made_at DESC`

const selectDecision = decisionColumns + `, coalesce(doc.language, '') AS language, t.established, t.resolved` + fromDecision + `
  LEFT JOIN document doc ON doc.id = d.document
  LEFT JOIN decision_text t ON t.decision = d.id
 WHERE d.id = $1`

// seenFrom is the decision as the reader of the case sees it. Officials of the
// case see all that is published; a draft is the investigator's alone. Who is
// shown a redacted copy has that for the document: the original is nowhere in what
// he gets but by its number.
func (row decisionRow) seenFrom(c Case, o opened) Decision {
	d := Decision{
		ID: row.ID, Case: row.Case, Kind: row.Kind, Status: row.Status, DecidedOn: row.DecidedOn, ReadyOn: deref(row.ReadyOn),
		SubmittedAt: deref(row.SubmittedAt), Term: deref(row.Term), DueAt: deref(row.DueAt),
		Joins: row.Joins.UUID, Leaving: row.Leaving,
		PublishedAt: deref(row.PublishedAt), Document: row.Document, Language: row.Language,
	}
	for _, f := range row.Flags {
		d.Flags = append(d.Flags, policy.Flag(f))
	}
	d.Concerns = ids(row.Concerns)
	switch {
	case row.Status == Draft:
		if c.Standing&policy.Charge != 0 {
			d.View = policy.Copy
		}
	case c.Standing&policy.OnDuty != 0:
		d.View = policy.Copy
	case row.Status != Published: // what the prosecutor has not agreed with is for nobody else
	default:
		for _, capacity := range c.Capacities {
			d.Sight = d.Better(capacity.see(policy.See(d.Kind, row.viewer(d, capacity, o))))
		}
		switch d.Part {
		case policy.PersonalData:
			d.Original, d.Document = row.Document, row.Masked.UUID
		case policy.CivilClaim:
			d.Original, d.Document = row.Document, row.Claim.UUID
		}
		d.Exposure = o.of(row.ID, d.Sight)
	}
	return d
}

// ids reads an array of them.
func ids(words []string) []uuid.UUID {
	var out []uuid.UUID
	for _, word := range words {
		if id, err := uuid.Parse(word); err == nil {
			out = append(out, id)
		}
	}
	return out
}

// viewer is a capacity as the matrix asks about it.
func (row decisionRow) viewer(d Decision, c Capacity, o opened) policy.Viewer {
	role := c.Role
	if c.Represents != uuid.Nil {
		role = c.RepresentedRole
	}
	concerned := slices.ContainsFunc(d.Concerns, func(id uuid.UUID) bool { return slices.Contains(c.line, id) })
	others := false
	for _, r := range row.ConcernRoles {
		others = others || !concerned && policy.Side(policy.Role(r)) == policy.Side(role)
	}
	kind, _ := policy.KindOf(d.Kind)
	exposed, ground := o.to(row.ID, c.Participant)
	return policy.Viewer{
		Role: c.Role, Represented: c.RepresentedRole, Concerned: concerned, OthersOfHisSideOnly: others,
		BeforeJoining: d.PublishedAt.Before(c.JoinedAt),
		Reached:       kind.Needs == policy.Nothing || !d.ReadyOn.IsZero(),
		Flagged:       len(d.Flags) > 0,
		Familiarising: slices.Contains(o.file, c.Participant),
		MaskedCopy:    row.Masked.Valid, ClaimCopy: row.Claim.Valid,
		Exposed: exposed, Ground: ground,
	}
}

type lockedDecision struct {
	ID       uuid.UUID     `db:"id"`
	Case     uuid.UUID     `db:"casefile"`
	Kind     policy.Kind   `db:"kind"`
	Status   Status        `db:"status"`
	Document uuid.UUID     `db:"document"`
	Joins    uuid.NullUUID `db:"joins"`
	Severs   []byte        `db:"severs"`
	Leaving  bool          `db:"leaving"`
}

const lockAnyDecision = `
SELECT id, casefile, kind, status, document, joins, severs, leaving
  FROM decision
 WHERE id = $1
   FOR UPDATE`

// lockDecision holds a decision for a change by the one who conducts the
// investigation.
func lockDecision(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID) (Decision, Case, error) {
	d, _, c, err := readDecision(ctx, tx, ask, id)
	if err != nil {
		return Decision{}, Case{}, err
	}
	var row lockedDecision
	if err := tx.Get(ctx, &row, lockAnyDecision, id); err != nil {
		return Decision{}, c, err
	}
	severs, err := tx.OpenMaybe(ctx, severedNumber(row.Case, row.ID), row.Severs)
	return Decision{
		ID: row.ID, Case: row.Case, Kind: row.Kind, Status: row.Status, Document: row.Document, DecidedOn: d.DecidedOn,
		Concerns: d.Concerns, Joins: row.Joins.UUID, Severs: deref(severs), Leaving: row.Leaving,
	}, c, err
}

// lockDraft is the document of the draft a page saves anew, or zero for a new
// draft. Anything else under that id is refused: a decision of another case as if
// it were not there.
func lockDraft(ctx context.Context, tx *vault.DB, casefile, id uuid.UUID) (uuid.UUID, error) {
	var rows []lockedDecision
	if err := tx.Select(ctx, &rows, lockAnyDecision, id); err != nil || len(rows) == 0 {
		return uuid.Nil, err
	}
	switch row := rows[0]; {
	case row.Case != casefile:
		return uuid.Nil, fault.New(fault.NotFound, "fault.not-found")
	case row.Status != Draft:
		return uuid.Nil, fault.New(fault.Conflict, "fault.not-now")
	}
	return rows[0].Document, nil
}

const upsertDecision = `
INSERT INTO decision (id, casefile, kind, status, author, decided_on, ready_on, flags, document, made_at, joins, severs, leaving)
VALUES ($1, $2, $3, 'draft', $4, $5, $6, $7, $8, $9, $10, $11, $12)
    ON CONFLICT (id) DO UPDATE
   SET kind = $3, decided_on = $5, ready_on = $6, flags = $7, document = $8, made_at = $9, joins = $10, severs = $11, leaving = $12
 WHERE decision.status = 'draft' AND decision.casefile = $2`

const deleteDecisionPersons = `
DELETE FROM decision_person WHERE decision = $1`

const insertDecisionPersons = `
INSERT INTO decision_person (decision, participant)
SELECT $1, unnest(CAST($2 AS uuid[]))`

func decisionText(column string, casefile, id uuid.UUID) vault.Where {
	return vault.Where{Table: "decision_text", Column: column, ID: id, Case: casefile}
}

// severedNumber is the place of the number that a severance gives to the new case.
func severedNumber(casefile, decision uuid.UUID) vault.Where {
	return vault.Where{Table: "decision", Column: "severs", ID: decision, Case: casefile}
}

// keep writes the draft down.
func (draft DecisionDraft) keep(ctx context.Context, tx *vault.DB, ask policy.Ask, casefile, id, doc uuid.UUID) error {
	ready := &draft.ReadyOn
	if draft.ReadyOn.IsZero() {
		ready = nil
	}
	flags := make(pq.StringArray, len(draft.Flags))
	for i, f := range draft.Flags {
		flags[i] = string(f)
	}
	var severs []byte
	if draft.Severs != "" {
		var err error
		if severs, err = tx.SealText(severedNumber(casefile, id), draft.Severs); err != nil {
			return err
		}
	}
	if err := tx.Exec(ctx, upsertDecision, id, casefile, draft.Kind, ask.Person, draft.DecidedOn, ready, flags, doc, ask.At,
		nullable(draft.Joins), severs, draft.Leaving); err != nil {
		return err
	}
	if err := draft.keepTexts(ctx, tx, casefile, id); err != nil {
		return err
	}
	if err := tx.Exec(ctx, deleteDecisionPersons, id); err != nil {
		return err
	}
	concerns := make(pq.StringArray, len(draft.Concerns))
	for i, p := range draft.Concerns {
		concerns[i] = p.String()
	}
	return tx.Exec(ctx, insertDecisionPersons, id, concerns)
}

const deleteDecisionText = `
DELETE FROM decision_text WHERE decision = $1`

const insertDecisionText = `
INSERT INTO decision_text (decision, established, resolved)
VALUES ($1, $2, $3)`

// keepTexts keeps what the paper was printed from, for its author alone.
func (draft DecisionDraft) keepTexts(ctx context.Context, tx *vault.DB, casefile, id uuid.UUID) error {
	if err := tx.Exec(ctx, deleteDecisionText, id); err != nil || draft.Upload != nil {
		return err
	}
	established, err := tx.SealText(decisionText("established", casefile, id), draft.Established)
	if err != nil {
		return err
	}
	resolved, err := tx.SealText(decisionText("resolved", casefile, id), draft.Resolved)
	if err != nil {
		return err
	}
	return tx.Exec(ctx, insertDecisionText, id, established, resolved)
}

const publishDecision = `
UPDATE decision SET status = $2, published_at = $3 WHERE id = $1`

const deleteDecision = `
DELETE FROM decision WHERE id = $1 AND status = 'draft'`
