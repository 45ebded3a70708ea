package portal

import (
	"net/url"
	"slices"
	"strconv"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/policy"
	"zharia/portal/report"
	"zharia/portal/web"
)

// Where people are sent from here: to the state's service for requests, and, by whoever
// must leave a page at once, to the weather.
const (
	otinish = "https://eotinish.kz/"
	weather = "https://www.kazhydromet.kz/"
)

// What somebody comes with, in the order of the question. The first three are reports.
const (
	tellOffence = string(report.Offence)
	tellHome    = string(report.Home)
	tellOfficer = string(report.Officer)
	tellCase    = "case"
	tellOther   = "other"
)

var tells = []string{tellOffence, tellHome, tellOfficer, tellCase, tellOther}

// numbers stand for them in addresses: those stay in the history of a browser, where others
// read what a page is about.
var numbers = func() (out []string) {
	for i := range tells {
		out = append(out, strconv.Itoa(i+1))
	}
	return out
}()

// tellOf is the number of one in an address.
func tellOf(tell string) string { return numbers[slices.Index(tells, tell)] }

// unknownUnit is the answer of one who does not know where an officer serves.
const unknownUnit = "unknown"

// reportStartPage is one of at most three questions before a report, or where they led.
// The answers stand in the address: nothing is kept of who came and went.
type reportStartPage struct {
	Form     *web.Form
	Asked    string       // danger, tell, unit; "" when there is none left
	Options  []web.Option // its answers
	Danger   string
	Tell     string
	About    map[string]string // the numbers of what may be told, for addresses
	Unit     string
	Back     string       // the address of the question before; "" before the first
	Offered  []web.Option // bodies that may receive it, of a report about an officer
	Watch    string       // the prosecutor's office that supervises his unit, or ""
	ID       uuid.UUID    // of the draft that a press of the button begins
	Otinish  string
	Shielded bool
	Exit     string
}

func (p *Portal) reportStart(c echo.Context, ask policy.Ask) error {
	w := p.Words.In(web.Lang(c))
	page := reportStartPage{Form: web.NewForm("report_start"), About: map[string]string{tellOffence: tellOf(tellOffence), tellOfficer: tellOf(tellOfficer)}, Otinish: otinish, Exit: weather}
	page.Danger = choice(c.QueryParam("danger"), "yes", "no")
	if i := slices.Index(numbers, c.QueryParam("tell")); i >= 0 {
		page.Tell = tells[i]
	}
	page.Shielded = page.Tell == tellHome
	here, err := p.link(web.Lang(c), string(policy.ReportTriage))
	if err != nil {
		return err
	}
	back := func(pairs url.Values) { page.Back = here + "?" + pairs.Encode() }
	bodies, err := report.Bodies(c.Request().Context(), p.DB)
	if err != nil {
		return err
	}
	units := []string{unknownUnit}
	for _, b := range bodies {
		units = append(units, b.ID.String())
	}
	page.Unit = choice(c.QueryParam("unit"), units...)
	switch {
	case page.Danger == "":
		page.Asked = "danger"
		page.Options = options(w, "report_start.danger.", []string{"no", "yes"})
	case page.Danger == "yes":
		page.Back = here
	case page.Tell == "":
		page.Asked = "tell"
		for _, tell := range tells {
			page.Options = append(page.Options, web.Option{Value: tellOf(tell), Label: w.T("report_start.tell." + tell)})
		}
		page.Back = here
	case page.Tell == tellOfficer && page.Unit == "":
		page.Asked = "unit"
		for _, b := range bodies {
			page.Options = append(page.Options, web.Option{Value: b.ID.String(), Label: b.In(w.Code)})
		}
		page.Options = append(page.Options, web.Option{Value: unknownUnit, Label: w.T("report_start.unit.unknown")})
		back(url.Values{"danger": {"no"}})
	default:
		back(url.Values{"danger": {"no"}})
	}
	if page.Asked == "" && page.Danger == "no" {
		if page.ID, err = uuid.NewV7(); err != nil {
			return err
		}
		page.officer(w.Code, bodies)
	}
	return p.show(c, "report_start", page)
}

// officer tells who may receive a report about an officer, and who watches his unit.
func (page *reportStartPage) officer(lang string, bodies []report.Body) {
	if page.Tell != tellOfficer {
		return
	}
	unit, _ := uuid.Parse(page.Unit) // nobody knows: the zero one
	for _, b := range (report.Answers{Path: report.Officer, Unit: unit}).Offered(bodies) {
		page.Offered = append(page.Offered, web.Option{Value: b.ID.String(), Label: b.In(lang)})
	}
	for _, b := range bodies {
		if b.ID == unit {
			page.Watch = b.Prosecution.In(lang)
		}
	}
}

// choice is one of a closed list, or "".
func choice(given string, list ...string) string {
	for _, v := range list {
		if v == given {
			return v
		}
	}
	return ""
}

// reportBegin makes the draft that the questions led to, and opens its first page.
func (p *Portal) reportBegin(c echo.Context, ask policy.Ask) error {
	form := web.ReadForm(c, "report_start")
	number := form.ID("id")
	path := web.OneOf(form, "path", report.Paths...)
	unit := form.OptionalID("unit")
	if form.Bad() {
		return p.redirect(c, policy.ReportTriage)
	}
	if err := report.Begin(c.Request().Context(), p.DB, ask, number, path, unit, web.Lang(c)); err != nil {
		return err
	}
	return p.redirect(c, policy.ReportQuestion, number, report.AskWhat)
}
