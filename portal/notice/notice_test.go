package notice_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/database"
	"zharia/portal/deadline"
	"zharia/portal/filing"
	"zharia/portal/ledger"
	"zharia/portal/notice"
	"zharia/portal/opening"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/report"
	"zharia/portal/vault"
)

// line is a way out of the tests: it keeps what came, and does as it is told.
type line struct {
	mu       sync.Mutex
	messages []notice.Message
	do       func(n int, m notice.Message) (notice.Sent, error) // nil: delivered
}

func (l *line) Send(ctx context.Context, m notice.Message) (notice.Sent, error) {
	l.mu.Lock()
	l.messages = append(l.messages, m)
	n, do := len(l.messages), l.do
	l.mu.Unlock()
	if do == nil {
		return notice.Sent{Ref: m.ID.String(), Delivered: true}, nil
	}
	return do(n, m)
}

func (l *line) came() []notice.Message {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.messages)
}

// office is a world with a worker, whose ways out are lines.
type office struct {
	*portaltest.W
	*notice.Worker
	mail, sms, push *line
	log             *strings.Builder
	t               *testing.T
}

func open(t *testing.T) *office {
	t.Helper()
	w := portaltest.World(t)
	hand, err := database.OpenAs(t.Context(), w.DB.DSN(), database.Work)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hand.Close() })
	o := &office{W: w, mail: &line{}, sms: &line{}, push: &line{}, log: &strings.Builder{}, t: t}
	o.Worker = &notice.Worker{
		DB: vault.New(hand, w.DB.Keys), Words: w.Words, Origin: portaltest.Origin, Clock: func() time.Time { return w.At },
		Senders: map[notice.Channel]notice.Sender{notice.Email: o.mail, notice.SMS: o.sms, notice.Push: o.push},
		Log:     slog.New(slog.NewTextHandler(o.log, nil)),
	}
	o.fan() // what the cast did while it played
	return o
}

// fan tells of all acts that there are.
func (o *office) fan() {
	o.t.Helper()
	for {
		n, err := o.Fan(o.t.Context())
		if err != nil {
			o.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

// round is one look at all that is due.
func (o *office) round() {
	o.t.Helper()
	for _, c := range notice.Outward {
		for {
			n, err := o.Send(o.t.Context(), c)
			if err != nil {
				o.t.Fatal(err)
			}
			if n == 0 {
				break
			}
		}
	}
	if err := o.Tend(o.t.Context()); err != nil {
		o.t.Fatal(err)
	}
}

// told are the notices of somebody, the oldest first, as "kind object".
func (o *office) told(a *portaltest.Actor, since int64) []string {
	o.t.Helper()
	var out []string
	const q = `SELECT kind || ' ' || object || ' ' || number FROM notice WHERE person = $1 AND coalesce(seq, $2 + 1) > $2 ORDER BY coalesce(seq, 0), kind`
	if err := o.SQL.Select(&out, q, a.Person, since); err != nil {
		o.t.Fatal(err)
	}
	for i := range out {
		out[i] = strings.TrimSpace(out[i])
	}
	return out
}

// seq is the last act there is.
func (o *office) seq() (n int64) {
	o.t.Helper()
	if err := o.SQL.Get(&n, `SELECT max(seq) FROM record`); err != nil {
		o.t.Fatal(err)
	}
	return n
}

// reached gives somebody a confirmed address.
func (o *office) reached(a *portaltest.Actor, c notice.Channel, address string, safe bool) uuid.UUID {
	o.t.Helper()
	ctx, id := o.t.Context(), uuid.Must(uuid.NewV7())
	if err := notice.AddContact(ctx, o.W.DB, a.Asks(policy.ContactAdd), id, c, address, safe); err != nil {
		o.t.Fatal(err)
	}
	if c == notice.Push {
		return id
	}
	if err := notice.ConfirmContact(ctx, o.W.DB, a.Asks(policy.ContactConfirm), id, o.code(id)); err != nil {
		o.t.Fatal(err)
	}
	return id
}

// code is the one that waits for a contact.
func (o *office) code(id uuid.UUID) string {
	o.t.Helper()
	var sealed []byte
	if err := o.SQL.Get(&sealed, `SELECT code FROM contact WHERE id = $1`, id); err != nil {
		o.t.Fatal(err)
	}
	code, err := o.W.DB.OpenHand("contact", "code", id, sealed)
	if err != nil {
		o.t.Fatal(err)
	}
	return string(code)
}

const subscription = `{"endpoint":"https://fcm.googleapis.com/fcm/send/abc","keys":{"p256dh":"x","auth":"y"}}`

// quiet forgets what came so far.
func (o *office) quiet() {
	for _, l := range []*line{o.mail, o.sms, o.push} {
		l.mu.Lock()
		l.messages = nil
		l.mu.Unlock()
	}
}

func (o *office) count(q string, args ...any) (n int) {
	o.t.Helper()
	if err := o.SQL.Get(&n, `SELECT count(*) FROM `+q, args...); err != nil {
		o.t.Fatal(err)
	}
	return n
}

func TestAFilingTellsItsAuthorAndWhoeverDecidesIt(t *testing.T) {
	o := open(t)
	from := o.seq()
	id := o.Petition(o.Aigul, o.Theft)
	o.fan()
	var number string
	if err := o.SQL.Get(&number, `SELECT number FROM filing WHERE id = $1`, id); err != nil {
		t.Fatal(err)
	}
	if got := o.told(o.Aigul, from); fmt.Sprint(got) != "[filing filing "+number+"]" {
		t.Errorf("Aigul is told %v", got)
	}
	if got := o.told(o.Daniyar, from); fmt.Sprint(got) != "[work filing "+number+"]" {
		t.Errorf("Daniyar is told %v", got)
	}
	for _, a := range []*portaltest.Actor{o.Zhanar, o.Stranger, o.Serik, o.Ermek, o.Dana} {
		if got := o.told(a, from); len(got) > 0 {
			t.Errorf("%s is told %v", a.Word, got)
		}
	}
	o.Answer(o.Daniyar, id, filing.Granted)
	o.fan()
	if got := o.told(o.Aigul, from); len(got) != 2 {
		t.Errorf("after the answer Aigul is told %v", got)
	}
}

// That a case is given to another is news to all who are in it. That a petition goes with it
// is not: nobody else may learn even that there is one.
func TestACaseThatIsGivenTellsOfAFilingWhoseItIs(t *testing.T) {
	o := open(t)
	id := o.Petition(o.Aigul, o.Theft)
	o.fan()
	from := o.seq()
	if err := o.Assign(o.Marat, o.Theft, o.Ermek); err != nil {
		t.Fatal(err)
	}
	o.fan()
	o.Want(t, `SELECT person, kind FROM notice WHERE object_id = '`+id.String()+`' AND seq > `+fmt.Sprint(from)+` ORDER BY kind, person`, `
		person | kind
		aigul  | filing
		ermek  | work`)
	if got := o.told(o.Serik, from); fmt.Sprint(got) != "[status assignment]" {
		t.Errorf("Serik is told %v", got)
	}
}

// A question about a view tells whoever may answer it: about the prosecutor's own, the head
// of her office, and not her.
func TestAQuestionAboutAViewTellsWhoeverAnswersIt(t *testing.T) {
	o := open(t)
	ctx := t.Context()
	if err := opening.Give(ctx, o.W.DB, o.Zhanar.Asks(policy.ReasonGive), o.Theft, opening.Pretext{Reason: opening.Control}); err != nil {
		t.Fatal(err)
	}
	for who, answers := range map[*portaltest.Actor]*portaltest.Actor{o.Daniyar: o.Zhanar, o.Zhanar: o.Gulnar} {
		if _, _, err := casefile.CopyOf(ctx, o.W.DB, who.Asks(policy.DecisionCopy), o.Decision("victim-recognised")); err != nil {
			t.Fatal(err)
		}
		var line uuid.UUID
		if err := o.SQL.Get(&line, `SELECT id FROM opening WHERE person = $1`, who.Person); err != nil {
			t.Fatal(err)
		}
		from := o.seq()
		if _, err := opening.Raise(ctx, o.W.DB, o.Aigul.Asks(policy.ObjectionFile), line, portaltest.Circumstances); err != nil {
			t.Fatal(err)
		}
		o.fan()
		for _, a := range []*portaltest.Actor{o.Zhanar, o.Gulnar, o.Daniyar, o.Marat, o.Aigul} {
			want := "[]"
			if a == answers {
				want = "[work objection]"
			}
			if got := o.told(a, from); fmt.Sprint(got) != want {
				t.Errorf("of a look of %s %s is told %v", who.Word, a.Word, got)
			}
		}
	}
}

// The prosecutor's word comes to whoever conducts the case by then.
func TestThatAProsecutorDeclinesTellsWhoeverHasTheCase(t *testing.T) {
	o := open(t)
	d, id := casefile.DecisionDraft{
		Kind: "suspect-recognised", DecidedOn: o.At.Truncate(24 * time.Hour), Language: "kk", Concerns: []uuid.UUID{o.Participant("serik@theft")},
		Established: portaltest.Circumstances, Resolved: portaltest.Reasons,
	}, uuid.Must(uuid.NewV7())
	if err := casefile.DraftDecision(t.Context(), o.W.DB, o.Press, o.Daniyar.Asks(policy.DecisionDraft), o.Theft, id, d); err != nil {
		t.Fatal(err)
	}
	if err := o.Publish(o.Daniyar, id); err != nil {
		t.Fatal(err)
	}
	if err := o.Assign(o.Marat, o.Theft, o.Ermek); err != nil {
		t.Fatal(err)
	}
	o.fan()
	from := o.seq()
	if err := o.Decline(o.Zhanar, id); err != nil {
		t.Fatal(err)
	}
	o.fan()
	for a, want := range map[*portaltest.Actor]string{o.Ermek: "[work decision]", o.Daniyar: "[]"} {
		if got := o.told(a, from); fmt.Sprint(got) != want {
			t.Errorf("%s is told %v", a.Word, got)
		}
	}
}

// The status of the author becomes another while his filing waits.
func TestWhoActsForAnAuthorIsToldOfWhatHeFiledAsWhatHeWasBefore(t *testing.T) {
	o := open(t)
	id := o.Petition(o.Serik, o.Theft)
	accused := uuid.Must(uuid.NewV7())
	if err := o.Change(o.Daniyar, o.Participant("serik@theft"), accused, casefile.Grant{Role: policy.Accused, Basis: "indictment", Since: o.At.Truncate(24 * time.Hour)}); err != nil {
		t.Fatal(err)
	}
	o.fan()
	from := o.seq()
	o.Answer(o.Daniyar, id, filing.Granted)
	o.fan()
	for _, a := range []*portaltest.Actor{o.Serik, o.Dana} {
		if got := o.told(a, from); len(got) == 0 {
			t.Errorf("%s is told nothing", a.Word)
		}
	}
	for _, a := range []*portaltest.Actor{o.Timur, o.Aigul, o.Saule} {
		if got := o.told(a, from); len(got) > 0 {
			t.Errorf("%s is told %v", a.Word, got)
		}
	}
}

func TestADecisionTellsOnlyThoseWhoAreShownThatItIsThere(t *testing.T) {
	o := open(t)
	ctx := t.Context()
	var decisions []struct {
		ID   uuid.UUID `db:"id"`
		Case uuid.UUID `db:"casefile"`
		Kind string    `db:"kind"`
	}
	if err := o.SQL.Select(&decisions, `SELECT id, casefile, kind FROM decision WHERE status = 'published'`); err != nil || len(decisions) < 5 {
		t.Fatalf("%d decisions, %v", len(decisions), err)
	}
	shown, hidden := 0, 0
	for _, d := range decisions {
		var readers []uuid.UUID
		if err := o.Worker.DB.Select(ctx, &readers, `SELECT fence.readers($1, $2)`, d.ID, o.At); err != nil {
			t.Fatal(err)
		}
		for _, a := range []*portaltest.Actor{o.Aigul, o.Serik, o.Timur, o.Dana, o.Saule, o.Nurlan, o.Stranger} {
			var acts []uuid.UUID
			if err := o.SQL.Select(&acts, `SELECT participant FROM capacity WHERE casefile = $1 AND person = $2`, d.Case, a.Person); err != nil {
				t.Fatal(err)
			}
			sees := false
			for _, acting := range append(acts, uuid.Nil) {
				var view int
				if err := o.App.Get(database.As(ctx, a.Person, acting, o.At), &view, `SELECT fence.decision($1)`, d.ID); err != nil {
					t.Fatal(err)
				}
				sees = sees || view >= 10
			}
			if told := slices.Contains(readers, a.Person); told != sees {
				t.Errorf("%s of %s: told %v, shown %v", d.Kind, a.Word, told, sees)
			}
			if sees {
				shown++
			} else {
				hidden++
			}
		}
	}
	if shown == 0 || hidden == 0 {
		t.Errorf("%d are shown and %d hidden: this proves nothing", shown, hidden)
	}
	var left string
	if err := o.Worker.DB.Get(ctx, &left, `SELECT coalesce(current_setting('portal.person', true), '')`); err != nil || left != "" {
		t.Errorf("the connection still speaks for %q, %v", left, err)
	}
}

func TestThoseWhoServePeopleMayNotAskWhoReadsWhat(t *testing.T) {
	o := open(t)
	var readers []uuid.UUID
	err := o.App.Select(database.As(t.Context(), o.Aigul.Person, uuid.Nil, o.At), &readers, `SELECT fence.readers($1, $2)`, uuid.New(), o.At)
	if err == nil {
		t.Error("they may")
	}
}

func TestNobodyIsToldTwiceHoweverOftenTheRecordIsRead(t *testing.T) {
	o := open(t)
	o.reached(o.Aigul, notice.Email, "aigul@example.kz", true)
	o.Petition(o.Aigul, o.Theft)
	o.fan()
	notices, deliveries := o.count(`notice`), o.count(`delivery`)
	o.SQL.MustExec(`UPDATE courier SET seq = 0`)
	o.fan()
	if n, d := o.count(`notice`), o.count(`delivery`); n != notices || d != deliveries {
		t.Errorf("%d notices became %d, %d deliveries %d", notices, n, deliveries, d)
	}
}

func TestTwoProcessesTellOnceEach(t *testing.T) {
	o := open(t)
	o.reached(o.Aigul, notice.Email, "aigul@example.kz", true)
	o.fan()
	o.round()
	o.quiet()
	for range 10 {
		o.Petition(o.Aigul, o.Theft)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 5 {
				if _, err := o.Fan(t.Context()); err != nil {
					t.Error(err)
				}
				if _, err := o.Send(t.Context(), notice.Email); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	o.fan()
	o.round()
	if n := len(o.mail.came()); n != 10 {
		t.Errorf("%d letters about 10 petitions", n)
	}
}

func TestALetterSaysANumberAndWhereAndNothingElse(t *testing.T) {
	o := open(t)
	o.reached(o.Aigul, notice.Email, "aigul@example.kz", true)
	o.fan()
	o.round()
	o.quiet()
	o.Petition(o.Aigul, o.Theft)
	o.fan()
	o.round()
	came := o.mail.came()
	if len(came) != 1 {
		t.Fatalf("%d letters", len(came))
	}
	m := came[0]
	var number string
	if err := o.SQL.Get(&number, `SELECT number FROM notice WHERE person = $1 ORDER BY seq DESC LIMIT 1`, o.Aigul.Person); err != nil {
		t.Fatal(err)
	}
	want := "Жария. №\u00A0" + number + " құжат бойынша жаңалық бар. " + portaltest.Origin + "/kk/notices"
	if m.To != "aigul@example.kz" || m.Text != want || m.Subject != "Жария: жаңалық бар" || m.Language != "kk" {
		t.Errorf("the letter is %+v, not %q", m, want)
	}
}

func TestWhatTheCodeDemandsWaitsForTheMorningAndWhatIsUrgentDoesNot(t *testing.T) {
	o := open(t)
	o.reached(o.Aigul, notice.SMS, "8 701 000 00 01", true)
	o.reached(o.Aigul, notice.Email, "aigul@example.kz", true)
	o.fan()
	o.round()
	o.quiet()
	o.At = time.Date(2026, 10, 22, 19, 0, 0, 0, time.UTC) // midnight in Almaty
	o.Petition(o.Aigul, o.Theft)
	o.fan()
	o.round()
	if n := len(o.sms.came()); n != 0 {
		t.Errorf("she is woken by %d messages", n)
	}
	if late := o.tally().Late; late != 0 {
		t.Errorf("%d are late at night", late)
	}
	o.reached(o.Aigul, notice.Email, "other@example.kz", true)
	o.fan()
	o.round()
	if n := len(o.sms.came()); n < 1 {
		t.Errorf("that her address was changed reached her %d times", n)
	}
	o.quiet()
	o.At = time.Date(2026, 10, 23, 3, 0, 1, 0, time.UTC)
	o.round()
	if n := len(o.sms.came()); n != 1 {
		t.Errorf("%d messages in the morning", n)
	}
}

// A browser that unsubscribed is found out when it is sent to: what is urgent is urgent over the
// next channel as well.
func TestWhatIsUrgentDoesNotWaitForTheMorningWhereAnotherChannelTakesOver(t *testing.T) {
	o := open(t)
	o.reached(o.Aigul, notice.Push, subscription, true)
	o.reached(o.Aigul, notice.SMS, "+77010000001", true)
	o.fan()
	o.round()
	o.quiet()
	o.push.do = func(int, notice.Message) (notice.Sent, error) {
		return notice.Sent{}, fmt.Errorf("x: %w", notice.ErrRefused)
	}
	o.night()
	err := o.W.DB.Within(database.As(t.Context(), o.Aigul.Person, uuid.Nil, o.At), func(tx *vault.DB) error {
		return ledger.Record(t.Context(), tx.DB, ledger.Entry{At: o.At, Who: o.Aigul.Person, Act: string(policy.KeyNew), Object: "person", ID: o.Aigul.Person})
	})
	if err != nil {
		t.Fatal(err)
	}
	o.fan()
	o.round()
	if n := len(o.sms.came()); n != 1 {
		t.Errorf("that a new key signed in in her name reached her %d times in that night", n)
	}
}

func (o *office) tally() notice.Tally {
	o.t.Helper()
	t, err := notice.Public(o.t.Context(), o.W.DB.DB)
	if err != nil {
		o.t.Fatal(err)
	}
	return t
}

func TestWhoeverChangesAnAddressIsSeenAtTheOldOne(t *testing.T) {
	o := open(t)
	old := o.reached(o.Aigul, notice.Email, "old@example.kz", true)
	o.fan()
	o.round()
	o.quiet()
	if err := notice.EndContact(t.Context(), o.W.DB, o.Aigul.Asks(policy.ContactEnd), old); err != nil {
		t.Fatal(err)
	}
	o.fan()
	o.round()
	if came := o.mail.came(); len(came) != 1 || came[0].To != "old@example.kz" || !strings.Contains(came[0].Text, "мекенжайларыңыз өзгерді") {
		t.Errorf("to the old address went %+v", came)
	}
	o.quiet()
	o.Petition(o.Aigul, o.Theft)
	o.fan()
	o.round()
	if came := o.mail.came(); len(came) != 0 {
		t.Errorf("afterwards something still goes there: %+v", came)
	}
}

// Somebody at her open session puts his number, or his browser, in the place of hers.
func TestWhoeverReplacesAnAddressIsSeenAtTheOldOne(t *testing.T) {
	o := open(t)
	o.reached(o.Aigul, notice.SMS, "+77010000001", true)
	o.reached(o.Aigul, notice.Push, subscription, true)
	o.fan()
	o.round()
	o.quiet()
	o.night() // it does not wait for the morning
	his := o.reached(o.Aigul, notice.SMS, "+77010000002", true)
	o.fan()
	o.round()
	if came := o.sms.came(); !slices.ContainsFunc(came, toldOfAddresses("+77010000001")) || slices.ContainsFunc(came, toldOfAddresses("+77010000002")) {
		t.Errorf("of the new number was said %+v", came)
	}
	if came := o.push.came(); len(came) != 1 {
		t.Errorf("the browser beside it was told %+v", came)
	}
	o.quiet()
	o.At = o.At.Add(time.Minute)
	o.reached(o.Aigul, notice.Push, strings.Replace(subscription, "abc", "his", 1), true)
	o.At = o.At.Add(time.Minute)
	if err := notice.EndContact(t.Context(), o.W.DB, o.Aigul.Asks(policy.ContactEnd), his); err != nil {
		t.Fatal(err)
	}
	o.fan() // of both at once
	o.round()
	if came := o.push.came(); !slices.ContainsFunc(came, toldOfAddresses(subscription)) {
		t.Errorf("of the new browser was said %+v", came)
	}
	if came := o.sms.came(); len(came) != 2 || slices.ContainsFunc(came, toldOfAddresses("+77010000001")) {
		t.Errorf("of a new browser and of the end of his own number was said %+v", came)
	}
}

func toldOfAddresses(to string) func(notice.Message) bool {
	return func(m notice.Message) bool {
		return m.To == to && strings.Contains(m.Text, "мекенжайларыңыз өзгерді")
	}
}

// Whoever says in her name that others read her telephone has it silent from then on; she
// is told there once, in the morning and in words that tell those others nothing.
func TestWhoeverSilencesAnAddressIsSeenThereOnce(t *testing.T) {
	o := open(t)
	ctx := t.Context()
	o.reached(o.Aigul, notice.SMS, "+77010000001", false)
	o.reached(o.Aigul, notice.Email, "aigul@example.kz", true)
	o.fan()
	o.round()
	o.quiet()
	o.night()
	set := func(discreet bool) {
		t.Helper()
		o.At = o.At.Add(time.Minute)
		if err := notice.SetManner(ctx, o.W.DB, o.Aigul.Asks(policy.NoticeSet), notice.Manner{Language: "kk", From: 22, To: 8, Discreet: discreet}); err != nil {
			t.Fatal(err)
		}
	}
	set(true)
	o.At = o.At.Add(time.Minute)
	o.reached(o.Aigul, notice.SMS, "+77010000002", false) // before anybody could be told
	o.fan()
	o.round()
	if came := o.sms.came(); slices.ContainsFunc(came, func(m notice.Message) bool { return m.To == "+77010000001" }) {
		t.Errorf("at night it rings where others hear it: %+v", came)
	}
	o.quiet()
	o.At = o.At.Add(8 * time.Hour)
	o.round()
	if came := o.sms.came(); len(came) != 1 || came[0].To != "+77010000001" || came[0].Text != "Сізге хабарлама бар." || came[0].Subject != "Хабарлама" || came[0].Link != "" {
		t.Errorf("where others read it says %+v", came)
	}
	if n := len(o.mail.came()); n != 1 {
		t.Errorf("%d letters where nobody else reads", n)
	}
	o.quiet()
	set(true) // the same once more
	set(false)
	o.fan()
	o.round()
	if n := len(o.sms.came()) + len(o.mail.came()); n != 0 {
		t.Errorf("%d more of what is as it was, and of its end", n)
	}
	if n := o.count(`notice WHERE person = $1 AND object = 'manner'`, o.Aigul.Person); n != 1 {
		t.Errorf("her list says it %d times", n)
	}
}

// Who says that others read there only after he took the place of an address does not have
// that hidden by it.
func TestWhoeverSilencesAnAddressAfterHeReplacedItIsSeenThere(t *testing.T) {
	o := open(t)
	o.reached(o.Aigul, notice.SMS, "+77010000001", false)
	o.fan()
	o.round()
	o.quiet()
	o.At = o.At.Add(time.Minute)
	o.reached(o.Aigul, notice.SMS, "+77010000002", true)
	o.At = o.At.Add(time.Second)
	if err := notice.SetManner(t.Context(), o.W.DB, o.Aigul.Asks(policy.NoticeSet), notice.Manner{Language: "kk", From: 22, To: 8, Discreet: true}); err != nil {
		t.Fatal(err)
	}
	o.fan()
	o.round()
	if came := o.sms.came(); !slices.ContainsFunc(came, func(m notice.Message) bool { return m.To == "+77010000001" }) {
		t.Errorf("there went only %+v", came)
	}
	o.quiet()
	o.At = o.At.Add(time.Minute)
	his := o.reached(o.Aigul, notice.SMS, "+77010000003", false) // where, as was said by then, others read
	o.At = o.At.Add(time.Minute)
	if err := notice.EndContact(t.Context(), o.W.DB, o.Aigul.Asks(policy.ContactEnd), his); err != nil {
		t.Fatal(err)
	}
	o.At = o.At.Add(time.Minute) // that she saves another language does not make her discreet only now
	if err := notice.SetManner(t.Context(), o.W.DB, o.Aigul.Asks(policy.NoticeSet), notice.Manner{Language: "ru", From: 22, To: 8, Discreet: true}); err != nil {
		t.Fatal(err)
	}
	o.fan()
	o.round()
	if came := o.sms.came(); len(came) != 1 || came[0].To != "+77010000002" {
		t.Errorf("where others read there went %+v", came)
	}
}

func TestARefusedChannelHandsOverByTheRule(t *testing.T) {
	o := open(t)
	o.reached(o.Aigul, notice.Push, subscription, true)
	o.reached(o.Aigul, notice.SMS, "+77010000001", true)
	o.reached(o.Aigul, notice.Email, "aigul@example.kz", true)
	o.fan()
	o.round()
	o.quiet()
	refuse := func(int, notice.Message) (notice.Sent, error) {
		return notice.Sent{}, fmt.Errorf("x: %w", notice.ErrRefused)
	}
	o.push.do, o.sms.do = refuse, refuse
	o.Petition(o.Aigul, o.Theft)
	o.fan()
	o.round()
	o.round()
	if p, s, m := len(o.push.came()), len(o.sms.came()), len(o.mail.came()); p != 1 || s != 1 || m != 1 {
		t.Errorf("push %d, SMS %d, letters %d", p, s, m)
	}
	states := o.states()
	if states["push fallback"] == 0 || states["sms fallback"] == 0 || states["email delivered"] == 0 {
		t.Errorf("states %v", states)
	}
	if n := o.count(`contact WHERE channel = 'push' AND ended_at IS NULL`); n != 0 {
		t.Errorf("a browser that unsubscribed is asked again")
	}
}

func (o *office) states() map[string]int {
	o.t.Helper()
	var rows []struct {
		What string `db:"what"`
		N    int    `db:"n"`
	}
	if err := o.SQL.Select(&rows, `SELECT channel || ' ' || state AS what, count(*) AS n FROM delivery GROUP BY 1`); err != nil {
		o.t.Fatal(err)
	}
	out := map[string]int{}
	for _, row := range rows {
		out[row.What] = row.N
	}
	return out
}

func TestAReceiptThatDoesNotComeOrSaysNoHandsOver(t *testing.T) {
	o := open(t)
	o.reached(o.Aigul, notice.SMS, "+77010000001", true)
	o.reached(o.Aigul, notice.Email, "aigul@example.kz", true)
	o.fan()
	o.round()
	o.quiet()
	o.sms.do = func(_ int, m notice.Message) (notice.Sent, error) { return notice.Sent{Ref: "r-" + m.ID.String()}, nil }
	for range 3 {
		o.Petition(o.Aigul, o.Theft)
	}
	o.fan()
	o.round()
	came := o.sms.came()
	if len(came) != 3 || len(o.mail.came()) != 0 {
		t.Fatalf("%d messages, %d letters", len(came), len(o.mail.came()))
	}
	for i, delivered := range []bool{true, false} {
		r := notice.Receipt{Channel: notice.SMS, Ref: "r-" + came[i].ID.String(), Delivered: delivered, At: o.At}
		for range 2 { // a receipt may come twice
			if err := o.Worker.Receive(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
	}
	o.round()
	if n := len(o.mail.came()); n != 1 {
		t.Errorf("%d letters after a receipt that says no", n)
	}
	o.At = o.At.Add(31 * time.Minute)
	o.round()
	o.round()
	if n := len(o.mail.came()); n != 2 {
		t.Errorf("%d letters after a receipt that did not come", n)
	}
	if err := o.Worker.Receive(t.Context(), notice.Receipt{Channel: notice.SMS, Ref: "nobody's"}); !errors.Is(err, notice.ErrNoSuchRef) {
		t.Errorf("a receipt of nothing: %v", err)
	}
	begun := time.Now()
	if err := o.Worker.Receive(t.Context(), notice.Receipt{Channel: notice.SMS, Ref: "another's", Elsewhere: true}); !errors.Is(err, notice.ErrNoSuchRef) || time.Since(begun) > time.Second {
		t.Errorf("a receipt of what another process may have sent holds others up for %v: %v", time.Since(begun), err)
	}
}

func TestADayWithDeadLinesLosesNothingAndRaisesAnAlarmInFiveMinutes(t *testing.T) {
	o := open(t)
	o.reached(o.Aigul, notice.SMS, "+77010000001", true)
	o.reached(o.Aigul, notice.Email, "aigul@example.kz", true)
	o.fan()
	o.round()
	o.quiet()
	dead := func(int, notice.Message) (notice.Sent, error) { return notice.Sent{}, io.ErrUnexpectedEOF }
	o.sms.do, o.mail.do = dead, dead
	begin := o.At
	var number int
	alarmed := time.Duration(0)
	for o.At.Sub(begin) < 24*time.Hour {
		if number < 20 && o.At.Sub(begin) >= time.Duration(number)*time.Hour {
			number++
			o.Petition(o.Aigul, o.Theft)
		}
		o.fan()
		o.round()
		if alarmed == 0 && o.tally().Late > 0 {
			alarmed = o.At.Sub(begin)
		}
		step := time.Minute
		if o.At.Sub(begin) > 20*time.Minute {
			step = 6 * time.Minute
		}
		o.At = o.At.Add(step)
	}
	if alarmed == 0 || alarmed > 5*time.Minute {
		t.Errorf("the alarm is raised after %v", alarmed)
	}
	for what, want := range map[string]int{"alarm: notices are unsent": 1, "alarm: a channel takes no notices": 1, "alarm:": 2} { // SMS gave all to mail
		if n := strings.Count(o.log.String(), what); n != want {
			t.Errorf("the log is told %q %d times", what, n)
		}
	}
	if len(o.sms.came()) == 0 || len(o.mail.came()) == 0 {
		t.Error("another channel was not tried")
	}
	if n := o.count(`delivery WHERE state = 'failed' AND notice IS NOT NULL`); n != 0 {
		t.Errorf("%d are given up", n)
	}
	// The lines come back: everything of the day arrives, each once.
	o.sms.do, o.mail.do = nil, nil
	o.quiet()
	o.At = o.At.Add(20 * time.Hour) // an afternoon
	o.round()
	o.round()
	arrived := map[string]int{}
	for _, m := range append(o.sms.came(), o.mail.came()...) {
		arrived[m.Text]++
	}
	if len(arrived) != number {
		t.Errorf("%d of %d arrived: %v", len(arrived), number, o.states())
	}
	for text, n := range arrived {
		if n != 1 {
			t.Errorf("%d times: %s", n, text)
		}
	}
	if late := o.tally().Late; late != 0 {
		t.Errorf("%d are still late", late)
	}
	if strings.Contains(o.log.String(), "aigul@") || strings.Contains(o.log.String(), "7701") {
		t.Error("the log has an address")
	}
}

// Whoever looks after the portal must know why, or a password that is over is looked for all night.
func TestWhyALineFailsIsInTheLogOnceAMinute(t *testing.T) {
	o := open(t)
	o.reached(o.Aigul, notice.Email, "aigul@example.kz", true)
	o.fan()
	o.round()
	o.mail.do = func(int, notice.Message) (notice.Sent, error) {
		return notice.Sent{}, errors.New("the password is over")
	}
	for range 3 {
		o.Petition(o.Aigul, o.Theft)
	}
	o.fan()
	o.round()
	if n := strings.Count(o.log.String(), "the password is over"); n != 1 {
		t.Errorf("said %d times: %s", n, o.log)
	}
	o.At = o.At.Add(2 * time.Minute)
	o.round()
	if n := strings.Count(o.log.String(), "the password is over"); n != 2 {
		t.Errorf("said %d times after two minutes: %s", n, o.log)
	}
}

// One who refuses all of us looks like many who take no messages.
func TestAChannelThatRefusesEverybodyRaisesAnAlarm(t *testing.T) {
	o := open(t)
	o.reached(o.Aigul, notice.Email, "aigul@example.kz", true)
	o.fan()
	o.round()
	all := func(what string, want int) {
		t.Helper()
		got, err := notice.InVain(t.Context(), o.W.DB.DB, o.At)
		if err != nil || len(got) != len(notice.Outward) {
			t.Fatalf("%s: %v %v", what, got, err)
		}
		for _, r := range got {
			if r.Channel == notice.Email && r.Running != want || r.Channel != notice.Email && r.Running != 0 {
				t.Errorf("%s: %+v", what, got)
			}
		}
	}
	all("nobody refused", 0)
	o.mail.do = func(int, notice.Message) (notice.Sent, error) {
		return notice.Sent{}, fmt.Errorf("554 no relay: %w", notice.ErrRefused)
	}
	alarms := func() int { return strings.Count(o.log.String(), "alarm:") }
	for i := range 7 {
		o.At = o.At.Add(time.Second)
		o.Petition(o.Aigul, o.Theft)
		o.fan()
		o.round()
		if want := min(max(i-3, 0), 1); alarms() != want {
			t.Fatalf("%d alarms after %d refusals: %s", alarms(), i+1, o.log)
		}
	}
	all("seven refused", 7)
	if !strings.Contains(o.log.String(), "554 no relay") {
		t.Errorf("nothing says why: %s", o.log)
	}
	o.mail.do = nil
	o.At = o.At.Add(time.Second)
	o.Petition(o.Aigul, o.Theft)
	o.fan()
	o.round()
	o.round()
	all("one is taken", 0)
	if n := strings.Count(o.log.String(), "takes notices again"); n != 1 {
		t.Errorf("that it is over is said %d times: %s", n, o.log)
	}
}

func TestAProcessThatDiesOverAMessageLeavesItToTheNext(t *testing.T) {
	o := open(t)
	o.reached(o.Aigul, notice.Email, "aigul@example.kz", true)
	o.fan()
	o.round()
	o.quiet()
	o.Petition(o.Aigul, o.Theft)
	o.fan()
	o.mail.do = func(n int, m notice.Message) (notice.Sent, error) {
		if n == 1 { // as after kill -9: sent, and nothing written
			o.SQL.MustExec(`UPDATE delivery SET tries = tries + 1 WHERE id = $1`, m.ID)
		}
		return notice.Sent{Delivered: true}, nil
	}
	o.round()
	if n := o.count(`delivery WHERE state = 'queued'`); n != 1 {
		t.Fatalf("%d are queued", n)
	}
	o.round()
	if n := len(o.mail.came()); n != 1 {
		t.Errorf("while the lease lasts it is sent %d times", n)
	}
	o.At = o.At.Add(3 * time.Minute)
	o.round()
	came := o.mail.came()
	if len(came) != 2 || came[0].ID != came[1].ID {
		t.Errorf("afterwards it was sent %d times", len(came))
	}
	if n := o.count(`delivery WHERE state = 'queued'`); n != 0 {
		t.Errorf("%d are queued still", n)
	}
}

func TestTheNightlyCheckFindsAnActThatToldNobodyAndTells(t *testing.T) {
	o := open(t)
	hand := o.Worker.DB.DB
	if missing, err := o.Check(t.Context(), hand, o.At); err != nil || len(missing) != 0 {
		t.Fatalf("after the cast played %v are missing, %v", missing, err)
	}
	id := o.Petition(o.Aigul, o.Theft)
	o.fan()
	o.SQL.MustExec(`DELETE FROM notice WHERE object_id = $1`, id)
	missing, err := o.Check(t.Context(), hand, o.At)
	if err != nil || len(missing) != 1 || missing[0].Act != string(policy.FilingSubmit) {
		t.Fatalf("%v, %v", missing, err)
	}
	if n := o.count(`notice WHERE object_id = $1`, id); n != 2 {
		t.Errorf("%d are told of it now", n)
	}
	if missing, err := o.Check(t.Context(), hand, o.At); err != nil || len(missing) != 0 {
		t.Errorf("the next night %v, %v", missing, err)
	}
}

// Whoever let his lawyer go hears of the answer to what was filed for him all the same.
func TestAClientIsToldOfTheAnswerThoughHisLawyerIsInTheCaseNoMore(t *testing.T) {
	o := open(t)
	id := o.Petition(o.Dana, o.Theft)
	var as uuid.UUID
	if err := o.SQL.Get(&as, `SELECT participant FROM filing WHERE id = $1`, id); err != nil {
		t.Fatal(err)
	}
	if err := o.End(o.Daniyar, as); err != nil {
		t.Fatal(err)
	}
	o.fan()
	before := o.count(`notice WHERE object_id = $1 AND person = $2`, id, o.Serik.Person)
	hers := o.count(`notice WHERE object_id = $1 AND person = $2`, id, o.Dana.Person)
	o.Answer(o.Daniyar, id, filing.Refused)
	o.fan()
	if n := o.count(`notice WHERE object_id = $1 AND person = $2`, id, o.Dana.Person); n != hers {
		t.Errorf("she is told of an answer that is not for her: %d times, and %d before", n, hers)
	}
	if n := o.count(`notice WHERE object_id = $1 AND person = $2`, id, o.Serik.Person); n <= before {
		t.Errorf("he was told %d times, and %d before", n, before)
	}
}

// decided has the registrar of the police decide a report.
func (o *office) decided(id uuid.UUID, kind report.Status, earlier string) {
	o.t.Helper()
	ctx, zhandos := o.t.Context(), o.Actor("zhandos")
	n := report.NewDecision{Kind: kind, Ground: kind.Grounds()[0], Language: "kk", Terms: report.Terms{Reasons: portaltest.Reasons, Next: "Шешімді порталдан оқисыз.", Earlier: earlier}}
	if err := report.DraftDecision(ctx, o.W.DB, o.Press, zhandos.Asks(policy.BookDraft), id, n); err != nil {
		o.t.Fatal(err)
	}
	_, _, doc, err := report.DraftOfDecision(ctx, o.W.DB, zhandos.Asks(policy.BookCheck), id)
	if err != nil {
		o.t.Fatal(err)
	}
	if err := report.Decide(ctx, o.W.DB, o.Verifier, zhandos.Asks(policy.BookDecide), id, o.SignedBy(zhandos, doc.Content), doc.Digest); err != nil {
		o.t.Fatal(err)
	}
}

func TestWhoseReportWasJoinedHearsWhatIsDecidedOfTheEarlierOne(t *testing.T) {
	o := open(t)
	first, second, third := o.Report(o.Nurlan, o.Story()), o.Report(o.Aigul, o.Story()), o.Report(o.Serik, o.Story())
	o.decided(third, report.Joined, "750301-26-000002")
	o.decided(second, report.Joined, "750301-26-000001")
	o.fan()
	since := o.seq()
	o.decided(first, report.Refused, "")
	o.fan()
	for who, want := range map[*portaltest.Actor]string{o.Nurlan: "report report 750301-26-000001", o.Aigul: "report report 750301-26-000002", o.Serik: "report report 750301-26-000003"} {
		if got := o.told(who, since); len(got) != 1 || got[0] != want {
			t.Errorf("%s is told %q, not of %q", who.Word, got, want)
		}
	}
	if n := o.count(`notice WHERE person = $1 AND object_id = $2`, o.Serik.Person, first); n != 0 {
		t.Error("he is led to the report of another")
	}
}

// A term of hours waits for nobody: whose registrar has left is the other's, and where there
// is none the head's.
func TestAReportWhoseRegistrarHasLeftIsWorkOfWhoeverIsThere(t *testing.T) {
	o := open(t)
	zhandos, meruert := o.Actor("zhandos"), o.Actor("meruert")
	if _, err := o.SQL.Exec(`UPDATE officer SET body = $1 WHERE person = $2`, o.Body("police"), meruert.Person); err != nil {
		t.Fatal(err)
	}
	id := o.Report(o.Nurlan, o.Story())
	o.fan()
	var dealing uuid.UUID
	if err := o.SQL.Get(&dealing, `SELECT officer FROM report WHERE id = $1`, id); err != nil {
		t.Fatal(err)
	}
	one, other := zhandos, meruert
	if dealing == meruert.Person {
		one, other = meruert, zhandos
	}
	told := func(a *portaltest.Actor) int {
		return o.count(`notice WHERE object_id = $1 AND person = $2`, id, a.Person)
	}
	is := func(when string, hers, others, heads int) {
		t.Helper()
		if told(one) != hers || told(other) != others || told(o.Marat) != heads {
			t.Errorf("%s: its registrar was told %d times, the other %d, the head %d", when, told(one), told(other), told(o.Marat))
		}
	}
	leaves := func(a *portaltest.Actor) {
		t.Helper()
		if _, err := o.SQL.Exec(`UPDATE officer SET left_at = $2 WHERE person = $1`, a.Person, o.At); err != nil {
			t.Fatal(err)
		}
	}
	is("when it came", 1, 0, 0)
	leaves(one)
	morning := time.Date(2026, time.October, 23, 8, 30, 0, 0, deadline.Zone).UTC()
	if err := o.Remind(t.Context(), o.Worker.DB.DB, morning); err != nil {
		t.Fatal(err)
	}
	is("in its last morning", 1, 1, 0)
	leaves(other)
	o.At = o.At.Add(25 * time.Hour)
	if err := o.W.DB.Within(t.Context(), func(tx *vault.DB) error { return report.MarkOverdue(t.Context(), tx.DB, id, o.At) }); err != nil {
		t.Fatal(err)
	}
	o.fan()
	is("when it was late", 1, 1, 1)
}

// Nobody decides his own report: others hear of it as their work, and he as its author.
func TestOfARegistrarsOwnReportTheOthersAreTold(t *testing.T) {
	o := open(t)
	zhandos := o.Actor("zhandos")
	id := o.Report(zhandos, o.Story())
	o.fan()
	if n := o.count(`notice WHERE object_id = $1 AND person = $2`, id, o.Marat.Person); n != 1 {
		t.Errorf("the head, who alone may see to it, is told %d times", n)
	}
	if n := o.count(`notice WHERE object_id = $1 AND person = $2 AND kind = 'work'`, id, zhandos.Person); n != 0 {
		t.Error("his own report is his work")
	}
}

func TestTenThousandActsAreToldOf(t *testing.T) {
	o := open(t)
	id := o.Petition(o.Aigul, o.Theft)
	o.fan()
	from := o.seq()
	o.SQL.MustExec(`SELECT ledger.record($1, $2, 'filing-consider', 'filing', $3, $4, '', NULL) FROM generate_series(1, 10000)`, o.At, o.Daniyar.Person, id, o.Theft)
	began := time.Now()
	o.fan()
	took := time.Since(began)
	if n := o.count(`notice WHERE seq > $1`, from); n != 10000 {
		t.Fatalf("%d notices", n)
	}
	t.Logf("10,000 acts in %v", took.Round(time.Millisecond))
	if took > 60*time.Second {
		t.Errorf("10,000 acts take %v", took)
	}
}
