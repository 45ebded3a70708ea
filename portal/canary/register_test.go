package canary_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/register/inbound"
	"zharia/portal/vault"
	"zharia/portal/warrant"
)

// register is the door of the register of investigations, for a portal of these tests.
func register(a *aviary, w *portaltest.W) *inbound.Inbox {
	a.t.Helper()
	hand, err := database.OpenAs(a.t.Context(), w.DB.DSN(), database.Work)
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { hand.Close() })
	return &inbound.Inbox{DB: vault.New(hand, w.App.Keys), Verifier: w.Verifier, Register: w.Troupe.Register.Certificate(), Origin: portaltest.Origin, Clock: a.at}
}

type data = map[string]any

// brings has the register bring a case whose every word is a canary: what it is about, who
// takes part in it, and a decision that was signed elsewhere. Then the one whom it concerns
// reads it here; and a message that is refused comes as well.
func (a *aviary) brings(w *portaltest.W) {
	a.t.Helper()
	b64 := base64.StdEncoding.EncodeToString
	id := func() uuid.UUID { return uuid.Must(uuid.NewV7()) }
	at, today, of, sequence := w.At.Format("2006-01-02T15:04:05Z"), w.At.Format(time.DateOnly), id(), 0
	cms := func(text []byte) []byte {
		out, err := w.Troupe.Register.SignCMS(text, false, w.At)
		if err != nil {
			a.t.Fatal(err)
		}
		return out
	}
	send := func(kind inbound.Kind, carries data, want int) {
		a.t.Helper()
		sequence++
		body, err := json.Marshal(data{"id": id(), "portal": portaltest.Origin, "kind": kind, "at": at, "case": of, "sequence": sequence, "data": carries})
		if err != nil {
			a.t.Fatal(err)
		}
		envelope, err := json.Marshal(data{"body": b64(body), "cms": b64(cms(body))})
		if err != nil {
			a.t.Fatal(err)
		}
		got := a.arrives(nil).brought(envelope)
		if got.Code != want {
			a.t.Errorf("%s: HTTP %d %s", kind, got.Code, got.Body)
		}
		if got.Code != http.StatusOK {
			sequence--
		}
	}
	paper := func(pdf []byte) data {
		return data{"pdf": b64(pdf), "cms": b64(w.SignedBy(w.Daniyar, pdf)), "signed_at": at, "language": "kk"}
	}
	post := func(who *portaltest.Actor) (body uuid.UUID) {
		if err := w.SQL.Get(&body, `SELECT body FROM officer WHERE person = $1`, who.Person); err != nil {
			a.t.Fatal(err)
		}
		return body
	}
	charge := warrant.Fact{Kind: warrant.Charge, ID: id(), Made: w.At, Case: of, Officer: w.Daniyar.Person, Body: post(w.Daniyar), Prosecutor: w.Zhanar.Person, Office: post(w.Zhanar)}
	text, err := charge.Text()
	if err != nil {
		a.t.Fatal(err)
	}
	send(inbound.Case, data{"fact": b64(text), "cms": b64(cms(text)), "number": a.Case("number of a case brought"), "registered_on": today,
		"offence_kk": a.sentence("register case offence_kk"), "offence_ru": a.sentence("register case offence_ru")}, http.StatusOK)

	// One who awaits confirmation, one who is confirmed, and a decision that concerns the second.
	waits := a.born(w, "brought and waiting", "ru")
	send(inbound.Participant, data{"participant": id(), "who": data{"iin": waits.iin, "name": waits.full()}, "role": "witness"}, http.StatusOK)
	victim := a.born(w, "brought", "kk")
	part := id()
	send(inbound.Participant, data{"participant": part, "who": data{"iin": victim.iin, "name": victim.full()}, "role": "victim"}, http.StatusOK)
	var person uuid.UUID
	if err := w.SQL.Get(&person, `SELECT person FROM participant WHERE id = $1`, part); err != nil {
		a.t.Fatal(err)
	}
	confirms, err := warrant.Put(a.pdf(w, "confirmation brought"), warrant.Fact{
		Kind: warrant.Confirmation, ID: id(), Made: w.At, Case: of, Participant: part, Person: person, Role: policy.Victim,
		Basis: policy.Bases[policy.Victim][0].Key, Capacity: "full", Scope: []string{"read", "copy", "file", "withdraw"}, From: warrant.Day(today),
	})
	if err != nil {
		a.t.Fatal(err)
	}
	confirmation := paper(confirms)
	confirmation["who"] = data{"iin": victim.iin, "name": victim.full()}
	send(inbound.Confirmation, confirmation, http.StatusOK)
	decision := paper(a.pdf(w, "decision brought"))
	decision["decision"], decision["paper"], decision["kind"], decision["decided_on"], decision["concerns"] = id(), id(), "victim-recognised", today, []uuid.UUID{part}
	send(inbound.Decision, decision, http.StatusOK)

	// Refusals are written down, and say nothing of what was refused.
	send(inbound.Participant, data{"participant": id(), "who": data{"iin": a.IIN("refused iin"), "name": a.Name("refused name", "kk")}, "role": a.Word("instead of a role", "latin")}, http.StatusUnprocessableEntity)
	send(inbound.Movement, data{"state": a.Word("instead of a state", "latin"), "since": today}, http.StatusUnprocessableEntity)
	late := paper(a.pdf(w, "decision refused"))
	late["decision"], late["paper"], late["kind"], late["decided_on"], late["concerns"] = id(), id(), "victim-recognised", today, []uuid.UUID{id()}
	send(inbound.Decision, late, http.StatusUnprocessableEntity)

	victim.signIn()
	victim.get("/kk/cases/" + of.String())
	victim.get("/kk/decisions/" + decision["decision"].(uuid.UUID).String())
}

// brought is a message of the register.
func (b *browser) brought(envelope []byte) *httptest.ResponseRecorder {
	b.t.Helper()
	r := httptest.NewRequestWithContext(b.t.Context(), http.MethodPost, portaltest.Origin+"/api/v1/messages", bytes.NewReader(envelope))
	r.RemoteAddr = b.home
	r.Header.Set("Content-Type", inbound.MediaMessage)
	out := httptest.NewRecorder()
	b.ServeHTTP(out, r)
	return out
}
