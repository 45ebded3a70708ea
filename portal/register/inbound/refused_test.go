package inbound_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/portaltest"
	"zharia/portal/register/inbound"
	"zharia/portal/vault"
	"zharia/portal/warrant"
)

// What only the tables refuse is refused for good, and those on duty see it: answered as an
// error of ours it would come for ever, and hold up its case.
func TestWhatTheTablesRefuseIsSetAside(t *testing.T) {
	d := open(t)
	court := func(more data) data {
		out := data{"id": newID(), "kind": "court", "name_kk": "Жаңа", "name_ru": "Новый"}
		for k, v := range more {
			out[k] = v
		}
		return out
	}
	above := newID()
	orphan := d.body(inbound.Bodies, uuid.Nil, 0, data{"bodies": []any{court(data{"above": above})}})
	refused := func(body []byte) {
		t.Helper()
		before := d.count(`SELECT count(*) FROM inbound WHERE state = 'refused'`)
		if _, err := d.put(body); !inbound.Kept(err) {
			t.Errorf("refused and kept? %v", err)
		}
		if now := d.count(`SELECT count(*) FROM inbound WHERE state = 'refused'`); now != before+1 {
			t.Errorf("%d are set aside, after %d", now, before)
		}
	}
	refused(orphan)

	of := d.begun(d.Daniyar)
	unknown := d.signed(d.Daniyar, &warrant.Fact{Kind: warrant.Joinder, ID: newID(), Made: d.At, Case: of, Other: newID()})
	unknown["decision"], unknown["decided_on"] = newID(), "2026-10-21"
	person := who(d.Stranger)
	person["participant"] = newID()
	unknown["people"] = []any{person}
	refused(d.body(inbound.Joinder, of, d.next[of]+1, unknown))

	// The body above is entered, and the same message comes again.
	d.must(inbound.Bodies, uuid.Nil, data{"bodies": []any{court(data{"id": above})}})
	if _, err := d.put(orphan); err != nil {
		t.Errorf("with the body above it: %v", err)
	}

	// A file goes on behind such a line.
	good := newID()
	f := d.file(d.line(inbound.Bodies, uuid.Nil, 0, data{"bodies": []any{court(data{"above": newID()})}}),
		d.line(inbound.Bodies, uuid.Nil, 0, data{"bodies": []any{court(data{"id": good})}}))
	p, err := f.Run(t.Context())
	if err != nil || p.Lines != 2 || p.Refused != 1 {
		t.Errorf("the import: %+v, %v", p, err)
	}
	if n := d.count(`SELECT count(*) FROM body WHERE id = $1`, good); n != 1 {
		t.Error("the good line was not taken")
	}
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
