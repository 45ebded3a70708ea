package directory_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/directory"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

func wantKind(t *testing.T, what string, kind fault.Kind, err error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s: %v, want %s", what, err, kind)
	}
}

func wantMessage(t *testing.T, what, message string, err error) {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) || f.Message != message {
		t.Errorf("%s: %v, want %s", what, err, message)
	}
}

// enters is an entry of somebody of the cast into a post of the police.
func enters(w *portaltest.W, who *portaltest.Actor, post, body string) directory.Entry {
	return directory.Entry{IIN: who.IIN, Name: who.FullName(), Post: post, Body: w.Body(body), Language: "kk"}
}

func leaves(who *portaltest.Actor) directory.Entry {
	return directory.Entry{Leaves: true, IIN: who.IIN, Language: "kk"}
}

// finds tells whether somebody finds a case.
func finds(t *testing.T, w *portaltest.W, who *portaltest.Actor, id uuid.UUID) bool {
	t.Helper()
	_, err := casefile.Read(t.Context(), w.DB, who.Asks(policy.CaseRead), id)
	if err != nil && !errors.Is(err, fault.NotFound) {
		t.Fatal(err)
	}
	return err == nil
}

const officers = `SELECT person, post, until, left_at FROM officer WHERE person IN (SELECT person FROM appointment) ORDER BY person`

func TestAnEntryTakesEffectWhenASecondPersonHasSignedIt(t *testing.T) {
	w := portaltest.World(t)
	e := enters(w, w.Nurlan, "investigator", "police")
	e.Until = time.Date(2027, time.March, 1, 0, 0, 0, 0, time.UTC)
	id, err := w.Propose(w.Bolat, e)
	if err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT a.person, a.post, a.status, a.proposer, a.second, (SELECT count(*) FROM officer o WHERE o.person = a.person) AS officers FROM appointment a`, `
		person | post         | status   | proposer | second | officers
		nurlan | investigator | proposed | bolat    |        | 0`)
	if is := w.Nurlan.Asks(policy.Home).Is; is&policy.Official != 0 {
		t.Errorf("one signature made him %v", is.Names())
	}
	if err := w.Second(w.Raushan, id, true); err != nil {
		t.Fatal(err)
	}
	w.Want(t, officers, `
		person | post         | until      | left_at
		nurlan | investigator | 2027-03-01 |`)
	w.Want(t, `SELECT a.status, a.second, a.settled_at, s.agrees, d.kind, d.signer FROM appointment a JOIN assent s ON s.about = a.document JOIN document d ON d.id = s.document`, `
		status    | second  | settled_at          | agrees | kind   | signer
		effective | raushan | 2026-10-22 14:30:00 | true   | assent | raushan`)
	w.Want(t, `SELECT who, act, casefile, digest IS NOT NULL AS signed FROM record WHERE object = 'appointment' ORDER BY seq`, `
		who     | act                 | casefile | signed
		bolat   | appointment-draft   |          | true
		bolat   | appointment-propose |          | true
		raushan | appointment-reply   |          | true
		raushan | appointment-agree   |          | true`)
	if is := w.Nurlan.Asks(policy.Home).Is; is&policy.Investigator == 0 {
		t.Errorf("he is %v", is.Names())
	}
	wantKind(t, "it is seconded once more", fault.Conflict, w.Second(w.Raushan, id, true))
	w.Sound()
}

func TestNobodySignsAloneNorAboutHimself(t *testing.T) {
	w := portaltest.World(t)
	_, err := w.Propose(w.Bolat, enters(w, w.Bolat, "investigator", "police"))
	wantMessage(t, "about himself", "fault.appointment-self", err)
	id, err := w.Propose(w.Bolat, enters(w, w.Raushan, "auditor", "center"))
	if err != nil {
		t.Fatal(err)
	}
	wantKind(t, "the proposer seconds it", fault.Forbidden, w.Second(w.Bolat, id, true))
	wantKind(t, "the subject seconds it", fault.Forbidden, w.Second(w.Raushan, id, true))
	for _, other := range []*portaltest.Actor{w.Marat, w.Gulnar, w.Daniyar, w.Zhanar, w.Aigul, w.Stranger} {
		wantKind(t, other.Word+" seconds it", fault.NotFound, w.Second(other, id, true))
		_, err := w.Propose(other, enters(w, w.Nurlan, "investigator", "police"))
		wantKind(t, other.Word+" proposes", fault.Forbidden, err)
	}
	w.Want(t, `SELECT status, second FROM appointment`, "status | second\nproposed |")

	// The database holds it, too, where the code would forget.
	for what, change := range map[string]string{
		"the proposer": `UPDATE appointment SET status = 'effective', settled_at = now(), second = proposer`,
		"the subject":  `UPDATE appointment SET status = 'effective', settled_at = now(), second = person`,
		"nobody":       `UPDATE appointment SET status = 'effective', settled_at = now()`,
	} {
		if _, err := w.SQL.Exec(change); err == nil {
			t.Errorf("the database lets %s be the second", what)
		}
	}
	w.Sound()
}

func TestAHeadSecondsEntriesIntoHisBodyAndNoOthers(t *testing.T) {
	w := portaltest.World(t)
	into, err := w.Propose(w.Bolat, enters(w, w.Nurlan, "investigator", "police"))
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, err := w.Propose(w.Bolat, enters(w, w.Stranger, "prosecutor", "prosecution"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := w.Propose(w.Bolat, leaves(w.Ermek))
	if err != nil {
		t.Fatal(err)
	}
	wantKind(t, "into another body", fault.NotFound, w.Second(w.Marat, elsewhere, true))
	wantKind(t, "out of his own", fault.NotFound, w.Second(w.Marat, out, true))
	waiting, err := directory.Waiting(t.Context(), w.DB, w.Marat.Asks(policy.DirectoryRead))
	if err != nil || len(waiting) != 1 || waiting[0].ID != into {
		t.Errorf("he sees %d entries, %v", len(waiting), err)
	}
	if err := w.Second(w.Marat, into, false); err != nil {
		t.Fatal(err)
	}
	if err := w.Second(w.Gulnar, elsewhere, true); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT person, status, second FROM appointment ORDER BY made_at, id`, `
		person | status    | second
		nurlan | declined  | marat
		asel   | effective | gulnar
		ermek  | proposed  |`)
	a, err := directory.Read(t.Context(), w.DB, w.Bolat.Asks(policy.AppointmentRead), into)
	if err != nil {
		t.Fatal(err)
	}
	if reply, err := directory.ReplyTo(t.Context(), w.DB, a); err != nil || reply.Reasons != portaltest.Reasons {
		t.Errorf("the reasons reach the proposer as %q, %v", reply.Reasons, err)
	}
	w.Want(t, `SELECT count(*) FROM officer WHERE person = '`+w.Nurlan.Person.String()+`'`, "count\n0")
	w.Sound()
}

func TestWhoLeavesOrMovesLosesHisCasesAndHisSessionsTheSameSecond(t *testing.T) {
	for name, change := range map[string]func(*portaltest.W) directory.Entry{
		"he leaves":                 func(w *portaltest.W) directory.Entry { return leaves(w.Daniyar) },
		"he moves to another body":  func(w *portaltest.W) directory.Entry { return enters(w, w.Daniyar, "registrar", "prosecution") },
		"he comes to another post":  func(w *portaltest.W) directory.Entry { return enters(w, w.Daniyar, "registrar", "police") },
		"he becomes a body's other": func(w *portaltest.W) directory.Entry { return enters(w, w.Daniyar, "auditor", "center") },
	} {
		t.Run(name, func(t *testing.T) {
			w := portaltest.World(t)
			petition := w.Petition(w.Aigul, w.Theft)
			if _, err := w.SQL.Exec(`INSERT INTO session (token_hash, id, person, certificate, way, made_at, seen_at, ends_at, told)
				VALUES (decode(repeat('00', 32), 'hex'), gen_random_uuid(), $1, decode(repeat('00', 32), 'hex'), 'agent', $2, $2, $2, true)`, w.Daniyar.Person, w.At); err != nil {
				t.Fatal(err)
			}
			if !finds(t, w, w.Daniyar, w.Theft) {
				t.Fatal("he does not find his own case")
			}
			stale := w.Daniyar.Asks(policy.CaseRead) // a request that began before
			w.Enter(change(w))
			if finds(t, w, w.Daniyar, w.Theft) || finds(t, w, w.Daniyar, w.Fraud) {
				t.Error("he finds a case")
			}
			_, err := casefile.Read(t.Context(), w.DB, stale, w.Theft)
			wantKind(t, "a request that began before", fault.NotFound, err)
			_, err = filing.Read(t.Context(), w.DB, stale.To(policy.FilingRead), petition)
			wantKind(t, "a petition that waits for him", fault.NotFound, err)
			err = filing.Step(t.Context(), w.DB, stale.To(policy.FilingConsider), petition)
			wantKind(t, "he takes it up", fault.NotFound, err)
			w.Want(t, `SELECT count(*) FROM session WHERE person = '`+w.Daniyar.Person.String()+`'`, "count\n0")
			w.Want(t, `SELECT count(*) FROM duty WHERE person = '`+w.Daniyar.Person.String()+`'`, "count\n0")
			orphans, err := directory.Orphans(t.Context(), w.DB, w.Marat.Asks(policy.UnitRead))
			if err != nil || !orphans[w.Theft] || !orphans[w.Fraud] {
				t.Errorf("his head is told of %v, %v", orphans, err)
			}
			w.Sound()
		})
	}
}

func TestANewTermAloneTakesNothingAway(t *testing.T) {
	w := portaltest.World(t)
	e := enters(w, w.Daniyar, "investigator", "police")
	e.Until = time.Date(2026, time.October, 23, 0, 0, 0, 0, time.UTC)
	w.Enter(e)
	if !finds(t, w, w.Daniyar, w.Theft) {
		t.Error("he lost his case")
	}
	w.At = time.Date(2026, time.October, 23, 18, 59, 0, 0, time.UTC) // a minute before midnight in Almaty
	if err := directory.Expire(t.Context(), w.DB, w.At); err != nil {
		t.Fatal(err)
	}
	if !finds(t, w, w.Daniyar, w.Theft) {
		t.Error("he lost it before the end of his last day")
	}
	w.At = w.At.Add(time.Minute)
	if finds(t, w, w.Daniyar, w.Theft) {
		t.Error("he finds his case after his last day")
	}
	for range 2 {
		if err := directory.Expire(t.Context(), w.DB, w.At); err != nil {
			t.Fatal(err)
		}
	}
	w.Want(t, `SELECT who, act, object_id FROM record WHERE object = 'officer'`, "who | act | object_id\n| officer-expire | daniyar")
	w.Want(t, `SELECT left_at FROM officer WHERE person = '`+w.Daniyar.Person.String()+`'`, "left_at\n2026-10-24 00:00:00")
	w.Sound()
}

func TestAnEntryIsHeldAgainstTheRules(t *testing.T) {
	w := portaltest.World(t)
	propose := func(e directory.Entry) error {
		_, err := w.Propose(w.Bolat, e)
		return err
	}
	wantMessage(t, "a prosecutor of the police", "fault.appointment-post", propose(enters(w, w.Nurlan, "prosecutor", "police")))
	wantMessage(t, "an administrator of the police", "fault.appointment-post", propose(enters(w, w.Nurlan, "administrator", "police")))
	wantMessage(t, "a post nobody knows", "fault.appointment-post", propose(enters(w, w.Nurlan, "king", "police")))
	nowhere := enters(w, w.Nurlan, "investigator", "police")
	nowhere.Body = uuid.New()
	wantMessage(t, "a body that is not there", "form.choose", propose(nowhere))
	wantMessage(t, "somebody leaves who is in no post", "fault.appointment-nobody", propose(leaves(w.Aigul)))
	past := enters(w, w.Nurlan, "investigator", "police")
	past.Until = time.Date(2026, time.October, 21, 0, 0, 0, 0, time.UTC)
	wantMessage(t, "a term that is over", "fault.last-day", propose(past))
	past.Until = past.Until.AddDate(20, 0, 0)
	wantMessage(t, "a term of twenty years", "fault.last-day", propose(past))
	w.Want(t, `SELECT (SELECT count(*) FROM appointment) AS entries, (SELECT count(*) FROM document WHERE kind = 'appointment') AS papers`, "entries | papers\n0 | 0")

	if err := propose(enters(w, w.Nurlan, "investigator", "police")); err != nil {
		t.Fatal(err)
	}
	wantMessage(t, "a second entry about him", "fault.appointment-waits", propose(enters(w, w.Nurlan, "head", "police")))
	w.Sound()
}

func TestTwoAdministratorsRemain(t *testing.T) {
	w := portaltest.World(t)
	w.Enter(enters(w, w.Nurlan, "administrator", "center"))
	id, err := w.Propose(w.Bolat, leaves(w.Raushan))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Second(w.Nurlan, id, true); err != nil {
		t.Errorf("of three one may leave: %v", err)
	}
	// He who moves to the police is seconded by its head: nobody is left to be third.
	id, err = w.Propose(w.Bolat, enters(w, w.Nurlan, "investigator", "police"))
	if err != nil {
		t.Fatal(err)
	}
	wantMessage(t, "of two none may", "fault.appointment-last", w.Second(w.Marat, id, true))
	w.Want(t, `SELECT person FROM officer WHERE post = 'administrator' AND left_at IS NULL ORDER BY person`, "person\nbolat\nnurlan")
	w.Sound()
}

// Whoever has a last day is no administrator tomorrow: of two who sign entries one must not be
// left alone by a day that comes.
func TestTwoAdministratorsRemainWhoseTermsDoNotEnd(t *testing.T) {
	w := portaltest.World(t)
	short := enters(w, w.Nurlan, "administrator", "center")
	short.Until = time.Date(2026, time.October, 30, 0, 0, 0, 0, time.UTC)
	w.Enter(short)
	id, err := w.Propose(w.Bolat, leaves(w.Raushan))
	if err != nil {
		t.Fatal(err)
	}
	wantMessage(t, "one leaves, and a third stays for a week", "fault.appointment-last", w.Second(w.Nurlan, id, true))
	if err := w.Second(w.Nurlan, id, false); err != nil {
		t.Fatal(err)
	}
	term := enters(w, w.Raushan, "administrator", "center")
	term.Until = short.Until
	if id, err = w.Propose(w.Bolat, term); err != nil {
		t.Fatal(err)
	}
	wantMessage(t, "one of the two is given a last day", "fault.appointment-last", w.Second(w.Nurlan, id, true))
	if id, err = w.Propose(w.Bolat, leaves(w.Nurlan)); err != nil {
		t.Fatal(err)
	}
	if err := w.Second(w.Raushan, id, true); err != nil {
		t.Errorf("who has a last day goes before it: %v", err)
	}
	w.Sound()
}

// Of three two are let go at once, each entry in its own transaction: the second finds that
// the first has left.
func TestTwoAdministratorsRemainWhenTwoAreLetGoAtOnce(t *testing.T) {
	w := portaltest.World(t)
	w.Enter(enters(w, w.Nurlan, "administrator", "center"))
	var ids []uuid.UUID
	for _, who := range []*portaltest.Actor{w.Raushan, w.Nurlan} {
		id, err := w.Propose(w.Bolat, leaves(who))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	hold, err := w.SQL.Beginx()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hold.Exec(`SELECT person FROM officer WHERE person = $1 FOR UPDATE`, w.Bolat.Person); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	for i, second := range []*portaltest.Actor{w.Nurlan, w.Raushan} {
		go func() { done <- w.Second(second, ids[i], true) }()
	}
	time.Sleep(time.Second) // both have come as far as the row of who proposed
	if err := hold.Rollback(); err != nil {
		t.Fatal(err)
	}
	refused := 0
	for range ids {
		if err := <-done; err != nil {
			refused++
			wantMessage(t, "the later one", "fault.appointment-last", err)
		}
	}
	if refused != 1 {
		t.Errorf("%d are refused", refused)
	}
	w.Want(t, `SELECT count(*) FROM officer WHERE post = 'administrator' AND left_at IS NULL`, "count\n2")
	w.Sound()
}

func TestWhatAnAdministratorProposedDoesNotOutliveHim(t *testing.T) {
	w := portaltest.World(t)
	w.Enter(enters(w, w.Nurlan, "administrator", "center"))
	id, err := w.Propose(w.Bolat, enters(w, w.Stranger, "head", "police"))
	if err != nil {
		t.Fatal(err)
	}
	away, err := w.Propose(w.Raushan, leaves(w.Bolat))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Second(w.Nurlan, away, true); err != nil {
		t.Fatal(err)
	}
	wantMessage(t, "it is seconded afterwards", "fault.appointment-proposer", w.Second(w.Raushan, id, true))
	if err := w.Second(w.Raushan, id, false); err != nil {
		t.Errorf("it can be declined: %v", err)
	}
	w.Want(t, `SELECT count(*) FROM officer WHERE person = '`+w.Stranger.Person.String()+`'`, "count\n0")
	w.Sound()
}

func TestAForeignOrAStaleSignatureChangesNothing(t *testing.T) {
	w := portaltest.World(t)
	ctx, id := t.Context(), uuid.Must(uuid.NewV7())
	if err := directory.DraftEntry(ctx, w.DB, w.Press, w.Bolat.Asks(policy.AppointmentDraft), id, enters(w, w.Nurlan, "investigator", "police")); err != nil {
		t.Fatal(err)
	}
	_, doc, err := directory.Paper(ctx, w.DB, w.Bolat.Asks(policy.AppointmentPaper), id)
	if err != nil {
		t.Fatal(err)
	}
	propose := func(cms, digest []byte) error {
		return directory.Propose(ctx, w.DB, w.Verifier, w.Bolat.Asks(policy.AppointmentPropose), id, cms, digest)
	}
	wantMessage(t, "another's key", "fault.eds.other-person", propose(w.SignedBy(w.Raushan, doc.Content), doc.Digest))
	wantMessage(t, "no signature", "fault.unsigned", propose(nil, doc.Digest))
	wantMessage(t, "another paper", "fault.document-changed", propose(w.SignedBy(w.Bolat, doc.Content), make([]byte, 32)))
	_, err = directory.Read(ctx, w.DB, w.Raushan.Asks(policy.AppointmentRead), id)
	wantKind(t, "a draft of another's", fault.NotFound, err)
	if err := directory.Discard(ctx, w.DB, w.Bolat.Asks(policy.AppointmentDiscard), id); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT (SELECT count(*) FROM appointment) AS entries, (SELECT count(*) FROM document WHERE kind = 'appointment') AS papers`, "entries | papers\n0 | 0")
	w.Sound()
}

func TestTheDirectoryIsSearchedByAdministratorsAndAHeadSeesHisOwnBody(t *testing.T) {
	w := portaltest.World(t)
	ctx := t.Context()
	o, err := directory.Find(ctx, w.DB, w.Bolat.Asks(policy.DirectoryFind), w.Ermek.IIN)
	if err != nil || o.ID != w.Ermek.Person || o.Post != "investigator" {
		t.Errorf("found %+v, %v", o, err)
	}
	_, err = directory.Find(ctx, w.DB, w.Bolat.Asks(policy.DirectoryFind), w.Aigul.IIN)
	wantKind(t, "a citizen", fault.NotFound, err)
	for _, who := range []*portaltest.Actor{w.Marat, w.Daniyar, w.Aigul} {
		if _, err := directory.Find(ctx, w.DB, who.Asks(policy.DirectoryFind), w.Ermek.IIN); err == nil {
			t.Errorf("%s searches by IIN", who.Word)
		}
		if _, err := directory.Bodies(ctx, w.DB, who.Asks(policy.DirectoryRead)); err == nil {
			t.Errorf("%s lists all bodies", who.Word)
		}
		if _, err := directory.Officials(ctx, w.DB, who.Asks(policy.DirectoryRead), w.Body("prosecution")); err == nil {
			t.Errorf("%s lists the officials of a body", who.Word)
		}
	}
	own, err := directory.Own(ctx, w.DB, w.Marat.Asks(policy.DirectoryRead))
	if err != nil {
		t.Fatal(err)
	}
	portaltest.WantText(t, "Marat's body", portaltest.Lines(own, func(o directory.Official) string { return w.Word(o.ID) + " | " + o.Post }), `
		daniyar | investigator
		ermek   | investigator
		marat   | head
		zhandos | registrar`)
	_, err = directory.Own(ctx, w.DB, w.Daniyar.Asks(policy.DirectoryRead))
	wantKind(t, "an investigator", fault.Forbidden, err)
}

func TestTheFirstTwoAdministratorsAreEnteredWithoutASecondAndNoThird(t *testing.T) {
	db := portaltest.Empty(t)
	ctx, at := t.Context(), portaltest.Afternoon
	body := identity.Body{NameKK: "Орталық", NameRU: "Центр"}
	for range 2 { // once more the same one changes nothing
		if _, err := directory.First(ctx, db, at, "811111399014", "Бірінші", body, uuid.Nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := directory.First(ctx, db, at, "860722499019", "Екінші", body, uuid.Nil); err != nil {
		t.Fatal(err)
	}
	if _, err := directory.First(ctx, db, at, "920615399014", "Үшінші", body, uuid.Nil); !errors.Is(err, directory.ErrEnough) {
		t.Errorf("a third: %v", err)
	}
	sql := portaltest.SQL(t, db.DB)
	var got struct{ Officers, Bodies, Persons, Records int }
	if err := sql.Get(&got, `SELECT (SELECT count(*) FROM officer WHERE post = 'administrator') AS officers, (SELECT count(*) FROM body) AS bodies,
		(SELECT count(*) FROM person) AS persons, (SELECT count(*) FROM record WHERE act = 'officer-first' AND who IS NULL) AS records`); err != nil {
		t.Fatal(err)
	}
	if got.Officers != 2 || got.Bodies != 1 || got.Persons != 2 || got.Records != 3 {
		t.Errorf("%+v", got)
	}
}

// Fifty entries into other bodies, newer ones, hide none into his from a head.
func TestAHeadSeesWhatWasSettledOfHisBodyHoweverMuchIsOfOthers(t *testing.T) {
	w := portaltest.World(t)
	w.Enter(enters(w, w.Nurlan, "investigator", "police"))
	w.SQL.MustExec(`INSERT INTO document (id, casefile, author, kind, language, content, digest, size, nonce, made_at)
		SELECT gen_random_uuid(), casefile, author, kind, language, content, sha256(CAST(n AS text)::bytea), size, NULL, made_at + n * interval '1 hour'
		  FROM document CROSS JOIN generate_series(1, 50) AS n WHERE id = (SELECT document FROM appointment)`)
	w.SQL.MustExec(`INSERT INTO appointment (id, person, name, leaves, post, body, proposer, second, document, status, made_at, proposed_at, settled_at)
		SELECT gen_random_uuid(), a.person, a.name, false, 'judge', $1, a.proposer, a.second, d.id, 'declined', d.made_at, d.made_at, d.made_at
		  FROM appointment a JOIN document d ON d.kind = 'appointment' AND d.id <> a.document`, w.Body("court"))
	w.Want(t, `SELECT count(*) FROM appointment`, "count\n51")
	for _, a := range []*portaltest.Actor{w.Marat, w.Bolat} {
		all, err := directory.Settled(t.Context(), w.DB, a.Asks(policy.DirectoryRead))
		if err != nil {
			t.Fatal(err)
		}
		if a == w.Marat && (len(all) != 1 || all[0].Post != "investigator") || a == w.Bolat && len(all) != 50 {
			t.Errorf("%s sees %d", a.Word, len(all))
		}
	}
}

// The paper of an entry says in words what it does, in both languages.
func TestThePapersOfTheDirectorySayWhoAndWhat(t *testing.T) {
	w := portaltest.World(t)
	for _, lang := range []string{"kk", "ru"} {
		e := enters(w, w.Daniyar, "head", "police")
		e.Language = lang
		id := uuid.Must(uuid.NewV7())
		if err := directory.DraftEntry(t.Context(), w.DB, w.Press, w.Bolat.Asks(policy.AppointmentDraft), id, e); err != nil {
			t.Fatal(err)
		}
		_, doc, err := directory.Paper(t.Context(), w.DB, w.Bolat.Asks(policy.AppointmentPaper), id)
		if err != nil {
			t.Fatal(err)
		}
		said := portaltest.PDFText(t, doc.Content)
		words := w.Words.In(lang)
		for _, part := range []string{w.Daniyar.FullName(), w.Daniyar.IIN.Reveal(), words.T("post.head"), words.T("post.investigator"), words.T("post.administrator"), w.Bolat.FullName()} {
			if !strings.Contains(said, part) {
				t.Errorf("%s: the paper does not say %q\n%s", lang, part, said)
			}
		}
		if doc.Kind != document.Appointment || doc.Casefile != uuid.Nil {
			t.Errorf("it is %s of %s", doc.Kind, doc.Casefile)
		}
	}
}
