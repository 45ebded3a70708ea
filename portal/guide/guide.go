// Package guide knows where a complaint or a petition goes by the Code: who must
// decide it, who must not, what else is open and what is closed, and why. It is
// pure: who sits in which seat comes in as a House, and nothing is fetched.
package guide

import (
	"slices"

	"github.com/google/uuid"

	"zharia/portal/deadline"
	"zharia/portal/fault"
	"zharia/portal/law"
	"zharia/portal/policy"
)

// Seat is a place from which filings are decided, as it stands to one case.
type Seat string

// The seats, from the one who conducts the case upwards.
const (
	Investigator Seat = "investigator" // conducts the case; an inquirer sits here too
	Head         Seat = "head"         // heads the investigating unit or the inquiry body
	Prosecutor   Seat = "prosecutor"   // supervises the case; petitions only, CPC 193(2)
	Chief        Seat = "chief"        // heads the office that supervises it: complaints are his alone
	Higher       Seat = "higher"       // heads the prosecutor's office above that one
	Judge        Seat = "judge"        // the investigating judge of the court at the seat of the body
	Appeal       Seat = "appeal"       // a judge of the court above
)

// AllSeats are all of them.
var AllSeats = []Seat{Investigator, Head, Prosecutor, Chief, Higher, Judge, Appeal}

// What is contested, or asked for.
type What string

// The things a person may come with.
const (
	Decision       What = "decision"        // a ruling, an order
	Deed           What = "act"             // something done
	Silence        What = "silence"         // something not done, an answer that did not come
	NoRegistration What = "no-registration" // a report of an offence was not taken, CPC 185(2)
	Delay          What = "delay"           // the investigation drags on, CPC 192(8)
	Answer         What = "answer"          // what was said to a petition or a complaint
	Ruling         What = "ruling"          // what an investigating judge allowed or decided, CPC 107
	Nothing        What = "nothing"         // nothing is contested: something is asked for
)

// Whats are all of them.
var Whats = []What{Decision, Deed, Silence, NoRegistration, Delay, Answer, Ruling, Nothing}

// House is who may sit in each seat for one case now, the most proper first. A seat
// that is empty has nobody in the portal.
type House map[Seat][]uuid.UUID

// Contest is what a filing is about, as far as its way depends on it.
type Contest struct {
	What     What
	By       []uuid.UUID // who did it, or did not do it, or gave the answer
	Approved []uuid.UUID // who agreed with it, approved it, or allowed it
	ByPost   Seat        // from which seat it was done; "": from none of them, or it is not known
	Ground   string      // what more the way depends on: recognise, security, after-familiarisation, termination
	To       Seat        // where its author wants it, of what is open; "": the most proper
}

// interested tells that somebody must not decide: he is the one complained of, or he
// approved what is complained of (CPC 104(1)). It is the person who is excluded,
// wherever he sits.
func (c Contest) interested(who uuid.UUID) bool {
	return who == uuid.Nil || slices.Contains(c.By, who) || slices.Contains(c.Approved, who)
}

// own tells that the Code gives the filing to the very one it is about: a challenge
// of an investigating judge is decided by that judge (CPC 87(11)). It is no complaint,
// and nothing else is.
func (c Contest) own(kind policy.FilingKind, seat Seat) bool {
	return kind == policy.FilingChallenge && c.ByPost == Judge && seat == Judge
}

// Addressee is who must decide a filing of this kind: of the seats that the Code
// names the first that is filled by somebody it may be given to, then the seats above
// them, then whoever is left in the portal who is not interested: what comes to the
// wrong desk is handed on, and is never refused (CPC 105(1-1)). The fault is Conflict
// when nobody is left: then the paper goes to the court or the office itself.
func Addressee(kind policy.FilingKind, c Contest, h House) (to uuid.UUID, seat Seat, by law.Ref, err error) {
	for _, seat := range c.order(kind) {
		for _, who := range h[seat] {
			if !c.interested(who) || c.own(kind, seat) {
				return who, seat, c.basis(kind, seat), nil
			}
		}
	}
	return uuid.Nil, "", law.Ref{}, fault.New(fault.Conflict, "fault.nobody-left").Under(law.CPC(104, 1))
}

// Heirs are the seats to which something that was filed comes, one after another, when the
// one for whom it waits sits there no more and nobody else does: those above, on the side
// that its author chose. From a prosecutor nothing goes to a court by itself, nor back:
// which of the two decides is for the one who complains to say (CPC 105, 106).
func Heirs(seat Seat) []Seat { return append([]Seat{seat}, above[seat]...) }

// Seats are those from which this kind is decided at all, the most proper first.
func Seats(kind policy.FilingKind) []Seat { return slices.Clone(seats[kind]) }

// order is all seats in the order a filing is offered to them.
func (c Contest) order(kind policy.FilingKind) []Seat {
	var out []Seat
	add := func(all ...Seat) {
		for _, seat := range all {
			if !slices.Contains(out, seat) {
				out = append(out, seat)
			}
		}
	}
	open := c.open(kind)
	if slices.Contains(open, c.To) {
		add(c.To)
	}
	add(open...)
	for _, seat := range open {
		add(above[seat]...)
	}
	if c.What != Nothing { // then whoever else decides about this by the Code
		for _, w := range Ways(c) {
			if !w.Closed {
				add(w.Seat)
			}
		}
	}
	add(last...)
	return out
}

// basis is the article by which a filing is this seat's: of the row of the table that
// names it, or, where no row does, of what forbids those whom a row names.
func (c Contest) basis(kind policy.FilingKind, seat Seat) law.Ref {
	var by law.Ref
	for _, w := range ways {
		switch {
		case w.seat != seat || w.closed || !w.fits(c):
		case w.kind == kind:
			return w.by
		case by.IsZero() && c.What != Nothing:
			by = w.by
		}
	}
	if by.IsZero() {
		return law.CPC(104, 1)
	}
	return by
}

// open are the seats to which the Code gives a filing of this kind about this.
func (c Contest) open(kind policy.FilingKind) []Seat {
	var out []Seat
	for _, w := range ways {
		if w.kind == kind && !w.closed && w.fits(c) && !slices.Contains(out, w.seat) {
			out = append(out, w.seat)
		}
	}
	if len(out) == 0 { // the kind does not fit: whoever of its seats is above what is contested
		out = slices.DeleteFunc(Seats(kind), func(s Seat) bool { return slices.Contains(below[c.ByPost], s) })
	}
	if len(out) == 0 { // and where none is, whoever decides about this by the Code
		for _, w := range Ways(c) {
			if !w.Closed {
				out = append(out, w.Seat)
			}
		}
	}
	return out
}

// Way is one way the Code gives, or one that it closes here.
type Way struct {
	Kind   policy.FilingKind
	Seat   Seat
	By     law.Ref       // the article that gives it, or closes it
	Answer deadline.Name // by when it is decided
	File   deadline.Name // by when it must be filed; None: any time during the investigation (CPC 102)
	Why    string        // why this way, or why not: the end of a key of i18n
	Closed bool
	To     uuid.UUID // who would decide it; zero by law alone, and where nobody of the seat is in the portal
}

// Outside tells that the way is open and nobody of its seat is in the portal: the page
// of the ways says so.
func (w Way) Outside() bool { return !w.Closed && w.To == uuid.Nil }

// Ways are the ways for a contest by the Code alone, before anybody is looked for in
// the seats: the most proper first, then those that are closed.
func Ways(c Contest) []Way {
	var out []Way
	for _, w := range ways {
		if !w.fits(c) || c.What == Nothing && c.Ground != "" && c.Ground != string(w.kind) {
			continue
		}
		answer := w.answer
		if answer == deadline.ComplaintAnswer {
			answer = c.urgency()
		}
		out = append(out, Way{Kind: w.kind, Seat: w.seat, By: w.by, Answer: answer, File: w.file, Why: w.why, Closed: w.closed})
	}
	slices.SortStableFunc(out, OpenFirst)
	return out
}

// TermsAfter are the terms to complain of the answer to a filing, the most proper first: by
// what it asked and by the seat that answered. None where that word is the last, and of
// the ways that have no term none.
func TermsAfter(kind policy.FilingKind, seat Seat) []deadline.Name {
	var out []deadline.Name
	for _, w := range Ways(Contest{What: Answer, ByPost: seat, Ground: string(kind)}) {
		if !w.Closed && w.File != deadline.None && !slices.Contains(out, w.File) {
			out = append(out, w.File)
		}
	}
	return out
}

// Final tells that nobody may be complained to about the answer to a filing: what the court
// above the investigating judge said (CPC 107(4)), what a judge said of a challenge (CPC 87(12)).
func Final(kind policy.FilingKind, seat Seat) bool {
	all := Ways(Contest{What: Answer, ByPost: seat, Ground: string(kind)})
	return !slices.ContainsFunc(all, func(w Way) bool { return !w.Closed })
}

// OpenFirst compares two ways so that what is closed stands last.
func OpenFirst(a, b Way) int {
	switch {
	case a.Closed == b.Closed:
		return 0
	case a.Closed:
		return 1
	}
	return -1
}

// Routes are the ways with the people of the case in them. A seat where everybody is
// interested is closed (CPC 104(1)), and the one above it opens.
func Routes(c Contest, h House) []Way {
	out := Ways(c)
	climb := false
	for i, w := range out {
		if w.Closed {
			continue
		}
		who, why := c.first(w, h)
		if out[i].To = who; why != "" {
			out[i].Closed, out[i].Why, out[i].By = true, why, law.CPC(104, 1)
			climb = climb || w.Seat == Chief && c.What != Nothing
		}
	}
	if climb { // nobody is left in the office that supervises the case
		up := Way{Kind: policy.FilingComplaintHigher, Seat: Higher, By: law.CPC(104, 1), Answer: c.urgency()}
		if up.To, up.Why = c.first(up, h); up.Why != "" {
			up.Closed = true
		} else {
			up.Why = "higher-instead"
		}
		out = append(slices.DeleteFunc(out, func(w Way) bool { return w.Kind == up.Kind }), up)
	}
	slices.SortStableFunc(out, OpenFirst)
	return out
}

func (c Contest) urgency() deadline.Name {
	if slices.Contains(Urgent, c.Ground) {
		return deadline.ComplaintUrgent
	}
	return deadline.ComplaintAnswer
}

// first is who of a seat may be given a filing; why nobody may, where the seat is
// filled by interested people alone.
func (c Contest) first(w Way, h House) (who uuid.UUID, why string) {
	for _, who := range h[w.Seat] {
		switch {
		case !c.interested(who) || c.own(w.Kind, w.Seat):
			return who, ""
		case slices.Contains(c.By, who):
			why = "closed-did"
		case why == "":
			why = "closed-approved"
		}
	}
	return uuid.Nil, why
}
