package notice_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/deadline"
	"zharia/portal/filing"
	"zharia/portal/guide"
	"zharia/portal/materials"
	"zharia/portal/notice"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/report"
)

func TestATermThatEndsIsToldTheDayBeforeAndInTheMorning(t *testing.T) {
	o := open(t)
	id := o.Petition(o.Aigul, o.Theft)
	o.fan()
	var due time.Time
	if err := o.SQL.Get(&due, `SELECT due_at FROM filing WHERE id = $1`, id); err != nil {
		t.Fatal(err)
	}
	last := due.Add(-time.Microsecond).In(time.FixedZone("", 5*3600))
	at := func(days, hour int) time.Time {
		return time.Date(last.Year(), last.Month(), last.Day()+days, hour, 30, 0, 0, last.Location()).UTC()
	}
	remind := func(when time.Time) (n int) {
		t.Helper()
		for range 2 {
			if err := o.Remind(t.Context(), o.Worker.DB.DB, when); err != nil {
				t.Fatal(err)
			}
		}
		return o.count(`notice WHERE object_id = $1 AND seq IS NULL AND person = $2`, id, o.Daniyar.Person)
	}
	for _, step := range []struct {
		when time.Time
		want int
	}{{at(-2, 12), 0}, {at(-1, 8), 0}, {at(-1, 9), 1}, {at(-1, 18), 1}, {at(0, 7), 1}, {at(0, 8), 2}, {at(0, 12), 2}} {
		if step.when.Before(due) {
			if got := remind(step.when); got != step.want {
				t.Errorf("at %v he is reminded %d times, not %d", step.when, got, step.want)
			}
		}
	}
}

// A report is decided in a day: its officer is told that it came and, in the morning, that
// this is the last; of one that ends in the night, the day before.
func TestAReportIsRemindedOfOnce(t *testing.T) {
	o := open(t)
	day, night := o.Report(o.Nurlan, o.Story()), o.Report(o.Nurlan, o.Story())
	zhandos := o.Actor("zhandos")
	o.SQL.MustExec(`ALTER TABLE report DISABLE TRIGGER is_final`)
	o.SQL.MustExec(`UPDATE report SET due_at = '2026-10-23 03:00+05' WHERE id = $1`, night)
	o.SQL.MustExec(`ALTER TABLE report ENABLE TRIGGER is_final`)
	o.fan()
	for _, step := range []struct {
		when       string
		day, night int
	}{{"2026-10-22 20:00", 0, 1}, {"2026-10-23 02:00", 0, 1}, {"2026-10-23 08:30", 1, 1}, {"2026-10-23 12:00", 1, 1}} {
		when, err := time.ParseInLocation("2006-01-02 15:04", step.when, deadline.Zone)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.Remind(t.Context(), o.Worker.DB.DB, when); err != nil {
			t.Fatal(err)
		}
		for id, want := range map[uuid.UUID]int{day: step.day, night: step.night} {
			if got := o.count(`notice WHERE object_id = $1 AND seq IS NULL AND person = $2`, id, zhandos.Person); got != want {
				t.Errorf("%s: he is reminded %d times of the one that ends %v, not %d", step.when, got, map[uuid.UUID]string{day: "in the evening", night: "at three"}[id], want)
			}
		}
	}
}

// CPC 106(5): for whom it was filed is reminded by his own reading, and so is who acts for
// the author.
func TestWhomAnAnswerConcernsIsRemindedByHisOwnReading(t *testing.T) {
	o := open(t)
	forHim, his := o.Petition(o.Dana, o.Theft), o.Petition(o.Serik, o.Theft)
	o.Answer(o.Daniyar, forHim, filing.Refused)
	o.Answer(o.Daniyar, his, filing.Refused)
	day := func(days, hour int) time.Time {
		return time.Date(2026, time.November, 2+days, hour, 30, 0, 0, deadline.Zone).UTC()
	}
	for i, look := range []struct {
		who *portaltest.Actor
		of  uuid.UUID
	}{{o.Serik, forHim}, {o.Serik, forHim}, {o.Dana, his}} { // he looks twice: from the first day it runs
		o.At = day(i, 10)
		if _, _, err := filing.AnswerDocument(t.Context(), o.W.DB, look.who.Asks(policy.AnswerDocument), look.of); err != nil {
			t.Fatal(err)
		}
	}
	o.fan()
	told := func(who *portaltest.Actor, of uuid.UUID) int {
		return o.count(`notice WHERE object_id = $1 AND seq IS NULL AND person = $2`, of, who.Person)
	}
	for _, step := range []struct {
		when      time.Time
		him, hers int
	}{{day(13, 10), 0, 0}, {day(14, 10), 1, 0}, {day(15, 10), 2, 0}, {day(16, 10), 2, 1}, {day(17, 10), 2, 2}, {day(18, 10), 2, 2}} {
		if err := o.Remind(t.Context(), o.Worker.DB.DB, step.when); err != nil {
			t.Fatal(err)
		}
		if him, hers := told(o.Serik, forHim), told(o.Dana, his); him != step.him || hers != step.hers {
			t.Errorf("at %v he is reminded %d times and she %d, not %d and %d", step.when, him, hers, step.him, step.hers)
		}
	}
	if told(o.Dana, forHim)+told(o.Serik, his) != 0 {
		t.Error("who has not read it is reminded")
	}
}

// Against the investigating judge there are three сутки, not fifteen (CPC 107).
func TestTheTermAgainstAJudgeIsToldBeforeItEnds(t *testing.T) {
	o := open(t)
	id := o.Draft(o.Aigul, o.Theft, filing.NewFiling{Kind: policy.FilingComplaintCourt, What: guide.Deed})
	if err := o.Submit(o.Aigul, id); err != nil {
		t.Fatal(err)
	}
	o.Answer(o.Aliya, id, filing.Refused)
	day := func(days, hour int) time.Time {
		return time.Date(2026, time.November, 2+days, hour, 30, 0, 0, deadline.Zone).UTC()
	}
	o.At = day(0, 10)
	if _, _, err := filing.AnswerDocument(t.Context(), o.W.DB, o.Aigul.Asks(policy.AnswerDocument), id); err != nil {
		t.Fatal(err)
	}
	o.fan()
	for _, step := range []struct {
		when time.Time
		want int
	}{{day(1, 10), 0}, {day(2, 10), 1}, {day(3, 10), 2}, {day(14, 10), 2}, {day(15, 10), 2}} {
		if err := o.Remind(t.Context(), o.Worker.DB.DB, step.when); err != nil {
			t.Fatal(err)
		}
		if got := o.count(`notice WHERE object_id = $1 AND seq IS NULL AND person = $2`, id, o.Aigul.Person); got != step.want {
			t.Errorf("at %v she is reminded %d times, not %d", step.when, got, step.want)
		}
	}
}

// Who has signed the record of his reading has three сутки for petitions (CPC 297), and hears of
// their end unless he has filed one; of a termination there is nothing to petition for.
func TestTheDaysForPetitionsAfterTheReadingAreToldBeforeTheyEnd(t *testing.T) {
	o := open(t)
	o.Material(materials.New{}, "Бір парақ.")
	o.EndNotice()
	day := func(days, hour int) time.Time {
		return time.Date(2026, time.November, 2+days, hour, 30, 0, 0, deadline.Zone).UTC()
	}
	o.At = day(0, 10)
	read := map[*portaltest.Actor]uuid.UUID{}
	for _, a := range []*portaltest.Actor{o.Aigul, o.Serik, o.Saule} {
		id := o.Opened(a.Word + "@theft")
		if err := materials.DraftRecord(t.Context(), o.W.DB, o.Press, a.Asks(policy.RecordDraft), id, "kk", ""); err != nil {
			t.Fatal(err)
		}
		_, doc, err := materials.ReadRecord(t.Context(), o.W.DB, a.Asks(policy.RecordCheck), id)
		if err != nil {
			t.Fatal(err)
		}
		if err := materials.SignRecord(t.Context(), o.W.DB, o.Verifier, a.Asks(policy.RecordSign), id, o.SignedBy(a, doc.Content), doc.Digest); err != nil {
			t.Fatal(err)
		}
		read[a] = id
	}
	o.SQL.MustExec(`ALTER TABLE familiarisation DISABLE TRIGGER is_final`)
	o.SQL.MustExec(`UPDATE familiarisation SET terminated = true WHERE id = $1`, read[o.Saule])
	if err := o.Submit(o.Serik, o.Draft(o.Serik, o.Theft, filing.NewFiling{Kind: policy.FilingAfterReading})); err != nil {
		t.Fatal(err)
	}
	o.fan()
	for _, step := range []struct {
		when time.Time
		want int
	}{{day(1, 10), 0}, {day(2, 10), 1}, {day(3, 10), 2}, {day(4, 10), 2}} {
		if err := o.Remind(t.Context(), o.Worker.DB.DB, step.when); err != nil {
			t.Fatal(err)
		}
		for a, id := range read {
			want := 0
			if a == o.Aigul {
				want = step.want
			}
			if got := o.count(`notice WHERE object_id = $1 AND seq IS NULL AND person = $2`, id, a.Person); got != want {
				t.Errorf("at %v %s is reminded %d times, not %d", step.when, a.Word, got, want)
			}
		}
	}
}

// A complaint about a report contests none by its number: it is of the same report.
func TestWhoHasComplainedFurtherAboutHisReportIsNotRemindedThatHeMay(t *testing.T) {
	o := open(t)
	reports := map[*portaltest.Actor]uuid.UUID{o.Stranger: o.Report(o.Stranger, o.Story()), o.Nurlan: o.Report(o.Nurlan, o.Story())}
	o.At = time.Date(2026, time.November, 2, 10, 30, 0, 0, deadline.Zone).UTC()
	complains := func(who *portaltest.Actor, to guide.Seat) uuid.UUID {
		t.Helper()
		id, err := filing.ComplainOfReport(t.Context(), o.W.DB, o.Press, who.Asks(policy.ReportComplain), reports[who], filing.NewFiling{Language: "kk", To: to})
		if err != nil {
			t.Fatal(err)
		}
		if err := o.Submit(who, id); err != nil {
			t.Fatal(err)
		}
		return id
	}
	first := map[*portaltest.Actor]uuid.UUID{}
	for who := range reports {
		first[who] = complains(who, guide.Chief)
		o.Answer(o.Gulnar, first[who], filing.Refused)
		if _, _, err := filing.AnswerDocument(t.Context(), o.W.DB, who.Asks(policy.AnswerDocument), first[who]); err != nil {
			t.Fatal(err)
		}
	}
	o.At = o.At.Add(time.Hour)
	complains(o.Stranger, guide.Judge)
	o.fan()
	for day := range 20 {
		if err := o.Remind(t.Context(), o.Worker.DB.DB, o.At.AddDate(0, 0, day)); err != nil {
			t.Fatal(err)
		}
	}
	for who, want := range map[*portaltest.Actor]int{o.Stranger: 0, o.Nurlan: 2} {
		if got := o.count(`notice WHERE object_id = $1 AND seq IS NULL AND person = $2`, first[who], who.Person); got != want {
			t.Errorf("%s is reminded %d times, not %d", who.Word, got, want)
		}
	}
}

// A complaint that was granted is to be carried out where the report lies: whoever deals with it
// is told as of that report, for the complaint itself he does not see.
func TestWhoDealsWithAReportHearsThatAComplaintAboutItWasGranted(t *testing.T) {
	o := open(t)
	zhandos, id := o.Actor("zhandos"), o.Report(o.Stranger, o.Story())
	o.decided(id, report.Refused, "")
	complaint, err := filing.ComplainOfReport(t.Context(), o.W.DB, o.Press, o.Stranger.Asks(policy.ReportComplain), id, filing.NewFiling{Language: "kk", To: guide.Chief})
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Submit(o.Stranger, complaint); err != nil {
		t.Fatal(err)
	}
	o.fan()
	since := o.seq()
	o.Answer(o.Gulnar, complaint, filing.Granted)
	o.fan()
	if got := o.told(zhandos, since); len(got) != 1 || got[0] != "work report 750301-26-000001" {
		t.Errorf("the registrar is told %q", got)
	}
	if n := o.count(`notice WHERE person = $1 AND object_id = $2`, zhandos.Person, complaint); n != 0 {
		t.Error("he is led to the complaint, which he does not see")
	}
	if got := o.told(o.Stranger, since); len(got) != 1 || !strings.HasPrefix(got[0], "filing filing ") {
		t.Errorf("she is told %q", got)
	}
}

// A reminder that waits, for the night or for a line that is down, says the day all the same,
// and after it nothing: "today" would come tomorrow.
func TestAReminderNamesTheDayAndIsNotSentWhenTheTermIsOver(t *testing.T) {
	o := open(t)
	o.reached(o.Daniyar, notice.SMS, "+77010000007", true)
	id := o.Petition(o.Aigul, o.Theft)
	o.fan()
	o.round()
	o.quiet()
	var due time.Time
	if err := o.SQL.Get(&due, `SELECT due_at FROM filing WHERE id = $1`, id); err != nil {
		t.Fatal(err)
	}
	day := o.Worker.Words.In("kk").Ends(due)
	remind := func(at time.Time) {
		t.Helper()
		o.At = at
		if err := o.Remind(t.Context(), o.Worker.DB.DB, o.At); err != nil {
			t.Fatal(err)
		}
		o.round()
	}
	remind(due.Add(-36 * time.Hour)) // noon of the day before
	if came := o.sms.came(); len(came) != 1 || !strings.Contains(came[0].Text, "соңғы күні – "+day+".") || strings.Contains(came[0].Text, "Ертең") || !came[0].Until.Equal(due) {
		t.Errorf("the day before it says %+v, not %s", came, day)
	}
	o.quiet()
	o.sms.do = func(int, notice.Message) (notice.Sent, error) { return notice.Sent{}, errors.New("the line is down") }
	remind(due.Add(-12 * time.Hour))
	o.quiet()
	o.sms.do = nil
	o.At = due
	o.round()
	if came := o.sms.came(); len(came) != 0 {
		t.Errorf("when it is over it says %+v", came)
	}
	all, _, err := notice.List(t.Context(), o.W.DB, o.Daniyar.Asks(policy.NoticeList), uuid.Nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range all {
		if n.Kind == notice.LastDay && (n.Due == nil || !n.Due.Equal(due) || n.CanResend(due)) {
			t.Errorf("his list has %+v", n)
		}
	}
}

// What waits for the morning, or for a line that is down, is asked again before it goes: of what
// was answered meanwhile nobody is told that it ends today.
func TestAReminderOfWhatWasDoneMeanwhileIsNotSent(t *testing.T) {
	o := open(t)
	o.reached(o.Daniyar, notice.SMS, "+77010000007", true)
	done, waits := o.Petition(o.Aigul, o.Theft), o.Petition(o.Serik, o.Theft)
	o.fan()
	o.round()
	o.quiet()
	var due time.Time
	if err := o.SQL.Get(&due, `SELECT due_at FROM filing WHERE id = $1`, done); err != nil {
		t.Fatal(err)
	}
	remind := func(at time.Time) {
		t.Helper()
		o.At = at
		if err := o.Remind(t.Context(), o.Worker.DB.DB, o.At); err != nil {
			t.Fatal(err)
		}
		o.round()
	}
	o.sms.do = func(int, notice.Message) (notice.Sent, error) { return notice.Sent{}, errors.New("the line is down") }
	remind(due.Add(-12 * time.Hour))
	o.Answer(o.Daniyar, done, filing.Refused)
	o.fan()
	o.quiet()
	o.sms.do = nil
	remind(o.At.Add(10 * time.Minute))
	var number string
	if err := o.SQL.Get(&number, `SELECT number FROM filing WHERE id = $1`, waits); err != nil {
		t.Fatal(err)
	}
	if came := o.sms.came(); len(came) != 1 || !strings.Contains(came[0].Text, number) {
		t.Errorf("he is reminded %+v, and only %s waits", came, number)
	}
}

// Whose status has ended hears no more of the terms of a case that is closed to him.
func TestWhoIsInTheCaseNoMoreIsNotRemindedOfItsTerms(t *testing.T) {
	o := open(t)
	o.W.Receive(o.Serik, "term-extended")
	of := o.Decision("term-extended")
	var due time.Time
	if err := o.SQL.Get(&due, `SELECT due_at FROM service WHERE decision = $1 AND person = $2`, of, o.Serik.Person); err != nil {
		t.Fatal(err)
	}
	remind := func(at time.Time) int {
		t.Helper()
		o.At = at
		if err := o.Remind(t.Context(), o.Worker.DB.DB, at); err != nil {
			t.Fatal(err)
		}
		return o.count(`notice WHERE object_id = $1 AND seq IS NULL AND person = $2`, of, o.Serik.Person)
	}
	if n := remind(due.Add(-36 * time.Hour)); n != 1 {
		t.Fatalf("the day before he is reminded %d times", n)
	}
	if err := o.End(o.Daniyar, o.Participant("serik@theft")); err != nil {
		t.Fatal(err)
	}
	if n := remind(due.Add(-12 * time.Hour)); n != 1 {
		t.Errorf("on the last day he is reminded once more, of a case that is closed to him: %d times", n)
	}
}

// So it is with a defender who read the answer to what he had filed for another.
func TestWhoDefendsNobodyAnyMoreIsNotRemindedThatHeMayComplain(t *testing.T) {
	o := open(t)
	id := o.Petition(o.Dana, o.Theft)
	o.Answer(o.Daniyar, id, filing.Refused)
	o.At = time.Date(2026, time.November, 2, 10, 30, 0, 0, deadline.Zone).UTC()
	if _, _, err := filing.AnswerDocument(t.Context(), o.W.DB, o.Dana.Asks(policy.AnswerDocument), id); err != nil {
		t.Fatal(err)
	}
	remind := func(days int) int {
		t.Helper()
		if err := o.Remind(t.Context(), o.Worker.DB.DB, o.At.AddDate(0, 0, days)); err != nil {
			t.Fatal(err)
		}
		return o.count(`notice WHERE object_id = $1 AND seq IS NULL AND person = $2`, id, o.Dana.Person)
	}
	if n := remind(14); n != 1 {
		t.Fatalf("the day before she is reminded %d times", n)
	}
	if err := o.End(o.Daniyar, o.Participant("dana@theft")); err != nil {
		t.Fatal(err)
	}
	if n := remind(15); n != 1 {
		t.Errorf("she is reminded %d times, of a case that she is in no more", n)
	}
}
