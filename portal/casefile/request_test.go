package casefile_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/register"
)

// why is what people of these tests write into a request.
const why = "Мен осы іс бойынша жәбірленушінің көршісімін, ұрлықты өз көзіммен көрдім және жауап бердім."

// theftNumber is the number of the case of the theft.
func theftNumber(_ *testing.T, w *portaltest.W) string { return w.Number(w.Theft) }

// save drafts a request of somebody's about the theft.
func save(t *testing.T, w *portaltest.W, who *portaltest.Actor, id uuid.UUID, n casefile.NewRequest) error {
	t.Helper()
	if n.Language == "" {
		n.Language = "kk"
	}
	if n.Words == "" {
		n.Words = why
	}
	of, err := casefile.Numbered(t.Context(), w.DB, who.Asks(policy.AccessDraft), theftNumber(t, w))
	if err != nil {
		t.Fatal(err)
	}
	return casefile.SaveRequest(t.Context(), w.DB, w.Press, who.Asks(policy.AccessDraft), of, id, n)
}

// submit signs a draft as it stands.
func submit(t *testing.T, w *portaltest.W, who *portaltest.Actor, id uuid.UUID) error {
	t.Helper()
	_, doc, err := casefile.RequestPaper(t.Context(), w.DB, who.Asks(policy.AccessPaper), id)
	if err != nil {
		t.Fatal(err)
	}
	return casefile.SubmitRequest(t.Context(), w.DB, w.Verifier, who.Asks(policy.AccessSubmit), id, w.SignedBy(who, doc.Content), doc.Digest)
}

// request is a request of somebody's that was signed and waits.
func request(t *testing.T, w *portaltest.W, who *portaltest.Actor, n casefile.NewRequest) casefile.Request {
	t.Helper()
	id := uuid.Must(uuid.NewV7())
	if err := save(t, w, who, id, n); err != nil {
		t.Fatal(err)
	}
	if err := submit(t, w, who, id); err != nil {
		t.Fatal(err)
	}
	return readRequest(t, w, who, id)
}

func readRequest(t *testing.T, w *portaltest.W, who *portaltest.Actor, id uuid.UUID) casefile.Request {
	t.Helper()
	r, err := casefile.ReadRequest(t.Context(), w.DB, who.Asks(policy.AccessRead), id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// power is a file that a representative brings.
func power(t *testing.T, w *portaltest.W) []byte {
	t.Helper()
	ask := w.Dana.Asks(policy.AccessDraft)
	d, err := document.New(ask, w.Theft, document.Authority, "kk")
	if err != nil {
		t.Fatal(err)
	}
	content, err := document.Print(w.Press.Sheet(d, "receipt"))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestARequestStartsAClockAndItsConfirmationOpensTheCase(t *testing.T) {
	w := portaltest.World(t)
	id := uuid.Must(uuid.NewV7())
	for range 2 { // a double click
		if err := save(t, w, w.Stranger, id, casefile.NewRequest{Role: policy.Witness}); err != nil {
			t.Fatal(err)
		}
	}
	w.Want(t, `SELECT status, participant IS NULL AS nobody FROM request`, "status | nobody\ndraft | true")
	_, err := casefile.ReadRequest(t.Context(), w.DB, w.Daniyar.Asks(policy.AccessRead), id)
	wantKind(t, "the investigator, while it is a draft", fault.NotFound, err)
	if err := submit(t, w, w.Stranger, id); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "signing it again", fault.Conflict, submit(t, w, w.Stranger, id))

	r := readRequest(t, w, w.Stranger, id)
	// Three days from Thursday the 22nd end on Sunday, the Day of the Republic, for
	// which Monday is off: the 27th, to its last minute.
	due := time.Date(2026, 10, 28, 0, 0, 0, 0, deadline.Zone)
	if r.Status != casefile.Asked || !r.DueAt.Equal(due) || r.Term != deadline.StatusRequest || r.Decider.ID != w.Daniyar.Person {
		t.Errorf("it is %s by %s, due %s, before %v", r.Status, r.Term, r.DueAt, r.Decider.ID)
	}
	if r.Overdue(due.Add(-time.Minute)) || !r.Overdue(due) {
		t.Error("the term ends in another minute")
	}
	w.Want(t, `SELECT name, run_at = (SELECT due_at FROM request) AS at_the_end FROM job WHERE name = 'access-overdue'`, "name | at_the_end\naccess-overdue | true")
	w.Want(t, `SELECT p.status, p.role FROM request r JOIN participant p ON p.id = r.participant`, "status | role\nawaiting | witness")

	for _, other := range []*portaltest.Actor{w.Aigul, w.Serik, w.Dana, w.Ermek, w.Nurlan} {
		_, err := casefile.ReadRequest(t.Context(), w.DB, other.Asks(policy.AccessRead), id)
		wantKind(t, other.Word, fault.NotFound, err)
	}
	for _, official := range []*portaltest.Actor{w.Daniyar, w.Zhanar, w.Marat, w.Gulnar} {
		if got := readRequest(t, w, official, id); got.Words != why || got.Name != w.Stranger.FullName() {
			t.Errorf("%s reads %q of %q", official.Word, got.Words, got.Name)
		}
	}
	g := casefile.Grant{Role: policy.Witness, Basis: "law", Since: victim.Since}
	if err := w.Confirm(w.Daniyar, r.Participant, g); err != nil {
		t.Fatal(err)
	}
	if r = readRequest(t, w, w.Stranger, id); r.Status != casefile.Confirmed || r.Answer == uuid.Nil || !r.SettledAt.Equal(w.At) {
		t.Errorf("it is %s, answered by %s", r.Status, r.Answer)
	}
	if _, err := casefile.Read(t.Context(), w.DB, w.Stranger.Asks(policy.CaseRead), w.Theft); err != nil {
		t.Errorf("the case does not open: %v", err)
	}
	wantKind(t, "asking for what she has", fault.Invalid, save(t, w, w.Stranger, uuid.Must(uuid.NewV7()), casefile.NewRequest{Role: policy.Witness}))
	w.Want(t, `SELECT who, act FROM record WHERE object = 'request' ORDER BY seq`, `
		who     | act
		asel    | access-draft
		asel    | access-draft
		asel    | access-submit
		daniyar | participant-confirm`)
	w.Sound()
}

func TestARefusalHasReasonsAndTheOneWhoAskedReadsThem(t *testing.T) {
	w := portaltest.World(t)
	r := request(t, w, w.Stranger, casefile.NewRequest{Role: policy.Victim})
	for _, none := range []string{"", " \n "} {
		err := casefile.DraftEnd(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.ParticipantEnding), r.Participant, "kk", none)
		wantKind(t, "a refusal without reasons", fault.Invalid, err)
	}
	if err := w.End(w.Daniyar, r.Participant); err != nil {
		t.Fatal(err)
	}
	r = readRequest(t, w, w.Stranger, r.ID)
	if r.Status != casefile.Refused || r.Reasons != portaltest.Reasons || !r.Contestable(w.At) {
		t.Errorf("it is %s because %q", r.Status, r.Reasons)
	}
	_, paper, err := casefile.RequestAnswer(t.Context(), w.DB, w.Stranger.Asks(policy.AccessAnswer), r.ID)
	if err != nil || paper.Kind != document.Ending || !paper.Signed() {
		t.Errorf("her copy is %s, %v", paper.Kind, err)
	}
	_, _, err = casefile.RequestAnswer(t.Context(), w.DB, w.Aigul.Asks(policy.AccessAnswer), r.ID)
	wantKind(t, "another's copy", fault.NotFound, err)

	// She may ask again: it is the same status that waits once more.
	again := request(t, w, w.Stranger, casefile.NewRequest{Role: policy.Victim})
	if again.Participant != r.Participant || again.ID == r.ID {
		t.Errorf("another status waits: %s after %s", again.Participant, r.Participant)
	}
	w.Want(t, `SELECT status, ended_at IS NULL AS open FROM participant WHERE id = '`+r.Participant.String()+`'`, "status | open\nawaiting | true")
	if got := readRequest(t, w, w.Stranger, r.ID); got.Status != casefile.Refused || got.Reasons != portaltest.Reasons {
		t.Errorf("the first request is now %s because %q", got.Status, got.Reasons)
	}
	w.Sound()
}

func TestAfterTheTermTheOfficialsAboveSeeTheSilence(t *testing.T) {
	w := portaltest.World(t)
	r := request(t, w, w.Stranger, casefile.NewRequest{Role: policy.Victim})
	late := func(who *portaltest.Actor, act policy.Act) int {
		t.Helper()
		all, err := casefile.RequestsOverdue(t.Context(), w.DB, who.Asks(act))
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	mark := func() {
		t.Helper()
		if err := casefile.MarkRequestOverdue(t.Context(), w.DB.DB, r.ID, w.At); err != nil {
			t.Fatal(err)
		}
	}
	w.At = r.DueAt.Add(-time.Minute)
	mark()
	if n := late(w.Zhanar, policy.OversightRead); n != 0 {
		t.Errorf("%d are late a minute before the end", n)
	}
	w.At = r.DueAt
	for range 2 {
		mark()
	}
	if n := late(w.Zhanar, policy.OversightRead); n != 1 {
		t.Errorf("the prosecutor sees %d", n)
	}
	w.Want(t, `SELECT overdue_at = due_at AS seen FROM request`, "seen\ntrue")
	w.Want(t, `SELECT count(*) FROM record WHERE act = 'access-overdue' AND who IS NULL`, "count\n1")
	// The answer is still owed, and takes it off the list.
	if err := w.Confirm(w.Daniyar, r.Participant, victim); err != nil {
		t.Fatal(err)
	}
	if n := late(w.Zhanar, policy.OversightRead); n != 0 {
		t.Errorf("%d are late after the answer", n)
	}
	w.Sound()
}

func TestNumbersOfCasesCannotBeFoundOutByTrying(t *testing.T) {
	w := portaltest.World(t)
	find := func(who *portaltest.Actor, number string) error {
		_, err := casefile.Numbered(t.Context(), w.DB, who.Asks(policy.AccessDraft), number)
		return err
	}
	right := theftNumber(t, w)
	wrong := strings.Repeat("9", 15)
	for range casefile.MaxMisses {
		wantMessage(t, "a wrong number", "fault.access-number", find(w.Stranger, wrong))
	}
	wantMessage(t, "a wrong number too many", "fault.access-misses", find(w.Stranger, wrong))
	wantMessage(t, "a right one after it", "fault.access-misses", find(w.Stranger, right))
	if err := find(w.Nurlan, right); err != nil {
		t.Errorf("somebody else is refused: %v", err)
	}
	w.Want(t, `SELECT who, count(*) FROM record WHERE act = 'access-miss' GROUP BY who`, "who | count\nasel | 10")
	w.At = w.At.Add(24*time.Hour + time.Second)
	if err := find(w.Stranger, right); err != nil {
		t.Errorf("the day after: %v", err)
	}
	for _, report := range []string{"777777777777777", "750301-26-000001"} {
		if _, err := w.SQL.Exec(`UPDATE casefile SET report_tag = $2 WHERE id = $1`, w.Fraud, register.Tag(w.DB, report)); err != nil {
			t.Fatal(err)
		}
		if err := find(w.Stranger, report); err != nil {
			t.Errorf("by the number of the report: %v", err)
		}
	}
	wantMessage(t, "by that of a report of which there is no case", "fault.access-number", find(w.Stranger, "750301-26-000002"))
	w.Sound()
}

// A number is found however it is spelt, and there is one spelling that is tagged.
func TestANumberIsReadHoweverItIsSpelt(t *testing.T) {
	for typed, want := range map[string]string{
		"267511031000456": "267511031000456", " 26 7511 031 000456 ": "267511031000456", "№ 2675-1103-1000456": "267511031000456",
		"750301-26-000001": "750301-26-000001", "75030126000001": "750301-26-000001", "\u2116\u00a0750301 \u2013 26 \u2013 000001": "750301-26-000001",
		"AB \u2116 750301\u201126\u2011000001.": "750301-26-000001", "7503\u221226\u2212000001": "7503-26-000001", "750326000001": "", "850101300123": "", "750301-2026-000417": "",
		"7503011-26-000001": "7503011-26-000001", "7503011226000001": "75030112-26-000001", "7503-0126-000001": "",
		"": "", "12": "", "26751103100045": "267511-03-100045", "2675110310004561": "26751103-10-004561", "26751103100045612": "", "2675110310O0456": "", "abc": "",
	} {
		if got, ok := casefile.Spelt(typed); got != want || ok != (want != "") {
			t.Errorf("%q is %q, %t; want %q", typed, got, ok, want)
		}
	}
}

func TestWhoActsForAnotherNamesHimAndBringsHisPower(t *testing.T) {
	w := portaltest.World(t)
	id := uuid.Must(uuid.NewV7())
	whole := casefile.NewRequest{Role: policy.Representative, Represented: "Айгүл", RepresentedIIN: w.Aigul.IIN, Authority: power(t, w)}
	for what, n := range map[string]casefile.NewRequest{
		"nobody":              {Role: policy.Representative, Authority: whole.Authority},
		"no power":            {Role: policy.Representative, Represented: "Айгүл"},
		"a power too large":   {Role: policy.Representative, Represented: "Айгүл", Authority: make([]byte, casefile.MaxAuthority+1)},
		"for his own rights":  {Role: policy.Witness, Represented: "Айгүл"},
		"who is no applicant": {Role: policy.Applicant},
		"no status":           {Role: "chief"},
	} {
		wantKind(t, what, fault.Invalid, save(t, w, w.Nurlan, id, n))
	}
	w.Want(t, `SELECT count(*) FROM request`, "count\n0")
	if err := save(t, w, w.Nurlan, id, whole); err != nil {
		t.Fatal(err)
	}
	kept := whole // saved again without choosing the file again
	kept.Authority, kept.Words = nil, why+" Сенімхат бар."
	if err := save(t, w, w.Nurlan, id, kept); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT kind, count(*) FROM document WHERE kind IN ('request', 'authority') GROUP BY kind ORDER BY kind`, "kind | count\nauthority | 1\nrequest | 1")
	if err := submit(t, w, w.Nurlan, id); err != nil {
		t.Fatal(err)
	}
	r := readRequest(t, w, w.Nurlan, id)
	_, whom, err := casefile.RequestFor(t.Context(), w.DB, w.Daniyar.Asks(policy.ParticipantView), r.Participant)
	if err != nil || whom != w.Participant("aigul@theft") {
		t.Errorf("the investigator is shown %s as the one who is represented, %v", whom, err)
	}
	_, file, err := casefile.RequestAuthority(t.Context(), w.DB, w.Daniyar.Asks(policy.AccessAuthority), id)
	if err != nil || !bytes.Equal(file.Content, whole.Authority) {
		t.Errorf("the investigator reads %d bytes, %v", len(file.Content), err)
	}
	_, _, err = casefile.RequestAuthority(t.Context(), w.DB, w.Aigul.Asks(policy.AccessAuthority), id)
	wantKind(t, "another", fault.NotFound, err)
	wantMessage(t, "once more before the answer", "fault.access-asked", save(t, w, w.Nurlan, uuid.Must(uuid.NewV7()), whole))
	g, err := r.Grant(t.Context(), w.DB, w.Daniyar.Asks(policy.ParticipantView))
	if err != nil || g.Represents != whom || g.Basis != "admitted" {
		t.Errorf("he would confirm %+v, %v", g, err)
	}
	if err := w.Confirm(w.Daniyar, r.Participant, g); err != nil {
		t.Fatal(err)
	}
	if r = readRequest(t, w, w.Nurlan, id); r.Status != casefile.Confirmed {
		t.Errorf("it is %s", r.Status)
	}
	w.Sound()
}

func TestWhatTheInvestigatorConfirmsHimselfAnswersTheRequestForIt(t *testing.T) {
	w := portaltest.World(t)
	r := request(t, w, w.Nurlan, casefile.NewRequest{Role: policy.Representative, Represented: "Айгүл", RepresentedIIN: w.Aigul.IIN, Authority: power(t, w)})
	g := casefile.Grant{Role: policy.Representative, Basis: "admitted", Represents: w.Participant("aigul@theft"), Since: victim.Since}
	if err := w.Add(w.Daniyar, w.Theft, cast("own initiative"), w.Nurlan, g); err != nil {
		t.Fatal(err)
	}
	if got := readRequest(t, w, w.Nurlan, r.ID); got.Status != casefile.Confirmed {
		t.Errorf("the request is %s", got.Status)
	}
	w.Want(t, `SELECT status FROM participant WHERE id = '`+r.Participant.String()+`'`, "status\nended")
	w.Sound()
}

func TestARequestIsTakenBackWhileItWaitsAndADraftIsGivenUp(t *testing.T) {
	w := portaltest.World(t)
	r := request(t, w, w.Stranger, casefile.NewRequest{Role: policy.Victim})
	take := func(who *portaltest.Actor) error {
		return casefile.WithdrawRequest(t.Context(), w.DB, who.Asks(policy.AccessWithdraw), r.ID)
	}
	wantKind(t, "another", fault.NotFound, take(w.Aigul))
	wantKind(t, "the investigator", fault.Forbidden, take(w.Daniyar))
	if err := take(w.Stranger); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "twice", fault.Conflict, take(w.Stranger))
	w.Want(t, `SELECT r.status, p.status AS stands FROM request r JOIN participant p ON p.id = r.participant`, "status | stands\nwithdrawn | ended")
	w.At = r.DueAt.Add(time.Hour)
	if err := casefile.MarkRequestOverdue(t.Context(), w.DB.DB, r.ID, w.At); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT overdue_at IS NULL AS quiet FROM request`, "quiet\ntrue")

	id := uuid.Must(uuid.NewV7())
	n := casefile.NewRequest{Role: policy.Representative, Represented: "Айгүл", Authority: power(t, w)}
	if err := save(t, w, w.Nurlan, id, n); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "saving over another's draft", fault.NotFound, save(t, w, w.Stranger, id, n))
	wantKind(t, "another's draft", fault.NotFound, casefile.DiscardRequest(t.Context(), w.DB, w.Stranger.Asks(policy.AccessDiscard), id))
	if err := casefile.DiscardRequest(t.Context(), w.DB, w.Nurlan.Asks(policy.AccessDiscard), id); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT (SELECT count(*) FROM request) AS requests, (SELECT count(*) FROM document WHERE signed_at IS NULL) AS papers`, "requests | papers\n1 | 0")
	for range casefile.MaxOpenRequests {
		if err := save(t, w, w.Nurlan, uuid.Must(uuid.NewV7()), n); err != nil {
			t.Fatal(err)
		}
	}
	wantMessage(t, "one draft too many", "fault.access-many", save(t, w, w.Nurlan, uuid.Must(uuid.NewV7()), n))
	w.Sound()
}

// Five paragraphs why she is refused are not lost to a tick.
func TestAPreparedRefusalIsNotReplacedByATick(t *testing.T) {
	w := portaltest.World(t)
	r := request(t, w, w.Stranger, casefile.NewRequest{Role: policy.Victim})
	if err := casefile.DraftEnd(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.ParticipantEnding), r.Participant, "kk", portaltest.Reasons); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "ticked", fault.Invalid, casefile.DraftAsked(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.DeskConfirm), r.ID, "kk"))
	_, paper, _, err := casefile.ReadConfirmation(t.Context(), w.DB, w.Daniyar.Asks(policy.ParticipantCheck), r.Participant)
	if err != nil || !paper.Ends || paper.Reasons != portaltest.Reasons {
		t.Errorf("of the refusal is left %+v, %v", paper, err)
	}
	w.Sound()
}

func TestSeveralAreConfirmedAsTheyAsked(t *testing.T) {
	w := portaltest.World(t)
	first := request(t, w, w.Stranger, casefile.NewRequest{Role: policy.Witness})
	w.At = w.At.Add(48 * time.Hour)
	second := request(t, w, w.Nurlan, casefile.NewRequest{Role: policy.Victim})
	waiting, err := casefile.RequestsWaiting(t.Context(), w.DB, w.Daniyar.Asks(policy.DeskRead))
	if err != nil || len(waiting) != 2 || waiting[0].ID != first.ID || waiting[1].ID != second.ID {
		t.Fatalf("on the desk lie %d, %v", len(waiting), err)
	}
	wantKind(t, "another investigator", fault.NotFound, casefile.DraftAsked(t.Context(), w.DB, w.Press, w.Ermek.Asks(policy.DeskConfirm), first.ID, "kk"))
	for _, r := range waiting {
		if err := casefile.DraftAsked(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.DeskConfirm), r.ID, "kk"); err != nil {
			t.Fatal(err)
		}
		if err := w.Settle(w.Daniyar, policy.ParticipantGrant, r.Participant); err != nil {
			t.Fatal(err)
		}
	}
	w.Want(t, `SELECT r.role, r.status, p.basis, p.since FROM request r JOIN participant p ON p.id = r.participant ORDER BY r.role`, `
		role    | status    | basis  | since
		victim  | confirmed | ruling | 2026-10-24
		witness | confirmed | law    | 2026-10-24`)
	w.Sound()
}

func wantMessage(t *testing.T, what, want string, err error) {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) || f.Message != want {
		t.Errorf("%s: %v, not %s", what, err, want)
	}
}
