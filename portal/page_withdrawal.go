package portal

import (
	"github.com/labstack/echo/v4"

	"zharia/portal/document"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/web"
)

// withdrawalCheckPage shows the paper by which a filing is taken back, before it
// is signed.
type withdrawalCheckPage struct {
	Filing  filing.Filing
	Size    int // bytes of the paper
	Signing signing
}

func (p *Portal) withdrawalDraft(c echo.Context, ask policy.Ask) error {
	number := id(c, "filing")
	if err := filing.DraftWithdrawal(c.Request().Context(), p.DB, p.press(), ask, number, web.Lang(c)); err != nil {
		return err
	}
	return p.redirect(c, policy.WithdrawalCheck, number)
}

func (p *Portal) withdrawalCheck(c echo.Context, ask policy.Ask) error {
	f, doc, err := filing.WithdrawalOf(c.Request().Context(), p.DB, ask, id(c, "filing"))
	if err != nil {
		return err
	}
	if f.Status.Open() {
		return p.showWithdrawal(c, f, doc, "")
	}
	return p.redirect(c, policy.FilingRead, f.ID)
}

func (p *Portal) showWithdrawal(c echo.Context, f filing.Filing, doc document.Document, refusal string) error {
	page := withdrawalCheckPage{Filing: f, Size: len(doc.Content)}
	var err error
	if page.Signing, err = p.signDocument(c, doc, policy.WithdrawalPaper, policy.FilingWithdraw, refusal, f.ID); err != nil {
		return err
	}
	return p.showSigning(c, refusal, "withdrawal_check", page, policy.WithdrawalCheck, f.ID)
}

func (p *Portal) withdrawalPaper(c echo.Context, ask policy.Ask) error {
	f, doc, err := filing.WithdrawalOf(c.Request().Context(), p.DB, ask, id(c, "filing"))
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, name(f, "withdrawal"), c.QueryParam("keep") != "")
}

func (p *Portal) filingWithdraw(c echo.Context, ask policy.Ask) error {
	ctx, number := c.Request().Context(), id(c, "filing")
	cms, digest, err := p.signed(c)
	if err != nil {
		return err
	}
	if err := filing.Withdraw(ctx, p.DB, p.Verifier, ask, number, cms, digest); err != nil {
		refusal, err := refused(err)
		if err != nil {
			return err
		}
		f, doc, err := filing.WithdrawalOf(ctx, p.DB, ask.To(policy.WithdrawalCheck), number)
		if err != nil {
			return err
		}
		return p.showWithdrawal(c, f, doc, refusal)
	}
	return p.redirect(c, policy.FilingRead, number)
}
