package portal

import (
	"errors"
	"time"

	"github.com/labstack/echo/v4"

	"zharia/portal/calendar"
	"zharia/portal/casefile"
	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/web"
)

// handed is one handing over with the working of its term: as if it began now, where
// it has not begun.
type handed struct {
	casefile.Service
	Count deadline.Counting
}

func handedOf(all []casefile.Service, at time.Time, days calendar.Changes) []handed {
	out := make([]handed, len(all))
	for i, s := range all {
		out[i] = handed{s, s.Counting(at, days)}
	}
	return out
}

// servicePage stands before a decision that waits to be handed over. It says what
// begins with opening it, shows nothing of it and begins nothing.
type servicePage struct {
	Case     casefile.Case
	Decision decisionLine
	Waits    []handed
	Signs    bool      // a receipt is signed; else opening is the receipt
	Complain time.Time // the last day to complain of a termination, however late it is opened
}

func (p *Portal) showService(c echo.Context, ask policy.Ask, h casefile.Handover) error {
	p.hereIs(c, policy.DecisionRead, h.Decision.ID)
	return p.show(c, "service", servicePage{
		Case: h.Case, Decision: lineOf(h.Decision), Waits: handedOf(h.Waits, ask.At, h.Days),
		Signs: h.Receipt() == policy.BySignature, Complain: h.Complain(),
	})
}

// decisionOpen hands a decision over by its being opened.
func (p *Portal) decisionOpen(c echo.Context, ask policy.Ask) error {
	number := id(c, "decision")
	err := casefile.Receive(c.Request().Context(), p.DB, ask, number)
	if err != nil && !conflict(err) { // a signature is wanted: the page says so
		return err
	}
	return p.redirect(c, policy.DecisionRead, number)
}

func (p *Portal) serviceDraft(c echo.Context, ask policy.Ask) error {
	number := id(c, "decision")
	err := casefile.DraftReceipt(c.Request().Context(), p.DB, p.press(), ask, number, web.Lang(c))
	if conflict(err) { // handed over already
		return p.redirect(c, policy.DecisionRead, number)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.ServiceCheck, number)
}

// serviceCheckPage shows the receipt before it is signed.
type serviceCheckPage struct {
	Case     casefile.Case
	Decision decisionLine
	Waits    []handed
	Size     int // bytes of the receipt
	Signing  signing
}

func (p *Portal) serviceCheck(c echo.Context, ask policy.Ask) error {
	h, doc, err := casefile.ReceiptOf(c.Request().Context(), p.DB, ask, id(c, "decision"))
	if errors.Is(err, fault.NotFound) && h.Decision.ID == id(c, "decision") { // no receipt waits: it is handed over, or was never begun
		return p.redirect(c, policy.DecisionRead, h.Decision.ID)
	}
	if err != nil {
		return err
	}
	return p.showReceipt(c, ask, h, doc, "")
}

func (p *Portal) showReceipt(c echo.Context, ask policy.Ask, h casefile.Handover, doc document.Document, refusal string) error {
	page := serviceCheckPage{
		Case: h.Case, Decision: lineOf(h.Decision), Waits: handedOf(h.Waits, ask.At, h.Days), Size: len(doc.Content),
	}
	var err error
	if page.Signing, err = p.signDocument(c, doc, policy.ServicePaper, policy.ServiceSign, refusal, h.Decision.ID); err != nil {
		return err
	}
	return p.showSigning(c, refusal, "service_check", page, policy.ServiceCheck, h.Decision.ID)
}

func (p *Portal) servicePaper(c echo.Context, ask policy.Ask) error {
	_, doc, err := casefile.ReceiptOf(c.Request().Context(), p.DB, ask, id(c, "decision"))
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, string(doc.Kind), false)
}

func (p *Portal) serviceSign(c echo.Context, ask policy.Ask) error {
	ctx, number := c.Request().Context(), id(c, "decision")
	cms, digest, err := p.signed(c)
	if err != nil {
		return err
	}
	if err := casefile.SignReceipt(ctx, p.DB, p.Verifier, ask, number, cms, digest); err != nil {
		refusal, err := refused(err)
		if err != nil {
			return err
		}
		h, doc, err := casefile.ReceiptOf(ctx, p.DB, ask.To(policy.ServiceCheck), number)
		if err != nil {
			return err
		}
		return p.showReceipt(c, ask.To(policy.ServiceCheck), h, doc, refusal)
	}
	return p.redirect(c, policy.DecisionRead, number)
}
