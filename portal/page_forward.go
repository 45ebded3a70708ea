package portal

import (
	"errors"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/guide"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/web"
)

// besidePage is the check of a paper beside a filing, before it is signed.
type besidePage struct {
	Filing    filing.Filing
	Size      int // bytes of the paper
	Signing   signing
	Forward   filing.Forward
	Extension filing.Extension
	Addition  filing.Addition
}

// paperOf is the number of a paper among several in an address; zero for the draft.
func paperOf(c echo.Context) uuid.UUID {
	of, _ := uuid.Parse(c.QueryParam("of"))
	return of
}

// forwardPage is where an official hands on what is not his to decide.
type forwardPage struct {
	Form    *web.Form
	Filing  filing.Filing
	Seats   []web.Option
	Himself []web.Option
}

func (p *Portal) showForwardForm(c echo.Context, ask policy.Ask, form *web.Form, f filing.Filing) error {
	all, err := f.Onward(c.Request().Context(), p.DB, ask, form.Chosen("himself"))
	if err != nil {
		return err
	}
	w := p.Words.In(web.Lang(c))
	page := forwardPage{Form: form, Filing: f, Himself: []web.Option{{Value: "1", Label: w.T("forward_new.himself.yes")}}}
	for _, s := range all {
		page.Seats = append(page.Seats, web.Option{
			Value: string(s.Seat), Label: w.T("paper.seat."+string(s.Seat), "name", s.Official.Name), Hint: s.Official.Body.In(w.Code),
		})
	}
	if form.Value("to") == "" && !form.Problem() {
		form.Set("to", string(all[0].Seat))
	}
	p.hereIs(c, policy.ForwardNew, f.ID)
	return p.form(c, form, "forward_new", page, policy.ForwardDraft, f.ID)
}

func (p *Portal) forwardNew(c echo.Context, ask policy.Ask) error {
	number := id(c, "filing")
	f, err := filing.Read(c.Request().Context(), p.DB, ask, number)
	if err != nil {
		return err
	}
	form := web.NewForm("forward_new")
	_, old, _, err := filing.ForwardDraft(c.Request().Context(), p.DB, ask, number)
	switch {
	case conflict(err):
		return p.redirect(c, policy.FilingRead, number)
	case err == nil:
		form.Set("to", string(old.Seat))
		form.Set("words", old.Words)
		if old.Himself {
			form.Set("himself", "1")
		}
	case !errors.Is(err, fault.NotFound):
		return err
	}
	return p.showForwardForm(c, ask, form, f)
}

func (p *Portal) forwardDraft(c echo.Context, ask policy.Ask) error {
	number, ctx := id(c, "filing"), c.Request().Context()
	f, err := filing.Read(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	form := web.ReadForm(c, "forward_new")
	n := filing.NewForward{
		To:       web.OneOf(form, "to", guide.AllSeats...),
		Himself:  form.Chosen("himself"),
		Words:    form.Text("words", filing.MinText, filing.MaxText),
		Language: web.Lang(c),
	}
	if form.Bad() {
		return p.showForwardForm(c, ask, form, f)
	}
	err = p.sent(c, form, func(tx *vault.DB) error { return filing.DraftForward(ctx, tx, p.press(), ask, number, n) })
	if form.Refused(err) {
		return p.showForwardForm(c, ask, form, f)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.ForwardCheck, number)
}

func (p *Portal) forwardCheck(c echo.Context, ask policy.Ask) error {
	return p.showForwardCheck(c, ask, "")
}

func (p *Portal) showForwardCheck(c echo.Context, ask policy.Ask, refusal string) error {
	f, w, doc, err := filing.ForwardDraft(c.Request().Context(), p.DB, ask, id(c, "filing"))
	if conflict(err) {
		return p.redirect(c, policy.FilingRead, c.Param("filing"))
	}
	if err != nil {
		return err
	}
	page := besidePage{Filing: f, Forward: w, Size: len(doc.Content)}
	if page.Signing, err = p.signDocument(c, doc, policy.ForwardPaper, policy.FilingForward, refusal, f.ID); err != nil {
		return err
	}
	page.Signing.Button = "forward_check.sign"
	return p.showSigning(c, refusal, "forward_check", page, policy.ForwardCheck, f.ID)
}

func (p *Portal) forwardPaper(c echo.Context, ask policy.Ask) error {
	f, doc, err := filing.ForwardPaper(c.Request().Context(), p.DB, ask, id(c, "filing"), paperOf(c))
	return besidePDF(c, f, doc, err)
}

// besidePDF gives a paper that lies beside a filing.
func besidePDF(c echo.Context, f filing.Filing, doc document.Document, err error) error {
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, name(f, string(doc.Kind)), c.QueryParam("keep") != "")
}

// Whoever handed it on does not find it any more, unless he supervises the case: he is
// led to his list.
func (p *Portal) filingForward(c echo.Context, ask policy.Ask) error {
	number, ctx := id(c, "filing"), c.Request().Context()
	cms, digest, err := p.signed(c)
	if err != nil {
		return err
	}
	if err := filing.HandOn(ctx, p.DB, p.Verifier, ask, number, cms, digest); err != nil {
		refusal, err := refused(err)
		if err != nil {
			return err
		}
		return p.showForwardCheck(c, ask.To(policy.ForwardCheck), refusal)
	}
	if _, err := filing.Read(ctx, p.DB, ask.To(policy.FilingRead), number); err == nil {
		return p.redirect(c, policy.FilingRead, number)
	}
	return p.redirect(c, start(me(c)))
}

// movesView is what happened to a filing between its signing and its answer, and what
// its reader may do about it.
type movesView struct {
	Forwards   []filing.Forward
	Extension  *filing.Extension
	Additions  []filing.Addition
	Cancelling *filing.Cancelling
	May        map[string]bool // what the one who must decide may do now
	Reply      bool            // its author is asked to add
	Disputed   bool            // the decision it is about opens to the one who must decide
	Draft      bool            // a paper that hands it on waits for his signature
}

func (p *Portal) movesOf(c echo.Context, ask policy.Ask, f filing.Filing) (movesView, error) {
	ctx := c.Request().Context()
	var out movesView
	var err error
	if out.Forwards, err = filing.Forwards(ctx, p.DB, f); err != nil {
		return out, err
	}
	if out.Additions, err = filing.Additions(ctx, p.DB, ask, f); err != nil {
		return out, err
	}
	switch e, err := filing.ExtensionOf(ctx, p.DB, f); {
	case err == nil:
		out.Extension = &e
	case !errors.Is(err, fault.NotFound):
		return out, err
	}
	switch k, err := filing.CancellingOf(ctx, p.DB, f); {
	case err == nil:
		out.Cancelling = &k
	case !errors.Is(err, fault.NotFound):
		return out, err
	}
	out.May = map[string]bool{}
	for _, act := range f.Acts(ask, policy.FilingForward, policy.FilingExtend, policy.FilingAsk) {
		out.May[string(act)] = true
	}
	out.May[string(policy.FilingExtend)] = out.May[string(policy.FilingExtend)] && f.Extendable(ask.At) && f.Decides(ask)
	out.May[string(policy.FilingAsk)] = out.May[string(policy.FilingAsk)] && f.Decides(ask)
	out.May[string(policy.FilingForward)] = out.May[string(policy.FilingForward)] && f.Held() && !f.OfReport()
	out.May[string(policy.FilingGrant)] = f.Decides(ask)
	out.May[string(policy.CancellationNew)] = out.Cancelling != nil && !out.Cancelling.Settled && ask.To(policy.CancellationNew).Check(f.Standing) == nil && f.MaySettle(ask) == nil
	out.Reply = f.Status == filing.Asked && f.Author == ask.Person && !f.Left
	out.Disputed = f.About != uuid.Nil && f.Status.Open() && ask.To(policy.FilingDisputed).Check(f.Standing) == nil
	return out, nil
}
