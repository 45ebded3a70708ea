package portal_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"zharia/portal/law"
)

// A decision is handed over: to the defender by her opening it, to the suspect by the
// receipt he signs. The victim sees who opened her case and asks about it.
func TestServiceOfADecisionInABrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	decision := "/decisions/" + s.Decision("suspect-recognised").String()

	dana := s.visit(t, "service", "kk", phone)
	dana.signIn("dana")
	dana.open("before", decision)
	dana.want("no document yet", dana.count("iframe"), "0")
	dana.want("the term", dana.text(".due.wait .law"), s.Words.In("kk").Law(law.CPC(106, 5)))
	if n := s.one(t, `SELECT count(*) FROM service`); n != "0" {
		t.Fatalf("%s services before anything was opened", n)
	}
	dana.click("opened", `form[action$="/opening"] button`)
	dana.want("the document", dana.count(".pdf iframe"), "1")
	if got := dana.text(".due .date"); !strings.Contains(got, "6 қараша") {
		t.Errorf("the last day is %q", got)
	}
	dana.open("cases", "/cases")
	if got := dana.text(".until"); !strings.Contains(got, "6 қараша") {
		t.Errorf("the list of cases says %q", got)
	}

	serik := s.visit(t, "service", "ru", phone)
	serik.signIn("serik")
	serik.open("before-signed", decision)
	serik.click("receipt", `form[action$="/receipt/draft"] button`)
	serik.sign("signed")
	serik.want("the document", serik.count(".pdf iframe"), "1")
	if got := s.one(t, `SELECT way FROM service WHERE person = $1`, s.Serik.Person); got != "signed" {
		t.Errorf("it was handed over %q", got)
	}

	// The investigator sees both; the prosecutor is asked why she looks.
	daniyar := s.visit(t, "service", "kk", desktop)
	daniyar.signIn("daniyar")
	daniyar.open("services", decision)
	daniyar.want("to two people", daniyar.count("table.desk tbody tr"), "2")
	daniyar.want("none waits", daniyar.count("table.desk .tag.wait"), "0")
	zhanar := s.visit(t, "service", "ru", phone)
	zhanar.signIn("zhanar")
	zhanar.do(navigate(zhanar, decision))
	zhanar.arrive("reason")
	zhanar.do(chromedp.Click(chromedp.CSS(`input[name="reason"][value="supervision"]`)))
	zhanar.click("reasoned", formButton)
	zhanar.here("200", decision)

	aigul := s.visit(t, "service", "kk", phone)
	aigul.signIn("aigul")
	aigul.open("openings", "/cases/"+s.Theft.String()+"/openings")
	if got := aigul.main(); !strings.Contains(got, s.Zhanar.FullName()) || strings.Contains(got, s.Dana.Surname) {
		t.Errorf("she is told %q", got)
	}
	aigul.click("doubt", `a[href*="/objection"]`)
	aigul.fill("#words", "Прокурор бұл істі неге ашқанын түсінбедім.")
	aigul.click("asked", formButton)
	aigul.want("it waits for an answer", aigul.count(".tag.wait"), "1")
}
