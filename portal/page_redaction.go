package portal

import (
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/casefile"
	"zharia/portal/document"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/web"
)

// redactionPage is where the investigator makes a copy of a decision without what
// is not for everybody.
type redactionPage struct {
	Form     *web.Form
	Case     casefile.Case
	Decision decisionLine
	Part     policy.Part
	Other    policy.Part // the other part a copy can be made of
	Upload   bool        // the decision is an uploaded file: there are no texts to begin with
}

// part is which copy an address or a form means.
func part(word string) policy.Part {
	if word == string(policy.CivilClaim) {
		return policy.CivilClaim
	}
	return policy.PersonalData
}

// mask says in a language what stands where something was taken out.
func (p *Portal) mask(c echo.Context) casefile.Mask {
	w := p.Words.In(web.Lang(c))
	return casefile.Mask{IIN: w.T("redaction.mask.iin"), Phone: w.T("redaction.mask.phone"), Mail: w.T("redaction.mask.mail"), Name: w.T("redaction.mask.name")}
}

func (p *Portal) showRedactionForm(c echo.Context, ask policy.Ask, form *web.Form, decision uuid.UUID, which policy.Part) error {
	cut, d, of, err := casefile.Cut(c.Request().Context(), p.DB, ask, decision, which, p.mask(c))
	if err != nil {
		return err
	}
	if form == nil {
		form = web.NewForm("redaction", "part", string(which), "established", cut.Established, "resolved", cut.Resolved)
	}
	page := redactionPage{Form: form, Case: of, Decision: lineOf(d), Part: which, Other: policy.CivilClaim, Upload: cut.Established == ""}
	if which == policy.CivilClaim {
		page.Other = policy.PersonalData
	}
	return p.form(c, form, "redaction", page, policy.RedactionDraft, decision)
}

func (p *Portal) redactionNew(c echo.Context, ask policy.Ask) error {
	return p.showRedactionForm(c, ask, nil, id(c, "decision"), part(c.QueryParam("part")))
}

func (p *Portal) redactionDraft(c echo.Context, ask policy.Ask) error {
	decision := id(c, "decision")
	form := web.ReadForm(c, "redaction")
	draft := casefile.RedactionDraft{
		Part:     web.OneOf(form, "part", policy.Parts...),
		Language: web.Lang(c),
		Upload:   form.File("file", document.MaxUpload),
	}
	if draft.Upload != nil {
		badPDF(form, "file", draft.Upload)
	} else {
		draft.Established = form.Text("established", 20, 20_000)
		draft.Resolved = form.Text("resolved", 10, 20_000)
	}
	p.hereIs(c, policy.RedactionNew, decision)
	again := func() error {
		return p.showRedactionForm(c, ask.To(policy.RedactionNew), form, decision, part(string(draft.Part)))
	}
	if form.Bad() {
		return again()
	}
	var number uuid.UUID
	err := p.sent(c, form, func(tx *vault.DB) (err error) {
		number, err = casefile.DraftRedaction(c.Request().Context(), tx, p.press(), ask, decision, draft)
		return err
	})
	if form.Refused(err) {
		return again()
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.RedactionCheck, number)
}

// redactionCheckPage shows the exact copy before it is signed.
type redactionCheckPage struct {
	Case      casefile.Case
	Redaction casefile.Redaction
	Size      int // bytes
	Signing   signing
}

func (p *Portal) redactionCheck(c echo.Context, ask policy.Ask) error {
	return p.showRedactionCheck(c, ask, "")
}

func (p *Portal) showRedactionCheck(c echo.Context, ask policy.Ask, refusal string) error {
	number := id(c, "redaction")
	r, doc, of, err := casefile.ReadRedaction(c.Request().Context(), p.DB, ask, number)
	if err != nil {
		return err
	}
	if !r.SignedAt.IsZero() {
		return p.redirect(c, policy.DecisionRead, r.Decision)
	}
	page := redactionCheckPage{Case: of, Redaction: r, Size: len(doc.Content)}
	if page.Signing, err = p.signDocument(c, doc, policy.RedactionPaper, policy.RedactionSign, refusal, number); err != nil {
		return err
	}
	return p.showSigning(c, refusal, "redaction_check", page, policy.RedactionCheck, number)
}

func (p *Portal) redactionPaper(c echo.Context, ask policy.Ask) error {
	doc, err := casefile.OpenRedaction(c.Request().Context(), p.DB, ask, id(c, "redaction"))
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, string(doc.Kind), c.QueryParam("keep") != "")
}

func (p *Portal) redactionSign(c echo.Context, ask policy.Ask) error {
	number := id(c, "redaction")
	ctx := c.Request().Context()
	r, _, _, err := casefile.ReadRedaction(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	cms, digest, err := p.signed(c)
	if err != nil {
		return err
	}
	if err := casefile.SignRedaction(ctx, p.DB, p.Verifier, ask, number, cms, digest); err != nil {
		refusal, err := refused(err)
		if err != nil {
			return err
		}
		return p.showRedactionCheck(c, ask.To(policy.RedactionCheck), refusal)
	}
	return p.redirect(c, policy.DecisionRead, r.Decision)
}

func (p *Portal) redactionDiscard(c echo.Context, ask policy.Ask) error {
	number := id(c, "redaction")
	ctx := c.Request().Context()
	r, _, _, err := casefile.ReadRedaction(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	if err := casefile.DiscardRedaction(ctx, p.DB, ask, number); err != nil {
		return err
	}
	return p.redirect(c, policy.DecisionRead, r.Decision)
}
