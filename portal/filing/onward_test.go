package filing_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/agenda"
	"zharia/portal/deadline"
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
