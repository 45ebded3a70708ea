package portal_test

import "testing"

// A new investigator comes in by two signatures and is given a case by the head; the
// one before loses it while his page is open.
func TestANewInvestigatorComesInAndIsGivenACase(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	theft := "/cases/" + s.Theft.String()

	old := s.visit(t, "directory-1", "kk", phone)
	old.signIn("daniyar")
	old.open("", theft)
	old.want("the case before", old.status(), "200")

	bolat := s.visit(t, "directory-2", "kk", phone)
	bolat.signIn("bolat")
	bolat.here("200", "/directory")
	bolat.arrive("directory")
	bolat.click("new", `main a.button[href$="/directory/new"]`)
	bolat.click("new-empty", formButton)
	bolat.want("status", bolat.status(), "422")
	bolat.fill("#iin", s.Nurlan.IIN.Reveal())
	bolat.fill("#name", s.Nurlan.FullName())
	bolat.choose("#post", "investigator")
	bolat.choose("#body", s.Body("police").String())
	bolat.click("draft", formButton)
	bolat.shows(s.Nurlan.FullName())
	bolat.sign("proposed")
	entry := bolat.js(`location.pathname.slice(3)`)
	s.Want(t, `SELECT status FROM appointment`, "status\nproposed")

	marat := s.visit(t, "directory-3", "ru", phone)
	marat.signIn("marat")
	marat.here("200", "/unit")
	marat.arrive("unit")
	marat.click("entry", `main a[href="/ru`+entry+`"]`)
	marat.click("agree", `button[name=agrees]`)
	marat.sign("effective")
	marat.here("200", entry)
	s.Want(t, `SELECT status, second FROM appointment`, "status | second\neffective | marat")

	marat.open("", theft)
	marat.click("assign", `a[href$="/assignment"]`)
	marat.press(`input[name=officer][value="` + s.Nurlan.Person.String() + `"]`)
	marat.click("assign-check", formButton)
	marat.sign("assigned")
	s.Want(t, `SELECT investigator FROM casefile WHERE id = '`+s.Theft.String()+`'`, "investigator\nnurlan")

	old.open("", theft)
	old.want("the case after", old.status(), "404")

	nurlan := s.visit(t, "directory-4", "kk", phone)
	nurlan.signIn("nurlan")
	nurlan.here("200", "/desk")
	nurlan.open("", theft)
	nurlan.want("his case", nurlan.status(), "200")
	s.Sound()
}
