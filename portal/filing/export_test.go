package filing

import (
	"zharia/portal/casefile"
	"zharia/portal/document"
	"zharia/portal/identity"
)

// The sheets, for the test that prints kept papers again.
var (
	AnswerSheetOf     = NewAnswer.sheet
	WithdrawalSheetOf = Filing.withdrawalSheet
	AppealOf          = NewAnswer.appeal
)

// SheetOf is the sheet of a filing that is kept.
func SheetOf(n NewFiling, press document.Press, d document.Document, c casefile.Case, f Filing, capacity casefile.Capacity, about casefile.Decision, author identity.Person) document.Sheet {
	to := addressee{official: f.Decider, seat: f.Seat}
	s := n.sheet(press, d, c, to, capacity, about, Filing{}, author)
	s.States = n.states(f.ID, to)
	return s
}

// The rules that a life of a filing goes by, for the test that plays random ones.
var (
	After    = Status.after
	Complete = complete
	Outcome  = outcome
	TermOf   = term
)
