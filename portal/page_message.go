package portal

import (
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/web"
)

// messagesPage is what the author of a filing and the official who decides it wrote to
// one another, for all who may read it; the two write here.
type messagesPage struct {
	Form     *web.Form
	Filing   filing.Filing
	Messages []messageLine
	MayWrite bool
	Mine     bool // the filing is the reader's
	Max      int
	Day      int // how many may be sent in a day
}

type messageLine struct {
	filing.Message
	Mine bool
}

func (p *Portal) messages(c echo.Context, ask policy.Ask) error {
	return p.showMessages(c, ask, web.NewForm("messages"), id(c, "filing"))
}

func (p *Portal) showMessages(c echo.Context, ask policy.Ask, form *web.Form, number uuid.UUID) error {
	f, all, err := filing.Messages(c.Request().Context(), p.DB, ask.To(policy.MessageList), number)
	if err != nil {
		return err
	}
	page := messagesPage{Form: form, Filing: f, Mine: f.Author == ask.Person, Max: filing.MaxMessage, Day: filing.MaxMessages,
		MayWrite: (f.Status.Open() || f.Status.Answered()) && ask.To(policy.MessageSend).Check(f.Standing) == nil && !f.Left}
	for _, m := range all {
		page.Messages = append(page.Messages, messageLine{m, m.Mine(ask)})
	}
	p.hereIs(c, policy.MessageList, number)
	return p.form(c, form, "messages", page, policy.MessageSend, number)
}

func (p *Portal) messageSend(c echo.Context, ask policy.Ask) error {
	ctx, number := c.Request().Context(), id(c, "filing")
	if _, err := filing.Read(ctx, p.DB, ask, number); err != nil {
		return err
	}
	form := web.ReadForm(c, "messages")
	text := form.Text("text", filing.MinMessage, filing.MaxMessage)
	if form.Bad() {
		return p.showMessages(c, ask, form, number)
	}
	err := filing.Send(ctx, p.DB, ask, number, text)
	if form.Refused(err) {
		return p.showMessages(c, ask, form, number)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.MessageList, number)
}
