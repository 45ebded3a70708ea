package smshttp_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/notice"
	"zharia/portal/notice/smshttp"
)

var news = notice.Message{
	ID: uuid.MustParse("0198f2a4-0000-7000-8000-00000000002a"), To: "+77011234567", Language: "kk",
	Text: "№ 42 өтінішіңіз бойынша жаңалық бар & басқа?", Link: "https://zharia.example/kk/n/42",
}

const whole = "№ 42 өтінішіңіз бойынша жаңалық бар & басқа?\nhttps://zharia.example/kk/n/42"

// gateway is one that answers as it is told.
func gateway(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return s.URL
}

func open(t *testing.T, c smshttp.Config) *smshttp.Sender {
	t.Helper()
	s, err := smshttp.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestAGatewayGetsKazakhInItsAddressOrAsJSON(t *testing.T) {
	var got struct{ to, text, id, from, callback, key, method, once string }
	at := gateway(t, func(w http.ResponseWriter, r *http.Request) {
		got.method, got.key, got.once = r.Method, r.Header.Get("Authorization"), r.Header.Get("Idempotency-Key")
		q := r.URL.Query()
		got.to, got.text, got.id, got.from, got.callback = q.Get("to"), q.Get("text"), q.Get("id"), q.Get("from"), ""
		if r.Method == http.MethodPost {
			var said map[string]string
			if err := json.NewDecoder(r.Body).Decode(&said); err != nil {
				t.Error(err)
			}
			got.to, got.text, got.id, got.from, got.callback = said["to"], said["text"], said["id"], said["from"], said["callback"]
		}
		io.WriteString(w, `{"status":"ok","message_id": 9007199254740993}`)
	})
	for address, method := range map[string]string{at + "/send?to={to}&text={text}&id={id}&from={from}": "GET", at + "/v1/messages": "POST"} {
		s := open(t, smshttp.Config{URL: address, Key: "secret", From: "Zharia", Callback: "https://zharia.example/sms/x"})
		sent, err := s.Send(t.Context(), news)
		if err != nil || sent.Ref != "9007199254740993" || sent.Delivered {
			t.Fatalf("%s: %+v %v", address, sent, err)
		}
		if got.method != method || got.to != news.To || got.text != whole || got.id != news.ID.String() || got.from != "Zharia" || got.key != "Bearer secret" || got.once != news.ID.String() {
			t.Errorf("%s got %+v", address, got)
		}
		if method == "POST" && got.callback != "https://zharia.example/sms/x" {
			t.Errorf("the address of receipts is %q", got.callback)
		}
	}
}

func TestANumberOfAMessageIsFoundInWhatGatewaysAnswer(t *testing.T) {
	var body string
	s := open(t, smshttp.Config{URL: gateway(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }), Callback: "https://zharia.example/sms/x"})
	for answer, want := range map[string]string{
		`{"id":"a-17"}`: "a-17", `{"message_id":"b"}`: "b", `{"id":17}`: "17", "OK17\n": "OK17", "": "", "message was queued": "",
		`{"id": {"x":1}}`: "", `{"id":"` + strings.Repeat("x", 65) + `"}`: "", strings.Repeat("x", 1<<20): "", "қабылданды": "",
	} {
		body = answer
		sent, err := s.Send(t.Context(), news)
		if err != nil || sent.Ref != want {
			t.Errorf("%.40q: %+v %v", answer, sent, err)
		}
	}
}

// A number of a message says that its receipt is waited for: a gateway that is told of no
// place for receipts would have everything sent once more by letter.
func TestOfAGatewayThatSendsNoReceiptsNoneIsWaitedFor(t *testing.T) {
	s := open(t, smshttp.Config{URL: gateway(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"id":17}`) })})
	if sent, err := s.Send(t.Context(), news); err != nil || sent != (notice.Sent{}) {
		t.Errorf("%+v %v", sent, err)
	}
}

func TestAnAnswerOfAGatewayIsTheNumbersOrTheLines(t *testing.T) {
	var status int
	var elsewhere atomic.Int64
	away := gateway(t, func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) })
	at := gateway(t, func(w http.ResponseWriter, r *http.Request) {
		if status == http.StatusFound {
			http.Redirect(w, r, away, status)
			return
		}
		w.WriteHeader(status)
	})
	s := open(t, smshttp.Config{URL: at + "/?to={to}&text={text}"})
	for code, refused := range map[int]bool{410: true, 422: true, 400: false, 401: false, 404: false, 429: false, 500: false, 503: false, 302: false} {
		status = code
		_, err := s.Send(t.Context(), news)
		if err == nil || errors.Is(err, notice.ErrRefused) != refused || strings.Contains(err.Error(), "7701") {
			t.Errorf("%d: %v", code, err)
		}
	}
	if elsewhere.Load() != 0 {
		t.Error("a number went to another address")
	}
	status = 400
	if _, err := open(t, smshttp.Config{URL: at, Refused: []int{400}}).Send(t.Context(), news); !errors.Is(err, notice.ErrRefused) {
		t.Errorf("400, as the setting says: %v", err)
	}
	for _, to := range []string{"", "87011234567", "+7701", "+77011234567&to=+77017654321"} {
		bad := news
		bad.To = to
		if _, err := s.Send(t.Context(), bad); !errors.Is(err, notice.ErrRefused) {
			t.Errorf("%q: %v", to, err)
		}
	}
}

func TestADeadSlowOrCutGatewayIsTheLinesAndNamesNobody(t *testing.T) {
	release := make(chan struct{})
	slow := gateway(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	cut := gateway(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	dead := httptest.NewServer(http.NotFoundHandler())
	dead.Close()
	for _, at := range []string{slow, cut, dead.URL} {
		s := open(t, smshttp.Config{URL: at + "/?to={to}&text={text}", Timeout: 200 * time.Millisecond})
		_, err := s.Send(t.Context(), news)
		if err == nil || errors.Is(err, notice.ErrRefused) || strings.Contains(err.Error(), "7701") || strings.Contains(err.Error(), "text=") {
			t.Errorf("%v", err)
		}
	}
}

func TestReceiptsAreTakenFromWhoKnowsTheSecret(t *testing.T) {
	var got []notice.Receipt
	fails := false
	h := smshttp.Receipts("s3cret", func(_ context.Context, r notice.Receipt) error {
		if fails {
			return errors.New("the database is away")
		}
		got = append(got, r)
		return nil
	})
	post := func(path, kind, body string) int {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	form, js := "application/x-www-form-urlencoded", "application/json; charset=utf-8"
	for _, c := range []struct {
		path, kind, body string
		status           int
		ref              string
		delivered        bool
	}{
		{"/sms/s3cret", form, url.Values{"id": {"17"}, "status": {"DELIVRD"}}.Encode(), 204, "17", true},
		{"/sms/s3cret", js, `{"id":"18","status":"failed"}`, 204, "18", false},
		{"/sms/s3cret", js, `{"id":"18","status":"sent"}`, 204, "", false},
		{"/sms/s3cret", js, `{"id":"","status":"failed"}`, 400, "", false},
		{"/sms/s3cret", js, `{"id":"18"`, 400, "", false},
		{"/sms/s3cret", form, "id=" + strings.Repeat("x", 5000), 400, "", false},
		{"/sms/s3cret", form, "id=" + strings.Repeat("x", 65) + "&status=failed", 400, "", false},
		{"/sms/s3creT", form, "id=17&status=delivered", 404, "", false},
		{"/sms/", form, "id=17&status=delivered", 404, "", false},
	} {
		got = nil
		if status := post(c.path, c.kind, c.body); status != c.status {
			t.Errorf("%s %.60q: %d", c.path, c.body, status)
		}
		if c.ref == "" && len(got) > 0 || c.ref != "" && (len(got) != 1 || got[0].Ref != c.ref || got[0].Delivered != c.delivered || got[0].Channel != notice.SMS) {
			t.Errorf("%s %.60q: kept %+v", c.path, c.body, got)
		}
	}
	if fails = true; post("/sms/s3cret", form, "id=17&status=delivered") != 503 {
		t.Error("a receipt that was not kept is not asked for again")
	}
	w := httptest.NewRecorder()
	smshttp.Receipts("", nil).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/sms/", nil))
	if w.Code != 404 {
		t.Errorf("no secret is set: %d", w.Code)
	}
}

func TestSettingsOfAGatewayThatCannotBeAreRefused(t *testing.T) {
	for _, at := range []string{"", "gateway", "http://gateway.example/", "ftp://gateway.example", "https://user:pass@gateway.example", "https://gateway.example/?to={to}"} {
		if _, err := smshttp.New(smshttp.Config{URL: at}); err == nil || strings.Contains(err.Error(), "pass@") {
			t.Errorf("%q: %v", at, err)
		}
	}
	if _, err := smshttp.New(smshttp.Config{URL: "https://gateway.example/?to={to}&text={text}"}); err != nil {
		t.Error(err)
	}
}

func TestNothingRunsOnWhenTheGatewayIsClosed(t *testing.T) {
	before := runtime.NumGoroutine()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "17") }))
	s, err := smshttp.New(smshttp.Config{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if _, err := s.Send(t.Context(), news); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	server.Close()
	for end := time.Now().Add(3 * time.Second); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, before there were %d", runtime.NumGoroutine(), before)
		}
	}
}
