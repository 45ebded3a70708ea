package portal_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"zharia/portal"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/receipt"
)

// proves parses a receipt and verifies it by the public key alone.
func proves(t testing.TB, file string) (receipt.Receipt, receipt.Proved) {
	t.Helper()
	r, err := receipt.Parse([]byte(file))
	if err != nil {
		t.Fatalf("%v\n%s", err, short(file))
	}
	proved, err := r.Verify(portaltest.LogKey)
	if err != nil {
		t.Fatal(err)
	}
	return r, proved
}

func TestWhoFilesAndTakesBackIsGivenReceiptsThatProveItWithoutThePortal(t *testing.T) {
	t.Parallel()
	f := open(t)
	id := f.Petition(f.Aigul, f.Theft)
	f.SignLog()
	proof := "/kk/filings/" + id.String() + "/proof"
	page := f.as(f.Aigul).get("/kk/filings/"+id.String()).want(t, "the filing", http.StatusOK)
	for _, link := range []string{proof, "/kk/filings/" + id.String() + "/receipt", "/kk/verify/offline?keep=1"} {
		if !strings.Contains(page.body, `href="`+link+`"`) {
			t.Errorf("the page of a filing has no link to %s", link)
		}
	}
	given := f.as(f.Aigul).get(proof).want(t, "the receipt", http.StatusOK)
	r, proved := proves(t, given.body)
	read, err := filing.Read(t.Context(), f.DB, f.Aigul.Asks(policy.FilingRead), id)
	if err != nil {
		t.Fatal(err)
	}
	content, digest := f.Paper(f.Aigul, id)
	if proved.Row.Act != "filing-submit" || proved.Row.ID != id || proved.Row.At != read.FiledAt || !bytes.Equal(r.Digest, digest) || r.Holds(content) != nil || r.Document != read.Document {
		t.Errorf("it proves %+v", proved.Row)
	}
	if got := given.Header.Get("Content-Disposition"); got != `attachment; filename="zharia-`+read.Number+`.receipt"` {
		t.Errorf("it is saved as %s", got)
	}
	for what, secret := range map[string]string{"name": "Айгүл", "surname": f.Aigul.Name, "IIN": f.Aigul.IIN.Reveal(), "case": read.CaseNumber, "number": read.Number} {
		if strings.Contains(given.body, secret) || bytes.Contains(r.Leaf, []byte(secret)) {
			t.Errorf("the receipt has the %s", what)
		}
	}
	f.At = f.At.Add(time.Hour)
	if err := f.Withdraw(f.Aigul, id); err != nil {
		t.Fatal(err)
	}
	f.SignLog()
	taken := f.as(f.Aigul).get("/kk/filings/"+id.String()+"/withdrawal/proof").want(t, "the second receipt", http.StatusOK)
	second, back := proves(t, taken.body)
	if back.Row.Act != "filing-withdraw" || back.Row.ID != id || back.Row.At != f.At || bytes.Equal(second.Digest, digest) {
		t.Errorf("it proves %+v", back.Row)
	}
	if got := taken.Header.Get("Content-Disposition"); got != `attachment; filename="zharia-`+read.Number+`-withdrawal.receipt"` {
		t.Errorf("it is saved as %s", got)
	}
	// The first receipt stays good, and anybody shows that the ledger only grew.
	if again := f.as(f.Aigul).get(proof); again.body != given.body {
		t.Error("the same act has another receipt now")
	}
	path := fmt.Sprintf("/log/consistency?from=%d&to=%d", proved.Root.Size, back.Root.Size)
	if err := receipt.Joined(proved.Root, back.Root, hashes(t, f.visitor().get(path).want(t, "consistency", http.StatusOK).body)); err != nil {
		t.Error(err)
	}
	f.as(f.Aigul).get("/kk/filings/"+f.Petition(f.Aigul, f.Theft).String()+"/withdrawal/proof").want(t, "not taken back", http.StatusNotFound)
	f.as(f.Serik).get(proof).want(t, "to another", http.StatusNotFound)
	f.as(f.Daniyar).get(proof).want(t, "to who decides", http.StatusForbidden)
	draft := f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingPetition})
	f.as(f.Aigul).get("/kk/filings/"+draft.String()+"/proof").want(t, "of a draft", http.StatusNotFound)
}

func hashes(t testing.TB, text string) (out []tlog.Hash) {
	t.Helper()
	for line := range strings.Lines(text) {
		h, err := tlog.ParseHash(strings.TrimSuffix(line, "\n"))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, h)
	}
	return out
}

func TestAReceiptIsWaitedForUntilTheLedgerIsSignedAndThenAskedForAgain(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.SignLog()
	id := f.Petition(f.Aigul, f.Theft)
	path := "/ru/filings/" + id.String() + "/proof"
	began := time.Now()
	late := f.as(f.Aigul).get(path).want(t, "before the root", http.StatusServiceUnavailable)
	if waited := time.Since(began); waited < 2*time.Second || waited > 6*time.Second {
		t.Errorf("it waited %v", waited)
	}
	if late.Header.Get("Retry-After") == "" || late.Header.Get("Refresh") == "" || !strings.Contains(late.body, f.Words.In("ru").T("fault.no-checkpoint")) {
		t.Errorf("who is early is told %v: %s", late.Header, short(late.body))
	}
	time.AfterFunc(300*time.Millisecond, func() { f.SignLog() })
	proves(t, f.as(f.Aigul).get(path).want(t, "while the root comes", http.StatusOK).body)
}

// Every paper that was ever signed in the world of the cast has a receipt, of the very
// act that signed it.
func TestEverySignedPaperHasAReceiptOfTheActThatSignedIt(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.play()
	f.SignLog()
	var papers []struct {
		ID     uuid.UUID `db:"id"`
		Kind   string    `db:"kind"`
		Signer uuid.UUID `db:"signer"`
		At     time.Time `db:"signed_at"`
		Digest []byte    `db:"digest"`
	}
	if err := f.SQL.SelectContext(t.Context(), &papers, `SELECT id, kind, signer, signed_at, digest FROM document WHERE signed_at IS NOT NULL`); err != nil {
		t.Fatal(err)
	}
	acts := map[string]string{}
	for _, paper := range papers {
		r, proved := proves(t, f.visitor().get("/kk/verify/"+paper.ID.String()+"/receipt").want(t, paper.Kind, http.StatusOK).body)
		if proved.Row.Who != paper.Signer || !proved.Row.At.Equal(paper.At) || !bytes.Equal(r.Digest, paper.Digest) || len(r.Stamp) > 0 {
			t.Errorf("%s: %+v", paper.Kind, proved.Row)
		}
		acts[proved.Row.Act] = paper.Kind
	}
	if len(papers) < 20 {
		t.Fatalf("only %d papers: the search is broken", len(papers))
	}
	for act, kind := range acts {
		rule, known := policy.RuleOf(policy.Act(act))
		if !known || strings.HasSuffix(act, "-draft") || strings.HasSuffix(act, "-create") || strings.HasSuffix(act, "-read") || strings.HasSuffix(act, "-document") || strings.HasSuffix(act, "-copy") {
			t.Errorf("a %s is said to be signed by %s (%s)", kind, act, rule.By)
		}
	}
	t.Logf("%d papers, signed by %d acts: %v", len(papers), len(acts), acts)
	f.visitor().get("/kk/verify/"+f.paperOf("filing", f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingPetition})).String()+"/receipt").want(t, "unsigned", http.StatusNotFound)
	f.visitor().get("/kk/verify/"+uuid.NewString()+"/receipt").want(t, "unknown", http.StatusNotFound)
}

func TestAReceiptThatWouldNotProveItIsNotGivenOut(t *testing.T) {
	t.Parallel()
	f := open(t)
	id := f.Petition(f.Aigul, f.Theft)
	f.SignLog()
	read, err := filing.Read(t.Context(), f.DB, f.Aigul.Asks(policy.FilingRead), id)
	if err != nil {
		t.Fatal(err)
	}
	make := func(key string) error {
		_, err := receipt.Make(t.Context(), f.App, f.Aigul.Asks(policy.VerifyReceipt), read.Document, key)
		return err
	}
	if err := make(portaltest.LogKey); err != nil {
		t.Fatal(err)
	}
	if err := make(""); !errors.Is(err, fault.Unavailable) {
		t.Errorf("of a ledger that nobody signs: %v", err)
	}
	conn, err := f.SQL.Connx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, order := range []string{`SET session_replication_role = replica`, `UPDATE record SET law = 'CPC 1' WHERE act = 'filing-submit' AND object_id = '` + id.String() + `'`} {
		if _, err := conn.ExecContext(t.Context(), order); err != nil {
			t.Fatal(err)
		}
	}
	var refusal *receipt.Refusal
	if err := make(portaltest.LogKey); !errors.As(err, &refusal) || refusal.Reason != receipt.NotInside {
		t.Errorf("of a row that was changed: %v", err)
	}
}

func TestThePaperReceiptSaysWhereTheFilingStandsInTheLedger(t *testing.T) {
	t.Parallel()
	f := open(t)
	id := f.Petition(f.Aigul, f.Theft)
	path := "/receipt"
	text := func(lang string) string {
		paper := f.as(f.Aigul).get("/"+lang+"/filings/"+id.String()+path).want(t, "the paper", http.StatusOK)
		return strings.Join(strings.Fields(portaltest.PDFText(t, []byte(paper.body))), " ")
	}
	w := f.Words.In("ru")
	var seq int64
	if err := f.SQL.GetContext(t.Context(), &seq, `SELECT seq FROM record WHERE act = 'filing-submit' AND object_id = $1`, id); err != nil {
		t.Fatal(err)
	}
	place := w.T("paper.receipt.place-value", "place", seq)
	if early := text("ru"); !strings.Contains(early, place) || strings.Contains(early, w.T("paper.receipt.root")) {
		t.Errorf("before the root is signed: %s", early)
	}
	root := f.SignLog()
	said := text("ru")
	for _, want := range []string{place, w.T("paper.receipt.root-value", "size", root.Size, "root", w.Hex(root.Root[:16])), w.Hex(receipt.Fingerprint(portaltest.LogKey))} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in %s", want, said)
		}
	}
	if said != text("ru") {
		t.Error("it is printed otherwise the second time")
	}
}

func TestAnybodyMayBeAWitnessOfTheLedger(t *testing.T) {
	t.Parallel()
	f := open(t)
	first := f.SignLog()
	f.Petition(f.Aigul, f.Theft)
	second := f.SignLog()
	f.Petition(f.Aigul, f.Theft) // of this no signed root tells
	key := f.visitor().get("/log/key").want(t, "the key", http.StatusOK)
	v, err := note.NewVerifier(strings.TrimSpace(key.body))
	if err != nil || key.body != portaltest.LogKey+"\n" {
		t.Fatalf("%q: %v", key.body, err)
	}
	got := f.visitor().get("/log/checkpoint").want(t, "the root", http.StatusOK)
	if root, err := ledger.ParseCheckpoint([]byte(got.body), v); err != nil || root.Size != second.Size || root.Root != second.Root {
		t.Errorf("%+v: %v", root, err)
	}
	proof := f.visitor().get(fmt.Sprintf("/log/consistency?from=%d&to=%d", first.Size, second.Size)).want(t, "the proof", http.StatusOK)
	if err := receipt.Joined(first, second, hashes(t, proof.body)); err != nil {
		t.Error(err)
	}
	if same := f.visitor().get(fmt.Sprintf("/log/consistency?from=%d&to=%[1]d", second.Size)).want(t, "nothing grew", http.StatusOK); same.body != "" {
		t.Errorf("%q", same.body)
	}
	for _, query := range []string{"", "?from=1", "?from=0&to=1", "?from=-1&to=5", "?from=5&to=1", "?from=01&to=5", "?from=1&to=+5", "?from=1e1&to=20", "?from=1&to=99999999999999999999",
		fmt.Sprintf("?from=1&to=%d", second.Size+1)} {
		if a := f.visitor().get("/log/consistency"+query).want(t, query, http.StatusUnprocessableEntity); a.body != "" {
			t.Errorf("%s: a program is answered with a page", query)
		}
	}
	for _, path := range []string{"/kk/verify", "/ru/about/protection", "/kk/verify/" + f.paperOf("decision", f.Decision("accepted")).String()} {
		page := f.visitor().get(path).want(t, path, http.StatusOK).body
		if !strings.Contains(page, "/verify/offline") {
			t.Errorf("%s leads to no page that checks receipts", path)
		}
	}
	for _, path := range []string{"/kk/verify", "/kk/about/protection"} {
		if page := f.visitor().get(path).body; !strings.Contains(page, f.Words.In("kk").Hex(receipt.Fingerprint(portaltest.LogKey))) {
			t.Errorf("%s does not show the key", path)
		}
	}
}

func TestAWorldWithoutARootAnswersThatThereIsNoneYet(t *testing.T) {
	t.Parallel()
	f := open(t)
	for _, path := range []string{"/log/checkpoint", "/log/consistency?from=1&to=2"} {
		f.visitor().get(path).want(t, path, http.StatusServiceUnavailable)
	}
}

func TestThePageThatChecksReceiptsIsTheSameFromThePortalAndFromADisk(t *testing.T) {
	t.Parallel()
	f := open(t)
	for _, lang := range []string{"kk", "ru"} {
		page, err := receipt.Page(f.Words, lang, portaltest.LogKey)
		if err != nil {
			t.Fatal(err)
		}
		served := f.visitor().get("/"+lang+"/verify/offline").want(t, "the page", http.StatusOK)
		kept := f.visitor().get("/"+lang+"/verify/offline?keep=1").want(t, "the page to keep", http.StatusOK)
		if served.body != string(page) || kept.body != string(page) {
			t.Errorf("%s: the portal serves another page", lang)
		}
		if got := served.Header.Get("Content-Security-Policy"); got != receipt.Policy() {
			t.Errorf("%s: under the policy %q", lang, got)
		}
		if served.Header.Get("Content-Disposition") != "" || !strings.HasPrefix(kept.Header.Get("Content-Disposition"), "attachment") {
			t.Errorf("%s: shown as %q, kept as %q", lang, served.Header.Get("Content-Disposition"), kept.Header.Get("Content-Disposition"))
		}
	}
}

// A portal whose ledger nobody signs promises no proof.
func TestWithoutAKeyThereIsNoWordOfReceiptsThatProve(t *testing.T) {
	t.Parallel()
	w := portaltest.World(t)
	p := &portal.Portal{DB: w.App, Words: w.Words, Verifier: w.Verifier, Origin: portaltest.Origin, Agent: "wss://127.0.0.1:13579", Clock: func() time.Time { return w.At }}
	if err := portal.Share(p); err != nil {
		t.Fatal(err)
	}
	handler, err := p.Handler()
	if err != nil {
		t.Fatal(err)
	}
	f := &front{w, handler, t}
	id := f.Petition(f.Aigul, f.Theft)
	for path, status := range map[string]int{"/log/key": 404, "/kk/verify/offline": 404, "/kk/filings/" + id.String() + "/proof": 503} {
		a := f.as(f.Aigul).get(path).want(t, path, status)
		if a.Header.Get("Refresh") != "" {
			t.Errorf("%s: asked for again and again", path)
		}
	}
	for _, path := range []string{"/kk/filings/" + id.String(), "/kk/verify", "/kk/about/protection"} {
		if page := f.as(f.Aigul).get(path).want(t, path, http.StatusOK).body; strings.Contains(page, "/verify/offline") || strings.Contains(page, "/proof") {
			t.Errorf("%s speaks of receipts", path)
		}
	}
}

// The page that checks receipts, on the site: axe finds nothing, with a verdict of
// either kind on it; the browser asks for nothing else.
func TestTheCheckingPageIsForEverybody(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.Petition(s.Aigul, s.Theft)
	s.SignLog()
	read, err := filing.Read(t.Context(), s.DB, s.Aigul.Asks(policy.FilingRead), id)
	if err != nil {
		t.Fatal(err)
	}
	r, err := receipt.Make(t.Context(), s.App, policy.Ask{Act: policy.VerifyReceipt, Is: policy.Visitor, At: s.At}, read.Document, portaltest.LogKey)
	if err != nil {
		t.Fatal(err)
	}
	content, _ := s.Paper(s.Aigul, id)
	script := axe(t)
	for _, lang := range []string{"kk", "ru"} {
		v := s.visit(t, "receipt-"+lang, lang, phone)
		for _, on := range []screen{phone, desktop} {
			v.screen = on
			v.do(v.look(on))
			v.open("", "/verify/offline")
			bring := func(file []byte) {
				v.attach("#files", file)
				v.js(`document.querySelector("#files").dispatchEvent(new Event("change"))`)
			}
			bring(r.Text())
			v.until(`!!document.querySelector("#results section.good")`)
			v.picture(fmt.Sprintf("good-%d", on.width))
			if script != "" {
				(&examiner{visitor: v, script: script}).once(fmt.Sprintf("a good receipt, %s, %d", lang, on.width))
			}
			bring(content)
			v.until(`!!document.querySelector("#results section.bad")`)
			v.picture(fmt.Sprintf("bad-%d", on.width))
			if script != "" {
				(&examiner{visitor: v, script: script}).once(fmt.Sprintf("a document alone, %s, %d", lang, on.width))
			}
		}
		// Where it is given: both files at once.
		s.insert("aigul")
		v.screen = phone
		v.do(v.look(phone))
		v.signIn("aigul")
		v.open("filed", "/filings/"+id.String())
		if n := v.count(`a[href$="/proof"], a[href$="/receipt"]`); n != "2" {
			t.Errorf("%s files are offered, not 2", n)
		}
		if script != "" {
			(&examiner{visitor: v, script: script}).once("a filing with its receipts, " + lang)
		}
	}
}

// What a receipt adds to a filing: finding the act, the proof and its own check.
func BenchmarkReceipt(b *testing.B) {
	w := portaltest.World(b)
	id := w.Petition(w.Aigul, w.Theft)
	w.SignLog()
	read, err := filing.Read(b.Context(), w.DB, w.Aigul.Asks(policy.FilingRead), id)
	if err != nil {
		b.Fatal(err)
	}
	for name, ask := range map[string]policy.Ask{"a visitor": {Act: policy.VerifyReceipt, Is: policy.Visitor, At: w.At}, "its author": w.Aigul.Asks(policy.VerifyReceipt)} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := receipt.Make(b.Context(), w.App, ask, read.Document, portaltest.LogKey); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
