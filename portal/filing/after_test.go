package filing_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/deadline"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// adds has an actor sign what he adds to a filing, or writes anew.
func adds(t *testing.T, w *portaltest.W, a *portaltest.Actor, id uuid.UUID, n filing.NewSupplement) error {
	t.Helper()
	ctx := as(t, w, a)
	n.Language = "kk"
	if err := filing.DraftSupplement(ctx, w.App, w.Press, a.Asks(policy.SupplementDraft), id, n); err != nil {
		return err
	}
	return signsSupplement(t, w, a, id)
}

func signsSupplement(t *testing.T, w *portaltest.W, a *portaltest.Actor, id uuid.UUID) error {
	t.Helper()
	_, _, doc, err := filing.SupplementDraft(as(t, w, a), w.App, a.Asks(policy.SupplementCheck), id)
	if err != nil {
		return err
	}
	return filing.SignSupplement(as(t, w, a), w.App, w.Verifier, a.Asks(policy.SupplementSign), id, w.SignedBy(a, doc.Content), doc.Digest)
}

const (
	more     = "Ноутбуктің сериялық нөмірі кепілдік талонында көрсетілген."
	anew     = "Тінту кезінде табылған ноутбук менің жұбайымдікі, оның құжаттары менде сақталған."
	newPoint = "Кепілдік талонын іске қосуды сұраймын."
)

func TestWhatIsAddedAfterFilingIsASignedPaperAndChangesNeitherTheFilingNorItsClock(t *testing.T) {
	w := portaltest.World(t)
	id := w.Petition(w.Aigul, w.Theft)
	content, _ := w.Paper(w.Aigul, id)
	clock := w.Rows(t, `SELECT status, term, due_raw, due_at, filed_at, circumstances FROM filing`)

	draft := filing.NewSupplement{Kind: filing.Added, Text: more, Points: []string{newPoint}, Language: "kk"}
	for range 2 { // twice is one draft
		if err := filing.DraftSupplement(as(t, w, w.Aigul), w.App, w.Press, w.Aigul.Asks(policy.SupplementDraft), id, draft); err != nil {
			t.Fatal(err)
		}
	}
	w.Want(t, `SELECT count(*) FROM document WHERE kind = 'supplement'`, "count\n1")
	f, err := filing.Read(as(t, w, w.Daniyar), w.App, w.Daniyar.Asks(policy.FilingRead), id)
	if err != nil || len(f.Points) != 1 {
		t.Fatalf("before it is signed the investigator sees %d points: %v", len(f.Points), err)
	}
	if all, err := filing.Supplements(t.Context(), w.DB, f); err != nil || len(all) != 0 {
		t.Errorf("and %d supplements: %v", len(all), err)
	}
	w.At = w.At.Add(2 * time.Hour)
	if err := signsSupplement(t, w, w.Aigul, id); err != nil {
		t.Fatal(err)
	}
	if err := adds(t, w, w.Aigul, id, filing.NewSupplement{Kind: filing.Corrected, Text: anew}); err != nil {
		t.Fatal(err)
	}
	portaltest.WantText(t, "status, clock and text", w.Rows(t, `SELECT status, term, due_raw, due_at, filed_at, circumstances FROM filing`), clock)
	if now, _ := w.Paper(w.Aigul, id); string(now) != string(content) {
		t.Error("the paper that was filed is another")
	}
	w.Want(t, `SELECT n, kind, signed_at IS NOT NULL AS signed FROM supplement ORDER BY n`, `
		n | kind      | signed
		1 | added     | true
		2 | corrected | true`)

	// The investigator sees each version and what changed, and answers both points.
	f, versions, err := filing.Versions(as(t, w, w.Daniyar), w.App, w.Daniyar.Asks(policy.FilingVersions), id)
	if err != nil || len(versions) != 3 || len(f.Points) != 2 || f.Points[1].Text != newPoint {
		t.Fatalf("versions %d, points %v: %v", len(versions), f.Points, err)
	}
	if versions[0].Text != portaltest.Circumstances || versions[1].Text != portaltest.Circumstances+"\n\n"+more || versions[2].Text != anew {
		t.Errorf("the versions are %v", versions)
	}
	if _, _, err := filing.SupplementPaper(as(t, w, w.Daniyar), w.App, w.Daniyar.Asks(policy.SupplementPaper), versions[2].Supplement.ID); err != nil {
		t.Errorf("the investigator does not open the paper: %v", err)
	}
	for _, who := range []*portaltest.Actor{w.Serik, w.Stranger} {
		_, _, err := filing.Versions(as(t, w, who), w.App, who.Asks(policy.FilingVersions), id)
		wantKind(t, who.Word+" compares", fault.NotFound, err)
		_, _, err = filing.SupplementPaper(as(t, w, who), w.App, who.Asks(policy.SupplementPaper), versions[1].Supplement.ID)
		wantKind(t, who.Word+" opens", fault.NotFound, err)
		wantKind(t, who.Word+" adds", fault.NotFound, adds(t, w, who, id, draft))
	}
	wantKind(t, "the investigator adds", fault.Forbidden, adds(t, w, w.Daniyar, id, draft))

	w.Answer(w.Daniyar, id, filing.Granted)
	w.Want(t, `SELECT count(*) FROM resolution`, "count\n2")
	wantKind(t, "after the answer", fault.Conflict, adds(t, w, w.Aigul, id, draft))
	w.Want(t, `SELECT who, act FROM record WHERE act = 'supplement-sign'`, `
		who   | act
		aigul | supplement-sign
		aigul | supplement-sign`)
	w.Sound()
}

func TestWhileAnAnswerIsBeingWrittenFactsMayBeAddedAndPointsMayNot(t *testing.T) {
	w := portaltest.World(t)
	id := w.Petition(w.Aigul, w.Theft)
	pointed := filing.NewSupplement{Kind: filing.Added, Text: more, Points: []string{newPoint}, Language: "kk"}
	if err := filing.DraftSupplement(as(t, w, w.Aigul), w.App, w.Press, w.Aigul.Asks(policy.SupplementDraft), id, pointed); err != nil {
		t.Fatal(err)
	}
	if err := filing.DraftAnswer(as(t, w, w.Daniyar), w.App, w.Press, w.Daniyar.Asks(policy.AnswerDraft), id, portaltest.Said(filing.Refused, 1)); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "a point that was drafted before", fault.Invalid, signsSupplement(t, w, w.Aigul, id))
	wantKind(t, "a point", fault.Invalid, adds(t, w, w.Aigul, id, pointed))
	if err := adds(t, w, w.Aigul, id, filing.NewSupplement{Kind: filing.Added, Text: more}); err != nil {
		t.Errorf("facts alone: %v", err)
	}
	w.Want(t, `SELECT count(*) FROM point`, "count\n1")
}

// CPC 104(2), 99(5): all that is argued is looked into, what was added last as well.
func TestAnAnswerThatWasWrittenBeforeSomethingWasAddedIsNotSigned(t *testing.T) {
	w := portaltest.World(t)
	id := w.Petition(w.Aigul, w.Theft)
	ctx := as(t, w, w.Daniyar)
	if err := filing.DraftAnswer(ctx, w.App, w.Press, w.Daniyar.Asks(policy.AnswerDraft), id, portaltest.Said(filing.Refused, 1)); err != nil {
		t.Fatal(err)
	}
	w.At = w.At.Add(time.Minute)
	if err := adds(t, w, w.Aigul, id, filing.NewSupplement{Kind: filing.Corrected, Text: anew}); err != nil {
		t.Fatal(err)
	}
	w.At = w.At.Add(time.Minute)
	_, _, doc, err := filing.AnswerDraft(ctx, w.App, w.Daniyar.Asks(policy.AnswerCheck), id)
	if err != nil {
		t.Fatal(err)
	}
	err = filing.Decide(ctx, w.App, w.Verifier, w.Daniyar.Asks(policy.FilingRefuse), id, w.SignedBy(w.Daniyar, doc.Content), doc.Digest)
	wantKind(t, "the answer of before", fault.Conflict, err)
	w.Want(t, `SELECT status FROM filing`, "status\nfiled")
	if err := decide(t, w, w.Daniyar, id, portaltest.Said(filing.Refused, 1)); err != nil {
		t.Errorf("written anew: %v", err)
	}
	w.Sound()
}

// An answer that the one before began is written by nobody once the case is another's.
func TestAnAnswerThatTheOneBeforeBeganKeepsNobodyFromAddingAPoint(t *testing.T) {
	w := portaltest.World(t)
	id := w.Petition(w.Aigul, w.Theft)
	begins := func(a *portaltest.Actor, points int) error {
		return filing.DraftAnswer(as(t, w, a), w.App, w.Press, a.Asks(policy.AnswerDraft), id, portaltest.Said(filing.Refused, points))
	}
	if err := begins(w.Daniyar, 1); err != nil {
		t.Fatal(err)
	}
	w.At = w.At.Add(time.Minute)
	if err := w.Assign(w.Marat, w.Theft, w.Ermek); err != nil {
		t.Fatal(err)
	}
	pointed := filing.NewSupplement{Kind: filing.Added, Text: more, Points: []string{newPoint}}
	if err := adds(t, w, w.Aigul, id, pointed); err != nil {
		t.Errorf("while nobody writes: %v", err)
	}
	// Given back to him, what he began says nothing to it and is not signed.
	w.At = w.At.Add(time.Minute)
	if err := w.Assign(w.Marat, w.Theft, w.Daniyar); err != nil {
		t.Fatal(err)
	}
	_, _, doc, err := filing.AnswerDraft(as(t, w, w.Daniyar), w.App, w.Daniyar.Asks(policy.AnswerCheck), id)
	if err != nil {
		t.Fatal(err)
	}
	err = filing.Decide(as(t, w, w.Daniyar), w.App, w.Verifier, w.Daniyar.Asks(policy.FilingRefuse), id, w.SignedBy(w.Daniyar, doc.Content), doc.Digest)
	wantKind(t, "an answer without the new point", fault.Conflict, err)
	if err := begins(w.Daniyar, 2); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "while he writes", fault.Invalid, adds(t, w, w.Aigul, id, pointed))
	w.Sound()
}

func TestASupplementHasItsLimits(t *testing.T) {
	w := portaltest.World(t)
	id := w.Petition(w.Aigul, w.Theft)
	draft := func(n filing.NewSupplement) error {
		n.Language = "kk"
		return filing.DraftSupplement(as(t, w, w.Aigul), w.App, w.Press, w.Aigul.Asks(policy.SupplementDraft), id, n)
	}
	wantKind(t, "no kind", fault.Invalid, draft(filing.NewSupplement{Text: more}))
	wantKind(t, "too short", fault.Invalid, draft(filing.NewSupplement{Kind: filing.Added, Text: "Қысқа"}))
	wantKind(t, "too long", fault.Invalid, draft(filing.NewSupplement{Kind: filing.Added, Text: strings.Repeat("ұ", filing.MaxText+1)}))
	wantKind(t, "points with a correction", fault.Invalid, draft(filing.NewSupplement{Kind: filing.Corrected, Text: anew, Points: []string{newPoint}}))
	wantKind(t, "too many points", fault.Invalid, draft(filing.NewSupplement{Kind: filing.Added, Text: more, Points: slices.Repeat([]string{newPoint}, filing.MaxPoints)}))
	wantKind(t, "a point too short", fault.Invalid, draft(filing.NewSupplement{Kind: filing.Added, Text: more, Points: []string{"Бір"}}))
	if err := draft(filing.NewSupplement{Kind: filing.Added, Text: more}); err != nil {
		t.Fatal(err)
	}
	if err := filing.DiscardSupplement(as(t, w, w.Aigul), w.App, w.Aigul.Asks(policy.SupplementDiscard), id); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "what was given up", fault.NotFound, signsSupplement(t, w, w.Aigul, id))
	w.Want(t, `SELECT (SELECT count(*) FROM supplement) AS supplements, (SELECT count(*) FROM document WHERE kind = 'supplement') AS papers`, "supplements | papers\n0 | 0")
}

func TestTheDifferenceOfTwoTextsHasEveryWordOfBoth(t *testing.T) {
	cases := [][2]string{
		{"", ""}, {"бір екі үш", ""}, {"", "бір екі"}, {"бір екі үш төрт", "бір үш төрт бес"},
		{portaltest.Circumstances, anew}, {"бірінші жол\nекінші жол", "бірінші жол\n\nекінші жол"},
		{strings.Repeat("а б в ", 3000), strings.Repeat("б в г ", 3000)},
	}
	for _, c := range cases {
		var older, newer strings.Builder
		before := time.Now()
		for _, run := range filing.Difference(c[0], c[1]) {
			if run.Mark != "+" {
				older.WriteString(run.Text)
			}
			if run.Mark != "-" {
				newer.WriteString(run.Text)
			}
		}
		if took := time.Since(before); took > 3*time.Second {
			t.Errorf("it took %v", took)
		}
		for i, got := range []string{older.String(), newer.String()} {
			if !slices.Equal(strings.Fields(got), strings.Fields(c[i])) {
				t.Errorf("of %.40q and %.40q text %d became %.60q", c[0], c[1], i, got)
			}
		}
	}
	var marked []string
	for _, run := range filing.Difference("бір екі үш төрт", "бір үш төрт бес") {
		marked = append(marked, run.Mark+strings.TrimSpace(run.Text))
	}
	if got := strings.Join(marked, "|"); got != "бір|-екі|үш төрт|+бес" {
		t.Errorf("it is marked %q", got)
	}
}

func TestAPointThatWasNotAnsweredIsToldToWhoeverSupervises(t *testing.T) {
	w := portaltest.World(t)
	id := w.Petition(w.Aigul, w.Theft)
	const why = "Сұрағаныма жауапта бір сөз де айтылмаған."
	say := func(a *portaltest.Actor, n int) error {
		return filing.DisputePoint(as(t, w, a), w.App, a.Asks(policy.PointDispute), id, n, why)
	}
	wantKind(t, "before the answer", fault.Conflict, say(w.Aigul, 1))
	w.Answer(w.Daniyar, id, filing.Granted)
	wantKind(t, "a point that is not there", fault.NotFound, say(w.Aigul, 2))
	wantKind(t, "another person", fault.NotFound, say(w.Serik, 1))
	wantKind(t, "the official", fault.Forbidden, say(w.Daniyar, 1))
	if err := say(w.Aigul, 1); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "twice", fault.Conflict, say(w.Aigul, 1))

	for _, who := range []*portaltest.Actor{w.Zhanar, w.Gulnar} {
		all, err := filing.UnansweredOf(as(t, w, who), w.App, who.Asks(policy.OversightRead))
		if who == w.Gulnar {
			all, err = filing.UnansweredOf(as(t, w, who), w.App, who.Asks(policy.OfficeRead))
		}
		if err != nil || len(all) != 1 || all[0].Filing != id || all[0].Points != 1 {
			t.Errorf("%s sees %v: %v", who.Word, all, err)
		}
	}
	f, err := filing.Read(as(t, w, w.Zhanar), w.App, w.Zhanar.Asks(policy.FilingRead), id)
	if err != nil {
		t.Fatal(err)
	}
	said, err := filing.Disputes(t.Context(), w.DB, f)
	if err != nil || said[f.Points[0].ID].Text != why {
		t.Errorf("the prosecutor reads %v: %v", said, err)
	}
	counts, err := filing.CountUnanswered(t.Context(), portaltest.World(t).DB.DB, w.At.Add(-time.Hour), w.At.Add(time.Hour))
	if err != nil || len(counts) != 0 {
		t.Errorf("of another world: %v %v", counts, err)
	}
	w.Want(t, `SELECT status FROM filing`, "status\ngranted")
	w.Sound()
}

func TestWhatBothSidesWriteIsReadByBothAndDecidesNothing(t *testing.T) {
	w := portaltest.World(t)
	id := w.Petition(w.Aigul, w.Theft)
	before := w.Rows(t, `SELECT status, due_at, ended_at FROM filing`)
	const asks, replies = "Құжатымды қашан қарайсыз?", "Ертең қараймын."
	send := func(a *portaltest.Actor, text string) error {
		return filing.Send(as(t, w, a), w.App, a.Asks(policy.MessageSend), id, text)
	}
	if err := send(w.Aigul, asks); err != nil {
		t.Fatal(err)
	}
	for _, who := range []*portaltest.Actor{w.Zhanar, w.Marat} {
		wantKind(t, who.Word+" writes", fault.Forbidden, send(who, asks))
	}
	for _, who := range []*portaltest.Actor{w.Serik, w.Stranger} {
		wantKind(t, who.Word+" writes", fault.NotFound, send(who, asks))
		_, _, err := filing.Messages(as(t, w, who), w.App, who.Asks(policy.MessageList), id)
		wantKind(t, who.Word+" reads", fault.NotFound, err)
	}
	read := func(a *portaltest.Actor) string {
		t.Helper()
		_, all, err := filing.Messages(as(t, w, a), w.App, a.Asks(policy.MessageList), id)
		if err != nil {
			t.Fatalf("%s: %v", a.Word, err)
		}
		var out []string
		for _, m := range all {
			out = append(out, fmt.Sprintf("%v %s promised %s read %v", m.Official, m.Text, m.PromisedOn.Format(time.DateOnly), !m.ReadAt.IsZero()))
		}
		return strings.Join(out, "\n")
	}
	w.Explain(w.Zhanar, w.Theft)
	// The prosecutor reads along, which is no receipt; the investigator's reading is.
	for _, step := range []struct {
		who  *portaltest.Actor
		read bool
	}{{w.Zhanar, false}, {w.Aigul, false}, {w.Daniyar, true}, {w.Aigul, true}} {
		portaltest.WantText(t, step.who.Word, read(step.who), fmt.Sprintf("false %s promised 2026-10-23 read %v", asks, step.read))
	}
	owed, err := filing.Promised(as(t, w, w.Daniyar), w.App, w.Daniyar.Asks(policy.DeskRead))
	if err != nil || len(owed) != 1 || owed[0].By.Format(time.DateOnly) != "2026-10-23" {
		t.Errorf("he owes %v: %v", owed, err)
	}
	w.At = w.At.Add(time.Hour)
	if err := send(w.Daniyar, replies); err != nil {
		t.Fatal(err)
	}
	if owed, err := filing.Promised(as(t, w, w.Daniyar), w.App, w.Daniyar.Asks(policy.DeskRead)); err != nil || len(owed) != 0 {
		t.Errorf("after his reply he owes %v: %v", owed, err)
	}
	portaltest.WantText(t, "status and clock", w.Rows(t, `SELECT status, due_at, ended_at FROM filing`), before)
	w.Want(t, `SELECT count(*) FROM record r JOIN message m ON m.digest = r.digest WHERE r.act = 'message-send'`, "count\n2")
	w.Want(t, `SELECT count(*) FROM message WHERE position(convert_to('қашан', 'UTF8') IN text) > 0`, "count\n0")

	for range filing.MaxMessages - 1 {
		if err := send(w.Aigul, asks); err != nil {
			t.Fatal(err)
		}
	}
	wantKind(t, "the eleventh of a day", fault.Conflict, send(w.Aigul, asks))
	w.At = w.At.Add(24 * time.Hour) // Friday: Monday is a day of rest
	if err := send(w.Aigul, asks); err != nil {
		t.Errorf("the next day: %v", err)
	}
	w.Want(t, `SELECT max(promised_on) AS promised FROM message`, "promised\n2026-10-27")
	if _, err := w.App.Change(t.Context(), `UPDATE message SET text = 'x' WHERE filing = $1`, id); err == nil {
		t.Error("the pool that serves people writes a message over")
	}
	w.Sound()
}

func TestFromARefusalAndFromSilenceTheWaysOnAreThereWithTheirLastDays(t *testing.T) {
	w := portaltest.World(t)
	ways := func(a *portaltest.Actor, id uuid.UUID) string {
		t.Helper()
		f, err := filing.Read(as(t, w, a), w.App, a.Asks(policy.FilingRead), id)
		if err != nil {
			t.Fatal(err)
		}
		var answer filing.Answer
		if f.Status.Answered() {
			if answer, err = filing.AnswerOf(t.Context(), w.DB, f); err != nil {
				t.Fatal(err)
			}
		}
		all, err := filing.Onwards(as(t, w, a), w.App, a.Asks(policy.FilingRead), f, answer)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, way := range all {
			by := "any time"
			switch {
			case way.Unread.Amount > 0:
				by = fmt.Sprintf("%d after reading", way.Unread.Amount)
			case !way.FileBy.IsZero():
				by = "until " + way.FileBy.In(deadline.Zone).Format("2006-01-02 15:04")
			}
			out = append(out, fmt.Sprintf("%s to %s: %s", way.Kind, way.Official.Name, by))
		}
		return strings.Join(out, "\n")
	}
	name := func(a *portaltest.Actor) string { return a.FullName() }
	read := func(a *portaltest.Actor, id uuid.UUID) {
		t.Helper()
		if _, _, err := filing.AnswerDocument(as(t, w, a), w.App, a.Asks(policy.AnswerDocument), id); err != nil {
			t.Fatal(err)
		}
	}

	petition := w.Petition(w.Aigul, w.Theft)
	w.Answer(w.Daniyar, petition, filing.Refused)
	portaltest.WantText(t, "a refused petition, unread", ways(w.Aigul, petition), fmt.Sprintf(
		"complaint-prosecutor to %s: any time\ncomplaint-head to %s: any time\ncomplaint-court to %s: 15 after reading", name(w.Gulnar), name(w.Marat), name(w.Aliya)))
	read(w.Aigul, petition)
	portaltest.WantText(t, "and read", ways(w.Aigul, petition), fmt.Sprintf(
		"complaint-prosecutor to %s: any time\ncomplaint-head to %s: any time\ncomplaint-court to %s: until 2026-11-07 00:00", name(w.Gulnar), name(w.Marat), name(w.Aliya)))

	// The complaint is ready: what was asked, what was said, and why is for her to write.
	text, wants, err := filing.Ready(as(t, w, w.Aigul), w.App, w.Aigul.Asks(policy.FilingNew), w.Words.In("kk"), petition)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"2026-000001", portaltest.Request, portaltest.PointWhy, name(w.Daniyar), "____"} {
		if !strings.Contains(text, part) {
			t.Errorf("the ready complaint does not say %q:\n%s", part, text)
		}
	}
	if len(wants) != 1 || !strings.Contains(wants[0], portaltest.Request) {
		t.Errorf("it asks %q", wants)
	}
	_, _, err = filing.Ready(as(t, w, w.Serik), w.App, w.Serik.Asks(policy.FilingNew), w.Words.In("kk"), petition)
	wantKind(t, "from another's filing", fault.NotFound, err)

	complaint := w.Draft(w.Aigul, w.Theft, filing.NewFiling{Kind: policy.FilingComplaintProsecutor, Against: petition})
	if err := w.Submit(w.Aigul, complaint); err != nil {
		t.Fatal(err)
	}
	w.Answer(w.Gulnar, complaint, filing.Refused)
	read(w.Aigul, complaint)
	portaltest.WantText(t, "what the chief refused", ways(w.Aigul, complaint), fmt.Sprintf(
		"complaint-higher to %s: any time\ncomplaint-court to %s: until 2026-11-07 00:00", name(w.Samat), name(w.Aliya)))
	text, _, err = filing.Ready(as(t, w, w.Aigul), w.App, w.Aigul.Asks(policy.FilingNew), w.Words.In("ru"), complaint)
	if err != nil || !strings.Contains(text, "2026-000001") || !strings.Contains(text, "2026-000002") || strings.Index(text, "2026-000001") > strings.Index(text, "2026-000002") {
		t.Errorf("the chain is not told in its order: %v\n%s", err, text)
	}

	// Silence, before any job has run: both see it from the minute the term ended.
	silent := w.Draft(w.Aigul, w.Theft, filing.NewFiling{Kind: policy.FilingPetition, Circumstances: "Тағы бір мән-жай: куә көшеде тұрған."})
	if err := w.Submit(w.Aigul, silent); err != nil {
		t.Fatal(err)
	}
	w.At = w.At.Add(7 * 24 * time.Hour)
	w.Want(t, `SELECT count(*) FROM filing WHERE overdue_at IS NOT NULL`, "count\n0")
	for _, who := range []*portaltest.Actor{w.Aigul, w.Daniyar} {
		f, err := filing.Read(as(t, w, who), w.App, who.Asks(policy.FilingRead), silent)
		if err != nil || !f.Overdue(w.At) || f.DaysLate(w.At) != 2 {
			t.Errorf("%s sees it late by %d: %v", who.Word, f.DaysLate(w.At), err)
		}
	}
	late, err := filing.Late(as(t, w, w.Zhanar), w.App, w.Zhanar.Asks(policy.OversightRead))
	if err != nil || len(late) != 1 || late[0].ID != silent {
		t.Errorf("the prosecutor sees %d late: %v", len(late), err)
	}
	if got := ways(w.Aigul, silent); !strings.HasPrefix(got, "complaint-head to "+name(w.Marat)) || !strings.Contains(got, "complaint-prosecutor to "+name(w.Gulnar)) {
		t.Errorf("from silence:\n%s", got)
	}
	text, wants, err = filing.Ready(as(t, w, w.Aigul), w.App, w.Aigul.Asks(policy.FilingNew), w.Words.In("kk"), silent)
	if err != nil || !strings.Contains(text, "2026-000003") || len(wants) != 1 {
		t.Errorf("of silence: %v\n%s %q", err, text, wants)
	}
}

func TestASecondFilingOfTheSameIsTold(t *testing.T) {
	w := portaltest.World(t)
	first := w.Petition(w.Aigul, w.Theft)
	same := func(a *portaltest.Actor, n filing.NewFiling) int {
		t.Helper()
		n.Kind = policy.FilingPetition
		id := w.Draft(a, w.Theft, n)
		f, err := filing.Read(as(t, w, a), w.App, a.Asks(policy.FilingRead), id)
		if err != nil {
			t.Fatal(err)
		}
		all, err := filing.Same(as(t, w, a), w.App, a.Asks(policy.FilingRead), f)
		if err != nil || len(all) > 0 && all[0].ID != first {
			t.Fatalf("%v %v", all, err)
		}
		return len(all)
	}
	other := filing.NewFiling{Circumstances: "Куәдан жауап алынған жоқ, ол оқиға болған жерде тұрған.", Points: []string{"Куәдан жауап алуды сұраймын."}}
	if n := same(w.Aigul, filing.NewFiling{}); n != 1 {
		t.Errorf("the same words: %d", n)
	}
	if n := same(w.Aigul, filing.NewFiling{Circumstances: portaltest.Circumstances + " Рақмет."}); n != 1 {
		t.Errorf("almost the same words: %d", n)
	}
	if n := same(w.Aigul, other); n != 0 {
		t.Errorf("other words: %d", n)
	}
	if n := same(w.Saule, filing.NewFiling{}); n != 0 {
		t.Errorf("another person's: %d", n)
	}
	w.Answer(w.Daniyar, first, filing.Refused)
	w.At = w.At.Add(29 * 24 * time.Hour)
	if n := same(w.Aigul, filing.NewFiling{}); n != 1 {
		t.Errorf("answered a month ago: %d", n)
	}
	w.At = w.At.Add(2 * 24 * time.Hour)
	if n := same(w.Aigul, filing.NewFiling{}); n != 0 {
		t.Errorf("answered longer ago: %d", n)
	}
}
