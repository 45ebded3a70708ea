package casefile

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/law"
	"zharia/portal/policy"
	"zharia/portal/register"
	"zharia/portal/vault"
	"zharia/portal/words"
)

// LegalCapacity is how far a person can use his own rights. Who is a minor, or not
// able, has a legal representative (CPC 75, 76(2)).
type LegalCapacity string

// The legal capacities of a participant; schema.sql lists the same.
const (
	FullCapacity LegalCapacity = "full"
	Minor        LegalCapacity = "minor"
	Incapable    LegalCapacity = "incapable"
)

// LegalCapacities are all of them.
var LegalCapacities = []LegalCapacity{FullCapacity, Minor, Incapable}

// Scope is one thing that a power is for.
type Scope string

// What a power can be for; schema.sql lists the same.
const (
	ScopeRead     Scope = "read"     // to see what the one represented may see
	ScopeCopy     Scope = "copy"     // and to take copies of it away
	ScopeFile     Scope = "file"     // to file petitions and complaints
	ScopeWithdraw Scope = "withdraw" // to take them back; the client must agree to that, CPC 70(5)
)

// Scopes are all of them: a power that says nothing else.
var Scopes = []Scope{ScopeRead, ScopeCopy, ScopeFile, ScopeWithdraw}

// May says that the capacity is for something. One's own rights are for everything.
func (c Capacity) May(s Scope) bool { return slices.Contains(c.Scope, s) }

// see narrows what opens to a capacity to what its power is for.
func (c Capacity) see(s policy.Sight) policy.Sight {
	switch {
	case !c.May(ScopeRead):
		return policy.Sight{Why: policy.ByPower}
	case !c.May(ScopeCopy) && s.View > policy.Read:
		s.View, s.Why = policy.Read, policy.ByPower
	}
	return s
}

// may says that one of the reader's capacities is for something.
func (c Case) may(s Scope) bool {
	return slices.ContainsFunc(c.Capacities, func(p Capacity) bool { return p.May(s) })
}

// Side is one of those for whom somebody acts in a case: himself, or a person whom
// he defends or represents. Between two sides stands a wall: nothing of one is seen
// while he acts for the other.
type Side struct {
	Whom       uuid.UUID  // person
	Name       string     // of the one he acts for; "" for himself
	Capacities []Capacity // one at least
}

// Participant names the side in an address and in a session.
func (s Side) Participant() uuid.UUID { return s.Capacities[0].Participant }

func (s Side) has(participant uuid.UUID) bool {
	return slices.ContainsFunc(s.Capacities, func(c Capacity) bool { return c.Participant == participant })
}

// sidesOf parts capacities by the person they are for, in their order.
func sidesOf(all []Capacity) []Side {
	var out []Side
	for _, c := range all {
		i := slices.IndexFunc(out, func(s Side) bool { return s.Whom == c.Whom })
		if i < 0 {
			i, out = len(out), append(out, Side{Whom: c.Whom, Name: c.Represented})
		}
		out[i].Capacities = append(out[i].Capacities, c)
	}
	return out
}

// choose leaves the reader the capacities of the side he has said he acts for, where
// he has several. An official of the case is none of its sides.
func (c *Case) choose(ask policy.Ask) {
	c.sides = sidesOf(c.Capacities)
	if len(c.sides) < 2 || c.Standing&policy.OnDuty != 0 {
		return
	}
	for _, s := range c.sides {
		if s.has(ask.Acting) {
			c.Capacities = s.Capacities
			return
		}
	}
	c.undecided = true
}

// Several says that the reader acts for more than one in this case, so that what he
// sees is one side of it.
func (c Case) Several() bool { return len(c.sides) > 1 }

// Choose is the answer to who acts for several people in a case and has not said for
// whom he acts now: nothing of it opens before.
type Choose struct{ Case uuid.UUID }

func (*Choose) Error() string { return "for whom he acts is not chosen" }

// Sides are those for whom the asker acts in a case, for him to choose from. Who has
// no part in the case does not find it.
func Sides(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Case, []Side, error) {
	c, err := find(ctx, db, ask, id)
	return c, c.sides, err
}

const selectCaseOfCapacity = `
SELECT casefile FROM capacity WHERE participant = $1 AND person = $2 AND (until IS NULL OR until >= CAST($3 AS date))`

// SideOf is the side that a participant of the asker's own names, with its case:
// what he may choose to act as. Another's, or one that is over, is not found.
func SideOf(ctx context.Context, db *vault.DB, ask policy.Ask, participant uuid.UUID) (Case, Side, error) {
	var id uuid.UUID
	if err := db.Get(ctx, &id, selectCaseOfCapacity, participant, ask.Person, day(ask.At)); err != nil {
		return Case{}, Side{}, err
	}
	ask.Acting = participant
	c, err := find(ctx, db, ask.To(policy.CaseRead), id)
	if err != nil {
		return c, Side{}, err
	}
	for _, s := range c.sides {
		if s.has(participant) {
			return c, s, nil
		}
	}
	return c, Side{}, fault.New(fault.NotFound, "fault.not-found")
}

// Client is somebody for whom the asker acts, in one case.
type Client struct {
	Case    uuid.UUID
	Number  string
	Side    Side
	Several bool // in that case he acts for others, too
}

// Clients are all for whom the asker acts, case by case, newest case first.
func Clients(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Client, error) {
	ask.Acting = uuid.Nil // all of them: each is a line of its own, with nothing of the case
	cases, _, err := List(ctx, db, ask)
	if err != nil {
		return nil, err
	}
	var out []Client
	for _, c := range cases {
		for _, s := range c.sides {
			if s.Name != "" {
				out = append(out, Client{Case: c.ID, Number: c.Number, Side: s, Several: c.Several()})
			}
		}
	}
	return out, nil
}

// day is the day of a moment here.
func day(at time.Time) string { return at.In(deadline.Zone).Format(time.DateOnly) }

func scopes(words pq.StringArray) []Scope {
	out := make([]Scope, len(words))
	for i, w := range words {
		out[i] = Scope(w)
	}
	return out
}

// kept is how a scope is written down: all of it where nothing else was said, each
// thing once and in one order, so that a paper printed again is the same.
func kept(scope []Scope) pq.StringArray {
	out := pq.StringArray{}
	for _, s := range Scopes {
		if len(scope) == 0 || slices.Contains(scope, s) {
			out = append(out, string(s))
		}
	}
	return out
}

// advocates are the statuses an advocate may hold.
var advocates = []policy.Role{policy.Defender, policy.Representative, policy.DefendantsRep}

// Licence is the number of an advocate's licence as it is kept, or "" for what is
// none: at most 20 letters and digits, with a dash or a slash between them.
func Licence(text string) string {
	number := strings.ToUpper(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '№' {
			return -1
		}
		return r
	}, text))
	strange := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '/' }
	if len([]rune(number)) > 20 || strings.ContainsFunc(number, strange) || !strings.ContainsFunc(number, unicode.IsDigit) {
		return ""
	}
	return number
}

// The longest a power is given for, so that a slip of the hand is seen.
const longestPower = 10 // years

// checkPower holds what a grant says of a power against the law; represented is the
// one he is to act for, nil for one's own rights. today is the day here.
func (g Grant) checkPower(all []Participant, represented *Participant, self uuid.UUID, at time.Time) error {
	if !slices.Contains(LegalCapacities, g.Capacity) {
		return fault.New(fault.Invalid, "form.choose").At("capacity")
	}
	if g.Advocate != "" && (!slices.Contains(advocates, g.Role) || g.Basis == policy.Relative) {
		return fault.New(fault.Invalid, "fault.advocate-of-role").At("advocate")
	}
	if g.Advocate != "" && Licence(g.Advocate) != g.Advocate {
		return fault.New(fault.Invalid, "fault.advocate-number").At("advocate")
	}
	rule, _ := policy.RoleOf(g.Role)
	if represented == nil {
		switch {
		case len(kept(g.Scope)) != len(Scopes):
			return fault.New(fault.Invalid, "fault.scope-own").At("scope").Under(rule.By)
		case !g.Until.IsZero():
			return fault.New(fault.Invalid, "fault.until-own").At("until").Under(rule.By)
		}
		return nil
	}
	if g.Capacity != FullCapacity {
		return fault.New(fault.Invalid, "fault.capacity-own").At("capacity")
	}
	if err := g.checkScope(); err != nil {
		return err
	}
	if err := g.checkUntil(at); err != nil {
		return err
	}
	switch {
	case g.Role == policy.Defender && g.Basis == policy.Relative && !besideAdvocate(all, represented.ID, self):
		return fault.New(fault.Invalid, "fault.relative-alone").At("basis").Under(policy.BasisLaw(g.Role, g.Basis))
	case g.Role == policy.Defender && g.Basis != policy.Relative && g.Advocate == "":
		return fault.New(fault.Invalid, "fault.advocate-missing").At("advocate").Under(policy.BasisLaw(g.Role, g.Basis))
	case (g.Role == policy.SuspectsLegalRep || g.Role == policy.VictimsLegalRep) && represented.Capacity == FullCapacity:
		return fault.New(fault.Invalid, "fault.legal-rep-of-adult").At("represents").Under(rule.By)
	}
	return nil
}

// checkScope lets a power be cut only by who gives it: what a defender or a legal
// representative may do stands in the Code, and the investigator does not take it
// away. To take filings back the client agrees to, or not (CPC 70(5), 76(3)).
func (g Grant) checkScope() error {
	byLaw := g.Role != policy.Representative && g.Role != policy.DefendantsRep
	has := func(s Scope) bool { return slices.Contains(g.Scope, s) }
	if rule, _ := policy.RoleOf(g.Role); byLaw && !(has(ScopeRead) && has(ScopeCopy) && has(ScopeFile)) {
		return fault.New(fault.Invalid, "fault.scope-law").At("scope").Under(rule.By)
	}
	if has(ScopeCopy) && !has(ScopeRead) {
		return fault.New(fault.Invalid, "fault.scope-copy").At("scope")
	}
	return nil
}

func (g Grant) checkUntil(at time.Time) error {
	if g.Until.IsZero() {
		return nil
	}
	last := g.Until.Format(time.DateOnly)
	switch {
	case last < day(at):
		return fault.New(fault.Invalid, "fault.until-past").At("until")
	case g.Until.Before(g.Since):
		return fault.New(fault.Invalid, "fault.until-since").At("until")
	case last > day(at.AddDate(longestPower, 0, 0)):
		return fault.New(fault.Invalid, "fault.until-far").At("until")
	}
	return nil
}

// besideAdvocate says that an advocate already defends the same person.
func besideAdvocate(all []Participant, client, self uuid.UUID) bool {
	return slices.ContainsFunc(all, func(p Participant) bool {
		return p.ID != self && p.Represents == client && p.Role == policy.Defender && p.Basis != policy.Relative && p.Status == Confirmed
	})
}

// The clients whom a person already defends in the same case or in one that is
// joined to it, but for one.
const selectOtherClients = `
SELECT r.casefile, r.person, n.name
  FROM participant p
  JOIN participant r ON r.id = p.represents AND r.status = 'confirmed'
  LEFT JOIN known n ON n.casefile = r.casefile AND n.person = r.person
  JOIN casefile c ON c.id = p.casefile
  JOIN casefile here ON here.id = $1
 WHERE p.person = $2 AND p.role = 'defender' AND p.status = 'confirmed' AND r.person <> $3
   AND coalesce(c.joined_into, c.id) = coalesce(here.joined_into, here.id)
 ORDER BY p.since, p.id`

type otherClient struct {
	Case   uuid.UUID `db:"casefile"`
	Person uuid.UUID `db:"person"`
	Name   []byte    `db:"name"`
}

// others are the other clients in this case of the one who is to defend somebody: if
// their interests do not agree he may not (CPC 66(4)).
func others(ctx context.Context, db *vault.DB, casefile, person, client uuid.UUID) ([]otherClient, error) {
	var rows []otherClient
	err := db.Select(ctx, &rows, selectOtherClients, casefile, person, client)
	return rows, err
}

func date(day time.Time) *time.Time {
	if day.IsZero() {
		return nil
	}
	return &day
}

func sealAdvocate(tx *vault.DB, table string, casefile, id uuid.UUID, number string) ([]byte, error) {
	if number == "" {
		return nil, nil
	}
	return tx.SealText(vault.Where{Table: table, Column: "advocate", ID: id, Case: casefile}, number)
}

func openAdvocate(ctx context.Context, db *vault.DB, table string, casefile, id uuid.UUID, sealed []byte) (string, error) {
	if sealed == nil {
		return "", nil
	}
	return db.OpenText(ctx, vault.Where{Table: table, Column: "advocate", ID: id, Case: casefile}, sealed)
}

// powerFacts is what the paper of a confirmation says of the power: what is not so,
// it does not say.
func (g Grant) powerFacts(w *words.Language) []document.Fact {
	g = g.whole()
	var out []document.Fact
	fact := func(label, value string) { out = append(out, document.Fact{Label: w.T(label), Value: value}) }
	if g.Advocate != "" {
		fact("paper.advocate", g.Advocate)
	}
	if g.Represents == uuid.Nil {
		if g.Capacity != FullCapacity {
			fact("paper.capacity", w.T("capacity."+string(g.Capacity)))
		}
		return out
	}
	var may []string
	for _, s := range g.Scope {
		may = append(may, w.T("scope."+string(s)))
	}
	fact("paper.scope", strings.Join(may, "; "))
	if !g.Until.IsZero() {
		fact("paper.until", w.Day(g.Until))
	}
	if g.Conflict {
		fact("paper.conflict", w.T("paper.conflict-value", "law", w.Law(law.CPC(66, 4))))
	}
	return out
}

// Stand is for whom somebody acts where he is now.
type Stand struct {
	Case    uuid.UUID
	Number  string
	Side    Side
	Several bool // he acts for others in this case, too
}

const selectNumber = `
SELECT number FROM casefile WHERE id = $1`

// Stand is StandIn for a case that the asker has read: it need not be asked again.
func (c Case) Stand(ask policy.Ask) (Stand, error) {
	s := Stand{Case: c.ID, Number: c.Number}
	var err error
	s.Side, s.Several, err = stands(c.sides, ask, uuid.Nil)
	return s, err
}

// stands finds the side on which the asker stands, and whether there are others.
func stands(sides []Side, ask policy.Ask, whom uuid.UUID) (side Side, several bool, err error) {
	i := slices.IndexFunc(sides, func(s Side) bool { return len(sides) == 1 || s.has(ask.Acting) })
	if i < 0 || whom != uuid.Nil && sides[i].Whom != whom {
		return Side{}, false, fault.New(fault.NotFound, "fault.not-found")
	}
	return sides[i], len(sides) > 1, nil
}

// StandIn is for whom the asker acts in a case; NotFound where he is no party, has
// not said for whom he acts, or acts for another than whom (zero: whoever it is).
func StandIn(ctx context.Context, db *vault.DB, ask policy.Ask, casefile, whom uuid.UUID) (Stand, error) {
	s := Stand{Case: casefile}
	all, err := capacities(ctx, db, ask, casefile)
	if err != nil {
		return s, err
	}
	if s.Side, s.Several, err = stands(sidesOf(all), ask, whom); err != nil {
		return s, err
	}
	var number []byte
	if err := db.Get(ctx, &number, selectNumber, casefile); err != nil {
		return s, err
	}
	s.Number, err = register.Open(ctx, db, casefile, number)
	return s, err
}

// StandAs is StandIn for the participant the asker said he acts as, in its case.
func StandAs(ctx context.Context, db *vault.DB, ask policy.Ask) (Stand, error) {
	var id uuid.UUID
	if err := db.Get(ctx, &id, selectCaseOfCapacity, ask.Acting, ask.Person, day(ask.At)); err != nil {
		return Stand{}, err
	}
	return StandIn(ctx, db, ask, id, uuid.Nil)
}

type placeRow struct {
	Case uuid.UUID     `db:"casefile"`
	Whom uuid.NullUUID `db:"whom"`
}

// The case of a thing that has an address, and whom the thing is for, where it is
// for one of several.
const (
	placeOfDecision = `
SELECT casefile, CAST(NULL AS uuid) AS whom FROM decision WHERE id = $1`
	placeOfFiling = `
SELECT f.casefile, coalesce(r.person, p.person, f.author) AS whom
  FROM filing f
  LEFT JOIN participant p ON p.id = f.participant
  LEFT JOIN participant r ON r.id = p.represents
 WHERE f.id = $1`
	placeOfParticipant = `
SELECT casefile, CAST(NULL AS uuid) AS whom FROM participant WHERE id = $1`
	placeOfOpening = `
SELECT casefile, CAST(NULL AS uuid) AS whom FROM opening WHERE id = $1`
	placeOfObjection = `
SELECT casefile, CAST(NULL AS uuid) AS whom FROM objection WHERE id = $1`
	placeOfMaterial = `
SELECT casefile, CAST(NULL AS uuid) AS whom FROM material WHERE id = $1`
	placeOfFamiliarisation = `
SELECT casefile, CAST(NULL AS uuid) AS whom FROM familiarisation WHERE id = $1`
)

// StandAt is StandIn for a thing of a case, as its address calls it. It says
// nothing of whether the asker may see the thing: the page has decided that.
func StandAt(ctx context.Context, db *vault.DB, ask policy.Ask, thing string, id uuid.UUID) (Stand, error) {
	place := placeRow{Case: id}
	var err error
	switch thing {
	case "case":
	case "decision":
		err = db.Get(ctx, &place, placeOfDecision, id)
	case "filing":
		err = db.Get(ctx, &place, placeOfFiling, id)
	case "power", "participant":
		err = db.Get(ctx, &place, placeOfParticipant, id)
	case "opening":
		err = db.Get(ctx, &place, placeOfOpening, id)
	case "objection":
		err = db.Get(ctx, &place, placeOfObjection, id)
	case "material":
		err = db.Get(ctx, &place, placeOfMaterial, id)
	case "familiarisation":
		err = db.Get(ctx, &place, placeOfFamiliarisation, id)
	default:
		err = fault.New(fault.NotFound, "fault.not-found")
	}
	if err != nil {
		return Stand{}, err
	}
	return StandIn(ctx, db, ask, place.Case, place.Whom.UUID)
}
