package portal

import (
	"errors"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/casefile"
	"zharia/portal/directory"
	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/web"
)

// assignmentNewPage is where a head chooses who conducts a case, or a chief who
// supervises it.
type assignmentNewPage struct {
	Form     *web.Form
	Case     casefile.Case
	Duty     string
	Unsigned bool // a paper of his about the case waits to be signed
	Officers []web.Option
}

// dutyOf is what an official of the asker's is to a case: the words of pages say it.
func dutyOf(ask policy.Ask) string {
	if ask.Is&policy.Chief != 0 {
		return "supervisor"
	}
	return "charge"
}

func (p *Portal) assignmentNew(c echo.Context, ask policy.Ask) error {
	return p.showAssignmentForm(c, ask, web.NewForm("assignment_new"))
}

func (p *Portal) showAssignmentForm(c echo.Context, ask policy.Ask, form *web.Form) error {
	number, ctx := id(c, "case"), c.Request().Context()
	of, officers, err := directory.Candidates(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	page := assignmentNewPage{Form: form, Case: of, Duty: dutyOf(ask)}
	for _, o := range officers {
		page.Officers = append(page.Officers, web.Option{Value: o.ID.String(), Label: o.Name})
	}
	_, _, err = directory.ReadAssignment(ctx, p.DB, ask, number)
	if page.Unsigned = err == nil; err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	return p.form(c, form, "assignment_new", page, policy.AssignmentDraft, number)
}

func (p *Portal) assignmentDraft(c echo.Context, ask policy.Ask) error {
	number, ctx := id(c, "case"), c.Request().Context()
	if _, err := casefile.Read(ctx, p.DB, ask, number); err != nil {
		return err
	}
	form := web.ReadForm(c, "assignment_new")
	officer := form.ID("officer")
	p.hereIs(c, policy.AssignmentNew, number)
	if form.Bad() {
		return p.showAssignmentForm(c, ask, form)
	}
	err := directory.DraftAssignment(ctx, p.DB, p.press(), ask, number, officer, web.Lang(c))
	if form.Refused(err) {
		return p.showAssignmentForm(c, ask, form)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.AssignmentCheck, number)
}

// assignmentCheckPage shows the paper by which a case is given to another, before it
// is signed.
type assignmentCheckPage struct {
	Case    casefile.Case
	Duty    string
	Officer directory.Official
	Size    int
	Signing signing
}

func (p *Portal) assignmentCheck(c echo.Context, ask policy.Ask) error {
	return p.showAssignmentCheck(c, ask, "")
}

func (p *Portal) showAssignmentCheck(c echo.Context, ask policy.Ask, refusal string) error {
	number := id(c, "case")
	a, doc, err := directory.ReadAssignment(c.Request().Context(), p.DB, ask, number)
	if errors.Is(err, fault.NotFound) && a.Case.ID != uuid.Nil { // nothing waits to be signed
		return p.redirect(c, policy.AssignmentNew, number)
	}
	if err != nil {
		return err
	}
	page := assignmentCheckPage{Case: a.Case, Duty: dutyOf(ask), Officer: a.Officer, Size: len(doc.Content)}
	if page.Signing, err = p.signDocument(c, doc, policy.AssignmentPaper, policy.AssignmentSign, refusal, number); err != nil {
		return err
	}
	return p.showSigning(c, refusal, "assignment_check", page, policy.AssignmentCheck, number)
}

func (p *Portal) assignmentPaper(c echo.Context, ask policy.Ask) error {
	_, doc, err := directory.ReadAssignment(c.Request().Context(), p.DB, ask, id(c, "case"))
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, string(doc.Kind), false)
}

func (p *Portal) assignmentSign(c echo.Context, ask policy.Ask) error {
	number, ctx := id(c, "case"), c.Request().Context()
	if _, err := casefile.Read(ctx, p.DB, ask, number); err != nil {
		return err
	}
	cms, digest, err := p.signed(c)
	if err != nil {
		return err
	}
	if err := directory.Assign(ctx, p.DB, p.Verifier, ask, number, cms, digest); err != nil {
		refusal, err := refused(err)
		if err != nil {
			return err
		}
		return p.showAssignmentCheck(c, ask.To(policy.AssignmentCheck), refusal)
	}
	return p.redirect(c, policy.CaseRead, number)
}

func (p *Portal) assignmentDiscard(c echo.Context, ask policy.Ask) error {
	number := id(c, "case")
	if err := directory.DiscardAssignment(c.Request().Context(), p.DB, ask, number); err != nil {
		return err
	}
	return p.redirect(c, policy.CaseRead, number)
}
