package notice_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/notice"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

func TestAnAddressIsUsedOnceItsCodeCameBack(t *testing.T) {
	o := open(t)
	ctx, id := t.Context(), uuid.Must(uuid.NewV7())
	if err := notice.AddContact(ctx, o.W.DB, o.Aigul.Asks(policy.ContactAdd), id, notice.Email, "aigul@example.kz", true); err != nil {
		t.Fatal(err)
	}
	o.Petition(o.Aigul, o.Theft)
	o.fan()
	o.round()
	came := o.mail.came()
	if len(came) != 1 || came[0].Link != "" || !strings.Contains(came[0].Text, o.code(id)) {
		t.Fatalf("before it is confirmed there goes %+v", came)
	}
	code := regexp.MustCompile(`\d{6}`).FindString(came[0].Text)
	confirm := func(typed string) error {
		return notice.ConfirmContact(ctx, o.W.DB, o.Aigul.Asks(policy.ContactConfirm), id, typed)
	}
	if err := confirm("000 000"); !errors.Is(err, fault.Invalid) {
		t.Errorf("a wrong code: %v", err)
	}
	if err := notice.ConfirmContact(ctx, o.W.DB, o.Serik.Asks(policy.ContactConfirm), id, code); !errors.Is(err, fault.NotFound) {
		t.Errorf("another's: %v", err)
	}
	if err := confirm(code[:3] + " " + code[3:]); err != nil {
		t.Fatal(err)
	}
	o.quiet()
	o.Petition(o.Aigul, o.Theft)
	o.fan()
	o.round()
	if n := len(o.mail.came()); n != 1 {
		t.Errorf("%d letters after it was confirmed", n)
	}
	o.Sound()
}

func TestACodeIsTriedFiveTimesAndLivesTenMinutes(t *testing.T) {
	o := open(t)
	ctx, id := t.Context(), uuid.Must(uuid.NewV7())
	if err := notice.AddContact(ctx, o.W.DB, o.Aigul.Asks(policy.ContactAdd), id, notice.SMS, "87010000001", true); err != nil {
		t.Fatal(err)
	}
	wrong := "000000"
	if o.code(id) == wrong {
		wrong = "000001"
	}
	try := func(typed string) error {
		return notice.ConfirmContact(ctx, o.W.DB, o.Aigul.Asks(policy.ContactConfirm), id, typed)
	}
	for range notice.CodeTries {
		if err := try(wrong); !errors.Is(err, fault.Invalid) {
			t.Fatal(err)
		}
	}
	if err := try(o.code(id)); !errors.Is(err, fault.Invalid) {
		t.Errorf("the right one after five wrong ones: %v", err)
	}
	again := func() error { return notice.SendCode(ctx, o.W.DB, o.Aigul.Asks(policy.ContactCode), id) }
	if err := again(); !errors.Is(err, fault.TooMany) {
		t.Errorf("another code at once: %v", err)
	}
	o.At = o.At.Add(notice.CodePause)
	if err := again(); err != nil {
		t.Fatal(err)
	}
	o.At = o.At.Add(notice.CodeLife)
	if err := try(o.code(id)); !errors.Is(err, fault.Invalid) {
		t.Errorf("after ten minutes: %v", err)
	}
	for range 3 {
		o.At = o.At.Add(notice.CodePause)
		if err := again(); err != nil {
			t.Fatal(err)
		}
	}
	o.At = o.At.Add(notice.CodePause)
	if err := again(); !errors.Is(err, fault.TooMany) {
		t.Errorf("the sixth code: %v", err)
	}
}

func TestNobodyIsPesteredWithCodes(t *testing.T) {
	o := open(t)
	add := func(a *portaltest.Actor, number string) error {
		ctx := database.As(t.Context(), a.Person, uuid.Nil, o.At) // behind the fence, where pages stand
		return notice.AddContact(ctx, o.App, a.Asks(policy.ContactAdd), uuid.Must(uuid.NewV7()), notice.SMS, number, false)
	}
	for i, a := range []*portaltest.Actor{o.Aigul, o.Serik, o.Timur, o.Dana, o.Saule} {
		if err := add(a, "+7 701 000 00 09"); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
	}
	if err := add(o.Nurlan, "8 (701) 000-00-09"); !errors.Is(err, fault.TooMany) {
		t.Errorf("the sixth person to one number: %v", err)
	}
	for i := range notice.CodesPerson - 1 {
		if err := add(o.Aigul, "+7701000010"+string(rune('0'+i))); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
	}
	if err := add(o.Aigul, "+77010000200"); !errors.Is(err, fault.TooMany) {
		t.Errorf("the ninth of one person: %v", err)
	}
}

func TestAnAddressIsReadStrictly(t *testing.T) {
	for typed, want := range map[string]string{
		"8 701 000 00 01": "+77010000001", "+7 (701) 000-00-01": "+77010000001", "77010000001": "+77010000001",
		"+7 727 250 00 0": "", "+1 202 555 0100": "", "701": "", "+77010000001\nX": "", "": "",
	} {
		if got, err := notice.Normal(notice.SMS, typed); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", typed, got, err)
		}
	}
	for typed, good := range map[string]bool{
		"a@example.kz": true, " a.b+c@mail.example.kz ": true, "a@localhost": false, "Aigul <a@example.kz>": false, "a@b.kz, c@d.kz": false,
		"a@example.kz\r\nBcc: x@y.kz": false, "айгүл@example.kz": false, "a@@example.kz": false, strings.Repeat("a", 250) + "@example.kz": false,
	} {
		if _, err := notice.Normal(notice.Email, typed); (err == nil) != good {
			t.Errorf("%q: %v", typed, err)
		}
	}
	for typed, good := range map[string]bool{
		subscription: true,
		`{"endpoint":"https://updates.push.services.mozilla.com/wpush/v2/x"}`:                   true,
		`{"endpoint":"http://fcm.googleapis.com/x"}`:                                            false,
		`{"endpoint":"https://127.0.0.1/x"}`:                                                    false,
		`{"endpoint":"https://googleapis.com.evil.kz/x"}`:                                       false,
		`{"endpoint":"https://evilgoogleapis.com/x"}`:                                           false,
		`{"endpoint":"https://fcm.googleapis.com:8080/x"}`:                                      false,
		`{"endpoint":"https://fcm.googleapis.com/` + strings.Repeat("x", notice.MaxPush) + `"}`: false,
		`{"endpoint":"https://a:b@fcm.googleapis.com/x"}`:                                       false,
		`x`: false,
	} {
		if _, err := notice.Normal(notice.Push, typed); (err == nil) != good {
			t.Errorf("%q: %v", typed, err)
		}
	}
}

func TestAPersonSaysHowHeIsTold(t *testing.T) {
	o := open(t)
	ctx := t.Context()
	o.reached(o.Aigul, notice.SMS, "+77010000001", false)
	o.reached(o.Aigul, notice.Email, "aigul@example.kz", true)
	o.fan()
	o.round()
	set := func(m notice.Manner) {
		t.Helper()
		o.quiet()
		if err := notice.SetManner(ctx, o.W.DB, o.Aigul.Asks(policy.NoticeSet), m); err != nil {
			t.Fatal(err)
		}
		o.Petition(o.Aigul, o.Theft)
		o.fan()
		o.round()
	}
	set(notice.Manner{Language: "ru", Channel: notice.Email, From: 1, To: 1})
	if came := o.mail.came(); len(came) != 1 || !strings.Contains(came[0].Text, "Есть новость по документу") || len(o.sms.came()) != 0 {
		t.Errorf("in Russian by letter: %+v, %d messages", came, len(o.sms.came()))
	}
	set(notice.Manner{Language: "kk", Silent: true, From: 1, To: 1})
	if n := len(o.sms.came()); n != 1 {
		t.Errorf("what the Code demands was silenced: %d", n)
	}
	neutral := notice.Manner{Language: "kk", Channel: notice.SMS, Discreet: true, From: 1, To: 1}
	set(neutral) // which is told there once
	set(neutral)
	came := o.mail.came()
	if len(came) != 1 || len(o.sms.came()) != 0 {
		t.Fatalf("to a shared telephone went %d", len(o.sms.came()))
	}
	if m := came[0]; m.Subject != "Хабарлама" || m.Link != "" || m.Text != "Сізге хабарлама бар." {
		t.Errorf("not neutral: %q %q", m.Subject, m.Text)
	}
	// What no law demands stays inside for who wants that.
	set(notice.Manner{Language: "kk", Silent: true, From: 1, To: 1})
	o.quiet()
	o.Worker.Senders[notice.SMS] = o.sms
	id := o.Petition(o.Aigul, o.Theft)
	o.fan()
	o.round()
	o.quiet()
	o.SQL.MustExec(`SELECT ledger.record($1, $2, 'filing-consider', 'filing', $3, $4, '', NULL)`, o.At, o.Daniyar.Person, id, o.Theft)
	o.fan()
	o.round()
	if n := len(o.sms.came()) + len(o.mail.came()); n != 0 {
		t.Errorf("%d went out of what he silenced", n)
	}
	if n := o.count(`notice WHERE object_id = $1 AND person = $2`, id, o.Aigul.Person); n != 2 {
		t.Errorf("%d stand in the portal", n)
	}
}

func TestANoticeIsSentOnceMoreAFewTimes(t *testing.T) {
	o := open(t)
	ctx := t.Context()
	o.reached(o.Aigul, notice.Email, "aigul@example.kz", true)
	o.Petition(o.Aigul, o.Theft)
	o.fan()
	o.round()
	all, _, err := notice.List(ctx, o.W.DB, o.Aigul.Asks(policy.NoticeList), uuid.Nil)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(n notice.Notice) bool { return n.Kind == notice.Filing })
	id := all[i].ID
	again := func(a *portaltest.Actor) error {
		return notice.Resend(ctx, o.W.DB, a.Asks(policy.NoticeResend), id, func(notice.Channel) bool { return true })
	}
	if err := again(o.Aigul); !errors.Is(err, fault.TooMany) {
		t.Errorf("at once: %v", err)
	}
	if err := again(o.Serik); !errors.Is(err, fault.NotFound) {
		t.Errorf("another's: %v", err)
	}
	o.quiet()
	for range notice.Resends {
		o.At = o.At.Add(notice.ResendPause)
		if err := again(o.Aigul); err != nil {
			t.Fatal(err)
		}
		o.round()
	}
	o.At = o.At.Add(notice.ResendPause)
	if err := again(o.Aigul); !errors.Is(err, fault.TooMany) {
		t.Errorf("the fourth time: %v", err)
	}
	if n := len(o.mail.came()); n != notice.Resends {
		t.Errorf("%d letters", n)
	}
}

func TestANoticeIsReadByItsPersonOnly(t *testing.T) {
	o := open(t)
	o.Petition(o.Aigul, o.Theft)
	o.fan()
	as := func(a *portaltest.Actor) int {
		t.Helper()
		n, err := notice.Unread(database.As(t.Context(), a.Person, uuid.Nil, o.At), o.App, a.Person)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := as(o.Aigul)
	if before == 0 {
		t.Fatal("nothing is unread")
	}
	// Behind the fence nobody sees another's, though he names him.
	n, err := notice.Unread(database.As(t.Context(), o.Serik.Person, uuid.Nil, o.At), o.App, o.Aigul.Person)
	if n != 0 || err != nil {
		t.Errorf("Serik counts %d of Aigul's, %v", n, err)
	}
	ctx := database.As(t.Context(), o.Aigul.Person, uuid.Nil, o.At)
	all, _, err := notice.List(ctx, o.App, o.Aigul.Asks(policy.NoticeList), uuid.Nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := notice.Read(ctx, o.App, o.Aigul.Asks(policy.NoticeRead), all[0].ID); err != nil {
		t.Fatal(err)
	}
	if got := as(o.Aigul); got != before-1 {
		t.Errorf("%d unread after one of %d was read", got, before)
	}
	if _, err := notice.Read(database.As(t.Context(), o.Serik.Person, uuid.Nil, o.At), o.App, o.Serik.Asks(policy.NoticeRead), all[0].ID); !errors.Is(err, fault.NotFound) {
		t.Errorf("another's: %v", err)
	}
	if err := notice.ReadAll(ctx, o.App, o.Aigul.Asks(policy.NoticeReadAll)); err != nil {
		t.Fatal(err)
	}
	if got := as(o.Aigul); got != 0 {
		t.Errorf("%d unread after all were read", got)
	}
}

// What goes out: a number, a code, where; no word that says what it is about.
func TestWhatGoesOutHasNoWordOfTheMatterAndFitsTwoMessages(t *testing.T) {
	o := open(t)
	banned := regexp.MustCompile(`(?i)қылмыс|ұрлық|алаяқ|зорлық|сотталушы|күдікті|айыптал|жәбірлен|куә|қорғаушы|тергеу|прокур|полиц|арыз|шағым|бап|құжатталған|преступ|краж|мошенн|насил|подозр|обвин|потерпевш|свидет|защитник|следоват|прокурат|полиц|заявлен|жалоб|стать`)
	holes := regexp.MustCompile(`\{\{[^}]*\}\}`)
	sites := []string{portaltest.Origin, "https://zharia.prokuror.gov.kz"}
	texts := 0
	for _, lang := range []string{"kk", "ru"} {
		for _, key := range o.Worker.Words.Keys(lang) {
			if !strings.HasPrefix(key, "notice.") {
				continue
			}
			texts++
			text := o.Worker.Words.Message(lang, key).Other
			for _, hole := range holes.FindAllString(text, -1) {
				if hole != "{{.number}}" && hole != "{{.code}}" && hole != "{{.day}}" {
					t.Errorf("%s %s: %s", lang, key, hole)
				}
			}
			if word := banned.FindString(text); word != "" {
				t.Errorf("%s %s says %q", lang, key, word)
			}
			said := o.Worker.Words.In(lang).T(key, "number", "750301-26-000123", "code", "123456", "day", o.Worker.Words.In(lang).Ends(time.Date(2026, 9, 23, 9, 30, 0, 0, time.UTC)))
			for _, site := range sites {
				whole := "Жария. " + said + " " + site + "/" + lang + "/notices"
				if n := len(utf16.Encode([]rune(whole))); n > 134 {
					t.Errorf("%s %s is %d characters: %s", lang, key, n, whole)
				}
			}
		}
		for _, kind := range notice.Kinds {
			for _, suffix := range []string{"", ".numbered"} {
				if !o.Worker.Words.In(lang).Has("notice.say." + string(kind) + suffix) {
					t.Errorf("%s has no words for %s%s", lang, kind, suffix)
				}
			}
		}
	}
	if texts < 50 {
		t.Errorf("only %d texts were looked at", texts)
	}
	if !banned.MatchString("Ұрлық туралы") || !banned.MatchString("Ваша жалоба") {
		t.Error("the search finds nothing")
	}
}

func TestTheDefaultsOfTheQueryAreThoseOfThePage(t *testing.T) {
	o := open(t)
	m, err := notice.MannerOf(t.Context(), o.W.DB, o.Aigul.Asks(policy.NoticeSettings))
	if err != nil || m != (notice.Manner{Language: "kk", From: 22, To: 8}) {
		t.Fatalf("%+v, %v", m, err)
	}
	o.reached(o.Aigul, notice.Email, "aigul@example.kz", true)
	o.At = time.Date(2026, 10, 22, 17, 0, 1, 0, time.UTC) // a second past ten in the evening
	id := o.Petition(o.Aigul, o.Theft)
	o.fan()
	var run time.Time
	if err := o.SQL.Get(&run, `SELECT d.run_at FROM delivery d JOIN notice n ON n.id = d.notice WHERE n.object_id = $1 AND n.person = $2`, id, o.Aigul.Person); err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2026, 10, 23, 3, 0, 0, 0, time.UTC); !run.Equal(want) {
		t.Errorf("it goes at %v, not %v", run, want)
	}
}
