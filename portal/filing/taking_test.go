package filing_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// Every status as it can be held, and whose filing: what its author does, and what
// the one does in whose place he filed.
const takingTable = `
suspect                               freely       -
accused                               freely       -
trial-defendant                       freely       -
wrd                                   freely       -
defender for suspect                  with-consent freely
defender for accused                  with-consent freely
defender for trial-defendant          with-consent freely
defender for wrd                      with-consent freely
victim                                freely       -
private-prosecutor                    freely       -
civil-plaintiff                       freely       -
civil-defendant                       freely       -
legal-rep-suspect for suspect         with-consent -
legal-rep-suspect for accused         with-consent -
legal-rep-suspect for trial-defendant with-consent -
legal-rep-victim for victim           by-power     -
legal-rep-victim for civil-plaintiff  by-power     -
representative for victim             by-power     freely
representative for private-prosecutor by-power     freely
representative for civil-plaintiff    by-power     freely
representative-defendant for civil-defendant by-power freely
applicant                             freely       -
witness                               freely       -
`

func TestWhoTakesBackWhatWhomFiled(t *testing.T) {
	names := map[filing.Taking]string{filing.NotHis: "-", filing.Freely: "freely", filing.ByPower: "by-power", filing.WithConsent: "with-consent"}
	want := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(takingTable), "\n") {
		words := strings.Fields(line)
		n := len(words) - 2
		want[strings.Join(words[:n], " ")] = strings.Join(words[n:], " ")
	}
	seen := 0
	for _, seat := range policy.Seats() {
		who := string(seat.Role)
		if seat.Represented != "" {
			who += " for " + string(seat.Represented)
		}
		author, by := filing.TakingOf(policy.Author, seat.Role, seat.Represented)
		client, _ := filing.TakingOf(policy.Client, seat.Role, seat.Represented)
		if got := fmt.Sprint(names[author], " ", names[client]); want[who] != got {
			t.Errorf("%s: author and client %q, want %q", who, got, want[who])
		}
		if by.IsZero() {
			t.Errorf("%s: no article", who)
		}
		for _, other := range []policy.Standing{policy.Counsel, policy.Decider, policy.Supervisor, policy.Party, policy.Office} {
			if how, _ := filing.TakingOf(other, seat.Role, seat.Represented); how != filing.NotHis {
				t.Errorf("%s: %v takes it back", who, other.Names())
			}
		}
		seen++
	}
	if seen != len(want) {
		t.Errorf("the table has %d lines, there are %d statuses", len(want), seen)
	}
}

// asksBack has an actor sign a withdrawal that waits for a consent.
func asksBack(t *testing.T, w *portaltest.W, a *portaltest.Actor, id uuid.UUID) error {
	t.Helper()
	ctx := as(t, w, a)
	if err := filing.DraftWithdrawal(ctx, w.App, w.Press, a.Asks(policy.WithdrawalDraft), id, "kk"); err != nil {
		return err
	}
	_, doc, err := filing.WithdrawalOf(ctx, w.App, a.Asks(policy.WithdrawalCheck), id)
	if err != nil {
		return err
	}
	return filing.Withdraw(ctx, w.App, w.Verifier, a.Asks(policy.WithdrawalAsk), id, w.SignedBy(a, doc.Content), doc.Digest)
}

// says has an actor sign what he says of it.
func says(t *testing.T, w *portaltest.W, a *portaltest.Actor, id uuid.UUID, act policy.Act) error {
	t.Helper()
	ctx := as(t, w, a)
	if err := filing.DraftConsent(ctx, w.App, w.Press, a.Asks(policy.ConsentDraft), id, act == policy.WithdrawalConsent, "kk"); err != nil {
		return err
	}
	_, _, doc, err := filing.ConsentOf(ctx, w.App, a.Asks(policy.ConsentCheck), id)
	if err != nil {
		return err
	}
	return filing.Consent(ctx, w.App, w.Verifier, a.Asks(act), id, w.SignedBy(a, doc.Content), doc.Digest)
}

func TestADefenderTakesNothingBackWithoutHisClientsSignedConsent(t *testing.T) {
	w := portaltest.World(t)
	id := w.Petition(w.Dana, w.Theft)
	due := w.Rows(t, `SELECT due_at FROM filing`)

	wantKind(t, "Dana alone", fault.Forbidden, w.Withdraw(w.Dana, id))
	wantKind(t, "Serik before anything was asked", fault.Conflict, says(t, w, w.Serik, id, policy.WithdrawalConsent))
	if err := asksBack(t, w, w.Dana, id); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT status FROM filing`, "status\nfiled")
	for _, other := range []struct {
		who  *portaltest.Actor
		kind fault.Kind
	}{{w.Dana, fault.Forbidden}, {w.Daniyar, fault.Forbidden}, {w.Aigul, fault.NotFound}, {w.Timur, fault.NotFound}} {
		wantKind(t, other.who.Word+" consents", other.kind, says(t, w, other.who, id, policy.WithdrawalConsent))
	}
	wantKind(t, "Dana prepares another", fault.Conflict, asksBack(t, w, w.Dana, id))

	// He says no: it stays, and its clock was never stopped.
	if err := says(t, w, w.Serik, id, policy.WithdrawalDecline); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT status, withdrawal IS NULL AS stays FROM filing`, "status | stays\nfiled | true")
	portaltest.WantText(t, "the term", w.Rows(t, `SELECT due_at FROM filing`), due)

	// Asked again he says yes, by the address of yes alone.
	if err := asksBack(t, w, w.Dana, id); err != nil {
		t.Fatal(err)
	}
	if err := filing.DraftConsent(as(t, w, w.Serik), w.App, w.Press, w.Serik.Asks(policy.ConsentDraft), id, true, "ru"); err != nil {
		t.Fatal(err)
	}
	_, _, doc, err := filing.ConsentOf(as(t, w, w.Serik), w.App, w.Serik.Asks(policy.ConsentCheck), id)
	if err != nil {
		t.Fatal(err)
	}
	err = filing.Consent(as(t, w, w.Serik), w.App, w.Verifier, w.Serik.Asks(policy.WithdrawalDecline), id, w.SignedBy(w.Serik, doc.Content), doc.Digest)
	wantKind(t, "a yes at the address of no", fault.Conflict, err)
	if err := says(t, w, w.Serik, id, policy.WithdrawalConsent); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT status, ended_at FROM filing`, "status | ended_at\nwithdrawn | 2026-10-22 14:30:00")
	w.Want(t, `SELECT who, act, law FROM record WHERE act IN ('withdrawal-ask', 'withdrawal-consent', 'withdrawal-decline') ORDER BY seq`, `
		who   | act                | law
		dana  | withdrawal-ask     | CPC 100(5)
		serik | withdrawal-decline | CPC 100(5)
		dana  | withdrawal-ask     | CPC 100(5)
		serik | withdrawal-consent | CPC 100(5)`)
	for _, who := range []*portaltest.Actor{w.Dana, w.Serik} {
		_, paper, err := filing.ConsentPaper(as(t, w, who), w.App, who.Asks(policy.ConsentPaper), id)
		if err != nil || paper.Kind != document.Assenting {
			t.Errorf("%s does not open the consent: %v", who.Word, err)
		}
	}
	w.Sound()
}

func TestASuspectTakesBackWhatHisDefenderFiledAndNobodyElseDoes(t *testing.T) {
	w := portaltest.World(t)
	id := w.Petition(w.Dana, w.Theft)
	wantKind(t, "Timur, her other client", fault.NotFound, w.Withdraw(w.Timur, id))
	wantKind(t, "Saule, in the same case", fault.NotFound, w.Withdraw(w.Saule, id))
	wantKind(t, "the investigator", fault.Forbidden, w.Withdraw(w.Daniyar, id))
	draft := w.Draft(w.Dana, w.Theft, filing.NewFiling{Kind: policy.FilingPetition, Circumstances: "Тағы бір мән-жай бар, оны тексеру керек."})
	_, err := filing.Read(as(t, w, w.Serik), w.App, w.Serik.Asks(policy.FilingRead), draft)
	wantKind(t, "her draft", fault.NotFound, err)

	// She began to take it back; he does it without waiting for her.
	if err := filing.DraftWithdrawal(as(t, w, w.Dana), w.App, w.Press, w.Dana.Asks(policy.WithdrawalDraft), id, "kk"); err != nil {
		t.Fatal(err)
	}
	_, _, err = filing.WithdrawalOf(as(t, w, w.Serik), w.App, w.Serik.Asks(policy.WithdrawalPaper), id)
	wantKind(t, "her unsigned paper", fault.NotFound, err)
	if err := w.Withdraw(w.Serik, id); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT status FROM filing WHERE status <> 'draft'`, "status\nwithdrawn")
	w.Want(t, `SELECT who, act FROM record WHERE act = 'filing-withdraw'`, "who | act\nserik | filing-withdraw")
	w.Sound()
}

func TestWhatAParentFiledForAVictimTheVictimDoesNotTakeBack(t *testing.T) {
	w := portaltest.World(t)
	if _, err := w.SQL.ExecContext(t.Context(), `UPDATE participant SET capacity = 'minor' WHERE id = $1`, w.Participant("aigul@theft")); err != nil {
		t.Fatal(err)
	}
	for _, rep := range []struct {
		role policy.Role
		who  *portaltest.Actor
		may  bool
	}{{policy.VictimsLegalRep, w.Nurlan, false}, {policy.Representative, w.Stranger, true}} {
		grant := casefile.Grant{Role: rep.role, Basis: basisOf(rep.role), Since: w.At.AddDate(0, 0, -1), Represents: w.Participant("aigul@theft")}
		if err := w.Add(w.Daniyar, w.Theft, uuid.Must(uuid.NewV7()), rep.who, grant); err != nil {
			t.Fatal(err)
		}
		id := w.Petition(rep.who, w.Theft)
		err := w.Withdraw(w.Aigul, id)
		if rep.may && err != nil {
			t.Errorf("what her %s filed: %v", rep.role, err)
		}
		if !rep.may {
			wantKind(t, string(rep.role), fault.Forbidden, err)
		}
	}
	w.Sound()
}

func basisOf(role policy.Role) string { return policy.Bases[role][0].Key }

func TestWhatWasTakenBackIsFiledAgainAndEachNamesTheOther(t *testing.T) {
	w := portaltest.World(t)
	id := w.Petition(w.Aigul, w.Theft)
	save := func(a *portaltest.Actor, participant string, previous uuid.UUID) (uuid.UUID, error) {
		fresh := uuid.Must(uuid.NewV7())
		return fresh, filing.Save(as(t, w, a), w.App, w.Press, a.Asks(policy.FilingCreate), w.Theft, fresh, filing.NewFiling{
			Kind: policy.FilingPetition, Ground: "other", Language: "kk", Participant: w.Participant(participant),
			Circumstances: portaltest.Circumstances, Points: []string{portaltest.Request}, Previous: previous,
		})
	}
	_, err := save(w.Aigul, "aigul@theft", id)
	wantKind(t, "again while it stands", fault.Invalid, err)
	if err := w.Withdraw(w.Aigul, id); err != nil {
		t.Fatal(err)
	}
	_, err = save(w.Serik, "serik@theft", id)
	wantKind(t, "another's", fault.Invalid, err)
	again, err := save(w.Aigul, "aigul@theft", id)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Submit(w.Aigul, again); err != nil {
		t.Fatal(err)
	}
	for _, f := range []struct {
		id            uuid.UUID
		before, after string
	}{{id, "", "2026-000002"}, {again, "2026-000001", ""}} {
		read, err := filing.Read(as(t, w, w.Daniyar), w.App, w.Daniyar.Asks(policy.FilingRead), f.id)
		if err != nil {
			t.Fatal(err)
		}
		before, after, err := filing.Twins(t.Context(), w.DB, read)
		if err != nil || numbers(before) != f.before || numbers(after) != f.after {
			t.Errorf("№ %s: before %q after %q: %v", read.Number, numbers(before), numbers(after), err)
		}
	}
	w.Sound()
}

func numbers(all []filing.Told) string {
	var out []string
	for _, f := range all {
		out = append(out, f.Number)
	}
	return strings.Join(out, " ")
}

// CPC 76(4), 100(5): whose power is over acts for nobody. What he filed stays as it is, and
// whose it is takes it back himself or not.
func TestWhoActsForHerNoMoreChangesNothingOfWhatHeFiledForHer(t *testing.T) {
	w := portaltest.Kept(t)
	power := uuid.Must(uuid.NewV7())
	grant := casefile.Grant{Role: policy.Representative, Basis: basisOf(policy.Representative), Since: w.At.AddDate(0, 0, -1), Represents: w.Participant("aigul@theft")}
	if err := w.Add(w.Daniyar, w.Theft, power, w.Nurlan, grant); err != nil {
		t.Fatal(err)
	}
	id := w.Petition(w.Nurlan, w.Theft)
	w.At = w.At.Add(time.Hour)
	if err := filing.AskToAdd(as(t, w, w.Daniyar), w.App, w.Daniyar.Asks(policy.FilingAsk), id, []string{"Түбіртек"}); err != nil {
		t.Fatal(err)
	}
	if err := filing.DraftWithdrawal(as(t, w, w.Nurlan), w.App, w.Press, w.Nurlan.Asks(policy.WithdrawalDraft), id, "kk"); err != nil {
		t.Fatal(err)
	}
	_, before, err := filing.WithdrawalOf(as(t, w, w.Nurlan), w.App, w.Nurlan.Asks(policy.WithdrawalCheck), id)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.End(w.Daniyar, power); err != nil {
		t.Fatal(err)
	}
	w.At = w.At.Add(time.Minute)
	ctx := as(t, w, w.Nurlan)
	wantKind(t, "by a paper of before", fault.Forbidden, filing.Withdraw(ctx, w.App, w.Verifier, w.Nurlan.Asks(policy.FilingWithdraw), id, w.SignedBy(w.Nurlan, before.Content), before.Digest))
	wantKind(t, "by a new one", fault.Forbidden, w.Withdraw(w.Nurlan, id))
	wantKind(t, "he writes it anew", fault.Forbidden, adds(t, w, w.Nurlan, id, filing.NewSupplement{Kind: filing.Corrected, Text: anew}))
	wantKind(t, "he replies for her", fault.Forbidden, reply(t, w, w.Nurlan, id, "Түбіртек менде сақталған"))
	wantKind(t, "he objects to the count", fault.Forbidden, filing.Disagree(ctx, w.App, w.Nurlan.Asks(policy.CountObject), id, "Мерзім басқаша есептелуге тиіс еді."))
	wantKind(t, "he writes to the official", fault.Forbidden, filing.Send(ctx, w.App, w.Nurlan.Asks(policy.MessageSend), id, "Құжатымды қашан қарайсыз?"))
	f, err := filing.Read(ctx, w.App, w.Nurlan.Asks(policy.FilingRead), id)
	if err != nil {
		t.Fatal(err) // what he wrote stays his to read
	}
	if acts := f.Acts(w.Nurlan.Asks(policy.FilingRead), policy.FilingWithdraw, policy.SupplementSign, policy.FilingReply); len(acts) > 0 {
		t.Errorf("the page offers %v", acts)
	}
	if word := filing.Word(f, w.At); word != filing.WordConsidered {
		t.Errorf("he is told %s", word)
	}
	w.Want(t, `SELECT status FROM filing`, "status\nwaiting")

	// Confirmed again he goes on; and she takes it back whoever acts for her.
	if err := w.Confirm(w.Daniyar, power, grant); err != nil {
		t.Fatal(err)
	}
	if err := reply(t, w, w.Nurlan, id, "Түбіртек менде сақталған"); err != nil {
		t.Errorf("again confirmed: %v", err)
	}
	if err := w.Withdraw(w.Aigul, id); err != nil {
		t.Errorf("she herself: %v", err)
	}
	w.Sound()
}

// His power is over from the first second after its last day, and not when that is written down.
func TestAPowerThatEndedAtMidnightTakesNothingBack(t *testing.T) {
	w := portaltest.World(t)
	day := time.Date(2026, 10, 22, 0, 0, 0, 0, time.UTC)
	grant := casefile.Grant{Role: policy.Representative, Basis: basisOf(policy.Representative), Since: day, Until: day, Represents: w.Participant("aigul@theft")}
	if err := w.Add(w.Daniyar, w.Theft, uuid.Must(uuid.NewV7()), w.Nurlan, grant); err != nil {
		t.Fatal(err)
	}
	id := w.Petition(w.Nurlan, w.Theft)
	if f := mustRead(t, w, w.Nurlan, id); f.Left {
		t.Error("on its last day it is over")
	}
	w.At = almaty("2026-10-23 00:00")
	wantKind(t, "after midnight", fault.Forbidden, w.Withdraw(w.Nurlan, id))
	w.Sound()
}
