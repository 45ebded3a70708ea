package inbound_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/database"
	"zharia/portal/eds"
	"zharia/portal/eds/authority"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/register/inbound"
	"zharia/portal/vault"
	"zharia/portal/warrant"
)

// desk is a world, and the register that sends to it.
type desk struct {
	*portaltest.W
	*inbound.Inbox
	t    *testing.T
	next map[uuid.UUID]int64
}

type data = map[string]any

func open(t *testing.T) *desk {
	t.Helper()
	w := portaltest.World(t)
	hand, err := database.OpenAs(t.Context(), w.DB.DSN(), database.Work)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hand.Close() })
	return &desk{
		W: w, t: t, next: map[uuid.UUID]int64{},
		Inbox: &inbound.Inbox{DB: vault.New(hand, w.App.Keys), Verifier: w.Verifier, Register: w.Troupe.Register.Certificate(), Origin: portaltest.Origin, Clock: func() time.Time { return w.At }},
	}
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

const shape = "2006-01-02T15:04:05Z"

// body is a message as the register writes it.
func (d *desk) body(kind inbound.Kind, of uuid.UUID, sequence int64, carries data) []byte {
	m := data{"id": newID(), "portal": portaltest.Origin, "kind": kind, "at": d.At.Format(shape), "data": carries}
	if of != uuid.Nil {
		m["case"], m["sequence"] = of, sequence
	}
	raw, err := json.Marshal(m)
	if err != nil {
		d.t.Fatal(err)
	}
	return raw
}

// put signs a body with the key of the register and has it taken.
func (d *desk) put(body []byte) ([]byte, error) {
	d.t.Helper()
	cms, err := d.Troupe.Register.SignCMS(body, false, d.At)
	if err != nil {
		d.t.Fatal(err)
	}
	m, err := d.Open(d.t.Context(), inbound.Envelope{Body: b64(body), CMS: b64(cms)})
	if err != nil {
		return nil, err
	}
	return d.Take(d.t.Context(), m)
}

// send sends the next message of a case.
func (d *desk) send(kind inbound.Kind, of uuid.UUID, carries data) error {
	d.t.Helper()
	_, err := d.put(d.body(kind, of, d.next[of]+1, carries))
	if err == nil && of != uuid.Nil {
		d.next[of]++
	}
	return err
}

func (d *desk) must(kind inbound.Kind, of uuid.UUID, carries data) {
	d.t.Helper()
	if err := d.send(kind, of, carries); err != nil {
		d.t.Fatalf("%s: %v", kind, err)
	}
}

// said has the register sign a fact.
func (d *desk) said(f warrant.Fact) data {
	d.t.Helper()
	text, err := f.Text()
	if err != nil {
		d.t.Fatal(err)
	}
	cms, err := d.Troupe.Register.SignCMS(text, false, d.At)
	if err != nil {
		d.t.Fatal(err)
	}
	return data{"fact": b64(text), "cms": b64(cms)}
}

func (d *desk) charge(of uuid.UUID, to *portaltest.Actor) data {
	d.t.Helper()
	return d.said(warrant.Fact{
		Kind: warrant.Charge, ID: newID(), Made: d.At, Case: of, Officer: to.Person, Body: d.bodyOf(to), Prosecutor: d.Zhanar.Person, Office: d.bodyOf(d.Zhanar),
	})
}

func (d *desk) bodyOf(a *portaltest.Actor) (id uuid.UUID) {
	d.t.Helper()
	if err := d.SQL.Get(&id, `SELECT body FROM officer WHERE person = $1`, a.Person); err != nil {
		d.t.Fatal(err)
	}
	return id
}

var serial = 100000

func number() string { serial++; return fmt.Sprintf("267510031%06d", serial) }

// begun brings a case that somebody conducts.
func (d *desk) begun(to *portaltest.Actor) uuid.UUID {
	d.t.Helper()
	id := newID()
	c := d.charge(id, to)
	c["number"], c["offence_kk"], c["offence_ru"], c["registered_on"] = number(), "Ұрлық", "Кража", "2026-10-20"
	d.must(inbound.Case, id, c)
	return id
}

// pdf is a paper of the register's own house.
func (d *desk) pdf(f *warrant.Fact) []byte {
	d.t.Helper()
	bare := []byte("%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n" +
		"% " + newID().String() + "\nxref\n0 1\n0000000000 65535 f \ntrailer<</Root 1 0 R/Size 4>>\nstartxref\n9\n%%EOF\n")
	if f == nil {
		return bare
	}
	out, err := warrant.Put(bare, *f)
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}

// signed is a paper that somebody signed.
func (d *desk) signed(by *portaltest.Actor, f *warrant.Fact) data {
	d.t.Helper()
	return d.signs(by, d.pdf(f))
}

func (d *desk) signs(by *portaltest.Actor, pdf []byte) data {
	d.t.Helper()
	return data{"pdf": b64(pdf), "cms": b64(d.SignedBy(by, pdf)), "signed_at": d.At.Format(shape), "language": "kk"}
}

func who(a *portaltest.Actor) data { return data{"iin": a.IIN.Reveal(), "name": a.FullName()} }

var all = []string{"read", "copy", "file", "withdraw"}

// confirmed is a confirmation that an investigator signed elsewhere.
func (d *desk) confirmed(by *portaltest.Actor, of, id uuid.UUID, whose *portaltest.Actor, role policy.Role) data {
	d.t.Helper()
	c := d.signed(by, &warrant.Fact{
		Kind: warrant.Confirmation, ID: newID(), Made: d.At, Case: of, Participant: id, Person: whose.Person, Role: role,
		Basis: policy.Bases[role][0].Key, Capacity: "full", Scope: all, From: "2026-10-21",
	})
	c["who"] = who(whose)
	return c
}

func (d *desk) ruled(by *portaltest.Actor, kind string, concerns ...uuid.UUID) data {
	d.t.Helper()
	r := d.signed(by, nil)
	r["decision"], r["paper"], r["kind"], r["decided_on"] = newID(), newID(), kind, "2026-10-21"
	if len(concerns) > 0 {
		r["concerns"] = concerns
	}
	return r
}

func (d *desk) refused(err error, code string) {
	d.t.Helper()
	if err == nil {
		d.t.Fatalf("it is taken, and %s was to come", code)
	}
	if got, field := inbound.Code(err); got != code {
		d.t.Fatalf("refused with %s at %q, not %s: %v", got, field, code, err)
	}
}

func (d *desk) count(query string, args ...any) (n int) {
	d.t.Helper()
	if err := d.SQL.Get(&n, query, args...); err != nil {
		d.t.Fatal(err)
	}
	return n
}

// sees is the case as the actor finds it, by a ticket of his own where a keeper stands behind.
func (d *desk) sees(a *portaltest.Actor, of uuid.UUID) (casefile.Case, error) {
	d.t.Helper()
	ctx := a.As(d.t.Context())
	return casefile.Read(ctx, d.App, a.Asks(policy.CaseRead), of)
}

func TestACaseBroughtByMessagesOpensToThoseItNamesAndToNobodyElse(t *testing.T) {
	d := open(t)
	d.Guarded() // with KEPT=1 a real keeper stands behind
	of := d.begun(d.Daniyar)
	c, err := d.sees(d.Daniyar, of)
	if err != nil || c.OffenceKK != "Ұрлық" {
		t.Fatalf("its investigator sees %q: %v", c.OffenceKK, err)
	}
	if _, err := d.sees(d.Ermek, of); !errors.Is(err, fault.NotFound) {
		t.Errorf("another investigator gets %v", err)
	}
	id := newID()
	if _, err := d.sees(d.Stranger, of); !errors.Is(err, fault.NotFound) {
		t.Errorf("who is nobody in it yet gets %v", err)
	}
	d.must(inbound.Confirmation, of, d.confirmed(d.Daniyar, of, id, d.Stranger, policy.Victim))
	if c, err := d.sees(d.Stranger, of); err != nil || len(c.Capacities) != 1 || c.OffenceRU != "Кража" {
		t.Fatalf("the victim whom the paper confirms sees %+v: %v", c.Capacities, err)
	}
	d.must(inbound.Decision, of, d.ruled(d.Daniyar, "victim-recognised", id))
	ctx := d.Stranger.As(t.Context())
	ask := d.Stranger.Asks(policy.CaseRead)
	all, err := casefile.Decisions(ctx, d.App, ask, must(casefile.Read(ctx, d.App, ask, of))(t))
	if err != nil || len(all) != 1 || all[0].Kind != "victim-recognised" {
		t.Fatalf("the victim sees %+v: %v", all, err)
	}
	d.Sound()
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestAMessageIsTakenOnceAndItsAnswerStays(t *testing.T) {
	d := open(t)
	body := d.body(inbound.Persons, uuid.Nil, 0, data{"persons": []any{who(d.Stranger)}})
	first, err := d.put(body)
	if err != nil {
		t.Fatal(err)
	}
	acts := d.count(`SELECT count(*) FROM record`)
	again, err := d.put(body)
	if err != nil || string(again) != string(first) {
		t.Errorf("the second time: %s, %v", again, err)
	}
	if n := d.count(`SELECT count(*) FROM record`); n != acts {
		t.Errorf("it left %d acts more", n-acts)
	}
	var m data
	json.Unmarshal(body, &m)
	m["at"] = d.At.Add(-time.Minute).Format(shape)
	other, _ := json.Marshal(m)
	_, err = d.put(other)
	d.refused(err, "fault.register-key")
	if !strings.Contains(string(first), d.Stranger.Person.String()) {
		t.Errorf("the answer does not name the person: %s", first)
	}
}

func TestMessagesOfACaseGoInOrderAndOneThatIsSetAsideHoldsUpNoOtherCase(t *testing.T) {
	d := open(t)
	of, other := d.begun(d.Daniyar), d.begun(d.Daniyar)
	move := data{"state": "in-court", "since": "2026-10-22"}
	_, err := d.put(d.body(inbound.Movement, of, 3, move))
	var gap *inbound.Gap
	if !errors.As(err, &gap) || gap.Expected != 2 {
		t.Fatalf("out of order: %v", err)
	}
	if n := d.count(`SELECT count(*) FROM inbound WHERE state = 'refused'`); n != 0 {
		t.Errorf("what only has to wait is set aside: %d", n)
	}
	d.refused(d.send(inbound.Participant, of, data{"participant": newID(), "who": who(d.Stranger), "role": "king"}), "fault.register-form")
	aside, err := inbound.SetAside(t.Context(), d.App.DB, d.Raushan.Asks(policy.DutyRead))
	if err != nil || len(aside) != 1 || aside[0].Kind != "participant" || aside[0].Field != "role" {
		t.Fatalf("those on duty see %+v: %v", aside, err)
	}
	d.must(inbound.Movement, other, move)
	d.must(inbound.Void, of, data{})
	d.must(inbound.Movement, of, move)
	if aside, err = inbound.SetAside(t.Context(), d.App.DB, d.Raushan.Asks(policy.DutyRead)); err != nil || len(aside) != 0 {
		t.Errorf("its place was taken, and those on duty still see %+v: %v", aside, err)
	}
	d.refused(d.send(inbound.Persons, uuid.Nil, data{"persons": []any{data{"iin": "123456789012", "name": "Аты"}}}), "fault.register-form")
	for days, left := range map[int]int{0: 1, 29: 1, 31: 0} { // nothing comes in the place of one about no case
		ask := d.Raushan.Asks(policy.DutyRead)
		ask.At = ask.At.AddDate(0, 0, days)
		if aside, err = inbound.SetAside(t.Context(), d.App.DB, ask); err != nil || len(aside) != left {
			t.Errorf("after %d days those on duty see %+v: %v", days, aside, err)
		}
		if n, err := inbound.CountAside(t.Context(), d.Inbox.DB.DB, ask.At); err != nil || n != left {
			t.Errorf("after %d days the figures have %d: %v", days, n, err)
		}
	}
	c, err := d.sees(d.Daniyar, of)
	if err != nil {
		t.Fatal(err)
	}
	if m, err := casefile.Moved(d.Daniyar.As(t.Context()), d.App, c); err != nil || m.State != casefile.InCourt {
		t.Errorf("the case is %+v: %v", m, err)
	}
	d.Sound()
}

// What is told as final is never sent again: so it is told only when those on duty see it.
func TestARefusalThatIsKeptNowhereIsNotFinal(t *testing.T) {
	d := open(t)
	d.SQL.MustExec(`
		CREATE FUNCTION away() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE SQLSTATE '57P01'; END $$;
		CREATE TRIGGER away BEFORE INSERT ON inbound FOR EACH ROW EXECUTE FUNCTION away()`)
	wrong := d.body(inbound.Persons, uuid.Nil, 0, data{"persons": []any{data{"iin": "123456789012", "name": "Аты"}}})
	_, err := d.put(wrong)
	if d.refused(err, "fault.closed-for-now"); inbound.Kept(err) {
		t.Errorf("it is called kept: %v", err)
	}
	d.SQL.MustExec(`DROP TRIGGER away ON inbound`)
	_, err = d.put(wrong)
	d.refused(err, "fault.register-form")
	if n := d.count(`SELECT count(*) FROM inbound WHERE state = 'refused'`); n != 1 {
		t.Errorf("%d messages are set aside", n)
	}
}

// A register that gives one id to two messages of two cases at the same moment: one of
// them is taken, and nothing of the other.
func TestOneIDIsThatOfOneMessageHoweverManyComeAtOnce(t *testing.T) {
	d := open(t)
	of := d.begun(d.Daniyar)
	body := d.body(inbound.Movement, of, 2, data{"state": "in-court", "since": "2026-10-22"})
	var m struct{ ID uuid.UUID }
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatal(err)
	}
	first := d.SQL.MustBegin()
	defer first.Rollback()
	first.MustExec(`
		INSERT INTO inbound (id, kind, digest, casefile, sequence, state, code, field, answer, tries, came_at, last_at)
		VALUES ($1, 'movement', sha256('another'), $2, 1, 'taken', '', '', '{}', 1, $3, $3)`, m.ID, newID(), d.At)
	told := make(chan error, 1)
	go func() {
		_, err := d.put(body)
		told <- err
	}()
	for end := time.Now().Add(20 * time.Second); d.count(`SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'transactionid' AND datname = current_database()`) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the second does not wait for the first")
		}
	}
	if err := first.Commit(); err != nil {
		t.Fatal(err)
	}
	d.refused(<-told, "fault.ours") // it comes again
	if n := d.count(`SELECT count(*) FROM movement WHERE casefile = $1`, of); n != 0 {
		t.Errorf("%d movements of the second are there", n)
	}
	_, err := d.put(body)
	d.refused(err, "fault.register-key")
}

func TestNobodyButTheRegisterIsBelieved(t *testing.T) {
	d := open(t)
	body := d.body(inbound.Persons, uuid.Nil, 0, data{"persons": []any{who(d.Stranger)}})
	cms := d.SignedBy(d.Daniyar, body)
	_, err := d.Open(t.Context(), inbound.Envelope{Body: b64(body), CMS: b64(cms)})
	d.refused(err, "fault.register-signature")
	good, _ := d.Troupe.Register.SignCMS(body, false, d.At)
	body[len(body)-3] ^= 1
	_, err = d.Open(t.Context(), inbound.Envelope{Body: b64(body), CMS: b64(good)})
	d.refused(err, "fault.register-signature")
	// Its own word about a right must be signed again, for the keeper.
	of := newID()
	c := d.charge(of, d.Daniyar)
	c["number"], c["offence_kk"], c["offence_ru"], c["registered_on"] = number(), "Ұрлық", "Кража", "2026-10-20"
	c["cms"] = b64(d.SignedBy(d.Daniyar, []byte("x")))
	if err := d.send(inbound.Case, of, c); err == nil {
		t.Error("a charge that the register did not sign is taken")
	}
	if n := d.count(`SELECT count(*) FROM casefile WHERE id = $1`, of); n != 0 {
		t.Error("and the case is there")
	}
}

func TestAPaperCountsOnlyFromWhoConductsTheCase(t *testing.T) {
	d := open(t)
	of := d.begun(d.Daniyar)
	d.refused(d.send(inbound.Confirmation, of, d.confirmed(d.Ermek, of, newID(), d.Stranger, policy.Victim)), "fault.register-signer")
	d.refused(d.send(inbound.Decision, of, d.ruled(d.Ermek, "group")), "fault.register-signer")
	c := d.confirmed(d.Daniyar, of, newID(), d.Stranger, policy.Victim)
	c["who"] = who(d.Aigul)
	d.refused(d.send(inbound.Confirmation, of, c), "fault.register-fact")
	elsewhere := d.confirmed(d.Daniyar, d.Theft, newID(), d.Stranger, policy.Victim)
	d.refused(d.send(inbound.Confirmation, of, elsewhere), "fault.register-fact")
	r := d.ruled(d.Daniyar, "group")
	r["pdf"] = b64(d.pdf(&warrant.Fact{Kind: warrant.Ending, ID: newID(), Made: d.At, Case: of, Participant: newID(), Person: d.Aigul.Person, Role: "victim"}))
	d.refused(d.send(inbound.Decision, of, r), "fault.upload-states")
	d.At = d.At.Add(time.Hour)
	d.must(inbound.Transfer, of, d.charge(of, d.Ermek))
	d.At = d.At.Add(time.Hour)
	d.refused(d.send(inbound.Decision, of, d.ruled(d.Daniyar, "group")), "fault.register-signer")
	d.must(inbound.Decision, of, d.ruled(d.Ermek, "group"))
	if _, err := d.sees(d.Daniyar, of); !errors.Is(err, fault.NotFound) {
		t.Errorf("who had the case before gets %v", err)
	}
	if _, err := d.sees(d.Ermek, of); err != nil {
		t.Errorf("who has it now gets %v", err)
	}
	d.Sound()
}

func TestAStatusThatTheRegisterEndsIsOver(t *testing.T) {
	d := open(t)
	of, id := d.begun(d.Daniyar), newID()
	d.must(inbound.Participant, of, data{"participant": id, "who": who(d.Stranger), "role": "victim"})
	if _, err := d.sees(d.Stranger, of); !errors.Is(err, fault.NotFound) {
		t.Errorf("who only awaits a status gets %v", err)
	}
	d.must(inbound.Confirmation, of, d.confirmed(d.Daniyar, of, id, d.Stranger, policy.Victim))
	if _, err := d.sees(d.Stranger, of); err != nil {
		t.Fatal(err)
	}
	d.At = d.At.Add(time.Minute)
	d.must(inbound.Ending, of, d.signed(d.Daniyar, &warrant.Fact{
		Kind: warrant.Ending, ID: newID(), Made: d.At, Case: of, Participant: id, Person: d.Stranger.Person, Role: "victim",
	}))
	if _, err := d.sees(d.Stranger, of); !errors.Is(err, fault.NotFound) {
		t.Errorf("whose status ended gets %v", err)
	}
	d.Sound()
}

func TestCasesAreJoinedAndSeveredByMessages(t *testing.T) {
	d := open(t)
	of, other := d.begun(d.Daniyar), d.begun(d.Daniyar)
	victim := newID()
	d.must(inbound.Confirmation, other, d.confirmed(d.Daniyar, other, victim, d.Stranger, policy.Victim))
	join := d.signed(d.Daniyar, &warrant.Fact{Kind: warrant.Joinder, ID: newID(), Made: d.At, Case: of, Other: other})
	join["decision"], join["decided_on"] = newID(), "2026-10-21"
	person := who(d.Stranger)
	person["participant"] = newID()
	join["people"] = []any{person}
	d.refused(d.send(inbound.Joinder, of, join), "fault.register-people")
	person["participant"] = victim
	d.must(inbound.Joinder, of, join)
	if c, err := d.sees(d.Stranger, of); err != nil || len(c.Capacities) != 1 {
		t.Fatalf("who came with the case that was joined sees %+v: %v", c.Capacities, err)
	}
	brought := warrant.Brought(of, victim)
	paper := newID()
	saying := func(is uuid.UUID) data {
		fact := &warrant.Fact{
			Kind: warrant.Severance, ID: paper, Made: d.At, Case: of, Other: warrant.Severed(paper),
			Concerns: []uuid.UUID{brought}, Who: []warrant.Who{{Person: is, Role: policy.Victim}},
		}
		sever := d.signed(d.Daniyar, fact)
		sever["decision"], sever["decided_on"], sever["concerns"] = newID(), "2026-10-21", []any{brought}
		sever["number"], sever["offence_kk"], sever["offence_ru"] = number(), "Ұрлық", "Кража"
		person["participant"] = brought
		sever["people"] = []any{person}
		return sever
	}
	d.refused(d.send(inbound.Severance, of, saying(d.Timur.Person)), "fault.register-fact")
	sever := saying(d.Stranger.Person)
	d.must(inbound.Severance, of, sever)
	if c, err := d.sees(d.Stranger, warrant.Severed(paper)); err != nil || c.OffenceKK != "Ұрлық" {
		t.Fatalf("who went to the severed case sees %q: %v", c.OffenceKK, err)
	}
	d.Sound()
}

func TestTheRollMakesOfficials(t *testing.T) {
	d := open(t)
	office := newID()
	d.must(inbound.Bodies, uuid.Nil, data{"bodies": []any{data{"id": office, "kind": "investigation", "name_kk": "Жаңа бөлім", "name_ru": "Новый отдел"}}})
	roll := func(post string, body uuid.UUID) data {
		out := d.said(warrant.Fact{
			Kind: warrant.Roll, ID: newID(), Made: d.At, Bodies: []warrant.Body{{ID: body}},
			Officers: []warrant.Officer{{Person: d.Stranger.Person, Post: post, Body: body}},
		})
		one := who(d.Stranger)
		one["post"], one["body"] = post, body
		out["officers"] = []any{one}
		return out
	}
	d.refused(d.send(inbound.Officers, uuid.Nil, roll("judge", office)), "fault.register-body")
	d.refused(d.send(inbound.Officers, uuid.Nil, roll("investigator", newID())), "fault.register-body")
	bad := roll("investigator", office)
	bad["officers"].([]any)[0].(data)["iin"] = d.Aigul.IIN.Reveal()
	d.refused(d.send(inbound.Officers, uuid.Nil, bad), "fault.register-fact")
	d.must(inbound.Officers, uuid.Nil, roll("investigator", office))
	of := d.begun(d.Stranger)
	if _, err := d.sees(d.Stranger, of); err != nil {
		t.Errorf("a new investigator does not see his case: %v", err)
	}
	d.Sound()
}

func TestWhatWaitsForTheProsecutorWaits(t *testing.T) {
	d := open(t)
	of, id := d.begun(d.Daniyar), newID()
	d.must(inbound.Confirmation, of, d.confirmed(d.Daniyar, of, id, d.Stranger, policy.Suspect))
	d.must(inbound.Decision, of, d.ruled(d.Daniyar, "suspect-recognised", id))
	if n := d.count(`SELECT count(*) FROM decision WHERE casefile = $1 AND status = 'submitted'`, of); n != 1 {
		t.Errorf("%d decisions wait for the prosecutor", n)
	}
	d.Sound()
}

func TestWhileTheAuthorityIsSilentAPaperComesLater(t *testing.T) {
	d := open(t)
	of := d.begun(d.Daniyar)
	r := d.ruled(d.Daniyar, "group")
	for _, service := range []authority.Service{authority.OCSP, authority.Lists} {
		d.Services.Break(service, authority.Unavailable)
	}
	err := d.send(inbound.Decision, of, r)
	for _, service := range []authority.Service{authority.OCSP, authority.Lists} {
		d.Services.Break(service, authority.NoFault)
	}
	d.refused(err, "fault.eds.revocation-unreachable")
	if n := d.count(`SELECT count(*) FROM inbound WHERE state = 'refused'`); n != 0 {
		t.Errorf("%d messages are set aside that may pass by themselves", n)
	}
	d.must(inbound.Decision, of, r)
}

func TestThePersonOfAMessageIsWhoSignsInLater(t *testing.T) {
	d := open(t)
	if got := identity.IDOf(d.W.App, eds.IIN(d.Stranger.IIN)); got != d.Stranger.Person {
		t.Errorf("%s is not %s", got, d.Stranger.Person)
	}
}

// crowd keeps the place where signatures are verified so full that hardly anybody else comes
// in. end lets go.
func (d *desk) crowd() (end func()) {
	d.t.Helper()
	content := []byte("of somebody who signs in")
	cms, err := d.Troupe.Register.SignCMS(content, false, d.At)
	if err != nil {
		d.t.Fatal(err)
	}
	stop, wait := make(chan struct{}), sync.WaitGroup{}
	for range 400 {
		wait.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := d.W.Verifier.Machine(d.t.Context(), d.Inbox.Register, cms, content); err != nil {
					time.Sleep(20 * time.Millisecond)
				}
			}
		})
	}
	return sync.OnceFunc(func() { close(stop); wait.Wait() })
}

// No refusal of a message says anything of it while nobody has time to look at it.
func TestWhileTheMachineIsBusyAMessageComesLater(t *testing.T) {
	d := open(t)
	body := d.body(inbound.Persons, uuid.Nil, 0, data{"persons": []any{who(d.Stranger)}})
	f := d.file(body)
	d.manifest(f)
	end := d.crowd()
	defer end()
	var err error
	for by := time.Now().Add(time.Minute); err == nil && time.Now().Before(by); {
		_, err = d.put(body)
	}
	d.refused(err, "fault.eds.busy")
	if !errors.Is(err, fault.Unavailable) || inbound.Strange(err) || inbound.Kept(err) {
		t.Errorf("refused for good: %v", err)
	}
	err = nil
	for by := time.Now().Add(time.Minute); err == nil && time.Now().Before(by); {
		_, err = f.Run(t.Context())
	}
	d.refused(err, "fault.eds.busy")
	end()
	if _, err := d.put(body); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	if p, err := f.Run(t.Context()); err != nil || p.Taken != 1 {
		t.Errorf("the file afterwards: %+v, %v", p, err)
	}
}
