package canary_test

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"io"
	"log/slog"
	"math/rand/v2"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal"
	"zharia/portal/canary"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/tip"
)

// solve is the puzzle of a page, as its script does it.
func solve(t testing.TB, page string) (ticket, work string) {
	t.Helper()
	found := regexp.MustCompile(`name="ticket" value="([^"]+)"`).FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("no ticket on\n%.500s", page)
	}
	ticket = html.UnescapeString(found[1])
	for n := range 1 << 24 {
		if work = strconv.Itoa(n); tip.Ticket(ticket).Solved(work) {
			return ticket, work
		}
	}
	t.Fatal("no solution")
	return "", ""
}

// tips has somebody without a name write to the police, and the duty officer answer.
func (a *aviary) tips(w *portaltest.W) {
	a.t.Helper()
	of := func(page answer) filling {
		_, work := solve(a.t, page.body)
		return filling{"work": work}
	}
	nobody := a.arrives(w.Stranger.Key)
	page := nobody.get("/kk/tip/new")
	said := of(page)
	said["body"] = w.Body("police").String()
	sent := nobody.send(page, policy.TipSend, said).want(a.t, http.StatusOK)
	code := regexp.MustCompile(`name="code" value="(\d{20})"`).FindStringSubmatch(sent.body)
	if code == nil {
		a.t.Fatalf("no code on\n%s", sent.body)
	}
	a.Known("receipt code", code[1])
	nobody.send(sent, policy.TipKept, filling{"last": code[1][16:]}).want(a.t, http.StatusOK)
	page = nobody.get("/kk/tip/read")
	said = of(page)
	said["code"] = code[1]
	talk := nobody.send(page, policy.TipRead, said).want(a.t, http.StatusOK)
	nobody.send(talk, policy.TipWrite, of(talk)).want(a.t, http.StatusOK)

	duty := a.arrives(w.Actor("zhandos").Key).signIn()
	at := regexp.MustCompile(`/kk/tips/[0-9a-f-]{36}`).FindString(duty.get("/kk/tips").body)
	duty.fill(duty.get(at), policy.TipAnswer, nil)
	a.typed["tip-kept.last"], a.typed["tip-read.code"] = true, true // digits of the code, which is a canary itself
}

// THREATS T13: a hundred people tell something without a name, each with an address, a
// browser, languages and cookies that stand nowhere else in the world, through a real
// listener, and with files that say by whom, with what and where they were made; then
// everything that the machines have kept is searched for them, the files opened too.
func TestAHundredAnonymousMessagesLeaveNoTraceOfAnybody(t *testing.T) {
	const people = 100
	e := &estate{t: t, work: t.TempDir(), tmp: t.TempDir()}
	e.log = filepath.Join(e.work, "portal.log")
	logged, err := os.OpenFile(e.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer logged.Close()
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(slog.New(slog.NewJSONHandler(logged, &slog.HandlerOptions{Level: slog.LevelDebug})))
	w, server := portaltest.Private(t, "log_statement=all", "log_min_duration_statement=0", "log_connections=on", "log_error_verbosity=verbose", "track_activity_query_size=1MB")
	e.server, e.sql = server, w.SQL
	t.Setenv("TMPDIR", e.tmp)
	at := w.At
	p := &portal.Portal{DB: w.App, Words: w.Words, Verifier: w.Verifier, Origin: "http://tip.test", Agent: "wss://127.0.0.1:13579", Clock: func() time.Time { return at }}
	handler, err := p.Handler()
	if err != nil {
		t.Fatal(err)
	}
	site := httptest.NewUnstartedServer(handler)
	site.Config.ErrorLog = slog.NewLogLogger(slog.Default().Handler(), slog.LevelWarn)
	site.Start()
	defer site.Close()

	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	brood, random := canary.Hatch(seed), rand.New(rand.NewPCG(seed, 7))
	body := w.Body("police").String()
	var made map[string][]byte // the last one's files
	taken := 0
	for n := range people {
		name := func(what string) string { return fmt.Sprintf("%s of %d", what, n) }
		local := net.IPv4(127, byte(100+random.IntN(100)), byte(100+random.IntN(100)), byte(100+random.IntN(100)))
		forwarded := fmt.Sprintf("198.%d.%d.%d", 100+random.IntN(100), 100+random.IntN(100), 100+random.IntN(100))
		six := fmt.Sprintf("2001:db8:%x:%x::%x", 0x1000+random.IntN(0xe000), 0x1000+random.IntN(0xe000), 0x1000+random.IntN(0xe000))
		for what, address := range map[string]string{"address": local.String(), "forwarded address": forwarded, "address of six": six} {
			brood.Known(name(what), address)
		}
		agent, tongue, from, cookie, text := brood.Word(name("browser"), "latin"), brood.Word(name("languages"), "latin"), brood.Word(name("page before"), "latin"), brood.Word(name("cookie"), "latin"), brood.Word(name("text"), "kk")
		transport := &http.Transport{DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: local}}).DialContext}
		if c, err := transport.DialContext(t.Context(), "tcp", site.Listener.Addr().String()); err != nil { // not every system has all of 127/8
			transport = &http.Transport{}
		} else {
			c.Close()
		}
		client := &http.Client{Transport: transport}
		asks := func(method, path, kind string, body io.Reader, status int) string {
			t.Helper()
			r, err := http.NewRequestWithContext(context.Background(), method, site.URL+path, body)
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range map[string]string{
				"User-Agent": agent, "Accept-Language": tongue, "Referer": "https://" + from + ".test/", "X-Forwarded-For": forwarded + ", " + six, "X-Real-Ip": forwarded,
				"Forwarded": "for=" + forwarded, "Cookie": "zharia=" + cookie, "Sec-Ch-Ua": agent, "Content-Type": kind,
			} {
				r.Header.Set(name, value)
			}
			answer, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			page, err := io.ReadAll(answer.Body)
			if err != nil || answer.StatusCode != status || len(answer.Cookies()) > 0 {
				t.Fatalf("%s %s: %d, %d cookies, %v", method, path, answer.StatusCode, len(answer.Cookies()), err)
			}
			return string(page)
		}
		ask := func(method, path string, fields url.Values) string {
			t.Helper()
			return asks(method, path, "application/x-www-form-urlencoded", strings.NewReader(fields.Encode()), http.StatusOK)
		}
		ask(http.MethodGet, "/kk/tip", nil)
		ticket, work := solve(t, ask(http.MethodGet, "/kk/tip/new", nil))
		fields := url.Values{"ticket": {ticket}, "work": {work}, "body": {body}, "text": {"Мен " + text + " туралы айтамын."}}
		made = portaltest.Marked(brood.Word(name("maker of the files"), "latin"))
		called := brood.Word(name("name of the file"), "latin")
		send := func(file string, status int) string {
			var sent bytes.Buffer
			form := multipart.NewWriter(&sent)
			for field, values := range fields {
				form.WriteField(field, values[0])
			}
			part, err := form.CreateFormFile("files", called+filepath.Ext(file))
			if err == nil {
				_, err = part.Write(made[file])
			}
			if err != nil || form.Close() != nil {
				t.Fatal(err)
			}
			return asks(http.MethodPost, "/kk/tip", form.FormDataContentType(), &sent, status)
		}
		if n%10 == 0 { // what cannot be made anew is refused, and the words stay on the page
			if page := send("letter.docx", http.StatusUnprocessableEntity); !strings.Contains(page, text) {
				t.Fatal("a refused file takes the words along")
			}
		}
		page := send([]string{"photo.jpg", "shot.png", "paper.pdf"}[n%3], http.StatusOK)
		taken++
		code := regexp.MustCompile(`name="code" value="(\d{20})"`).FindStringSubmatch(page)
		if code == nil {
			t.Fatalf("no code on\n%s", page)
		}
		brood.Known(name("code"), code[1])
		ticket, work = solve(t, ask(http.MethodGet, "/kk/tip/read", nil))
		if page = ask(http.MethodPost, "/kk/tip/read", url.Values{"ticket": {ticket}, "work": {work}, "code": {code[1]}}); !strings.Contains(page, text) {
			t.Fatal("he does not read his own words")
		}
		transport.CloseIdleConnections()
		time.Sleep(60 * time.Millisecond) // within the budget of the lane
	}
	var kept int
	if err := w.SQL.Get(&kept, `SELECT count(*) FROM tip`); err != nil || kept != people {
		t.Fatalf("%d are kept, %v", kept, err)
	}
	if err := tip.WriteDown(t.Context(), w.DB.DB, at.AddDate(0, 0, 1)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p.TellOfTips(ctx)
	site.Close()

	// What the duty officer gets, opened: sealed bytes would hide what is in them.
	var files []uuid.UUID
	if err := w.SQL.Select(&files, `SELECT id FROM tip_file`); err != nil || len(files) != taken {
		t.Fatalf("%d files of %d are kept, %v", len(files), taken, err)
	}
	zhandos := w.Actor("zhandos")
	opened := make([][]byte, len(files))
	for i, id := range files {
		if _, opened[i], err = tip.OpenFile(zhandos.As(t.Context()), w.App, zhandos.Asks(policy.TipFile), id); err != nil {
			t.Fatal(err)
		}
	}

	planted, bait := decoys(seed + 1)
	e.decoys = bait
	e.plant()
	e.net = canary.Knit(slices.Concat(brood.All, planted.All), e.work)
	for name, file := range made { // as they were sent, the searcher finds who made them
		proof := canary.Knit(brood.All, e.work)
		if err := proof.Stream("as sent", bytes.NewReader(file)); err != nil || len(proof.Caught) == 0 {
			t.Errorf("in %s as it was sent the searcher finds nothing, %v", name, err)
		}
	}
	for _, file := range opened {
		if err := e.net.Stream("opened files", bytes.NewReader(file)); err != nil {
			t.Fatal(err)
		}
	}
	e.searchAll()
	leaks := 0
	for _, h := range e.net.Caught {
		if !strings.HasPrefix(h.Canary, "decoy: ") {
			leaks++
			t.Errorf("a trace: %v", h)
		}
	}
	t.Logf("%d canaries of %d people, %d places, %.0f MB: %d hits", len(brood.All), people, len(e.places), float64(e.net.Bytes)/1e6, leaks)
}
