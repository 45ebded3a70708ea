package warrant

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"zharia/portal/deadline"
	"zharia/portal/policy"
)

// Paper is a fact with the signature under it, which the caller has verified.
type Paper struct {
	Fact
	Signer   uuid.UUID // the person of the certificate's IIN; zero for the register
	Register bool      // signed with the key of the register of investigations
	Digest   [32]byte  // SHA-256 of the file that was signed
	// At is when it was signed at the latest: by a time-stamp, by the register's own clock,
	// or when the keeper first saw it. The order of papers is that of their printing, which
	// the signature covers; At lets what others signed before it stand, for between the
	// draft and the signature the one before still held his post, and whoever gives must
	// have held his then too: the day of printing is only what the paper says of itself.
	At time.Time
	// Came is when the keeper was first shown it, for a roll; zero: before it remembers.
	Came time.Time
}

// Refusal is a paper that gives nothing, and why: for a log.
type Refusal struct {
	ID  uuid.UUID
	Why string
}

// As is what somebody is to a case.
type As string

// What somebody can be to a case: the words of the views duty and standing, and who
// decides a filing without being of the case's own officials.
const (
	InCharge   As = "charge"
	Supervisor As = "supervisor"
	Unit       As = "unit"
	Office     As = "office"
	Party      As = "party"
	Decider    As = "filing"
)

// Standing is all that somebody is to one case at one moment; the zero one is nothing.
type Standing struct {
	As      []As        // each once, in the order of the constants
	Whom    []uuid.UUID // persons for whom he acts as a party, himself included
	Filings []uuid.UUID // that he decides: with nothing else in As, they are all he reads
}

// None says that he is nothing to it.
func (s Standing) None() bool { return len(s.As) == 0 }

// Is says that he is this to it.
func (s Standing) Is(as As) bool { return slices.Contains(s.As, as) }

// Chain is what a set of papers proves.
type Chain struct {
	refused  []Refusal
	tenures  map[uuid.UUID][]*span   // of a person, in posts
	bodies   map[uuid.UUID]Body      // of the register
	cases    map[uuid.UUID]*casefile // by id
	deputies []*span
	members  map[uuid.UUID]*member // by participant
	filings  map[uuid.UUID]*filing
	readings []reading
	into     map[uuid.UUID][]uuid.UUID // of a case, those that it was joined into, or somebody signed that it was: it takes by that
	goes     map[uuid.UUID][]uuid.UUID // and those that it was joined into by who could
	papers   map[[32]byte][]Paper      // entries that wait for an assent, by the file: who signed it
	declined map[[32]byte]bool         // of these, those that somebody refused
	begins   map[[32]byte]bool         // rolls that may say who the first administrators are
	agreed   []Fact                    // assents of prosecutors
	taken    map[uuid.UUID]time.Time
	waits    []wait             // for its signature, soonest first
	void     map[signature]bool // who signed it had lost his power by then, or it bears the number of an earlier one
	later    *signature         // a paper that does
}

// signature is one of somebody under one paper.
type signature struct {
	digest [32]byte
	signer uuid.UUID
}

// wait is a paper that was signed well after it was printed, and what its signer had to
// have at that moment.
type wait struct {
	of  signature
	at  time.Time
	had func(at time.Time) bool
}

// Taken is a paper of which it is known without another paper that it holds no more,
// and since when: a substitution that ended before its last day.
type Taken struct {
	ID uuid.UUID
	At time.Time
}

// span is something that somebody held from a moment until it was taken from him.
type span struct {
	person uuid.UUID // who holds it; of a substitution, the deputy
	of     uuid.UUID // of a substitution, who is away
	post   string
	body   uuid.UUID
	until  Day
	from   time.Time
	taken  bool
	late   time.Time // until then what he signed stands: the paper that took it was printed, and not signed yet
}

// held says that it was his at a moment that is past.
func (s *span) held(at time.Time) bool {
	return !at.Before(s.from) && (s.until == "" || s.until >= day(at)) && (!s.taken || at.Before(s.late))
}

// holds says that it is his now.
func (s *span) holds(at time.Time) bool { return !s.taken && s.held(at) }

// take takes it: of two papers that do, by that which was signed first.
func (s *span) take(late time.Time) {
	if !s.taken || late.Before(s.late) {
		s.taken, s.late = true, late
	}
}

type casefile struct {
	body, office        uuid.UUID
	from                uuid.UUID // of which it was severed
	by                  begun     // and by which paper
	charge, supervision []*span
}

// begun is a paper by which a case began, and when that was signed.
type begun struct {
	of signature
	at time.Time
}

// member is somebody's status in a case.
type member struct {
	id, in, person uuid.UUID
	role           policy.Role
	basis          string
	represents     uuid.UUID
	capacity       string
	until          Day
	confirmed      bool
	brought        bool
	previous       uuid.UUID // what he was before: here, or where he came from
	own            bool      // a paper about him confirmed it, after he came from another case if he did
}

type filing struct {
	in, to, by uuid.UUID
	seat       string
}

// New reads a chain from papers in any order, the same ones any number of times; taken
// are those that ended without a paper. Papers take what they take whoever signed them, so that nothing
// comes back where it cannot be proved any more that the signer could take it; they
// give only what their signer could give when they were printed. What was printed after
// at is left out, but for what two clocks may differ by.
func New(papers []Paper, taken []Taken, at time.Time) *Chain {
	begins := beginning(papers, at)
	papers = inOrder(papers)
	for void := map[signature]bool{}; ; {
		c, one := readAll(papers, taken, at, begins, void)
		if one == nil {
			return c
		}
		void[*one] = true // what it gave may have let others give: all is read again
	}
}

// readAll is a chain in which some papers give nothing, or the first other one that gives
// nothing either.
func readAll(papers []Paper, taken []Taken, at time.Time, begins map[[32]byte]bool, void map[signature]bool) (*Chain, *signature) {
	c := &Chain{
		begins: begins, void: void, tenures: map[uuid.UUID][]*span{}, bodies: map[uuid.UUID]Body{}, cases: map[uuid.UUID]*casefile{},
		members: map[uuid.UUID]*member{}, filings: map[uuid.UUID]*filing{}, into: map[uuid.UUID][]uuid.UUID{}, goes: map[uuid.UUID][]uuid.UUID{}, papers: map[[32]byte][]Paper{}, declined: map[[32]byte]bool{}, taken: map[uuid.UUID]time.Time{},
	}
	for _, t := range taken {
		if known, twice := c.taken[t.ID]; !twice || t.At.Before(known) {
			c.taken[t.ID] = t.At
		}
	}
	for _, p := range papers {
		if p.Made.After(at.Add(skew)) {
			break
		}
		if one := c.lost(p.Made); one != nil {
			return nil, one
		}
		if err := p.Check(); err != nil {
			c.refuse(p, err.Error())
			continue
		}
		if c.read(p); c.later != nil {
			return nil, c.later
		}
	}
	return c, c.lost(at.Add(skew))
}

// skew is what the clocks of the portal and of the keeper may differ by; waiting is how
// long a paper may lie between its printing and its signature without being asked again
// whether its signer could give what he gives.
const (
	skew    = time.Minute
	waiting = 10 * time.Minute
)

// could says that whoever signed a paper had what he gives by it: when it was printed,
// and when he signed it. The second is asked when all that was printed until then is
// read (lost).
func (c *Chain) could(p Paper, had func(at time.Time) bool) bool {
	of := signature{p.Digest, p.Signer}
	if c.void[of] || !had(p.Made) {
		return false
	}
	if at := p.At.Add(-waiting); at.After(p.Made) {
		i, _ := slices.BinarySearchFunc(c.waits, at, func(w wait, at time.Time) int { return w.at.Compare(at) })
		c.waits = slices.Insert(c.waits, i, wait{of, at, had})
	}
	return true
}

// lost is the first paper that was signed before a moment by one who had lost his power
// by then; nil for none.
func (c *Chain) lost(before time.Time) *signature {
	for ; len(c.waits) > 0 && c.waits[0].at.Before(before); c.waits = c.waits[1:] {
		if w := c.waits[0]; !w.had(w.at) {
			return &w.of
		}
	}
	return nil
}

// inOrder sorts papers by when they were printed, then by their numbers, which the
// portal draws in order of time; a paper that comes twice, in other bytes even, counts once,
// as signed when it is first known to have been.
func inOrder(papers []Paper) []Paper {
	all := slices.Clone(papers)
	slices.SortFunc(all, func(a, b Paper) int {
		if n := a.Made.Compare(b.Made); n != 0 {
			return n
		}
		if n := bytes.Compare(a.ID[:], b.ID[:]); n != 0 {
			return n
		}
		if n := bytes.Compare(a.Digest[:], b.Digest[:]); n != 0 {
			return n
		}
		if n := bytes.Compare(a.Signer[:], b.Signer[:]); n != 0 {
			return n
		}
		return a.At.Compare(b.At)
	})
	return slices.CompactFunc(all, func(a, b Paper) bool { return a.ID == b.ID && a.Digest == b.Digest && a.Signer == b.Signer })
}

// Refused are the papers that give nothing, in order.
func (c *Chain) Refused() []Refusal { return c.refused }

func (c *Chain) refuse(p Paper, why string) { c.refused = append(c.refused, Refusal{p.ID, why}) }

func (c *Chain) read(p Paper) {
	switch p.Kind {
	case Roll, Charge:
		if !p.Register || p.Signer != uuid.Nil {
			c.refuse(p, "only the register says this")
			return
		}
	default:
		if p.Register || p.Signer == uuid.Nil {
			c.refuse(p, "nobody signed it")
			return
		}
	}
	late := p.Made
	if p.At.After(late) {
		late = p.At
	}
	var why string
	switch p.Kind {
	case Roll:
		c.roll(p, late)
	case Charge:
		c.charge(p, late)
	case Confirmation:
		why = c.confirm(p)
	case Ending, Revocation:
		c.end(p)
	case Appointment:
		c.papers[p.Digest] = append(c.papers[p.Digest], p)
	case Assent:
		why = c.assent(p, late)
	case Dissent:
		c.dissent(p)
	case Substitution:
		why = c.substitute(p)
	case Assignment:
		why = c.assign(p, late)
	case Joinder:
		why = c.join(p)
	case Severance:
		why = c.sever(p)
	case Filing:
		why = c.file(p)
	case Forward:
		why = c.forward(p)
	case Familiarisation:
		why = c.familiarise(p)
	case Record:
		why = c.record(p)
	case Withdrawal: // opens nothing that its reader does not have by another paper
	}
	if why != "" {
		c.refuse(p, why)
	}
}

// Cases ----------------------------------------------------------------------

func (c *Chain) charge(p Paper, late time.Time) {
	k := c.cases[p.Case]
	if k == nil {
		k = &casefile{}
		c.cases[p.Case] = k
	}
	k.body, k.office = p.Body, p.Office
	give(&k.charge, p.Officer, p.Made, late)
	give(&k.supervision, p.Prosecutor, p.Made, late)
}

// give takes a duty from all who had it and gives it to another; to nobody, where the
// paper could not give it.
func give(duty *[]*span, to uuid.UUID, from, late time.Time) {
	for _, s := range *duty {
		s.take(late)
	}
	if to != uuid.Nil {
		*duty = append(*duty, &span{person: to, from: from})
	}
}

func (c *Chain) assign(p Paper, late time.Time) string {
	k := c.cases[p.Case]
	if k == nil {
		return "the case is not known from the register"
	}
	duty, head, post, body := &k.charge, "head", "investigator", k.body
	if p.Duty == "supervisor" {
		duty, head, post, body = &k.supervision, "chief-prosecutor", "prosecutor", k.office
	}
	to, why := p.Officer, ""
	if !c.could(p, func(at time.Time) bool { return c.was(p.Signer, head, body, at) }) {
		to, why = uuid.Nil, "who signed it does not head the unit or the office"
	} else if !c.was(p.Officer, post, body, p.Made) {
		to, why = uuid.Nil, "who is given the case is not in post there"
	}
	give(duty, to, p.Made, late)
	return why
}

// onDuty says that somebody has, or had, a duty in a case: himself, or in place of one
// who is away.
func (c *Chain) onDuty(duty []*span, post string, body, person uuid.UUID, has func(*span) bool) bool {
	in := func(who uuid.UUID) bool {
		return slices.ContainsFunc(c.tenures[who], func(s *span) bool { return has(s) && s.post == post && s.body == body })
	}
	if !in(person) {
		return false
	}
	for _, d := range duty {
		if !has(d) {
			continue
		}
		if d.person == person || slices.ContainsFunc(c.deputies, func(s *span) bool { return has(s) && s.person == person && s.of == d.person }) {
			return true
		}
	}
	return false
}

func held(at time.Time) func(*span) bool  { return func(s *span) bool { return s.held(at) } }
func holds(at time.Time) func(*span) bool { return func(s *span) bool { return s.holds(at) } }

// conducts says that somebody conducted a case when something was printed.
func (c *Chain) conducts(person, in uuid.UUID, at time.Time) bool {
	k := c.cases[in]
	return k != nil && c.onDuty(k.charge, "investigator", k.body, person, held(at))
}

// supervises says that he supervised it, or headed the office that does.
func (c *Chain) supervises(person, in uuid.UUID, at time.Time) bool {
	k := c.cases[in]
	return k != nil && (c.onDuty(k.supervision, "prosecutor", k.office, person, held(at)) || c.was(person, "chief-prosecutor", k.office, at))
}

// People in a case -----------------------------------------------------------

// find is a status a paper speaks of: by its number, or, of one who came with another
// case, by what he is; the portal may have known him there under a number of his own.
func (c *Chain) find(in, id, person, whom uuid.UUID, role policy.Role) *member {
	m := c.seek(in, id, Who{person, role, whom})
	if m != nil {
		c.members[id] = m
	}
	return m
}

// seek is find by which nothing is learnt: for papers that others sign as well.
func (c *Chain) seek(in, id uuid.UUID, who Who) *member {
	if m := c.members[id]; m != nil {
		if m.in != in {
			return nil
		}
		return m
	}
	for _, m := range c.members {
		if m.in == in && m.brought && m.person == who.Person && m.role == who.Role && c.whom(m) == who.Whom {
			return m
		}
	}
	return nil
}

// meant is the status that a paper is about, as one of those that it concerns; nil where
// it is not known.
func (c *Chain) meant(f Fact, i int) *member {
	if i < len(f.Who) {
		return c.seek(f.Case, f.Concerns[i], f.Who[i])
	}
	if m := c.members[f.Concerns[i]]; m != nil && m.in == f.Case {
		return m
	}
	return nil
}

// struck are the statuses from which a paper takes, as one of those that it concerns.
func (c *Chain) struck(f Fact, i int) []*member {
	if len(f.Who) == 0 {
		return c.named(f.Case, f.Concerns[i])
	}
	if m := c.meant(f, i); m != nil {
		return []*member{m}
	}
	return nil
}

// whom is the person that a representative acts for; zero for one's own rights.
func (c *Chain) whom(m *member) uuid.UUID {
	if r := c.members[m.represents]; r != nil {
		return r.person
	}
	return uuid.Nil
}

// named is the status with a number in a case. Where the number is not known, it may be
// that of anybody who came with another case: whatever takes, takes from all of them.
func (c *Chain) named(in, id uuid.UUID) []*member {
	if m := c.members[id]; m != nil {
		if m.in != in {
			return nil
		}
		return []*member{m}
	}
	var all []*member
	for id, m := range c.members {
		if id == m.id && m.in == in && m.brought {
			all = append(all, m)
		}
	}
	return all
}

func (c *Chain) confirm(p Paper) string {
	previous := p.Previous
	if previous != uuid.Nil {
		ends := c.named(p.Case, previous)
		if p.Before != "" {
			ends = nil
			if m := c.seek(p.Case, previous, Who{Person: p.Person, Role: p.Before}); m != nil {
				ends, previous = []*member{m}, m.id
			}
		}
		for _, m := range ends {
			if m.person == p.Person && m.represents == uuid.Nil {
				m.confirmed = false
			}
		}
	}
	old := c.find(p.Case, p.Participant, p.Person, p.Whom, p.Role)
	switch {
	case !c.could(p, func(at time.Time) bool { return c.conducts(p.Signer, p.Case, at) }):
		return "who confirmed it did not conduct the case"
	case old == nil && c.members[p.Participant] != nil:
		return "that number is somebody's in another case"
	case old != nil && old.person != p.Person:
		return "that number is somebody else's"
	}
	represents := uuid.Nil
	if p.Represents != uuid.Nil {
		r := c.find(p.Case, p.Represents, p.Whom, uuid.Nil, p.WhomRole)
		if r == nil || r.person != p.Whom {
			return "the one he acts for is nobody in the case"
		}
		represents = r.id
	}
	m := &member{
		id: p.Participant, in: p.Case, person: p.Person, role: p.Role, basis: p.Basis, represents: represents,
		capacity: p.Capacity, until: p.Until, confirmed: true, previous: previous, own: true,
	}
	if old != nil {
		m.id, m.brought = old.id, old.brought
		if m.previous == uuid.Nil {
			m.previous = old.previous
		}
		*old = *m
	} else {
		c.members[m.id] = m
	}
	if before := c.members[previous]; before != nil && before.in == p.Case {
		c.succeed(before, m)
	}
	return ""
}

// succeed has those who acted for the status before act for the one that takes its
// place, if the Code lets them.
func (c *Chain) succeed(before, m *member) {
	for _, r := range c.members {
		if rule, _ := policy.RoleOf(r.role); r.represents == before.id && r.confirmed && slices.Contains(rule.Represents, m.role) {
			r.represents = m.id
		}
	}
}

func (c *Chain) end(p Paper) {
	if m := c.find(p.Case, p.Participant, p.Person, p.Whom, p.Role); m != nil {
		c.ends(m)
		return
	}
	c.endJoined(p.Case, p.Person, p.Whom, func(role policy.Role) bool { return leads(role, p.Role) })
}

// ends ends a status, and with it what rests on it: cases that are joined are one, so what
// somebody is no more in one he is no more in any of them (CPC 43).
func (c *Chain) ends(m *member) {
	m.confirmed = false
	line := c.line(m)
	c.endJoined(m.in, m.person, c.whom(m), func(role policy.Role) bool {
		return slices.ContainsFunc(line, func(was *member) bool { return was.role == role })
	})
	for id, x := range c.members {
		if id == x.id && x.confirmed && x.previous == m.id && c.onlyBrought(x) && slices.Contains(c.into[m.in], x.in) {
			c.ends(x)
		}
	}
}

// leads says that one status is another, or becomes it in time.
func leads(from, to policy.Role) bool {
	return from == to || slices.ContainsFunc(policy.Next(from), func(next policy.Role) bool { return leads(next, to) })
}

// line is a status with all that its holder was before, here and where he came from.
func (c *Chain) line(m *member) (all []*member) {
	for m != nil && !slices.Contains(all, m) {
		all = append(all, m)
		m = c.members[m.previous]
	}
	return all
}

// stands says that a status lets its holder act now: the one he acts for stands too; a
// legal representative only for a minor or one who is not able (CPC 75, 76(2)), a
// relative only beside an advocate (CPC 66(2)).
func (c *Chain) stands(m *member, at time.Time) bool {
	if !m.confirmed || m.until != "" && m.until < day(at) {
		return false
	}
	if m.represents != uuid.Nil {
		r := c.members[m.represents]
		if r == nil || !r.confirmed {
			return false
		}
		if (m.role == policy.SuspectsLegalRep || m.role == policy.VictimsLegalRep) && r.capacity == "full" {
			return false
		}
	}
	return m.basis != policy.Relative || c.hasAdvocate(m.represents)
}

func (c *Chain) hasAdvocate(client uuid.UUID) bool {
	for _, a := range c.members {
		if a.represents == client && a.role == policy.Defender && a.basis != policy.Relative && a.confirmed {
			return true
		}
	}
	return false
}

// Filings --------------------------------------------------------------------

// file lets the addressee read: whoever is affected may file (CPC 100(1)), so nothing is
// asked of its author but that he signed it, and of the addressee that he sits there.
func (c *Chain) file(p Paper) string {
	if f := c.filings[p.Filing]; f != nil {
		return "that filing is there already"
	}
	c.filings[p.Filing] = &filing{in: p.Case, to: p.To, by: p.Signer, seat: p.Seat}
	return ""
}

// forward takes a filing from the one who holds it and gives it to another.
func (c *Chain) forward(p Paper) string {
	f := c.filings[p.Filing]
	if f == nil || f.in != p.Case {
		return "the filing is not known"
	}
	was := *f
	could := c.could(p, func(at time.Time) bool { return c.sat(&was, p.Signer, at) })
	f.to, f.seat = uuid.Nil, ""
	if !could {
		return "who handed it on did not hold it"
	}
	f.to, f.seat = p.To, p.Seat
	return ""
}

// sat says that a filing was somebody's to answer when something was printed: he sat
// there, or stood in for one who was away.
func (c *Chain) sat(f *filing, person uuid.UUID, at time.Time) bool {
	if f.to == person || slices.ContainsFunc(c.deputies, func(s *span) bool { return s.held(at) && s.person == person && s.of == f.to }) {
		return c.seats(f.in, f.seat, person, held(at))
	}
	// What waited for one who gave the case away waits for the one who has it; what waited
	// for any other who sits there no more, for whoever does.
	if f.seat == "investigator" || f.seat == "prosecutor" {
		return c.seats(f.in, f.seat, person, held(at))
	}
	return slices.ContainsFunc(c.heirs(f, held(at)), func(seat string) bool { return c.seats(f.in, seat, person, held(at)) })
}

// Heirs are the seats from which something is decided that was signed for a head, a chief or a
// judge who sits there no more: those of guide.Heirs, to which it is held by a test. What was
// signed for an investigator or a prosecutor is his who has the case.
func Heirs(seat string) []string {
	switch seat {
	case "head":
		return []string{"head", "chief", "higher"}
	case "chief":
		return []string{"chief", "higher"}
	case "judge":
		return []string{"judge", "appeal"}
	case "higher", "appeal":
		return []string{seat}
	}
	return nil
}

// heirs are the seats from which a filing may be decided by others than the one for whom it
// was signed: none while he sits there, or while it is not known that he was ever in a post
// that somebody could take from him. Which of those who sit there decides it the portal says.
func (c *Chain) heirs(f *filing, has func(*span) bool) []string {
	if len(c.tenures[f.to]) == 0 || c.seats(f.in, f.seat, f.to, has) {
		return nil
	}
	return Heirs(f.seat)
}

// outside are the seats from which somebody decides who is nothing else to the case.
var outside = []string{"higher", "judge", "appeal"}

// decides says that a filing lets somebody read in a case who is nothing else to that: in its
// own, whoever sits outside it; in one that goes on in that, whoever decides it there. Never its
// author: anybody signs one, and to himself it would be a right that he gives himself.
func (c *Chain) decides(f *filing, in, person uuid.UUID, has func(*span) bool) bool {
	if f.by == person {
		return false
	}
	seats := c.heirs(f, has)
	if f.to == person {
		seats = []string{f.seat}
	}
	return slices.ContainsFunc(seats, func(seat string) bool {
		return (f.in != in || slices.Contains(outside, seat)) && c.seats(f.in, seat, person, has)
	})
}

// seats says that somebody sits somewhere for a case (the view desk).
func (c *Chain) seats(in uuid.UUID, seat string, person uuid.UUID, has func(*span) bool) bool {
	k := c.cases[in]
	if k == nil {
		return false
	}
	post := func(post string, body uuid.UUID) bool {
		return body != uuid.Nil && slices.ContainsFunc(c.tenures[person], func(s *span) bool { return has(s) && s.post == post && s.body == body })
	}
	switch seat {
	case "investigator":
		return c.onDuty(k.charge, "investigator", k.body, person, has)
	case "prosecutor":
		return c.onDuty(k.supervision, "prosecutor", k.office, person, has)
	case "head":
		return post("head", k.body)
	case "chief":
		return post("chief-prosecutor", k.office)
	case "higher":
		return post("chief-prosecutor", c.bodies[k.office].Above)
	case "judge":
		return post("judge", c.bodies[k.body].Court)
	case "appeal":
		return post("judge", c.bodies[c.bodies[k.body].Court].Above)
	}
	return false
}

// Standing is what a person is to a case at a moment, which is that of New or later.
// Nothing where any link of it is missing.
func (c *Chain) Standing(person, in uuid.UUID, at time.Time) Standing {
	var s Standing
	has := holds(at)
	for _, d := range []struct {
		as   As
		seat string
	}{{InCharge, "investigator"}, {Supervisor, "prosecutor"}, {Unit, "head"}, {Office, "chief"}} {
		if c.seats(in, d.seat, person, has) {
			s.As = append(s.As, d.as)
		}
	}
	for id, m := range c.members {
		if id != m.id || m.in != in || m.person != person || !c.stands(m, at) {
			continue
		}
		whom := c.whom(m)
		if whom == uuid.Nil {
			whom = person
		}
		s.Whom = append(s.Whom, whom)
	}
	if len(s.Whom) > 0 {
		s.As = append(s.As, Party)
	}
	for id, f := range c.filings {
		if (f.in == in || c.goesOn(in, f.in)) && c.decides(f, in, person, has) {
			s.Filings = append(s.Filings, id)
		}
	}
	if len(s.Filings) > 0 {
		s.As = append(s.As, Decider)
	}
	byID := func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }
	slices.SortFunc(s.Whom, byID)
	s.Whom = slices.Compact(s.Whom)
	slices.SortFunc(s.Filings, byID)
	return s
}

// Serves says that somebody is in a post at a moment, whatever it is.
func (c *Chain) Serves(person uuid.UUID, at time.Time) bool {
	return slices.ContainsFunc(c.tenures[person], holds(at))
}

// receivers are the posts that open what came to their body and belongs to no case yet:
// a report of an offence, a complaint about a report. Whoever only conducts cases there
// opens none of it.
var receivers = []string{"registrar", "head", "prosecutor", "chief-prosecutor", "judge"}

// Receives says that somebody is at a moment in a post that receives for a body.
func (c *Chain) Receives(person, body uuid.UUID, at time.Time) bool {
	has := holds(at)
	return slices.ContainsFunc(c.tenures[person], func(s *span) bool {
		return has(s) && s.body == body && slices.Contains(receivers, s.post)
	})
}

// String is for logs: ids and words of ours, nothing of anybody's.
func (s Standing) String() string {
	words := make([]string, len(s.As))
	for i, as := range s.As {
		words[i] = string(as)
	}
	return fmt.Sprintf("[%s] for %d, %d filings", strings.Join(words, " "), len(s.Whom), len(s.Filings))
}

// day is the civil day of a moment in Kazakhstan.
func day(at time.Time) Day { return On(at.In(deadline.Zone)) }
