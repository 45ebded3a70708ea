package portal

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/assist"
	"zharia/portal/attachment"
	"zharia/portal/calendar"
	"zharia/portal/casefile"
	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/evidence"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/guide"
	"zharia/portal/identity"
	"zharia/portal/law"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/sample"
	"zharia/portal/vault"
	"zharia/portal/web"
	"zharia/portal/words"
)

// filingLine is a filing in a list.
type filingLine struct {
	filing.Filing
	Word     filing.StatusWord
	Overdue  bool
	Disputed bool // the decision it is about opens by way of the filing alone
	Pressing bool // its plain count has ended: the legal end is near
	DaysLeft int
	SeenAt   time.Time
}

func filingLines(all []filing.Filing, ask policy.Ask) []filingLine {
	out := make([]filingLine, len(all))
	for i, f := range all {
		out[i] = filingLine{f, filing.Word(f, ask.At), f.Overdue(ask.At), beyond(f), f.Pressing(ask.At), f.DaysLeft(ask.At), ask.At}
	}
	return out
}

// beyond says that whoever decides it has nothing else to do with the case: of its
// decisions he opens the one that is disputed.
func beyond(f filing.Filing) bool {
	return f.Standing&policy.Decider != 0 && f.Status.Open() && slices.Contains([]guide.Seat{guide.Higher, guide.Judge, guide.Appeal}, f.Seat)
}

// filingPart is a part of a list of filings.
type filingPart struct {
	Lines   []filingLine
	Last    uuid.UUID // the one after which it goes on
	More    bool      // it goes on
	Further bool      // it is not the first part
}

func partOf(all filing.Page, ask policy.Ask, than uuid.UUID) filingPart {
	return filingPart{filingLines(all.Filings, ask), all.Last, all.Last != uuid.Nil, than != uuid.Nil}
}

// rowAfter is the row after which the part of a list begins that the address asks for by
// this parameter; zero: the first part.
func rowAfter(c echo.Context, param string) (uuid.UUID, error) {
	text := c.QueryParam(param)
	if text == "" {
		return uuid.Nil, nil
	}
	of, err := uuid.Parse(text)
	if err != nil {
		return of, fault.New(fault.NotFound, "fault.not-found")
	}
	return of, nil
}

// filingsPage is what a person has filed or is writing.
type filingsPage struct {
	Filings filingPart
	Errands bool // he writes drafts for an advocate, or has them written
	Begun   []typedLine
}

func (p *Portal) filings(c echo.Context, ask policy.Ask) error {
	than, err := rowAfter(c, "before")
	if err != nil {
		return err
	}
	all, err := filing.Own(c.Request().Context(), p.DB, ask, than)
	if err != nil {
		return err
	}
	begun, err := p.begun(c)
	if err != nil {
		return err
	}
	errands, err := assist.Any(c.Request().Context(), p.DB, ask.To(policy.ErrandList))
	if err != nil {
		return err
	}
	return p.show(c, "filings", filingsPage{partOf(all, ask, than), errands, begun})
}

// filingNewPage is where a filing is written: first its kind is chosen, then one
// page asks for the rest.
type filingNewPage struct {
	Form       *web.Form
	Case       casefile.Case
	Groups     []kindGroup // to choose from, while none is chosen
	InCourt    bool        // the case was sent to court: what is new is filed there (CPC 305(3))
	Kind       policy.FilingKind
	Family     policy.Family
	Suspend    []web.Option      // that what it contests be suspended
	Points     []string          // names of the fields for what is asked
	Sorted     bool              // it asks what the complaint is about: some have a shorter term
	To         casefile.Official // who will answer
	Against    filing.Filing     // whose answer, or silence, is contested; zero for none
	Capacities []web.Option      // more than one: in which of them
	About      []web.Option
	Grounds    []web.Option
	Max        int
	FileBy     time.Time // the last day to file, where the Code sets one
	Samples    offer
	aboutOn    time.Time // the day of the decision it is about
}

func (p *Portal) showFilingForm(c echo.Context, ask policy.Ask, form *web.Form, caseID uuid.UUID, kind policy.FilingKind) error {
	ctx := c.Request().Context()
	of, err := casefile.Read(ctx, p.DB, ask.To(policy.CaseRead), caseID)
	if err != nil {
		return err
	}
	if err := ask.To(policy.FilingNew).Check(of.Standing); err != nil {
		return err
	}
	if len(of.Acts(ask, policy.FilingNew)) == 0 { // he acts for another, whose power is not for this
		return fault.New(fault.Forbidden, "fault.scope-file").Under(law.CPC(76))
	}
	rule, _ := policy.FilingOf(kind)
	w := p.Words.In(web.Lang(c))
	page := filingNewPage{
		Form: form, Case: of, Kind: kind, Family: rule.Family, Max: filing.MaxText, Sorted: filing.Sorted(kind),
		Suspend: []web.Option{{Value: "1", Label: w.T("filing_new.suspend.yes")}},
	}
	switch rule.Family {
	case policy.Petition: // the form's own words
	case policy.Complaint:
		form.Call("circumstances", "filing_new.arguments")
	default:
		form.Call("circumstances", "filing_check.circumstances."+string(rule.Family))
	}
	for _, k := range filing.Kinds {
		if _, may := filing.MayFile(of, k); may {
			page.Groups = grouped(page.Groups, k)
		}
	}
	page.Capacities = filingCapacities(w, of, kind)
	for _, g := range filing.Grounds {
		page.Grounds = append(page.Grounds, web.Option{Value: string(g), Label: w.T("ground." + string(g))})
	}
	if against, err := uuid.Parse(form.Value("against")); err == nil {
		if page.Against, err = filing.Read(ctx, p.DB, ask.To(policy.FilingRead), against); err != nil {
			return err
		}
	}
	if kind != "" {
		if err := p.keep(c, form); err != nil { // what was typed before names the decision, too
			return err
		}
		if page.To, err = filing.Goes(ctx, p.DB, ask, of, newFiling(form, kind)); err != nil {
			return err
		}
	}
	decisions, err := casefile.Decisions(ctx, p.DB, ask.To(policy.DecisionRead), of)
	if err != nil {
		return err
	}
	older, err := p.ofJoined(ctx, ask, of)
	if err != nil {
		return err
	}
	days, err := calendar.Read(ctx, p.DB.DB)
	if err != nil {
		return err
	}
	aboutKind := page.abouts(w, append(decisions, older...), days)
	if !page.InCourt {
		moved, err := casefile.Moved(ctx, p.DB, of)
		if err != nil {
			return err
		}
		page.InCourt = moved.State == casefile.InCourt
	}
	if kind == "" {
		return p.show(c, "filing_kind", page)
	}
	if page.Samples, err = p.offer(c, ask, &page, aboutKind); err != nil {
		return err
	}
	page.Points = pointFields.shown(form)
	return p.form(c, form, "filing_new", page, policy.FilingCreate, caseID)
}

// ofJoined are the decisions of the cases that were joined into one, as far as they are
// open to the reader: they are complained of here.
func (p *Portal) ofJoined(ctx context.Context, ask policy.Ask, of casefile.Case) (out []casefile.Decision, err error) {
	related, err := casefile.Related(ctx, p.DB, ask.To(policy.CaseRead), of)
	if err != nil {
		return nil, err
	}
	for _, r := range related {
		if r.Way != casefile.WayJoined || !r.Opens {
			continue
		}
		old, err := casefile.Read(ctx, p.DB, ask.To(policy.CaseRead), r.ID)
		var choose *casefile.Choose
		if errors.Is(err, fault.NotFound) || errors.As(err, &choose) { // he acts for several there, and has not said for whom
			continue
		}
		if err != nil {
			return nil, err
		}
		more, err := casefile.Decisions(ctx, p.DB, ask.To(policy.DecisionRead), old)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// filingCapacities are those in which the reader may file a kind; of no kind, in which
// he may file at all.
func filingCapacities(w *words.Language, of casefile.Case, kind policy.FilingKind) (out []web.Option) {
	for _, capacity := range of.Capacities {
		if _, ok := policy.MayFile(capacity.Role, capacity.RepresentedRole, kind); !capacity.May(casefile.ScopeFile) || !ok && kind != "" {
			continue
		}
		label := w.T("role." + string(capacity.Role))
		if capacity.Represented != "" {
			label = w.T("filing_new.acts-for", "role", label, "name", capacity.Represented)
		}
		out = append(out, web.Option{Value: capacity.Participant.String(), Label: label})
	}
	return out
}

// abouts offers the decisions of the case, and tells the kind of the one that the form
// names.
func (page *filingNewPage) abouts(w *words.Language, decisions []casefile.Decision, days calendar.Changes) (kind policy.Kind) {
	for _, d := range decisions {
		page.InCourt = page.InCourt || d.Kind == "sent-court"
		if d.ID.String() == page.Form.Value("about") {
			if page.Family == policy.Complaint {
				page.FileBy = d.Complain(days)
			}
			kind, page.aboutOn = d.Kind, d.DecidedOn
		}
		page.About = append(page.About, web.Option{Value: d.ID.String(), Label: w.T("paper.about-value", "kind", w.T("kind."+string(d.Kind)), "day", w.Day(d.DecidedOn))})
	}
	return kind
}

func (p *Portal) filingNew(c echo.Context, ask policy.Ask) error {
	caseID := id(c, "case")
	fresh, err := uuid.NewV7()
	if err != nil {
		return err
	}
	kind := policy.FilingKind(c.QueryParam("kind"))
	if _, ok := policy.FilingOf(kind); !ok {
		kind = "" // not a kind that there is
	}
	if again, err := p.forSide(c, ask, caseID); again || err != nil {
		return err
	}
	form := web.NewForm("filing_new", "id", fresh.String(), "kind", string(kind))
	for _, name := range []string{"about", "against", "what", "complained", "to"} {
		if v := c.QueryParam(name); v != "" {
			form.Set(name, v)
		}
	}
	if err := p.readied(c, ask, form); err != nil {
		return err
	}
	return p.showFilingForm(c, ask, form, caseID, kind)
}

func (p *Portal) filingCreate(c echo.Context, ask policy.Ask) error {
	caseID := id(c, "case")
	form := web.ReadForm(c, "filing_new")
	kind, by, ground := web.OneOf(form, "kind", filing.Kinds...), form.ID("participant"), filing.Ground("other")
	if filing.Sorted(kind) {
		ground = web.OneOf(form, "ground", filing.Grounds...)
	}
	n := filing.NewFiling{ // in the order of the page: so are its mistakes told
		Kind:          kind,
		Participant:   by,
		Ground:        ground,
		About:         form.OptionalID("about"),
		Against:       form.OptionalID("against"),
		Circumstances: form.Text("circumstances", filing.MinText, filing.MaxText),
		Points:        points(form),
		Language:      web.Lang(c),
		What:          optional(form, "what", guide.Whats...),
		Complained:    form.OptionalID("complained"),
		To:            optional(form, "to", guide.AllSeats...),
		Suspend:       form.Chosen("suspend"),
		Previous:      form.OptionalID("previous"),
	}
	number := form.ID("id")
	again := func() error {
		p.hereIs(c, policy.FilingNew, caseID)
		shown := kind
		if shown == "" {
			shown = policy.FilingPetition
		}
		return p.showFilingForm(c, ask, form, caseID, shown)
	}
	if form.Bad() {
		return again()
	}
	err := p.sent(c, form, func(tx *vault.DB) error {
		return filing.Save(c.Request().Context(), tx, p.press(), ask, caseID, number, n)
	})
	if form.Refused(err) {
		return again()
	}
	if conflict(err) { // clicked again after it was filed: there it is
		return p.redirect(c, policy.FilingRead, number)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.FilingRead, number)
}

func (p *Portal) filingEdit(c echo.Context, ask policy.Ask) error {
	number := id(c, "filing")
	f, err := filing.Read(c.Request().Context(), p.DB, ask, number)
	if err != nil {
		return err
	}
	if f.Status != filing.Draft {
		return p.redirect(c, policy.FilingRead, number)
	}
	if f.OfAccess() {
		return p.redirect(c, policy.AccessComplaint, f.Access)
	}
	if f.Affected {
		return p.redirect(c, policy.ComplainEdit, number)
	}
	if f.OfReport() {
		return p.redirect(c, policy.ReportComplaint, f.Report)
	}
	form := web.NewForm("filing_new", "id", f.ID.String(), "kind", string(f.Kind))
	fillFiling(form, f)
	return p.showFilingForm(c, ask, form, f.Case, f.Kind)
}

// newFiling is as much of a filing as says where it goes, of a form that may be half
// filled in.
func newFiling(form *web.Form, kind policy.FilingKind) filing.NewFiling {
	n := filing.NewFiling{Kind: kind, What: guide.What(form.Value("what")), To: guide.Seat(form.Value("to"))}
	n.About, _ = uuid.Parse(form.Value("about"))
	n.Against, _ = uuid.Parse(form.Value("against"))
	n.Complained, _ = uuid.Parse(form.Value("complained"))
	return n
}

// optional is a word of a list, or "" where none was chosen.
func optional[T ~string](form *web.Form, name string, list ...T) T {
	if form.Value(name) == "" {
		return ""
	}
	return web.OneOf(form, name, list...)
}

// filingCheckPage shows a draft: the exact document, and the place to sign it.
type filingCheckPage struct {
	Filing  filing.Filing
	Files   []attachmentLine
	Signing signing
	Size    int             // bytes of the document
	Term    deadline.Term   // within which it is answered, of a kind that CPC 105(2) sorts
	Chosen  bool            // its author said what it is about, and the term hangs on that
	Changed time.Time       // when the draft was changed and not saved; zero: never
	Blanks  int             // places of a sample that nobody filled in
	Same    []filing.Filing // of his that look like it
}

// filingPage is a filing that was received: its number, its clock, its answer,
// what can be done next.
type filingPage struct {
	Filing   filing.Filing
	Word     filing.StatusWord
	Stages   []filing.Stage
	Overdue  bool
	DaysLeft int
	Counted
	Clock     filing.Clock
	Acts      []policy.Act
	Mine      bool
	Log       bool // the ledger is signed: there are receipts that prove
	Digest    []byte
	Files     []attachmentLine
	Signature document.Proof
	Answer    *answerView
	History   []historyLine
	MayAnswer bool
	After     afterView
	Moves     movesView
}

// answerView is the answer as the page shows it.
type answerView struct {
	filing.Answer
	Signature document.Proof
	Digest    []byte
	Terms     []filing.OnwardTerm // to complain of it
}

// historyLine is one thing that happened.
type historyLine struct {
	At   time.Time
	Act  string
	By   string // article, neutral form
	Name string // who, or "" for the portal
	Text string // what the step means; "" where its name says it all
}

func (p *Portal) filing(c echo.Context, ask policy.Ask) error {
	number := id(c, "filing")
	f, err := filing.Open(c.Request().Context(), p.DB, ask, number)
	if err != nil {
		return err
	}
	if f.Status == filing.Draft {
		return p.showFilingCheck(c, ask, f, "")
	}
	return p.showFiling(c, ask, f)
}

func (p *Portal) showFilingCheck(c echo.Context, ask policy.Ask, f filing.Filing, refusal string) error {
	doc, err := document.Fetch(c.Request().Context(), p.DB, f.Document)
	if err != nil {
		return err
	}
	page := filingCheckPage{Filing: f, Size: len(doc.Content), Blanks: sample.Blanks(f.Circumstances, f.Requests()...)}
	if filing.Sorted(f.Kind) {
		page.Term, page.Chosen = f.Within(ask.At), f.Grounded()
	}
	files, err := attachment.Of(c.Request().Context(), p.DB, f.ID)
	if err != nil {
		return err
	}
	page.Files, _ = attachmentLines(p.Words.In(web.Lang(c)), files)
	if page.Same, err = filing.Same(c.Request().Context(), p.DB, ask.To(policy.FilingRead), f); err != nil {
		return err
	}
	if page.Changed, err = p.unsaved(c, policy.FilingEdit, f.ID); err != nil {
		return err
	}
	if page.Signing, err = p.signDocument(c, doc, policy.FilingDocument, policy.FilingSubmit, refusal, f.ID); err != nil {
		return err
	}
	return p.showSigning(c, refusal, "filing_check", page, policy.FilingRead, f.ID)
}

// showSigning shows a page on which something is signed; after a refused
// signature it is the same page with the reason.
func (p *Portal) showSigning(c echo.Context, refusal, name string, page any, here policy.Act, of uuid.UUID) error {
	status := http.StatusOK
	if refusal != "" {
		status = http.StatusUnprocessableEntity
	}
	p.hereIs(c, here, of)
	frame := p.frame(c)
	frame.Problem = refusal != ""
	return p.pages.Show(c, status, name, frame, page)
}

func (p *Portal) showFiling(c echo.Context, ask policy.Ask, f filing.Filing) error {
	return p.showFilingWith(c, ask, f, nil)
}

// showFilingWith shows it with what was wrong with a word on a point of its answer.
func (p *Portal) showFilingWith(c echo.Context, ask policy.Ask, f filing.Filing, form *web.Form) error {
	ctx := c.Request().Context()
	doc, err := document.Fetch(ctx, p.DB, f.Document)
	if err != nil {
		return err
	}
	page := filingPage{
		Filing: f, Word: filing.Word(f, ask.At), Stages: filing.Stages(f), Overdue: f.Overdue(ask.At), DaysLeft: f.DaysLeft(ask.At), Mine: f.Author == ask.Person,
		Acts:   f.Acts(ask, policy.FilingConsider, policy.FilingWithdraw, policy.WithdrawalAsk),
		Digest: doc.Digest, Log: p.LogKey != "",
		MayAnswer: len(f.Acts(ask, policy.FilingGrant)) > 0 && f.Decides(ask),
	}
	if page.Clock, err = filing.ClockOf(ctx, p.DB, f); err != nil {
		return err
	}
	page.Counted = countedBy(page.Clock.Count, page.Clock.Calendar)
	files, err := attachment.Of(ctx, p.DB, f.ID)
	if err != nil {
		return err
	}
	page.Files, _ = attachmentLines(p.Words.In(web.Lang(c)), files)
	if page.Signature, err = doc.Proof(ctx, p.DB, p.Verifier); err != nil {
		return err
	}
	if f.Status.Answered() && !f.Left {
		answer, err := filing.AnswerOf(ctx, p.DB, f)
		if err != nil {
			return err
		}
		paper, err := document.Fetch(ctx, p.DB, answer.Document)
		if err != nil {
			return err
		}
		proof, err := paper.Proof(ctx, p.DB, p.Verifier)
		if err != nil {
			return err
		}
		page.Answer = &answerView{answer, proof, paper.Digest, f.OnwardTerms(answer.ReadAt, page.Clock.Days, ask.At)}
	}
	if page.History, err = p.history(c, f); err != nil {
		return err
	}
	if page.Moves, err = p.movesOf(c, ask, f); err != nil {
		return err
	}
	if page.After, err = p.after(c, ask, f, page.Answer); err != nil {
		return err
	}
	if form != nil {
		page.After.Form = form
		p.hereIs(c, policy.FilingRead, f.ID)
		return p.form(c, form, "filing", page, policy.PointDispute, f.ID)
	}
	return p.show(c, "filing", page)
}

// told are the acts that a history tells, newest first.
var told = map[string]bool{
	string(policy.FilingSubmit): true, string(policy.FilingConsider): true, string(policy.FilingWithdraw): true,
	string(policy.FilingGrant): true, string(policy.FilingGrantPart): true, string(policy.FilingRefuse): true,
	string(policy.FilingForward): true, string(policy.FilingExtend): true, string(policy.FilingAsk): true, string(policy.FilingReply): true, string(policy.CancellationSettle): true,
	string(policy.WithdrawalAsk): true, string(policy.WithdrawalConsent): true, string(policy.WithdrawalDecline): true,
	string(policy.SupplementSign): true, string(policy.PointDispute): true, string(policy.MessageSend): true,
	string(policy.FilingOverdue): true, string(policy.FilingRecount): true, string(policy.FilingReseat): true, string(policy.FilingHandOver): true, string(policy.CountObject): true, string(policy.FilingRead): true, string(policy.FilingDocument): true,
}

func (p *Portal) history(c echo.Context, f filing.Filing) ([]historyLine, error) {
	rows, err := ledger.Of(c.Request().Context(), p.DB.DB, "filing", f.ID)
	if err != nil {
		return nil, err
	}
	var out []historyLine
	read := map[uuid.UUID]bool{} // of each reader the first reading is told
	for _, row := range rows {
		if !told[row.Act] || row.Act == string(policy.FilingRead) && read[row.Who] {
			continue
		}
		read[row.Who] = read[row.Who] || row.Act == string(policy.FilingRead)
		line := historyLine{At: row.At, Act: row.Act, By: row.By}
		key := "record." + row.Act + ".text"
		if row.Act == string(policy.FilingOverdue) && f.AtCourt() {
			key = "status.overdue.court"
		}
		if p.Words.In(web.Lang(c)).Has(key) {
			line.Text = p.Words.In(web.Lang(c)).T(key)
		}
		if row.Who != uuid.Nil {
			line.Name, err = me(c).Name, nil
			if row.Who == f.Author { // of a complaint about a report nobody else knows it
				line.Name = f.AuthorName
			} else if row.Who != me(c).ID {
				line.Name, err = identity.Called(c.Request().Context(), p.DB, f.Case, row.Who)
			}
			if err != nil {
				return nil, err
			}
		}
		out = append(out, line)
	}
	slices.Reverse(out)
	return out, nil
}

func (p *Portal) filingDocument(c echo.Context, ask policy.Ask) error {
	number := id(c, "filing")
	f, doc, err := filing.Document(c.Request().Context(), p.DB, ask, number)
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, name(f, "filing"), c.QueryParam("keep") != "")
}

// name is the name of a downloaded file: the number, never a person.
func name(f filing.Filing, what string) string {
	if f.Number == "" {
		return what + "-draft"
	}
	return what + "-" + f.Number
}

// filingSignature gives the signature over the document as it came: with the
// document it can be verified without us.
func (p *Portal) filingSignature(c echo.Context, ask policy.Ask) error {
	number := id(c, "filing")
	f, doc, err := filing.Document(c.Request().Context(), p.DB, ask, number)
	if err != nil {
		return err
	}
	return p.signatureFile(c, doc, name(f, "filing"))
}

// signatureFile gives the signature of a document with its time-stamp or, where
// that is asked for, everything that proves it: for `portal eds verify -bundle`.
func (p *Portal) signatureFile(c echo.Context, doc document.Document, name string) error {
	if !doc.Signed() {
		return echo.ErrNotFound
	}
	kept, err := evidence.Fetch(c.Request().Context(), p.DB, doc.ID)
	if err != nil {
		return err
	}
	if c.QueryParam("evidence") != "" {
		c.Response().Header().Set("Content-Disposition", `attachment; filename="`+name+`.pdf.evidence.json"`)
		return c.JSON(http.StatusOK, kept.Evidence)
	}
	stamped, err := kept.Evidence.Stamped()
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Disposition", `attachment; filename="`+name+`.pdf.cms"`)
	return c.Blob(http.StatusOK, "application/pkcs7-signature", stamped)
}

func (p *Portal) filingReceipt(c echo.Context, ask policy.Ask) error {
	number := id(c, "filing")
	ctx := c.Request().Context()
	f, err := filing.Read(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	if f.Status == filing.Draft {
		return echo.ErrNotFound
	}
	doc, err := document.Fetch(ctx, p.DB, f.Document)
	if err != nil {
		return err
	}
	noted, err := p.printed(c, doc)
	if err != nil {
		return err
	}
	content, err := filing.Receipt(p.press(), f, doc, noted, web.Lang(c))
	if err != nil {
		return err
	}
	return pdf(c, content, name(f, "receipt"), true)
}

func (p *Portal) filingSubmit(c echo.Context, ask policy.Ask) error {
	number := id(c, "filing")
	ctx := c.Request().Context()
	cms, digest, err := p.signed(c)
	if err != nil {
		return err
	}
	err = filing.Submit(ctx, p.DB, p.press(), p.Verifier, ask, number, cms, digest)
	if refusal, _ := refused(err); refusal != "" {
		f, err := filing.Read(ctx, p.DB, ask.To(policy.FilingRead), number)
		if err != nil {
			return err
		}
		return p.showFilingCheck(c, ask, f, refusal)
	}
	if conflict(err) { // a second click finds it filed, or a status that has ended
		if f, read := filing.Read(ctx, p.DB, ask.To(policy.FilingRead), number); read == nil && f.Status != filing.Draft {
			return p.redirect(c, policy.FilingRead, number)
		}
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.FilingRead, number)
}

func (p *Portal) filingDiscard(c echo.Context, ask policy.Ask) error {
	number := id(c, "filing")
	if err := filing.Discard(c.Request().Context(), p.DB, ask, number); err != nil {
		return err
	}
	if err := p.forget(c, policy.FilingEdit, number); err != nil {
		return err
	}
	return p.redirect(c, policy.FilingList)
}

func (p *Portal) filingStep(c echo.Context, ask policy.Ask) error {
	number := id(c, "filing")
	if err := filing.Step(c.Request().Context(), p.DB, ask, number); err != nil {
		return err
	}
	return p.redirect(c, policy.FilingRead, number)
}
