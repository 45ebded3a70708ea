package casefile

import (
	"strings"

	"github.com/google/uuid"

	"zharia/portal/document"
	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/warrant"
	"zharia/portal/words"
)

// sheet is a ruling on paper, as it will be signed (CPC 198: place, time, name
// and post, substance and grounds, articles of the Code).
func (draft DecisionDraft) sheet(press document.Press, d document.Document, c Case) document.Sheet {
	w := press.Words.In(draft.Language)
	s := press.Sheet(d, "ruling")
	s.Subtitle = w.T("kind." + string(draft.Kind))
	s.From = []string{c.Body.In(draft.Language)}
	s.Facts = []document.Fact{
		{Label: w.T("paper.case"), Value: c.Number},
		{Label: w.T("paper.decided"), Value: w.Day(draft.DecidedOn)},
	}
	if draft.joins != "" {
		s.Facts = append(s.Facts, document.Fact{Label: w.T("paper.joins"), Value: draft.joins})
	}
	if draft.Severs != "" {
		s.Facts = append(s.Facts, document.Fact{Label: w.T("paper.severs"), Value: draft.Severs})
	}
	if len(draft.goes) > 0 {
		leaving := map[bool]string{false: "paper.goes", true: "paper.goes-leaving"}[draft.Leaving]
		s.Facts = append(s.Facts, document.Fact{Label: w.T(leaving), Value: strings.Join(draft.goes, ", ")})
	}
	if !draft.ReadyOn.IsZero() {
		s.Facts = append(s.Facts, document.Fact{Label: w.T("paper.ready"), Value: w.Day(draft.ReadyOn)})
	}
	s.Sections = []document.Section{
		{Heading: w.T("paper.established"), Text: draft.Established},
		{Heading: w.T("paper.resolved"), Text: draft.Resolved},
	}
	s.States = draft.states(d.ID)
	s.Closing = []string{w.Day(draft.DecidedOn) + "\t" + w.T("paper.seat.investigator", "name", c.signer())}
	return s
}

// sheet is the confirmation of a status on paper, as it will be signed: who, what
// he is, for whom he acts, on what ground by which article, and from when. all are
// the participants of the case.
func (g Grant) sheet(press document.Press, d document.Document, c Case, person identity.Person, all []Participant) document.Sheet {
	w := press.Words.In(d.Language)
	s := statusSheet(press, d, c, person)
	s.Facts = append(s.Facts, document.Fact{Label: w.T("paper.role"), Value: w.T("role." + string(g.Role))})
	for _, p := range all {
		if p.ID == g.Represents {
			s.Facts = append(s.Facts, acting(w, p.Name, p.Role))
		}
		if p.ID == g.Previous {
			s.Facts = append(s.Facts, document.Fact{Label: w.T("paper.previous"), Value: w.T("role." + string(p.Role))})
		}
	}
	for _, b := range policy.Bases[g.Role] {
		if b.Key == g.Basis {
			s.Facts = append(s.Facts, document.Fact{Label: w.T("paper.basis"), Value: w.T("paper.basis-value", "basis", w.T("basis."+b.Key), "law", w.Law(b.By))})
		}
	}
	s.Facts = append(s.Facts, document.Fact{Label: w.T("paper.since"), Value: w.Day(g.Since)})
	s.Facts = append(s.Facts, g.powerFacts(w)...)
	s.Sections = []document.Section{{Text: w.T("paper.confirmation.text")}}
	s.States = g.states(person.ID, all)
	return s
}

// endingSheet is the paper by which a status ends, or by which one that was asked
// for is not confirmed.
func (p Participant) endingSheet(press document.Press, d document.Document, c Case, person identity.Person, reasons string) document.Sheet {
	w := press.Words.In(d.Language)
	s := statusSheet(press, d, c, person)
	s.Facts = append(s.Facts, document.Fact{Label: w.T("paper.role"), Value: w.T("role." + string(p.Role))})
	if p.Represented != "" {
		s.Facts = append(s.Facts, acting(w, p.Represented, p.RepresentedRole))
	}
	s.Sections = []document.Section{{Text: w.T("paper.ending.text." + string(p.Status))}}
	s.States = p.states(warrant.Ending)
	if reasons != "" {
		s.Sections = append(s.Sections, document.Section{Heading: w.T("paper.ending.reasons"), Text: reasons})
	}
	if p.Status == Unconfirmed {
		s.Sections = append(s.Sections, document.Section{Heading: w.T("paper.appeal"), Text: w.T("paper.ending.appeal")})
	}
	return s
}

// states is what a confirmation gives, for machines.
func (g Grant) states(person uuid.UUID, all []Participant) *warrant.Fact {
	g = g.whole()
	f := &warrant.Fact{
		Kind: warrant.Confirmation, Participant: g.self, Person: person, Role: g.Role, Basis: g.Basis, Represents: g.Represents, Previous: g.Previous,
		Capacity: string(g.Capacity), Scope: kept(g.Scope), From: warrant.On(g.Since), Until: warrant.On(g.Until),
	}
	for _, p := range all {
		if p.ID == g.Represents && g.Represents != uuid.Nil {
			f.Whom, f.WhomRole = p.Person, p.Role
		}
		if p.ID == g.Previous && g.Previous != uuid.Nil {
			f.Before = p.Role
		}
	}
	return f
}

// states is what the end of a status takes, for machines.
func (p Participant) states(kind warrant.Kind) *warrant.Fact {
	return &warrant.Fact{Kind: kind, Participant: p.ID, Person: p.Person, Role: p.Role, Represents: p.Represents, Whom: p.whom, WhomRole: p.RepresentedRole}
}

// states is whom a ruling brings from one case into another, for machines; nothing where
// it brings nobody.
func (draft DecisionDraft) states(paper uuid.UUID) *warrant.Fact {
	switch {
	case draft.Joins != uuid.Nil:
		return &warrant.Fact{Kind: warrant.Joinder, Other: draft.Joins}
	case draft.Severs != "":
		return &warrant.Fact{Kind: warrant.Severance, Other: warrant.Severed(paper), Concerns: draft.Concerns, Who: draft.who, Leaving: draft.Leaving}
	}
	return nil
}

func statusSheet(press document.Press, d document.Document, c Case, person identity.Person) document.Sheet {
	w := press.Words.In(d.Language)
	s := press.Sheet(d, string(d.Kind))
	s.From = []string{c.Body.In(d.Language)}
	s.Facts = []document.Fact{
		{Label: w.T("paper.case"), Value: c.Number},
		{Label: w.T("paper.person"), Value: person.Name},
		{Label: w.T("paper.person.iin"), Value: person.IIN.Reveal()},
	}
	s.Closing = []string{w.Day(d.MadeAt) + "\t" + w.T("paper.seat.investigator", "name", c.signer())}
	return s
}

func acting(w *words.Language, name string, role policy.Role) document.Fact {
	return document.Fact{Label: w.T("paper.represents"), Value: w.T("paper.represents-value", "name", name, "role", words.Low(w.T("role."+string(role))))}
}
