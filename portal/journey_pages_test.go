package portal_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// Every page, on a phone and on a desk: each owes what check asks for, and leaves a picture
// for whoever looks after the design, in both languages. Without pictures one will do:
// TestAxeFindsNothingOnAnyGoldenPage checks all in both.
func TestEveryPageStandsInBothLanguagesOnAPhoneAndOnADesk(t *testing.T) {
	t.Parallel()
	langs := toldIn()
	s := newSite(t)
	drafted := s.draft("aigul")
	answered := "/filings/" + s.answered(t).String()
	filed := "/filings/" + s.Petition(s.Aigul, s.Theft).String()
	begun := s.Petition(s.Aigul, s.Theft)
	s.begin(t, begun)
	complaint := "/filings/" + s.Complaint(s.Aigul, s.Theft, "search", "expertise-done").String()
	late := s.Petition(s.Serik, s.Theft)
	s.overdue(t, late)
	s.Explain(s.Zhanar, s.Theft)
	s.Petition(s.Dana, s.Theft)
	ruling := "/decisions/" + s.drafted(t).String()
	theft, decision := "/cases/"+s.Theft.String(), func(name string) string { return "/decisions/" + s.Decision(name).String() }
	participant := func(name string) string { return "/participants/" + s.Participant(name).String() }

	for _, looks := range []struct {
		who   string
		pages [][2]string
	}{
		{"", [][2]string{
			{"home", "/"}, {"about-access", "/about/access"}, {"about-signature", "/about/signature"}, {"about-terms", "/about/terms"},
			{"about-protection", "/about/protection"}, {"signin", "/signin?next=/cases"}, {"not-found", "/nothing"},
			{"verify-files", "/verify"},
			{"verify", "/verify/" + s.one(t, `SELECT document::text FROM decision WHERE id = $1`, s.Decision("group"))},
		}},
		{"aigul", [][2]string{
			{"cases", "/cases"}, {"case", theft}, {"decision-copy", decision("victim-recognised")}, {"decision-text", decision("group")},
			{"decision-fact", decision("term-extended")}, {"filing-kind", theft + "/filings/new"}, {"filing-new", theft + "/filings/new?kind=petition"},
			{"filing-new-complaint", theft + "/filings/new?kind=complaint-prosecutor"}, {"filing-check", drafted}, {"filing-draft", drafted + "/draft"},
			{"filing", filed}, {"filing-answered", answered}, {"filing-complaint", complaint}, {"filings", "/filings"}, {"openings", theft + "/openings"},
		}},
		{"asel", [][2]string{{"cases-empty", "/cases"}, {"filings-empty", "/filings"}}},
		{"dana", [][2]string{{"defender-cases", "/cases"}, {"defender-case", theft}}},
		{"serik", [][2]string{{"service", decision("search-done")}, {"service-signed", decision("suspect-recognised")}}},
		{"daniyar", [][2]string{
			{"desk", "/desk"}, {"investigator-case", theft}, {"participant-waits", participant("aigul@fraud")}, {"participant", participant("dana@theft")},
			{"participant-new", theft + "/participants/new"}, {"decision-new", theft + "/decisions/new"}, {"decision-check", ruling + "/check"},
			{"investigator-filing", filed}, {"answer-new", filed + "/answer"}, {"answer-check", "/filings/" + begun.String() + "/answer/check"},
		}},
		{"zhanar", [][2]string{{"oversight", "/oversight"}, {"reason", theft + "/reason"}, {"objections", "/objections"}, {"prosecutor-complaint", complaint}, {"prosecutor-late", "/filings/" + late.String()}}},
	} {
		v := s.visit(t, "pages", "kk", desktop)
		if looks.who != "" {
			v.signIn(looks.who)
		}
		for _, page := range looks.pages {
			for _, v.lang = range langs {
				v.open("", page[1])
				if want := map[bool]string{true: "404", false: "200"}[page[0] == "not-found"]; v.status() != want {
					t.Errorf("%s answers %s, want %s: %s", v.path(), v.status(), want, v.main())
				}
				if len(langs) == 1 { // nobody looks at pictures
					continue
				}
				for _, v.screen = range []screen{phone, desktop} {
					v.do(v.look(v.screen))
					if v.lang == "kk" && v.screen == desktop && v.count("iframe") != "0" {
						time.Sleep(time.Second) // the browser's own viewer of documents is slow to come
					}
					v.photograph(fmt.Sprintf("pages-%s-%s-%d", page[0], v.lang, v.screen.width))
				}
			}
		}
	}
}

// answered is a petition of Aigul's that was refused.
func (s *site) answered(t *testing.T) uuid.UUID {
	t.Helper()
	id := s.Petition(s.Aigul, s.Theft)
	s.Answer(s.Daniyar, id, filing.Refused)
	return id
}

// begin has the investigator write an answer that he has not signed yet.
func (s *site) begin(t *testing.T, id uuid.UUID) {
	t.Helper()
	n := portaltest.Said(filing.GrantedPart, 1)
	if err := filing.DraftAnswer(t.Context(), s.DB, s.Press, s.Daniyar.Asks(policy.AnswerDraft), id, n); err != nil {
		t.Fatal(err)
	}
}

// drafted is a decision of the investigator's that he has not signed yet.
func (s *site) drafted(t *testing.T) uuid.UUID {
	t.Helper()
	id := uuid.Must(uuid.NewV7())
	d := casefile.DecisionDraft{
		Kind: "expertise-set", DecidedOn: time.Date(2026, 10, 22, 0, 0, 0, 0, time.UTC), Language: "kk",
		Concerns: []uuid.UUID{s.Participant("aigul@theft")}, Established: established, Resolved: resolved,
	}
	if err := casefile.DraftDecision(t.Context(), s.DB, s.Press, s.Daniyar.Asks(policy.DecisionDraft), s.Theft, id, d); err != nil {
		t.Fatal(err)
	}
	return id
}

// overdue moves a filing ten days back, so that its term is over, and lets the
// portal notice.
func (s *site) overdue(t *testing.T, id uuid.UUID) {
	t.Helper()
	s.SQL.MustExec(`ALTER TABLE filing DISABLE TRIGGER is_final`)
	for _, order := range []string{
		`UPDATE filing SET filed_at = filed_at - interval '10 days', due_raw = due_raw - interval '10 days', due_at = due_at - interval '10 days' WHERE id::text = $1`,
		`UPDATE job SET run_at = run_at - interval '10 days' WHERE args->>'filing' = $1`,
	} {
		if _, err := s.SQL.ExecContext(t.Context(), order, id.String()); err != nil {
			t.Fatal(err)
		}
	}
	s.SQL.MustExec(`ALTER TABLE filing ENABLE TRIGGER is_final`)
	s.runJobs(t, `SELECT count(*)::text FROM filing WHERE overdue_at IS NOT NULL`, "1")
}
