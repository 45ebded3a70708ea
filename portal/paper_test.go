package portal_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// Security/THREATS S31: what is signed is what the portal keeps. A page that brings a
// content of its own, under whatever name, changes nothing of it.
func TestNoContentComesBackFromTheBrowser(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	id := f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"})
	path := "/kk/filings/" + id.String()
	page := g.get(path).want(t, "the draft", http.StatusOK)
	shown := g.get(page.attribute(t, "data-content-url")).want(t, "the paper", http.StatusOK).body
	kept, digest := f.Paper(f.Aigul, id)
	if shown != string(kept) || page.hidden(t, "digest") != fmt.Sprintf("%x", digest) {
		t.Fatal("the page shows another paper than the one that is kept")
	}
	own := shown + "\n% 1 000 000 ₸\n"
	bring := func(signed string) answer {
		return g.post(page.action(t), url.Values{
			"signature": {g.signature(f.Aigul.Key, []byte(signed), false)}, "digest": {page.hidden(t, "digest")},
			"content": {own}, "document": {own}, "file": {own}, "data": {own}, "request": {"1 000 000 ₸"}, "circumstances": {own},
		})
	}
	bring(own).want(t, "a content of the page's own, signed", http.StatusUnprocessableEntity)
	attached := g.post(page.action(t), url.Values{"signature": {g.signature(f.Aigul.Key, []byte(own), true)}, "digest": {page.hidden(t, "digest")}})
	attached.want(t, "the same within the signature", http.StatusUnprocessableEntity)
	f.Want(t, `SELECT status FROM filing`, "status\ndraft")

	bring(shown).want(t, "the paper that was shown, and all of that beside it", http.StatusSeeOther)
	back := g.get(path+"/document").want(t, "what was filed", http.StatusOK)
	if back.body != shown || strings.Contains(g.get(path).body, "1 000 000") {
		t.Error("something of the page came into the filing")
	}
	f.Want(t, `SELECT status FROM filing`, "status\nfiled")
	f.Sound()
}

// The first page of what people are given to sign says for what.
func TestEveryPaperToSignCarriesItsStatement(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Log("poppler is not installed: the papers are not read")
		return
	}
	f := open(t)
	for i, d := range f.doors() {
		if d.act == policy.SessionOpen {
			continue
		}
		page := d.open()
		paper := d.offered(page)
		cmd := exec.Command("pdftotext", "-l", "1", "-enc", "UTF-8", "-", "-")
		cmd.Stdin = bytes.NewReader(paper)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		w, text := f.Words.In("kk"), strings.Join(strings.Fields(string(out)), "")
		for _, said := range []string{w.T("paper.statement"), w.T("paper.statement.nonce"), w.T("paper.language"), portaltest.Origin, "267511031"} {
			if !strings.Contains(text, strings.ReplaceAll(said, " ", "")) {
				t.Errorf("%s: the first page does not say %q", purposes[i], said)
			}
		}
	}
}

func TestAStatusIsConfirmedOverAPageThatShowsThePaper(t *testing.T) {
	t.Parallel()
	f := open(t)
	daniyar, aigul := f.as(f.Daniyar), f.as(f.Aigul)
	person := "/ru/participants/" + f.Participant("aigul@fraud").String()
	grant := url.Values{"role": {"victim"}, "basis": {"ruling"}, "since": {"2026-10-20"}}

	daniyar.get(person+"/paper").want(t, "a paper that is not there", http.StatusNotFound)
	if to := daniyar.get(person+"/check").want(t, "checking nothing", http.StatusSeeOther).to(); to != person {
		t.Errorf("checking nothing leads to %s", to)
	}
	daniyar.post(person+"/draft", url.Values{"role": {"defender"}, "basis": {"ruling"}, "since": {"2026-10-20"}}).
		want(t, "a ground of another role", http.StatusUnprocessableEntity)
	if to := daniyar.post(person+"/draft", grant).want(t, "the draft", http.StatusSeeOther).to(); to != person+"/check" {
		t.Fatalf("the draft leads to %s", to)
	}
	page := daniyar.get(person+"/check").want(t, "the page that shows it", http.StatusOK)
	whole(t, "participant_check", page.body, "ru")
	for _, said := range []string{f.Aigul.FullName(), "Потерпевший", "ещё не подтверждён", page.hidden(t, "digest")} {
		if !strings.Contains(page.body, said) {
			t.Errorf("it does not say %q", said)
		}
	}
	if view := daniyar.get(person).want(t, "her page", http.StatusOK).body; !strings.Contains(view, person+"/check") {
		t.Error("her page does not lead to what waits to be signed")
	}
	for _, stranger := range []*guest{aigul, f.as(f.Zhanar), f.as(f.Stranger)} {
		for _, to := range []string{"/check", "/paper"} {
			stranger.get(person+to).want(t, to+" for somebody else", http.StatusNotFound)
		}
		stranger.post(person+"/draft", grant).want(t, "a draft by somebody else", http.StatusNotFound)
		stranger.post(person+"/ending", nil).want(t, "an ending by somebody else", http.StatusNotFound)
		stranger.post(person+"/discarding", nil).want(t, "giving it up by somebody else", http.StatusNotFound)
	}
	daniyar.post(person+"/confirmation", nil).want(t, "without a signature", http.StatusUnprocessableEntity)
	daniyar.sign(page, f.Zhanar.Key).want(t, "with another's key", http.StatusUnprocessableEntity)
	aigul.get("/ru/cases/"+f.Fraud.String()).want(t, "the case, while nothing is signed", http.StatusNotFound)

	if to := daniyar.sign(page, f.Daniyar.Key).want(t, "signed", http.StatusSeeOther).to(); to != "/ru/cases/"+f.Fraud.String() {
		t.Errorf("signing leads to %s", to)
	}
	aigul.get("/ru/cases/"+f.Fraud.String()).want(t, "the case", http.StatusOK)
	if to := daniyar.sign(page, f.Daniyar.Key).want(t, "sent once more", http.StatusSeeOther).to(); to != person {
		t.Errorf("sending it once more leads to %s", to)
	}
	if paper := daniyar.get(person+"/paper").want(t, "the signed paper", http.StatusOK); paper.Header.Get("Content-Type") != "application/pdf" {
		t.Errorf("it is %s", paper.Header.Get("Content-Type"))
	}
	if view := daniyar.get(person).body; !strings.Contains(view, person+"/paper") || strings.Contains(view, person+"/check") {
		t.Error("her page does not lead to the signed paper, or still to signing")
	}

	daniyar.post(person+"/ending", nil).want(t, "the paper that ends it", http.StatusSeeOther)
	page = daniyar.get(person+"/check").want(t, "the page that shows it", http.StatusOK)
	aigul.get("/ru/cases/"+f.Fraud.String()).want(t, "the case, while it is not signed", http.StatusOK)
	daniyar.sign(page, f.Daniyar.Key).want(t, "signed", http.StatusSeeOther)
	aigul.get("/ru/cases/"+f.Fraud.String()).want(t, "the case after the end", http.StatusNotFound)
	f.Sound()
}

func TestSomebodyNewIsGivenUpWithThePaper(t *testing.T) {
	t.Parallel()
	f := open(t)
	daniyar, id := f.as(f.Daniyar), fresh()
	fields := url.Values{"id": {id.String()}, "iin": {f.Stranger.IIN.Reveal()}, "name": {f.Stranger.FullName()}, "role": {"victim"}, "basis": {"ruling"}, "since": {"2026-10-20"}}
	daniyar.post("/kk/cases/"+f.Theft.String()+"/participants", fields).want(t, "somebody new", http.StatusSeeOther)
	person := "/kk/participants/" + id.String()
	if list := daniyar.get("/kk/cases/" + f.Theft.String()).body; !strings.Contains(list, f.Words.In("kk").T("status.participant-draft")) {
		t.Error("the case does not say that it is a draft")
	}
	g := f.as(f.Stranger)
	if strings.Contains(g.get("/kk/cases").body, "267511031") {
		t.Error("she learns of the case before it is signed")
	}
	daniyar.get(person).want(t, "her page", http.StatusOK)
	daniyar.post(person+"/discarding", nil).want(t, "given up", http.StatusSeeOther)
	daniyar.get(person).want(t, "her page afterwards", http.StatusNotFound)
	f.Want(t, `SELECT count(*) FROM participant`, "count\n7")
	f.Sound()
}
