package portal_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"zharia/portal/agent"
	"zharia/portal/portaltest"
)

// navigate goes to an address and looks at nothing.
func navigate(v *visitor, path string) chromedp.Action[chromedp.Void] {
	return chromedp.Navigate(v.s.URL + "/" + v.lang + path)
}

// wrongs are the ways in which signing fails, each with a sentence of its own.
type wrongs struct {
	*visitor
	said map[string]string // sentence → what was wrong
}

// block signs and waits for the block of a cause on the page; nothing was sent.
func (w *wrongs) block(what, cause string) {
	w.t.Helper()
	w.press(signButton)
	w.until(`document.activeElement.dataset.cause === "` + cause + `"`)
	w.arrive(what)
	w.want("blocks shown", w.count(`[data-cause]:not([hidden])`), "1")
	w.alone(what, w.text(`[data-cause]:not([hidden])`))
}

// refusal signs and waits for the portal to refuse the signature.
func (w *wrongs) refusal(what string) {
	w.t.Helper()
	w.sign(what)
	w.want("status with "+what, w.status(), "422")
	w.want("the focus", w.js(`document.activeElement.className`), "errors")
	w.alone(what, w.text(`.errors[role=alert]:not([data-cause])`))
}

// alone checks that nothing else that goes wrong is told in the same words.
func (w *wrongs) alone(what, sentence string) {
	w.t.Helper()
	if sentence == "" || sentence == "undefined" {
		w.t.Errorf("%s: nothing is said", what)
	}
	if other, ok := w.said[sentence]; ok {
		w.t.Errorf("%s and %s are told in the same words: %q", what, other, sentence)
	}
	w.said[sentence] = what
}

func TestWhateverGoesWrongAtSigningIsSaidAndNothingTypedIsLost(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, place := range []struct {
		name string
		open func(*visitor)
		kept func(*visitor)
		done func(*visitor)
	}{
		{"signing in", func(v *visitor) { v.open("", "/signin") }, func(*visitor) {},
			func(v *visitor) { v.want("signed in", v.text("header .name"), s.Aigul.Name) }},
		{"filing", func(v *visitor) { v.signIn("aigul"); v.open("", s.draft("aigul")) },
			func(v *visitor) { v.shows(portaltest.Circumstances) },
			func(v *visitor) { v.want("filed", v.count(".receipt .number"), "1") }},
	} {
		t.Run(place.name, func(t *testing.T) {
			w := &wrongs{s.visit(t, "9-"+place.name[:6], "kk", phone), map[string]string{}}
			place.open(w.visitor)
			s.insert("aigul")

			s.close()
			w.block("absent", "agent-absent")
			place.kept(w.visitor)
			s.startAgent()
			for behaviour, cause := range map[agent.Behaviour]string{
				agent.Cancel: "agent-cancelled", agent.Refuse: "agent-refused", agent.DropMidway: "agent-lost", agent.Old: "agent-old",
			} {
				s.agent.Behave(behaviour)
				w.block(string(behaviour), cause)
				place.kept(w.visitor)
			}
			s.agent.Behave(agent.WrongBytes)
			w.refusal("other-bytes")
			place.kept(w.visitor)
			s.agent.Behave(agent.Honest)

			for _, word := range []string{"aigul-expired", "foreign", "employee"} {
				s.insert(word)
				w.refusal(word)
				place.kept(w.visitor)
			}
			if place.name == "filing" {
				s.insert("serik") // the agent has no key of hers
				w.block("another-persons", "agent-refused")
				place.kept(w.visitor)
			} else {
				s.insert("system") // of a machine
				w.refusal("system")
			}

			s.insert("aigul")
			w.sign("at-last")
			place.done(w.visitor)
		})
	}
	s.Sound()
}

// The agent is what the page asks to use the key of this person only. One that
// does not obey changes nothing: the portal sees whose key it is.
func TestAnotherPersonsSignatureIsRefusedByThePortalToo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visit(t, "9-other", "kk", phone)
	v.signIn("aigul")
	v.open("", s.draft("aigul"))
	s.insert("serik")
	v.js(`delete document.querySelector("#sign").dataset.iin`)
	v.sign("anothers-key")
	v.want("status", v.status(), "422")
	v.shows(portaltest.Circumstances)
	s.Want(t, `SELECT status FROM filing`, "status\ndraft")
	s.insert("aigul")
	v.sign("own-key")
	s.Want(t, `SELECT status FROM filing`, "status\nfiled")
}

func TestASessionThatEndsWhileAFormIsTypedLosesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visit(t, "9-lost", "kk", phone)
	v.signIn("aigul")
	v.open("", "/cases/"+s.Theft.String()+"/filings/new?kind=petition")
	v.fill("#circumstances", circumstances)
	v.fill("#point-1", request)
	if _, err := s.SQL.ExecContext(t.Context(), `DELETE FROM session`); err != nil {
		t.Fatal(err)
	}
	v.click("signin", formButton)
	v.want("status", v.status(), "401")
	v.want("told that the text is kept", v.count(".notice:not([hidden])"), "1")
	s.Want(t, `SELECT count(*) FROM filing`, "count\n0")

	v.lang = "ru" // the other language keeps it as well
	v.click("signin-ru", ".lang")
	v.want("told that the text is kept", v.count(".notice:not([hidden])"), "1")

	s.insert("foreign") // and so does a key that is refused
	v.sign("refused")
	v.want("told that the text is kept", v.count(".notice:not([hidden])"), "1")
	s.insert("aigul")
	v.sign("resume")
	v.click("check", "main form button")
	v.want("status", v.status(), "200")
	v.shows(circumstances)
	v.shows(request)
	s.Want(t, `SELECT status, author FROM filing`, `
		status | author
		draft  | aigul`)
	v.sign("filed")
	s.Want(t, `SELECT status FROM filing`, "status\nfiled")
}
