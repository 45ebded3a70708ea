package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"zharia/portal/portaltest"
)

// The keeper goes away in the middle of a filing: what was begun is finished, what
// others would read is closed, and nothing is lost.
func TestAPetitionThatWasBegunIsFiledWhileTheKeeperIsDown(t *testing.T) {
	f := open(t)
	aigul := f.as(f.Aigul)
	theft := "/kk/cases/" + f.Theft.String()
	aigul.get(theft).want(t, "her case", http.StatusOK)
	aigul.get(theft+"/filings/new").want(t, "the form", http.StatusOK)

	f.Keeper.Down.Store(true)
	id := fresh()
	aigul.post(theft+"/filings", f.petition(id)).want(t, "the draft", http.StatusSeeOther)
	path := "/kk/filings/" + id.String()
	check := aigul.get(path).want(t, "the page before the signature", http.StatusOK)
	aigul.get(path+"/document").want(t, "the paper that she will sign", http.StatusOK)
	aigul.sign(check, f.Aigul.Key).want(t, "the signed petition", http.StatusSeeOther)
	aigul.get(path).want(t, "her petition", http.StatusOK)
	f.Want(t, `SELECT status, number IS NOT NULL AS numbered, due_at IS NOT NULL AS counted, author FROM filing`, `
		status | numbered | counted | author
		filed  | true     | true    | aigul`)

	f.Keeper.Down.Store(false)
	page := f.as(f.Daniyar).get(path).want(t, "the investigator reads it", http.StatusOK)
	if !strings.Contains(page.body, f.Aigul.FullName()) {
		t.Error("he does not see whose it is")
	}
	f.Sound()
}

func TestWhileTheKeeperIsDownTextsAreClosedInBothLanguages(t *testing.T) {
	f := open(t)
	f.Keeper.Down.Store(true)
	daniyar := f.as(f.Daniyar)
	for lang, words := range map[string][2]string{
		"kk": {"Құжаттар уақытша ашылмайды", "Тапсырғаныңыз орнында"}, "ru": {"Документы временно не открываются", "на месте и в сохранности"},
	} {
		page := daniyar.get("/"+lang+"/cases/"+f.Theft.String()).want(t, "a case", http.StatusServiceUnavailable)
		for _, text := range words {
			if !strings.Contains(page.body, text) {
				t.Errorf("%s: it does not say %q:\n%s", lang, text, short(page.body))
			}
		}
	}
	// What needs no text is there for a visitor, and for who is signed in.
	f.visitor().get("/kk/").want(t, "the first page", http.StatusOK)
	daniyar.get("/kk/").want(t, "the first page for who is signed in", http.StatusOK)
	f.Keeper.Down.Store(false)
	daniyar.get("/kk/cases/"+f.Theft.String()).want(t, "the keeper is back", http.StatusOK)
}

// What an official wrote while the keeper was started anew comes back to him, to be sent
// again; a page leads to itself.
func TestWhatIsWrittenWhileTheKeeperIsDownIsSentAgain(t *testing.T) {
	f := open(t)
	aigul, daniyar, id := f.as(f.Aigul), f.as(f.Daniyar), fresh()
	aigul.post("/kk/cases/"+f.Theft.String()+"/filings", f.petition(id)).want(t, "the draft", http.StatusSeeOther)
	aigul.sign(aigul.get("/kk/filings/"+id.String()), f.Aigul.Key).want(t, "the signed petition", http.StatusSeeOther)
	typed := url.Values{"reasons": {portaltest.Circumstances}}
	f.Keeper.Down.Store(true)
	for _, lang := range []string{"kk", "ru"} {
		words, path := f.Words.In(lang), "/"+lang+"/filings/"+id.String()
		page := daniyar.get(path).want(t, "a page", http.StatusServiceUnavailable)
		if !strings.Contains(page.body, `href="`+path+`">`+words.T("fail.reload")) {
			t.Errorf("%s: the page does not lead to itself:\n%s", lang, short(page.body))
		}
		page = daniyar.post(path+"/forward/draft", typed).want(t, "what he wrote", http.StatusServiceUnavailable)
		for _, part := range []string{`<form method="post" action="` + path + `/forward/draft">`, portaltest.Circumstances, words.T("fail.again"), words.T("fail.again.text")} {
			if !strings.Contains(page.body, part) {
				t.Errorf("%s: no %s\n%s", lang, part, short(page.body))
			}
		}
	}
}

// Her session ended while she wrote, and the keeper is down: she is in all the same, and
// what she wrote comes with her.
func TestWhoeverSignsInWhileTheKeeperIsDownIsIn(t *testing.T) {
	f := open(t)
	f.Keeper.Down.Store(true)
	f.visitor().signIn(f.Aigul.Key).want(t, "signed in", http.StatusSeeOther)
	f.visitor().signIn(f.Daniyar.Key).want(t, "an official", http.StatusSeeOther)
	g := f.visitor()
	fields := f.petition(fresh())
	page := g.post(f.filingsOf(), fields).want(t, "without a session", http.StatusUnauthorized)
	resume := g.signChallenge(page, f.Aigul.Key).want(t, "signed in with what she wrote", http.StatusOK)
	for name := range fields {
		if got := resume.hidden(t, name); got != fields.Get(name) {
			t.Errorf("%s came back as %q", name, got)
		}
	}
}

// A name, an IIN, a draft of one's own: the keeper opens them to nobody else, and no
// page asks it to.
func TestNoPageAsksForWhatIsAnothersOwn(t *testing.T) {
	f := open(t)
	filed := "/kk/filings/" + f.Petition(f.Aigul, f.Theft).String()
	theft := "/kk/cases/" + f.Theft.String()
	for _, who := range []*portaltest.Actor{f.Aigul, f.Serik, f.Dana, f.Daniyar, f.Zhanar, f.Marat, f.Nurlan, f.Ermek, f.Gulnar, f.Bolat} {
		g := f.as(who)
		shown := 0
		for _, path := range []string{"/kk/cases", "/kk/desk", "/kk/oversight", "/kk/directory", "/kk/clients", theft, theft + "/participants", theft + "/openings", theft + "/officials", filed} {
			if g.get(path).StatusCode == http.StatusOK {
				shown++
			}
		}
		if foreign := f.Keeper.Foreign(); len(foreign) > 0 {
			t.Errorf("%s asked for %v of others", who.Word, foreign)
		}
		if shown == 0 {
			t.Errorf("%s was shown no page at all", who.Word)
		}
	}
}
