package portal_test

import (
	"testing"

	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// From the empty list to the case and back: she asks, the investigator confirms in
// three clicks, she reads, her status ends and the case closes.
func TestAccessIsAskedForConfirmedUsedAndRevoked(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	theft := "/cases/" + s.Theft.String()

	v := s.visit(t, "access", "kk", phone)
	v.signIn("asel")
	v.click("new", `main a[href="/kk/access/new"]`)
	v.click("new-empty", formButton)
	v.want("status", v.status(), "422")
	v.want("what is wrong", v.each(".errors a", "e.hash"), "#number\n#role\n#words")
	v.fill("#number", "999999999999999")
	v.choose("#role", string(policy.Victim))
	v.fill("#words", portaltest.Why)
	v.click("new-wrong", formButton)
	v.want("what is wrong", v.each(".errors a", "e.hash"), "#number")
	v.fill("#number", s.Number(s.Theft))
	v.click("check", formButton)
	v.want("status", v.status(), "200")
	v.sign("asked")
	request := v.js(`location.pathname.replace("/kk", "")`)
	v.want("due", v.js(`document.querySelector(".due time").dateTime`), "2026-10-27T19:00:00Z")
	v.open("cases", "/cases")
	v.want("what waits", v.count(".tag.wait"), "1")
	v.want("the case, before", v.code(theft), "404")

	d := s.visit(t, "access-desk", "kk", desktop)
	d.signIn("daniyar")
	d.arrive("desk")
	d.press(`input[name="request"]`)
	d.click("drafts", `form[action$="/desk/requests"] button`)
	d.sign("confirmed")
	s.Want(t, `SELECT status FROM request`, "status\nconfirmed")

	v.open("cases-open", "/cases")
	v.click("case", `main a[href="/kk`+theft+`"]`)
	v.here("200", theft)
	v.open("answered", request)
	v.want("status", v.status(), "200")

	d.open("status", "/participants/"+s.one(t, `SELECT participant::text FROM request`))
	d.press("details:last-of-type > summary")
	d.fill("#reasons", reasons)
	d.click("ending", `form[action$="/ending"] button`)
	d.sign("ended")
	v.want("the case, after", v.code(theft), "404")
	s.Sound()
}
