package directory

import (
	"zharia/portal/casefile"
	"zharia/portal/document"
	"zharia/portal/identity"
	"zharia/portal/warrant"
	"zharia/portal/words"
)

// sheet is an entry on paper: who, into what post of what body and until when, or
// out of which.
func (e Entry) sheet(press document.Press, d document.Document, person identity.Person, body Body, proposer identity.Person) document.Sheet {
	w := press.Words.In(d.Language)
	s := press.Sheet(d, "appointment")
	s.From = []string{proposer.Body.In(d.Language)}
	a := Appointment{
		Name: person.Name, Leaves: e.Leaves, Post: e.Post, Body: body.Body, Until: e.Until, NowPost: person.Post, NowBody: person.Body,
	}
	s.Facts = append([]document.Fact{{Label: w.T("paper.person.iin"), Value: person.IIN.Reveal()}}, a.facts(w)...)
	text := "paper.appointment.enters"
	if e.Leaves {
		text = "paper.appointment.leaves"
	}
	s.Sections = []document.Section{{Text: w.T(text)}}
	s.States = &warrant.Fact{Kind: warrant.Appointment, Person: person.ID, Leaves: e.Leaves, Post: e.Post, Body: e.Body, Until: warrant.On(e.Until)}
	s.Closing = []string{w.Day(d.MadeAt) + "\t" + signer(w, proposer)}
	return s
}

// facts are what an entry says, for its own paper and for that of the second person.
func (a Appointment) facts(w *words.Language) []document.Fact {
	out := []document.Fact{{Label: w.T("paper.person"), Value: a.Name}}
	if a.NowPost != "" {
		out = append(out, document.Fact{Label: w.T("paper.appointment.now"), Value: w.T("paper.appointment.value", "post", w.T("post."+a.NowPost), "body", a.NowBody.In(w.Code))})
	}
	if a.Leaves {
		return append(out, document.Fact{Label: w.T("paper.appointment.what"), Value: w.T("paper.appointment.out")})
	}
	out = append(out, document.Fact{Label: w.T("paper.appointment.what"), Value: w.T("paper.appointment.value", "post", w.T("post."+a.Post), "body", a.Body.In(w.Code))})
	if !a.Until.IsZero() {
		out = append(out, document.Fact{Label: w.T("paper.appointment.until"), Value: w.Day(a.Until)})
	}
	return out
}

// signer is how an official stands under his paper.
func signer(w *words.Language, who identity.Person) string {
	return w.T("paper.signer.official", "post", w.T("post."+who.Post), "name", who.Name)
}

// assignmentSheet is the paper by which a case is given to another.
func assignmentSheet(press document.Press, d document.Document, c casefile.Case, of under, to Official, head identity.Person) document.Sheet {
	w := press.Words.In(d.Language)
	s := press.Sheet(d, "assignment")
	s.From = []string{head.Body.In(d.Language)}
	before := c.Investigator
	if of.duty == "supervisor" {
		before = c.Prosecutor
	}
	s.Facts = []document.Fact{
		{Label: w.T("paper.case"), Value: c.Number},
		{Label: w.T("paper.assignment.before"), Value: before.Name},
		{Label: w.T("paper.assignment.to"), Value: to.Name},
	}
	s.Sections = []document.Section{{Text: w.T("paper.assignment.text." + of.duty)}}
	s.States = &warrant.Fact{Kind: warrant.Assignment, Duty: of.duty, Officer: to.ID}
	s.Closing = []string{w.Day(d.MadeAt) + "\t" + signer(w, head)}
	return s
}

// sheet is the paper by which one official does the work of another.
func (n NewSubstitution) sheet(press document.Press, d document.Document, officer, deputy Official, head identity.Person) document.Sheet {
	w := press.Words.In(d.Language)
	s := press.Sheet(d, "substitution")
	s.From = []string{head.Body.In(d.Language)}
	s.Facts = []document.Fact{
		{Label: w.T("paper.substitution.officer"), Value: w.T("paper.signer.official", "post", w.T("post."+officer.Post), "name", officer.Name)},
		{Label: w.T("paper.substitution.deputy"), Value: w.T("paper.signer.official", "post", w.T("post."+deputy.Post), "name", deputy.Name)},
		{Label: w.T("paper.substitution.until"), Value: w.Day(n.Until)},
	}
	s.Sections = []document.Section{{Text: w.T("paper.substitution.text")}}
	s.States = &warrant.Fact{Kind: warrant.Substitution, Officer: officer.ID, Deputy: deputy.ID, Until: warrant.On(n.Until)}
	s.Closing = []string{w.Day(d.MadeAt) + "\t" + signer(w, head)}
	return s
}
