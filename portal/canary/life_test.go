package canary_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"zharia/portal/document"
	"zharia/portal/eds/authority"
	"zharia/portal/eds/key"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// human is somebody of whom nothing is known but by canaries.
type human struct {
	*browser
	iin, surname, given, patronymic string
	key                             *key.Key
}

// born gives the canaries of a person a key of the authority.
func (a *aviary) born(w *portaltest.W, who, kind string) *human {
	a.t.Helper()
	h := &human{iin: a.IIN(who + " iin"), surname: a.Name(who+" surname", kind), given: a.Name(who+" name", kind), patronymic: a.Name(who+" patronymic", "ru")}
	var err error
	h.key, err = w.Troupe.Authority.Issue(authority.Person{
		IIN: h.iin, CommonName: strings.ToUpper(h.surname + " " + h.given), Surname: strings.ToUpper(h.surname), Patronymic: strings.ToUpper(h.patronymic),
		From: w.At.AddDate(0, -1, 0), To: w.At.AddDate(1, 0, 0),
	})
	if err != nil {
		a.t.Fatal(err)
	}
	h.browser = a.arrives(h.key)
	return h
}

func (h *human) full() string { return h.surname + " " + h.given + " " + h.patronymic }

// pdf is a file whose pages say a canary.
func (a *aviary) pdf(w *portaltest.W, name string) []byte {
	return w.PDF("Осы парақта "+a.Word(name, "ru")+" деп жазылған.", "Екінші парақ: "+a.Word(name+", page 2", "kk")+".")
}

// long is a PDF of more than a megabyte, the size from which a form could be put on a disk
// while it is read: remarks stand before its table of objects.
func (a *aviary) long(w *portaltest.W, name string) []byte {
	a.t.Helper()
	pdf, err := document.Print(document.Sheet{
		Language: "kk", Purpose: "scan/1", Made: w.At.Truncate(time.Second), Title: "ҚАУЛЫ", PageText: "%d / %d",
		Sections: []document.Section{{Text: "Осы парақта " + a.Word(name, "ru") + " деп жазылған, " + a.Word(name+", more", "kk") + "."}},
	})
	if err != nil {
		a.t.Fatal(err)
	}
	const more = 2 << 20
	at := bytes.LastIndex(pdf, []byte("\nxref\n")) + 1
	tail := strings.Replace(string(pdf[at:]), fmt.Sprintf("startxref\n%d", at), fmt.Sprintf("startxref\n%d", at+more), 1)
	return slices.Concat(pdf[:at], bytes.Repeat([]byte("% 3456789012345\n"), more/16), []byte(tail))
}

var idRE = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// lastOf is the last id of an address.
func lastOf(path string) string {
	all := idRE.FindAllString(path, -1)
	if len(all) == 0 {
		return uuid.Nil.String()
	}
	return all[len(all)-1]
}

// lives has people live in a portal with canaries for words: everything that has a
// field of text is asked for through its form, and signed. What they are to the case
// of the theft the cast's officials confirm.
func (a *aviary) lives(w *portaltest.W) {
	a.t.Helper()
	of := func(who *portaltest.Actor) *browser { return a.arrives(who.Key).signIn() }
	daniyar, zhanar, gulnar := of(w.Daniyar), of(w.Zhanar), of(w.Gulnar)
	bolat, raushan := of(w.Bolat), of(w.Raushan)
	theft := "/kk/cases/" + w.Theft.String()
	today := w.At.Format(time.DateOnly)
	explain := func(b *browser, at string) {
		b.send(b.get(at+"/reason"), policy.ReasonGive, filling{"reason": "other"})
	}

	// A case of its own number is severed from the theft.
	number := a.Case("case number")
	ruling := daniyar.fill(daniyar.get(theft+"/decisions/new"), policy.DecisionDraft,
		filling{"kind": "severed", "severs": number, "concerns": w.Participant("serik@theft").String(), "joins": "-"})
	daniyar.sign(ruling)

	// A victim asks for access to it by its number; an impostor for somebody he names.
	victim := a.born(w, "victim", "kk")
	victim.signIn()
	victim.typing("/access/new", policy.AccessDraft)
	draft := victim.fill(victim.get("/kk/access/new"), policy.AccessDraft, filling{"number": number, "role": "victim", "represented": "-", "represented_iin": "-"})
	asked := victim.sign(draft)
	agent := a.born(w, "agent", "ru")
	agent.signIn()
	draft = agent.fill(agent.get("/kk/access/new"), policy.AccessDraft,
		filling{"number": number, "role": "representative", "represented": a.Name("represented", "kk") + " " + a.Name("represented name", "kk"), "represented_iin": a.IIN("represented iin")},
		file{"authority:" + a.Word("authority file name", "kk") + ".pdf", a.pdf(w, "authority file")})
	refused := agent.sign(draft)
	part := func(request string) string {
		var id string
		if err := w.SQL.Get(&id, `SELECT participant FROM request WHERE id = $1`, lastOf(request)); err != nil {
			a.t.Fatal(err)
		}
		return "/kk/participants/" + id
	}
	page := daniyar.get(part(asked.path))
	daniyar.sign(daniyar.fill(page, policy.ParticipantDraft, filling{"represents": "-", "advocate": "-"}))
	var fresh string
	if err := w.SQL.Get(&fresh, `SELECT casefile FROM request WHERE id = $1`, lastOf(asked.path)); err != nil {
		a.t.Fatal(err)
	}
	fresh = "/kk/cases/" + fresh
	page = daniyar.get(part(refused.path))
	daniyar.sign(daniyar.fill(page, policy.ParticipantEnding, nil))
	agent.fill(agent.get(refused.path), policy.AccessComplain, nil)
	page = agent.get("/kk/access/" + lastOf(refused.path) + "/complaint")
	page = agent.fill(page, policy.AccessComplain, filling{"circumstances": a.sentence("access-complain.circumstances"), "request": a.sentence("access-complain.request")})
	agent.sign(page)

	// The investigator brings an advocate in by IIN and name, and changes what somebody is.
	advocate := a.born(w, "advocate", "latin")
	page = daniyar.get(theft + "/participants/new")
	page = daniyar.fill(page, policy.ParticipantAdd, filling{"iin": advocate.iin, "name": advocate.full(), "role": "defender",
		"represents": w.Participant("serik@theft").String(), "basis": "defence-notice", "since": today, "capacity": "full", "advocate": a.Case("licence")})
	daniyar.sign(page)
	advocate.signIn()

	// Decisions: one told in words, one that waits for the prosecutor and is declined,
	// one that came as a file; opened further, and copied with words taken out.
	page = daniyar.fill(daniyar.get(theft+"/decisions/new"), policy.DecisionDraft, filling{"kind": "qualified", "severs": "-", "joins": "-", "concerns": w.Participant("serik@theft").String()})
	submitted := lastOf(page.path)
	daniyar.sign(page)
	explain(zhanar, theft)
	page = zhanar.fill(zhanar.get("/kk/decisions/"+submitted+"/agreement"), policy.AgreementDraft, filling{"said": "decision-decline"})
	zhanar.sign(page)
	scan := daniyar.fill(daniyar.get(theft+"/decisions/new"), policy.DecisionDraft,
		filling{"kind": "victim-recognised", "severs": "-", "joins": "-", "concerns": w.Participant("aigul@theft").String(), "established": "-", "resolved": "-"},
		file{"file:" + a.Word("ruling file name", "ru") + ".pdf", a.long(w, "ruling file")})
	daniyar.sign(scan)
	told := daniyar.fill(daniyar.get(theft+"/decisions/new"), policy.DecisionDraft, filling{"kind": "group", "severs": "-", "joins": "-", "concerns": w.Participant("aigul@theft").String()})
	ofTheft := lastOf(told.path)
	daniyar.sign(told)
	page = daniyar.get("/kk/decisions/" + w.Decision("term-extended").String() + "/exposures/new")
	page = daniyar.fill(page, policy.ExposureDraft, filling{"participant": w.Participant("saule@theft").String(), "view": "read", "ground": "truth"})
	daniyar.sign(page)
	page = daniyar.get("/kk/decisions/" + ofTheft + "/redactions/new")
	page = daniyar.fill(page, policy.RedactionDraft, filling{"established": a.sentence("redaction-draft.established"), "resolved": a.sentence("redaction-draft.resolved")})
	daniyar.sign(page)

	a.files(w, victim, advocate, daniyar, gulnar, zhanar, of(w.Marat), theft, fresh)
	a.doubts(w, daniyar, zhanar)
	a.reads(w, daniyar, theft)
	a.reports(w, victim)
	a.tips(w)

	// An assistant of the advocate writes for him.
	helper := a.born(w, "helper", "ru")
	helper.signIn()
	page = advocate.send(advocate.get("/kk/assistants"), policy.AssistantLet, filling{"iin": helper.iin, "name": helper.full(), "until": w.At.AddDate(0, 0, 20).Format(time.DateOnly)}).want(a.t, http.StatusSeeOther)
	advocate.send(advocate.get(theft+"/errands/new"), policy.ErrandGive, filling{"kind": "petition", "about": "-"}).want(a.t, http.StatusSeeOther)
	var errand string
	if err := w.SQL.Get(&errand, `SELECT id FROM errand`); err != nil {
		a.t.Fatal(err)
	}
	errand = "/kk/errands/" + errand
	helper.send(helper.get(errand), policy.ErrandWrite, filling{"circumstances": a.sentence("errand-write.circumstances"), "point-1": a.sentence("errand-write.point")}).want(a.t, http.StatusSeeOther)
	helper.post(errand+"/handing", url.Values{"circumstances": {a.sentence("errand-hand.circumstances")}, "point-1": {a.sentence("errand-hand.point")}}).want(a.t, http.StatusSeeOther)
	page = advocate.fill(advocate.get(errand), policy.ErrandTake, nil)

	// The directory of officials: looked for, entered, declined.
	clerk := a.IIN("clerk iin") // who is to be an official is named in clear, as officials are
	bolat.send(bolat.get("/kk/directory"), policy.DirectoryFind, filling{"iin": clerk})
	page = bolat.fill(bolat.get("/kk/directory/new"), policy.AppointmentDraft, filling{"what": "enters", "iin": clerk, "name": "Сейітов Олжас Бекұлы",
		"post": "investigator", "body": w.Body("police").String(), "until": "-"})
	entry := page.path
	bolat.sign(page)
	page = raushan.reply(entry)
	raushan.sign(page)

	a.begins(w, victim, daniyar, fresh)

	// What is typed where it does not belong: addresses, searches, files to verify.
	lost := a.Word("lost in an address", "kk")
	for _, path := range []string{"/kk/nothing/" + url.PathEscape(lost), "/kk/cases/" + url.PathEscape(lost), "/kk/cases?q=" + url.QueryEscape(lost), "/kk/verify/" + url.PathEscape(lost), "/kk/signin?next=" + url.QueryEscape("/kk/"+lost)} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Referer", "https://zharia.test/kk/"+url.PathEscape(lost))
		r.Header.Set("X-Request-Id", url.PathEscape(lost))
		victim.do(r)
	}
	victim.post("/kk/session", url.Values{"signature": {a.Word("instead of a signature", "latin")}, "challenge": {a.Word("instead of a challenge", "latin")}})
	victim.post(fresh+"/filings", url.Values{"kind": {a.Word("instead of a kind", "ru")}, "id": {a.Word("instead of an id", "kk")}, "circumstances": {strings.Repeat(a.Word("too much", "kk"), 3000)}})
	a.send(victim, "/kk/verify", policy.VerifyFiles, file{"signature:" + a.Word("verified file name", "latin") + ".cms", a.Bytes("verified signature")}, file{"document:x.pdf", a.pdf(w, "verified file")})
}

// files has complaints and petitions written, answered and talked about.
func (a *aviary) files(w *portaltest.W, victim, advocate *human, daniyar, gulnar, zhanar, marat *browser, theft, fresh string) {
	a.t.Helper()
	victim.typing(strings.TrimPrefix(fresh, "/kk")+"/filings/new?kind=petition", policy.FilingCreate)
	petition := func(h *browser, at string, said filling) answer {
		page := h.get(at + "/filings/new?kind=petition")
		f := filling{"about": "-"}
		for k, v := range said {
			f[k] = v
		}
		return h.fill(page, policy.FilingCreate, f)
	}
	draft := petition(victim.browser, fresh, nil)
	first := "/kk/filings/" + lastOf(draft.path)
	page := victim.get(first + "/attachments")
	for _, f := range []file{
		{"file:" + a.Word("attachment name", "kk") + ".pdf", a.pdf(w, "attachment")},
		{"file:" + a.Name("second attachment name", "ru") + ".txt", []byte("Мәтін: " + a.Word("refused attachment", "ru"))},
	} {
		victim.send(page, policy.AttachmentAdd, nil, f)
	}
	draft = victim.sign(victim.get(first))
	victim.phones(first)
	victim.typing(strings.TrimPrefix(fresh, "/kk")+"/filings/new?kind=complaint-head", policy.FilingCreate) // and never sent

	for _, said := range []filling{{"kind": "added"}, {"kind": "corrected"}} {
		page = victim.get(first + "/supplements/new?kind=" + said["kind"])
		if said["kind"] == "corrected" {
			said["text"] = a.sentence("supplement-draft.text corrected")
		}
		victim.sign(victim.fill(page, policy.SupplementDraft, said))
	}
	victim.send(victim.get(first+"/messages"), policy.MessageSend, nil).want(a.t, http.StatusSeeOther)
	daniyar.send(daniyar.get(first+"/messages"), policy.MessageSend, nil).want(a.t, http.StatusSeeOther)
	victim.send(victim.get(first+"/count"), policy.CountObject, nil).want(a.t, http.StatusSeeOther)

	// The investigator asks for more, and answers.
	daniyar.send(daniyar.get(first+"/addition"), policy.FilingAsk, nil).want(a.t, http.StatusSeeOther)
	victim.sign(victim.fill(victim.get(first+"/reply"), policy.ReplyDraft, nil))
	page = daniyar.get(first + "/answer")
	said := filling{}
	for i := range 4 {
		said["outcome-"+string(rune('1'+i))] = "refused"
	}
	page = daniyar.fill(page, policy.AnswerDraft, said)
	daniyar.sign(page)
	victim.get(first + "/answer/document")
	victim.send(victim.get(first), policy.PointDispute, filling{"disputed": "1", "unanswered": a.sentence("point-dispute.unanswered")}).want(a.t, http.StatusSeeOther)

	// One more is handed on, one taken back with a word of the client, one to the court.
	second := "/kk/filings/" + lastOf(victim.sign(petition(victim.browser, fresh, nil)).path)
	daniyar.sign(daniyar.fill(daniyar.get(second+"/forward"), policy.ForwardDraft, nil))
	third := "/kk/filings/" + lastOf(victim.sign(victim.fill(victim.get(fresh+"/filings/new?kind=complaint-prosecutor"), policy.FilingCreate, filling{"about": "-", "ground": "other"})).path)
	gulnar.send(gulnar.get(fresh+"/reason"), policy.ReasonGive, filling{"reason": "other"})
	gulnar.sign(gulnar.fill(gulnar.get(third+"/extension"), policy.ExtensionDraft, nil))
	back := "/kk/filings/" + lastOf(advocate.sign(petition(advocate.browser, theft, nil)).path)
	advocate.sign(advocate.fill(advocate.get(back), policy.WithdrawalDraft, nil))
	victim.sign(victim.fill(victim.get(fresh+"/filings/new?kind=complaint-court"), policy.FilingCreate, filling{"ground": "other"}))

	// The head of the unit grants a complaint, and asks the prosecutor to cancel.
	aigul := a.arrives(w.Aigul.Key).signIn()
	page = aigul.fill(aigul.get(theft+"/filings/new?kind=complaint-head"), policy.FilingCreate, filling{"about": w.Decision("expertise-done").String(), "ground": "other"})
	granted := "/kk/filings/" + lastOf(aigul.sign(page).path)
	marat.sign(marat.fill(marat.get(granted+"/answer"), policy.AnswerDraft, filling{"outcome-1": "granted"}))
	zhanar.send(zhanar.get(granted+"/cancellation"), policy.CancellationSettle, filling{"did": "cancelled"}).want(a.t, http.StatusSeeOther)

	// Who is nothing in the case complains all the same.
	outsider := a.born(w, "outsider", "kk")
	outsider.signIn()
	var number string
	if c, ok := a.Called("case number"); ok {
		number = c.Text
	}
	outsider.sign(outsider.fill(outsider.get("/kk/complain"), policy.ComplainDraft, filling{"number": number}))
	outsider.send(outsider.get("/kk/complain"), policy.ComplainDraft, filling{"number": a.Case("number of no case")})
}

// begins has a petition begun, and the keeper go away: it is filed all the same, and
// nobody reads anything until the keeper is back (ADMINBLIND A14).
func (a *aviary) begins(w *portaltest.W, victim *human, daniyar *browser, fresh string) {
	a.t.Helper()
	victim.get(fresh)
	form := victim.get(fresh + "/filings/new?kind=petition")
	w.Keeper.Down.Store(true)
	filed := victim.sign(victim.fill(form, policy.FilingCreate, filling{"about": "-"}))
	read := httptest.NewRequest(http.MethodGet, filed.path, nil)
	daniyar.do(read).want(a.t, http.StatusServiceUnavailable)
	w.Keeper.Down.Store(false)
	words := a.All[len(a.All)-1].Text
	if page := daniyar.get(filed.path); !strings.Contains(page.body, words) {
		a.t.Errorf("what was filed while the keeper was down is lost:\n%s", page.wrong())
	}
}

// doubts has officials say why they look, and a victim ask why they did.
func (a *aviary) doubts(w *portaltest.W, daniyar, zhanar *browser) {
	a.t.Helper()
	aigul := a.arrives(w.Aigul.Key).signIn()
	daniyar.get("/kk/decisions/" + w.Decision("expertise-done").String())
	var opened string
	if err := w.SQL.Get(&opened, `SELECT id FROM opening WHERE person = $1 AND casefile = $2 ORDER BY at DESC LIMIT 1`, w.Daniyar.Person, w.Theft); err != nil {
		a.t.Fatal(err)
	}
	aigul.send(aigul.get("/kk/openings/"+opened+"/objection"), policy.ObjectionFile, nil).want(a.t, http.StatusSeeOther)
	var question string
	if err := w.SQL.Get(&question, `SELECT id FROM objection`); err != nil {
		a.t.Fatal(err)
	}
	zhanar.send(zhanar.get("/kk/objections/"+question), policy.ObjectionAnswer, nil).want(a.t, http.StatusSeeOther)
}

// reads has the file of the case put together, read and remarked upon.
func (a *aviary) reads(w *portaltest.W, daniyar *browser, theft string) {
	a.t.Helper()
	aigul := a.arrives(w.Aigul.Key).signIn()
	daniyar.send(daniyar.get(theft+"/file/new"), policy.MaterialAdd, filling{"volume": "1", "sheet": "1"}, file{"file:" + a.Word("material name", "latin") + ".pdf", a.pdf(w, "material")}).want(a.t, http.StatusSeeOther)
	var material uuid.UUID
	if err := w.SQL.Get(&material, `SELECT id FROM material`); err != nil {
		a.t.Fatal(err)
	}
	w.Render(material)
	w.EndNotice()
	daniyar.fill(daniyar.get(theft+"/familiarisations/new"), policy.FamiliarisationDraft,
		filling{"participants": w.Participant("aigul@theft").String(), "opens_on": w.At.Format(time.DateOnly), "until": w.At.AddDate(0, 0, 9).Format(time.DateOnly)})
	var id string
	if err := w.SQL.Get(&id, `SELECT id FROM familiarisation`); err != nil {
		a.t.Fatal(err)
	}
	read := "/kk/familiarisations/" + id
	daniyar.sign(daniyar.get(read + "/check"))
	contents := aigul.get(read)
	sheet := regexp.MustCompile(regexp.QuoteMeta(read) + `/pages/[0-9a-f-]{36}`).FindString(contents.body)
	aigul.get(sheet)
	aigul.get(read + "/search?q=" + url.QueryEscape(a.Word("searched for", "kk")))
	aigul.send(contents, policy.FamiliarisationPlead, nil).want(a.t, http.StatusSeeOther)
	aigul.sign(aigul.fill(aigul.get(read+"/record"), policy.RecordDraft, nil))
}

// typing has a page save what is in its fields before it is sent.
func (h *human) typing(path string, act policy.Act) {
	h.t.Helper()
	page := h.get("/kk" + path)
	fields := url.Values{}
	for _, m := range inputRE.FindAllStringSubmatch(page.body, -1) {
		if a := attributes(m[1]); strings.HasPrefix(a["name"], "typed") {
			fields.Set(a["name"], a["value"])
		}
	}
	fields.Set("words", h.sentence(string(act)+", typed only"))
	fields.Set("circumstances", h.sentence(string(act)+", typed only"))
	fields.Set("typed-turn", "1")
	h.post("/kk/typed", fields).want(h.t, http.StatusOK)
}

// phones asks to sign with a telephone what was typed before a sign-in.
func (h *human) phones(path string) {
	h.t.Helper()
	kept, err := json.Marshal(map[string]string{"circumstances": h.Word("kept for a phone", "kk")})
	if err != nil {
		h.t.Fatal(err)
	}
	visitor := h.arrives(h.key)
	visitor.get("/kk/signin")
	visitor.post("/kk/phone", url.Values{"act": {"session-open"}, "next": {path}, "kept": {string(kept)}})
}

// reply opens the page of an entry and declines it with reasons.
func (b *browser) reply(entry string) answer {
	b.t.Helper()
	page := b.get(strings.TrimSuffix(entry, "/check"))
	sent := b.post(strings.TrimSuffix(entry, "/check")+"/reply", url.Values{"reasons": {b.sentence("appointment-reply.reasons")}})
	_ = page
	b.typed["appointment-reply.reasons"] = true
	return b.get(sent.want(b.t, http.StatusSeeOther).to())
}

// send posts the form of a page with files in it, whatever comes back.
func (a *aviary) send(h *human, path string, act policy.Act, files ...file) {
	a.t.Helper()
	h.browser.send(h.get(path), act, nil, files...)
}
