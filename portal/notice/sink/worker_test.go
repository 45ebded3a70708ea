package sink_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/notice"
	"zharia/portal/notice/mail"
	"zharia/portal/notice/sink"
	"zharia/portal/notice/smpp"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/vault"
)

var code = regexp.MustCompile(`[0-9]{6}`)

// The whole way: an act is told of by the worker over real SMTP and SMPP, the codes of
// addresses come by the same lines, a receipt of the operator settles a message, a number
// that takes none hands over to mail, and a line that breaks loses nothing.
func TestAnActIsToldOfOverRealLinesAndReceiptsComeBack(t *testing.T) {
	w := portaltest.World(t)
	hand, err := database.OpenAs(t.Context(), w.DB.DSN(), database.Work)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hand.Close() })
	var shelf sink.Shelf
	var refuses, breaks atomic.Bool
	smsc := &sink.SMSC{Shelf: &shelf, Answer: func(int, string) sink.Fault {
		switch {
		case refuses.Load():
			return sink.BadNumber
		case breaks.CompareAndSwap(true, false):
			return sink.Cut
		}
		return sink.Well
	}}
	letters := &sink.Mail{Shelf: &shelf}
	for _, server := range []interface {
		Listen(string) error
		io.Closer
	}{smsc, letters} {
		if err := server.Listen("127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { server.Close() })
	}
	began := time.Now()
	var later atomic.Int64
	worker := &notice.Worker{
		DB: vault.New(hand, w.DB.Keys), Words: w.Words, Origin: portaltest.Origin, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Poll: 50 * time.Millisecond, Watch: 50 * time.Millisecond,
		Clock: func() time.Time { return w.At.Add(time.Since(began) + time.Duration(later.Load())) },
	}
	sms, err := smpp.New(smpp.Config{URL: "smpp://portal@" + smsc.Addr(), From: "Zharia", Receipt: worker.Receive, Pause: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sms.Close() })
	post, err := mail.New(mail.Config{URL: "smtp://" + letters.Addr(), From: "portal@zharia.example", Origin: portaltest.Origin})
	if err != nil {
		t.Fatal(err)
	}
	worker.Senders = map[notice.Channel]notice.Sender{notice.SMS: sms, notice.Email: post}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { worker.Run(ctx); close(done) }()
	t.Cleanup(func() { stop(); <-done })

	// next waits for a message after the n that have come.
	n := 0
	next := func(what string) sink.Taken {
		t.Helper()
		all := shelf.Wait(n+1, 20*time.Second)
		if len(all) <= n {
			t.Fatalf("%s: nothing came after %v", what, all)
		}
		n++
		return all[len(all)-n]
	}
	settled := func(what string, want string) {
		t.Helper()
		var got string
		for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			const q = `SELECT string_agg(channel || ' ' || state, ', ' ORDER BY made_at, channel DESC) FROM delivery WHERE notice = (SELECT id FROM notice WHERE person = $1 AND number <> '' ORDER BY seq DESC LIMIT 1)`
			if err := w.SQL.Get(&got, `SELECT coalesce((`+q+`), '')`, w.Aigul.Person); err != nil {
				t.Fatal(err)
			}
			if got == want {
				return
			}
		}
		t.Fatalf("%s: %q, not %q", what, got, want)
	}
	for _, c := range []struct {
		channel notice.Channel
		address string
	}{{notice.Email, "aigul@example.kz"}, {notice.SMS, "+77010000001"}} {
		id := uuid.Must(uuid.NewV7())
		if err := notice.AddContact(t.Context(), w.DB, w.Aigul.Asks(policy.ContactAdd), id, c.channel, c.address, true); err != nil {
			t.Fatal(err)
		}
		came := next("the code of " + c.address)
		for came.Channel != c.channel || !strings.Contains(came.Text, " – портал коды") { // that an address was added is news for the one before
			came = next("the code of " + c.address)
		}
		if came.To != c.address {
			t.Fatalf("the code went to %s", came.To)
		}
		if err := notice.ConfirmContact(t.Context(), w.DB, w.Aigul.Asks(policy.ContactConfirm), id, code.FindString(came.Text)); err != nil {
			t.Fatal(err)
		}
	}
	number := func(id uuid.UUID) (out string) {
		t.Helper()
		if err := w.SQL.Get(&out, `SELECT number FROM filing WHERE id = $1`, id); err != nil {
			t.Fatal(err)
		}
		return out
	}
	about := func(id uuid.UUID) sink.Taken {
		t.Helper()
		for {
			if came := next("news of " + number(id)); strings.Contains(came.Text, number(id)) {
				return came
			}
		}
	}

	id := w.Petition(w.Aigul, w.Theft)
	if came := about(id); came.Channel != notice.SMS || came.To != "+77010000001" || !strings.HasSuffix(came.Text, portaltest.Origin+"/kk/notices") || came.Parts > 2 {
		t.Errorf("%+v", came)
	}
	settled("a receipt came", "sms delivered")

	breaks.Store(true) // taken, and the line cut before the operator said so
	id = w.Petition(w.Aigul, w.Theft)
	about(id)
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		// The clock goes on only while the next try is awaited: a slow machine is no silent operator.
		var got struct{ Delivered, Waits int }
		const q = `SELECT count(*) FILTER (WHERE d.state = 'delivered') AS delivered, count(*) FILTER (WHERE d.state = 'queued' AND d.tries > 0 AND d.leased_until IS NULL AND d.run_at > $3) AS waits
		             FROM delivery d JOIN notice n ON n.id = d.notice WHERE n.person = $1 AND n.number = $2`
		if err := w.SQL.Get(&got, q, w.Aigul.Person, number(id), worker.Clock()); err != nil {
			t.Fatal(err)
		}
		if got.Delivered > 0 {
			break
		}
		if got.Waits > 0 {
			later.Add(int64(10 * time.Second))
		}
		if time.Now().After(end) {
			t.Fatal("what was cut is not delivered")
		}
	}

	refuses.Store(true)
	id = w.Petition(w.Aigul, w.Theft)
	came := about(id)
	for came.Channel != notice.Email {
		came = about(id)
	}
	if came.To != "aigul@example.kz" || came.Subject != w.Words.In("kk").T("notice.subject") {
		t.Errorf("%+v", came)
	}
	var left string
	const q = `SELECT count(*)::text FROM delivery WHERE state = 'queued'`
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end) && left != "0"; time.Sleep(50 * time.Millisecond) {
		if err := w.SQL.Get(&left, q); err != nil {
			t.Fatal(err)
		}
	}
	if left != "0" {
		t.Errorf("%s messages are left unsent: %s", left, fmt.Sprint(shelf.Taken()))
	}
}
