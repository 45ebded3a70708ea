package portal

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/attachment"
	"zharia/portal/deadline"
	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/report"
	"zharia/portal/vault"
	"zharia/portal/web"
)

// bookFilter is a link that shows a part of the book.
type bookFilter struct {
	Show report.Show
	URL  string
	Here bool
}

// bookPage is the book of reports of a body: nothing of whose they are and what they say.
type bookPage struct {
	Book     report.Book
	Lines    []reportLine
	Filters  []bookFilter
	Unsigned []report.Report // what this registrar took down and has not signed
	Keeps    bool            // its reader decides; else he reads
	Before   string          // the page before; "" on the first
	After    string
}

// maxBookPage bounds how far one turns the pages of the book.
const maxBookPage = 10_000

func (p *Portal) book(c echo.Context, ask policy.Ask) error {
	ctx := c.Request().Context()
	show := report.Show(choice(c.QueryParam("show"), string(report.ShowOpen), string(report.ShowDecided), string(report.ShowAll)))
	if show == "" {
		show = report.ShowOpen
	}
	n, err := strconv.Atoi(c.QueryParam("page"))
	if err != nil || n < 0 || n > maxBookPage {
		n = 0
	}
	book, err := report.ReadBook(ctx, p.DB, ask, show, n)
	if err != nil {
		return err
	}
	page := bookPage{Book: book, Keeps: ask.Is&policy.Registrar != 0}
	here, err := p.link(web.Lang(c), string(policy.BookRead))
	if err != nil {
		return err
	}
	at := func(show report.Show, n int) string {
		q := url.Values{"show": {string(show)}}
		if n > 0 {
			q.Set("page", strconv.Itoa(n))
		}
		return here + "?" + q.Encode()
	}
	for _, s := range report.Shows {
		page.Filters = append(page.Filters, bookFilter{s, at(s, 0), s == show})
	}
	if n > 0 {
		page.Before = at(show, n-1)
	}
	if book.Further {
		page.After = at(show, n+1)
	}
	for _, r := range book.Lines {
		page.Lines = append(page.Lines, reportLine{r, r.Overdue(ask.At)})
	}
	if page.Keeps {
		if page.Unsigned, err = report.Unsigned(ctx, p.DB, ask.To(policy.EntryNew)); err != nil {
			return err
		}
	}
	return p.show(c, "book", page)
}

// bookReportPage is a report as its body reads it.
type bookReportPage struct {
	Report   report.Report
	Answers  report.Answers
	Lines    []answerLine
	Overdue  bool
	Count    deadline.Counting
	Articles []string // of the Criminal Code, to begin with
	Files    []attachmentLine
	Decision *report.Decision // signed; nil while there is none
	Upheld   *report.Upheld   // a complaint of its author's that was granted; nil for none
	Keeps    bool             // its reader may decide
	Own      bool             // it is his own, so another decides
	Drafted  bool             // he has a decision that waits for his signature
}

func (p *Portal) bookOpen(c echo.Context, ask policy.Ask) error {
	ctx := c.Request().Context()
	r, a, err := report.OpenInBook(ctx, p.DB, ask, id(c, "report"))
	if err != nil {
		return err
	}
	bodies, err := report.Bodies(ctx, p.DB)
	if err != nil {
		return err
	}
	page := bookReportPage{
		Report: r, Answers: a, Lines: answerLines(p.Words.In(web.Lang(c)), a, bodies), Overdue: r.Overdue(ask.At), Count: r.Counting(),
		Articles: a.Category.Suggested(), Keeps: ask.Is&policy.Registrar != 0, Own: r.Author == ask.Person,
	}
	all, err := attachment.Of(ctx, p.DB, r.ID)
	if err != nil {
		return err
	}
	page.Files, _ = attachmentLines(p.Words.In(web.Lang(c)), all)
	if r.Contestable(ask.At) {
		if page.Upheld, err = report.UpheldInBook(ctx, p.DB, ask, r.ID); err != nil {
			return err
		}
	}
	if r.Status.Decided() {
		d, err := report.DecisionInBook(ctx, p.DB, ask, r.ID)
		if err != nil {
			return err
		}
		page.Decision = &d
	} else if page.Keeps {
		_, _, _, err := report.DraftOfDecision(ctx, p.DB, ask.To(policy.BookCheck), r.ID)
		if err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		page.Drafted = err == nil
	}
	return p.show(c, "book_report", page)
}

func (p *Portal) bookPaper(c echo.Context, ask policy.Ask) error {
	r, content, err := report.PaperInBook(c.Request().Context(), p.DB, ask, id(c, "report"))
	if err != nil {
		return err
	}
	return pdf(c, content, "report-"+r.Number, c.QueryParam("keep") != "")
}

// bookSlip is the slip for whoever has no key: the registrar prints it for him.
func (p *Portal) bookSlip(c echo.Context, ask policy.Ask) error {
	r, err := report.InBook(c.Request().Context(), p.DB, ask, id(c, "report"))
	if err != nil {
		return err
	}
	content, err := report.PrintSlip(p.press(), r, report.Token(p.DB, r.ID), r.Language)
	if err != nil {
		return err
	}
	return pdf(c, content, "slip-"+r.Number, true)
}

// bookSimilarPage are earlier reports that may be about the same.
type bookSimilarPage struct {
	Report report.Report
	Alike  []alikeLine
}

type alikeLine struct {
	report.Alike
	Join string // where the decision that joins them begins; "" where it is decided, or nothing is joined to that one
}

func (p *Portal) bookSimilar(c echo.Context, ask policy.Ask) error {
	r, all, err := report.Similar(c.Request().Context(), p.DB, ask, id(c, "report"))
	if err != nil {
		return err
	}
	page := bookSimilarPage{Report: r}
	join, err := p.link(web.Lang(c), string(policy.BookChoose), r.ID)
	if err != nil {
		return err
	}
	for _, a := range all {
		line := alikeLine{Alike: a}
		if r.Status.Open() && a.Joinable {
			line.Join = join + "?" + url.Values{"kind": {string(report.Joined)}, "earlier": {a.Number}}.Encode()
		}
		page.Alike = append(page.Alike, line)
	}
	return p.show(c, "book_similar", page)
}

// booksPage is what the prosecutor sees of how reports are received under him.
type booksPage struct {
	Bodies []report.Supervised
	Lines  []numberedLine
}

type numberedLine struct {
	report.Numbered
	Overdue bool
	Decided time.Time // zero for one that waits
	Name    string    // of the body
}

// countsLate is how old counts may be that are read from a standby.
const countsLate = 2 * time.Minute

// counting is where counts are read: from a standby, while it keeps up.
func (p *Portal) counting(ctx context.Context) *vault.DB {
	if p.Counts != nil && p.Counts.Abreast(ctx, countsLate) {
		return p.Counts
	}
	return p.DB
}

func (p *Portal) books(c echo.Context, ask policy.Ask) error {
	ctx := c.Request().Context()
	bodies, lines, err := report.Supervise(ctx, p.counting(ctx), ask)
	if err != nil {
		return err
	}
	page := booksPage{Bodies: bodies}
	names := map[uuid.UUID]string{}
	for _, b := range bodies {
		names[b.ID] = b.In(web.Lang(c))
	}
	for _, l := range lines {
		line := numberedLine{Numbered: l, Overdue: l.Overdue(ask.At), Name: names[l.BodyID]}
		if l.DecidedAt != nil {
			line.Decided = *l.DecidedAt
		}
		page.Lines = append(page.Lines, line)
	}
	return p.show(c, "books", page)
}
