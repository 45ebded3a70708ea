package portal_test

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/google/uuid"

	"zharia/portal/filing"
	"zharia/portal/policy"
)

func TestAStrangerIsToldWhyThereIsNothingAndFindsNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	petition := s.Petition(s.Aigul, s.Theft)
	s.Answer(s.Daniyar, petition, filing.Refused)
	mine := "/filings/" + petition.String()

	v := s.visit(t, "7", "kk", phone)
	v.signIn("asel")
	v.here("200", "/cases")
	v.arrive("empty")
	v.want("reasons and what to do", v.count(".empty li"), "7")
	v.open("no-filings", "/filings")
	v.want("empty", v.count(".empty"), "1")
	v.open("not-found", "/cases/"+s.Theft.String())
	v.here("404", "/cases/"+s.Theft.String())
	unknown := v.main()

	hers := []string{
		"/cases/" + s.Theft.String(), "/cases/" + s.Theft.String() + "/filings/new", "/cases/" + s.Theft.String() + "/filings/new?kind=petition",
		"/decisions/" + s.Decision("victim-recognised").String(), "/decisions/" + s.Decision("victim-recognised").String() + "/copy",
		mine, mine + "/draft", mine + "/document", mine + "/signature", mine + "/receipt",
		mine + "/answer", mine + "/answer/check", mine + "/answer/paper", mine + "/answer/document", mine + "/answer/signature",
		"/participants/" + s.Participant("aigul@theft").String(), "/desk", "/oversight",
	}
	for _, path := range hers {
		v.do(navigate(v, path))
		v.want("status of "+path, v.status(), "404")
		v.want("the page of "+path, v.main(), unknown)
	}
	v.do(navigate(v, "/filings/"+uuid.NewString()))
	v.want("what is not there at all", v.main(), unknown)

	// Others in the same case know nothing of it either.
	for _, word := range []string{"saule", "serik"} {
		v := s.visit(t, "7", "kk", phone)
		v.signIn(word)
		v.open(word, "/cases/"+s.Theft.String())
		v.want("filings in the case", v.count(`main a[href*="`+mine+`"]`), "0")
		v.open("", "/filings")
		v.want("empty", v.count(".empty"), "1")
		for _, path := range hers[5:15] {
			v.want(word+" asks for "+path, v.code(path), "404")
		}
	}
}

func TestADefenderOfTwoAlwaysSeesForWhomSheActs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visit(t, "8", "kk", phone)
	v.signIn("dana")
	v.arrive("cases")
	v.want("her cases", v.count(`main ul.list a[href^="/kk/cases/"]`), "2")
	for of, client := range map[uuid.UUID]string{s.Theft: s.Serik.FullName(), s.Fraud: s.Timur.FullName()} {
		v.open("case", "/cases/"+of.String())
		v.want("acts for", v.text(".acting strong"), client)
	}

	v.open("kind", "/cases/"+s.Theft.String()+"/filings/new")
	v.want("acts for", v.text(".acting strong"), s.Serik.FullName())
	v.click("form", `main a[href$="kind=petition"]`)
	v.want("acts for", v.text(".acting strong"), s.Serik.FullName())
	v.fill("#circumstances", circumstances)
	v.fill("#point-1", request)
	v.click("check", formButton)
	v.shows(s.Serik.FullName())
	v.sign("filed")
	v.want("acts for", v.text(".acting strong"), s.Serik.FullName())
	s.Want(t, `SELECT author, participant, status FROM filing`, `
		author | participant | status
		dana   | dana@theft  | filed`)
}

func TestWithoutScriptsEverythingWorksButSigningAndThatIsSaid(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visit(t, "10", "kk", phone)
	v.signIn("aigul")
	v.do(command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))

	v.open("home", "/")
	v.open("cases", "/cases")
	v.click("case", `a[href="/kk/cases/`+s.Theft.String()+`"]`)
	v.click("decision", `a[href="/kk/decisions/`+s.Decision("victim-recognised").String()+`"]`)
	v.here("200", "/decisions/"+s.Decision("victim-recognised").String())

	v.open("kind", "/cases/"+s.Theft.String()+"/filings/new")
	v.click("form", `main a[href$="kind=petition"]`)
	v.click("form-empty", formButton)
	v.want("status", v.status(), "422")
	v.fill("#circumstances", circumstances)
	v.lang = "ru"
	v.click("form-ru", "button.lang")
	v.want("kept over the change of language", v.value("#circumstances"), circumstances)
	v.lang = "kk"
	v.click("", "button.lang")
	v.fill("#point-1", request)
	v.click("check", formButton)
	v.want("status", v.status(), "200")
	v.shows(request)
	v.want("told that signing needs scripts", v.js(`document.querySelector("#sign noscript .warn")?.checkVisibility()`), "true")
	s.Want(t, `SELECT status, author FROM filing`, `
		status | author
		draft  | aigul`)
	draft := strings.TrimPrefix(v.path(), "/kk")
	// A form that is sent without a signature is refused, and loses nothing.
	v.click("unsigned", signButton)
	v.want("status", v.status(), "422")
	v.shows(circumstances)
	s.Want(t, `SELECT status FROM filing`, "status\ndraft")

	v.do(command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: false}))
	v.open("", draft)
	v.sign("signed-with-scripts")
	s.Want(t, `SELECT status FROM filing`, "status\nfiled")
}

// draft has somebody write a petition that waits to be signed.
func (s *site) draft(a string) string {
	actor := s.Actor(a)
	return "/filings/" + s.Draft(actor, s.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"}).String()
}
