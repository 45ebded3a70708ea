package notice_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/notice"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// Addresses that were added on the days before keep no store of codes for one great day.
func TestCodesAreCountedWhenTheyGoHoweverOldTheirAddressIs(t *testing.T) {
	o := open(t)
	ctx := func(a *portaltest.Actor) (*portaltest.Actor, uuid.UUID) { return a, uuid.Must(uuid.NewV7()) }
	var old []uuid.UUID
	for range 2 { // two days
		for range 4 {
			a, id := ctx(o.Aigul)
			if err := notice.AddContact(database.As(t.Context(), a.Person, uuid.Nil, o.At), o.App, a.Asks(policy.ContactAdd), id, notice.SMS, "+77010000009", false); err != nil {
				t.Fatal(err)
			}
			old = append(old, id)
		}
		o.At = o.At.Add(25 * time.Hour)
	}
	sent := 0
	for range 4 {
		for _, id := range old {
			if err := notice.SendCode(database.As(t.Context(), o.Aigul.Person, uuid.Nil, o.At), o.App, o.Aigul.Asks(policy.ContactCode), id); err == nil {
				sent++
			} else if !errors.Is(err, fault.TooMany) {
				t.Fatal(err)
			}
		}
		o.At = o.At.Add(notice.CodePause)
	}
	if sent > notice.CodesAddress {
		t.Errorf("%d codes to one number in a few minutes", sent)
	}
}

// Each browser that is added is told to all other addresses, at night as well.
func TestNobodyHasHisTelephoneRungByAddingBrowsersForEver(t *testing.T) {
	o := open(t)
	o.reached(o.Aigul, notice.SMS, "+77010000001", true)
	add := func(i int) error {
		as := database.As(t.Context(), o.Aigul.Person, uuid.Nil, o.At)
		return notice.AddContact(as, o.App, o.Aigul.Asks(policy.ContactAdd), uuid.Must(uuid.NewV7()), notice.Push, strings.Replace(subscription, "abc", fmt.Sprint("a", i), 1), true)
	}
	for i := range notice.ContactsDay - 1 {
		if err := add(i); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
	}
	if err := add(99); !errors.Is(err, fault.TooMany) {
		t.Errorf("one more: %v", err)
	}
	o.At = o.At.Add(25 * time.Hour)
	if err := add(100); err != nil {
		t.Errorf("the day after: %v", err)
	}
}

func TestWhatWaitsForTheMorningGoesToTheAddressThatTookThePlaceOfTheOld(t *testing.T) {
	o := open(t)
	o.reached(o.Aigul, notice.SMS, "+77010000001", true)
	o.fan()
	o.round()
	o.night()
	o.Petition(o.Aigul, o.Theft)
	o.fan()
	o.reached(o.Aigul, notice.SMS, "+77010000002", true)
	o.fan()
	o.round()
	o.quiet()
	o.At = o.At.Add(8 * time.Hour)
	o.round()
	o.round()
	came := o.sms.came()
	if len(came) != 1 || came[0].To != "+77010000002" {
		t.Errorf("in the morning there goes %+v", came)
	}
}

// At ten she asked for silence where others read: what had been put on its way before does
// not ring there at eight.
func TestWhatIsOnItsWayDoesNotGoWhereOthersReadOnceSheSaysThatTheyDo(t *testing.T) {
	o := open(t)
	o.reached(o.Aigul, notice.SMS, "+77010000001", false)
	o.reached(o.Aigul, notice.Email, "aigul@example.kz", true)
	o.fan()
	o.round()
	o.night()
	o.Petition(o.Aigul, o.Theft)
	o.fan()
	if err := notice.SetManner(t.Context(), o.W.DB, o.Aigul.Asks(policy.NoticeSet), notice.Manner{Language: "kk", From: 22, To: 8, Discreet: true}); err != nil {
		t.Fatal(err)
	}
	o.quiet()
	o.At = o.At.Add(8 * time.Hour)
	o.round()
	o.round()
	if n := len(o.sms.came()); n != 0 {
		t.Errorf("%d messages to the telephone that others read", n)
	}
	if n := len(o.mail.came()); n != 1 {
		t.Errorf("%d letters to the address that nobody else reads", n)
	}
}

// Two hundred whose person has no other address stand before one who has.
func TestThoseWhoHaveNoOtherAddressDoNotStandBeforeThoseWhoHave(t *testing.T) {
	o := open(t)
	only := o.reached(o.Serik, notice.SMS, "+77010000003", true)
	o.reached(o.Aigul, notice.SMS, "+77010000001", true)
	o.reached(o.Aigul, notice.Email, "aigul@example.kz", true)
	o.fan()
	o.round()
	o.sms.do = func(_ int, m notice.Message) (notice.Sent, error) { return notice.Sent{Ref: "r-" + m.ID.String()}, nil }
	o.SQL.MustExec(`
WITH n AS (INSERT INTO notice (id, seq, person, kind, urgency, object, object_id, number, at, made_at)
           SELECT gen_random_uuid(), NULL, $1, 'filing', 'statutory', 'filing', gen_random_uuid(), '', $3, $3 FROM generate_series(1, 250) RETURNING id)
INSERT INTO delivery (id, notice, person, contact, channel, state, again, due_at, run_at, until, ref, made_at, sent_at)
SELECT gen_random_uuid(), id, $1, $2, 'sms', 'sent', false, $3, $3, $3::timestamptz + interval '7 days', 'old-' || id, $3, $3 FROM n`, o.Serik.Person, only, o.At.Add(-time.Minute))
	o.Petition(o.Aigul, o.Theft)
	o.fan()
	o.round()
	o.quiet()
	o.At = o.At.Add(31 * time.Minute)
	o.round()
	o.round()
	if n := len(o.mail.came()); n != 1 {
		t.Errorf("%d letters after a receipt that did not come", n)
	}
}

func TestAPersonHasHisNoticesSentOnceMoreSoManyTimesADay(t *testing.T) {
	o := open(t)
	o.reached(o.Aigul, notice.SMS, "+77010000001", true)
	for range notice.ResendsDay + 1 {
		o.Petition(o.Aigul, o.Theft)
	}
	o.fan()
	o.round()
	o.At = o.At.Add(notice.ResendPause)
	as := database.As(t.Context(), o.Aigul.Person, uuid.Nil, o.At)
	all, _, err := notice.List(as, o.App, o.Aigul.Asks(policy.NoticeList), uuid.Nil)
	if err != nil {
		t.Fatal(err)
	}
	sent, refused := 0, 0
	for _, n := range all {
		if n.Kind != notice.Filing {
			continue
		}
		switch err := notice.Resend(as, o.App, o.Aigul.Asks(policy.NoticeResend), n.ID, o.has); {
		case err == nil:
			sent++
		case errors.Is(err, fault.TooMany):
			refused++
		default:
			t.Fatal(err)
		}
	}
	if sent != notice.ResendsDay || refused == 0 {
		t.Errorf("%d were sent once more, %d refused", sent, refused)
	}
}

// The number of a report has the form of a book of reports, and its code is that of a
// police department: whoever picks up her telephone would learn that she went there.
func TestAMessageAboutAReportHasNoNumber(t *testing.T) {
	o := open(t)
	o.reached(o.Aigul, notice.SMS, "+77010000001", true)
	o.fan()
	o.round()
	o.quiet()
	o.SQL.MustExec(`
WITH n AS (INSERT INTO notice (id, seq, person, kind, urgency, object, object_id, number, at, made_at)
           VALUES (gen_random_uuid(), NULL, $1, 'report', 'statutory', 'report', gen_random_uuid(), '750301-26-000123', $2, $2) RETURNING id)
INSERT INTO delivery (id, notice, person, contact, channel, state, again, due_at, run_at, until, made_at)
SELECT gen_random_uuid(), n.id, $1, c.id, 'sms', 'queued', false, $2, $2, $2::timestamptz + interval '7 days', $2 FROM n, contact c WHERE c.person = $1`, o.Aigul.Person, o.At)
	o.round()
	came := o.sms.came()
	if len(came) != 1 || strings.Contains(came[0].Text, "750301") || !strings.Contains(came[0].Text, portaltest.Origin) {
		t.Errorf("there goes %+v", came)
	}
}

// night makes it one in the morning of the next day, in Almaty.
func (o *office) night() {
	o.At = time.Date(o.At.Year(), o.At.Month(), o.At.Day()+1, 20, 0, 0, 0, time.UTC)
}

func (o *office) has(c notice.Channel) bool { return o.Senders[c] != nil }

// An operator gives a number anew: what an older message came to does not answer for it.
func TestAReceiptIsOfTheMessageThatWaitsForIt(t *testing.T) {
	o := open(t)
	o.reached(o.Aigul, notice.SMS, "+77010000001", true)
	o.fan()
	o.round()
	o.sms.do = func(int, notice.Message) (notice.Sent, error) { return notice.Sent{Ref: "7"}, nil }
	o.Petition(o.Aigul, o.Theft)
	o.fan()
	o.round()
	if err := o.Worker.Receive(t.Context(), notice.Receipt{Channel: notice.SMS, Ref: "7", Delivered: true, At: o.At}); err != nil {
		t.Fatal(err)
	}
	o.Petition(o.Aigul, o.Theft)
	o.fan()
	o.round()
	if err := o.Worker.Receive(t.Context(), notice.Receipt{Channel: notice.SMS, Ref: "7", At: o.At}); err != nil {
		t.Fatal(err)
	}
	if n := o.count(`delivery WHERE state = 'failed' AND ref = '7'`); n != 1 {
		t.Errorf("%d failed, states %v", n, o.states())
	}
}
