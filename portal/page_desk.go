package portal

import (
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/casefile"
	"zharia/portal/directory"
	"zharia/portal/filing"
	"zharia/portal/materials"
	"zharia/portal/opening"
	"zharia/portal/policy"
)

// deskPage is the investigator's day: what falls due first, who waits to be
// confirmed, his cases.
type deskPage struct {
	Inbox         filingPart
	Overdue       int
	Waiting       []waitingLine
	Numbers       map[uuid.UUID]string // of the cases
	Cases         []casefile.Case
	Begun         []typedLine
	Ready         bool                        // somebody waits who can be confirmed together with others
	Drafts        int                         // papers of his that wait for his signature
	Substitutions []directory.Substitution    // in which he is one of the two
	Reading       []materials.Familiarisation // a reader asks for time, or has signed the record
	Promised      []filing.Owed               // replies to those who wrote to him
}

func (p *Portal) desk(c echo.Context, ask policy.Ask) error {
	ctx := c.Request().Context()
	inbox, done, err := p.inbox(c, ask)
	if done || err != nil {
		return err
	}
	page := deskPage{Inbox: inbox, Numbers: map[uuid.UUID]string{}}
	if page.Overdue, err = p.overdue(ctx, ask, inbox); err != nil {
		return err
	}
	waiting, err := casefile.Waiting(ctx, p.DB, ask)
	if err != nil {
		return err
	}
	if page.Waiting, err = p.waitingLines(c, ask, waiting); err != nil {
		return err
	}
	for _, line := range page.Waiting {
		page.Ready = page.Ready || line.Ready
	}
	if page.Cases, err = casefile.Charge(ctx, p.DB, ask); err != nil {
		return err
	}
	for _, of := range page.Cases {
		page.Numbers[of.ID] = of.Number
	}
	if page.Begun, err = p.begun(c); err != nil {
		return err
	}
	drafts, err := casefile.Drafts(ctx, p.DB, ask)
	if err != nil {
		return err
	}
	page.Drafts = len(drafts)
	if page.Substitutions, err = directory.Concerning(ctx, p.DB, ask); err != nil {
		return err
	}
	if page.Reading, err = materials.Waiting(ctx, p.DB, ask); err != nil {
		return err
	}
	if page.Promised, err = filing.Promised(ctx, p.DB, ask); err != nil {
		return err
	}
	return p.show(c, "desk", page)
}

// oversightPage is the prosecutor's: every complaint and petition in the cases he
// supervises from the moment it is filed, beside the decision it is about.
type oversightPage struct {
	Submitted     []submissionLine // decisions that wait for him
	Mine          filingPart       // to answer
	Late          []filingLine     // others' answers that are overdue
	Asked         []requestLine    // requests for access that were not answered in time
	Filings       []filingLine     // the newest, whatever became of them
	Cases         []casefile.Case
	Begun         []typedLine
	Substitutions []directory.Substitution // in which he is one of the two
	ToCancel      []filingLine             // a head asks him to cancel a ruling
	Doubted       int                      // questions about views that wait for his answer
	Unanswered    []filing.Unanswered      // points that were left without an answer
	Promised      []filing.Owed            // replies to those who wrote to him
}

func (p *Portal) oversight(c echo.Context, ask policy.Ask) error {
	ctx := c.Request().Context()
	mine, done, err := p.inbox(c, ask)
	if done || err != nil {
		return err
	}
	all, err := filing.Supervised(ctx, p.DB, ask)
	if err != nil {
		return err
	}
	late, err := filing.Late(ctx, p.DB, ask)
	if err != nil {
		return err
	}
	page := oversightPage{Mine: mine, Filings: filingLines(all, ask)}
	for _, f := range filingLines(late, ask) {
		if f.Decider.ID != ask.Person {
			page.Late = append(page.Late, f)
		}
	}
	cancel, err := filing.ToCancel(ctx, p.DB, ask)
	if err != nil {
		return err
	}
	page.ToCancel = filingLines(cancel, ask)
	asked, err := casefile.RequestsOverdue(ctx, p.DB, ask)
	if err != nil {
		return err
	}
	page.Asked = requestLines(asked, ask)
	if page.Submitted, err = p.submissions(c, ask); err != nil {
		return err
	}
	if page.Cases, err = casefile.Newest(ctx, p.DB, ask); err != nil {
		return err
	}
	if page.Begun, err = p.begun(c); err != nil {
		return err
	}
	if page.Substitutions, err = directory.Concerning(ctx, p.DB, ask); err != nil {
		return err
	}
	doubted, err := opening.Questions(ctx, p.DB, ask.To(policy.ObjectionList))
	if err != nil {
		return err
	}
	page.Doubted = len(doubted)
	if page.Unanswered, err = filing.UnansweredOf(ctx, p.DB, ask); err != nil {
		return err
	}
	if page.Promised, err = filing.Promised(ctx, p.DB, ask); err != nil {
		return err
	}
	return p.show(c, "oversight", page)
}
