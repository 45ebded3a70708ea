package canary_test

import (
	"net/http"
	"path"
	"time"

	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/report"
)

// reports has somebody report an offence, each question with words of his own, and sign it.
func (a *aviary) reports(w *portaltest.W, who *human) {
	a.t.Helper()
	page := who.fill(who.get("/kk/report?danger=no&tell=1"), policy.ReportBegin, nil)
	draft := path.Dir(path.Dir(page.path))
	said := map[report.Question]filling{
		report.AskWhen:    {"known": "known", "from": w.At.Format(time.DateOnly), "to": "-"},
		report.AskWhere:   {"region": "750000000"},
		report.AskBody:    {"body": w.Body("police").String()},
		report.AskWhom:    {"behalf": string(report.Another)},
		report.AskContact: {"reach": string(report.ByPhone), "language": "kk", "phone": a.Case("report phone")},
	}
	for _, q := range report.Questions {
		page = who.fill(who.get(draft+"/questions/"+string(q)), policy.ReportAnswer, said[q])
	}
	page = who.fill(page, policy.ReportPrint, filling{"warned": "yes"})
	who.sign(page)
	for _, address := range []string{"", "/paper", "/slip"} {
		who.get(draft+address).want(a.t, http.StatusOK)
	}

	// What somebody says at the desk is taken down, and goes to another state body.
	duty := a.arrives(w.Actor("zhandos").Key).signIn()
	helper := a.born(w, "at the desk", "kk")
	entry := duty.fill(duty.get("/kk/entries/new"), policy.EntryDraft, filling{"way": "oral", "name": helper.full(), "iin": helper.iin, "known": "known", "from": w.At.Format(time.DateOnly),
		"to": "-", "region": "750000000", "category": "theft", "reach": "phone", "phone": a.Case("desk phone"), "language": "kk", "warned": "yes"})
	of := lastOf(entry.path)
	duty.sign(entry)
	duty.sign(duty.fill(duty.get("/kk/book/"+of+"/decision?kind=elsewhere"), policy.BookDraft, filling{"ground": "audit"}))

	// The other is not entered into the register, and its author complains of that.
	book := "/kk/book/" + lastOf(draft)
	duty.get(book).want(a.t, http.StatusOK)
	duty.get(book+"/similar").want(a.t, http.StatusOK)
	duty.sign(duty.fill(duty.get(book+"/decision?kind=refused"), policy.BookDraft, filling{"ground": "no-audit"}))
	page = who.fill(who.get(draft+"/complaint"), policy.ReportComplain, filling{"circumstances": a.sentence("report-complain.circumstances"), "request": a.sentence("report-complain.request")})
	who.sign(page)

	// And wants to be told of news, in two ways.
	for channel, address := range map[string]string{"email": a.Word("address of mail", "latin") + "@example.kz", "sms": a.Phone("number of messages")} {
		who.fill(who.get("/kk/contacts/new"), policy.ContactAdd, filling{"channel": channel, "address": address})
	}
}
