package filing

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/casefile"
	"zharia/portal/fault"
	"zharia/portal/guide"
	"zharia/portal/identity"
	"zharia/portal/law"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Everybody of a body who has the post is in the seat, so an acting head is entered as a
// head: only such heads decide (CPC 193(2)(6)). What was filed before to the head who is away
// stays his until he leaves the post (Reseat).
const selectHouse = `
SELECT s.seat, s.person
  FROM casefile c
  JOIN body b ON b.id = c.body
  LEFT JOIN body t ON t.id = b.court
  LEFT JOIN body p ON p.id = c.prosecution
  JOIN LATERAL (
       SELECT 'investigator' AS seat, o.person FROM officer o WHERE o.person = c.investigator AND o.body = c.body AND o.post = 'investigator' AND o.left_at IS NULL
       UNION ALL SELECT 'head', o.person FROM officer o WHERE o.body = c.body AND o.post = 'head' AND o.left_at IS NULL
       UNION ALL SELECT 'prosecutor', o.person FROM officer o WHERE o.person = c.prosecutor AND o.body = c.prosecution AND o.post = 'prosecutor' AND o.left_at IS NULL
       UNION ALL SELECT 'chief', o.person FROM officer o WHERE o.body = c.prosecution AND o.post = 'chief-prosecutor' AND o.left_at IS NULL
       UNION ALL SELECT 'higher', o.person FROM officer o WHERE o.body = p.above AND o.post = 'chief-prosecutor' AND o.left_at IS NULL
       UNION ALL SELECT 'judge', o.person FROM officer o WHERE o.body = b.court AND o.post = 'judge' AND o.left_at IS NULL
       UNION ALL SELECT 'appeal', o.person FROM officer o WHERE o.body = t.above AND o.post = 'judge' AND o.left_at IS NULL
  ) s ON true
 WHERE c.id = $1
 ORDER BY s.seat, s.person`

// house is who sits in each seat for a case now.
func house(ctx context.Context, db *vault.DB, casefileID uuid.UUID) (guide.House, error) {
	var rows []seatRow
	if err := db.Select(ctx, &rows, selectHouse, casefileID); err != nil {
		return nil, err
	}
	return seatedIn(rows), nil
}

type seatRow struct {
	Seat   guide.Seat `db:"seat"`
	Person uuid.UUID  `db:"person"`
}

func seatedIn(rows []seatRow) guide.House {
	h := guide.House{}
	for _, row := range rows {
		h[row.Seat] = append(h[row.Seat], row.Person)
	}
	return h
}

const selectMakers = `
SELECT author AS by, approved FROM fence.makers($1)`

// terminations are the decisions that may be complained of for a year (CPC 102).
var terminations = []policy.Kind{"terminated-full", "terminated-part", "prosecution-terminated"}

// subjects are what a kind contests where it names no decision and no filing.
var subjects = map[policy.FilingKind]guide.What{
	policy.FilingRegistration: guide.NoRegistration,
	policy.FilingDelay:        guide.Delay,
}

// contest is what a filing is about, as far as its way depends on it. What is asked
// for contests nobody, even where it speaks of a decision; a challenge contests the
// one it names.
func (n NewFiling) contest(ctx context.Context, tx *vault.DB, c casefile.Case, about casefile.Decision, against Filing, h guide.House) (guide.Contest, error) {
	rule, _ := policy.FilingOf(n.Kind)
	out := guide.Contest{What: guide.Nothing, To: n.To}
	switch {
	case rule.Family == policy.Challenge:
		err := n.named(&out, h)
		return out, err
	case rule.Family != policy.Complaint:
		return out, nil
	case n.Against == uuid.Nil && (n.What == guide.Ruling || n.Kind == policy.FilingComplaintJudge):
		out.What, out.ByPost = guide.Ruling, guide.Judge
		err := n.named(&out, h)
		return out, err
	case n.About != uuid.Nil:
		var makers struct {
			By       uuid.UUID      `db:"by"`
			Approved pq.StringArray `db:"approved"`
		}
		if err := tx.Get(ctx, &makers, selectMakers, n.About); err != nil {
			return out, err
		}
		out.What, out.By, out.Approved, out.ByPost = guide.Decision, []uuid.UUID{makers.By}, ids(makers.Approved), guide.Investigator
		if slices.Contains(terminations, about.Kind) {
			out.Ground = "termination"
		}
	case n.Against != uuid.Nil:
		out.What, out.By, out.ByPost = guide.Silence, []uuid.UUID{against.Decider.ID}, against.Seat
		if against.Status.Answered() {
			answer, err := fetchAnswer(ctx, tx, against.home(), against.ID)
			if err != nil {
				return out, err
			}
			out.What, out.By = guide.Answer, append(out.By, answer.Author)
		}
		out.Approved, out.Ground = against.Interested, string(against.Kind)
	default:
		out.What = guide.Deed
		if slices.Contains([]guide.What{guide.Decision, guide.Silence, guide.Delay, guide.NoRegistration}, n.What) {
			out.What = n.What
		}
	}
	if what, ok := subjects[n.Kind]; ok && n.Against == uuid.Nil {
		out.What = what
	}
	if err := n.named(&out, h); err != nil {
		return out, err
	}
	if len(out.By) == 0 { // nobody is named: what is done in a case is done by who conducts it
		out.By, out.ByPost = []uuid.UUID{c.Investigator.ID}, guide.Investigator
	}
	return out, nil
}

// named adds the official that the author names: one of those who decide in this
// case, or whoever made what is contested.
func (n NewFiling) named(out *guide.Contest, h guide.House) error {
	if n.Complained == uuid.Nil || slices.Contains(out.By, n.Complained) {
		return nil
	}
	for _, seat := range guide.AllSeats {
		if slices.Contains(h[seat], n.Complained) {
			out.By, out.ByPost = append(out.By, n.Complained), seat
			return nil
		}
	}
	return fault.New(fault.Invalid, "form.choose").At("complained")
}

// addressee is where a filing goes.
type addressee struct {
	official   casefile.Official
	seat       guide.Seat
	what       guide.What
	interested []uuid.UUID
	body       uuid.UUID // his, where there is no case
}

const selectOfficial = `
SELECT o.name, b.name_kk AS body_kk, b.name_ru AS body_ru
  FROM officer o
  JOIN body b ON b.id = o.body
 WHERE o.person = $1`

// addressee is the official who must decide what is being written: never the one
// complained of, nor who approved it (CPC 104(1)).
func (n NewFiling) addressee(ctx context.Context, tx *vault.DB, c casefile.Case, about casefile.Decision, against Filing) (addressee, error) {
	h, err := house(ctx, tx, c.ID)
	if err != nil {
		return addressee{}, err
	}
	contest, err := n.contest(ctx, tx, c, about, against, h)
	if err != nil {
		return addressee{}, err
	}
	return decider(ctx, tx, n.Kind, contest, h)
}

// Goes is the official to whom a filing would go, as it is being written. Of what is
// not the asker's to see it takes no notice: Save refuses that.
func Goes(ctx context.Context, db *vault.DB, ask policy.Ask, c casefile.Case, n NewFiling) (casefile.Official, error) {
	about, against, err := n.contested(ctx, db, ask, c)
	if err != nil {
		n.About, n.Against = uuid.Nil, uuid.Nil
	}
	to, err := n.addressee(ctx, db, c, about, against)
	return to.official, err
}

// find is the official who must decide what contests this.
func find(ctx context.Context, tx *vault.DB, kind policy.FilingKind, casefileID uuid.UUID, contest guide.Contest) (addressee, error) {
	h, err := house(ctx, tx, casefileID)
	if err != nil {
		return addressee{}, err
	}
	return decider(ctx, tx, kind, contest, h)
}

func decider(ctx context.Context, tx *vault.DB, kind policy.FilingKind, contest guide.Contest, h guide.House) (addressee, error) {
	who, seat, _, err := guide.Addressee(kind, contest, h)
	if err != nil {
		return addressee{}, err
	}
	out := addressee{seat: seat, what: contest.What, interested: append(contest.By, contest.Approved...)}
	out.official, err = officer(ctx, tx, who)
	return out, err
}

// seat is where a draft goes at the moment it is filed.
func (f Filing) seat(ctx context.Context, tx *vault.DB, ask policy.Ask) (addressee, error) {
	if f.OfAccess() {
		r, err := contestable(ctx, tx, ask, f.Access)
		if err != nil {
			return addressee{}, err
		}
		return find(ctx, tx, f.Kind, f.Case, refusal(r))
	}
	if f.OfReport() {
		r, err := reported(ctx, tx, ask, f.Report)
		if err != nil {
			return addressee{}, err
		}
		to, err := r.addressee(ctx, tx, ask.At, f.Seat)
		if err == nil && to.body != f.Body { // its texts are sealed for the other office
			err = fault.New(fault.Conflict, "fault.document-changed").Because(errAnother)
		}
		return to, err
	}
	var against Filing
	if f.Against != uuid.Nil {
		var err error
		if against, err = Read(ctx, tx, ask.To(policy.FilingRead), f.Against); err != nil {
			return addressee{}, err
		}
	}
	c, err := investigatorOf(ctx, tx, f.Case)
	if err != nil {
		return addressee{}, err
	}
	return f.written().addressee(ctx, tx, c, casefile.Decision{Kind: f.AboutKind}, against)
}

const selectInvestigator = `
SELECT investigator FROM casefile WHERE id = $1`

// investigatorOf is a case of which only the one who conducts it is known: its
// author may have no status in it.
func investigatorOf(ctx context.Context, tx *vault.DB, id uuid.UUID) (casefile.Case, error) {
	c := casefile.Case{ID: id}
	err := tx.Get(ctx, &c.Investigator.ID, selectInvestigator, id)
	return c, err
}

func ids(texts []string) []uuid.UUID {
	var out []uuid.UUID
	for _, text := range texts {
		if id, err := uuid.Parse(text); err == nil {
			out = append(out, id)
		}
	}
	return out
}

func texts(ids []uuid.UUID) pq.StringArray {
	out := make(pq.StringArray, len(ids))
	for i, id := range ids {
		out[i] = id.String()
	}
	return out
}

// Way is a way the Code gives, with the official who would decide it.
type Way struct {
	guide.Way
	Official casefile.Official // zero where nobody in the portal is left
	Barred   bool              // the Code gives it, but not to the status its author has
}

// Ways are all the ways for what somebody wants, the most proper first, then those
// that are closed, and why: NewFiling says what he contests or asks for, as far as he
// knows it. Of the kinds he sees those that his status may file as open.
func Ways(ctx context.Context, db *vault.DB, ask policy.Ask, c casefile.Case, n NewFiling) ([]Way, error) {
	about, against, err := n.contested(ctx, db, ask, c)
	if err != nil {
		return nil, err
	}
	h, err := house(ctx, db, c.ID)
	if err != nil {
		return nil, err
	}
	contest, err := n.contest(ctx, db, c, about, against, h)
	if err != nil {
		return nil, err
	}
	if contest.What == guide.Nothing {
		contest.Ground = string(n.Kind)
	}
	var out []Way
	for _, w := range guide.Routes(contest, h) {
		way := Way{Way: w}
		if w.To != uuid.Nil && !w.Closed {
			if way.Official, err = officer(ctx, db, w.To); err != nil {
				return nil, err
			}
		}
		if by, may := MayFile(c, w.Kind); !may {
			way.Barred, way.Closed, way.By = !w.Closed, true, by
		}
		out = append(out, way)
	}
	slices.SortStableFunc(out, func(a, b Way) int { return guide.OpenFirst(a.Way, b.Way) })
	return out, nil
}

// MayFile says whether anything that the reader is in a case lets him file a kind;
// by is the article that gives it.
func MayFile(c casefile.Case, kind policy.FilingKind) (by law.Ref, may bool) {
	rule, _ := policy.FilingOf(kind)
	for _, capacity := range c.Capacities {
		if by, ok := policy.MayFile(capacity.Role, capacity.RepresentedRole, kind); ok && capacity.May(casefile.ScopeFile) {
			return by, true
		}
	}
	return rule.By, false
}

// Seated is who sits in a seat for a case.
type Seated struct {
	Seat     guide.Seat
	Official casefile.Official
}

// Officials are all who sit somewhere for a case, from the one who conducts it
// upwards: whoever takes part must be told their names (CPC 110(3)).
func Officials(ctx context.Context, db *vault.DB, ask policy.Ask, c casefile.Case) ([]Seated, error) {
	if err := ask.Check(c.Standing); err != nil {
		return nil, err
	}
	h, err := house(ctx, db, c.ID)
	if err != nil {
		return nil, err
	}
	var out []Seated
	for _, seat := range guide.AllSeats {
		for _, who := range h[seat] {
			o, err := officer(ctx, db, who)
			if err != nil {
				return nil, err
			}
			out = append(out, Seated{seat, o})
		}
	}
	return out, nil
}

func officer(ctx context.Context, db *vault.DB, who uuid.UUID) (casefile.Official, error) {
	var row struct {
		Name string `db:"name"`
		identity.Body
	}
	if err := db.Get(ctx, &row, selectOfficial, who); err != nil {
		return casefile.Official{}, err
	}
	return casefile.Official{ID: who, Name: row.Name, Body: row.Body}, nil
}
