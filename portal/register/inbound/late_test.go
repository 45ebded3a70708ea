package inbound_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/directory"
	"zharia/portal/fault"
	"zharia/portal/law"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/register/inbound"
	"zharia/portal/warrant"
)

// A line is down for hours, and what comes then comes in any order: each paper says when it
// was made, and what is newer stands.

// ok is for what has no answer.
func (d *desk) ok(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// after lets time pass.
func (d *desk) after(hours float64) { d.At = d.At.Add(time.Duration(hours * float64(time.Hour))) }

// power is a confirmation of a power that somebody has already.
func (d *desk) power(by, whose *portaltest.Actor, power uuid.UUID) data {
	d.t.Helper()
	var f struct {
		Case  uuid.UUID   `db:"casefile"`
		Role  policy.Role `db:"role"`
		Basis string      `db:"basis"`
		For   uuid.UUID   `db:"represents"`
		Whom  uuid.UUID   `db:"person"`
		As    policy.Role `db:"whom_role"`
	}
	d.ok(d.SQL.Get(&f, `SELECT p.casefile, p.role, p.basis, p.represents, r.person, r.role AS whom_role FROM participant p JOIN participant r ON r.id = p.represents WHERE p.id = $1`, power))
	c := d.signed(by, &warrant.Fact{
		Kind: warrant.Confirmation, ID: newID(), Made: d.At, Case: f.Case, Participant: power, Person: whose.Person, Role: f.Role, Basis: f.Basis,
		Represents: f.For, Whom: f.Whom, WhomRole: f.As, Capacity: "full", Scope: all, From: "2026-10-21",
	})
	c["who"], c["advocate"] = who(whose), "1234"
	return c
}

func (d *desk) revoke(by *portaltest.Actor, power uuid.UUID) {
	d.t.Helper()
	ctx := by.As(d.t.Context())
	d.ok(casefile.DraftRevocation(ctx, d.App, d.Press, by.Asks(policy.RevocationDraft), power, "kk"))
	_, doc, err := casefile.RevocationOf(ctx, d.App, by.Asks(policy.RevocationCheck), power)
	d.ok(err)
	d.ok(casefile.Revoke(ctx, d.App, d.W.Verifier, by.Asks(policy.PowerRevoke), power, d.SignedBy(by, doc.Content), doc.Digest))
}

func (d *desk) ending(by *portaltest.Actor, of, id uuid.UUID, whose *portaltest.Actor, role policy.Role) data {
	d.t.Helper()
	return d.signed(by, &warrant.Fact{Kind: warrant.Ending, ID: newID(), Made: d.At, Case: of, Participant: id, Person: whose.Person, Role: role})
}

func (d *desk) status(participant uuid.UUID, want string) {
	d.t.Helper()
	var got string
	d.ok(d.SQL.Get(&got, `SELECT status FROM participant WHERE id = $1`, participant))
	if got != want {
		d.t.Errorf("the status is %s, not %s", got, want)
	}
}

func TestALateConfirmationUndoesNoRevocation(t *testing.T) {
	d := open(t)
	power := d.Participant("dana@theft")
	late := d.body(inbound.Confirmation, d.Theft, 1, d.power(d.Daniyar, d.Dana, power))
	d.after(3)
	d.revoke(d.Serik, power)
	d.after(1)
	_, err := d.put(late)
	d.refused(err, "fault.not-now")
	d.status(power, "ended")
	if _, err := d.sees(d.Dana, d.Theft); err == nil {
		if n := d.count(`SELECT count(*) FROM capacity WHERE participant = $1`, power); n != 0 {
			t.Error("she acts by the power that was taken back")
		}
	}
	d.must(inbound.Confirmation, d.Theft, d.power(d.Daniyar, d.Dana, power)) // he has taken her again
	d.status(power, "confirmed")
	d.Sound()
}

// When the citizen drafted it does not count, but when he signed.
func TestALateConfirmationUndoesNoRevocationThatWasDraftedBefore(t *testing.T) {
	d := open(t)
	power := d.Participant("dana@theft")
	ctx := d.Serik.As(t.Context())
	d.ok(casefile.DraftRevocation(ctx, d.App, d.Press, d.Serik.Asks(policy.RevocationDraft), power, "kk"))
	d.after(1)
	late := d.body(inbound.Confirmation, d.Theft, 1, d.power(d.Daniyar, d.Dana, power))
	d.after(1)
	_, doc, err := casefile.RevocationOf(ctx, d.App, d.Serik.Asks(policy.RevocationCheck), power)
	d.ok(err)
	d.ok(casefile.Revoke(ctx, d.App, d.W.Verifier, d.Serik.Asks(policy.PowerRevoke), power, d.SignedBy(d.Serik, doc.Content), doc.Digest))
	d.after(1)
	_, err = d.put(late)
	d.refused(err, "fault.not-now")
	d.status(power, "ended")
}

func TestALateConfirmationUndoesNoEnding(t *testing.T) {
	d := open(t)
	of := d.begun(d.Daniyar)
	d.after(1)
	victim := newID()
	d.must(inbound.Confirmation, of, d.confirmed(d.Daniyar, of, victim, d.Stranger, policy.Victim))
	d.after(1)
	late := d.confirmed(d.Daniyar, of, victim, d.Stranger, policy.Victim)
	d.after(1)
	d.ok(d.End(d.Daniyar, victim)) // at the portal
	d.after(1)
	d.refused(d.send(inbound.Confirmation, of, late), "fault.not-now")
	d.status(victim, "ended")
	ends := d.ending(d.Daniyar, of, victim, d.Stranger, policy.Victim)
	d.after(1)
	d.ok(d.Confirm(d.Daniyar, victim, casefile.Grant{Role: policy.Victim, Basis: policy.Bases[policy.Victim][0].Key, Since: d.At.Truncate(24 * time.Hour)}))
	d.after(1)
	d.refused(d.send(inbound.Ending, of, ends), "fault.not-now")
	d.status(victim, "confirmed")
	d.Sound()
}

// The calendar ended the power, and nobody's word: who conducted the case had said before
// the last day that it goes on, and the keeper goes by that. What was said after it still
// counts for more.
func TestALateConfirmationThatWasSignedInTimeUndoesALapse(t *testing.T) {
	d := open(t)
	power := d.Participant("dana@theft")
	d.SQL.MustExec(`UPDATE participant SET until = $2 WHERE id = $1`, power, d.At.AddDate(0, 0, 1).Format(time.DateOnly))
	late := d.body(inbound.Confirmation, d.Theft, 1, d.power(d.Daniyar, d.Dana, power))
	again := d.body(inbound.Confirmation, d.Theft, 2, d.power(d.Daniyar, d.Dana, power))
	d.after(72)
	d.ok(casefile.EndLapsed(t.Context(), d.Inbox.DB.DB, d.At))
	d.status(power, "ended")
	d.after(1)
	_, err := d.put(late)
	d.ok(err)
	d.status(power, "confirmed")
	d.after(1)
	d.revoke(d.Serik, power)
	d.after(1)
	_, err = d.put(again)
	d.refused(err, "fault.not-now")
	d.status(power, "ended")
	d.Sound()
}

// What waited in the line comes at once, in its order: each counts as of its own moment.
func TestWhatWaitedInTheLineIsTakenInItsOrder(t *testing.T) {
	d := open(t)
	of, victim := d.begun(d.Daniyar), newID()
	var waits []data
	for i := range 3 {
		d.after(1)
		if i == 1 {
			waits = append(waits, d.ending(d.Daniyar, of, victim, d.Stranger, policy.Victim))
			continue
		}
		waits = append(waits, d.confirmed(d.Daniyar, of, victim, d.Stranger, policy.Victim))
	}
	d.after(5)
	for i, kind := range []inbound.Kind{inbound.Confirmation, inbound.Ending, inbound.Confirmation} {
		d.must(kind, of, waits[i])
		d.after(0.1)
	}
	d.status(victim, "confirmed")
	if _, err := d.sees(d.Stranger, of); err != nil {
		t.Errorf("he sees %v", err)
	}
	d.Sound()
}

// enrolled is a roll with one line.
func (d *desk) enrolled(a *portaltest.Actor, post string, body uuid.UUID, until string) data {
	d.t.Helper()
	out := d.said(warrant.Fact{
		Kind: warrant.Roll, ID: newID(), Made: d.At, Officers: []warrant.Officer{{Person: a.Person, Post: post, Body: body, Until: warrant.Day(until)}},
	})
	one := who(a)
	one["post"], one["body"] = post, body
	if until != "" {
		one["until"] = until
	}
	out["officers"] = []any{one}
	return out
}

// says is the fault of a refusal, whatever the contract makes of it.
func (d *desk) says(err error, message string) {
	d.t.Helper()
	var why *fault.Fault
	if !errors.As(err, &why) || why.Message != message {
		d.t.Errorf("%v, not %s", err, message)
	}
}

// Two people sign who administers the portal, and the key of the register is neither.
func TestTheRegisterMakesNoAdministratorAndUnmakesNone(t *testing.T) {
	d := open(t)
	house, police := d.bodyOf(d.Bolat), d.Body("police")
	yesterday := d.At.AddDate(0, 0, -1).Format(time.DateOnly)
	rows := `SELECT count(*) FROM officer WHERE post = 'administrator' AND left_at IS NULL AND until IS NULL AND person IN ($1, $2)`
	for what, roll := range map[string]data{
		"an administrator":            d.enrolled(d.Stranger, "administrator", house, ""),
		"an auditor":                  d.enrolled(d.Stranger, "auditor", house, ""),
		"of an official":              d.enrolled(d.Ermek, "administrator", house, ""),
		"whose term is over":          d.enrolled(d.Bolat, "administrator", house, yesterday),
		"whose term is to end":        d.enrolled(d.Raushan, "administrator", house, d.At.AddDate(0, 1, 0).Format(time.DateOnly)),
		"who audits now":              d.enrolled(d.Bolat, "auditor", house, ""),
		"who is an investigator":      d.enrolled(d.Bolat, "investigator", police, ""),
		"whose post as such is over":  d.enrolled(d.Raushan, "investigator", police, yesterday),
		"in a body of administration": d.enrolled(d.Raushan, "registrar", police, ""),
	} {
		err := d.send(inbound.Officers, uuid.Nil, roll)
		if err == nil {
			t.Errorf("%s: taken", what)
			continue
		}
		d.says(err, "fault.register-administration")
		if n := d.count(rows, d.Bolat.Person, d.Raushan.Person); n != 2 {
			t.Fatalf("%s: %d of the two administrators are in post", what, n)
		}
	}
	if n := d.count(`SELECT count(*) FROM officer WHERE post IN ('administrator', 'auditor')`); n != 2 {
		t.Errorf("there are %d of them", n)
	}
	if n := d.count(`SELECT count(*) FROM warrant WHERE kind = 'roll'`); n != 1 {
		t.Errorf("%d rolls are kept, and the keeper goes by them", n)
	}
	// What two people signed it may say as well: so the keeper learns who the first two are.
	d.must(inbound.Officers, uuid.Nil, d.enrolled(d.Bolat, "administrator", house, ""))
	if n := d.count(rows, d.Bolat.Person, d.Raushan.Person); n != 2 {
		t.Errorf("%d administrators", n)
	}
	d.Sound()
}

func TestALateRollBringsNobodyBack(t *testing.T) {
	d := open(t)
	police, other := d.Body("police"), d.Body("police-auezov")
	d.must(inbound.Officers, uuid.Nil, d.enrolled(d.Stranger, "investigator", police, ""))
	of := d.begun(d.Stranger)
	if _, err := d.sees(d.Stranger, of); err != nil {
		t.Fatal(err)
	}
	d.after(1)
	late := d.body(inbound.Officers, uuid.Nil, 0, d.enrolled(d.Stranger, "investigator", police, ""))
	d.after(1)
	d.must(inbound.Officers, uuid.Nil, d.enrolled(d.Stranger, "investigator", police, d.At.AddDate(0, 0, -1).Format(time.DateOnly))) // dismissed
	d.after(1)
	_, err := d.put(late)
	d.ok(err) // a newer one stands: there is nothing to be said again
	if n := d.count(`SELECT count(*) FROM officer WHERE person = $1 AND until IS NOT NULL`, d.Stranger.Person); n != 1 {
		t.Error("the last day of the dismissed one is gone")
	}
	d.ok(directory.Expire(t.Context(), d.Inbox.DB, d.At))
	d.refused(d.send(inbound.Confirmation, of, d.confirmed(d.Stranger, of, newID(), d.Timur, policy.Victim)), "fault.register-signer")

	// What two people signed at the portal is newer than a roll that was under way.
	late = d.body(inbound.Officers, uuid.Nil, 0, d.enrolled(d.Ermek, "head", other, ""))
	d.after(1)
	id, err := d.Propose(d.Bolat, directory.Entry{IIN: d.Ermek.IIN, Leaves: true})
	d.ok(err)
	d.ok(d.Second(d.Raushan, id, true))
	d.after(1)
	_, err = d.put(late)
	d.ok(err)
	if n := d.count(`SELECT count(*) FROM officer WHERE person = $1 AND post = 'investigator' AND left_at IS NOT NULL`, d.Ermek.Person); n != 1 {
		t.Error("who left is the head of another body")
	}
	d.must(inbound.Officers, uuid.Nil, d.enrolled(d.Ermek, "head", other, ""))
	if n := d.count(`SELECT count(*) FROM officer WHERE person = $1 AND post = 'head' AND left_at IS NULL`, d.Ermek.Person); n != 1 {
		t.Error("a newer roll did not bring him")
	}
	// Of two of one moment nobody knows which counts.
	d.after(0.1)
	one, two := d.enrolled(d.Ermek, "investigator", police, ""), d.enrolled(d.Ermek, "head", police, "")
	d.must(inbound.Officers, uuid.Nil, one)
	d.refused(d.send(inbound.Officers, uuid.Nil, two), "fault.not-now")
	d.Sound()
}

// An assent that waited for its signature while the register said something newer is printed
// anew: the keeper goes by when a paper was made.
func TestAnAssentOlderThanTheRollIsPrintedAnew(t *testing.T) {
	d := open(t)
	ctx := t.Context()
	id, err := d.Propose(d.Bolat, directory.Entry{IIN: d.Ermek.IIN, Name: d.Ermek.FullName(), Post: "head", Body: d.Body("police-auezov")})
	d.ok(err)
	d.after(1)
	d.ok(directory.Reply(ctx, d.W.DB, d.Press, d.Raushan.Asks(policy.AppointmentReply), id, true, "", "kk"))
	d.after(1)
	d.must(inbound.Officers, uuid.Nil, d.enrolled(d.Ermek, "registrar", d.Body("police"), ""))
	d.after(1)
	_, _, doc, err := directory.OwnReply(ctx, d.W.DB, d.Raushan.Asks(policy.AppointmentCheck), id)
	d.ok(err)
	err = directory.Settle(ctx, d.W.DB, d.W.Verifier, d.Raushan.Asks(policy.AppointmentAgree), id, d.SignedBy(d.Raushan, doc.Content), doc.Digest)
	d.says(err, "fault.not-now")
	d.ok(d.Second(d.Raushan, id, true))
	if n := d.count(`SELECT count(*) FROM officer WHERE person = $1 AND post = 'head' AND left_at IS NULL`, d.Ermek.Person); n != 1 {
		t.Error("what two people signed does not stand")
	}
	d.Sound()
}

func TestALateChargeTakesTheCaseFromNobody(t *testing.T) {
	d := open(t)
	of := d.begun(d.Daniyar)
	d.after(1)
	late := d.charge(of, d.Daniyar) // another prosecutor, say
	d.after(1)
	d.ok(d.Assign(d.Marat, of, d.Ermek))
	d.after(1)
	d.refused(d.send(inbound.Transfer, of, late), "fault.not-now")
	if _, err := d.sees(d.Ermek, of); err != nil {
		t.Errorf("to whom the head gave it gets %v", err)
	}
	if _, err := d.sees(d.Daniyar, of); !errors.Is(err, fault.NotFound) {
		t.Errorf("who had it before gets %v", err)
	}
	older := d.charge(of, d.Ermek)
	d.after(1)
	d.must(inbound.Transfer, of, d.charge(of, d.Daniyar))
	d.refused(d.send(inbound.Transfer, of, older), "fault.not-now")
	if _, err := d.sees(d.Daniyar, of); err != nil {
		t.Errorf("who has it now gets %v", err)
	}
	d.Sound()
}

// A head's draft that waited while the register gave the case anew gives nothing.
func TestADraftOlderThanTheChargeGivesNoCase(t *testing.T) {
	d := open(t)
	of := d.begun(d.Daniyar)
	d.after(1)
	ctx := t.Context()
	d.ok(directory.DraftAssignment(ctx, d.W.DB, d.Press, d.Marat.Asks(policy.AssignmentDraft), of, d.Ermek.Person, "kk"))
	d.after(1)
	d.must(inbound.Transfer, of, d.charge(of, d.Daniyar))
	d.after(1)
	_, doc, err := directory.ReadAssignment(ctx, d.W.DB, d.Marat.Asks(policy.AssignmentCheck), of)
	d.ok(err)
	err = directory.Assign(ctx, d.W.DB, d.W.Verifier, d.Marat.Asks(policy.AssignmentSign), of, d.SignedBy(d.Marat, doc.Content), doc.Digest)
	d.says(err, "fault.not-now")
	d.ok(d.Assign(d.Marat, of, d.Ermek)) // printed anew
	d.Sound()
}

func TestBodiesThatComeLateChangeNothing(t *testing.T) {
	d := open(t)
	id := newID()
	named := func(name string) data {
		return data{"bodies": []any{data{"id": id, "kind": "investigation", "name_kk": name, "name_ru": name}}}
	}
	d.must(inbound.Bodies, uuid.Nil, named("Бірінші"))
	d.after(1)
	late := d.body(inbound.Bodies, uuid.Nil, 0, named("Екінші"))
	d.after(1)
	d.must(inbound.Bodies, uuid.Nil, named("Үшінші"))
	_, err := d.put(late)
	d.ok(err)
	if n := d.count(`SELECT count(*) FROM body WHERE id = $1 AND name_kk = 'Үшінші'`, id); n != 1 {
		t.Error("an older name came back")
	}
	d.Sound()
}

func TestARulingCountsFromWhoConductedTheCaseWhenHeSignedIt(t *testing.T) {
	d := open(t)
	of := d.begun(d.Daniyar)
	d.after(1)
	single, filed, foreign := d.ruled(d.Daniyar, "group"), d.ruled(d.Daniyar, "language"), d.ruled(d.Ermek, "group")
	d.after(1)
	victim := newID()
	d.must(inbound.Confirmation, of, d.confirmed(d.Daniyar, of, victim, d.Stranger, policy.Victim))
	d.after(1)
	ends := d.ending(d.Daniyar, of, victim, d.Stranger, policy.Victim)
	late := d.confirmed(d.Daniyar, of, newID(), d.Timur, policy.Victim)
	d.after(1)
	d.ok(d.Assign(d.Marat, of, d.Ermek))
	d.after(1)
	printed := d.signed(d.Daniyar, &warrant.Fact{Kind: warrant.Ending, ID: newID(), Made: d.At.Add(-90 * time.Minute), Case: of, Participant: victim, Person: d.Stranger.Person, Role: policy.Victim})
	after := d.ruled(d.Daniyar, "group")
	d.after(12)
	d.must(inbound.Decision, of, single)
	d.refused(d.send(inbound.Decision, of, foreign), "fault.register-signer") // he had it later
	d.refused(d.send(inbound.Decision, of, after), "fault.register-signer")
	d.refused(d.send(inbound.Ending, of, printed), "fault.register-signer") // signed when the case was another's
	d.must(inbound.Ending, of, ends)
	d.status(victim, "ended")
	d.refused(d.send(inbound.Confirmation, of, late), "fault.register-signer") // the keeper would open nothing by it
	p, err := d.file(d.line(inbound.Decision, of, d.next[of]+1, filed)).Run(t.Context())
	if err != nil || p.Taken != 1 {
		t.Errorf("of a file: %+v, %v", p, err)
	}
	d.next[of]++
	p, err = d.file(d.line(inbound.Decision, of, d.next[of]+1, foreign), d.line(inbound.Decision, of, d.next[of]+1, d.ruled(d.Ermek, "group"))).Run(t.Context())
	if err != nil || p.Taken != 1 || p.Refused != 1 {
		t.Errorf("of a file: %+v, %v", p, err)
	}
	d.Sound()
}

// Who left his post signs nothing from then on, though nobody was given his cases.
func TestARulingOfWhoHadLeftCountsForNothing(t *testing.T) {
	d := open(t)
	of := d.begun(d.Ermek)
	d.after(1)
	before := d.ruled(d.Ermek, "group")
	d.after(1)
	id, err := d.Propose(d.Bolat, directory.Entry{IIN: d.Ermek.IIN, Leaves: true})
	d.ok(err)
	d.ok(d.Second(d.Raushan, id, true))
	d.after(1)
	after := d.ruled(d.Ermek, "group")
	d.must(inbound.Decision, of, before)
	d.refused(d.send(inbound.Decision, of, after), "fault.register-signer")
	d.Enter(directory.Entry{IIN: d.Ermek.IIN, Name: d.Ermek.FullName(), Post: "head", Body: d.Body("police-auezov")}) // he comes back as another
	d.after(1)
	d.refused(d.send(inbound.Decision, of, d.ruled(d.Ermek, "group")), "fault.register-signer")
}

func TestARulingOfADeputyCountsFromTheDaysHeWasOne(t *testing.T) {
	d := open(t)
	of := d.begun(d.Daniyar)
	d.after(1)
	early := d.ruled(d.Ermek, "group")
	d.after(1)
	id, err := d.Substitute(d.Marat, d.Daniyar, d.Ermek, d.At.AddDate(0, 0, 3).Truncate(24*time.Hour))
	d.ok(err)
	d.after(1)
	during := d.ruled(d.Ermek, "group")
	d.after(1)
	d.ok(directory.EndSubstitution(t.Context(), d.W.DB, d.Marat.Asks(policy.SubstitutionEnd), id))
	d.after(1)
	d.must(inbound.Decision, of, during)
	d.refused(d.send(inbound.Decision, of, early), "fault.register-signer")
	d.refused(d.send(inbound.Decision, of, d.ruled(d.Ermek, "group")), "fault.register-signer")
}

// A case that was severed was conducted from the first by who severed it.
func TestARulingInASeveredCaseCounts(t *testing.T) {
	d := open(t)
	of, victim := d.begun(d.Daniyar), newID()
	d.must(inbound.Confirmation, of, d.confirmed(d.Daniyar, of, victim, d.Stranger, policy.Victim))
	d.after(1)
	paper := newID()
	sever := d.signed(d.Daniyar, &warrant.Fact{Kind: warrant.Severance, ID: paper, Made: d.At, Case: of, Other: warrant.Severed(paper), Concerns: []uuid.UUID{victim}})
	person := who(d.Stranger)
	person["participant"] = victim
	sever["decision"], sever["decided_on"], sever["concerns"], sever["people"] = newID(), "2026-10-21", []any{victim}, []any{person}
	sever["number"], sever["offence_kk"], sever["offence_ru"] = number(), "Ұрлық", "Кража"
	d.after(1)
	apart := warrant.Severed(paper)
	ruling, foreign := d.ruled(d.Daniyar, "group"), d.ruled(d.Ermek, "group")
	d.after(1)
	d.must(inbound.Severance, of, sever)
	d.after(1)
	d.must(inbound.Transfer, apart, d.charge(apart, d.Ermek))
	d.after(1)
	d.must(inbound.Decision, apart, ruling)
	d.refused(d.send(inbound.Decision, apart, foreign), "fault.register-signer")
	d.must(inbound.Decision, apart, d.ruled(d.Ermek, "group"))
	d.Sound()
}

// severed is a severance that was printed some hours before its signature.
func (d *desk) severed(by *portaltest.Actor, of, victim uuid.UUID, before float64) (uuid.UUID, data) {
	d.t.Helper()
	paper, made := newID(), d.At.Add(-time.Duration(before*float64(time.Hour)))
	s := d.signed(by, &warrant.Fact{Kind: warrant.Severance, ID: paper, Made: made, Case: of, Other: warrant.Severed(paper), Concerns: []uuid.UUID{victim}})
	person := who(d.Stranger)
	person["participant"] = victim
	s["decision"], s["decided_on"], s["concerns"], s["people"] = newID(), "2026-10-21", []any{victim}, []any{person}
	s["number"], s["offence_kk"], s["offence_ru"] = number(), "Ұрлық", "Кража"
	return warrant.Severed(paper), s
}

// joined is a joinder of a case that somebody came from.
func (d *desk) joined(by *portaltest.Actor, of, other, victim uuid.UUID) data {
	d.t.Helper()
	j := d.signed(by, &warrant.Fact{Kind: warrant.Joinder, ID: newID(), Made: d.At, Case: of, Other: other})
	person := who(d.Stranger)
	person["participant"] = victim
	j["decision"], j["decided_on"], j["people"] = newID(), "2026-10-21", []any{person}
	return j
}

// The keeper takes a paper without a time-stamp for signed when it came: a charge that was
// made before, and came after, leaves nothing of it. So nothing of it stands here either.
func TestAStatusAwaitsWhoHadTheCaseWhenItsPaperCame(t *testing.T) {
	d := open(t)
	d.Guarded() // with KEPT=1 a real keeper stands behind
	of := d.begun(d.Daniyar)
	d.after(1)
	early, late, power := newID(), newID(), newID()
	d.must(inbound.Confirmation, of, d.confirmed(d.Daniyar, of, early, d.Timur, policy.Victim))
	first, second := d.confirmed(d.Daniyar, of, late, d.Stranger, policy.Victim), d.signed(d.Daniyar, &warrant.Fact{
		Kind: warrant.Confirmation, ID: newID(), Made: d.At, Case: of, Participant: power, Person: d.Dana.Person, Role: policy.Representative, Basis: policy.Bases[policy.Representative][0].Key,
		Represents: late, Whom: d.Stranger.Person, WhomRole: policy.Victim, Capacity: "full", Scope: all, From: "2026-10-21",
	})
	second["who"], second["advocate"] = who(d.Dana), "1234"
	d.after(0.5)
	moved := d.charge(of, d.Ermek)
	d.after(3)
	d.must(inbound.Confirmation, of, first)
	d.must(inbound.Confirmation, of, second)
	d.status(late, "confirmed")
	d.must(inbound.Transfer, of, moved)
	d.status(early, "confirmed")
	d.status(late, "awaiting")
	d.status(power, "awaiting")
	if n := d.count(`SELECT count(*) FROM record WHERE act = 'participant-lapse' AND casefile = $1 AND law = $2`, of, law.CPC(186).String()); n != 2 {
		t.Errorf("%d of the two are told", n)
	}
	if _, err := d.sees(d.Stranger, of); !errors.Is(err, fault.NotFound) {
		t.Errorf("whom nobody confirmed gets %v", err)
	}
	ctx := d.Ermek.As(t.Context())
	waits, err := casefile.Waiting(ctx, d.App, d.Ermek.Asks(policy.DeskRead))
	if err != nil || len(waits) != 2 {
		t.Errorf("before who has the case now stand %d: %v", len(waits), err)
	}
	d.after(1)
	d.must(inbound.Confirmation, of, d.confirmed(d.Ermek, of, late, d.Stranger, policy.Victim))
	d.after(0.1)
	d.must(inbound.Confirmation, of, d.power(d.Ermek, d.Dana, power))
	for _, one := range []*portaltest.Actor{d.Stranger, d.Dana, d.Timur} {
		if c, err := d.sees(one, of); err != nil || c.OffenceRU == "" {
			t.Errorf("%s sees %v", one.Word, err)
		}
	}
	d.Sound()
}

// What a charge leaves with him who had the case stands: another prosecutor came.
func TestAStatusStaysWhereHeWhoConfirmedItKeepsTheCase(t *testing.T) {
	d := open(t)
	of, victim := d.begun(d.Daniyar), newID()
	d.after(1)
	late := d.confirmed(d.Daniyar, of, victim, d.Stranger, policy.Victim)
	d.after(0.5)
	again := d.charge(of, d.Daniyar)
	d.after(3)
	d.must(inbound.Confirmation, of, late)
	d.must(inbound.Transfer, of, again)
	d.status(victim, "confirmed")
	d.Sound()
}

// The people of another case came with a joinder that he could not sign any more by the
// time it came.
func TestWhoCameWithALateJoinderAwaitsToo(t *testing.T) {
	for _, of := range []string{"the case", "the other case"} {
		d := open(t)
		into, other, victim := d.begun(d.Daniyar), d.begun(d.Daniyar), newID()
		d.must(inbound.Confirmation, other, d.confirmed(d.Daniyar, other, victim, d.Stranger, policy.Victim))
		d.after(1)
		join := d.joined(d.Daniyar, into, other, victim)
		d.after(0.5)
		moves := map[string]uuid.UUID{"the case": into, "the other case": other}[of]
		moved := d.charge(moves, d.Ermek)
		d.after(3)
		d.must(inbound.Joinder, into, join)
		d.status(warrant.Brought(into, victim), "confirmed")
		d.must(inbound.Transfer, moves, moved)
		d.status(warrant.Brought(into, victim), "awaiting")
		d.status(victim, "confirmed")
		d.Sound()
	}
}

func TestWhoWentWithALateSeveranceAwaitsToo(t *testing.T) {
	d := open(t)
	of, victim := d.begun(d.Daniyar), newID()
	d.must(inbound.Confirmation, of, d.confirmed(d.Daniyar, of, victim, d.Stranger, policy.Victim))
	d.after(1)
	apart, sever := d.severed(d.Daniyar, of, victim, 0)
	d.after(0.5)
	moved := d.charge(of, d.Ermek)
	d.after(3)
	d.must(inbound.Severance, of, sever)
	d.status(warrant.Brought(apart, victim), "confirmed")
	d.must(inbound.Transfer, of, moved)
	d.status(warrant.Brought(apart, victim), "awaiting")
	d.status(victim, "confirmed")
	d.after(0.5)
	d.must(inbound.Transfer, apart, d.charge(apart, d.Ermek)) // by which the keeper knows it
	d.after(0.5)
	d.must(inbound.Confirmation, apart, d.confirmed(d.Ermek, apart, warrant.Brought(apart, victim), d.Stranger, policy.Victim))
	if _, err := d.sees(d.Stranger, apart); err != nil {
		t.Errorf("whom it concerns sees %v", err)
	}
	d.Sound()
}

func TestWhoWasNobodyInBetweenGivesNoRight(t *testing.T) {
	d := open(t)
	police := d.Body("police")
	d.must(inbound.Officers, uuid.Nil, d.enrolled(d.Stranger, "investigator", police, ""))
	of := d.begun(d.Stranger)
	d.after(1)
	d.must(inbound.Officers, uuid.Nil, d.enrolled(d.Stranger, "investigator", police, d.At.AddDate(0, 0, -1).Format(time.DateOnly)))
	d.ok(directory.Expire(t.Context(), d.Inbox.DB, d.At))
	d.after(1)
	between, ruling := d.confirmed(d.Stranger, of, newID(), d.Timur, policy.Victim), d.ruled(d.Stranger, "group")
	d.after(1)
	d.must(inbound.Officers, uuid.Nil, d.enrolled(d.Stranger, "investigator", police, ""))
	d.after(1)
	d.refused(d.send(inbound.Confirmation, of, between), "fault.register-signer")
	d.must(inbound.Decision, of, ruling) // gives nobody a right, and the directory keeps no posts of the past
	d.must(inbound.Confirmation, of, d.confirmed(d.Stranger, of, newID(), d.Timur, policy.Victim))
	d.Sound()
}

// The register told nothing of what was before the first charge: a ruling of then counts,
// and a right begins with a charge.
func TestNothingBeforeTheFirstChargeGivesARight(t *testing.T) {
	for _, before := range []time.Duration{5 * time.Hour, 30 * time.Second} {
		d := open(t)
		of := newID()
		early, ruling := d.confirmed(d.Daniyar, of, newID(), d.Stranger, policy.Victim), d.ruled(d.Daniyar, "group")
		d.At = d.At.Add(before)
		c := d.charge(of, d.Daniyar)
		c["number"], c["offence_kk"], c["offence_ru"], c["registered_on"] = number(), "Ұрлық", "Кража", "2026-10-20"
		d.must(inbound.Case, of, c)
		at := d.confirmed(d.Daniyar, of, newID(), d.Stranger, policy.Victim) // in the same second
		d.after(1)
		d.refused(d.send(inbound.Confirmation, of, early), "fault.register-signer")
		d.must(inbound.Decision, of, ruling)
		d.must(inbound.Confirmation, of, at)
		d.Sound()
	}
}

// What was printed before the case was his gives nobody the new one, whenever he signed it.
func TestASeveranceCountsFromWhenItWasPrinted(t *testing.T) {
	d := open(t)
	of, victim := d.begun(d.Ermek), newID()
	d.must(inbound.Confirmation, of, d.confirmed(d.Ermek, of, victim, d.Stranger, policy.Victim))
	d.after(1)
	d.must(inbound.Transfer, of, d.charge(of, d.Daniyar))
	d.after(1)
	_, before := d.severed(d.Daniyar, of, victim, 1.5)
	d.refused(d.send(inbound.Severance, of, before), "fault.register-signer")
	d.after(1)
	moved := d.At.Add(-15 * time.Minute)
	apart, sever := d.severed(d.Daniyar, of, victim, 0.5)
	d.must(inbound.Severance, of, sever)
	newer := d.said(warrant.Fact{Kind: warrant.Charge, ID: newID(), Made: moved, Case: apart, Officer: d.Ermek.Person, Body: d.bodyOf(d.Ermek), Prosecutor: d.Zhanar.Person, Office: d.bodyOf(d.Zhanar)})
	d.must(inbound.Transfer, apart, newer) // newer than the printing
	if _, err := d.sees(d.Ermek, apart); err != nil {
		t.Errorf("to whom it was given since gets %v", err)
	}
	d.Sound()
}

func TestAJoinderTakesBothCasesWhenItWasPrinted(t *testing.T) {
	d := open(t)
	of, other, victim := d.begun(d.Daniyar), d.begun(d.Ermek), newID()
	d.must(inbound.Confirmation, other, d.confirmed(d.Ermek, other, victim, d.Stranger, policy.Victim))
	d.after(1)
	early := d.joined(d.Daniyar, of, other, victim)
	d.after(1)
	d.must(inbound.Transfer, other, d.charge(other, d.Daniyar))
	d.after(1)
	d.refused(d.send(inbound.Joinder, of, early), "fault.register-signer")
	d.must(inbound.Joinder, of, d.joined(d.Daniyar, of, other, victim))
	d.Sound()
}

// Of two papers of one moment the keeper reads that with the lower number first.
func TestAConfirmationOfTheMomentOfTheChargeCountsAfterIt(t *testing.T) {
	d := open(t)
	of := newID()
	early := d.confirmed(d.Daniyar, of, newID(), d.Stranger, policy.Victim)
	c := d.charge(of, d.Daniyar)
	c["number"], c["offence_kk"], c["offence_ru"], c["registered_on"] = number(), "Ұрлық", "Кража", "2026-10-20"
	d.must(inbound.Case, of, c)
	d.refused(d.send(inbound.Confirmation, of, early), "fault.register-signer")
	d.must(inbound.Confirmation, of, d.confirmed(d.Daniyar, of, newID(), d.Stranger, policy.Victim))
	d.Sound()
}
