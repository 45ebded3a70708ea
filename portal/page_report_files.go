package portal

import (
	"io"
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/attachment"
	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/report"
	"zharia/portal/web"
)

// reportFilesPage are the files beside a report: of a draft, with the place to add more;
// of one that is registered, to be opened.
type reportFilesPage struct {
	Report   report.Report
	Files    []attachmentLine
	Coming   []attachmentLine // begun, and not come whole
	Draft    bool
	Mine     bool
	To       string // the body they are for; "" where it is not chosen yet
	Free     int
	Together string
	Accept   string
	Refused  []refusedFile
	Shielded bool
	Exit     string
}

func (p *Portal) reportFiles(c echo.Context, ask policy.Ask) error {
	return p.showReportFiles(c, ask, id(c, "report"), nil)
}

func (p *Portal) showReportFiles(c echo.Context, ask policy.Ask, number uuid.UUID, refused []refusedFile) error {
	ctx := c.Request().Context()
	r, a, all, err := report.Files(ctx, p.DB, ask.To(policy.ReportFiles), number)
	if err != nil {
		return err
	}
	bodies, err := report.Bodies(ctx, p.DB)
	if err != nil {
		return err
	}
	w := p.Words.In(web.Lang(c))
	page := reportFilesPage{
		Report: r, Draft: r.Status == report.Draft, Mine: r.Author == ask.Person || r.Status == report.Draft, Free: attachment.MaxFiles - len(all),
		Accept: attachment.Accept(), Refused: refused, Shielded: a.Shielded() && r.Author == ask.Person, Exit: weather,
	}
	for _, b := range bodies {
		if b.ID == a.Body {
			page.To = b.In(w.Code)
		}
	}
	page.Files, page.Coming = attachmentLines(w, all)
	bytes := int64(0)
	for _, one := range all {
		bytes += one.Size
	}
	page.Together = length(w, bytes)
	status := http.StatusOK
	p.hereIs(c, policy.ReportFiles, number)
	frame := p.frame(c)
	if frame.Problem = len(refused) > 0; frame.Problem {
		status = http.StatusUnprocessableEntity
	}
	return p.pages.Show(c, status, "report_files", frame, page)
}

// reportFileAdd takes the files of a form, one after another, each as it comes.
func (p *Portal) reportFileAdd(c echo.Context, ask policy.Ask) error {
	ctx, number := c.Request().Context(), id(c, "report")
	if _, err := report.Read(ctx, p.DB, ask, number); err != nil { // before a byte of it is read
		return err
	}
	refused, err := p.eachFile(c, func(fresh uuid.UUID, name string, file io.Reader) error {
		n := attachment.New{ID: fresh, Beside: attachment.Beside{Report: number}, Name: name, Size: attachment.Unknown}
		return report.AddFile(ctx, p.DB, p.Scanner, ask, n, file)
	})
	if err != nil {
		return err
	}
	if refused != nil {
		return p.showReportFiles(c, ask, number, refused)
	}
	return p.redirect(c, policy.ReportFiles, number)
}

// reportFileBegin makes room for a file that a script is about to send.
func (p *Portal) reportFileBegin(c echo.Context, ask policy.Ask) error {
	ctx, number := c.Request().Context(), id(c, "report")
	if _, err := report.Read(ctx, p.DB, ask, number); err != nil {
		return err
	}
	n, ok := announced(c)
	if !ok {
		return p.toScript(c, attachment.Attachment{}, fault.New(fault.Invalid, "form.unreadable"))
	}
	n.Report = number
	a, err := report.BeginFile(ctx, p.DB, ask, n)
	return p.toScript(c, a, err)
}
