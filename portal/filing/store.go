package filing

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/calendar"
	"zharia/portal/casefile"
	"zharia/portal/deadline"
	"zharia/portal/fault"
	"zharia/portal/guide"
	"zharia/portal/identity"
	"zharia/portal/law"
	"zharia/portal/policy"
	"zharia/portal/register"
	"zharia/portal/vault"
)

type filingRow struct {
	ID              uuid.UUID         `db:"id"`
	Case            uuid.UUID         `db:"casefile"`
	CaseNumber      []byte            `db:"case_number"`
	Named           []byte            `db:"named"`
	Kind            policy.FilingKind `db:"kind"`
	Status          Status            `db:"status"`
	Language        string            `db:"language"`
	Number          string            `db:"number"`
	Author          uuid.UUID         `db:"author"`
	AuthorName      []byte            `db:"author_name"`
	OwnName         []byte            `db:"own_name"` // where the author himself asks: it opens while the keeper is down
	Participant     uuid.UUID         `db:"participant"`
	Access          uuid.NullUUID     `db:"access"`
	Report          uuid.NullUUID     `db:"report"`
	Office          uuid.NullUUID     `db:"office"` // whose official decides it, where there is no case
	Filer           []byte            `db:"filer"`
	Role            policy.Role       `db:"role"`
	RepresentedID   uuid.NullUUID     `db:"represented_person"`
	RepresentedName []byte            `db:"represented_name"`
	RepresentedRole *policy.Role      `db:"represented_role"`
	Previous        uuid.NullUUID     `db:"previous"`
	ConsentWaits    bool              `db:"consent_waits"`
	Affected        bool              `db:"affected"`
	Decider         uuid.UUID         `db:"decider"`
	Seat            guide.Seat        `db:"seat"`
	What            guide.What        `db:"what"`
	Complained      uuid.NullUUID     `db:"complained"`
	Interested      pq.StringArray    `db:"interested"`
	Suspend         bool              `db:"suspend"`
	DeciderName     string            `db:"decider_name"`
	identity.Body
	About         uuid.NullUUID      `db:"about"`
	AboutKind     *policy.Kind       `db:"about_kind"`
	AboutOn       *time.Time         `db:"about_on"`
	AboutSince    *time.Time         `db:"about_since"`
	Against       uuid.NullUUID      `db:"against"`
	AgainstNumber *string            `db:"against_number"`
	AgainstKind   *policy.FilingKind `db:"against_kind"`
	Ground        Ground             `db:"ground"`
	Circumstances []byte             `db:"circumstances"`
	Document      uuid.UUID          `db:"document"`
	Withdrawal    uuid.NullUUID      `db:"withdrawal"`
	MadeAt        time.Time          `db:"made_at"`
	FiledAt       *time.Time         `db:"filed_at"`
	Term          *deadline.Name     `db:"term"`
	DueRaw        *time.Time         `db:"due_raw"`
	DueAt         *time.Time         `db:"due_at"`
	ConsideredAt  *time.Time         `db:"considered_at"`
	EndedAt       *time.Time         `db:"ended_at"`
	OverdueAt     *time.Time         `db:"overdue_at"`
	Drafted       bool               `db:"drafted"`
	OpenedAt      *time.Time         `db:"opened_at"`
	Left          bool               `db:"left_before"`
	Until         *time.Time         `db:"until"` // the last day of the power by which its author, who asks, filed it
	Whom          uuid.UUID          `db:"whom"`
	MayWithdraw   bool               `db:"may_withdraw"`
	Holds         bool               `db:"holds"`
	Capacities    pq.StringArray     `db:"capacities"`
	Standing      pq.StringArray     `db:"standing"`
}

// impartial says that the asker may decide a filing at all: not he who is complained
// of, nor he who approved it (CPC 104(1)). Only a challenge of a judge is decided by
// that judge, CPC 87(11).
const impartial = `($1 <> ALL (f.interested) OR f.kind = 'challenge' AND f.seat = 'judge')`

// held says that it waits for him: his to answer, or his whom he stands in for, and he
// sits there still.
const held = `(f.status IN ('filed', 'considered', 'waiting') AND h.sits)`

// A filing a person has no part in is not found: its being there is a secret. A
// draft is its author's alone. It is answered by the official it waits for, while
// the case is his, and by whoever stands in for him. Of the other officials of the
// case all find it but the one who conducts it: he does not see a complaint to the
// prosecutor about himself through this door. Whoever defends a person sees what that one
// filed as what he was before (lineage). It came to one whom it concerns: he reads
// it to hand it on. And who decides a complaint about an answer reads what was answered.
const selectFilings = `
SELECT f.id, f.casefile,
       CASE WHEN f.author = $1 AND f.named IS NOT NULL AND (f.participant IS NULL OR 'party' <> ALL (h.of_case)) THEN NULL
            ELSE (SELECT c.number FROM casefile c WHERE c.id = f.casefile) END AS case_number, -- he may be nothing in the case, or nothing more
       CASE WHEN f.participant IS NULL OR f.author = $1 AND 'party' <> ALL (h.of_case) THEN f.named END AS named, f.kind, f.status, f.language, coalesce(f.number, '') AS number,
       f.author, a.name AS author_name, (SELECT me.name FROM person me WHERE me.id = f.author AND me.id = $1) AS own_name, coalesce(f.participant, '00000000-0000-0000-0000-000000000000') AS participant, f.access, f.report, f.body AS office, f.filer, f.affected, coalesce(p.role, q.role, 'applicant') AS role, r.person AS represented_person, rn.name AS represented_name, r.role AS represented_role, f.previous,
       CASE WHEN f.withdrawal IS NULL OR f.status NOT IN ('filed', 'considered', 'waiting') THEN false
            ELSE EXISTS (SELECT 1 FROM document z WHERE z.id = f.withdrawal AND z.signed_at IS NOT NULL) END AS consent_waits,
       f.decider, f.seat, f.what, f.complained, f.interested, f.suspend, o.name AS decider_name, b.name_kk AS body_kk, b.name_ru AS body_ru,
       f.about, x.kind AS about_kind, x.decided_on AS about_on,
       greatest(x.decided_on, x.ready_on) AS about_since,
       f.against, g.number AS against_number, g.kind AS against_kind, f.ground, f.circumstances, f.document, f.withdrawal,
       f.made_at, f.filed_at, f.term, f.due_raw, f.due_at, f.considered_at, f.ended_at, f.overdue_at,
       EXISTS (SELECT 1 FROM answer w WHERE w.filing = f.id AND w.author = $1 AND w.signed_at IS NULL) AS drafted,
       coalesce(r.person, p.person, f.author) AS whom, p.represents IS NULL OR 'withdraw' = ANY (p.scope) AS may_withdraw,
       ARRAY(SELECT concat_ws(' ', k.participant, k.whom, CASE WHEN k.represents IS NULL THEN '' ELSE array_to_string(lineage(k.represents), ',') END, coalesce(CAST(k.until AS text), ''))
               FROM capacity k WHERE k.casefile = f.casefile AND k.person = $1) AS capacities,
       CASE WHEN f.author <> $1 AND f.status IN ('granted', 'granted-part', 'refused') AND s.standing && ARRAY['client', 'counsel']
            THEN (SELECT min(v.at) FROM opening v WHERE v.object_id = f.id AND v.person = $1 AND v.object = 'answer') END AS opened_at,
       CASE WHEN f.author = $1 AND f.status <> 'draft' AND p.represents IS NOT NULL THEN fence.left_before(p.id, coalesce(f.ended_at, 'infinity')) ELSE false END AS left_before,
       CASE WHEN f.author = $1 AND p.represents IS NOT NULL THEN p.until END AS until,
       s.standing, s.holds
  FROM filing f
  LEFT JOIN known a ON a.casefile = f.casefile AND a.person = f.author
  LEFT JOIN participant p ON p.id = f.participant
  LEFT JOIN request q ON q.id = f.access
  LEFT JOIN participant r ON r.id = p.represents
  LEFT JOIN known rn ON rn.casefile = r.casefile AND rn.person = r.person
  JOIN officer o ON o.person = f.decider
  JOIN body b ON b.id = o.body
  LEFT JOIN decision x ON x.id = f.about
  LEFT JOIN filing g ON g.id = f.against
  JOIN LATERAL (SELECT standings(f.casefile, $1) AS of_case, sits(f.casefile, f.seat, f.decider, f.report, f.body, $1) AS sits OFFSET 0) h ON true -- once for each
  JOIN LATERAL (
       SELECT array_remove(CASE WHEN f.author = $1 THEN ARRAY['author'] ELSE '{}' END
           || CASE WHEN f.status <> 'draft' AND EXISTS (
                  SELECT 1 FROM participant q JOIN participant c ON c.id = q.represents AND c.status = 'confirmed'
                   WHERE q.casefile = f.casefile AND q.person = $1 AND q.status = 'confirmed' AND f.participant = ANY (lineage(q.represents)))
              THEN ARRAY['counsel'] ELSE '{}' END
           || CASE WHEN f.status <> 'draft' AND r.person = $1 AND 'party' = ANY (h.of_case) THEN ARRAY['client'] ELSE '{}' END
           || CASE WHEN f.status <> 'draft' AND ` + impartial + ` AND h.sits THEN ARRAY['decider'] ELSE '{}' END
           || CASE WHEN f.status <> 'draft' AND f.complained IS DISTINCT FROM $1
              THEN ARRAY(SELECT d FROM unnest(h.of_case) d WHERE d NOT IN ('party', 'charge')) ELSE '{}' END
           || CASE WHEN ` + held + ` AND NOT ` + impartial + ` OR f.status <> 'draft' AND addressed(f.id, $1) THEN ARRAY['addressee'] ELSE '{}' END, NULL)
       AS standing, ` + held + ` AS holds) s ON true`

const selectFiling = selectFilings + `
 WHERE f.id = $2`

const lockFiling = selectFiling + `
   FOR UPDATE OF f`

const selectOwn = selectFilings + `
 WHERE f.id = ANY (ARRAY(
       SELECT l.id FROM filing l LEFT JOIN filing z ON z.id = $2
        WHERE l.author = $1
          AND (z.id IS NULL OR (coalesce(z.filed_at, z.made_at), l.id) > (coalesce(l.filed_at, l.made_at), z.id))
        ORDER BY coalesce(l.filed_at, l.made_at) DESC, l.id
        LIMIT $3))
 ORDER BY coalesce(f.filed_at, f.made_at) DESC, f.id`

// What was filed for the asker is found by who filed it: those who act for him, or did.
const selectCurrent = selectFilings + `
 WHERE f.id = ANY (ARRAY(
       SELECT l.id
         FROM (SELECT o.id, o.ended_at, o.filed_at, o.made_at FROM filing o WHERE o.author = $1
               UNION ALL
               SELECT o.id, o.ended_at, o.filed_at, o.made_at
                 FROM participant w
                 JOIN participant y ON y.represents = w.id
                 JOIN filing o ON o.author = y.person AND o.casefile = y.casefile AND o.participant = y.id AND o.status <> 'draft'
                WHERE w.person = $1) l
        ORDER BY l.ended_at DESC NULLS FIRST, coalesce(l.filed_at, l.made_at) DESC, l.id
        LIMIT 200))
 ORDER BY coalesce(f.filed_at, f.made_at) DESC, f.id`

// Of those that are about the same the ones of other words come last: texts are opened to
// be compared, and a person may have filed thousands.
const selectSame = selectFilings + `
 WHERE f.id = ANY (ARRAY(
       SELECT l.id FROM filing l JOIN filing d ON d.id = $2 AND d.author = $1
        WHERE l.author = $1 AND l.id <> d.id AND l.id IS DISTINCT FROM d.against
          AND l.casefile IS NOT DISTINCT FROM d.casefile AND l.report IS NOT DISTINCT FROM d.report
          AND (l.status IN ('filed', 'considered', 'waiting') OR l.status IN ('granted', 'granted-part', 'refused') AND l.ended_at > $3)
        ORDER BY l.kind = d.kind AND (l.about = d.about OR l.against = d.against) IS TRUE DESC, l.filed_at DESC, l.id
        LIMIT 20))
 ORDER BY coalesce(f.filed_at, f.made_at) DESC, f.id`

const selectOfCase = selectFilings + `
  LEFT JOIN filing z ON z.id = $3
 WHERE f.casefile = $2
   AND cardinality(s.standing) > 0
   AND (z.id IS NULL OR (coalesce(z.filed_at, z.made_at), f.id) > (coalesce(f.filed_at, f.made_at), z.id))
 ORDER BY coalesce(f.filed_at, f.made_at) DESC, f.id
 LIMIT $4`

// desks are those whose filings come to the asker: he, and whom he stands in for.
const desks = `ANY (ARRAY(SELECT $1 UNION SELECT officer FROM substitution WHERE deputy = $1 AND signed_at IS NOT NULL AND ended_at IS NULL))`

const inInbox = `
 WHERE f.decider = ` + desks + `
   AND f.status IN ('filed', 'considered', 'waiting') AND s.standing && ARRAY['decider', 'addressee'] AND s.holds`

// What was answered since the list was shown still says where it goes on.
const selectInbox = selectFilings + `
  LEFT JOIN filing z ON z.id = $2 AND z.status <> 'draft' AND z.decider = ` + desks + inInbox + `
   AND (z.id IS NULL OR (f.due_at, f.filed_at, f.id) > (z.due_at, z.filed_at, z.id))
 ORDER BY f.due_at, f.filed_at, f.id
 LIMIT $3`

const countOverdue = `
SELECT count(*) FROM (` + selectFilings + inInbox + ` AND f.due_at <= $2) late`

// Which they are is asked first and what is in them after: an office has thousands,
// and everything else of a filing is dear.
const selectSupervised = selectFilings + `
 WHERE f.id = ANY (ARRAY(
       SELECT l.id FROM filing l
        WHERE l.casefile = ANY (ARRAY(SELECT casefile FROM duty WHERE person = $1 AND standing IN ('supervisor', 'unit', 'office')))
          AND l.status <> 'draft'
        ORDER BY l.filed_at DESC, l.id
        LIMIT 200))
 ORDER BY f.filed_at DESC, f.id`

const selectLate = selectFilings + `
 WHERE f.id = ANY (ARRAY(
       SELECT l.id FROM filing l
        WHERE l.casefile = ANY (ARRAY(SELECT casefile FROM duty WHERE person = $1 AND standing IN ('supervisor', 'unit', 'office')))
          AND l.status IN ('filed', 'considered', 'waiting') AND l.due_at <= $2
        ORDER BY l.due_at, l.id
        LIMIT 200))
 ORDER BY f.filed_at DESC, f.id`

func filingText(column string, home vault.Home, id uuid.UUID) vault.Where {
	return vault.Where{Table: "filing", Column: column, ID: id}.In(home)
}

func answerText(home vault.Home, id uuid.UUID) vault.Where {
	return vault.Where{Table: "answer", Column: "reasons", ID: id}.In(home)
}

// forAnother is what an author does for the one for whom he filed, and no more once he acts
// for him no more: what he filed stays as it is, for that one to take back, and for the
// official to answer.
var forAnother = []policy.Act{
	policy.WithdrawalDraft, policy.FilingWithdraw, policy.WithdrawalAsk,
	policy.SupplementDraft, policy.SupplementSign, policy.ReplyNew, policy.ReplyDraft, policy.FilingReply,
	policy.CountObject, policy.MessageSend,
}

// forAsker opens the row for the one who asks: not found where he is nothing to
// it, refused where his act is not his to do.
func (row filingRow) forAsker(ctx context.Context, db *vault.DB, ask policy.Ask) (Filing, error) {
	standing, err := row.beside(ask, ask.Standing(row.Standing))
	if err != nil {
		return Filing{}, err
	}
	if standing == 0 {
		return Filing{}, fault.New(fault.NotFound, "fault.not-found")
	}
	f := Filing{
		ID: row.ID, Case: row.Case, Kind: row.Kind, Status: row.Status, Language: row.Language,
		Number: row.Number, Author: row.Author, Role: row.Role, Participant: row.Participant, Access: row.Access.UUID, Report: row.Report.UUID, Body: row.Office.UUID, About: row.About.UUID,
		AboutKind: deref(row.AboutKind), AboutOn: deref(row.AboutOn), AboutSince: deref(row.AboutSince),
		Against: row.Against.UUID, AgainstNumber: deref(row.AgainstNumber), AgainstKind: deref(row.AgainstKind), Ground: row.Ground, Document: row.Document, Withdrawal: row.Withdrawal.UUID,
		MadeAt: row.MadeAt, FiledAt: deref(row.FiledAt), Term: deref(row.Term), DueRaw: deref(row.DueRaw), DueAt: deref(row.DueAt),
		ConsideredAt: deref(row.ConsideredAt), EndedAt: deref(row.EndedAt), OverdueAt: deref(row.OverdueAt), Drafted: row.Drafted,
		Standing: standing, mayWithdraw: row.MayWithdraw, holds: row.Holds, Decider: casefile.Official{ID: row.Decider, Name: row.DeciderName, Body: row.Body},
		InPlaceOf: deref(row.RepresentedRole), Previous: row.Previous.UUID, ConsentWaits: row.ConsentWaits,
		Affected: row.Affected, Seat: row.Seat, What: row.What, Complained: row.Complained.UUID, Interested: ids(row.Interested), Suspend: row.Suspend,
	}
	f.Left = (row.Left || f.Status.Open() && row.lapsed(ask.At)) && standing&(official|policy.Client|policy.Counsel) == 0
	if standing&(policy.Client|policy.Counsel) != 0 {
		f.OpenedAt = deref(row.OpenedAt)
	}
	if err := ask.Check(f.Standing); err != nil {
		return Filing{}, err
	}
	if f.Left && slices.Contains(forAnother, ask.Act) {
		return Filing{}, fault.New(fault.Forbidden, "fault.power-over").Under(law.CPC(76, 4))
	}
	if f.Status == Draft && slices.Contains(terminations, f.AboutKind) {
		if f.days, err = calendar.Read(ctx, db.DB); err != nil {
			return Filing{}, err
		}
	}
	var errs [4]error
	if f.OfReport() {
		f.ReportNumber, errs[3] = db.OpenText(ctx, filingText("named", row.home(), row.ID), row.Named)
	} else if row.Author == ask.Person && row.Named != nil { // he may be nothing in the case
		f.CaseNumber, errs[3] = db.OpenText(ctx, filingText("named", row.home(), row.ID), row.Named)
	} else {
		f.CaseNumber, errs[3] = register.Open(ctx, db, row.Case, row.CaseNumber)
	}
	if row.Author == ask.Person {
		f.AuthorName, errs[0] = identity.OpenOwnName(ctx, db, row.Author, row.OwnName)
	} else if f.OfReport() {
		f.AuthorName, errs[0] = db.OpenText(ctx, filingText("filer", row.home(), row.ID), row.Filer)
	} else {
		f.AuthorName, errs[0] = identity.OpenName(ctx, db, row.Case, row.Author, row.AuthorName)
	}
	if row.Circumstances != nil {
		f.Circumstances, errs[1] = db.OpenText(ctx, filingText("circumstances", row.home(), row.ID), row.Circumstances)
	}
	if row.RepresentedID.Valid {
		f.Represented, errs[2] = identity.OpenName(ctx, db, row.Case, row.RepresentedID.UUID, row.RepresentedName)
	}
	return f, errors.Join(errs[:]...)
}

// ahead asks the keeper at once for all that a list of filings opens. While texts are
// closed each line says so for itself.
func ahead(ctx context.Context, db *vault.DB, ask policy.Ask, rows []filingRow) error {
	var all []vault.Sealed
	for _, row := range rows {
		if row.Report.Valid || row.Author == ask.Person && row.Named != nil {
			all = append(all, vault.Sealed{Where: filingText("named", row.home(), row.ID), Bytes: row.Named})
		} else {
			all = append(all, vault.Sealed{Where: register.At(row.Case), Bytes: row.CaseNumber})
		}
		if row.Author == ask.Person {
			all = append(all, identity.OwnName(row.Author, row.OwnName))
		} else if row.Report.Valid {
			all = append(all, vault.Sealed{Where: filingText("filer", row.home(), row.ID), Bytes: row.Filer})
		} else {
			all = append(all, identity.NameIn(row.Case, row.Author, row.AuthorName))
		}
		if row.RepresentedID.Valid {
			all = append(all, identity.NameIn(row.Case, row.RepresentedID.UUID, row.RepresentedName))
		}
		if row.Circumstances != nil {
			all = append(all, vault.Sealed{Where: filingText("circumstances", row.home(), row.ID), Bytes: row.Circumstances})
		}
	}
	return db.Ahead(ctx, all...)
}

func nullable(id uuid.UUID) uuid.NullUUID { return uuid.NullUUID{UUID: id, Valid: id != uuid.Nil} }

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func lock(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID) (Filing, error) {
	f, err := hold(ctx, tx, ask, id)
	if err != nil {
		return f, err
	}
	f.Points, err = f.points(ctx, tx, ask)
	return f, err
}

// hold is lock without what is asked for.
func hold(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID) (Filing, error) {
	var row filingRow
	if err := tx.Get(ctx, &row, lockFiling, ask.Person, id); err != nil {
		return Filing{}, err
	}
	return row.forAsker(ctx, tx, ask)
}

// move locks a filing for a step of its life and tells where the step leads. What is asked
// for is not read.
func move(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID) (Filing, Status, error) {
	f, err := hold(ctx, tx, ask, id)
	if err != nil {
		return f, "", err
	}
	next, err := f.Status.after(ask.Act)
	return f, next, err
}

const lockOldDraft = `
SELECT casefile, report, author, status, document FROM filing WHERE id = $1 FOR UPDATE`

// lockDraft is the document of the draft that a page saves anew, or zero for a
// new draft. Anything else under that id is refused.
func lockDraft(ctx context.Context, tx *vault.DB, ask policy.Ask, casefileID, report, id uuid.UUID) (uuid.UUID, error) {
	var row struct {
		Case     uuid.UUID `db:"casefile"`
		Report   uuid.UUID `db:"report"`
		Author   uuid.UUID `db:"author"`
		Status   Status    `db:"status"`
		Document uuid.UUID `db:"document"`
	}
	err := tx.Get(ctx, &row, lockOldDraft, id)
	switch {
	case errors.Is(err, fault.NotFound):
		return uuid.Nil, nil
	case err != nil:
		return uuid.Nil, err
	case row.Author != ask.Person || row.Case != casefileID || row.Report != report:
		return uuid.Nil, fault.New(fault.NotFound, "fault.not-found")
	case row.Status != Draft:
		return uuid.Nil, fault.New(fault.Conflict, "fault.filed-already")
	}
	// A draft for one client is not saved over while he acts for another.
	if _, err := lock(ctx, tx, ask.To(policy.FilingEdit), id); err != nil {
		return uuid.Nil, err
	}
	return row.Document, nil
}

const upsertFiling = `
INSERT INTO filing (id, casefile, author, participant, kind, status, language, about, against, ground, circumstances, document, decider, made_at, access,
                    seat, what, complained, interested, suspend, affected, previous, named, report, body, filer)
VALUES ($1, $2, $3, $4, $5, 'draft', $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)
    ON CONFLICT (id) DO UPDATE
   SET participant = $4, kind = $5, language = $6, about = $7, against = $8, ground = $9, circumstances = $10,
       document = $11, decider = $12, made_at = $13, seat = $15, what = $16, complained = $17, interested = $18, suspend = $19, previous = $21, named = $22, body = $24, filer = $25
 WHERE filing.status = 'draft' AND filing.author = $3`

// keep writes the draft down, for the official it goes to.
func (n NewFiling) keep(ctx context.Context, tx *vault.DB, ask policy.Ask, in place, to addressee, id, doc uuid.UUID, me identity.Person) error {
	circumstances, err := tx.SealText(filingText("circumstances", in.home, id), n.Circumstances, ask.Person)
	if err != nil {
		return err
	}
	var named, filer []byte
	switch {
	case n.report.ID != uuid.Nil:
		if named, err = tx.SealText(filingText("named", in.home, id), n.report.Number, ask.Person); err != nil {
			return err
		}
		if filer, err = tx.SealText(filingText("filer", in.home, id), me.Name, ask.Person); err != nil {
			return err
		}
	default: // where he is nothing in the case, or will be nothing more
		if named, err = tx.SealText(filingText("named", in.home, id), in.number, ask.Person); err != nil {
			return err
		}
	}
	err = tx.Exec(ctx, upsertFiling, id, nullable(in.home.Case), ask.Person, nullable(n.Participant), n.Kind, n.Language, nullable(n.About), nullable(n.Against), n.Ground,
		circumstances, doc, to.official.ID, ask.At, nullable(n.access), to.seat, to.what, nullable(n.Complained), texts(to.interested), n.Suspend, n.affected, nullable(n.Previous), named, nullable(n.report.ID), nullable(in.home.Body), filer)
	if err != nil {
		return err
	}
	return n.keepPoints(ctx, tx, in.home, id, ask.Person)
}

// It goes to whoever sits there now, and contests what there is now: since the draft was
// saved the case may have been given to another, or an answer have come.
const submitFiling = `
UPDATE filing SET status = $2, number = $3 || '-' || lpad(x.n, greatest(6, length(x.n)), '0'), filed_at = $4, term = $5, due_raw = $6, due_at = $7, decider = $8, seat = $9, interested = $10, what = $11
  FROM (SELECT CAST(nextval('filing_number') AS text) AS n) x
 WHERE id = $1`

const stepFiling = `
UPDATE filing
   SET status = $2,
       considered_at = CASE WHEN CAST($2 AS text) = 'considered' THEN coalesce(considered_at, CAST($3 AS timestamptz)) ELSE considered_at END,
       ended_at = CASE WHEN CAST($2 AS text) IN ('granted', 'granted-part', 'refused', 'withdrawn') THEN CAST($3 AS timestamptz) END
 WHERE id = $1`

const deleteFiling = `
DELETE FROM filing WHERE id = $1 AND status = 'draft'`

type answerRow struct {
	Filing   uuid.UUID  `db:"filing"`
	Author   uuid.UUID  `db:"author"`
	Outcome  Status     `db:"outcome"`
	Remedy   Remedy     `db:"remedy"`
	Reasons  []byte     `db:"reasons"`
	Language string     `db:"language"`
	Document uuid.UUID  `db:"document"`
	MadeAt   time.Time  `db:"made_at"`
	SignedAt *time.Time `db:"signed_at"`
	ReadAt   *time.Time `db:"read_at"`
}

const selectAnswer = `
SELECT filing, author, outcome, coalesce(remedy, '') AS remedy, reasons, language, document, made_at, signed_at, read_at
  FROM answer
 WHERE filing = $1`

func fetchAnswer(ctx context.Context, db *vault.DB, home vault.Home, id uuid.UUID) (Answer, error) {
	var row answerRow
	if err := db.Get(ctx, &row, selectAnswer, id); err != nil {
		return Answer{}, err
	}
	reasons, err := db.OpenText(ctx, answerText(home, id), row.Reasons)
	return Answer{row.Filing, row.Author, row.Outcome, row.Remedy, reasons, row.Language, row.Document, row.MadeAt, deref(row.SignedAt), deref(row.ReadAt)}, err
}

const upsertAnswer = `
INSERT INTO answer (filing, author, outcome, reasons, language, document, made_at, remedy)
VALUES ($1, $2, $3, $4, $5, $6, $7, nullif(CAST($8 AS text), ''))
    ON CONFLICT (filing) DO UPDATE
   SET author = $2, outcome = $3, reasons = $4, language = $5, document = $6, made_at = $7, remedy = nullif(CAST($8 AS text), '')
 WHERE answer.signed_at IS NULL`

const signAnswer = `
UPDATE answer SET signed_at = $2 WHERE filing = $1 AND signed_at IS NULL`

const readAnswer = `
UPDATE answer SET read_at = $2 WHERE filing = $1 AND read_at IS NULL`
