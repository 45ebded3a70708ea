package portal

import (
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/directory"
	"zharia/portal/fault"
	"zharia/portal/job"
	"zharia/portal/notice"
	"zharia/portal/policy"
	"zharia/portal/register/feed"
	"zharia/portal/register/inbound"
	"zharia/portal/web"
)

// unread is how many notices somebody has not read. What cannot be counted now must not
// keep him from his page.
func (p *Portal) unread(c echo.Context, person uuid.UUID) int {
	n, err := notice.Unread(c.Request().Context(), p.DB, person)
	if err != nil {
		slog.WarnContext(c.Request().Context(), "unread notices are not counted", "error", err.Error())
		c.Set(lackingKey, true)
	}
	return n
}

// has tells that people can be told over a channel.
func (p *Portal) has(channel notice.Channel) bool { return slices.Contains(p.Channels, channel) }

// noticesPage is what a person was told, the newest first, and how each went.
type noticesPage struct {
	Notices []noticeLine
	Unread  int
	Older   string // the last one here, if there are older ones
	Newer   bool   // this is not the first page
	Outward bool   // he is told outside the portal as well
}

type noticeLine struct {
	notice.Notice
	Again    bool   // it may be sent once more
	Official string // whom an alarm is about
}

func (p *Portal) notices(c echo.Context, ask policy.Ask) error {
	ctx := c.Request().Context()
	before, err := uuid.Parse(c.QueryParam("before"))
	if err != nil && c.QueryParam("before") != "" {
		return fault.New(fault.NotFound, "fault.not-found")
	}
	all, more, err := notice.List(ctx, p.DB, ask, before)
	if err != nil {
		return err
	}
	contacts, err := notice.ContactsOf(ctx, p.DB, ask.To(policy.NoticeSettings))
	if err != nil {
		return err
	}
	page := noticesPage{Newer: before != uuid.Nil}
	page.Outward = slices.ContainsFunc(contacts, func(c notice.Contact) bool { return c.Confirmed && p.has(c.Channel) })
	for _, n := range all {
		if n.ReadAt == nil {
			page.Unread++
		}
		line := noticeLine{Notice: n, Again: page.Outward && n.CanResend(ask.At)}
		if n.Kind == notice.Alarm {
			if line.Official, err = directory.NameOf(ctx, p.DB.DB, n.Of); err != nil {
				return err
			}
		}
		page.Notices = append(page.Notices, line)
	}
	if more {
		page.Older = all[len(all)-1].ID.String()
	}
	return p.show(c, "notices", page)
}

// noticeRead marks one as read and leads to what it is about.
func (p *Portal) noticeRead(c echo.Context, ask policy.Ask) error {
	n, err := notice.Read(c.Request().Context(), p.DB, ask, id(c, "notice"))
	if err != nil {
		return err
	}
	act, of := leadsTo(n, ask)
	if of == uuid.Nil {
		return p.redirect(c, act)
	}
	return p.redirect(c, act, of)
}

// leadsTo is where somebody reads on: the thing itself, its case, or a list of his. Of a
// decision it is the page: where a term begins with the text, that page says so before.
func leadsTo(n notice.Notice, ask policy.Ask) (policy.Act, uuid.UUID) {
	if n.Kind == notice.Access && n.Case.Valid {
		return policy.OpeningList, n.Case.UUID
	}
	if n.Kind == notice.Key {
		return policy.SessionList, uuid.Nil
	}
	if n.Decision != "" {
		return policy.DecisionRead, n.Of
	}
	switch n.Object {
	case "filing":
		return policy.FilingRead, n.Of
	case "report":
		if n.Kind == notice.Work || n.Kind == notice.LastDay || n.Kind == notice.LastDays { // the officer's: to him it is a line of the book
			return policy.BookOpen, n.Of
		}
		return policy.ReportRead, n.Of
	case "request":
		return policy.AccessRead, n.Of
	case "objection":
		if n.Kind == notice.Work { // who asked reads the answer beside the view
			return policy.ObjectionRead, n.Of
		}
	case "familiarisation":
		return policy.FamiliarisationRead, n.Of
	case "errand":
		return policy.ErrandRead, n.Of
	case "assistant":
		return policy.ErrandList, uuid.Nil
	case "contact":
		return policy.NoticeSettings, uuid.Nil
	case "appointment":
		if ask.Is&policy.Administrator != 0 {
			return policy.AppointmentRead, n.Of
		}
	}
	if n.Case.Valid {
		return policy.CaseRead, n.Case.UUID
	}
	return policy.NoticeList, uuid.Nil
}

func (p *Portal) noticeReadAll(c echo.Context, ask policy.Ask) error {
	if err := notice.ReadAll(c.Request().Context(), p.DB, ask); err != nil {
		return err
	}
	return p.redirect(c, policy.NoticeList)
}

func (p *Portal) noticeResend(c echo.Context, ask policy.Ask) error {
	if err := notice.Resend(c.Request().Context(), p.DB, ask, id(c, "notice"), p.has); err != nil {
		return err
	}
	return p.redirect(c, policy.NoticeList)
}

// dutyPage is how telling goes, for whoever keeps watch: counts, and nothing of anybody.
type dutyPage struct {
	Tally notice.Tally
	Old   bool // it was not counted for minutes: the worker itself is down
	Given []job.Given
	Told  []feed.Duty // how the register is told
	Aside []asideLine // what the register sent and could not be taken
}

type asideLine struct {
	inbound.Aside
	Why string // its code in words
}

// countedEvery is after how long the count itself shows that nobody counts.
const countedEvery = 2 * time.Minute

func (p *Portal) duty(c echo.Context, ask policy.Ask) error {
	t, err := notice.Duty(c.Request().Context(), p.DB.DB, ask)
	if err != nil {
		return err
	}
	given, err := job.GivenUp(c.Request().Context(), p.DB.DB, ask)
	if err != nil {
		return err
	}
	aside, err := inbound.SetAside(c.Request().Context(), p.DB.DB, ask)
	if err != nil {
		return err
	}
	told, err := feed.Watch(c.Request().Context(), p.DB.DB, ask)
	if err != nil {
		return err
	}
	w := p.Words.In(web.Lang(c))
	page := dutyPage{Tally: t, Old: t.CountedAt == nil || ask.At.Sub(*t.CountedAt) > countedEvery, Given: given, Told: told}
	for _, a := range aside {
		page.Aside = append(page.Aside, asideLine{a, w.T(a.Code)})
	}
	return p.show(c, "duty", page)
}

// settingsPage is where a person is told, and how he wishes to be.
type settingsPage struct {
	Form      *web.Form
	Contacts  []notice.Contact
	Channels  []notice.Channel // that the portal can send over
	Languages []web.Option
	First     []web.Option // channels
	Hours     []web.Option
	Push      string // the key by which this browser takes news, or ""
}

func (p *Portal) noticeSettings(c echo.Context, ask policy.Ask) error {
	m, err := notice.MannerOf(c.Request().Context(), p.DB, ask)
	if err != nil {
		return err
	}
	form := web.NewForm("notice_settings", "language", m.Language, "channel", string(m.Channel), "from", hour(m.From), "to", hour(m.To))
	for name, set := range map[string]bool{"silent": m.Silent, "discreet": m.Discreet} {
		if set {
			form.Set(name, "yes")
		}
	}
	return p.showSettings(c, ask, form)
}

func hour(h int) string { return time.Date(2000, 1, 1, h, 0, 0, 0, time.UTC).Format("15:04") }

func (p *Portal) showSettings(c echo.Context, ask policy.Ask, form *web.Form) error {
	w := p.Words.In(web.Lang(c))
	page := settingsPage{Form: form, Channels: p.Channels, Push: p.pushKey()}
	var err error
	if page.Contacts, err = notice.ContactsOf(c.Request().Context(), p.DB, ask.To(policy.NoticeSettings)); err != nil {
		return err
	}
	for _, lang := range []string{"kk", "ru"} {
		page.Languages = append(page.Languages, web.Option{Value: lang, Label: w.T("notice_settings.language." + lang)})
	}
	for _, channel := range notice.Outward {
		if p.has(channel) {
			page.First = append(page.First, web.Option{Value: string(channel), Label: w.T("notices.channel." + string(channel))})
		}
	}
	for h := range 24 {
		page.Hours = append(page.Hours, web.Option{Value: hour(h), Label: hour(h)})
	}
	return p.form(c, form, "notice_settings", page, policy.NoticeSet)
}

func (p *Portal) noticeSet(c echo.Context, ask policy.Ask) error {
	form := web.ReadForm(c, "notice_settings")
	p.hereIs(c, policy.NoticeSettings)
	m := notice.Manner{Silent: form.Chosen("silent"), Discreet: form.Chosen("discreet")}
	m.Language = web.OneOf(form, "language", "kk", "ru")
	if form.Value("channel") != "" {
		m.Channel = web.OneOf(form, "channel", notice.Outward...)
	}
	m.From, m.To = readHour(form, "from"), readHour(form, "to")
	if form.Bad() {
		return p.showSettings(c, ask, form)
	}
	if err := notice.SetManner(c.Request().Context(), p.DB, ask, m); err != nil {
		return err
	}
	return p.redirect(c, policy.NoticeSettings)
}

func readHour(form *web.Form, name string) int {
	var hours []string
	for h := range 24 {
		hours = append(hours, hour(h))
	}
	return max(0, slices.Index(hours, web.OneOf(form, name, hours...)))
}

// contactNewPage asks for an address.
type contactNewPage struct {
	Form     *web.Form
	Channels []web.Option
}

func (p *Portal) contactNew(c echo.Context, ask policy.Ask) error {
	return p.showContactNew(c, web.NewForm("contact_new"))
}

func (p *Portal) showContactNew(c echo.Context, form *web.Form) error {
	w := p.Words.In(web.Lang(c))
	page := contactNewPage{Form: form}
	for _, channel := range []notice.Channel{notice.Email, notice.SMS} {
		if p.has(channel) {
			page.Channels = append(page.Channels, web.Option{Value: string(channel), Label: w.T("notices.channel." + string(channel))})
		}
	}
	return p.form(c, form, "contact_new", page, policy.ContactAdd)
}

func (p *Portal) contactAdd(c echo.Context, ask policy.Ask) error {
	form := web.ReadForm(c, "contact_new")
	p.hereIs(c, policy.ContactNew)
	channel := web.OneOf(form, "channel", p.Channels...)
	address := form.Line("address", 1, notice.MaxPush)
	if form.Bad() {
		return p.showContactNew(c, form)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	if err := notice.AddContact(c.Request().Context(), p.DB, ask, id, channel, address, form.Chosen("safe")); form.Refused(err) {
		return p.showContactNew(c, form)
	} else if err != nil {
		return err
	}
	if channel == notice.Push {
		return p.redirect(c, policy.NoticeSettings)
	}
	return p.redirect(c, policy.ContactRead, id)
}

// contactPage is where the code that came to an address is typed.
type contactPage struct {
	Form    *web.Form
	Contact notice.Contact
}

func (p *Portal) contact(c echo.Context, ask policy.Ask) error {
	return p.showContact(c, ask, web.NewForm("contact"))
}

func (p *Portal) showContact(c echo.Context, ask policy.Ask, form *web.Form) error {
	all, err := notice.ContactsOf(c.Request().Context(), p.DB, ask.To(policy.ContactRead))
	if err != nil {
		return err
	}
	of := id(c, "contact")
	i := slices.IndexFunc(all, func(c notice.Contact) bool { return c.ID == of })
	switch {
	case i < 0:
		return fault.New(fault.NotFound, "fault.not-found")
	case all[i].Confirmed:
		return p.redirect(c, policy.NoticeSettings)
	}
	return p.form(c, form, "contact", contactPage{form, all[i]}, policy.ContactConfirm, of)
}

func (p *Portal) contactConfirm(c echo.Context, ask policy.Ask) error {
	form := web.ReadForm(c, "contact")
	p.hereIs(c, policy.ContactRead, id(c, "contact"))
	code := form.Line("code", 1, 20)
	if form.Bad() {
		return p.showContact(c, ask, form)
	}
	if err := notice.ConfirmContact(c.Request().Context(), p.DB, ask, id(c, "contact"), code); form.Refused(err) {
		return p.showContact(c, ask, form)
	} else if err != nil {
		return err
	}
	return p.redirect(c, policy.NoticeSettings)
}

func (p *Portal) contactCode(c echo.Context, ask policy.Ask) error {
	if err := notice.SendCode(c.Request().Context(), p.DB, ask, id(c, "contact")); err != nil {
		return err
	}
	return p.redirect(c, policy.ContactRead, id(c, "contact"))
}

func (p *Portal) contactEnd(c echo.Context, ask policy.Ask) error {
	if err := notice.EndContact(c.Request().Context(), p.DB, ask, id(c, "contact")); err != nil {
		return err
	}
	return p.redirect(c, policy.NoticeSettings)
}
