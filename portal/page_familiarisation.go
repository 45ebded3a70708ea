package portal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/calendar"
	"zharia/portal/casefile"
	"zharia/portal/fault"
	"zharia/portal/materials"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/web"
)

// digits is a number as people write it.
func digits(n int) string { return strconv.Itoa(n) }

// familiarisationPage is the file as its reader sees it: the contents with what he
// has read, his notes, and what he can do.
type familiarisationPage struct {
	Form            *web.Form // of asking that it be postponed
	Familiarisation materials.Familiarisation
	Reads, Early    bool
	Over            bool // the last day has passed
	Entries         []entryLine
	Volumes         []materials.Size
	Sheets, Opened  int
	New             int // sheets that are new to him
	Notes           []noteLine
	Pleas           []materials.Plea
	MayPlead        bool
	PetitionsUntil  time.Time
	Late            bool // that has passed
}

// entryLine is a material in the contents, its time of reading in words.
type entryLine struct {
	materials.Entry
	Time string
}

// noteLine is a note of the reader's, for the script that has his key.
type noteLine struct {
	materials.Note
	Cipher string // base64
}

// familiarisationDeskPage is the same for officials: how far the reading is, what the
// reader asks, and the record.
type familiarisationDeskPage struct {
	Familiarisation materials.Familiarisation
	Summary         materials.Summary
	Entries         []entryLine
	PetitionsUntil  time.Time
	Time            string
	Pleas           []materials.Plea
	Days            []int    // by which it can be postponed
	Closing         *signing // of the record by the investigator; nil while he has not asked for the paper
	Size            int
	MayClose        bool
	MayPostpone     bool
	MayEnd          bool
}

func (p *Portal) familiarisation(c echo.Context, ask policy.Ask) error {
	f, err := materials.Read(c.Request().Context(), p.DB, ask, id(c, "familiarisation"))
	if err != nil {
		return err
	}
	if f.Status == materials.Draft {
		return p.redirect(c, policy.FamiliarisationCheck, f.ID)
	}
	if !f.Mine {
		return p.showFamiliarisationDesk(c, ask, f, "")
	}
	if err := materials.Settle(c.Request().Context(), p.DB, ask, f); err != nil {
		return err
	}
	return p.showFamiliarisation(c, ask, web.NewForm("familiarisation"), f)
}

func (p *Portal) showFamiliarisation(c echo.Context, ask policy.Ask, form *web.Form, f materials.Familiarisation) error {
	ctx := c.Request().Context()
	days, err := calendar.Read(ctx, p.DB.DB)
	if err != nil {
		return err
	}
	page := familiarisationPage{
		Form: form, Familiarisation: f, Reads: f.Reads(ask.At), Early: f.Early(ask.At), PetitionsUntil: f.PetitionsUntil(days),
	}
	page.Over = f.Status == materials.Opened && !page.Reads && !page.Early
	page.MayPlead = f.MayPlead(ask.At)
	if page.Pleas, err = materials.Pleas(ctx, p.DB, f); err != nil {
		return err
	}
	page.Late = !page.PetitionsUntil.IsZero() && !ask.At.Before(page.PetitionsUntil)
	if f.Status == materials.Opened {
		if err := p.contents(c, f, &page); err != nil {
			return err
		}
	}
	notes, err := materials.Notes(ctx, p.DB, ask, f)
	if err != nil {
		return err
	}
	for _, n := range notes {
		page.Notes = append(page.Notes, noteLine{n, base64.StdEncoding.EncodeToString(n.Content)})
	}
	p.hereIs(c, policy.FamiliarisationRead, f.ID)
	if page.MayPlead {
		return p.form(c, form, "familiarisation", page, policy.FamiliarisationPlead, f.ID)
	}
	return p.show(c, "familiarisation", page)
}

func (p *Portal) contents(c echo.Context, f materials.Familiarisation, page *familiarisationPage) error {
	entries, err := materials.Table(c.Request().Context(), p.DB, f)
	if err != nil {
		return err
	}
	w := p.Words.In(web.Lang(c))
	var of []materials.Material
	for _, e := range entries {
		page.Entries = append(page.Entries, entryLine{e, materials.Spoken(w, e.Seconds)})
		page.Sheets, page.Opened, of = page.Sheets+e.Sheets, page.Opened+e.Opened, append(of, e.Material)
		if e.New {
			page.New += e.Sheets
		}
	}
	page.Volumes = materials.Volumes(of)
	return nil
}

func (p *Portal) showFamiliarisationDesk(c echo.Context, ask policy.Ask, f materials.Familiarisation, refusal string) error {
	ctx := c.Request().Context()
	summary, err := materials.Summarise(ctx, p.DB, f)
	if err != nil {
		return err
	}
	of, err := casefile.Read(ctx, p.DB, ask.To(policy.CaseRead), f.Case)
	if err != nil {
		return err
	}
	w := p.Words.In(web.Lang(c))
	off, err := calendar.Read(ctx, p.DB.DB)
	if err != nil {
		return err
	}
	page := familiarisationDeskPage{Familiarisation: f, Summary: summary, Time: materials.Spoken(w, summary.Seconds), PetitionsUntil: f.PetitionsUntil(off)}
	for _, e := range summary.Entries {
		page.Entries = append(page.Entries, entryLine{e, materials.Spoken(w, e.Seconds)})
	}
	if page.Pleas, err = materials.Pleas(ctx, p.DB, f); err != nil {
		return err
	}
	for days := range materials.MaxPostponed - f.Postponed + 1 {
		page.Days = append(page.Days, days)
	}
	may := of.Acts(ask, policy.FamiliarisationPostpone, policy.FamiliarisationClose, policy.FamiliarisationEnd)
	page.MayPostpone = len(may) == 3 && f.Pleading()
	page.MayClose = len(may) == 3 && f.Status == materials.Recorded
	page.MayEnd = len(may) == 3 && f.Status == materials.Opened
	if page.MayClose {
		_, doc, err := materials.ReadClosing(ctx, p.DB, ask.To(policy.RecordAssentPaper), f.ID)
		if err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		if err == nil {
			s, err := p.signDocument(c, doc, policy.RecordAssentPaper, policy.FamiliarisationClose, refusal, f.ID)
			if err != nil {
				return err
			}
			page.Closing, page.Size = &s, len(doc.Content)
		}
	}
	return p.showSigning(c, refusal, "familiarisation_desk", page, policy.FamiliarisationRead, f.ID)
}

// sheetPage is one page of the file on the screen.
type sheetPage struct {
	materials.Sheet
	Noted string    // base64 of the reader's own note on it
	Probe *noteLine // another note of his, by which the script knows his key; nil where there is none
}

func (p *Portal) sheet(c echo.Context, ask policy.Ask) error {
	number := id(c, "familiarisation")
	ctx := c.Request().Context()
	s, err := materials.Turn(ctx, p.DB, ask, number, id(c, "page"))
	if conflict(err) { // the term is over: the contents say so
		return p.redirect(c, policy.FamiliarisationRead, number)
	}
	if err != nil {
		return err
	}
	page := sheetPage{Sheet: s, Noted: base64.StdEncoding.EncodeToString(s.Note)}
	notes, err := materials.Notes(ctx, p.DB, ask, s.Familiarisation)
	if err != nil {
		return err
	}
	if len(notes) > 0 {
		page.Probe = &noteLine{notes[0], base64.StdEncoding.EncodeToString(notes[0].Content)}
	}
	return p.show(c, "sheet", page)
}

// pictureLife is how long the reader's own browser may keep a picture: long enough
// to fetch the next page ahead, too short to be found later on a shared computer.
const pictureLife = 5 * time.Minute

func (p *Portal) sheetPicture(c echo.Context, ask policy.Ask) error {
	content, err := materials.Picture(c.Request().Context(), p.DB, ask, id(c, "familiarisation"), id(c, "page"), c.QueryParam("sharp") != "")
	if err != nil {
		return err
	}
	kind := "image/jpeg"
	if bytes.HasPrefix(content, []byte("\x89PNG")) {
		kind = "image/png"
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "private, max-age="+digits(int(pictureLife.Seconds())))
	h.Set("Vary", "Cookie")
	return c.Blob(http.StatusOK, kind, content)
}

// sheetTime takes what the browser tells of how long a page was looked at.
func (p *Portal) sheetTime(c echo.Context, ask policy.Ask) error {
	seconds, err := strconv.Atoi(c.FormValue("seconds"))
	if err != nil {
		seconds = -1 // refused where the page is found: to whom it is not, it is not there
	}
	err = materials.Spent(c.Request().Context(), p.DB, ask, id(c, "familiarisation"), id(c, "page"), time.Duration(seconds)*time.Second)
	if err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// sheetNote keeps the reader's note, which only he can read.
func (p *Portal) sheetNote(c echo.Context, ask policy.Ask) error {
	content, err := base64.StdEncoding.DecodeString(c.FormValue("content"))
	if err != nil {
		return fault.New(fault.Invalid, "fault.request")
	}
	if err := materials.SaveNote(c.Request().Context(), p.DB, ask, id(c, "familiarisation"), id(c, "page"), content); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// fileSearchPage is what was found in the texts of the file.
type fileSearchPage struct {
	Familiarisation materials.Familiarisation
	Query           string
	materials.Found
}

// maxQuery is how long a query may be, in characters.
const maxQuery = 100

func (p *Portal) fileSearch(c echo.Context, ask policy.Ask) error {
	number := id(c, "familiarisation")
	ctx := c.Request().Context()
	f, err := materials.Read(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	form := web.NewForm("file_search", "q", c.QueryParam("q"))
	page := fileSearchPage{Familiarisation: f, Query: form.Line("q", 0, maxQuery)}
	if form.Bad() {
		page.Query = ""
	}
	volume, _ := strconv.ParseInt(c.QueryParam("volume"), 10, 32) // none: from the first sheet on
	sheet, _ := strconv.ParseInt(c.QueryParam("sheet"), 10, 32)
	page.Found, err = materials.Search(ctx, p.DB, ask, number, page.Query, materials.Place{Volume: int(volume), Sheet: int(sheet)})
	if conflict(err) {
		return p.redirect(c, policy.FamiliarisationRead, number)
	}
	if err != nil {
		return err
	}
	return p.show(c, "file_search", page)
}

func (p *Portal) fileCopy(c echo.Context, ask policy.Ask) error {
	var of materials.Portion
	var wrong error
	name := "file"
	volume, material := c.QueryParam("volume"), c.QueryParam("material")
	switch {
	case volume != "":
		of.Volume, wrong = strconv.Atoi(volume)
		name = "volume-" + digits(of.Volume)
	case material != "":
		of.Material, wrong = uuid.Parse(material)
	}
	if wrong != nil || of.Volume < 0 || of == (materials.Portion{}) && volume+material != "" {
		return fault.New(fault.NotFound, "fault.not-found")
	}
	f, in, bound, err := materials.Copy(c.Request().Context(), p.DB, ask, id(c, "familiarisation"), of)
	if err != nil {
		return err
	}
	if of.Material != uuid.Nil {
		name = "volume-" + digits(in[0].Volume) + "-sheet-" + digits(in[0].Sheet)
	}
	return pdf(c, bound, f.CaseNumber+"-"+name, true)
}

func (p *Portal) familiarisationPlead(c echo.Context, ask policy.Ask) error {
	number := id(c, "familiarisation")
	ctx := c.Request().Context()
	f, err := materials.Read(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	form := web.ReadForm(c, "familiarisation")
	why := form.Text("why", 10, 2000)
	if form.Bad() {
		return p.showFamiliarisation(c, ask, form, f)
	}
	if err := p.sent(c, form, func(tx *vault.DB) error { return materials.Plead(ctx, tx, ask, number, why) }); err != nil {
		return err
	}
	return p.redirect(c, policy.FamiliarisationRead, number)
}

func (p *Portal) familiarisationPostpone(c echo.Context, ask policy.Ask) error {
	number := id(c, "familiarisation")
	days, err := strconv.Atoi(c.FormValue("days"))
	if err != nil {
		days = -1
	}
	if err := materials.Postpone(c.Request().Context(), p.DB, ask, number, days); err != nil {
		return err
	}
	return p.redirect(c, policy.FamiliarisationRead, number)
}

func (p *Portal) familiarisationEnd(c echo.Context, ask policy.Ask) error {
	number := id(c, "familiarisation")
	if err := materials.End(c.Request().Context(), p.DB, ask, number); err != nil {
		return err
	}
	return p.redirect(c, policy.FamiliarisationRead, number)
}

// openFile is a familiarisation on the page of its case.
type openFile struct {
	materials.Familiarisation
	Reads, Early bool
}

// openFiles are those of the asker in a case.
func (p *Portal) openFiles(c echo.Context, ask policy.Ask, caseID uuid.UUID) ([]openFile, error) {
	all, err := materials.Mine(c.Request().Context(), p.DB, ask, caseID)
	if err != nil {
		return nil, err
	}
	out := make([]openFile, len(all))
	for i, f := range all {
		out[i] = openFile{f, f.Reads(ask.At), f.Early(ask.At)}
	}
	return out, nil
}

// recordPage is where the reader writes what he has to say into the record.
type recordPage struct {
	Form            *web.Form
	Familiarisation materials.Familiarisation
	Summary         materials.Summary
	Time            string
}

func (p *Portal) showRecordForm(c echo.Context, ask policy.Ask, form *web.Form) error {
	ctx := c.Request().Context()
	f, err := materials.Read(ctx, p.DB, ask, id(c, "familiarisation"))
	if err != nil {
		return err
	}
	if f.Status != materials.Opened {
		return p.redirect(c, policy.FamiliarisationRead, f.ID)
	}
	if form.Value("motions") == "" && ask.Act == policy.RecordEdit {
		form.Set("motions", f.Motions)
	}
	if err := materials.Settle(ctx, p.DB, ask, f); err != nil {
		return err
	}
	page := recordPage{Form: form, Familiarisation: f}
	if page.Summary, err = materials.Summarise(ctx, p.DB, f); err != nil {
		return err
	}
	page.Time = materials.Spoken(p.Words.In(web.Lang(c)), page.Summary.Seconds)
	return p.form(c, form, "file_record", page, policy.RecordDraft, f.ID)
}

func (p *Portal) recordEdit(c echo.Context, ask policy.Ask) error {
	return p.showRecordForm(c, ask, web.NewForm("file_record"))
}

func (p *Portal) recordDraft(c echo.Context, ask policy.Ask) error {
	number := id(c, "familiarisation")
	ctx := c.Request().Context()
	if _, err := materials.Read(ctx, p.DB, ask, number); err != nil {
		return err
	}
	form := web.ReadForm(c, "file_record")
	motions := form.Text("motions", 0, materials.MaxMotions)
	p.hereIs(c, policy.RecordEdit, number)
	if form.Bad() {
		return p.showRecordForm(c, ask, form)
	}
	err := p.sent(c, form, func(tx *vault.DB) error {
		return materials.DraftRecord(ctx, tx, p.press(), ask, number, web.Lang(c), motions)
	})
	if err != nil {
		return err
	}
	return p.redirect(c, policy.RecordCheck, number)
}

// recordCheckPage shows the record before the reader signs it.
type recordCheckPage struct {
	Familiarisation materials.Familiarisation
	Size            int // bytes
	Signing         signing
	Changed         time.Time
}

func (p *Portal) recordCheck(c echo.Context, ask policy.Ask) error {
	return p.showRecordCheck(c, ask, "")
}

func (p *Portal) showRecordCheck(c echo.Context, ask policy.Ask, refusal string) error {
	number := id(c, "familiarisation")
	f, doc, err := materials.ReadRecord(c.Request().Context(), p.DB, ask, number)
	if errors.Is(err, fault.NotFound) && f.Mine && f.Status == materials.Opened { // nothing is printed yet
		return p.redirect(c, policy.RecordEdit, number)
	}
	if err != nil {
		return err
	}
	if doc.Signed() || f.Status != materials.Opened { // it waits no more
		return p.redirect(c, policy.FamiliarisationRead, number)
	}
	page := recordCheckPage{Familiarisation: f, Size: len(doc.Content)}
	if page.Changed, err = p.unsaved(c, policy.RecordEdit, number); err != nil {
		return err
	}
	if page.Signing, err = p.signDocument(c, doc, policy.RecordPaper, policy.RecordSign, refusal, number); err != nil {
		return err
	}
	return p.showSigning(c, refusal, "record_check", page, policy.RecordCheck, number)
}

func (p *Portal) recordPaper(c echo.Context, ask policy.Ask) error {
	_, doc, err := materials.ReadRecord(c.Request().Context(), p.DB, ask, id(c, "familiarisation"))
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, string(doc.Kind), c.QueryParam("keep") != "")
}

func (p *Portal) recordSign(c echo.Context, ask policy.Ask) error {
	number := id(c, "familiarisation")
	ctx := c.Request().Context()
	if _, err := materials.Read(ctx, p.DB, ask, number); err != nil {
		return err
	}
	cms, digest, err := p.signed(c)
	if err != nil {
		return err
	}
	if err := materials.SignRecord(ctx, p.DB, p.Verifier, ask, number, cms, digest); err != nil {
		refusal, err := refused(err)
		if err != nil {
			return err
		}
		return p.showRecordCheck(c, ask.To(policy.RecordCheck), refusal)
	}
	return p.redirect(c, policy.FamiliarisationRead, number)
}

func (p *Portal) recordAssent(c echo.Context, ask policy.Ask) error {
	number := id(c, "familiarisation")
	if err := materials.DraftClosing(c.Request().Context(), p.DB, p.press(), ask, number, web.Lang(c)); err != nil {
		return err
	}
	return p.redirect(c, policy.FamiliarisationRead, number)
}

func (p *Portal) recordAssentPaper(c echo.Context, ask policy.Ask) error {
	_, doc, err := materials.ReadClosing(c.Request().Context(), p.DB, ask, id(c, "familiarisation"))
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, string(doc.Kind), c.QueryParam("keep") != "")
}

func (p *Portal) familiarisationClose(c echo.Context, ask policy.Ask) error {
	number := id(c, "familiarisation")
	ctx := c.Request().Context()
	f, err := materials.Read(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	cms, digest, err := p.signed(c)
	if err != nil {
		return err
	}
	if err := materials.Close(ctx, p.DB, p.Verifier, ask, number, cms, digest); err != nil {
		refusal, err := refused(err)
		if err != nil {
			return err
		}
		return p.showFamiliarisationDesk(c, ask.To(policy.FamiliarisationRead), f, refusal)
	}
	return p.redirect(c, policy.FamiliarisationRead, number)
}
