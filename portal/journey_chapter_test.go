package portal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/deadline"
	"zharia/portal/filing"
	"zharia/portal/guide"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// Chapter 13 in a browser: each journey in Kazakh on a phone and in Russian.

// tongue is what people of these journeys type, in one language.
type tongue struct {
	circumstances, first, second string // of a petition
	why, article, reasons        string // of an answer
	unanswered, arguments        string // of whoever got it
}

var tongues = map[string]tongue{
	"kk": {
		circumstances: "Тінту кезінде табылған ноутбук менікі, құжаттары менде. Көршім оқиғаны көрді, бірақ одан жауап алынған жоқ.",
		first:         "Көршім Қ.-дан куә ретінде жауап алуды сұраймын.",
		second:        "Ноутбукті сақтау үшін маған қайтаруыңызды сұраймын.",
		why:           "Ноутбук сараптамаға жіберілді, оған дейін оны қайтаруға болмайды.",
		article:       "ҚПК 118-бап",
		reasons:       "Өтінішхатта келтірілген мән-жайлар тексерілді, көрші оқиғаны көруі мүмкін екені расталды.",
		unanswered:    "Сараптама қашан аяқталатыны және ноутбук содан кейін қайтарыла ма – жауап берілмеді.",
		arguments:     "Сараптама ноутбукке қатысты емес, сондықтан оны сақтауға беруге кедергі жоқ.",
	},
	"ru": {
		circumstances: "Ноутбук, найденный при обыске, принадлежит мне, документы у меня. Сосед видел произошедшее, но его не допросили.",
		first:         "Прошу допросить соседа К. в качестве свидетеля.",
		second:        "Прошу вернуть мне ноутбук на хранение.",
		why:           "Ноутбук направлен на экспертизу, до её окончания вернуть его нельзя.",
		article:       "ст. 118 УПК",
		reasons:       "Обстоятельства, изложенные в ходатайстве, проверены: сосед мог видеть произошедшее.",
		unanswered:    "Не сказано, когда закончится экспертиза и вернут ли мне ноутбук после неё.",
		arguments:     "Экспертиза не касается ноутбука, препятствий вернуть его на хранение нет.",
	},
}

// toldIn are the languages that a journey is told in: Kazakh, and with pictures Russian, too.
// What is shown differs in words alone, and the golden pages are looked at in both.
func toldIn() []string {
	if dir, _ := pictures(); dir == "" {
		return []string{"kk"}
	}
	return []string{"kk", "ru"}
}

// journey tells one in each language over a world of its own.
func journey(t *testing.T, tell func(t *testing.T, s *site, lang string, on screen, says tongue)) {
	t.Parallel()
	for _, lang := range toldIn() {
		on := map[string]screen{"kk": phone, "ru": desktop}[lang]
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			tell(t, s, lang, on, tongues[lang])
			s.Sound()
		})
	}
}

// member is somebody of the cast in a browser of his own, beside others.
type member struct {
	*visitor
	word string
}

// member has signed in.
func (s *site) member(t *testing.T, journey, word, lang string, on screen) member {
	t.Helper()
	v := s.visit(t, journey+"-"+lang, lang, on)
	v.signIn(word)
	return member{v, word}
}

// sign puts the key into the reader first: there is one for all.
func (m member) sign(name string) {
	m.t.Helper()
	m.s.insert(m.word)
	m.visitor.sign(name)
}

// id is the last part of the address.
func (v *visitor) id() string {
	v.t.Helper()
	return v.js(`location.pathname.split("/").pop()`)
}

// asks fills in the form that is shown, a field for each point, and signs.
func (v member) asks(circumstances string, points ...string) (id string) {
	v.t.Helper()
	v.fill("#circumstances", circumstances)
	for i, text := range points {
		if i > 0 {
			v.click("", `#form button[name=more][value="1"]`)
		}
		v.fill("#point-"+string(rune('1'+i)), text)
	}
	v.click("check", formButton)
	for _, text := range points {
		v.shows(text)
	}
	id = v.id()
	v.sign("filed")
	v.here("200", "/filings/"+id)
	return id
}

// told fails unless an element shows a text.
func (v *visitor) told(css, text string) {
	v.t.Helper()
	if got := v.text(css); !strings.Contains(got, strings.Join(strings.Fields(text), " ")) {
		v.t.Errorf("%s does not tell %q: %q (at %s)", css, text, got, v.path())
	}
}

// resolves answers a point; the empty outcome leaves it open.
func (v *visitor) resolves(n, outcome string, says tongue) {
	v.t.Helper()
	if outcome != "" {
		v.press(`input[name="outcome-` + n + `"][value=` + outcome + `]`)
	}
	if outcome == "refused" || outcome == "granted-part" {
		v.fill("#why-"+n, says.why)
		v.fill("#article-"+n, says.article)
	}
}

func TestEachPointIsAnsweredAndTheOneThatWasNotIsSeenByTheProsecutor(t *testing.T) {
	journey(t, func(t *testing.T, s *site, lang string, on screen, says tongue) {
		aigul := s.member(t, "20-points", "aigul", lang, on)
		aigul.open("", s.newPetition())
		petition := "/filings/" + aigul.asks(says.circumstances, says.first, says.second)
		s.Want(t, `SELECT n FROM point ORDER BY n`, "n\n1\n2")

		daniyar := s.member(t, "20-points", "daniyar", lang, on)
		daniyar.want("first on his desk", daniyar.js(`document.querySelector("table.desk a").pathname`), "/"+lang+petition)
		daniyar.click("", `table.desk a`)
		daniyar.click("answer", `section.next a[href$="/answer"]`)
		daniyar.resolves("1", "granted", says)
		daniyar.fill("#reasons", says.reasons)
		daniyar.click("answer-half", formButton) // one point is left open
		daniyar.want("status", daniyar.status(), "422")
		daniyar.want("what is missing", daniyar.each(".errors a", "e.hash"), "#outcome-2\n#why-2\n#article-2")
		daniyar.want("what was said of the first", daniyar.js(`document.querySelector("input[name=outcome-1]:checked").value`), "granted")
		daniyar.resolves("2", "refused", says)
		daniyar.click("answer-check", formButton)
		daniyar.shows(says.article)
		daniyar.sign("answered")
		s.Want(t, `SELECT status FROM filing`, "status\ngranted-part")
		s.Want(t, `SELECT p.n, r.outcome FROM resolution r JOIN point p ON p.id = r.point ORDER BY p.n`, `
			n | outcome
			1 | granted
			2 | refused`)

		aigul.open("unread", petition)
		if aigul.has(says.why) {
			t.Error("the answer is told before she has opened it")
		}
		aigul.want("the answer", aigul.pdf(aigul.href(`#answer a.button`)), "200 application/pdf %PDF true inline")
		aigul.open("read", petition)
		aigul.want("resolutions", aigul.count("#answer ol.points > li"), "2")
		aigul.shows(says.why)
		aigul.shows(says.article)
		aigul.press("#answer details summary")
		aigul.press(`#dispute input[value="2"]`)
		aigul.click("dispute-empty", "#dispute .actions button")
		aigul.want("status", aigul.status(), "422")
		aigul.want("what is missing", aigul.each(".errors a", "e.hash"), "#unanswered")
		aigul.want("the point is kept", aigul.js(`document.querySelector("#dispute input:checked").value`), "2")
		aigul.fill("#unanswered", says.unanswered)
		aigul.click("disputed", "#dispute .actions button")
		aigul.here("200", petition)
		aigul.shows(says.unanswered)

		zhanar := s.member(t, "20-points", "zhanar", lang, desktop)
		zhanar.arrive("oversight")
		zhanar.want("not answered, to the prosecutor", zhanar.href(`.warn + ul.list a[href$="#answer"]`), "/"+lang+petition+"#answer")
		zhanar.shows(s.Words.In(lang).T("oversight.unanswered.points", "n", 1))
	})
}

func TestARefusalGoesOnToTheChiefAndToTheJudgeWithItsWholeHistory(t *testing.T) {
	journey(t, func(t *testing.T, s *site, lang string, on screen, says tongue) {
		petition := s.Petition(s.Aigul, s.Theft)
		s.Answer(s.Daniyar, petition, filing.Refused)
		number := s.one(t, `SELECT number FROM filing`)

		aigul := s.member(t, "21-onward", "aigul", lang, on)
		aigul.open("", "/filings/"+petition.String())
		aigul.want("the answer", aigul.pdf(aigul.href(`#answer a.button`)), "200 application/pdf %PDF true inline")
		aigul.open("refused", "/filings/"+petition.String())
		aigul.click("ready", `section.next a[href*="kind=complaint-prosecutor"]`)
		aigul.told("dl.facts", s.Gulnar.Surname)
		if ready := aigul.value("#circumstances"); !strings.Contains(ready, number) || !strings.Contains(ready, portaltest.Request) || !strings.Contains(ready, portaltest.PointWhy) {
			t.Errorf("the complaint is not ready: %q", ready)
		}
		aigul.want("what is asked is ready", aigul.js(`document.querySelector("#point-1").value.includes(`+quoted(number)+`)`), "true")
		aigul.goesOn(says.arguments)
		complaint := aigul.id()
		s.Want(t, `SELECT kind, status, against IS NOT NULL AS against FROM filing ORDER BY filed_at`, `
			kind                 | status  | against
			petition             | refused | false
			complaint-prosecutor | filed   | true`)

		gulnar := s.member(t, "21-onward", "gulnar", lang, desktop)
		gulnar.here("200", "/office")
		gulnar.want("it is on her list", gulnar.count(`table.desk a[href$="/filings/`+complaint+`"]`), "1")
		gulnar.click("complaint", `table.desk a[href$="/filings/`+complaint+`"]`)
		gulnar.decides("refused", "", says)

		aigul.open("", "/filings/"+complaint)
		aigul.want("the answer", aigul.pdf(aigul.href(`#answer a.button`)), "200 application/pdf %PDF true inline")
		aigul.open("refused-again", "/filings/"+complaint)
		last := s.Words.In(lang).Until(deadline.CourtComplaint.Ends(portaltest.Afternoon, deadline.Kazakhstan()))
		if next := aigul.text("section.next"); !strings.Contains(next, strings.Join(strings.Fields(last), " ")) {
			t.Errorf("the last day to go to court is not told: %q, want %q in it", next, last)
		}
		aigul.click("court-ready", `section.next a[href*="kind=complaint-court"]`)
		ready := aigul.value("#circumstances")
		for _, of := range []string{number, s.one(t, `SELECT number FROM filing WHERE id = $1`, complaint), portaltest.PointWhy, says.why} {
			if !strings.Contains(ready, of) {
				t.Errorf("%q is not in the complaint to the court: %q", of, ready)
			}
		}
		aigul.goesOn(says.arguments)
		court := aigul.id()

		aliya := s.member(t, "21-onward", "aliya", lang, desktop)
		aliya.here("200", "/chamber")
		aliya.arrive("chamber")
		aliya.click("court", `table.desk a[href$="/filings/`+court+`"]`)
		aliya.shows(says.arguments)
		aliya.decides("granted", "unlawful", says)
		s.Want(t, `SELECT kind, status FROM filing ORDER BY filed_at`, `
			kind                 | status
			petition             | refused
			complaint-prosecutor | refused
			complaint-court      | granted`)
		aigul.open("", "/filings/"+court)
		aigul.want("the paper of the judge", aigul.pdf(aigul.href(`#answer a.button`)), "200 application/pdf %PDF true inline")
		aigul.open("granted", "/filings/"+court)
		aigul.want("signatures", aigul.count(".verified:not(.bad)"), "2")
	})
}

// goesOn adds arguments to a complaint that is ready, and signs it.
func (v member) goesOn(arguments string) {
	v.t.Helper()
	v.fill("#circumstances", v.value("#circumstances")+"\n"+arguments)
	if v.count("#ground") == "1" && v.value("#ground") == "" { // nobody sorts a petition: he says it
		v.choose("#ground", "other")
	}
	v.click("check", formButton)
	v.want("status", v.status(), "200")
	v.shows(arguments)
	v.sign("filed")
	v.want("status", v.status(), "200")
}

// decides answers the one point of the filing that is shown, and signs.
func (v member) decides(outcome, remedy string, says tongue) {
	v.t.Helper()
	v.click("answer", `section.next a[href$="/answer"]`)
	v.resolves("1", outcome, says)
	v.fill("#reasons", says.reasons)
	if remedy != "" {
		v.press(`input[name=remedy][value=` + remedy + `]`)
	}
	v.click("answer-check", formButton)
	v.want("status", v.status(), "200")
	v.sign("answered")
	v.want("status", v.status(), "200")
}

func TestWhoMayTakeAFilingBackDoesAndNobodyElse(t *testing.T) {
	journey(t, func(t *testing.T, s *site, lang string, on screen, _ tongue) {
		if _, err := s.SQL.ExecContext(t.Context(), `UPDATE participant SET capacity = 'minor' WHERE id = $1`, s.Participant("aigul@theft")); err != nil {
			t.Fatal(err)
		}
		for role, who := range map[policy.Role]*portaltest.Actor{policy.VictimsLegalRep: s.Nurlan, policy.Representative: s.Stranger} {
			grant := casefile.Grant{Role: role, Basis: policy.Bases[role][0].Key, Since: s.At.AddDate(0, 0, -1), Represents: s.Participant("aigul@theft")}
			if err := s.Add(s.Daniyar, s.Theft, uuid.Must(uuid.NewV7()), who, grant); err != nil {
				t.Fatal(err)
			}
		}
		own, hired, parents := s.Petition(s.Aigul, s.Theft), s.Petition(s.Stranger, s.Theft), s.Petition(s.Nurlan, s.Theft)
		defence, consented := s.Petition(s.Dana, s.Theft), s.Petition(s.Dana, s.Theft)
		page := func(of uuid.UUID) string { return "/filings/" + of.String() }
		const way = `form[action$="/withdrawal/draft"]`
		status := func(of uuid.UUID) string {
			return s.one(t, `SELECT status FROM filing WHERE id = $1`, of)
		}
		takesBack := func(v member, of uuid.UUID) {
			t.Helper()
			v.open("", page(of))
			v.js(`document.querySelectorAll("main details").forEach(e => e.open = true)`)
			v.click("take-back", way+" button")
			v.want("status", v.status(), "200")
			v.sign("taken-back")
			v.here("200", page(of))
		}

		aigul := s.member(t, "22-back", "aigul", lang, on)
		takesBack(aigul, own)
		aigul.want("her own", status(own), "withdrawn")
		takesBack(aigul, hired) // of whom she hired, she may
		aigul.want("of her representative", status(hired), "withdrawn")
		aigul.open("parents", page(parents)) // of whom she is in the care of, she may not
		aigul.here("200", page(parents))
		aigul.want("ways to take it back", aigul.count(way), "0")
		aigul.want("sent all the same", aigul.post(page(parents)+"/withdrawal/draft"), "403")

		serik := s.member(t, "22-back", "serik", lang, on)
		takesBack(serik, defence)
		serik.want("of his defender", status(defence), "withdrawn")

		dana := s.member(t, "22-back", "dana", lang, on)
		takesBack(dana, consented)
		dana.want("before he consents", status(consented), "filed")
		dana.want("told that it waits", dana.count("#consent"), "1")
		dana.want("ways to take it back", dana.count(way), "0")
		serik.open("asked", page(consented))
		serik.click("consent-check", `#consent button[value=yes]`)
		serik.sign("consented")
		serik.want("with his consent", status(consented), "withdrawn")

		for _, other := range []struct{ word, code string }{{"daniyar", "403"}, {"saule", "404"}, {"timur", "404"}} {
			v := s.member(t, "22-back", other.word, lang, on)
			v.do(navigate(v.visitor, page(parents)))
			v.want("ways to take it back, for "+other.word, v.count(way), "0")
			v.want(other.word+" sends it all the same", v.post(page(parents)+"/withdrawal/draft"), other.code)
		}
		serik.want("another participant", serik.code(page(parents)), "404")
		aigul.want("what stands", status(parents), "filed")
	})
}

// post sends an empty form to an address from the page, as it would be sent by hand.
func (v *visitor) post(path string) string {
	v.t.Helper()
	return v.js(`fetch(` + quoted("/"+v.lang+path) + `, {method: "POST", body: new URLSearchParams(), redirect: "manual"}).then(r => r.status)`)
}

// passes moves the hour of the whole site.
func (s *site) passes(d time.Duration) {
	s.later += d
	s.At = s.At.Add(d)
}

func TestWhatIsLateIsLateForBothSidesInTheSameMinute(t *testing.T) {
	journey(t, func(t *testing.T, s *site, lang string, on screen, says tongue) {
		petition := "/filings/" + s.Petition(s.Aigul, s.Theft).String()
		before := s.member(t, "23-late", "daniyar", lang, on)
		before.want("late before the term ends", before.count("table.desk tr.bad"), "0")
		var due time.Time
		if err := s.SQL.GetContext(t.Context(), &due, `SELECT due_at FROM filing`); err != nil {
			t.Fatal(err)
		}
		s.passes(due.Sub(s.Clock()) + time.Second) // and nothing else has happened: no job has run

		overdue := s.Words.In(lang).T("status.word.overdue")
		aigul := s.member(t, "23-late", "aigul", lang, on)
		aigul.open("late", petition)
		aigul.want("what she is told", aigul.text("p.tag.bad"), overdue)
		aigul.want("what to do", aigul.count("section.next li:first-child a.button"), "1")
		kind := aigul.each("section.next li a", `new URL(e.href).searchParams.get("kind")`)
		if !strings.Contains(kind, "delay") && !strings.Contains(kind, "complaint-") {
			t.Errorf("no complaint of the delay is offered: %q", kind)
		}
		for word, home := range map[string]string{"daniyar": "/desk", "zhanar": "/oversight", "marat": "/unit"} {
			v := s.member(t, "23-late", word, lang, on)
			v.here("200", home)
			v.arrive(word)
			if row := v.text("table.desk tr.bad"); !strings.Contains(row, overdue) {
				t.Errorf("%s is not told at once: %q in %q", word, row, v.main())
			}
		}
		aigul.click("delay", "section.next li:first-child a.button")
		number := s.one(t, `SELECT number FROM filing`)
		if ready := aigul.value("#circumstances"); !strings.Contains(ready, number) {
			t.Errorf("the complaint of the delay does not name № %s: %q", number, ready)
		}
		aigul.goesOn(says.arguments)
		s.Want(t, `SELECT status, overdue_at IS NULL AS no_job_ran FROM filing ORDER BY filed_at`, `
			status | no_job_ran
			filed  | true
			filed  | true`)
	})
}

// Everybody who decides signs in and finds at once what waits for him, and the decision
// that is disputed.
func TestWhoeverDecidesFindsWhatWaitsForHimAndTheDisputedDecision(t *testing.T) {
	journey(t, func(t *testing.T, s *site, lang string, _ screen, _ tongue) {
		petition := s.Petition(s.Aigul, s.Theft)
		s.Answer(s.Daniyar, petition, filing.Refused)
		complaint := s.Complaint(s.Aigul, s.Theft, "other", "expertise-set")
		s.Answer(s.Gulnar, complaint, filing.Refused)
		filed := func(a *portaltest.Actor, n filing.NewFiling) uuid.UUID {
			t.Helper()
			id := s.Draft(a, s.Theft, n)
			if err := s.Submit(a, id); err != nil {
				t.Fatal(err)
			}
			return id
		}
		for _, row := range []struct {
			word, home string
			waits      uuid.UUID
		}{
			{"marat", "/unit", filed(s.Aigul, filing.NewFiling{Kind: policy.FilingComplaintHead, What: guide.Decision, About: s.Decision("expertise-done")})},
			{"gulnar", "/office", filed(s.Aigul, filing.NewFiling{Kind: policy.FilingComplaintProsecutor, What: guide.Decision, About: s.Decision("group")})},
			{"samat", "/office", filed(s.Aigul, filing.NewFiling{Kind: policy.FilingComplaintHigher, What: guide.Answer, Against: complaint})},
			{"aliya", "/chamber", filed(s.Aigul, filing.NewFiling{Kind: policy.FilingComplaintCourt, What: guide.Decision, About: s.Decision("expertise-done")})},
			{"kanat", "/chamber", filed(s.Serik, filing.NewFiling{Kind: policy.FilingComplaintJudge, What: guide.Ruling, About: s.Decision("search-done")})},
		} {
			v := s.member(t, "24-decides", row.word, lang, desktop)
			v.here("200", row.home)
			v.arrive(row.word)
			v.click(row.word+"-filing", `table.desk a[href="/`+lang+`/filings/`+row.waits.String()+`"]`)
			v.here("200", "/filings/"+row.waits.String())
			v.want(row.word+" may answer", v.count(`section.next a[href$="/answer"]`), "1")
			link := v.href(`main dd a[href$="/decision"], main dd a[href*="/decisions/"], main dd a[href*="/filings/"]`)
			if strings.HasSuffix(link, "/decision") {
				v.want(row.word+" opens the disputed decision", v.pdf(link), "200 application/pdf %PDF true inline")
			} else {
				v.want(row.word+" opens the disputed decision", v.code(strings.TrimPrefix(link, "/"+lang)), "200")
			}
		}
	})
}
