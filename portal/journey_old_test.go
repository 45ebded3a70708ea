package portal_test

import (
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
)

// ages makes the browser one of 2021: what came later is taken out of each page before its
// scripts run.
func (v *visitor) ages() {
	v.t.Helper()
	v.do(command(page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `
		delete AbortSignal.timeout;
		delete HTMLFormElement.prototype.requestSubmit;
		delete SubmitEvent.prototype.submitter;
		delete globalThis.BroadcastChannel;
		delete Crypto.prototype.randomUUID;
		for (const name of ["show", "showModal", "close"]) delete HTMLDialogElement.prototype[name];`}))
}

// A phone that is kept long has a browser that gets nothing new: an iPhone 7 ends at Safari 15,
// an Android 5 at Chrome 95. Scripts run there, and must not stand in the way.
func TestABrowserOf2021DoesAllThatANewOneDoes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visit(t, "15-old", "kk", phone)
	v.ages()
	v.signIn("aigul")
	v.open("", s.newPetition())
	v.want("of 2021", v.js(`"submitter" in new Event("submit")`), "true") // ours
	v.fill("#circumstances", circumstances)
	v.says("typed.saved")
	v.fill("#point-1", request)
	v.leaves(func() { v.press(`#form button[name=more][value="1"]`) }) // which button it was goes along
	v.want("the text", v.value("#circumstances")+v.value("#point-1"), circumstances+request)
	v.want("places for points", v.count("#point-2"), "1")
	v.fill("#point-1", request+".")
	v.click("check", formButton) // within the second: it is kept, then sent
	v.shows(request + ".")
	draft := v.path()[len("/kk"):]

	v.open("", draft+"/attachments")
	v.picks(file(t, "Түбіртек.jpg", photo(7)))
	v.leaves(func() { v.press(attachButton) })
	v.shows("Түбіртек.jpg")
	v.open("", draft)
	v.sign("filed")
	s.Want(t, `SELECT f.status, a.state FROM filing f JOIN attachment a ON a.filing = f.id`, `
		status | state
		filed  | clean`)

	// What a phone signed sends itself.
	v = s.visit(t, "15-old-phone", "kk", phone)
	v.ages()
	v.open("", "/signin?next=%2Ffilings")
	v.leaves(func() { v.press(hereButton) })
	ph := s.phoneFor("aigul")
	if err := ph.Sign(t.Context(), v.scan(ph)); err != nil {
		t.Fatal(err)
	}
	v.until(`location.pathname === "/kk/filings"`)
	s.Sound()
}

// It knows no dialogs, and asks all the same before a session ends.
func TestABrowserOf2021AsksBeforeASessionEnds(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.hurried(t, 12*time.Second, 10*time.Second)
	v := s.visit(t, "15-old-asked", "kk", phone)
	v.ages()
	v.signIn("aigul")
	v.do(navigate(v, s.newPetition()))
	v.fill("#circumstances", circumstances)
	v.until(asks)
	v.picture("asked")
	v.want("it is the button that has the focus", v.js(`document.activeElement.dataset.answer`), "stay")
	v.want("it stands before the page", v.js(`getComputedStyle(document.querySelector("#session")).position`), "fixed")
	v.press(stay)
	v.until(shuts)
	v.want("what she typed", v.value("#circumstances"), circumstances)
}
