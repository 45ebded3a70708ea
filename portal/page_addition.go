package portal

import (
	"github.com/labstack/echo/v4"

	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/web"
)

// additionPage is where an official lists what its author should add.
type additionPage struct {
	Form   *web.Form
	Filing filing.Filing
	Points []string // names of the fields
}

func (p *Portal) showAdditionForm(c echo.Context, form *web.Form, f filing.Filing) error {
	page := additionPage{Form: form, Filing: f, Points: askedFields.shown(form)}
	p.hereIs(c, policy.AdditionNew, f.ID)
	return p.form(c, form, "addition_new", page, policy.FilingAsk, f.ID)
}

func (p *Portal) additionNew(c echo.Context, ask policy.Ask) error {
	f, err := filing.Read(c.Request().Context(), p.DB, ask, id(c, "filing"))
	if err != nil {
		return err
	}
	if len(f.Acts(ask, policy.FilingAsk)) == 0 {
		return p.redirect(c, policy.FilingRead, f.ID)
	}
	return p.showAdditionForm(c, web.NewForm("addition_new"), f)
}

func (p *Portal) filingAsk(c echo.Context, ask policy.Ask) error {
	number, ctx := id(c, "filing"), c.Request().Context()
	f, err := filing.Read(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	form := web.ReadForm(c, "addition_new")
	asked := askedFields.needed(form, filing.MinAsked, filing.MaxAskedText)
	if form.Bad() {
		return p.showAdditionForm(c, form, f)
	}
	err = p.sent(c, form, func(tx *vault.DB) error { return filing.AskToAdd(ctx, tx, ask, number, asked) })
	if form.Refused(err) {
		return p.showAdditionForm(c, form, f)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.FilingRead, number)
}

// replyPage is where the author answers what he is asked to add, point by point.
type replyPage struct {
	Form     *web.Form
	Filing   filing.Filing
	Addition filing.Addition
	Points   []replyPoint
}

// replyPoint is a point and the name of the field that answers it.
type replyPoint struct {
	filing.AdditionPoint
	Field string
}

func (p *Portal) showReplyForm(c echo.Context, form *web.Form, f filing.Filing, a filing.Addition) error {
	page := replyPage{Form: form, Filing: f, Addition: a}
	for i, point := range a.Points {
		page.Points = append(page.Points, replyPoint{point, "reply-" + digits(i+1)})
	}
	p.hereIs(c, policy.ReplyNew, f.ID)
	return p.form(c, form, "reply_new", page, policy.ReplyDraft, f.ID)
}

func (p *Portal) replyNew(c echo.Context, ask policy.Ask) error {
	number := id(c, "filing")
	f, a, err := filing.Awaited(c.Request().Context(), p.DB, ask, number)
	if conflict(err) {
		return p.redirect(c, policy.FilingRead, number)
	}
	if err != nil {
		return err
	}
	form := web.NewForm("reply_new")
	for i, point := range a.Points {
		form.Set("reply-"+digits(i+1), point.Reply)
	}
	return p.showReplyForm(c, form, f, a)
}

func (p *Portal) replyDraft(c echo.Context, ask policy.Ask) error {
	number, ctx := id(c, "filing"), c.Request().Context()
	f, a, err := filing.Awaited(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	form := web.ReadForm(c, "reply_new")
	replies := make([]string, len(a.Points))
	for i := range replies {
		replies[i] = form.Text("reply-"+digits(i+1), filing.MinPoint, filing.MaxPointText)
	}
	if form.Bad() {
		return p.showReplyForm(c, form, f, a)
	}
	err = p.sent(c, form, func(tx *vault.DB) error {
		return filing.DraftReply(ctx, tx, p.press(), ask, number, replies, web.Lang(c))
	})
	if form.Refused(err) {
		return p.showReplyForm(c, form, f, a)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.ReplyCheck, number)
}

func (p *Portal) replyCheck(c echo.Context, ask policy.Ask) error {
	return p.showReplyCheck(c, ask, "")
}

func (p *Portal) showReplyCheck(c echo.Context, ask policy.Ask, refusal string) error {
	f, a, doc, err := filing.ReplyDraft(c.Request().Context(), p.DB, ask, id(c, "filing"))
	if conflict(err) {
		return p.redirect(c, policy.FilingRead, c.Param("filing"))
	}
	if err != nil {
		return err
	}
	page := besidePage{Filing: f, Addition: a, Size: len(doc.Content)}
	if page.Signing, err = p.signDocument(c, doc, policy.ReplyPaper, policy.FilingReply, refusal, f.ID); err != nil {
		return err
	}
	page.Signing.Button = "reply_check.sign"
	return p.showSigning(c, refusal, "reply_check", page, policy.ReplyCheck, f.ID)
}

func (p *Portal) replyPaper(c echo.Context, ask policy.Ask) error {
	f, doc, err := filing.ReplyPaper(c.Request().Context(), p.DB, ask, id(c, "filing"), paperOf(c))
	return besidePDF(c, f, doc, err)
}

func (p *Portal) filingReply(c echo.Context, ask policy.Ask) error {
	number := id(c, "filing")
	cms, digest, err := p.signed(c)
	if err != nil {
		return err
	}
	if err := filing.Reply(c.Request().Context(), p.DB, p.Verifier, ask, number, cms, digest); err != nil {
		refusal, err := refused(err)
		if err != nil {
			return err
		}
		return p.showReplyCheck(c, ask.To(policy.ReplyCheck), refusal)
	}
	return p.redirect(c, policy.FilingRead, number)
}
