package portal_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/eds/authority"
	"zharia/portal/evidence"
	"zharia/portal/fault"
	"zharia/portal/materials"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/slip"
	"zharia/portal/vault"
)

// unasked fails unless the keeper was asked for nothing meanwhile.
func unasked(t *testing.T, g *portaltest.Guard, f *front, what string, do func()) {
	t.Helper()
	before := f.Keeper.Calls.Load()
	do()
	if n := f.Keeper.Calls.Load() - before; n != 0 {
		t.Errorf("%s: the keeper was asked %d times", what, n)
	}
	if no := g.Refused(); len(no) > 0 {
		t.Errorf("%s: refused %v", what, no)
	}
}

// With nobody signed in nothing is opened: who checks a signature, by its number or by
// the files, a calendar and a telephone are answered by what stands in clear, or by what
// the one who signed in left for them.
func TestNothingIsOpenedForWhoeverHasNotSignedIn(t *testing.T) {
	t.Parallel()
	f, g := openKept(t, portaltest.Rules{})
	aigul, ru := f.as(f.Aigul), f.Words.In("ru")
	petition := f.Petition(f.Aigul, f.Theft)
	doc, sig := f.download(petition)
	number := f.paperOf("filing", petition)
	feed, secrets := aigul.feed(t, "kk", url.Values{}), []string{f.Aigul.Surname, f.Number(f.Theft), portaltest.Circumstances}
	g.Refused()

	unasked(t, g, f, "the number", func() {
		page := f.stranger(1).get("/ru/verify/"+number.String()).want(t, "the number", http.StatusOK)
		f.says(t, "the number", page, ru.T("signature.valid"), ru.T("signature.noted-text"), ru.Second(f.At))
		for _, secret := range secrets {
			if strings.Contains(mainOf(page), secret) {
				t.Errorf("it tells %q", secret)
			}
		}
	})
	unasked(t, g, f, "the files", func() {
		page := f.stranger(2).bring("ru", sig, doc).want(t, "the files", http.StatusOK)
		f.says(t, "the files", page, ru.T("verify_files.ours"), ru.T("verify_files.ours.kept"), ru.T("verify_files.state.valid"), f.Aigul.Surname)
	})
	unasked(t, g, f, "the calendar", func() {
		got := f.visitor().get(feed).want(t, "the calendar", http.StatusOK)
		if _, events := parsed(t, got.body); len(events) != 1 {
			t.Errorf("%d terms", len(events))
		}
	})
	// A row that whoever owns the database has changed is not what the record has.
	must(f.SQL.Exec(`ALTER TABLE document DISABLE TRIGGER ALL`))
	must(f.SQL.Exec(`UPDATE document SET digest = sha256('x') WHERE id = $1`, number))
	f.says(t, "changed", f.stranger(3).get("/ru/verify/"+number.String()), ru.T("signature.invalid"))
}

func TestATelephoneGetsTheDocumentFromTheBrowserThatAskedAndNotFromTheKeeper(t *testing.T) {
	t.Parallel()
	f, g := openKept(t, portaltest.Rules{})
	aigul := f.as(f.Aigul)
	id := fresh()
	aigul.post("/kk/cases/"+f.Theft.String()+"/filings", f.petition(id)).want(t, "the draft", http.StatusSeeOther)
	page := aigul.get("/kk/filings/"+id.String()).want(t, "the page to sign on", http.StatusOK)
	wait := aigul.askPhone(page)
	code := aigul.get(wait).want(t, "the code", http.StatusOK).code(t)
	g.Refused()
	unasked(t, g, f, "the telephone", func() {
		telephone := f.phoneOf(f.Aigul)
		fetched, err := telephone.Scan(t.Context(), code)
		if err == nil {
			err = telephone.Sign(t.Context(), fetched)
		}
		if err != nil {
			t.Errorf("the telephone: %v", err)
		}
	})
	aigul.take(wait).want(t, "the signature", http.StatusSeeOther)
	f.Want(t, `SELECT status FROM filing`, "status\nfiled")
	f.Want(t, `SELECT content IS NULL AS gone, cms IS NULL AS taken, state FROM phone_request`, `
		gone | taken | state
		true | true  | used`)
	f.Sound()
}

// Who has no standing in a case reads what he wrote himself and what was answered to
// him, and nothing else of it.
func TestWhoIsNothingInTheCaseReadsWhatIsHis(t *testing.T) {
	t.Parallel()
	f, g := openKept(t, portaltest.Rules{})
	asel := f.as(f.Stranger)
	request := f.Request(f.Stranger, f.Theft, casefile.NewRequest{Role: policy.Victim})
	at := "/kk/access/" + request.String()
	f.says(t, "asked", asel.get(at).want(t, "her request", http.StatusOK), f.Number(f.Theft), portaltest.Why)
	asel.get(at+"/paper").want(t, "her paper", http.StatusOK)
	f.says(t, "her list", asel.get("/kk/cases").want(t, "her list", http.StatusOK), at)
	var participant uuid.UUID
	if err := f.SQL.Get(&participant, `SELECT participant FROM request`); err != nil {
		t.Fatal(err)
	}
	if err := f.End(f.Daniyar, participant); err != nil {
		t.Fatal(err)
	}
	f.says(t, "refused", asel.get(at).want(t, "the refusal", http.StatusOK), portaltest.Reasons)
	asel.get(at+"/answer?keep=1").want(t, "her copy of it", http.StatusOK)
	filed := asel.post(at+"/complaint", nil).want(t, "complaining", http.StatusSeeOther).to()
	page := asel.get(filed).want(t, "the ready complaint", http.StatusOK)
	f.says(t, "the complaint", page, f.Number(f.Theft))
	asel.sign(page, f.Stranger.Key).want(t, "its signature", http.StatusSeeOther)
	asel.get(filed).want(t, "the complaint", http.StatusOK)
	if no := g.Refused(); len(no) > 0 {
		t.Errorf("she asks for what is refused: %v", no)
	}
	// The keeper itself, whatever the rows say: of the case nothing.
	ctx := f.Stranger.As(t.Context())
	var sealed []byte
	if err := f.SQL.Get(&sealed, `SELECT number FROM casefile WHERE id = $1`, f.Theft); err != nil {
		t.Fatal(err)
	}
	where := vault.Where{Table: "casefile", Column: "number", ID: f.Theft, Case: f.Theft}
	if _, err := f.App.Open(ctx, where, sealed); !errors.Is(err, fault.NotFound) {
		t.Errorf("the case's own number opens to her: %v", err)
	}
	f.Sound()
}

func TestAnAssistantOpensTheErrandByARightOfHisOwn(t *testing.T) {
	t.Parallel()
	f, g := openKept(t, portaltest.Rules{})
	id := errand(t, f.W, help(t, f.W, f.Stranger))
	page := f.as(f.Stranger).get("/kk/errands/"+id.String()).want(t, "the errand", http.StatusOK)
	f.says(t, "the errand", page, wish, f.Dana.Surname, f.Number(f.Theft))
	f.as(f.Dana).get("/kk/errands/"+id.String()).want(t, "to the advocate", http.StatusOK)
	if no := g.Refused(); len(no) > 0 {
		t.Errorf("refused: %v", no)
	}
	// A row that says that it is another's assistant opens nothing: there is no wrap for him.
	if _, err := f.SQL.Exec(`UPDATE assistant SET person = $1`, f.Nurlan.Person); err != nil {
		t.Fatal(err)
	}
	f.as(f.Nurlan).get("/kk/errands/"+id.String()).want(t, "one whom a row lets", http.StatusNotFound)
}

// Papers about officials are for whoever is in a post: the second of the two reads what
// the first wrote.
func TestASecondOfficialReadsAPaperAboutOfficialsAndACitizenDoesNot(t *testing.T) {
	t.Parallel()
	f, g := openKept(t, portaltest.Rules{})
	entry := f.entryProposed(f.entryOf())
	var row struct {
		ID      uuid.UUID `db:"id"`
		Content []byte    `db:"content"`
	}
	if err := f.SQL.Get(&row, `SELECT d.id, d.content FROM document d JOIN appointment a ON a.document = d.id WHERE a.id = $1`, entry); err != nil {
		t.Fatal(err)
	}
	where := vault.Where{Table: "document", Column: "content", ID: row.ID, House: true}
	for who, opens := range map[*portaltest.Actor]bool{f.Raushan: true, f.Bolat: true, f.Marat: true, f.Aigul: false, f.Stranger: false, f.Nurlan: false} {
		_, err := f.App.Open(who.As(t.Context()), where, row.Content)
		if opens != (err == nil) {
			t.Errorf("%s: %v", who.Word, err)
		}
	}
	g.Refused()
}

// left is what a job has to finish, with what its author signed for it.
type left struct {
	ID   uuid.UUID `db:"id"`
	Of   uuid.UUID `db:"of"`
	Slip []byte    `db:"slip"`
}

// work runs a job by the portal's own hand, behind the keeper; signed says whether it
// shows what its author signed.
func (f *front) work(t *testing.T, name string, signed bool, do func(ctx context.Context, tx *vault.DB, of uuid.UUID) error) error {
	t.Helper()
	var j left
	query := fmt.Sprintf(`SELECT id, CAST((SELECT value FROM jsonb_each_text(args)) AS uuid) AS of, slip FROM job WHERE name = '%s' ORDER BY id DESC LIMIT 1`, name)
	if err := f.SQL.Get(&j, query); err != nil {
		t.Fatal(err)
	}
	if j.Slip == nil {
		t.Fatalf("%s: nobody signed for it", name)
	}
	ctx := t.Context()
	if signed {
		var err error
		if ctx, err = slip.Bear(ctx, f.App.Keys, "job", j.ID, j.Slip); err != nil {
			t.Fatal(err)
		}
	}
	return vault.New(f.DB.DB, f.App.Keys).Within(ctx, func(tx *vault.DB) error { return do(ctx, tx, j.Of) })
}

// What the portal does later by itself it does with what its author signed for it, for
// these texts and for a day; by itself it opens nothing.
func TestTheWorkThatIsLeftOpensWhatItsAuthorSignedForAndNothingByItself(t *testing.T) {
	t.Parallel()
	f, _ := openKept(t, portaltest.Rules{})
	for _, s := range []authority.Service{authority.OCSP, authority.Lists, authority.Stamps} {
		f.Services.Break(s, authority.Unavailable)
	}
	asel := f.as(f.Stranger) // nothing in the case: the wrap is her own
	fields := f.affectedBy()
	to := asel.post("/kk/complain", fields).want(t, "the draft", http.StatusSeeOther).to()
	asel.sign(asel.get(to), f.Stranger.Key).want(t, "the signature", http.StatusSeeOther)
	for _, s := range []authority.Service{authority.OCSP, authority.Lists, authority.Stamps} {
		f.Services.Break(s, authority.NoFault)
	}
	confirm := func(ctx context.Context, tx *vault.DB, of uuid.UUID) error {
		return evidence.Confirm(ctx, tx, f.Verifier, of, f.At)
	}
	f.At = f.At.Add(time.Minute)
	if err := f.work(t, evidence.ConfirmJob, false, confirm); !errors.Is(err, fault.NotFound) {
		t.Errorf("confirmed by nobody: %v", err)
	}
	if err := f.work(t, evidence.ConfirmJob, true, confirm); err != nil {
		t.Errorf("confirmed: %v", err)
	}
	f.Want(t, `SELECT revocation FROM evidence e JOIN document d ON d.id = e.document WHERE d.author = '`+f.Stranger.Person.String()+`'`, "revocation\ngood")

	n := materials.New{ID: fresh(), Title: "Хаттама", Volume: 1, Sheet: 1, Part: materials.InCase, Language: "kk", PDF: f.PDF("бір", "екі")}
	if err := materials.Add(f.Daniyar.As(t.Context()), f.App, f.Daniyar.Asks(policy.MaterialAdd), f.Theft, n); err != nil {
		t.Fatal(err)
	}
	render := func(ctx context.Context, tx *vault.DB, of uuid.UUID) error {
		return materials.Render(ctx, tx, of, f.At)
	}
	if err := f.work(t, materials.RenderJob, false, render); !errors.Is(err, fault.NotFound) {
		t.Errorf("drawn by nobody: %v", err)
	}
	if err := f.work(t, materials.RenderJob, true, render); err != nil {
		t.Errorf("drawn: %v", err)
	}
	f.Want(t, `SELECT state FROM material`, "state\nready")
	// A day later it is worth nothing.
	n.ID, n.Sheet = fresh(), 10
	if err := materials.Add(f.Daniyar.As(t.Context()), f.App, f.Daniyar.Asks(policy.MaterialAdd), f.Theft, n); err != nil {
		t.Fatal(err)
	}
	f.At = f.At.Add(25 * time.Hour)
	if err := f.work(t, materials.RenderJob, true, render); !errors.Is(err, fault.NotFound) {
		t.Errorf("drawn a day later: %v", err)
	}
}

// affectedBy are the fields of a complaint of one whom an act affects.
func (f *front) affectedBy() url.Values {
	return url.Values{
		"id": {fresh().String()}, "number": {f.Number(f.Theft)}, "kind": {string(policy.FilingComplaintProsecutor)},
		"circumstances": {portaltest.Circumstances}, "point-1": {portaltest.Request}, "what": {"act"},
	}
}
