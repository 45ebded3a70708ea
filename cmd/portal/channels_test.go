package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/notice"
)

const here = "https://zharia.example"

// secret is a file with a secret in it.
func secret(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(text+"\n"), mode); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAWayThatIsNotSetIsOfferedToNobody(t *testing.T) {
	words, err := book()
	if err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(t.TempDir(), "push.json")
	for what, c := range map[string]struct {
		set  Channels
		want []notice.Channel
	}{
		"nothing":              {Channels{}, nil},
		"mail":                 {Channels{MailURL: "smtps://portal@mail.example", MailFrom: "portal@zharia.example", MailPassword: secret(t, "x", 0o600)}, []notice.Channel{notice.Email}},
		"a gateway":            {Channels{SMS: "https://gateway.example/", SMSKey: secret(t, "x", 0o600)}, []notice.Channel{notice.SMS}},
		"an operator and push": {Channels{SMPP: "smpp://portal@127.0.0.1:1", SMSFrom: "Zharia", PushKeys: keys}, []notice.Channel{notice.SMS, notice.Push}},
	} {
		ways, err := c.set.open(here, words)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		for _, channel := range c.want {
			if ways.Senders[channel] == nil {
				t.Errorf("%s: no %s", what, channel)
			}
		}
		if len(ways.Senders) != len(c.want) || len(ways.offered()) != len(c.want) || (ways.Push != nil) != (c.set.PushKeys != "") || ways.Receipts != nil {
			t.Errorf("%s: %v", what, ways.Senders)
		}
		if err := ways.Close(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// One who sets up a portal reads all that is wrong at once, and no secret among it.
func TestAllThatIsWrongWithTheWaysIsSaidAtOnce(t *testing.T) {
	words, err := book()
	if err != nil {
		t.Fatal(err)
	}
	_, err = Channels{
		MailURL: "smtp://portal:hidden@mail.example", MailPassword: secret(t, "hidden", 0o644), MailFrom: "portal",
		SMPP: "smpp://portal@smsc.example", SMPPPassword: "/nowhere/password", SMS: "http://gateway.example", SMSFrom: "Zharia",
		SMSKey: secret(t, strings.Repeat("hidden", 1000), 0o600), SMSReceipts: secret(t, "hidden", 0o600), PushKeys: secret(t, "hidden", 0o600),
	}.open(here, words)
	if err == nil {
		t.Fatal("all of that is taken")
	}
	for _, setting := range []string{"PORTAL_SMTP_URL", "PORTAL_SMTP_PASSWORD", "PORTAL_SMPP_URL", "PORTAL_SMPP_PASSWORD", "PORTAL_SMS_URL", "PORTAL_SMS_KEY", "PORTAL_SMS_RECEIPTS", "PORTAL_PUSH_KEYS"} {
		if !strings.Contains(err.Error(), setting) {
			t.Errorf("nothing is said of %s: %v", setting, err)
		}
	}
	if strings.Contains(err.Error(), "hidden") {
		t.Errorf("a secret is told: %v", err)
	}
	for what, alone := range map[string]Channels{
		"a password without a server": {MailPassword: secret(t, "x", 0o600)},
		"receipts of no gateway":      {SMSReceipts: secret(t, strings.Repeat("x", 20), 0o600)},
		"a sender of nothing":         {SMSFrom: "Zharia"},
		"mail from nobody":            {MailURL: "smtp://127.0.0.1:25"},
		"SMS from nobody":             {SMPP: "smpp://portal@127.0.0.1:1"},
	} {
		if ways, err := alone.open(here, words); err == nil {
			ways.Close()
			t.Errorf("%s is taken", what)
		}
	}
}

// A receipt that comes before anybody keeps them is brought again, and then kept.
func TestAReceiptOfAGatewayFindsWhoKeepsIt(t *testing.T) {
	words, err := book()
	if err != nil {
		t.Fatal(err)
	}
	word := "a-secret-of-twenty-letters"
	ways, err := Channels{SMS: "https://gateway.example/", SMSReceipts: secret(t, word, 0o600)}.open(here, words)
	if err != nil {
		t.Fatal(err)
	}
	defer ways.Close()
	post := func() int {
		r := httptest.NewRequest(http.MethodPost, "/sms/"+word, strings.NewReader("id=17&status=delivered"))
		w := httptest.NewRecorder()
		ways.Receipts.ServeHTTP(w, r)
		return w.Code
	}
	if status := post(); status != http.StatusServiceUnavailable {
		t.Errorf("nobody keeps receipts yet: %d", status)
	}
	var got notice.Receipt
	ways.Keep(func(_ context.Context, r notice.Receipt) error { got = r; return nil })
	if status := post(); status != http.StatusNoContent || got.Ref != "17" || !got.Delivered {
		t.Errorf("%d %+v", status, got)
	}
	ways.Keep(func(context.Context, notice.Receipt) error { return notice.ErrNoSuchRef })
	if status := post(); status != http.StatusNoContent {
		t.Errorf("a receipt of nothing is asked for again: %d", status)
	}
}

// What the demonstration sends goes to its own servers and is shown.
func TestTheMailboxOfTheDemonstrationShowsWhatWasSent(t *testing.T) {
	words, err := book()
	if err != nil {
		t.Fatal(err)
	}
	box, err := openMailbox()
	if err != nil {
		t.Fatal(err)
	}
	defer box.close()
	ways, err := box.ways().open("http://127.0.0.1:8080", words)
	if err != nil {
		t.Fatal(err)
	}
	defer ways.Close()
	came := make(chan notice.Receipt, 1)
	ways.Keep(func(_ context.Context, r notice.Receipt) error { came <- r; return nil })
	for _, m := range []notice.Message{
		{ID: uuid.New(), To: "aigul@example.kz", Language: "kk", Subject: "Жаңалық", Text: "№ 42 бойынша жаңалық бар"},
		{ID: uuid.New(), To: "+77011234567", Language: "kk", Text: strings.Repeat("ә", 71)},
	} {
		channel := notice.Email
		if m.To[0] == '+' {
			channel = notice.SMS
		}
		if _, err := ways.Senders[channel].Send(t.Context(), m); err != nil || errors.Is(err, notice.ErrRefused) {
			t.Fatal(err)
		}
	}
	sent := box.sent()
	if len(sent) != 2 || sent[0].Channel != notice.SMS || sent[0].Parts != 2 || sent[1].Subject != "Жаңалық" || sent[1].To != "aigul@example.kz" || sent[0].At.Before(sent[1].At) {
		t.Errorf("%+v", sent)
	}
	select {
	case r := <-came:
		if !r.Delivered {
			t.Errorf("%+v", r)
		}
	case <-time.After(5 * time.Second):
		t.Error("no receipt came")
	}
}
