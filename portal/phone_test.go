package portal_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal"
	"zharia/portal/eds/authority"
	"zharia/portal/eds/raw"
	"zharia/portal/egov"
	"zharia/portal/filing"
	phones "zharia/portal/phone"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/report"
)

// openPhone is open with settings for phones.
func openPhone(t testing.TB, s egov.Settings) *front {
	t.Helper()
	w := portaltest.World(t)
	p := &portal.Portal{
		DB: w.App, Words: w.Words, Verifier: w.Verifier, Origin: portaltest.Origin, Agent: "wss://127.0.0.1:13579", Egov: s,
		Clock: func() time.Time { return w.At },
	}
	return &front{w, must(p.Handler()), t}
}

// phoneLine carries what a phone asks to a portal without a socket. The phone has no
// cookie and says no origin.
type phoneLine struct{ http.Handler }

func (w phoneLine) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Header.Get("Cookie") != "" {
		return nil, errors.New("a phone has no cookie")
	}
	body := r.Body
	if body == nil {
		body = http.NoBody
	}
	in := httptest.NewRequest(r.Method, r.URL.RequestURI(), body)
	in.Header = r.Header
	out := httptest.NewRecorder()
	w.ServeHTTP(out, in)
	return out.Result(), nil
}

// phoneOf is a phone with somebody's key in it.
func (f *front) phoneOf(a *portaltest.Actor) *egov.Phone {
	return &egov.Phone{
		Client: &http.Client{Transport: phoneLine{f}}, Language: "kk", Clock: func() time.Time { return f.At },
		SignCMS: func(content []byte, attached bool) ([]byte, error) { return a.Key.SignCMS(content, attached, f.At) },
		SignXML: func(document string) (string, error) { return loginBy(a, document) },
	}
}

const loginInfo = `<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">` +
	`<ds:CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"></ds:CanonicalizationMethod>` +
	`<ds:SignatureMethod Algorithm="urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:gostr34102015-gostr34112015-512"></ds:SignatureMethod>` +
	`<ds:Reference URI=""><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform>` +
	`<ds:Transform Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"></ds:Transform></ds:Transforms>` +
	`<ds:DigestMethod Algorithm="urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:gostr34112015-512"></ds:DigestMethod>` +
	`<ds:DigestValue>DIGEST</ds:DigestValue></ds:Reference></ds:SignedInfo>`

// loginBy signs a document that is canonical already.
func loginBy(a *portaltest.Actor, document string) (string, error) {
	sum := raw.Streebog512([]byte(document))
	info := strings.Replace(loginInfo, "DIGEST", base64.StdEncoding.EncodeToString(sum[:]), 1)
	value, err := a.Key.Sign([]byte(info))
	if err != nil {
		return "", err
	}
	end := strings.LastIndex(document, "</")
	return document[:end] + `<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">` +
		strings.Replace(info, ` xmlns:ds="http://www.w3.org/2000/09/xmldsig#"`, "", 1) +
		"<ds:SignatureValue>" + base64.StdEncoding.EncodeToString(value) + "</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>" +
		base64.StdEncoding.EncodeToString(a.Key.Certificate()) + "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>" + document[end:], nil
}

var (
	phoneForm = regexp.MustCompile(`(?s)<form id="phone" method="post" action="([^"]+)">(.*?)</form>`)
	sendForm  = regexp.MustCompile(`(?s)<form method="post" action="([^"]+)" data-send>(.*?)</form>`)
	againForm = regexp.MustCompile(`(?s)<form method="post" action="(/k?k?r?u?/phone)">(.*?)</form>`)
	hiddens   = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
	launches  = regexp.MustCompile(`href="(https://m\.egov\.kz/mobileSign/[^"]*)"`)
)

// fields are where a form of a page goes, and the hidden fields in it.
func (a answer) fields(t testing.TB, form *regexp.Regexp) (string, url.Values) {
	t.Helper()
	found := form.FindStringSubmatch(a.body)
	if found == nil {
		t.Fatalf("no such form in\n%s", short(a.body))
	}
	values := url.Values{}
	for _, h := range hiddens.FindAllStringSubmatch(found[2], -1) {
		values.Set(h[1], html.UnescapeString(h[2]))
	}
	return found[1], values
}

// askPhone presses the button for a phone on a page where something is signed.
func (g *guest) askPhone(page answer) string {
	g.t.Helper()
	to, fields := page.fields(g.t, phoneForm)
	return g.post(to, fields).want(g.t, "a phone is asked", http.StatusSeeOther).to()
}

// code is what the QR of a page says, read off the link beside it.
func (a answer) code(t testing.TB) string {
	t.Helper()
	found := launches.FindStringSubmatch(a.body)
	if found == nil {
		t.Fatalf("no code in\n%s", short(a.body))
	}
	link := must(url.Parse(html.UnescapeString(found[1])))
	return egov.Code(link.Query().Get("link"))
}

// take gives the act what the phone gave, by pressing the button of the page.
func (g *guest) take(at string) answer {
	g.t.Helper()
	to, fields := g.get(at).want(g.t, "the signature has come", http.StatusOK).fields(g.t, sendForm)
	return g.post(to, fields)
}

// Nothing but pages, forms and a phone: no script, no program on the computer.
func TestAPersonSignsInAndFilesWithAPhoneAndNoScript(t *testing.T) {
	t.Parallel()
	f := open(t)
	draft := f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"})
	g, ph := f.visitor(), f.phoneOf(f.Aigul)
	at := g.askPhone(g.get("/kk/signin?next=%2Ffilings"))
	page := g.get(at).want(t, "the code", http.StatusOK)
	if !strings.Contains(page.body, `<svg class="qr"`) || !strings.Contains(page.body, `role="img" aria-label="`) {
		t.Error("no code is drawn")
	}
	fetched, err := ph.Scan(t.Context(), page.code(t))
	if err != nil {
		t.Fatal(err)
	}
	i := fetched.Invitation
	if i.Description != "«Жария» порталына кіру / Вход на портал «Жария»" || time.Time(i.Expires).Sub(f.At) != phones.Life || i.Document.Auth != egov.TokenAuth || len(i.Document.Token) != 43 {
		t.Errorf("the phone is invited with %+v", i)
	}
	content := string(fetched.Package[0].Content)
	if fetched.Package[0].Method != egov.CMSWithData || !strings.HasPrefix(content, "zharia/sign-in/1\norigin="+portaltest.Origin+"\n") {
		t.Errorf("what is signed to sign in: %q", content)
	}
	if now := g.get(at); !strings.Contains(now.body, "Телефон деректі алды") {
		t.Error("the page does not say that the phone has it")
	}
	if err := ph.Sign(t.Context(), fetched); err != nil {
		t.Fatal(err)
	}
	got := g.take(at).want(t, "signed in", http.StatusSeeOther)
	if got.to() != "/kk/filings" {
		t.Errorf("he is led to %s", got.to())
	}
	if cookies := got.Header.Values("Set-Cookie"); !strings.Contains(strings.Join(cookies, "\n"), "way=phone") {
		t.Errorf("the way that worked is not remembered: %v", cookies)
	}
	f.Want(t, `SELECT count(*) FROM phone_request`, "count\n0") // gone with the session before sign-in

	check := g.get("/kk/filings/"+draft.String()).want(t, "the draft", http.StatusOK)
	doc := g.get(check.attribute(t, "data-content-url")).body
	at = g.askPhone(check)
	page = g.get(at).want(t, "the code", http.StatusOK)
	if fetched, err = ph.Scan(t.Context(), page.code(t)); err != nil {
		t.Fatal(err)
	}
	d := fetched.Package[0]
	if string(d.Content) != doc || d.Type != "@file/pdf" || d.Method != egov.CMSSignOnly || d.Names.KK != "Өтінішхат" || d.Names.RU != "Ходатайство" {
		t.Errorf("the phone shows another thing: %d bytes of %s, %v", len(d.Content), d.Type, d.Names)
	}
	if err := ph.Sign(t.Context(), fetched); err != nil {
		t.Fatal(err)
	}
	f.Want(t, `SELECT status FROM filing`, "status\ndraft") // the phone files nothing: the browser does
	g.take(at).want(t, "filed", http.StatusSeeOther)
	f.Want(t, `SELECT f.status, r.state, r.cms IS NULL AS gone FROM filing f JOIN phone_request r ON r.of = f.id`, "status | state | gone\nfiled | used | true")
	g.askPhone(g.get("/kk/filings/" + f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"}).String()))
	const lying = `SELECT state FROM phone_request WHERE content IS NOT NULL`
	for _, step := range []struct {
		late time.Duration
		want string
	}{{0, "state\nasked"}, {phones.Life, "state"}} {
		if err := phones.DropContents(t.Context(), f.DB.DB, f.At.Add(step.late)); err != nil {
			t.Fatal(err)
		}
		f.Want(t, lying, step.want)
	}
	if to := g.get(at).to(); to != "/kk/filings/"+draft.String() {
		t.Errorf("the page of a code that was used leads to %q", to)
	}
	f.Sound()
}

// waiting is a filing of Aigul's that waits for her phone.
type waiting struct {
	*front
	guest *guest
	draft uuid.UUID
	at    string // the page of the code
	code  string
	got   egov.Fetched
}

func (f *front) asksToFile(t *testing.T) *waiting {
	t.Helper()
	draft := f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"})
	a := f.waits(t, f.Aigul, "/kk/filings/"+draft.String())
	a.draft = draft
	return a
}

// waits is a page of somebody's whose document waits for his phone.
func (f *front) waits(t *testing.T, who *portaltest.Actor, page string) *waiting {
	t.Helper()
	a := &waiting{front: f, guest: f.as(who)}
	a.at = a.guest.askPhone(a.guest.get(page))
	a.code = a.guest.get(a.at).code(t)
	var err error
	if a.got, err = f.phoneOf(who).Scan(t.Context(), a.code); err != nil {
		t.Fatal(err)
	}
	return a
}

// put sends a body as the phone would.
func (a *waiting) put(body string) answer {
	a.t.Helper()
	r := httptest.NewRequest(http.MethodPut, must(url.Parse(a.got.Invitation.Document.URI)).Path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+a.got.Invitation.Document.Token)
	r.Header.Set("Accept-Language", "ru")
	return a.visitor().do(r)
}

// signedBody is an honest answer's body, with another's signature or none.
func (a *waiting) signedBody(cms []byte) string {
	return fmt.Sprintf(`{"signMethod":"CMS_SIGN_ONLY","version":1,"documentsToSign":[{"id":1,"nameRu":"","nameKz":"","nameEn":"","document":{"file":{"mime":"@file/pdf","data":%q}}}]}`,
		base64.StdEncoding.EncodeToString(cms))
}

func TestAHostilePhoneSignsNothing(t *testing.T) {
	t.Parallel()
	f := open(t)
	a := f.asksToFile(t)
	content := a.got.Package[0].Content
	by := func(who *portaltest.Actor, content []byte, attached bool) []byte {
		return must(who.Key.SignCMS(content, attached, f.At))
	}
	good := by(f.Aigul, content, false)
	other := append(bytes.Clone(content), '\n')
	broken := bytes.Clone(good)
	broken[len(broken)-5] ^= 1
	signIn := f.visitor().get("/kk/signin")
	body := a.signedBody
	for what, sent := range map[string]string{
		"other bytes":                  body(by(f.Aigul, other, false)),
		"other bytes, attached":        body(by(f.Aigul, other, true)),
		"a changed signature":          body(broken),
		"another person":               body(by(f.Serik, content, false)),
		"a foreign authority":          body(by(f.Actor("foreign"), content, false)),
		"a key that ran out":           body(by(f.Actor("aigul-expired"), content, false)),
		"an employer's key":            body(by(f.Actor("employee"), content, false)),
		"a system's key":               body(by(f.Actor("system"), content, false)),
		"her signature of a sign-in":   body(by(f.Aigul, must(decode(signIn.attribute(t, "data-content"))), true)),
		"nothing":                      "",
		"garbage":                      "{{{",
		"a list":                       "[]",
		"null":                         "null",
		"an empty object":              "{}",
		"two bodies":                   body(good) + body(good),
		"no documents":                 `{"signMethod":"CMS_SIGN_ONLY","version":1,"documentsToSign":[]}`,
		"the document unsigned":        body(content),
		"an empty signature":           body(nil),
		"not base64":                   strings.Replace(body(good), `"data":"`, `"data":"*`, 1),
		"base64 with loose bits":       strings.Replace(body(nil), `"data":""`, `"data":"QR=="`, 1),
		"another id":                   strings.Replace(body(good), `"id":1`, `"id":2`, 1),
		"an id in words":               strings.Replace(body(good), `"id":1`, `"id":"1"`, 1),
		"no id":                        strings.Replace(body(good), `"id":1,`, ``, 1),
		"another method":               strings.Replace(body(good), "CMS_SIGN_ONLY", "CMS_WITH_DATA", 1),
		"another version":              strings.Replace(body(good), `"version":1`, `"version":2`, 1),
		"a status nobody knows":        strings.Replace(body(good), `"version":1`, `"version":1,"status":"OK"`, 1),
		"XML where CMS was asked":      `{"signMethod":"CMS_SIGN_ONLY","version":1,"documentsToSign":[{"id":1,"documentXml":"<login></login>"}]}`,
		"XML beside the CMS":           strings.Replace(body(good), `"id":1,`, `"id":1,"documentXml":"<a></a>",`, 1),
		"one document twice":           strings.Replace(body(good), `"documentsToSign":[`, `"documentsToSign":[{"id":1,"document":{"file":{"mime":"","data":"QQ=="}}},`, 1),
		"a method of its own document": strings.Replace(body(good), `"id":1,`, `"id":1,"signMethod":"XML",`, 1),
	} {
		// A fresh count of tries each time: how many there may be is another test.
		if _, err := f.SQL.ExecContext(t.Context(), `UPDATE phone_request SET tries = 0`); err != nil {
			t.Fatal(err)
		}
		got := a.put(sent)
		var said map[string]string
		if err := json.Unmarshal([]byte(got.body), &said); err != nil || got.StatusCode != http.StatusForbidden || len(said) != 1 || len(said["message"]) < 20 || strings.ContainsAny(said["message"], "әғқңөұүі") {
			t.Errorf("%s: %d %s", what, got.StatusCode, short(got.body))
		}
	}
	if got := a.put(body(bytes.Repeat([]byte{1}, 400<<10))); got.StatusCode != http.StatusRequestEntityTooLarge || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("a huge body: %d %s", got.StatusCode, short(got.body))
	}
	f.Want(t, `SELECT state, cms IS NULL AS none FROM phone_request`, "state | none\nfetched | true")
	if page := a.guest.get(a.at); !strings.Contains(page.body, `class="errors"`) || !strings.Contains(page.body, `<svg class="qr"`) {
		t.Error("the page does not tell of the refusal, or the code is gone")
	}
	// All that took nothing away from an honest answer, which counts once.
	a.put(body(good)).want(t, "the honest answer", http.StatusOK)
	for what, again := range map[string]string{"the same again": body(good), "another good one": body(by(f.Aigul, content, false)), "a refusal after it": `{"version":1,"status":"CANCELED"}`} {
		if got := a.put(again); got.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", what, got.StatusCode)
		}
	}
	a.guest.take(a.at).want(t, "filed", http.StatusSeeOther)
	if got := a.put(body(good)); got.StatusCode != http.StatusForbidden {
		t.Errorf("after the act: %d", got.StatusCode)
	}
	f.Want(t, `SELECT status FROM filing`, "status\nfiled")
	f.Sound()
}

// Every octet of an honest signature is changed, one at a time in a stride, and
// none is taken.
func TestAnyChangedOctetOfAPhonesSignatureIsRefused(t *testing.T) {
	t.Parallel()
	f := open(t)
	a := f.asksToFile(t)
	good := must(f.Aigul.Key.SignCMS(a.got.Package[0].Content, false, f.At))
	refused, all := 0, 0
	for i := 0; i < len(good); i += 13 {
		bad := bytes.Clone(good)
		bad[i] ^= 0x10
		if _, err := f.SQL.ExecContext(t.Context(), `UPDATE phone_request SET tries = 0`); err != nil {
			t.Fatal(err)
		}
		all++
		if got := a.put(a.signedBody(bad)); got.StatusCode == http.StatusForbidden {
			refused++
		} else {
			t.Errorf("octet %d of %d: %d %s", i, len(good), got.StatusCode, got.body)
		}
	}
	t.Logf("%d of %d changed signatures refused", refused, all)
	a.put(a.signedBody(good)).want(t, "the honest one", http.StatusOK)
}

func TestAPhoneThatIsLateWrongOrOfNobodyFindsNothing(t *testing.T) {
	t.Parallel()
	f := open(t)
	a := f.asksToFile(t)
	place := must(url.Parse(a.got.Invitation.Document.URI)).Path
	token := a.got.Invitation.Document.Token
	request := func(method, path, bearer, body string) answer {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		if bearer != "" {
			r.Header.Set("Authorization", bearer)
		}
		return f.visitor().do(r)
	}
	nowhere := request("GET", "/egov/"+strings.Repeat("A", 43), "", "").want(t, "a token of nobody", http.StatusNotFound)
	last := "A"
	if strings.HasSuffix(strings.TrimSuffix(place, "/documents"), "A") {
		last = "E"
	}
	changed := strings.TrimSuffix(place, "/documents")
	changed = changed[:len(changed)-1] + last + "/documents"
	good := a.signedBody(must(f.Aigul.Key.SignCMS(a.got.Package[0].Content, false, f.At)))
	for what, got := range map[string]answer{
		"no bearer":             request("GET", place, "", ""),
		"another bearer":        request("GET", place, "Bearer "+strings.Repeat("A", 43), ""),
		"a bearer in lower":     request("GET", place, "bearer "+token, ""),
		"basic":                 request("GET", place, "Basic "+token, ""),
		"an XML of nobody":      request("POST", place, "Bearer "+token, `{"xml":"<login></login>"}`),
		"another token":         request("GET", changed, "Bearer "+token, ""),
		"no token":              request("GET", "/egov/x/documents", "Bearer "+token, ""),
		"a put without bearer":  request("PUT", place, "", good),
		"a put to another":      request("PUT", changed, "Bearer "+token, good),
		"an attempt at cancel":  request("PUT", place, "", `{"version":1,"status":"CANCELED"}`),
		"a token in the clear":  request("GET", "/egov/"+url.PathEscape("' OR 1=1 --"), "", ""),
		"the id of the request": request("GET", "/egov/"+lastID(a.at), "", ""),
	} {
		if got.StatusCode != http.StatusNotFound || got.body != nowhere.body {
			t.Errorf("%s: %d %s", what, got.StatusCode, short(got.body))
		}
	}
	f.At = f.At.Add(phones.Life)
	for what, got := range map[string]answer{
		"late": request("PUT", place, "Bearer "+token, good), "late to read": request("GET", place, "Bearer "+token, ""),
		"late to ask": request("GET", strings.TrimSuffix(place, "/documents"), "", ""),
	} {
		if got.StatusCode != http.StatusNotFound || got.body != nowhere.body {
			t.Errorf("%s: %d %s", what, got.StatusCode, short(got.body))
		}
	}
	page := a.guest.get(a.at).want(t, "a code that is over", http.StatusOK)
	if strings.Contains(page.body, "<svg class=\"qr\"") || !strings.Contains(page.body, "Код бұдан былай жарамайды") {
		t.Error("a code that is over is still shown")
	}
	// A new code is one button away, and the draft is where it was.
	to, fields := page.fields(t, againForm)
	again := a.guest.post(to, fields).want(t, "a new code", http.StatusSeeOther).to()
	a.guest.get(again).code(t)
	if !strings.Contains(page.body, `href="/kk/filings/`+a.draft.String()+`"`) {
		t.Error("no way back to the other ways")
	}
}

// What a phone gave serves the browser that asked, and no other: not another
// session of the same person, not another person, not a visitor.
func TestOnlyTheBrowserThatAskedTakesWhatThePhoneGave(t *testing.T) {
	t.Parallel()
	f := open(t)
	a := f.asksToFile(t)
	if err := f.phoneOf(f.Aigul).Sign(t.Context(), a.got); err != nil {
		t.Fatal(err)
	}
	to, fields := a.guest.get(a.at).fields(t, sendForm)
	for what, g := range map[string]*guest{"another browser of hers": f.as(f.Aigul), "another person": f.as(f.Serik), "a visitor": f.visitor()} {
		for _, path := range []string{a.at, a.at + "/state", a.at + "/events"} {
			g.get(path).want(t, what+" "+path, http.StatusNotFound)
		}
		if got := g.post(to, fields); got.StatusCode < 400 {
			t.Errorf("%s files with it: %d %s", what, got.StatusCode, got.to())
		}
	}
	f.Want(t, `SELECT status FROM filing`, "status\ndraft")
	a.guest.post(to, fields).want(t, "the browser that asked", http.StatusSeeOther)
	f.Want(t, `SELECT status FROM filing`, "status\nfiled")

	// The signature of one act does for no other, and of one document for no other.
	b, other := f.asksToFile(t), f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"})
	if err := f.phoneOf(f.Aigul).Sign(t.Context(), b.got); err != nil {
		t.Fatal(err)
	}
	_, fields = b.guest.get(b.at).fields(t, sendForm)
	if got := b.guest.post("/kk/filings/"+other.String()+"/submission", fields); got.StatusCode < 400 {
		t.Errorf("another petition is filed by it: %d", got.StatusCode)
	}
	f.Sound()
}

// A statement that somebody was made to sign for another site, or in another
// browser, opens nothing here.
func TestACapturedStatementOfSignInIsRefused(t *testing.T) {
	t.Parallel()
	f := open(t)
	victim, thief := f.visitor(), f.visitor()
	theirs := string(must(decode(victim.get("/kk/signin").attribute(t, "data-content"))))
	page := thief.get(thief.askPhone(thief.get("/kk/signin")))
	ph := f.phoneOf(f.Aigul)
	fetched, err := ph.Scan(t.Context(), page.code(t))
	if err != nil {
		t.Fatal(err)
	}
	own := string(fetched.Package[0].Content)
	for what, signed := range map[string]string{
		"of another session": theirs,
		"of another origin":  strings.Replace(own, portaltest.Origin, "https://evil.example", 1),
		"without a line":     strings.Replace(own, "zharia/sign-in/1\n", "", 1),
	} {
		for _, attached := range []bool{true, false} {
			cms := must(f.Aigul.Key.SignCMS([]byte(signed), attached, f.At))
			captured := *ph
			captured.SignCMS = func([]byte, bool) ([]byte, error) { return cms, nil }
			var no *egov.Refused
			if err := captured.Sign(t.Context(), fetched); !errors.As(err, &no) || no.Status != http.StatusForbidden {
				t.Errorf("%s, attached %v: %v", what, attached, err)
			}
		}
	}
	f.Want(t, `SELECT count(*) FROM session WHERE person IS NOT NULL`, "count\n0")
}

func TestACancelledCodeSaysSoAndOffersAnother(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.visitor()
	kept := url.Values{"id": {fresh().String()}, "request": {portaltest.Request}}
	at := g.askPhone(g.post(f.filingsOf(), kept).want(t, "the session is over", http.StatusUnauthorized))
	ph := f.phoneOf(f.Aigul)
	fetched, err := ph.Scan(t.Context(), g.get(at).code(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := ph.Cancel(t.Context(), fetched); err != nil {
		t.Fatal(err)
	}
	page := g.get(at).want(t, "cancelled", http.StatusOK)
	if !strings.Contains(page.body, "Сіз телефонда қол қоюдан бас тарттыңыз") {
		t.Error(short(page.body))
	}
	// The other ways keep what was typed.
	back := g.post("/kk/session", url.Values{"language-switch": {"kk"}, "next": {page.hidden(t, "next")}, "kept": {page.hidden(t, "kept")}}).want(t, "the other ways", http.StatusOK)
	if must(url.ParseQuery(back.hidden(t, "kept"))).Get("request") != portaltest.Request {
		t.Error("what was typed is lost on the way back")
	}
	to, fields := page.fields(t, againForm)
	at = g.post(to, fields).want(t, "a new code", http.StatusSeeOther).to()
	if fetched, err = ph.Scan(t.Context(), g.get(at).code(t)); err != nil {
		t.Fatal(err)
	}
	if err := ph.Sign(t.Context(), fetched); err != nil {
		t.Fatal(err)
	}
	resumed := g.take(at).want(t, "signed in", http.StatusOK)
	if resumed.hidden(t, "request") != portaltest.Request {
		t.Error("what was typed is lost")
	}
}

// With Eds the document is seen by nobody but the person whose browser asked.
func TestWithASignedLoginOnlyThePersonSeesTheDocument(t *testing.T) {
	f := openPhone(t, egov.Settings{Auth: egov.EdsAuth, BIN: "123456789021"})
	g := f.as(f.Aigul)
	draft := f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"})
	at := g.askPhone(g.get("/kk/filings/" + draft.String()))
	code := g.get(at).code(t)
	api2 := strings.TrimPrefix(code, "mobileSign:") + "/documents"
	post := func(xml string) answer {
		body := must(json.Marshal(map[string]string{"xml": xml}))
		return f.visitor().do(httptest.NewRequest(http.MethodPost, must(url.Parse(api2)).Path, bytes.NewReader(body)))
	}
	login := func(who *portaltest.Actor, to string, when time.Time) string {
		return must(loginBy(who, "<login><url>"+to+"</url><timeStamp>"+when.Format("2006-01-02T15:04:05.000-07:00")+"</timeStamp></login>"))
	}
	for what, xml := range map[string]string{
		"another person":      login(f.Serik, api2, f.At),
		"a foreign authority": login(f.Actor("foreign"), api2, f.At),
		"an employer's key":   login(f.Actor("employee"), api2, f.At),
		"another address":     login(f.Aigul, api2+"x", f.At),
		"another site":        login(f.Aigul, strings.Replace(api2, portaltest.Origin, "https://evil.example", 1), f.At),
		"an old one":          login(f.Aigul, api2, f.At.Add(-6*time.Minute)),
		"one of tomorrow":     login(f.Aigul, api2, f.At.Add(24*time.Hour)),
		"unsigned":            "<login><url>" + api2 + "</url><timeStamp>0</timeStamp></login>",
		"two addresses":       must(loginBy(f.Aigul, "<login><url>"+api2+"</url><url>x</url><timeStamp>0</timeStamp></login>")),
		"no time":             must(loginBy(f.Aigul, "<login><url>"+api2+"</url></login>")),
		"changed after":       strings.Replace(login(f.Aigul, api2, f.At.Add(-6*time.Minute)), "<timeStamp>2026", "<timeStamp>2027", 1),
		"nothing":             "",
	} {
		if got := post(xml); got.StatusCode != http.StatusForbidden || strings.Contains(got.body, "JVBER") {
			t.Errorf("%s: %d %s", what, got.StatusCode, short(got.body))
		}
	}
	if got := f.visitor().do(httptest.NewRequest(http.MethodGet, must(url.Parse(api2)).Path, nil)); got.StatusCode != http.StatusNotFound {
		t.Errorf("without a login: %d", got.StatusCode)
	}
	if got := f.visitor().do(httptest.NewRequest(http.MethodPost, must(url.Parse(api2)).Path, strings.NewReader(`{"xml":"`+strings.Repeat("a", 200<<10)+`"}`))); got.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a huge login: %d", got.StatusCode)
	}
	f.Want(t, `SELECT state FROM phone_request`, "state\nasked")
	ph := f.phoneOf(f.Aigul)
	fetched, err := ph.Scan(t.Context(), code)
	if err != nil {
		t.Fatal(err)
	}
	if fetched.Invitation.Document.Auth != egov.EdsAuth || fetched.Invitation.Document.Token != "" || fetched.Invitation.Organisation.BIN != "123456789021" {
		t.Errorf("invited with %+v", fetched.Invitation)
	}
	if err := ph.Sign(t.Context(), fetched); err != nil {
		t.Fatal(err)
	}
	g.take(at).want(t, "filed", http.StatusSeeOther)
	// To sign in there is nobody to expect: the token is asked for instead.
	v := f.visitor()
	invited, err := ph.Scan(t.Context(), v.get(v.askPhone(v.get("/kk/signin"))).code(t))
	if err != nil || invited.Invitation.Document.Auth != egov.TokenAuth {
		t.Errorf("%v, %+v", err, invited.Invitation)
	}
}

func TestAPhoneIsAnsweredInTheBodyThatTheOperatorChose(t *testing.T) {
	for reply, want := range map[egov.Reply]string{"": `{"code":"200","message":"success"}`, egov.ReplyJSON: `{"code":"200","message":"success"}`, egov.ReplyText: "success", egov.ReplyList: "[]"} {
		f := openPhone(t, egov.Settings{Auth: egov.NoAuth, Reply: reply})
		a := f.asksToFile(t)
		if a.got.Invitation.Document.Auth != egov.NoAuth || a.got.Invitation.Document.Token != "" {
			t.Errorf("with None the phone is told %+v", a.got.Invitation.Document)
		}
		got := a.put(a.signedBody(must(f.Aigul.Key.SignCMS(a.got.Package[0].Content, false, f.At))))
		if got.StatusCode != http.StatusOK || got.body != want {
			t.Errorf("reply %q: %d %q", reply, got.StatusCode, got.body)
		}
	}
}

// Ten signatures that are not good are enough: each costs arithmetic.
func TestACodeIsClosedAfterTenBadSignatures(t *testing.T) {
	t.Parallel()
	f := open(t)
	a := f.asksToFile(t)
	bad := a.signedBody(must(f.Serik.Key.SignCMS(a.got.Package[0].Content, false, f.At)))
	for range phones.MaxTries {
		a.put(bad).want(t, "another's signature", http.StatusForbidden)
	}
	good := a.signedBody(must(f.Aigul.Key.SignCMS(a.got.Package[0].Content, false, f.At)))
	a.put(good).want(t, "a good one after ten bad ones", http.StatusForbidden)
	if page := a.guest.get(a.at); strings.Contains(page.body, "<svg class=\"qr\"") || !strings.Contains(page.body, "Код бұдан былай жарамайды") {
		t.Error("a closed code is still shown")
	}
}

// While the authority is silent nobody signs in and a filing is received: the
// phone is told the first at once.
func TestAPhoneIsToldThatTheAuthorityIsSilent(t *testing.T) {
	t.Parallel()
	f := open(t)
	v, zhandos := f.visitor(), f.Actor("zhandos")
	early := map[string]*waiting{
		"a filing": f.asksToFile(t),
		"a report": f.waits(t, f.Nurlan, "/kk/reports/"+f.ReportDraft(f.Nurlan, report.Offence, f.Story()).String()+"/signing"),
		"an entry": f.waits(t, zhandos, "/kk/entries/"+f.entered().String()),
	}
	by := map[string]*portaltest.Actor{"a filing": f.Aigul, "a report": f.Nurlan, "an entry": zhandos}
	ruling := f.waits(t, f.Daniyar, "/kk/decisions/"+f.draftRuling().String()+"/check")
	at := v.askPhone(v.get("/kk/signin"))
	ph := f.phoneOf(f.Aigul)
	fetched, err := ph.Scan(t.Context(), v.get(at).code(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range []authority.Service{authority.OCSP, authority.Lists, authority.Stamps} {
		f.Services.Break(service, authority.Unavailable)
	}
	var no *egov.Refused
	if err := ph.Sign(t.Context(), fetched); !errors.As(err, &no) || no.Status != http.StatusServiceUnavailable || no.Message == "" {
		t.Errorf("a sign-in: %v", err)
	}
	f.Want(t, `SELECT state, tries FROM phone_request WHERE purpose = 'sign-in'`, "state | tries\nfetched | 0")
	for what, a := range early {
		if err := f.phoneOf(by[what]).Sign(t.Context(), a.got); err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		a.guest.take(a.at).want(t, what, http.StatusSeeOther)
	}
	if err := f.phoneOf(f.Daniyar).Sign(t.Context(), ruling.got); !errors.As(err, &no) || no.Status != http.StatusServiceUnavailable {
		t.Errorf("a ruling: %v", err)
	}
	f.Services.Break(authority.OCSP, authority.NoFault)
	f.Services.Break(authority.Lists, authority.NoFault)
	if err := ph.Sign(t.Context(), fetched); err != nil {
		t.Errorf("the same code a moment later: %v", err)
	}
	v.take(at).want(t, "signed in", http.StatusSeeOther)
}

// The code says until when a phone may sign. Who did is in, though the browser brings it a
// minute after that.
func TestASignInThatAPhoneSignedInTimeIsTaken(t *testing.T) {
	t.Parallel()
	f := open(t)
	v, ph := f.visitor(), f.phoneOf(f.Aigul)
	at := v.askPhone(v.get("/kk/signin"))
	fetched, err := ph.Scan(t.Context(), v.get(at).code(t))
	if err != nil {
		t.Fatal(err)
	}
	f.At = f.At.Add(phones.Life - 10*time.Second)
	if err := ph.Sign(t.Context(), fetched); err != nil {
		t.Fatal(err)
	}
	f.At = f.At.Add(70 * time.Second)
	v.take(at).want(t, "signed in", http.StatusSeeOther)
}

// A draft that was changed while the phone looked at it is not signed unseen.
func TestADraftThatChangedUnderThePhoneIsNotSigned(t *testing.T) {
	t.Parallel()
	f := open(t)
	a := f.asksToFile(t)
	changed := f.petition(a.draft)
	changed.Set("request", "Ноутбукті маған емес, анама қайтаруыңызды сұраймын.")
	a.guest.post(f.filingsOf(), changed).want(t, "the draft changes", http.StatusSeeOther)
	var no *egov.Refused
	if err := f.phoneOf(f.Aigul).Sign(t.Context(), a.got); !errors.As(err, &no) || no.Status != http.StatusForbidden {
		t.Errorf("the old text: %v", err)
	}
	if to := a.guest.get(a.at).to(); to != "/kk/filings/"+a.draft.String() {
		t.Errorf("the page leads to %q", to)
	}
}

// No secret of a code is kept, and no text beside it stands open; a flood of codes does not grow.
func TestTheDatabaseHoldsNoTokenOfAPhone(t *testing.T) {
	t.Parallel()
	f := open(t)
	a := f.asksToFile(t)
	token := must(base64.RawURLEncoding.DecodeString(strings.TrimPrefix(a.code, "mobileSign:"+portaltest.Origin+"/egov/")))
	bearer := must(base64.RawURLEncoding.DecodeString(a.got.Invitation.Document.Token))
	row := f.Rows(t, `SELECT r::text FROM phone_request r`)
	for what, secret := range map[string][]byte{"the token": token, "the bearer": bearer} {
		if strings.Contains(row, fmt.Sprintf("%x", secret)) {
			t.Errorf("%s stands in the row", what)
		}
	}
	if strings.Contains(row, portaltest.Request) {
		t.Error("a text stands in the row")
	}
	var sealed struct {
		ID            uuid.UUID
		Kept, Content []byte
	}
	if err := f.SQL.GetContext(t.Context(), &sealed, `SELECT id, kept, content FROM phone_request`); err != nil {
		t.Fatal(err)
	}
	for column, b := range map[string][]byte{"kept": sealed.Kept, "content": sealed.Content} {
		if plain, err := f.DB.OpenBrief("phone_request", column, sealed.ID, b); err == nil {
			t.Errorf("%s opens with the keys of the portal: %.40q", column, plain)
		}
		if _, err := f.DB.OpenShown(base64.RawURLEncoding.EncodeToString(token), "phone_request", column, sealed.ID, b); err != nil {
			t.Errorf("%s does not open to the code: %v", column, err)
		}
	}
	for range 12 {
		a.guest.askPhone(a.guest.get("/kk/filings/" + a.draft.String()))
	}
	f.Want(t, `SELECT count(*) FROM phone_request`, "count\n8")
}

func TestWhatIsAskedOfAPhoneIsAnActThatIsSigned(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	for _, act := range []string{"", "home", "filing-read", "filing-consider", "session-end", "nothing"} {
		g.post("/kk/phone", url.Values{"act": {act}, "of": {fresh().String()}, "digest": {strings.Repeat("0", 64)}}).want(t, act, http.StatusNotFound)
	}
	got := g.post("/kk/phone", url.Values{"act": {"filing-submit"}, "of": {f.Theft.String()}, "digest": {strings.Repeat("0", 64)}})
	if got.StatusCode != http.StatusSeeOther || got.to() != "/kk/filings/"+f.Theft.String() {
		t.Errorf("a draft that is not there: %d %s", got.StatusCode, got.to())
	}
	v := f.visitor()
	v.post("/kk/phone", url.Values{"act": {"filing-submit"}, "of": {fresh().String()}, "digest": {strings.Repeat("0", 64)}}).want(t, "a visitor", http.StatusUnauthorized)
	for _, away := range []string{"https://evil.example/", "//evil.example", `/\evil.example`} {
		page := v.get(v.post("/kk/phone", url.Values{"act": {"session-open"}, "next": {away}}).want(t, "a code", http.StatusSeeOther).to())
		if next := page.hidden(t, "next"); next != "" {
			t.Errorf("next %q is kept as %q", away, next)
		}
	}
}

// The page is told at once, by events or by asking.
func TestAPageThatWaitsIsToldWhatHappensOnThePhone(t *testing.T) {
	f := open(t)
	a := f.asksToFile(t)
	server := httptest.NewServer(f)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	r := must(http.NewRequestWithContext(ctx, http.MethodGet, server.URL+a.at+"/events", nil))
	r.AddCookie(&http.Cookie{Name: cookieName, Value: a.guest.cookie})
	res, err := http.DefaultClient.Do(r)
	if err != nil || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%v %v", err, res)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	next := func() string {
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				return data
			}
		}
		t.Fatal("the stream ended")
		return ""
	}
	if got := next(); got != `{"mark":"fetched-0"}` {
		t.Errorf("at first %s", got)
	}
	bad := a.signedBody(must(f.Serik.Key.SignCMS(a.got.Package[0].Content, false, f.At)))
	a.put(bad).want(t, "another's", http.StatusForbidden)
	if got := next(); got != `{"mark":"fetched-1"}` {
		t.Errorf("after a refusal %s", got)
	}
	if err := f.phoneOf(f.Aigul).Sign(t.Context(), a.got); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if got := next(); got != `{"mark":"signed-1"}` {
		t.Errorf("after the signature %s", got)
	}
	t.Logf("told after %v", time.Since(began).Round(time.Millisecond))
	if got := strings.TrimSpace(a.guest.get(a.at + "/state").body); got != `{"mark":"signed-1"}` {
		t.Errorf("asked for: %s", got)
	}
}

// That readers read it is shown where a browser draws it (journey_phone_test.go).
func TestTheCodeIsOneDrawingWithoutStyles(t *testing.T) {
	t.Parallel()
	f := open(t)
	a := f.asksToFile(t)
	page := a.guest.get(a.at).body
	svg := regexp.MustCompile(`(?s)<svg class="qr".*?</svg>`).FindString(page)
	if n := strings.Count(svg, "<path"); n != 1 || strings.Contains(svg, "style") || len(svg) > 16<<10 {
		t.Errorf("the drawing has %d paths in %d bytes", n, len(svg))
	}
}

// In the demonstration the strip's key plays the phone.
func TestTheDemonstrationPlaysThePhone(t *testing.T) {
	t.Parallel()
	w := portaltest.World(t)
	f := &front{W: w, t: t}
	p := &portal.Portal{
		DB: w.App, Words: w.Words, Verifier: w.Verifier, Origin: portaltest.Origin, Agent: "wss://127.0.0.1:13579", Clock: func() time.Time { return w.At },
	}
	p.Demo = &portal.Demo{
		Keys: []portal.DemoKey{{Word: "aigul", Label: "cast.aigul"}}, Insert: func(string) {}, Now: func() portal.DemoReader { return portal.DemoReader{Word: "aigul"} },
		Sign: func(content []byte, attached bool) ([]byte, error) {
			return w.Aigul.Key.SignCMS(content, attached, w.At)
		},
	}
	f.Handler = must(p.Handler())
	p.Demo.Client = &http.Client{Transport: phoneLine{f}}
	g := f.visitor()
	at := g.askPhone(g.get("/ru/signin"))
	page := g.get(at).want(t, "the code", http.StatusOK)
	fields := url.Values{"request": {page.hidden(t, "request")}, "back": {at}}
	f.visitor().post("/demo/phone", fields).want(t, "another browser's code", http.StatusNotFound)
	if to := g.post("/demo/phone", fields).want(t, "the phone signs", http.StatusSeeOther).to(); to != at {
		t.Errorf("back to %s", to)
	}
	g.take(at).want(t, "signed in", http.StatusSeeOther)
	at = g.askPhone(g.get("/ru/filings/" + f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"}).String()))
	g.post("/demo/phone", url.Values{"request": {lastID(at)}, "back": {at}, "cancel": {"true"}}).want(t, "the phone refuses", http.StatusSeeOther)
	f.Want(t, `SELECT state FROM phone_request`, "state\ncancelled")
	open(t).visitor().post("/demo/phone", fields).want(t, "outside the demonstration", http.StatusNotFound)
}

// Nobody gets the portal to read what he likes: what asks too much is stopped.
func TestAPhoneHasNoCookieAndNoOrigin(t *testing.T) {
	t.Parallel()
	f := open(t)
	a := f.asksToFile(t)
	place := must(url.Parse(a.got.Invitation.Document.URI)).Path
	r := httptest.NewRequest(http.MethodPut, place, strings.NewReader(a.signedBody(must(f.Aigul.Key.SignCMS(a.got.Package[0].Content, false, f.At)))))
	r.Header.Set("Authorization", "Bearer "+a.got.Invitation.Document.Token)
	r.Header.Set("Origin", "capacitor://localhost") // a web view inside an application
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	got := f.visitor().do(r).want(t, "a web view", http.StatusOK)
	if len(got.Header.Values("Set-Cookie")) != 0 {
		t.Error("a phone is given a cookie")
	}
	if _, err := io.Copy(io.Discard, got.Response.Body); err != nil {
		t.Error(err)
	}
	for _, method := range []string{http.MethodHead, http.MethodDelete, http.MethodPatch, http.MethodOptions} {
		if got := f.visitor().do(httptest.NewRequest(method, place, nil)); got.StatusCode < 400 && got.body != "" {
			t.Errorf("%s: %d", method, got.StatusCode)
		}
	}
}
