package portal

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/tip"
	"zharia/portal/vault"
	"zharia/portal/web"
)

// tipsPage is what came to the body without a name.
type tipsPage struct {
	Tips    []tip.Tip
	Last    uuid.UUID // the one after which the list goes on
	More    bool      // it goes on
	Further bool      // this is not its first part
}

func (p *Portal) tips(c echo.Context, ask policy.Ask) error {
	after, err := rowAfter(c, "after")
	if err != nil {
		return err
	}
	page := tipsPage{Further: after != uuid.Nil}
	if page.Tips, page.More, err = tip.List(c.Request().Context(), p.DB, ask, after); err != nil {
		return err
	}
	if n := len(page.Tips); n > 0 {
		page.Last = page.Tips[n-1].ID
	}
	return p.show(c, "tips", page)
}

// tipDeskPage is one of them, with the forms of the answer and of the end.
type tipDeskPage struct {
	Form  *web.Form
	Tip   tip.Tip
	Max   int
	Files []tipFileLine
	Gone  time.Time // the texts are destroyed on this day
}

// tipFileLine is a file that came with a tip.
type tipFileLine struct {
	tip.File
	ID     uuid.UUID
	Length string
	Day    time.Time
}

func (p *Portal) tipOpen(c echo.Context, ask policy.Ask) error {
	t, err := tip.Open(c.Request().Context(), p.DB, ask, id(c, "tip"))
	if err != nil {
		return err
	}
	return p.showTipDesk(c, freshTipForm(), t)
}

func freshTipForm() *web.Form { return web.NewForm("tip_desk", "id", uuid.NewString()) }

func (p *Portal) showTipDesk(c echo.Context, form *web.Form, t tip.Tip) error {
	page := tipDeskPage{Form: form, Tip: t, Max: tip.MaxReply}
	for _, m := range t.Messages {
		for _, f := range m.Files {
			if !m.Gone {
				page.Files = append(page.Files, tipFileLine{f, tip.FileID(m.ID, f.N), length(p.Words.In(web.Lang(c)), f.Size), m.Day})
			}
		}
	}
	if !t.ClosedOn.IsZero() {
		page.Gone = tip.GoneOn(t.ClosedOn)
	}
	return p.form(c, form, "tip_desk", page, policy.TipAnswer, t.ID)
}

func (p *Portal) tipAnswer(c echo.Context, ask policy.Ask) error {
	return p.tipReply(c, ask, tip.Answer)
}

func (p *Portal) tipClose(c echo.Context, ask policy.Ask) error { return p.tipReply(c, ask, tip.Close) }

// tipSaid is what an official says to whoever holds the code.
type tipSaid func(ctx context.Context, db *vault.DB, ask policy.Ask, tip, id uuid.UUID, text string) error

func (p *Portal) tipReply(c echo.Context, ask policy.Ask, do tipSaid) error {
	ctx, of := c.Request().Context(), id(c, "tip")
	form := web.ReadForm(c, "tip_desk")
	number, text := form.ID("id"), form.Text("text", 2, tip.MaxReply)
	p.hereIs(c, policy.TipOpen, of)
	if !form.Bad() {
		err := do(ctx, p.DB, ask, of, number, text)
		if err == nil {
			return p.redirect(c, policy.TipOpen, of)
		}
		told := new(fault.Fault)
		if !errors.As(err, &told) || told.Kind != fault.Conflict {
			return err
		}
		form.Wrong("", told.Message)
	}
	t, err := tip.Open(ctx, p.DB, ask.To(policy.TipOpen), of) // whoever sends an empty form reads it, too
	if err != nil {
		return err
	}
	return p.showTipDesk(c, form, t)
}
