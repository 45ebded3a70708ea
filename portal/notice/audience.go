package notice

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/database"
)

// Each audience is found for many acts in one query: $1 their seqs, $2 the things they
// were done to, $3 their cases. An id names one row of the whole portal, so an act whose
// thing is in another table finds nobody.
const (
	// The author hears nothing of what was answered when he acted for the other no more.
	filingAuthors = `
SELECT x.seq, f.author AS person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id) JOIN filing f ON f.id = x.id
 WHERE f.status <> 'draft' AND NOT (f.ended_at IS NOT NULL AND f.participant IS NOT NULL AND fence.left_before(f.participant, f.ended_at))`

	filingClients = `
SELECT x.seq, r.person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id) JOIN filing f ON f.id = x.id
  JOIN participant p ON p.id = f.participant
  JOIN participant r ON r.id = p.represents AND r.status = 'confirmed'
 WHERE f.status <> 'draft'`

	filingCounsels = `
SELECT x.seq, k.person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id) JOIN filing f ON f.id = x.id
  JOIN capacity k ON k.casefile = f.casefile AND k.represents IS NOT NULL AND f.participant = ANY (lineage(k.represents))
 WHERE f.status <> 'draft'`

	filingDeciders = `
SELECT x.seq, f.decider AS person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id) JOIN filing f ON f.id = x.id
 WHERE f.status <> 'draft'`

	filingSupervisors = `
SELECT x.seq, c.prosecutor AS person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id) JOIN filing f ON f.id = x.id JOIN casefile c ON c.id = f.casefile
 WHERE f.status <> 'draft' AND f.complained IS DISTINCT FROM c.prosecutor`

	filesFound = `
SELECT x.seq, a.author AS person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id) JOIN attachment a ON a.id = x.id AND a.state = 'quarantined'`

	requestAuthors = `
SELECT x.seq, r.person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id) JOIN request r ON r.id = x.id`

	participants = `
SELECT x.seq, p.person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id) JOIN participant p ON p.id = x.id
 WHERE p.status <> 'draft'`

	representedPersons = `
SELECT x.seq, r.person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id)
  JOIN participant p ON p.id = x.id AND p.status <> 'draft' JOIN participant r ON r.id = p.represents AND r.status = 'confirmed'`

	caseInvestigators = `
SELECT x.seq, c.investigator AS person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id) JOIN casefile c ON c.id = x.id`

	caseSupervisors = `
SELECT x.seq, c.prosecutor AS person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id) JOIN casefile c ON c.id = x.id`

	caseParties = `
SELECT DISTINCT x.seq, k.person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id) JOIN capacity k ON k.casefile = x.id`

	decisionReaders = `
SELECT x.seq, r.person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id) CROSS JOIN LATERAL fence.readers(x.id, $3) AS r (person)`

	exposedPersons = `
SELECT x.seq, p.person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id)
  JOIN exposure e ON e.document = x.id AND e.signed_at IS NOT NULL JOIN participant p ON p.id = e.participant AND p.status = 'confirmed'`

	copyReaders = `
SELECT x.seq, r.person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id)
  JOIN redaction y ON y.document = x.id AND y.signed_at IS NOT NULL CROSS JOIN LATERAL fence.readers(y.decision, $3) AS r (person)`

	fileReaders = `
SELECT x.seq, p.person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id)
  JOIN familiarisation f ON f.id = x.id AND f.status <> 'draft' JOIN participant p ON p.id = f.participant`

	objectionAuthors = `
SELECT x.seq, o.person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id) JOIN objection o ON o.id = x.id`

	// Who answers is who portal/opening lets answer.
	objectionAnswerers = `
SELECT DISTINCT x.seq, d.person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id) JOIN objection j ON j.id = x.id JOIN opening o ON o.id = j.opening
  JOIN duty d ON d.casefile = o.casefile AND d.person <> o.person
   AND d.standing = CASE WHEN o.standing = 'supervisor'
                           OR EXISTS (SELECT 1 FROM duty s WHERE s.casefile = o.casefile AND s.person = o.person AND s.standing = 'supervisor')
                         THEN 'office' ELSE 'supervisor' END`

	assistants = `
SELECT x.seq, a.person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id)
  LEFT JOIN errand e ON e.id = x.id JOIN assistant a ON a.id = coalesce(e.assistant, x.id)`

	errandAdvocates = `
SELECT x.seq, e.advocate AS person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id) JOIN errand e ON e.id = x.id`

	appointmentPersons = `
SELECT x.seq, a.person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id) JOIN appointment a ON a.id = x.id AND a.status = 'effective'`

	appointmentProposers = `
SELECT x.seq, a.proposer AS person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id) JOIN appointment a ON a.id = x.id`

	administrators = `
SELECT x.seq, o.person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id)
  JOIN appointment a ON a.id = x.id AND a.status = 'proposed' JOIN officer o ON o.post = 'administrator' AND o.left_at IS NULL AND o.person <> a.person`

	assignedOfficers = `
SELECT x.seq, unnest(ARRAY[a.previous, a.officer]) AS person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id) JOIN assignment a ON a.document = x.id AND a.signed_at IS NOT NULL`

	substitutes = `
SELECT x.seq, unnest(ARRAY[s.officer, s.deputy]) AS person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id) JOIN substitution s ON s.id = x.id AND s.signed_at IS NOT NULL`

	themselves = `
SELECT x.seq, p.id AS person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id) JOIN person p ON p.id = x.id`

	superiors = `
SELECT x.seq, o.person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id)
  JOIN officer s ON s.person = x.id
  JOIN officer o ON o.left_at IS NULL AND o.person <> s.person AND (o.post = 'administrator' OR o.body = s.body AND o.post IN ('head', 'chief-prosecutor'))`

	contactOwners = `
SELECT x.seq, c.person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id) JOIN contact c ON c.id = x.id`

	signers = `
SELECT x.seq, e.person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id) JOIN evidence e ON e.document = x.id AND e.revocation = 'refuted'`

	reportAuthors = `
SELECT x.seq, r.author AS person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id) JOIN report r ON r.id = x.id
 WHERE r.author IS NOT NULL AND r.status <> 'draft'`

	reportOfficers = `
SELECT x.seq, o.person
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id) JOIN report r ON r.id = x.id AND r.status <> 'draft'` + dealing + `
 WHERE o.place = 1`

	// Whose decision of a report, or silence, a complaint was about: granted, it is to be
	// carried out there.
	upheldOfficers = `
SELECT x.seq, o.person, 'report' AS object, r.id AS thing
  FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id) JOIN filing f ON f.id = x.id JOIN report r ON r.id = f.report` + dealing + `
 WHERE o.place = 1`

	// Who deals with a report r on the day $3: its officer, or, where he has left or there was
	// none, every registrar of the body, and its head where it has none: nobody for his own. A
	// term of hours waits for nobody.
	dealing = `
  CROSS JOIN LATERAL (
       SELECT m.person, rank() OVER (ORDER BY m.person IS DISTINCT FROM r.officer, m.post <> 'registrar') AS place
         FROM officer m
        WHERE m.body = r.body AND m.left_at IS NULL AND (m.until IS NULL OR m.until >= $3::date) AND m.person IS DISTINCT FROM r.author
          AND m.post IN ('registrar', 'head', 'chief-prosecutor')) o`

	// Who was told that his report is dealt with in another hears what becomes of that one,
	// whichever body it was handed on to meanwhile.
	joinedAuthors = `
WITH RECURSIVE line AS (
    SELECT x.seq, x.id AS decided, x.id FROM unnest($1::bigint[], $2::uuid[]) AS x (seq, id)
    UNION
    SELECT l.seq, l.decided, n.id
      FROM line l
      CROSS JOIN LATERAL (
           SELECT r.previous AS id FROM report r WHERE r.id = l.id AND r.previous IS NOT NULL
           UNION ALL
           SELECT d.report FROM report_decision d WHERE d.earlier = l.id AND d.signed_at IS NOT NULL) n)
SELECT l.seq, r.author AS person, r.id AS thing
  FROM line l JOIN report r ON r.id = l.id
 WHERE r.author IS NOT NULL AND r.status = 'joined' AND r.id <> l.decided`

	// Who is in post today, and who does his work while he is away.
	inPost = `
SELECT o.person AS officer, o.person
  FROM officer o
 WHERE o.person = ANY ($1::uuid[]) AND o.left_at IS NULL AND (o.until IS NULL OR o.until >= $2::date)
UNION
SELECT s.officer, s.deputy
  FROM substitution s JOIN officer o ON o.person = s.deputy AND o.left_at IS NULL AND (o.until IS NULL OR o.until >= $2::date)
 WHERE s.officer = ANY ($1::uuid[]) AND s.signed_at IS NOT NULL AND s.ended_at IS NULL AND s.until >= $2::date`
)

// act is one row of the record, as far as telling needs it.
type act struct {
	Seq    int64         `db:"seq"`
	At     time.Time     `db:"at"`
	Who    uuid.NullUUID `db:"who"`
	Act    string        `db:"act"`
	Object string        `db:"object"`
	ID     uuid.UUID     `db:"object_id"`
	Case   uuid.NullUUID `db:"casefile"`
}

// told is one person whom an act tells.
type told struct {
	Seq    int64     `db:"seq"`
	Person uuid.UUID `db:"person"`
	Object string    `db:"object"` // what Thing is; "" for the same as what the act was done to
	Thing  uuid.UUID `db:"thing"`  // which of his own it is of; zero for what the act was done to
	work   bool      // as an official
}

// find is an audience of some acts: seqs beside the things, or the cases for an audience
// that is found by the case.
func find(ctx context.Context, tx *database.DB, who Audience, seqs []int64, things, cases []uuid.UUID, at time.Time) (out []told, err error) {
	of := pq.Array(things)
	switch s := pq.Array(seqs); who {
	case FilingAuthor:
		err = tx.Select(ctx, &out, filingAuthors, s, of)
	case FilingClient:
		err = tx.Select(ctx, &out, filingClients, s, of)
	case FilingCounsel:
		err = tx.Select(ctx, &out, filingCounsels, s, of)
	case FilingDecider:
		err = tx.Select(ctx, &out, filingDeciders, s, of)
	case FilingSupervisor:
		err = tx.Select(ctx, &out, filingSupervisors, s, of)
	case FileFound:
		err = tx.Select(ctx, &out, filesFound, s, of)
	case RequestAuthor:
		err = tx.Select(ctx, &out, requestAuthors, s, of)
	case Participant:
		err = tx.Select(ctx, &out, participants, s, of)
	case Represented:
		err = tx.Select(ctx, &out, representedPersons, s, of)
	case CaseInvestigator:
		err = tx.Select(ctx, &out, caseInvestigators, s, pq.Array(cases))
	case CaseSupervisor:
		err = tx.Select(ctx, &out, caseSupervisors, s, pq.Array(cases))
	case CaseParties:
		err = tx.Select(ctx, &out, caseParties, s, pq.Array(cases))
	case DecisionReaders:
		err = tx.Select(ctx, &out, decisionReaders, s, of, at)
	case ExposedPerson:
		err = tx.Select(ctx, &out, exposedPersons, s, of)
	case CopyReaders:
		err = tx.Select(ctx, &out, copyReaders, s, of, at)
	case FileReader:
		err = tx.Select(ctx, &out, fileReaders, s, of)
	case ObjectionAuthor:
		err = tx.Select(ctx, &out, objectionAuthors, s, of)
	case ObjectionAnswerer:
		err = tx.Select(ctx, &out, objectionAnswerers, s, of)
	case Assistant:
		err = tx.Select(ctx, &out, assistants, s, of)
	case ErrandAdvocate:
		err = tx.Select(ctx, &out, errandAdvocates, s, of)
	case AppointmentPerson:
		err = tx.Select(ctx, &out, appointmentPersons, s, of)
	case AppointmentProposer:
		err = tx.Select(ctx, &out, appointmentProposers, s, of)
	case Administrators:
		err = tx.Select(ctx, &out, administrators, s, of)
	case AssignedOfficers:
		err = tx.Select(ctx, &out, assignedOfficers, s, of)
	case Substitutes:
		err = tx.Select(ctx, &out, substitutes, s, of)
	case Himself:
		err = tx.Select(ctx, &out, themselves, s, of)
	case Superiors:
		err = tx.Select(ctx, &out, superiors, s, of)
	case ContactOwner:
		err = tx.Select(ctx, &out, contactOwners, s, of)
	case Signer:
		err = tx.Select(ctx, &out, signers, s, of)
	case ReportAuthor:
		err = tx.Select(ctx, &out, reportAuthors, s, of)
	case JoinedAuthors:
		err = tx.Select(ctx, &out, joinedAuthors, s, of)
	case ReportOfficer:
		err = tx.Select(ctx, &out, reportOfficers, s, of, dateOf(at))
	case UpheldOfficer:
		err = tx.Select(ctx, &out, upheldOfficers, s, of, dateOf(at))
	default:
		err = fmt.Errorf("notice: nobody knows the audience %q", who)
	}
	return out, err
}

// audience is everybody whom the acts tell, each once for an act. Officials who left are
// not told; who does the work of one who is away is.
func audience(ctx context.Context, tx *database.DB, acts []act, at time.Time) ([]told, error) {
	type many struct {
		seqs          []int64
		things, cases []uuid.UUID
	}
	asked, by := map[Audience]*many{}, map[int64]act{}
	var order []Audience
	for _, a := range acts {
		by[a.Seq] = a
		for _, who := range rules[a.Act].Tells {
			m := asked[who]
			if m == nil {
				m = &many{}
				asked[who], order = m, append(order, who)
			}
			m.seqs, m.things, m.cases = append(m.seqs, a.Seq), append(m.things, a.ID), append(m.cases, a.Case.UUID)
		}
	}
	var all []told
	var offices []uuid.UUID
	for _, who := range order {
		m := asked[who]
		found, err := find(ctx, tx, who, m.seqs, m.things, m.cases, at)
		if err != nil {
			return nil, fmt.Errorf("find the audience %s: %w", who, err)
		}
		for _, f := range found {
			if f.work = officials[who]; f.work {
				offices = append(offices, f.Person)
			}
			all = append(all, f)
		}
	}
	posts, err := deputies(ctx, tx, offices, at)
	if err != nil {
		return nil, err
	}
	type key struct {
		seq    int64
		person uuid.UUID
	}
	seen := map[key]bool{}
	var out []told
	for _, f := range all {
		people := []uuid.UUID{f.Person}
		if f.work {
			people = posts[f.Person]
		}
		for _, person := range people {
			a := by[f.Seq]
			if doer := a.Who.UUID == person; doer && !rules[a.Act].Doer || seen[key{f.Seq, person}] {
				continue
			}
			seen[key{f.Seq, person}] = true
			out = append(out, told{f.Seq, person, f.Object, f.Thing, f.work})
		}
	}
	return out, nil
}

// deputies are, for each official in post, he and those who do his work.
func deputies(ctx context.Context, tx *database.DB, offices []uuid.UUID, at time.Time) (map[uuid.UUID][]uuid.UUID, error) {
	out := map[uuid.UUID][]uuid.UUID{}
	if len(offices) == 0 {
		return out, nil
	}
	var rows []struct {
		Officer uuid.UUID `db:"officer"`
		Person  uuid.UUID `db:"person"`
	}
	if err := tx.Select(ctx, &rows, inPost, pq.Array(offices), dateOf(at)); err != nil {
		return nil, fmt.Errorf("find who does their work: %w", err)
	}
	for _, row := range rows {
		out[row.Officer] = append(out[row.Officer], row.Person)
	}
	return out, nil
}
