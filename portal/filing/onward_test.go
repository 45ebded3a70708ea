package filing_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/agenda"
	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/filing"
	"zharia/portal/guide"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// The term to complain of an answer is that of who answered and of what was asked, CPC 106,
// 107, 109, 297.
func TestTheTermToComplainOfAnAnswerIsThatOfItsSeatAndItsMatter(t *testing.T) {
	var got []string
	for _, f := range []filing.Filing{
		{Kind: policy.FilingPetition, Seat: guide.Investigator},
		{Kind: policy.FilingRecognise, Seat: guide.Investigator},
		{Kind: policy.FilingAfterReading, Seat: guide.Investigator},
		{Kind: policy.FilingSecurity, Seat: guide.Investigator},
		{Kind: policy.FilingComplaintHead, Seat: guide.Head},
		{Kind: policy.FilingComplaintProsecutor, Seat: guide.Chief},
		{Kind: policy.FilingComplaintHigher, Seat: guide.Higher},
		{Kind: policy.FilingComplaintCourt, Seat: guide.Judge},
		{Kind: policy.FilingRegistration, Seat: guide.Chief},
		{Kind: policy.FilingComplaintJudge, Seat: guide.Appeal},
		{Kind: policy.FilingChallenge, Seat: guide.Head},
		{Kind: policy.FilingChallenge, Seat: guide.Judge},
	} {
		f.Status = filing.Refused
		line := fmt.Sprintf("%s by %s:", f.Kind, f.Seat)
		for _, next := range f.OnwardTerms(almaty("2026-11-02 10:00"), nil, almaty("2026-11-02 10:00")) {
			line += fmt.Sprintf(" %s %s %s", next.Name, next.Term.By, deadline.LastDay(next.Due).Format(time.DateOnly))
		}
		got = append(got, line)
		f.Status = filing.Granted
		if all := f.OnwardTerms(almaty("2026-11-02 10:00"), nil, almaty("2026-11-02 10:00")); all != nil {
			t.Errorf("of what was granted: %v", all)
		}
	}
	want := `petition by investigator: court-complaint CPC 106(5) 2026-11-17
recognise by investigator: status-appeal CPC 109(2) 2026-11-09
after-familiarisation by investigator: refusal-after-reading CPC 297 2026-11-05 court-complaint CPC 106(5) 2026-11-17
security by investigator: court-complaint CPC 106(5) 2026-11-17
complaint-head by head: court-complaint CPC 106(5) 2026-11-17
complaint-prosecutor by chief: court-complaint CPC 106(5) 2026-11-17
complaint-higher by higher: court-complaint CPC 106(5) 2026-11-17
complaint-court by judge: judge-complaint CPC 107 2026-11-05
complaint-registration by chief: court-complaint CPC 106(5) 2026-11-17
complaint-judge by appeal:
challenge by head: court-complaint CPC 106(5) 2026-11-17
challenge by judge:`
	if said := strings.Join(got, "\n"); said != want {
		t.Errorf("%s\nwant\n%s", said, want)
	}
}

// addressees are those whom papers name to complain to, the longer phrase before the one that
// stands in it.
var addressees = map[string][]struct {
	phrase string
	seat   guide.Seat
}{
	"kk": {
		{"жоғары тұрған прокурорға", guide.Higher}, {"прокурорға", guide.Chief}, {"тергеу бөлімінің бастығына", guide.Head},
		{"тергеу судьясына", guide.Judge}, {"жоғары тұрған сотқа", guide.Appeal},
	},
	"ru": {
		{"вышестоящему прокурору", guide.Higher}, {"прокурору", guide.Chief}, {"начальнику следственного отдела", guide.Head},
		{"следственному судье", guide.Judge}, {"вышестоящий суд", guide.Appeal},
	},
}

// named are the seats of those whom a text names.
func named(lang, text string) (out []guide.Seat) {
	for _, a := range addressees[lang] {
		if strings.Contains(text, a.phrase) {
			out = append(out, a.seat)
			text = strings.ReplaceAll(text, a.phrase, "")
		}
	}
	return out
}

// Whomever a signed answer names, the way to him is open by the guide; and whoever has a term
// of the Code is named. Else the paper of an official sends people where the page does not.
func TestAnAnswerNamesThoseToWhomTheGuideLeads(t *testing.T) {
	w := portaltest.World(t)
	for _, kind := range filing.Kinds {
		for _, seat := range guide.AllSeats {
			f := filing.Filing{Kind: kind, Seat: seat}
			var open, timed []guide.Seat
			for _, way := range guide.Ways(guide.Contest{What: guide.Answer, ByPost: seat, Ground: string(kind)}) {
				if !way.Closed {
					open = append(open, way.Seat)
				}
				if !way.Closed && way.File != deadline.None {
					timed = append(timed, way.Seat)
				}
			}
			for lang := range addressees {
				text := filing.AppealOf(filing.NewAnswer{}, w.Words.In(lang), document.Document{MadeAt: w.At}, f, deadline.Kazakhstan())
				all := named(lang, text)
				for _, to := range all {
					if !slices.Contains(open, to) {
						t.Errorf("%s by %s sends to %s, which is closed: %s", kind, seat, to, text)
					}
				}
				for _, to := range timed {
					if !slices.Contains(all, to) {
						t.Errorf("%s by %s does not name %s: %s", kind, seat, to, text)
					}
				}
				if len(open) > 0 && len(all) == 0 {
					t.Errorf("%s by %s names nobody: %s", kind, seat, text)
				}
				again := "ҚПК-нің 99-бабы"
				if lang == "ru" {
					again = "статья 99 УПК"
				}
				if strings.Contains(text, again) && f.Family() != policy.Petition {
					t.Errorf("%s by %s may be asked again as a petition: %s", kind, seat, text)
				}
			}
		}
	}
}

// answeredBy has a complaint to the investigating judge refused and read.
func answeredBy(t *testing.T, w *portaltest.W) uuid.UUID {
	t.Helper()
	id := filed(t, w, w.Aigul, filing.NewFiling{Kind: policy.FilingComplaintCourt, What: guide.Deed})
	w.Answer(w.Aliya, id, filing.Refused)
	w.At = almaty("2026-11-02 10:00")
	if _, _, err := filing.AnswerDocument(t.Context(), w.DB, w.Aigul.Asks(policy.AnswerDocument), id); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestTheAgendaAndTheSheetSayThreeDaysAgainstTheJudge(t *testing.T) {
	w := portaltest.World(t)
	id := answeredBy(t, w)
	all, err := agenda.Gather(t.Context(), w.DB, w.Aigul.Asks(policy.ClientTerms))
	if err != nil {
		t.Fatal(err)
	}
	var ends []string
	for _, term := range all {
		if term.Of == id && term.Kind == agenda.Complain {
			ends = append(ends, term.By.String()+" "+deadline.LastDay(term.DueAt).Format(time.DateOnly))
		}
	}
	if len(ends) != 1 || ends[0] != "CPC 107 2026-11-05" {
		t.Errorf("her agenda says %v", ends)
	}
	for lang, phrases := range map[string][2]string{
		"kk": {"облыстық сотқа", "15\u00a0тәулік"},
		"ru": {"областной суд", "15\u00a0суток"},
	} {
		content, err := filing.NextSteps(w.Press, mustRead(t, w, w.Aigul, id), lang, "https://zharia.kz/", w.At)
		if err != nil {
			t.Fatal(err)
		}
		text := portaltest.PDFText(t, content)
		if said := strings.Join(strings.Fields(text), " "); !strings.Contains(said, phrases[0]) || strings.Contains(said, strings.ReplaceAll(phrases[1], "\u00a0", " ")) {
			t.Errorf("the sheet says:\n%s", text)
		}
	}
}

// The year runs from the ruling or, where the prosecutor approved it later, from his word
// (CPC 102, CPC 290).
func TestTheYearForTheEndOfACaseRunsFromItsApproval(t *testing.T) {
	for ready, want := range map[string]string{"2026-10-15": "2027-10-15", "2026-10-21": "2027-10-21"} {
		w := portaltest.World(t)
		about := w.Decision("expertise-done")
		w.SQL.MustExec(`ALTER TABLE decision DISABLE TRIGGER is_final`)
		if _, err := w.SQL.ExecContext(t.Context(), `UPDATE decision SET kind = 'terminated-full', decided_on = '2026-10-15', ready_on = $2 WHERE id = $1`, about, ready); err != nil {
			t.Fatal(err)
		}
		id := w.Draft(w.Aigul, w.Theft, filing.NewFiling{Kind: policy.FilingComplaintProsecutor, Ground: "other", About: about})
		if got := deadline.LastDay(mustRead(t, w, w.Aigul, id).FileBy()).Format(time.DateOnly); got != want {
			t.Errorf("approved on %s, it is filed until %s, want %s", ready, got, want)
		}
	}
}
