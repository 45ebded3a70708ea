package portal

import (
	"errors"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/web"
)

// withdrawalCheckPage shows the paper by which a filing is taken back, before it
// is signed.
type withdrawalCheckPage struct {
	Filing  filing.Filing
	Consent bool // the one it was filed for must agree first
	Size    int  // bytes of the paper
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
	if f.Status.Open() && !doc.Signed() {
		return p.showWithdrawal(c, ask, f, doc, "")
	}
	return p.redirect(c, policy.FilingRead, f.ID)
}

func (p *Portal) showWithdrawal(c echo.Context, ask policy.Ask, f filing.Filing, doc document.Document, refusal string) error {
	page := withdrawalCheckPage{Filing: f, Size: len(doc.Content), Consent: len(f.Acts(ask, policy.WithdrawalAsk)) > 0}
	act := policy.FilingWithdraw
	if page.Consent {
		act = policy.WithdrawalAsk
	}
	var err error
	if page.Signing, err = p.signDocument(c, doc, policy.WithdrawalPaper, act, refusal, f.ID); err != nil {
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

// filingWithdraw puts a signature under a withdrawal: by the address it takes effect
// or waits for a consent.
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
		return p.showWithdrawal(c, ask, f, doc, refusal)
	}
	return p.redirect(c, policy.FilingRead, number)
}

// consentCheckPage shows the paper by which somebody agrees that what was filed for
// him is taken back, or says that it stays, before it is signed.
type consentCheckPage struct {
	Filing  filing.Filing
	Agrees  bool
	Size    int // bytes of the paper
	Signing signing
}

// The two things that can be said, by the value of a button.
const consentYes, consentNo = "yes", "no"

func (p *Portal) consentDraft(c echo.Context, ask policy.Ask) error {
	number := id(c, "filing")
	if _, err := filing.Read(c.Request().Context(), p.DB, ask, number); err != nil {
		return err
	}
	said := c.FormValue("said")
	if said != consentYes && said != consentNo {
		return p.redirect(c, policy.FilingRead, number) // he pressed neither button
	}
	if err := filing.DraftConsent(c.Request().Context(), p.DB, p.press(), ask, number, said == consentYes, web.Lang(c)); err != nil {
		return err
	}
	return p.redirect(c, policy.ConsentCheck, number)
}

func (p *Portal) consentCheck(c echo.Context, ask policy.Ask) error {
	return p.showConsent(c, ask, id(c, "filing"), "")
}

func (p *Portal) showConsent(c echo.Context, ask policy.Ask, number uuid.UUID, refusal string) error {
	f, said, doc, err := filing.ConsentOf(c.Request().Context(), p.DB, ask, number)
	if conflict(err) || errors.Is(err, fault.NotFound) && f.ID != uuid.Nil { // nothing waits, or nothing is said yet
		return p.redirect(c, policy.FilingRead, number)
	}
	if err != nil {
		return err
	}
	page := consentCheckPage{Filing: f, Agrees: said.Agrees, Size: len(doc.Content)}
	act := policy.WithdrawalDecline
	if said.Agrees {
		act = policy.WithdrawalConsent
	}
	if page.Signing, err = p.signDocument(c, doc, policy.ConsentPaper, act, refusal, f.ID); err != nil {
		return err
	}
	return p.showSigning(c, refusal, "consent_check", page, policy.ConsentCheck, f.ID)
}

func (p *Portal) consentPaper(c echo.Context, ask policy.Ask) error {
	f, doc, err := filing.ConsentPaper(c.Request().Context(), p.DB, ask, id(c, "filing"))
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, name(f, "consent"), c.QueryParam("keep") != "")
}

func (p *Portal) consentSettle(c echo.Context, ask policy.Ask) error {
	number := id(c, "filing")
	cms, digest, err := p.signed(c)
	if err != nil {
		return err
	}
	if err := filing.Consent(c.Request().Context(), p.DB, p.Verifier, ask, number, cms, digest); err != nil {
		refusal, err := refused(err)
		if err != nil {
			return err
		}
		return p.showConsent(c, ask.To(policy.ConsentCheck), number, refusal)
	}
	return p.redirect(c, policy.FilingRead, number)
}
