package portal_test

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal"
	"zharia/portal/database"
	"zharia/portal/notice"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/vault"
)

// letters is a way out that keeps what comes.
type letters []notice.Message

func (l *letters) Send(_ context.Context, m notice.Message) (notice.Sent, error) {
	*l = append(*l, m)
	return notice.Sent{Delivered: true}, nil
}

// teller is who tells the people of a test what the record says, by letters alone.
func teller(t testing.TB, w *portaltest.W, to *letters) *notice.Worker {
	t.Helper()
	hand, err := database.OpenAs(t.Context(), w.DB.DSN(), database.Work)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hand.Close() })
	return &notice.Worker{
		DB: vault.New(hand, w.DB.Keys), Words: w.Words, Origin: portaltest.Origin, Clock: func() time.Time { return w.At },
		Senders: map[notice.Channel]notice.Sender{notice.Email: to},
	}
}

// tell has everybody told of all that was done, and what is due sent.
func tell(t testing.TB, w *notice.Worker) {
	t.Helper()
	for _, do := range []func(context.Context) (int, error){w.Fan, func(ctx context.Context) (int, error) { return w.Send(ctx, notice.Email) }} {
		for {
			n, err := do(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				break
			}
		}
	}
	if err := w.Tend(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// told is a notice of Aigul's and an address of hers that waits for its code. Nobody else
// is told, so that the heads of the others' pages stay as they are.
func (f *front) told() (of, address uuid.UUID) {
	f.t.Helper()
	address = uuid.Must(uuid.NewV7())
	if err := notice.AddContact(f.t.Context(), f.DB, f.Aigul.Asks(policy.ContactAdd), address, notice.Email, "aigul@example.kz", true); err != nil {
		f.t.Fatal(err)
	}
	worker := teller(f.t, f.W, new(letters))
	tell(f.t, worker)
	worker.DB.Close() // the world may be copied next, and must be alone then
	if _, err := f.SQL.ExecContext(f.t.Context(), `DELETE FROM notice WHERE person <> $1`, f.Aigul.Person); err != nil {
		f.t.Fatal(err)
	}
	if err := notice.ReadAll(f.t.Context(), f.DB, f.Aigul.Asks(policy.NoticeReadAll)); err != nil {
		f.t.Fatal(err)
	}
	if err := f.SQL.GetContext(f.t.Context(), &of, `SELECT id FROM notice WHERE person = $1 ORDER BY at DESC, id LIMIT 1`, f.Aigul.Person); err != nil {
		f.t.Fatal(err)
	}
	return of, address
}

// Every address that changes something, and all that the portal does by itself, either
// tells somebody or has a reason to tell nobody.
func TestEveryActThatChangesSomethingTellsSomebodyOrSaysWhyNot(t *testing.T) {
	for act := range notice.Table {
		if why := notice.Nobody[act]; why != "" {
			t.Errorf("%s tells somebody, and nobody: %s", act, why)
		}
		if rule := notice.Table[act]; len(rule.Tells) == 0 || !slices.Contains(notice.Kinds, rule.Kind) || !slices.Contains(notice.Urgencies, rule.Urgency) {
			t.Errorf("%s: %+v", act, rule)
		}
		if _, known := policy.RuleOf(act); !known {
			t.Errorf("%s is no act", act)
		}
	}
	changes := slices.Clone(own)
	for _, r := range portal.Routes() {
		if r.Method != http.MethodGet {
			changes = append(changes, r.Act)
		}
	}
	if len(changes) < 150 {
		t.Fatalf("only %d acts: the search is broken", len(changes))
	}
	for _, act := range changes {
		if _, tells := notice.Table[act]; !tells && notice.Nobody[act] == "" {
			t.Errorf("%s tells nobody, and portal/notice/table.go does not say why", act)
		}
	}
	for act := range notice.Nobody {
		if _, known := policy.RuleOf(act); !known {
			t.Errorf("%s is no act", act)
		}
	}
}

func TestAPersonAddsAnAddressAndIsToldThere(t *testing.T) {
	f := open(t)
	var mail letters
	worker := teller(t, f.W, &mail)
	tell(t, worker)
	g := f.as(f.Aigul)
	g.get("/kk/contacts/new").want(t, "the form", http.StatusOK)
	g.post("/kk/contacts", url.Values{"channel": {"email"}, "address": {"aigul@"}}).want(t, "no address", http.StatusUnprocessableEntity)
	to := g.post("/kk/contacts", url.Values{"channel": {"email"}, "address": {"aigul@example.kz"}, "safe": {"yes"}}).to()
	g.get(to).want(t, "the code is awaited", http.StatusOK)
	f.as(f.Serik).get(to).want(t, "another's", http.StatusNotFound)
	mail = nil
	tell(t, worker)
	if len(mail) != 1 {
		t.Fatalf("%d letters", len(mail))
	}
	code := regexp.MustCompile(`\d{6}`).FindString(mail[0].Text)
	wrong := "000000"
	if code == wrong {
		wrong = "000001"
	}
	g.post(to+"/confirmation", url.Values{"code": {wrong}}).want(t, "a wrong code", http.StatusUnprocessableEntity)
	if at := g.post(to+"/confirmation", url.Values{"code": {code}}).to(); at != "/kk/notices/settings" {
		t.Fatalf("the right code leads to %s", at)
	}
	if page := g.get("/kk/notices/settings").want(t, "settings", http.StatusOK); !strings.Contains(page.body, "aigul@example.kz") {
		t.Error("her address is not on her page")
	}

	tell(t, worker)
	f.At = f.At.Add(time.Minute)
	f.Petition(f.Aigul, f.Theft)
	mail = nil
	tell(t, worker)
	if len(mail) != 1 || !strings.HasSuffix(mail[0].Text, "/kk/notices") {
		t.Fatalf("of the petition she is told by %+v", mail)
	}
	list := g.get("/kk/notices").want(t, "her list", http.StatusOK)
	if !strings.Contains(list.body, f.Words.In("kk").T("notices.state.delivered")) || !strings.Contains(list.body, "жаңа") {
		t.Error("her list does not say that it was delivered and is new")
	}
	reading := regexp.MustCompile(`/kk(/notices/[0-9a-f-]{36})/reading`).FindStringSubmatch(list.body)
	if at := g.post("/kk"+reading[1]+"/reading", nil).to(); !strings.HasPrefix(at, "/kk/filings/") {
		t.Errorf("the newest leads to %s", at)
	}
	f.as(f.Serik).post("/kk"+reading[1]+"/reading", nil).want(t, "another's notice", http.StatusNotFound)
	g.post("/kk/notices/reading", nil)
	if page := g.get("/kk/cases"); strings.Contains(page.body, fmt.Sprintf("%s: ", f.Words.In("kk").T("notices.title"))) {
		t.Error("after she read all something is new")
	}
	f.At = f.At.Add(notice.ResendPause)
	g.post("/kk"+reading[1]+"/resending", nil).want(t, "once more", http.StatusSeeOther)
	mail = nil
	tell(t, worker)
	if len(mail) != 1 {
		t.Errorf("%d letters after she asked for it once more", len(mail))
	}
	g.post("/kk/notices/settings", url.Values{"language": {"ru"}, "channel": {"email"}, "from": {"23:00"}, "to": {"07:00"}, "discreet": {"yes"}}).want(t, "her wishes", http.StatusSeeOther)
	m, err := notice.MannerOf(t.Context(), f.DB, f.Aigul.Asks(policy.NoticeSettings))
	if err != nil || m != (notice.Manner{Language: "ru", Channel: notice.Email, From: 23, To: 7, Discreet: true}) {
		t.Errorf("her wishes are %+v, %v", m, err)
	}
	g.post("/kk/notices/settings", url.Values{"language": {"en"}, "from": {"24:00"}, "to": {"x"}}).want(t, "nonsense", http.StatusUnprocessableEntity)
	f.Sound()
}

func TestWhoeverKeepsWatchSeesThatTellingHasStopped(t *testing.T) {
	f := open(t)
	say := func(key string, pairs ...any) string { return f.Words.In("kk").T(key, pairs...) }
	page := func() string { return f.as(f.Bolat).get("/kk/duty").want(t, "the duty page", http.StatusOK).body }
	if body := page(); !strings.Contains(body, say("duty.old")) {
		t.Error("before anything was counted the page does not say so")
	}
	worker := teller(t, f.W, new(letters))
	tell(t, worker)
	if body := page(); strings.Contains(body, say("duty.old")) || !strings.Contains(body, say("duty.fine")) {
		t.Error("while all is well the page does not say so")
	}
	f.Petition(f.Aigul, f.Theft) // drafted, then filed: two acts
	f.At = f.At.Add(notice.Late)
	if err := worker.Tend(t.Context()); err != nil { // it looks, and nobody tells
		t.Fatal(err)
	}
	if body := page(); !strings.Contains(body, say("duty.late", "n", 2)) {
		t.Error("five minutes later nothing is said")
	}
	tell(t, worker)
	if body := page(); !strings.Contains(body, say("duty.fine")) {
		t.Error("afterwards the alarm goes on")
	}
	f.as(f.Aigul).get("/kk/duty").want(t, "a citizen", http.StatusNotFound)
	if err := notice.Count(t.Context(), f.DB.DB, f.At); err != nil {
		t.Fatal(err)
	}
	if body := f.visitor().get("/kk/about/terms").body; !strings.Contains(body, say("duty.public.title")) {
		t.Error("the public counter is not there")
	}
}

// A notice of a decision names it and leads to it while it is open to its reader, and says
// and leads as if nothing were there when it is not. With that alone nothing is read and no
// term begins.
func TestANoticeOfADecisionNamesItWhileItIsOpenToItsReader(t *testing.T) {
	t.Parallel()
	f := open(t)
	tell(t, teller(t, f.W, new(letters)))
	w := f.Words.In("kk")
	neutral := html.EscapeString(w.T("notice.say.decision"))
	named := func(decision string) string {
		var kind string
		if err := f.SQL.Get(&kind, `SELECT kind FROM decision WHERE id = $1`, f.Decision(decision)); err != nil {
			t.Fatal(err)
		}
		return html.EscapeString(w.T("notices.decision", "what", w.T("kind."+kind)))
	}
	noticeOf := func(a *portaltest.Actor, decision string) string {
		var id uuid.UUID
		if err := f.SQL.Get(&id, `SELECT id FROM notice WHERE person = $1 AND object = 'decision' AND object_id = $2 ORDER BY at LIMIT 1`, a.Person, f.Decision(decision)); err != nil {
			t.Fatal(err)
		}
		return "/kk/notices/" + id.String() + "/reading"
	}
	begun := func() int { return f.count(`SELECT (SELECT count(*) FROM opening) + (SELECT count(*) FROM service)`) }
	before := begun()
	for _, c := range []struct {
		who      *portaltest.Actor
		decision string
	}{{f.Aigul, "victim-recognised"}, {f.Serik, "search-done"}} { // the search is handed over, and a term begins with that
		g := f.as(c.who)
		if page := g.get("/kk/notices").want(t, "the list", http.StatusOK); !strings.Contains(page.body, named(c.decision)) || strings.Contains(page.body, neutral) {
			t.Errorf("%s is not told which decision: %s", c.who.Word, c.decision)
		}
		if at := g.post(noticeOf(c.who, c.decision), nil).to(); at != "/kk/decisions/"+f.Decision(c.decision).String() {
			t.Errorf("the notice of %s leads %s to %s", c.decision, c.who.Word, at)
		}
	}
	if begun() != before {
		t.Error("something is read or handed over with a notice")
	}
	if page := f.as(f.Daniyar).get("/kk/notices").want(t, "an official's", http.StatusOK); strings.Contains(page.body, strings.TrimSuffix(html.EscapeString(w.T("notices.decision", "what", "")), " ")) {
		t.Error("an official's notices speak of his case")
	}

	if err := f.End(f.Daniyar, f.Participant("aigul@theft")); err != nil {
		t.Fatal(err)
	}
	g := f.as(f.Aigul)
	if page := g.get("/kk/notices").want(t, "after her status", http.StatusOK); strings.Contains(page.body, named("victim-recognised")) || !strings.Contains(page.body, neutral) {
		t.Error("after her status has ended a notice names the decision")
	}
	if at := g.post(noticeOf(f.Aigul, "victim-recognised"), nil).to(); at != "/kk/cases/"+f.Theft.String() {
		t.Errorf("after her status has ended the notice leads to %s", at)
	}
	f.Sound()
}
