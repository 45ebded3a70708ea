package casefile_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/leave"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/register"
)

// reassigned gives a case to another investigator.
func reassigned(t *testing.T, w *portaltest.W, in uuid.UUID) {
	t.Helper()
	if err := w.Assign(w.Marat, in, w.Ermek); err != nil {
		t.Fatal(err)
	}
}

// keptClosed says that a case opens to nobody of these: by the table of rights alone, and
// through the fence and the keeper.
func keptClosed(t *testing.T, w *portaltest.W, in uuid.UUID, who ...*portaltest.Actor) {
	t.Helper()
	if err := (&leave.Courier{DB: w.DB, Keeper: w.Guarded().Client}).Go(t.Context(), w.At); err != nil { // as within seconds
		t.Fatal(err)
	}
	for _, a := range who {
		_, err := casefile.Read(t.Context(), w.DB, a.Asks(policy.CaseRead), in)
		wantKind(t, a.Word+" by the table of rights in "+w.Word(in), fault.NotFound, err)
		var number []byte
		if err := w.SQL.Get(&number, `SELECT number FROM casefile WHERE id = $1`, in); err != nil {
			t.Fatal(err)
		}
		if text, err := register.Open(a.As(t.Context()), w.App, in, number); err == nil {
			t.Errorf("the keeper opens %s to %s: %s", w.Word(in), a.Word, text)
		}
	}
}

func keptOpen(t *testing.T, w *portaltest.W, in uuid.UUID, who ...*portaltest.Actor) {
	t.Helper()
	for _, a := range who {
		if _, err := casefile.Read(a.As(t.Context()), w.App, a.Asks(policy.CaseRead), in); err != nil {
			t.Errorf("%s in %s: %v", a.Word, w.Word(in), err)
		}
	}
}

// severed severs Timur out of the theft, and is the case that begins.
func severed(t *testing.T, w *portaltest.W, leaving bool, names ...uuid.UUID) (fresh uuid.UUID) {
	t.Helper()
	d := severance(w, names...)
	d.Leaving = leaving
	submitted(t, w, d)
	if err := w.SQL.Get(&fresh, `SELECT id FROM casefile WHERE severed_from = $1`, w.Theft); err != nil {
		t.Fatal(err)
	}
	return fresh
}

// CPC 64(1), 202(1-2): whom the prosecutor refused to recognise is a suspect nowhere, though
// he went to another case meanwhile, which others conduct by now.
func TestARefusedSuspectIsNoneInTheCaseThatHeWasSeveredInto(t *testing.T) {
	for _, leaving := range []bool{false, true} {
		t.Run(fmt.Sprintf("leaving %v", leaving), func(t *testing.T) {
			w := portaltest.Kept(t)
			timur, counsel := suspect(t, w, w.Timur, "urgent-questioning"), uuid.Must(uuid.NewV7())
			if err := w.Add(w.Daniyar, w.Theft, counsel, w.Nurlan, casefile.Grant{
				Role: policy.Defender, Basis: "defence-notice", Represents: timur, Since: ruling(w).DecidedOn, Advocate: "0042",
			}); err != nil {
				t.Fatal(err)
			}
			other := suspect(t, w, w.Stranger, "detention")
			id := submitted(t, w, suspicion(timur, other))
			w.At = w.At.Add(time.Minute)
			fresh := severed(t, w, leaving, timur, other)
			keptOpen(t, w, fresh, w.Timur, w.Nurlan, w.Stranger)
			w.At = w.At.Add(time.Minute)
			reassigned(t, w, fresh)
			w.At = w.At.Add(time.Minute)
			if err := w.Decline(w.Zhanar, id); err != nil {
				t.Fatal(err)
			}
			keptClosed(t, w, fresh, w.Timur, w.Nurlan)
			keptClosed(t, w, w.Theft, w.Timur, w.Nurlan)
			keptOpen(t, w, fresh, w.Stranger) // he is a suspect by his detention
			w.Want(t, `SELECT p.status, p.ended_at FROM participant p WHERE p.casefile = '`+fresh.String()+`' AND p.person = '`+w.Timur.Person.String()+`'`, `
				status | ended_at
				ended  | 2026-10-22 14:33:00`)
			want := "zhanar | CPC 202(1-2) | 2"
			if leaving {
				want = "zhanar | CPC 202(1-2) | 1"
			}
			w.Want(t, `SELECT who, law, count(*) FROM record WHERE act = 'participant-lapse' GROUP BY who, law`, "who | law | count\n"+want)
			w.Sound()
		})
	}
}

// What an agreed ruling holds in the new case stands, and what a paper of its own does.
func TestAStatusThatStandsByItselfInTheSeveredCaseOutlivesTheRefusal(t *testing.T) {
	w := portaltest.Kept(t)
	agreed, own := suspect(t, w, w.Timur, "urgent-questioning"), suspect(t, w, w.Stranger, "urgent-questioning")
	id := submitted(t, w, suspicion(agreed, own))
	w.At = w.At.Add(time.Minute)
	fresh := severed(t, w, false, agreed, own)
	of := func(a *portaltest.Actor) (id uuid.UUID) {
		t.Helper()
		if err := w.SQL.Get(&id, `SELECT id FROM participant WHERE casefile = $1 AND person = $2`, fresh, a.Person); err != nil {
			t.Fatal(err)
		}
		return id
	}
	w.At = w.At.Add(time.Minute)
	again := uuid.Must(uuid.NewV7())
	if err := casefile.DraftDecision(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.DecisionDraft), fresh, again, suspicion(of(w.Timur))); err != nil {
		t.Fatal(err)
	}
	if err := w.Publish(w.Daniyar, again); err != nil {
		t.Fatal(err)
	}
	if err := w.Agree(w.Zhanar, again); err != nil {
		t.Fatal(err)
	}
	if err := w.End(w.Daniyar, of(w.Stranger)); err != nil {
		t.Fatal(err)
	}
	w.At = w.At.Add(time.Minute)
	if err := w.Confirm(w.Daniyar, of(w.Stranger), casefile.Grant{Role: policy.Suspect, Basis: "urgent-questioning", Since: ruling(w).DecidedOn}); err != nil {
		t.Fatal(err)
	}
	w.At = w.At.Add(time.Minute)
	if err := w.Decline(w.Zhanar, id); err != nil {
		t.Fatal(err)
	}
	keptClosed(t, w, w.Theft, w.Timur, w.Stranger)
	keptOpen(t, w, fresh, w.Timur, w.Stranger)
	w.Sound()
}

// The ruling waits, and the case is joined: refused, he is a suspect in neither, whichever
// of the two the ruling was made in.
func TestARefusedSuspectIsNoneInTheCasesThatAreJoined(t *testing.T) {
	for _, before := range []bool{true, false} {
		t.Run(fmt.Sprintf("the ruling before the joinder %v", before), func(t *testing.T) {
			w := portaltest.Kept(t)
			stranger := uuid.Must(uuid.NewV7())
			if err := w.Add(w.Daniyar, w.Fraud, stranger, w.Stranger, casefile.Grant{Role: policy.Suspect, Basis: "urgent-questioning", Since: ruling(w).DecidedOn}); err != nil {
				t.Fatal(err)
			}
			in, id := w.Fraud, uuid.Must(uuid.NewV7())
			rule := func() {
				t.Helper()
				if err := casefile.DraftDecision(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.DecisionDraft), in, id, suspicion(stranger)); err != nil {
					t.Fatal(err)
				}
				if err := w.Publish(w.Daniyar, id); err != nil {
					t.Fatal(err)
				}
				w.At = w.At.Add(time.Minute)
			}
			if before {
				rule()
			}
			joined(t, w)
			w.At = w.At.Add(time.Minute)
			if !before {
				in = w.Theft
				if err := w.SQL.Get(&stranger, `SELECT id FROM participant WHERE casefile = $1 AND person = $2`, in, w.Stranger.Person); err != nil {
					t.Fatal(err)
				}
				rule()
			}
			keptOpen(t, w, w.Fraud, w.Stranger)
			keptOpen(t, w, w.Theft, w.Stranger)
			if err := w.Decline(w.Zhanar, id); err != nil {
				t.Fatal(err)
			}
			keptClosed(t, w, w.Theft, w.Stranger)
			keptClosed(t, w, w.Fraud, w.Stranger)
			keptOpen(t, w, w.Fraud, w.Timur, w.Dana) // he is one by a ruling that she agreed with
			w.Sound()
		})
	}
}

// ROLES §1: whom her client dismissed in the joint case opens nothing of it any more, nor of
// the cases that it is made of; and so whose status ended there.
func TestWhatEndsInAJointCaseEndsInThoseThatWereJoined(t *testing.T) {
	w := portaltest.Kept(t)
	petition := w.Petition(w.Timur, w.Fraud)
	joined(t, w)
	w.At = w.At.Add(time.Minute)
	reassigned(t, w, w.Fraud) // the one who conducts the joint case is nothing there
	w.At = w.At.Add(time.Minute)
	if _, err := filing.Read(w.Dana.As(t.Context()), w.App, w.Dana.Asks(policy.FilingRead), petition); err != nil {
		t.Fatal(err)
	}
	of := func(a *portaltest.Actor, role policy.Role, in uuid.UUID) (id uuid.UUID) {
		t.Helper()
		if err := w.SQL.Get(&id, `SELECT p.id FROM participant p LEFT JOIN participant r ON r.id = p.represents
			WHERE p.casefile = $1 AND p.person = $2 AND p.role = $3 AND coalesce(r.person, $4) = $4`, in, a.Person, role, w.Timur.Person); err != nil {
			t.Fatal(err)
		}
		return id
	}
	ctx, power := w.Timur.As(t.Context()), of(w.Dana, policy.Defender, w.Theft)
	if err := casefile.DraftRevocation(ctx, w.App, w.Press, w.Timur.Asks(policy.RevocationDraft), power, "kk"); err != nil {
		t.Fatal(err)
	}
	_, doc, err := casefile.RevocationOf(ctx, w.App, w.Timur.Asks(policy.RevocationCheck), power)
	if err != nil {
		t.Fatal(err)
	}
	if err := casefile.Revoke(ctx, w.App, w.Verifier, w.Timur.Asks(policy.PowerRevoke), power, w.SignedBy(w.Timur, doc.Content), doc.Digest); err != nil {
		t.Fatal(err)
	}
	keptClosed(t, w, w.Fraud, w.Dana)
	_, err = filing.Read(t.Context(), w.DB, w.Dana.Asks(policy.FilingRead), petition)
	wantKind(t, "his petition there", fault.NotFound, err)
	keptOpen(t, w, w.Theft, w.Dana) // she defends Serik
	keptOpen(t, w, w.Fraud, w.Timur)
	w.Want(t, `SELECT who, law, object_id FROM record WHERE act = 'participant-lapse'`, `
		who   | law    | object_id
		timur | CPC 43 | dana@fraud`)

	w.At = w.At.Add(time.Minute)
	accused := uuid.Must(uuid.NewV7()) // what he was in the fraud is what he was before
	if err := w.Change(w.Daniyar, of(w.Timur, policy.Suspect, w.Theft), accused, casefile.Grant{Role: policy.Accused, Basis: "indictment", Since: ruling(w).DecidedOn}); err != nil {
		t.Fatal(err)
	}
	keptOpen(t, w, w.Fraud, w.Timur)
	w.At = w.At.Add(time.Minute)
	if err := w.End(w.Daniyar, accused); err != nil {
		t.Fatal(err)
	}
	keptClosed(t, w, w.Fraud, w.Timur)
	keptClosed(t, w, w.Theft, w.Timur)
	w.Sound()
}
