package tip_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/fault"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/tip"
)

// scene is a world with a body that receives.
type scene struct {
	*portaltest.W
	t                        *testing.T
	police, auezov           uuid.UUID
	zhandos, meruert, marat_ *portaltest.Actor
}

func open(t *testing.T) *scene {
	t.Helper()
	w := portaltest.World(t)
	s := &scene{W: w, t: t, zhandos: w.Actor("zhandos"), meruert: w.Actor("meruert"), marat_: w.Marat}
	for who, body := range map[*portaltest.Actor]*uuid.UUID{s.zhandos: &s.police, s.meruert: &s.auezov} {
		if err := w.SQL.Get(body, `SELECT body FROM officer WHERE person = $1`, who.Person); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// nobody asks: no person, no standing but a visitor's.
func (s *scene) nobody(act policy.Act) policy.Ask {
	return policy.Ask{Is: policy.Visitor, Act: act, At: s.At}
}

var words = tip.Words{Text: "Базарда күн сайын бір адам сатушылардан ақша жинайды.", When: "таңертең", Where: "Көк базар"}

// send is a tip through the pool that serves people.
func (s *scene) send(body uuid.UUID) tip.Code {
	s.t.Helper()
	code := fresh()
	if err := tip.Send(s.t.Context(), s.App, s.nobody(policy.TipSend), body, code, words); err != nil {
		s.t.Fatal(err)
	}
	return code
}

func (s *scene) read(code tip.Code) tip.Tip {
	s.t.Helper()
	got, err := tip.Read(s.t.Context(), s.App, s.nobody(policy.TipRead), code)
	if err != nil {
		s.t.Fatal(err)
	}
	return got
}

// last is the id of the tip that is alone there.
func (s *scene) last() (id uuid.UUID) {
	s.t.Helper()
	if err := s.SQL.Get(&id, `SELECT id FROM tip`); err != nil {
		s.t.Fatal(err)
	}
	return id
}

func TestWhoHoldsTheCodeReadsHisWordsAndTheAnswerAndWritesAgain(t *testing.T) {
	s := open(t)
	code := s.send(s.police)
	got := s.read(code)
	if got.Status != tip.Sent || got.Body.ID != s.police || len(got.Messages) != 1 || got.Messages[0].Words != words || got.Messages[0].Official {
		t.Errorf("he reads %+v", got)
	}
	id := s.last()
	opened, err := tip.Open(s.zhandos.As(t.Context()), s.App, s.zhandos.Asks(policy.TipOpen), id)
	if err != nil || opened.Messages[0].Words != words || opened.Status != tip.Opened {
		t.Fatalf("the duty officer reads %+v, %v", opened, err)
	}
	answer := uuid.New()
	for range 2 { // a double click
		if err := tip.Answer(s.zhandos.As(t.Context()), s.App, s.zhandos.Asks(policy.TipAnswer), id, answer, "Қай қатарда?"); err != nil {
			t.Fatal(err)
		}
	}
	more := uuid.New()
	for range 2 {
		if err := tip.Write(t.Context(), s.App, s.nobody(policy.TipWrite), code, more, "Көкөніс қатарында."); err != nil {
			t.Fatal(err)
		}
	}
	if err := tip.Close(s.marat_.As(t.Context()), s.App, s.marat_.Asks(policy.TipClose), id, uuid.New(), "Тексерілді, баянат жасалды."); err != nil {
		t.Fatal(err)
	}
	got = s.read(code)
	var said []string
	for _, m := range got.Messages {
		who := "he: "
		if m.Official {
			who = "body: "
		}
		said = append(said, who+m.Text)
	}
	if want := []string{"he: " + words.Text, "body: Қай қатарда?", "he: Көкөніс қатарында.", "body: Тексерілді, баянат жасалды."}; !slices.Equal(said, want) || got.Status != tip.Closed || got.ClosedOn.IsZero() {
		t.Errorf("in the end he reads %q, %s", said, got.Status)
	}
	if err := tip.Write(t.Context(), s.App, s.nobody(policy.TipWrite), code, uuid.New(), "Тағы."); !errors.Is(err, fault.Conflict) {
		t.Errorf("he writes into what was closed: %v", err)
	}
	acts, err := ledger.Of(t.Context(), s.DB.DB, "tip", id)
	if err != nil || len(acts) != 1 || acts[0].Who != s.zhandos.Person || acts[0].Act != string(policy.TipOpen) {
		t.Errorf("the record of the look: %+v, %v", acts, err)
	}
}

func TestTheSameCodeSentTwiceIsOneTip(t *testing.T) {
	s := open(t)
	code := s.send(s.police)
	if err := tip.Send(t.Context(), s.App, s.nobody(policy.TipSend), s.police, code, words); err != nil {
		t.Fatal(err)
	}
	if got := s.read(code); len(got.Messages) != 1 {
		t.Errorf("%d messages", len(got.Messages))
	}
	s.last()
}

func TestABodyThatReceivesNothingAndACodeThatNobodyHasAreRefused(t *testing.T) {
	s := open(t)
	var court uuid.UUID
	if err := s.SQL.Get(&court, `SELECT id FROM body WHERE kind = 'court' LIMIT 1`); err != nil {
		t.Fatal(err)
	}
	for _, body := range []uuid.UUID{court, uuid.New()} {
		if err := tip.Send(t.Context(), s.App, s.nobody(policy.TipSend), body, fresh(), words); said(err) != "form.choose" {
			t.Errorf("%s: %v", body, err)
		}
	}
	s.send(s.police)
	if _, err := tip.Read(t.Context(), s.App, s.nobody(policy.TipRead), fresh()); said(err) != "fault.tip-unknown" {
		t.Errorf("a code of nobody: %v", err)
	}
	if err := tip.Write(t.Context(), s.App, s.nobody(policy.TipWrite), fresh(), uuid.New(), "Тағы."); said(err) != "fault.tip-unknown" {
		t.Errorf("written under a code of nobody: %v", err)
	}
}

func TestNobodyButTheBodyItWasSentToFindsATip(t *testing.T) {
	s := open(t)
	s.send(s.police)
	id := s.last()
	for _, who := range []*portaltest.Actor{s.meruert, s.Ermek, s.Daniyar, s.Zhanar, s.Gulnar, s.Aigul, s.Bolat, s.Aliya} {
		for _, db := range []string{"both fences", "the first fence alone"} {
			over := s.App
			if db != "both fences" {
				over = s.DB
			}
			if _, err := tip.Open(who.As(t.Context()), over, who.Asks(policy.TipOpen), id); !errors.Is(err, fault.NotFound) && !errors.Is(err, fault.Forbidden) {
				t.Errorf("%s opens it behind %s: %v", who.Word, db, err)
			}
			if err := tip.Answer(who.As(t.Context()), over, who.Asks(policy.TipAnswer), id, uuid.New(), "Иә."); !errors.Is(err, fault.NotFound) && !errors.Is(err, fault.Forbidden) {
				t.Errorf("%s answers it behind %s: %v", who.Word, db, err)
			}
		}
		var rows int
		if err := s.App.Get(who.As(t.Context()), &rows, `SELECT count(*) FROM tip`); err != nil || rows != 0 {
			t.Errorf("the database shows %s %d, %v", who.Word, rows, err)
		}
	}
	for _, who := range []*portaltest.Actor{s.zhandos, s.marat_} {
		if all, _, err := tip.List(who.As(t.Context()), s.App, who.Asks(policy.TipList), uuid.Nil); err != nil || len(all) != 1 || all[0].ID != id {
			t.Errorf("%s lists %v, %v", who.Word, all, err)
		}
	}
	if all, _, err := tip.List(s.meruert.As(t.Context()), s.App, s.meruert.Asks(policy.TipList), uuid.Nil); err != nil || len(all) != 0 {
		t.Errorf("the neighbour lists %v, %v", all, err)
	}
	var rows int
	if err := s.App.Get(t.Context(), &rows, `SELECT count(*) FROM tip_message`); err != nil || rows != 0 {
		t.Errorf("the database shows %d to nobody in particular, %v", rows, err)
	}
}

// However many somebody sends, none of another's is hidden.
func TestEveryTipOfABodyIsReachedPageByPage(t *testing.T) {
	s := open(t)
	code := s.send(s.police)
	if _, err := s.SQL.Exec(`UPDATE tip SET day = day + 1`); err != nil {
		t.Fatal(err)
	}
	late := s.last()
	s.send(s.police)
	if _, err := s.SQL.Exec(`INSERT INTO tip (id, body, handle, key, day, status, closed_on)
		SELECT gen_random_uuid(), body, sha256(n::text::bytea), key, day, CASE WHEN n % 3 = 0 THEN 'closed' ELSE 'sent' END, CASE WHEN n % 3 = 0 THEN day END
		  FROM tip, generate_series(1, 3 * $2) n WHERE id <> $1`, late, tip.PerPage); err != nil {
		t.Fatal(err)
	}
	seen, pages := map[uuid.UUID]bool{}, 0
	for after, more := uuid.Nil, true; more; pages++ {
		var all []tip.Tip
		var err error
		if all, more, err = tip.List(s.zhandos.As(t.Context()), s.App, s.zhandos.Asks(policy.TipList), after); err != nil || len(all) == 0 {
			t.Fatalf("page %d: %d, %v", pages, len(all), err)
		}
		for _, one := range all {
			if seen[one.ID] {
				t.Fatal("one is shown twice")
			}
			seen[one.ID] = true
		}
		after = all[len(all)-1].ID
	}
	if len(seen) != 3*tip.PerPage+2 || pages != 4 || !seen[late] {
		t.Errorf("%d on %d pages; the latest among them: %v", len(seen), pages, seen[late])
	}
	if s.read(code).Status != tip.Sent {
		t.Error("it is opened by a list")
	}
}

func TestATipIsAnsweredOnlyAfterSomebodyLookedAndNotAfterItsEnd(t *testing.T) {
	s := open(t)
	s.send(s.police)
	id := s.last()
	answer := func() error {
		return tip.Answer(s.zhandos.As(t.Context()), s.App, s.zhandos.Asks(policy.TipAnswer), id, uuid.New(), "Рахмет.")
	}
	if err := answer(); !errors.Is(err, fault.Conflict) {
		t.Errorf("unseen: %v", err)
	}
	if _, err := tip.Open(s.zhandos.As(t.Context()), s.App, s.zhandos.Asks(policy.TipOpen), id); err != nil {
		t.Fatal(err)
	}
	if err := answer(); err != nil {
		t.Error(err)
	}
	if err := tip.Close(s.zhandos.As(t.Context()), s.App, s.zhandos.Asks(policy.TipClose), id, uuid.New(), "Бізге қатысы жоқ."); err != nil {
		t.Error(err)
	}
	if err := answer(); !errors.Is(err, fault.Conflict) {
		t.Errorf("after the end: %v", err)
	}
}

func TestNothingKeptOfATipTellsWhenOrBeforeWhichOtherItCame(t *testing.T) {
	s := open(t)
	var before, traces int64
	s.count(&before, `SELECT coalesce(max(seq), 0) FROM record`)
	s.count(&traces, `SELECT coalesce(max(n), 0) FROM trace`)
	for range 20 {
		s.send(s.police)
	}
	var n int64
	if s.count(&n, `SELECT max(seq) FROM record`); n != before {
		t.Errorf("%d acts in the record", n-before)
	}
	if s.count(&n, `SELECT coalesce(max(n), 0) FROM trace`); n != traces {
		t.Errorf("%d traces", n-traces)
	}
	if s.count(&n, `SELECT count(*) FROM job WHERE args::text LIKE '%tip%'`); n != 0 {
		t.Errorf("%d jobs", n)
	}
	// No column of either table can hold a moment, and no id tells one.
	var columns []string
	if err := s.SQL.Select(&columns, `SELECT table_name || '.' || column_name || ' ' || data_type FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name IN ('tip', 'tip_message') AND data_type LIKE 'time%'`); err != nil || len(columns) > 0 {
		t.Errorf("moments can stand in %q, %v", columns, err)
	}
	var ids []uuid.UUID
	if err := s.SQL.Select(&ids, `SELECT id FROM tip UNION ALL SELECT id FROM tip_message`); err != nil || len(ids) != 40 {
		t.Fatalf("%d ids, %v", len(ids), err)
	}
	for _, id := range ids {
		if id.Version() != 4 {
			t.Errorf("%s tells when it was made", id)
		}
	}
	// And the length of a text is that of many others.
	var sizes int64
	if s.count(&sizes, `SELECT count(DISTINCT octet_length(text)) + count(DISTINCT octet_length(own)) FROM tip_message`); sizes != 2 {
		t.Errorf("%d lengths", sizes)
	}
}

func (s *scene) count(into *int64, query string) {
	s.t.Helper()
	if err := s.SQL.Get(into, query); err != nil {
		s.t.Fatal(err)
	}
}

// day goes on to the next morning.
func (s *scene) day(n int) { s.At = s.At.AddDate(0, 0, n) }

func TestWhatCameIsWrittenDownTheNextDayAndEveryChangeOfItShows(t *testing.T) {
	s := open(t)
	s.send(s.police)
	s.send(s.auezov)
	var before, after int64
	s.count(&before, `SELECT max(seq) FROM record`)
	if err := tip.WriteDown(t.Context(), s.DB.DB, s.At); err != nil {
		t.Fatal(err)
	}
	if s.count(&after, `SELECT max(seq) FROM record`); after != before {
		t.Error("what came today is written down today: its place tells when it came")
	}
	s.day(1)
	for range 2 {
		if err := tip.WriteDown(t.Context(), s.DB.DB, s.At); err != nil {
			t.Fatal(err)
		}
	}
	if s.count(&after, `SELECT max(seq) FROM record`); after != before+1 {
		t.Errorf("%d acts for a day", after-before)
	}
	var id uuid.UUID
	if err := s.SQL.Get(&id, `SELECT id FROM tip WHERE body = $1`, s.police); err != nil {
		t.Fatal(err)
	}
	if _, err := tip.Open(s.zhandos.As(t.Context()), s.App, s.zhandos.Asks(policy.TipOpen), id); err != nil {
		t.Fatal(err)
	}
	if err := tip.Answer(s.zhandos.As(t.Context()), s.App, s.zhandos.Asks(policy.TipAnswer), id, uuid.New(), "Рахмет."); err != nil {
		t.Fatal(err)
	}
	if wrong, err := tip.Check(t.Context(), s.DB.DB); err != nil || len(wrong) != 0 {
		t.Fatalf("untouched: %q, %v", wrong, err)
	}
	if _, err := s.SQL.Exec(`CREATE TABLE was_tip AS TABLE tip; CREATE TABLE was_message AS TABLE tip_message`); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]string{
		"a tip is sent elsewhere":     `UPDATE tip SET body = (SELECT body FROM tip t WHERE t.body <> tip.body LIMIT 1) WHERE id = (SELECT id FROM tip LIMIT 1)`,
		"a message is gone":           `DELETE FROM tip_message WHERE id = (SELECT id FROM tip_message WHERE author IS NULL LIMIT 1)`,
		"an answer is gone":           `DELETE FROM tip_message WHERE author IS NOT NULL`,
		"another day":                 `UPDATE tip_message SET day = day - 1 WHERE author IS NULL`,
		"another text":                `UPDATE tip_message SET own = own || '\x00' WHERE author IS NULL`,
		"another text and its digest": `UPDATE tip_message SET own = own || '\x00', digest = sha256(own) WHERE author IS NULL`,
		"another answer":              `UPDATE tip_message SET digest = sha256('') WHERE author IS NOT NULL`,
		"an answer is nobody's":       `UPDATE tip_message SET author = NULL WHERE author IS NOT NULL`,
		"another code opens it":       `UPDATE tip SET handle = sha256(handle)`,
		"it came in no batch":         `UPDATE tip_message SET batch = NULL`,
		"it came in another":          `UPDATE tip_message SET batch = gen_random_uuid() WHERE author IS NULL`,
	} {
		res, err := s.SQL.Exec(change)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if n, _ := res.RowsAffected(); n == 0 {
			t.Fatalf("%s changes nothing", name)
		}
		if wrong, err := tip.Check(t.Context(), s.DB.DB); err != nil || len(wrong) == 0 {
			t.Errorf("%s: nothing shows, %v", name, err)
		}
		if _, err := s.SQL.Exec(`DELETE FROM tip_message; DELETE FROM tip; INSERT INTO tip TABLE was_tip; INSERT INTO tip_message TABLE was_message`); err != nil {
			t.Fatal(err)
		}
	}
	if wrong, err := tip.Check(t.Context(), s.DB.DB); err != nil || len(wrong) != 0 {
		t.Errorf("put back: %q, %v", wrong, err)
	}
}

func TestTextsGoNinetyDaysAfterTheEndAndTheCheckStillHolds(t *testing.T) {
	s := open(t)
	code := s.send(s.police)
	open := s.send(s.auezov)
	var id uuid.UUID
	if err := s.SQL.Get(&id, `SELECT id FROM tip WHERE body = $1`, s.police); err != nil {
		t.Fatal(err)
	}
	if _, err := tip.Open(s.zhandos.As(t.Context()), s.App, s.zhandos.Asks(policy.TipOpen), id); err != nil {
		t.Fatal(err)
	}
	if err := tip.Close(s.zhandos.As(t.Context()), s.App, s.zhandos.Asks(policy.TipClose), id, uuid.New(), "Аяқталды."); err != nil {
		t.Fatal(err)
	}
	closed := s.At
	forget := func(days int) tip.Tip {
		s.At = closed.AddDate(0, 0, days)
		if err := errors.Join(tip.WriteDown(t.Context(), s.DB.DB, s.At), tip.Forget(t.Context(), s.DB.DB, s.At)); err != nil {
			t.Fatal(err)
		}
		return s.read(code)
	}
	if got := forget(tip.Kept - 1); got.Forgotten || got.Messages[0].Words != words {
		t.Errorf("a day before: %+v", got)
	}
	for range 2 {
		got := forget(tip.Kept)
		if !got.Forgotten || len(got.Messages) != 2 || !got.Messages[0].Gone || !got.Messages[1].Gone || got.Messages[0].Text != "" {
			t.Errorf("on the day: %+v", got)
		}
	}
	var acts int64
	if s.count(&acts, `SELECT count(*) FROM record WHERE act = 'tip-forget'`); acts != 1 {
		t.Errorf("%d acts of forgetting", acts)
	}
	if got := s.read(open); got.Forgotten || got.Messages[0].Words != words {
		t.Errorf("one that is open is gone: %+v", got)
	}
	if wrong, err := tip.Check(t.Context(), s.DB.DB); err != nil || len(wrong) != 0 {
		t.Errorf("afterwards the check says %q, %v", wrong, err)
	}
	if day := tip.GoneOn(time.Date(2026, 10, 22, 0, 0, 0, 0, time.UTC)); day.Format(time.DateOnly) != "2027-01-20" {
		t.Errorf("it goes on %v", day)
	}
}

func TestWhoHoldsTheWholeDatabaseReadsNothingWithoutTheCode(t *testing.T) {
	s := open(t)
	code := s.send(s.police)
	var rows []struct {
		Handle, Key, Text, Own, Digest []byte
	}
	if err := s.SQL.Select(&rows, `SELECT handle, key, text, own, digest FROM tip JOIN tip_message m ON m.tip = tip.id`); err != nil || len(rows) != 1 {
		t.Fatal(err)
	}
	for _, column := range [][]byte{rows[0].Handle, rows[0].Key, rows[0].Text, rows[0].Own, rows[0].Digest} {
		for _, secret := range []string{string(code), strings.Join(code.Groups(), " "), words.Text, words.Where} {
			if bytes.Contains(column, []byte(secret)) {
				t.Error("it stands there in clear")
			}
		}
	}
	b, err := tip.BearerOf(s.App.Keys, fresh())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tip.OpenWith(b, uuid.New(), rows[0].Own); err == nil {
		t.Error("another code opens it")
	}
}

func TestAConversationHasAnEnd(t *testing.T) {
	s := open(t)
	code := s.send(s.police)
	id := s.last()
	if _, err := s.SQL.Exec(`INSERT INTO tip_message (id, tip, n, day, text, own, digest)
		SELECT gen_random_uuid(), $1, g, day, text, own, digest FROM tip_message, generate_series(2, 60) g WHERE tip = $1 AND n = 1`, id); err != nil {
		t.Fatal(err)
	}
	if err := tip.Write(t.Context(), s.App, s.nobody(policy.TipWrite), code, uuid.New(), "Тағы."); said(err) != "fault.tip-full" {
		t.Errorf("the %d. message: %v", tip.MaxTalk+1, err)
	}
}
