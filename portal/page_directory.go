package portal

import (
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/directory"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/web"
)

// directoryPage is the directory of officials: for an administrator by body, for a
// head or a chief his own.
type directoryPage struct {
	Form          *web.Form // of the search; nil for a head
	Administrator bool
	Waiting       []directory.Appointment // for a second person
	Settled       []directory.Appointment
	Bodies        []directory.Body
	Body          uuid.UUID // that is shown; zero for none
	Officials     []directory.Official
	Sought        bool
	Found         []directory.Official
}

func (p *Portal) directory(c echo.Context, ask policy.Ask) error {
	if ask.Is&policy.Administrator != 0 {
		return p.showDirectory(c, ask, web.NewForm("directory"), directoryPage{})
	}
	ctx := c.Request().Context()
	var page directoryPage
	var err error
	if page.Officials, err = directory.Own(ctx, p.DB, ask); err != nil {
		return err
	}
	if page.Waiting, err = directory.Waiting(ctx, p.DB, ask); err != nil {
		return err
	}
	if page.Settled, err = directory.Settled(ctx, p.DB, ask); err != nil {
		return err
	}
	return p.show(c, "directory", page)
}

func (p *Portal) showDirectory(c echo.Context, ask policy.Ask, form *web.Form, page directoryPage) error {
	ctx := c.Request().Context()
	page.Form, page.Administrator = form, true
	page.Body, _ = uuid.Parse(c.QueryParam("body"))
	var err error
	if page.Waiting, err = directory.Waiting(ctx, p.DB, ask); err != nil {
		return err
	}
	if page.Settled, err = directory.Settled(ctx, p.DB, ask); err != nil {
		return err
	}
	if page.Bodies, err = directory.Bodies(ctx, p.DB, ask); err != nil {
		return err
	}
	if page.Body != uuid.Nil {
		if page.Officials, err = directory.Officials(ctx, p.DB, ask, page.Body); err != nil {
			return err
		}
	}
	return p.form(c, form, "directory", page, policy.DirectoryFind)
}

// directoryFind is posted: an IIN must not stand in an address, nor in a log.
func (p *Portal) directoryFind(c echo.Context, ask policy.Ask) error {
	form := web.ReadForm(c, "directory")
	iin := form.IIN("iin")
	p.hereIs(c, policy.DirectoryRead)
	if form.Bad() {
		return p.showDirectory(c, ask, form, directoryPage{})
	}
	found, err := directory.Find(c.Request().Context(), p.DB, ask, eds.IIN(iin))
	page := directoryPage{Sought: true}
	switch {
	case err == nil:
		page.Found = []directory.Official{found}
	case !errors.Is(err, fault.NotFound):
		return err
	}
	return p.showDirectory(c, ask, form, page)
}

// appointmentNewPage is where an entry is written.
type appointmentNewPage struct {
	Form   *web.Form
	What   []web.Option
	Posts  []web.Option
	Bodies []web.Option
}

// What an entry does; the field says which.
const (
	enters = "enters"
	leaves = "leaves"
)

func (p *Portal) showAppointmentForm(c echo.Context, ask policy.Ask, form *web.Form) error {
	w := p.Words.In(web.Lang(c))
	page := appointmentNewPage{Form: form}
	for _, what := range []string{enters, leaves} {
		page.What = append(page.What, web.Option{Value: what, Label: w.T("appointment_new.what." + what)})
	}
	for _, post := range policy.Posts {
		page.Posts = append(page.Posts, web.Option{Value: post, Label: w.T("post." + post)})
	}
	bodies, err := directory.Bodies(c.Request().Context(), p.DB, ask)
	if err != nil {
		return err
	}
	for _, b := range bodies {
		page.Bodies = append(page.Bodies, web.Option{Value: b.ID.String(), Label: b.In(web.Lang(c))})
	}
	return p.form(c, form, "appointment_new", page, policy.AppointmentDraft)
}

func (p *Portal) appointmentNew(c echo.Context, ask policy.Ask) error {
	fresh, err := uuid.NewV7()
	if err != nil {
		return err
	}
	form := web.NewForm("appointment_new", "id", fresh.String(), "what", enters)
	if of, err := uuid.Parse(c.QueryParam("officer")); err == nil { // his entry is to be changed
		o, err := directory.Known(c.Request().Context(), p.DB, ask, of)
		if err != nil {
			return err
		}
		form.Set("name", o.Name)
		form.Set("post", o.Post)
		form.Set("body", o.BodyID.String())
		if !o.Until.IsZero() {
			form.Set("until", o.Until.Format(time.DateOnly))
		}
	}
	return p.showAppointmentForm(c, ask, form)
}

func (p *Portal) appointmentDraft(c echo.Context, ask policy.Ask) error {
	form := web.ReadForm(c, "appointment_new")
	number := form.ID("id")
	e := directory.Entry{
		Leaves: web.OneOf(form, "what", enters, leaves) == leaves, IIN: eds.IIN(form.IIN("iin")), Language: web.Lang(c),
	}
	if !e.Leaves {
		e.Name, e.Post = form.Line("name", 2, 150), web.OneOf(form, "post", policy.Posts...)
		e.Body, e.Until = form.ID("body"), form.OptionalDate("until", ask.At.Add(directory.Longest))
	}
	p.hereIs(c, policy.AppointmentNew)
	if form.Bad() {
		return p.showAppointmentForm(c, ask, form)
	}
	err := directory.DraftEntry(c.Request().Context(), p.DB, p.press(), ask, number, e)
	if form.Refused(err) {
		return p.showAppointmentForm(c, ask, form)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.AppointmentRead, number)
}

// appointmentPage is one entry: a draft for its proposer to sign, then for whoever may
// be the second, then what came of it.
type appointmentPage struct {
	Form        *web.Form
	Appointment directory.Appointment
	Size        int // bytes of the paper
	Signing     signing
	Replied     bool // the reader has an answer that he has not signed
	Reply       document.Assent
	May         map[string]bool
}

func (p *Portal) appointment(c echo.Context, ask policy.Ask) error {
	return p.showAppointment(c, ask, web.NewForm("appointment"), "")
}

func (p *Portal) showAppointment(c echo.Context, ask policy.Ask, form *web.Form, refusal string) error {
	number, ctx := id(c, "appointment"), c.Request().Context()
	a, doc, err := directory.Paper(ctx, p.DB, ask.To(policy.AppointmentRead), number)
	if err != nil {
		return err
	}
	page := appointmentPage{Form: form, Appointment: a, Size: len(doc.Content), May: map[string]bool{}}
	for _, act := range a.Acts(ask, policy.AppointmentPropose, policy.AppointmentAgree) {
		page.May[string(act)] = true
	}
	switch {
	case page.May[string(policy.AppointmentPropose)]:
		if page.Signing, err = p.signDocument(c, doc, policy.AppointmentPaper, policy.AppointmentPropose, refusal, number); err != nil {
			return err
		}
		return p.showSigning(c, refusal, "appointment", page, policy.AppointmentRead, number)
	case page.May[string(policy.AppointmentAgree)]:
		_, _, _, err := directory.OwnReply(ctx, p.DB, ask.To(policy.AppointmentCheck), number)
		if page.Replied = err == nil; err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		return p.form(c, form, "appointment", page, policy.AppointmentReply, number)
	}
	page.Reply, err = directory.ReplyTo(ctx, p.DB, a)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	return p.show(c, "appointment", page)
}

func (p *Portal) appointmentPaper(c echo.Context, ask policy.Ask) error {
	_, doc, err := directory.Paper(c.Request().Context(), p.DB, ask, id(c, "appointment"))
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, string(doc.Kind), c.QueryParam("keep") != "")
}

func (p *Portal) appointmentPropose(c echo.Context, ask policy.Ask) error {
	number, ctx := id(c, "appointment"), c.Request().Context()
	if _, err := directory.Read(ctx, p.DB, ask, number); err != nil {
		return err
	}
	cms, digest, err := p.signed(c)
	if err != nil {
		return err
	}
	if err := directory.Propose(ctx, p.DB, p.Verifier, ask, number, cms, digest); err != nil {
		refusal, err := refused(err)
		if err != nil {
			return err
		}
		return p.showAppointment(c, ask, web.NewForm("appointment"), refusal)
	}
	return p.redirect(c, policy.AppointmentRead, number)
}

func (p *Portal) appointmentDiscard(c echo.Context, ask policy.Ask) error {
	if err := directory.Discard(c.Request().Context(), p.DB, ask, id(c, "appointment")); err != nil {
		return err
	}
	return p.redirect(c, policy.DirectoryRead)
}

// appointmentReply prepares the second person's yes or no.
func (p *Portal) appointmentReply(c echo.Context, ask policy.Ask) error {
	number, ctx := id(c, "appointment"), c.Request().Context()
	if _, err := directory.Read(ctx, p.DB, ask, number); err != nil {
		return err
	}
	form := web.ReadForm(c, "appointment")
	agrees := form.Chosen("agrees")
	var reasons string
	if !agrees {
		reasons = form.Text("reasons", filing.MinText, maxDissent)
	}
	p.hereIs(c, policy.AppointmentRead, number)
	if form.Bad() {
		return p.showAppointment(c, ask, form, "")
	}
	if err := directory.Reply(ctx, p.DB, p.press(), ask, number, agrees, reasons, web.Lang(c)); err != nil {
		return err
	}
	return p.redirect(c, policy.AppointmentCheck, number)
}

// appointmentCheckPage shows the exact answer of the second person before he signs it.
type appointmentCheckPage struct {
	Appointment directory.Appointment
	Agrees      bool
	Size        int
	Signing     signing
}

func (p *Portal) appointmentCheck(c echo.Context, ask policy.Ask) error {
	return p.showAppointmentCheck(c, ask, "")
}

func (p *Portal) showAppointmentCheck(c echo.Context, ask policy.Ask, refusal string) error {
	number := id(c, "appointment")
	a, reply, doc, err := directory.OwnReply(c.Request().Context(), p.DB, ask, number)
	if errors.Is(err, fault.NotFound) && a.ID != uuid.Nil || err == nil && a.Status != directory.Proposed {
		return p.redirect(c, policy.AppointmentRead, number)
	}
	if err != nil {
		return err
	}
	page := appointmentCheckPage{Appointment: a, Agrees: reply.Agrees, Size: len(doc.Content)}
	act := policy.AppointmentDecline
	if reply.Agrees {
		act = policy.AppointmentAgree
	}
	if page.Signing, err = p.signDocument(c, doc, policy.AppointmentAnswer, act, refusal, number); err != nil {
		return err
	}
	return p.showSigning(c, refusal, "appointment_check", page, policy.AppointmentCheck, number)
}

func (p *Portal) appointmentAnswer(c echo.Context, ask policy.Ask) error {
	_, _, doc, err := directory.OwnReply(c.Request().Context(), p.DB, ask, id(c, "appointment"))
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, string(doc.Kind), false)
}

// appointmentSettle puts the second person's signature on his answer: by the address,
// the entry takes effect or it never will.
func (p *Portal) appointmentSettle(c echo.Context, ask policy.Ask) error {
	number, ctx := id(c, "appointment"), c.Request().Context()
	if _, err := directory.Read(ctx, p.DB, ask, number); err != nil {
		return err
	}
	cms, digest, err := p.signed(c)
	if err != nil {
		return err
	}
	if err := directory.Settle(ctx, p.DB, p.Verifier, ask, number, cms, digest); err != nil {
		refusal, err := refused(err)
		if err != nil {
			return err
		}
		return p.showAppointmentCheck(c, ask.To(policy.AppointmentCheck), refusal)
	}
	return p.redirect(c, policy.AppointmentRead, number)
}
