package inbound_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/register/inbound"
	"zharia/portal/vault"
	"zharia/portal/warrant"
)

// court is a body that the register brings.
func court(more data) data {
	out := data{"id": newID(), "kind": "court", "name_kk": "Жаңа", "name_ru": "Новый"}
	for k, v := range more {
		out[k] = v
	}
	return out
}

// entered are bodies in a message of their own.
func (d *desk) entered(all ...any) []byte {
	return d.body(inbound.Bodies, uuid.Nil, 0, data{"bodies": all})
}

// joins is the number of a message by which a case takes another in, to which somebody belongs.
func (d *desk) joins(of, other, participant uuid.UUID) data {
	j := d.signed(d.Daniyar, &warrant.Fact{Kind: warrant.Joinder, ID: newID(), Made: d.At, Case: of, Other: other})
	j["decision"], j["decided_on"] = newID(), "2026-10-21"
	person := who(d.Stranger)
	person["participant"] = participant
	j["people"] = []any{person}
	return j
}

// What only the tables refuse is answered and set aside, and those on duty see it: answered
// as an error of ours it would come for ever, and hold up its case. What refers to something
// that is not there is another answer than what can never be taken.
func TestWhatTheTablesRefuseIsSetAside(t *testing.T) {
	d := open(t)
	above := newID()
	orphan := d.entered(court(data{"above": above}))
	refused := func(body []byte, code string, status int) {
		t.Helper()
		before := d.count(`SELECT count(*) FROM inbound WHERE state = 'refused'`)
		_, err := d.put(body)
		if d.refused(err, code); !inbound.Kept(err) || inbound.StatusOf(code) != status {
			t.Errorf("kept: %v, HTTP %d", inbound.Kept(err), inbound.StatusOf(code))
		}
		if now := d.count(`SELECT count(*) FROM inbound WHERE state = 'refused'`); now != before+1 {
			t.Errorf("%d are set aside, after %d", now, before)
		}
	}
	refused(orphan, "fault.register-not-yet", 409)
	of := d.begun(d.Daniyar)
	refused(d.body(inbound.Joinder, of, d.next[of]+1, d.joins(of, newID(), newID())), "fault.register-not-yet", 409)
	receives := data{"kind": "investigation", "kato": "750000000", "code": "75990", "prosecution": d.bodyOf(d.Zhanar)}
	refused(d.entered(court(receives), court(receives)), "fault.register-refused", 422) // two of one code

	// The body above is entered, and the same message comes again.
	d.must(inbound.Bodies, uuid.Nil, data{"bodies": []any{court(data{"id": above})}})
	if _, err := d.put(orphan); err != nil {
		t.Errorf("with the body above it: %v", err)
	}

	// Nor does such a message block its case: another has its number.
	d.must(inbound.Movement, of, data{"state": "in-court", "since": "2026-10-01"})

	// A file goes on behind such a line.
	good := newID()
	f := d.file(d.line(inbound.Bodies, uuid.Nil, 0, data{"bodies": []any{court(data{"above": newID()})}}),
		d.line(inbound.Bodies, uuid.Nil, 0, data{"bodies": []any{court(data{"id": good})}}))
	p, err := f.Run(t.Context())
	if err != nil || p.Lines != 2 || p.Taken != 1 || p.Refused != 1 {
		t.Errorf("the import: %+v, %v", p, err)
	}
	if n := d.count(`SELECT count(*) FROM body WHERE id = $1`, good); n != 1 {
		t.Error("the good line was not taken")
	}
}

// A paper that nobody could read starts no term and gives no status, however well it is
// signed: it is set aside, and another one comes under its number.
func TestAPaperThatNobodyCouldReadIsSetAside(t *testing.T) {
	d := open(t)
	of, id := d.begun(d.Daniyar), newID()
	good := d.pdf(nil)
	locked := bytes.Replace(good, []byte("trailer<<"), []byte("trailer<</Encrypt<</Filter/Standard/V 1>>"), 1)
	stub := []byte("%PDF-1.7\nstartxref\n9\n%%EOF\n")
	ruled := func(pdf []byte) data {
		r := d.ruled(d.Daniyar, "group")
		for k, v := range d.signs(d.Daniyar, pdf) {
			r[k] = v
		}
		return r
	}
	confirmed := func() data {
		c := d.confirmed(d.Daniyar, of, id, d.Stranger, policy.Victim)
		raw, err := base64.StdEncoding.DecodeString(c["pdf"].(string))
		if err != nil {
			t.Fatal(err)
		}
		f, err := warrant.Read(raw)
		if err != nil {
			t.Fatal(err)
		}
		bad, err := warrant.Put(stub, f)
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range d.signs(d.Daniyar, bad) {
			c[k] = v
		}
		return c
	}
	all := map[string]func() (inbound.Kind, data){
		"a ruling behind a password": func() (inbound.Kind, data) { return inbound.Decision, ruled(locked) },
		"a ruling cut off":           func() (inbound.Kind, data) { return inbound.Decision, ruled(good[:len(good)/4]) },
		"a ruling of no page":        func() (inbound.Kind, data) { return inbound.Decision, ruled(stub) },
		"a status of no page":        func() (inbound.Kind, data) { return inbound.Confirmation, confirmed() },
	}
	const aside = `SELECT count(*) FROM inbound WHERE casefile = $1 AND state = 'refused' AND code = 'fault.register-pdf' AND field = 'pdf'`
	const papers = `SELECT count(*) FROM document WHERE casefile = $1`
	n := 0
	for what, bad := range all {
		kind, carries := bad()
		err := d.send(kind, of, carries)
		if n++; err == nil || d.count(aside, of) != n || d.count(papers, of) != 0 {
			t.Fatalf("%s: %v; %d are set aside, %d papers are kept", what, err, d.count(aside, of), d.count(papers, of))
		}
	}

	// Nor in a file; the good one behind it has its number.
	f := d.file(d.line(inbound.Decision, of, 2, ruled(locked)), d.line(inbound.Decision, of, 2, ruled(stub)), d.line(inbound.Decision, of, 2, ruled(good)))
	p, err := f.Run(t.Context())
	if err != nil || p.Taken != 1 || p.Refused != 2 {
		t.Errorf("the import: %+v, %v", p, err)
	}
	if d.count(aside, of) != n+2 || d.count(papers, of) != 1 {
		t.Errorf("after it %d are set aside, %d papers are kept", d.count(aside, of), d.count(papers, of))
	}
	d.Sound()
}

// In a file a line may refer to what stands further down. It comes once more at the end, and
// after it those of its case, which were none of its turn.
func TestALineOfAFileThatRefersToALaterOneIsTakenAtTheEnd(t *testing.T) {
	d := open(t)
	of, lost, other, victim, above := d.begun(d.Daniyar), d.begun(d.Daniyar), newID(), newID(), newID()
	begins := d.charge(other, d.Daniyar)
	begins["number"], begins["offence_kk"], begins["offence_ru"], begins["registered_on"] = number(), "Ұрлық", "Кража", "2026-10-20"
	moved := func(of uuid.UUID, n int64) []byte {
		return d.line(inbound.Movement, of, n, data{"state": "in-court", "since": "2026-10-0" + strconv.FormatInt(n, 10)})
	}
	one := func(more data) []byte { return d.line(inbound.Bodies, uuid.Nil, 0, data{"bodies": []any{court(more)}}) }
	lines := [][]byte{
		one(data{"above": above}),
		d.line(inbound.Joinder, of, 2, d.joins(of, other, victim)),
		moved(of, 3),
		d.line(inbound.Joinder, lost, 2, d.joins(lost, newID(), newID())), // of a case that never comes
		nil,
		moved(of, 5), // before its turn wherever it stands
		moved(of, 4),
		moved(lost, 3),
		d.line(inbound.Case, other, 1, begins),
		d.line(inbound.Confirmation, other, 2, d.confirmed(d.Daniyar, other, victim, d.Stranger, policy.Victim)),
		one(data{"id": above}),
	}
	f := d.file(lines...)
	// It is broken off after each batch, and goes on.
	var p inbound.Progress
	for n := 0; ; n++ {
		ctx, stop := context.WithCancel(t.Context())
		f.Tell = func(inbound.Progress) { stop() }
		var err error
		if p, err = f.Run(ctx); err == nil {
			break
		}
		if stop(); !errors.Is(err, context.Canceled) || n > 20 {
			t.Fatalf("%+v: %v", p, err)
		}
	}
	raw, err := os.ReadFile(f.Path + ".errors.jsonl")
	if err != nil || p.Taken != 7 || p.Refused != 3 || p.Lines != 11 {
		t.Fatalf("%+v: %v\n%s", p, err, raw)
	}
	for line, code := range map[int]string{4: "fault.register-not-yet", 6: "fault.register-gap", 8: "fault.register-gap"} {
		if !bytes.Contains(raw, []byte(`{"line":`+strconv.Itoa(line)+`,`)) || !bytes.Contains(raw, []byte(code)) {
			t.Errorf("line %d is not refused with %s:\n%s", line, code, raw)
		}
	}
	if n := d.count(`SELECT count(*) FROM inbound WHERE casefile = $1 AND state = 'taken'`, of); n != 4 {
		t.Errorf("%d messages of the case are taken", n)
	}
	was := d.count(`SELECT count(*) FROM record`)
	if again, err := f.Run(t.Context()); err != nil || again != p || d.count(`SELECT count(*) FROM record`) != was {
		t.Errorf("once more: %+v: %v", again, err)
	}
	d.Sound()
}

// What one disk alone has is not answered as taken to whoever sends it again.
func TestARepeatIsNotTakenUntilTheStandbyHasIt(t *testing.T) {
	w, _ := portaltest.Private(t, "max_wal_senders=4")
	hand, err := database.OpenAs(t.Context(), w.DB.DSN(), database.Work)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hand.Close() })
	hand.Await(200 * time.Millisecond)
	d := &desk{W: w, t: t, next: map[uuid.UUID]int64{}, Inbox: &inbound.Inbox{
		DB: vault.New(hand, w.App.Keys), Verifier: w.Verifier, Register: w.Troupe.Register.Certificate(), Origin: portaltest.Origin, Clock: func() time.Time { return w.At },
	}}
	standby := func(order string) {
		w.SQL.MustExec(`ALTER SYSTEM ` + order)
		w.SQL.MustExec(`SELECT pg_reload_conf()`)
		time.Sleep(time.Second) // every session is told
	}
	standby(`SET synchronous_standby_names = 'nobody'`)
	defer standby(`RESET synchronous_standby_names`)
	body := d.body(inbound.Persons, uuid.Nil, 0, data{"persons": []any{who(d.Stranger)}})

	// unheard sends it while somebody ends each wait for the standby.
	unheard := func(what string) {
		t.Helper()
		told := make(chan error, 1)
		go func() { _, err := d.put(body); told <- err }()
		for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			select {
			case err := <-told:
				if err == nil || inbound.Kept(err) {
					t.Errorf("%s: %v", what, err)
				}
				return
			default:
			}
			w.SQL.MustExec(`SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`)
		}
		t.Fatal("nothing was told")
	}
	unheard("the first time")
	unheard("the same again")
	standby(`RESET synchronous_standby_names`)
	if _, err := d.put(body); err != nil {
		t.Errorf("when nobody is waited for any more: %v", err)
	}
}
