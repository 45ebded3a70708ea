package portal

import (
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/filing"
	"zharia/portal/guide"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/web"
)

// reportComplaintPage is where the complaint about what became of a report is read over
// and changed before it is signed.
type reportComplaintPage struct {
	Form   *web.Form
	Report filing.Reported
	Seats  []web.Option // who decides: the prosecutor, or the court
	Max    int
}

func (p *Portal) showReportComplaint(c echo.Context, ask policy.Ask, form *web.Form, r filing.Reported) error {
	to, err := r.To(c.Request().Context(), p.DB, ask)
	if err != nil {
		return err
	}
	w := p.Words.In(web.Lang(c))
	page := reportComplaintPage{Form: form, Report: r, Max: filing.MaxText}
	for _, s := range to {
		page.Seats = append(page.Seats, web.Option{
			Value: string(s.Seat), Label: w.T("report_complaint.to."+string(s.Seat), "name", s.Official.Name),
			Hint: w.T("report_complaint.to."+string(s.Seat)+".hint", "body", s.Official.Body.In(w.Code)),
		})
	}
	if form.Value("to") == "" {
		form.Set("to", string(to[0].Seat))
	}
	p.hereIs(c, policy.ReportComplaint, r.ID)
	return p.form(c, form, "report_complaint", page, policy.ReportComplain, r.ID)
}

func (p *Portal) reportComplaint(c echo.Context, ask policy.Ask) error {
	r, f, err := filing.ReportComplaint(c.Request().Context(), p.DB, ask, id(c, "report"))
	if err != nil {
		return err
	}
	if f.ID != uuid.Nil && f.Status != filing.Draft {
		return p.redirect(c, policy.FilingRead, f.ID)
	}
	circumstances, request, to := f.Circumstances, strings.Join(f.Requests(), "\n"), f.Seat
	if circumstances == "" {
		circumstances, request = filing.ReadyReport(r, p.Words.In(web.Lang(c)), ask.At)
	}
	form := web.NewForm("report_complaint", "to", string(to), "circumstances", circumstances, "request", request)
	return p.showReportComplaint(c, ask, form, r)
}

// reportComplain is one step from a refusal, or from silence, to the complaint that is
// ready to be signed. The page on which it is changed sends its texts here, too.
func (p *Portal) reportComplain(c echo.Context, ask policy.Ask) error {
	ctx, report := c.Request().Context(), id(c, "report")
	form := web.ReadForm(c, "report_complaint")
	n := filing.NewFiling{Language: web.Lang(c), To: optional(form, "to", guide.Chief, guide.Higher, guide.Judge, guide.Appeal)}
	if form.Chosen("circumstances") || form.Chosen("request") {
		n.Circumstances = form.Text("circumstances", filing.MinText, filing.MaxText)
		n.Points = []string{form.Text("request", filing.MinText, filing.MaxPointText)}
	}
	again := func() error {
		r, _, err := filing.ReportComplaint(ctx, p.DB, ask, report)
		if err != nil {
			return err
		}
		return p.showReportComplaint(c, ask, form, r)
	}
	if form.Bad() {
		return again()
	}
	var of uuid.UUID
	err := p.sent(c, form, func(tx *vault.DB) (err error) {
		of, err = filing.ComplainOfReport(ctx, tx, p.press(), ask, report, n)
		return err
	})
	if form.Refused(err) {
		return again()
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.FilingRead, of)
}
