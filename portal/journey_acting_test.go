package portal_test

import (
	"strings"
	"testing"
)

// Counsel with two clients in one case: she says for whom she acts, files for him,
// changes to the other, and nothing of the first is there; then the first takes his
// power back.
func TestCounselGoesFromOneClientToTheOtherAndTheirThingsNeverMeet(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	forSerik, forTimur := twoClients(t, s.W)
	v := s.visit(t, "26", "kk", phone)
	v.signIn("dana")
	v.open("chooser", "/cases/"+s.Theft.String())
	v.here("200", "/cases/"+s.Theft.String()+"/acting")
	v.want("choices", v.count(`button[name="participant"]`), "2")
	v.click("serik", `button[value="`+forSerik.String()+`"]`)
	v.here("200", "/cases/"+s.Theft.String())
	v.want("acts for", v.text(".acting strong"), s.Serik.FullName())

	v.open("kind", "/cases/"+s.Theft.String()+"/filings/new")
	v.click("form", `main a[href$="kind=petition"]`)
	v.want("acts for", v.text(".acting strong"), s.Serik.FullName())
	v.fill("#circumstances", circumstances)
	v.fill("#point-1", request)
	v.click("check", formButton)
	v.want("acts for", v.text(".acting strong"), s.Serik.FullName())
	v.sign("filed")
	v.want("acts for", v.text(".acting strong"), s.Serik.FullName())
	petition := strings.TrimPrefix(v.path(), "/kk")

	v.click("switch", ".acting a")
	v.click("timur", `button[value="`+forTimur.String()+`"]`)
	v.want("acts for", v.text(".acting strong"), s.Timur.FullName())
	if page := v.js("document.documentElement.outerHTML"); strings.Contains(page, strings.TrimPrefix(petition, "/filings/")) || strings.Contains(page, s.Serik.FullName()) {
		t.Error("on Timur's page there is something of Serik's")
	}
	v.want("his petition", v.code(petition), "404")
	v.want("his petition's paper", v.code(petition+"/document"), "404")
	v.want("his ruling", v.code("/decisions/"+s.Decision("search-done").String()), "404")
	v.open("missing", petition)
	v.want("the way to switch", v.href(".acting a"), "/kk/cases/"+s.Theft.String()+"/acting")

	v.open("clients", "/clients")
	v.want("her clients", v.count(`main button[name="participant"]`), "3")

	owner := s.visit(t, "26", "kk", phone)
	owner.signIn("serik")
	owner.open("own-case", "/cases/"+s.Theft.String())
	owner.click("power", `a[href="/kk/powers/`+forSerik.String()+`"]`)
	owner.click("revocation", `form[action$="/revocation/draft"] button`)
	owner.sign("revoked")
	owner.want("the power", owner.count(`a[href$="/revocation/paper"]`), "1")

	v.open("one-client", "/cases/"+s.Theft.String())
	v.want("acts for", v.text(".acting strong"), s.Timur.FullName())
	v.want("ways to switch", v.count(".acting a"), "0")
	s.Want(t, `SELECT status, person FROM participant WHERE role = 'defender' AND casefile = '`+s.Theft.String()+`' ORDER BY status`, `
		status    | person
		confirmed | dana
		ended     | dana`)
	s.Sound()
}

// The pages of those who act for others, without anything of the story changed.
func TestThePagesOfActingForOthersLookAsTheirGoldenFilesSay(t *testing.T) {
	t.Parallel()
	f := open(t)
	power := "/powers/" + f.Participant("dana@theft").String()
	for _, v := range actingViews(f) {
		if v.name == "acting_choose" {
			twoClients(t, f.W)
		}
		if v.name == "revocation_check" {
			f.as(f.Serik).post("/kk"+power+"/revocation/draft", nil).want(t, "the paper", 303)
		}
		f.compare(t, v)
	}
}

func actingViews(f *front) []view {
	power := "/powers/" + f.Participant("dana@theft").String()
	return []view{
		{name: "clients", who: f.Dana, path: "/clients"},
		{name: "clients-empty", who: f.Aigul, path: "/clients"},
		{name: "power", who: f.Serik, path: power},
		{name: "revocation_check", who: f.Serik, path: power + "/revocation"},
		{name: "acting_choose", who: f.Dana, path: "/cases/" + f.Theft.String() + "/acting"},
	}
}
