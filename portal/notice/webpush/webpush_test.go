package webpush_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/notice"
	"zharia/portal/notice/webpush"
)

var b64 = base64.RawURLEncoding

// browser is one that subscribed; it opens what comes, by RFC 8291 and 8188, with nothing
// of the library that sealed it.
type browser struct {
	key    *ecdh.PrivateKey
	secret []byte
}

func newBrowser(t *testing.T) browser {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	secret := make([]byte, 16)
	rand.Read(secret)
	return browser{key, secret}
}

func (b browser) subscription(endpoint string) string {
	text, _ := json.Marshal(map[string]any{"endpoint": endpoint, "expirationTime": nil, "keys": map[string]string{
		"p256dh": b64.EncodeToString(b.key.PublicKey().Bytes()), "auth": b64.EncodeToString(b.secret)}})
	return string(text)
}

func (b browser) open(t *testing.T, body []byte) []byte {
	t.Helper()
	must := func(out []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	salt, size, n := body[:16], binary.BigEndian.Uint32(body[16:]), int(body[20])
	theirs, sealed := body[21:21+n], body[21+n:]
	if len(sealed) > int(size) {
		t.Fatalf("a record of %d in %d", len(sealed), size)
	}
	point, err := ecdh.P256().NewPublicKey(theirs)
	if err != nil {
		t.Fatal(err)
	}
	shared := must(b.key.ECDH(point))
	info := "WebPush: info\x00" + string(b.key.PublicKey().Bytes()) + string(theirs)
	ikm := must(hkdf.Key(sha256.New, shared, b.secret, info, 32))
	key := must(hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16))
	nonce := must(hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12))
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	plain := must(gcm.Open(nil, nonce, sealed, nil))
	plain = bytes.TrimRight(plain, "\x00")
	return bytes.TrimSuffix(plain, []byte{2})
}

// service is a push service that answers with a status and keeps what it got.
type service struct {
	*httptest.Server
	status int
	header http.Header
	body   []byte
}

func newService(t *testing.T) *service {
	s := &service{status: http.StatusCreated}
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.header = r.Header
		s.body, _ = io.ReadAll(r.Body)
		if s.status == 0 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(s.status)
		io.WriteString(w, strings.Repeat("x", 100_000))
	}))
	t.Cleanup(s.Close)
	return s
}

func open(t *testing.T, s *service, keys webpush.Keys) *webpush.Sender {
	t.Helper()
	p, err := webpush.New(webpush.Config{
		Keys: keys, Contact: "mailto:portal@zharia.example", Origin: "https://zharia.example", Timeout: 2 * time.Second,
		Words: func(lang string) (string, string) {
			return "Жария", map[string]string{"kk": "Жаңалық бар", "ru": "Есть новость"}[lang]
		},
		Client: s.Client(), Services: []string{strings.TrimPrefix(s.URL, "https://")},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func newKeys(t *testing.T) webpush.Keys {
	t.Helper()
	keys, err := webpush.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func news(to string) notice.Message {
	return notice.Message{
		ID: uuid.New(), To: to, Language: "kk", Subject: "№ 42 өтініш бойынша жаңалық", Text: "№ 42 өтінішіңіз бойынша жаңалық бар",
		Link: "https://zharia.example/kk/notices", Until: time.Now().Add(time.Hour),
	}
}

func TestABrowserLearnsThatThereIsNewsAndNothingMore(t *testing.T) {
	b, s, keys := newBrowser(t), newService(t), newKeys(t)
	p := open(t, s, keys)
	m := news(b.subscription(s.URL + "/send/abc"))
	if sent, err := p.Send(t.Context(), m); err != nil || sent != (notice.Sent{}) {
		t.Fatalf("%+v %v", sent, err)
	}
	if strings.Contains(string(s.body), "Жа") {
		t.Error("the push service can read it")
	}
	plain := b.open(t, s.body)
	var got map[string]string
	if err := json.Unmarshal(plain, &got); err != nil {
		t.Fatalf("%v: %q", err, plain)
	}
	for field, want := range map[string]string{"title": "Жария", "text": "Жаңалық бар", "language": "kk", "link": "/kk/notices", "tag": m.ID.String()} {
		if got[field] != want {
			t.Errorf("%s is %q", field, got[field])
		}
	}
	if len(got) != 5 || strings.Contains(strings.ReplaceAll(string(plain), m.ID.String(), ""), "42") {
		t.Errorf("more goes out than that: %q", plain)
	}
	if ttl, _ := strconv.Atoi(s.header.Get("TTL")); ttl < 3500 || ttl > 3600 || s.header.Get("Content-Encoding") != "aes128gcm" {
		t.Errorf("kept for %s: %v", s.header.Get("TTL"), s.header)
	}
	vouched(t, s.header.Get("Authorization"), s.URL, keys)
	long := len(s.body)
	m.Language, m.Link = "ru", "https://elsewhere.example/steal"
	if _, err := p.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if json.Unmarshal(b.open(t, s.body), &got); got["link"] != "/ru/" || got["text"] != "Есть новость" {
		t.Errorf("%v", got)
	}
	if len(s.body) != long {
		t.Errorf("the length tells the one from the other: %d and %d", long, len(s.body))
	}
}

// Who said that others may see it is told in the neutral words, here as everywhere.
func TestANeutralMessageNamesThePortalNowhere(t *testing.T) {
	b, s := newBrowser(t), newService(t)
	m := news(b.subscription(s.URL + "/send/abc"))
	m.Subject, m.Text, m.Link = "Хабарлама", "Сізге хабарлама бар.", ""
	if _, err := open(t, s, newKeys(t)).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	var got map[string]string
	if err := json.Unmarshal(b.open(t, s.body), &got); err != nil || got["title"] != "Хабарлама" || got["text"] != "Сізге хабарлама бар." {
		t.Errorf("%v %v", got, err)
	}
}

// vouched checks what shows the push service that it is us: RFC 8292.
func vouched(t *testing.T, header, audience string, keys webpush.Keys) {
	t.Helper()
	rest, _ := strings.CutPrefix(header, "vapid t=")
	token, key, _ := strings.Cut(rest, ", k=")
	parts := strings.Split(token, ".")
	if len(parts) != 3 || key != keys.Public {
		t.Fatalf("%q", header)
	}
	point, _ := b64.DecodeString(key)
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		t.Fatal(err)
	}
	sign, _ := b64.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if len(sign) != 64 || !ecdsa.Verify(public, sum[:], new(big.Int).SetBytes(sign[:32]), new(big.Int).SetBytes(sign[32:])) {
		t.Error("the signature is not that of the key")
	}
	var claims struct {
		Aud, Sub string
		Exp      int64
	}
	text, _ := b64.DecodeString(parts[1])
	if err := json.Unmarshal(text, &claims); err != nil || claims.Aud != audience || claims.Sub != "mailto:portal@zharia.example" || time.Until(time.Unix(claims.Exp, 0)) > 24*time.Hour {
		t.Errorf("%s %v", text, err)
	}
}

func TestAnAnswerOfAPushServiceIsTheSubscriptionsOrTheLines(t *testing.T) {
	b, s := newBrowser(t), newService(t)
	p := open(t, s, newKeys(t))
	m := news(b.subscription(s.URL + "/send/secret-address"))
	for status, refused := range map[int]bool{404: true, 410: true, 400: false, 401: false, 413: false, 429: false, 500: false, 503: false, 302: false, 0: false} {
		s.status = status
		_, err := p.Send(t.Context(), m)
		if err == nil || errors.Is(err, notice.ErrRefused) != refused || strings.Contains(err.Error(), "secret-address") {
			t.Errorf("%d: %v", status, err)
		}
	}
	s.Close()
	if _, err := p.Send(t.Context(), m); err == nil || errors.Is(err, notice.ErrRefused) || strings.Contains(err.Error(), "secret-address") {
		t.Errorf("no push service: %v", err)
	}
}

// The address comes from the person's side. Nobody has the portal ask what he likes, its
// own machines least of all.
func TestASubscriptionLeadsToAPushServiceAndNowhereElse(t *testing.T) {
	b, s := newBrowser(t), newService(t)
	p := open(t, s, newKeys(t))
	for _, good := range []string{"https://fcm.googleapis.com/fcm/send/x", "https://updates.push.services.mozilla.com/wpush/v2/x", "https://web.push.apple.com/x", "https://wns2-par02p.notify.windows.com/w/?token=x", s.URL + "/x"} {
		if err := p.Check(b.subscription(good)); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	other := browser{b.key, []byte("short")}
	for what, bad := range map[string]string{
		"nothing":          "",
		"no JSON":          "{",
		"another host":     b.subscription("https://evil.example/x"),
		"a like name":      b.subscription("https://evilpush.apple.com.example/x"),
		"a name before":    b.subscription("https://notfcm.googleapis.com/x"),
		"this machine":     b.subscription("https://127.0.0.1/x"),
		"a cloud's secret": b.subscription("http://169.254.169.254/latest"),
		"in clear":         b.subscription("http://fcm.googleapis.com/x"),
		"another port":     b.subscription("https://fcm.googleapis.com:8443/x"),
		"a user":           b.subscription("https://a@fcm.googleapis.com/x"),
		"a short secret":   other.subscription("https://fcm.googleapis.com/x"),
		"no keys":          `{"endpoint":"https://fcm.googleapis.com/x"}`,
		"not on the curve": `{"endpoint":"https://fcm.googleapis.com/x","keys":{"p256dh":"BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","auth":"AAAAAAAAAAAAAAAAAAAAAA"}}`,
		"too long":         b.subscription("https://fcm.googleapis.com/" + strings.Repeat("x", 3000)),
	} {
		if err := p.Check(bad); err == nil {
			t.Errorf("%s is taken", what)
		}
		if _, err := p.Send(t.Context(), news(bad)); !errors.Is(err, notice.ErrRefused) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if s.body != nil {
		t.Error("something was sent")
	}
}

func TestKeysAreMadeOnceAndKeptFromOthers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "push.json")
	made, err := webpush.LoadKeys(file)
	if err != nil {
		t.Fatal(err)
	}
	if about, _ := os.Stat(file); about.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v", about.Mode())
	}
	if again, err := webpush.LoadKeys(file); err != nil || again != made {
		t.Errorf("%+v, then %+v: %v", made, again, err)
	}
	os.Chmod(file, 0o640)
	if _, err := webpush.LoadKeys(file); err == nil || !strings.Contains(err.Error(), "600") {
		t.Errorf("a file that others read: %v", err)
	}
	other := newKeys(t)
	text, _ := json.Marshal(webpush.Keys{Public: other.Public, Private: made.Private})
	for _, bad := range []string{"", "{}", string(text)} {
		os.WriteFile(file, []byte(bad), 0o600)
		os.Chmod(file, 0o600)
		if _, err := webpush.LoadKeys(file); err == nil || strings.Contains(err.Error(), made.Private) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Two portals of a site that start for the first time at one moment: a browser knows one key.
func TestWhoeverStartsAtOneMomentHasTheSameKeys(t *testing.T) {
	for range 20 {
		file, start := filepath.Join(t.TempDir(), "push.json"), make(chan struct{})
		keys := make(chan webpush.Keys, 16)
		for range cap(keys) {
			go func() {
				<-start
				k, err := webpush.LoadKeys(file)
				if err != nil {
					t.Errorf("a portal does not start: %v", err)
				}
				keys <- k
			}()
		}
		close(start)
		first := <-keys
		for range cap(keys) - 1 {
			if k := <-keys; k != first {
				t.Fatalf("%+v and %+v", first, k)
			}
		}
	}
}

func TestNothingRunsOnWhenPushIsClosed(t *testing.T) {
	before := runtime.NumGoroutine()
	b, s := newBrowser(t), newService(t)
	p := open(t, s, newKeys(t))
	for range 5 {
		if _, err := p.Send(t.Context(), news(b.subscription(s.URL+"/x"))); err != nil {
			t.Fatal(err)
		}
	}
	p.Close()
	s.Close()
	for end := time.Now().Add(3 * time.Second); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, before there were %d", runtime.NumGoroutine(), before)
		}
	}
}
