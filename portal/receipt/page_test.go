package receipt_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	devlog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"golang.org/x/mod/sumdb/tlog"

	"zharia"
	"zharia/portal/deadline"
	"zharia/portal/portaltest"
	"zharia/portal/receipt"
	"zharia/portal/words"
)

func wordsOf(t testing.TB) *words.Book {
	t.Helper()
	folder, err := fs.Sub(zharia.Words, "i18n")
	if err != nil {
		t.Fatal(err)
	}
	book, err := words.New(folder, deadline.Zone)
	if err != nil {
		t.Fatal(err)
	}
	return book
}

// reader is somebody with a browser who opened the page from his disk, on a computer
// without a network.
type reader struct {
	t    *testing.T
	ctx  context.Context
	dir  string
	book *book

	mu     sync.Mutex
	errors []string
	asked  []string // addresses that the page asked for
}

// reads opens the page of a book from a file.
func reads(t *testing.T, b *book, lang string, width int64) *reader {
	t.Helper()
	r := &reader{t: t, book: b, dir: t.TempDir()}
	page, err := receipt.Page(wordsOf(t), lang, b.key)
	if err != nil {
		t.Fatal(err)
	}
	r.write("page.html", page)
	program, err := portaltest.Browser()
	if err != nil {
		t.Fatal(err)
	}
	allocator, end := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox)...)
	t.Cleanup(end)
	ctx, close := chromedp.NewContext(allocator, chromedp.WithListener(r.hear))
	t.Cleanup(close)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	r.ctx = ctx
	r.do(
		command(network.Enable, network.EnableParams{}),
		command(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 800, DeviceScaleFactor: 1, Mobile: width < 600}),
		chromedp.Navigate("file://"+filepath.Join(r.dir, "page.html")),
	)
	return r
}

func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, c, params)
		return chromedp.Void{}, err
	}
}

func (r *reader) hear(ev any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch ev := ev.(type) {
	case *runtime.EventExceptionThrown:
		r.errors = append(r.errors, ev.ExceptionDetails.Text)
	case *devlog.EventEntryAdded:
		r.errors = append(r.errors, ev.Entry.Text)
	case *network.EventRequestWillBeSent:
		r.asked = append(r.asked, ev.Request.URL)
	}
}

// alone says that the page made no mistake and asked the network for nothing.
func (r *reader) alone() {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.errors {
		r.t.Errorf("the browser: %s", e)
	}
	if len(r.asked) != 1 || !strings.HasPrefix(r.asked[0], "file://") {
		r.t.Errorf("asked for %v", r.asked)
	}
}

func (r *reader) do(steps ...chromedp.Action[chromedp.Void]) {
	r.t.Helper()
	ctx, done := context.WithTimeout(r.ctx, time.Minute)
	defer done()
	if err := chromedp.Do(ctx, steps...); err != nil {
		r.t.Fatal(err)
	}
}

// js is what an expression gives, read as JSON.
func js[T any](r *reader, expression string) (out T) {
	r.t.Helper()
	ctx, done := context.WithTimeout(r.ctx, 2*time.Minute)
	defer done()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("(async () => JSON.stringify("+expression+"))()", chromedp.EvalAwaitPromise))
	if err != nil {
		r.t.Fatalf("%.200s: %v", expression, err)
	}
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		r.t.Fatalf("%.200s: %q: %v", expression, text, err)
	}
	return out
}

func (r *reader) write(name string, content []byte) string {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		r.t.Fatal(err)
	}
	return path
}

// shown is one verdict on the page.
type shown struct {
	Good    bool
	Heading string
	Name    string
	Text    string
}

// brings chooses files and reads what the page says of them.
func (r *reader) brings(files ...string) []shown {
	r.t.Helper()
	js[string](r, `(results.replaceChildren(), "")`)
	r.do(chromedp.SetUploadFiles(chromedp.CSS("#files"), files))
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if js[bool](r, `!results.hasAttribute("aria-busy") && results.querySelectorAll("section").length > 0`) {
			break
		}
		if time.Now().After(end) {
			r.t.Fatal("the page comes to no end")
		}
	}
	return js[[]shown](r, `Array.from(results.querySelectorAll("section"), s => ({
		good: s.className === "good", heading: s.querySelector("h2").textContent, name: s.querySelector(".name").textContent, text: s.innerText}))`)
}

func TestThePageOnADiskVerifiesWhatIsTrueAndRefusesWhatIsForged(t *testing.T) {
	t.Parallel()
	b, foreign := newBook(t, 300), newBook(t, 300)
	r := reads(t, b, "kk", 1280)
	random := rand.New(rand.NewPCG(11, 3))
	var files []string
	for n := range 100 {
		size := 201 + random.IntN(99)
		files = append(files, r.write(fmt.Sprintf("good-%d.receipt", n), b.receipt(2*n, size).Text()))
	}
	for _, v := range r.brings(files...) {
		if !v.Good {
			t.Errorf("%s: %s", v.Name, v.Text)
		}
	}
	if n := js[int](r, `results.querySelectorAll(".good").length`); n != 100 {
		t.Errorf("%d receipts are good, not 100", n)
	}
	files = files[:0]
	for n := range 300 {
		size := 2 + random.IntN(290)
		files = append(files, r.write(fmt.Sprintf("bad-%d.receipt", n), shifted(b.receipt(random.IntN(size), size).Text()[16:], random)))
		bad := append([]byte("zharia-receipt/1"), must(os.ReadFile(files[n]))...) // so that the page takes it for a receipt
		r.write(fmt.Sprintf("bad-%d.receipt", n), bad)
	}
	all := forgeries(b, foreign, random)
	for name, make := range all {
		for n := range 40 {
			size := 2 + random.IntN(290)
			at := random.IntN(size)
			forged, good := make(at, size), b.receipt(at, size)
			if bytes.Equal(forged.Text(), good.Text()) || (name == "steps turned" || name == "other's proof") && sameProof(forged, good) {
				continue
			}
			files = append(files, r.write(fmt.Sprintf("%s-%d.receipt", strings.ReplaceAll(name, " ", "-"), n), forged.Text()))
		}
	}
	verdicts := r.brings(files...)
	if len(verdicts) != len(files) || len(files) < 1000 {
		t.Fatalf("%d verdicts of %d files", len(verdicts), len(files))
	}
	for _, v := range verdicts {
		if v.Good {
			t.Errorf("%s is said to be good", v.Name)
		}
	}
	t.Logf("100 verified, %d forged refused", len(files))
	r.alone()
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestThePageSaysOfADocumentWhetherItIsTheOneOfTheReceipt(t *testing.T) {
	t.Parallel()
	b := newBook(t, 20)
	r := reads(t, b, "ru", 360)
	w := wordsOf(t).In("ru")
	own, other := r.write("own.pdf", paper(3)), r.write("other.pdf", paper(4))
	good := r.write("zharia-1.receipt", b.receipt(3, 17).Text())
	second := r.write("zharia-2.receipt", b.receipt(4, 17).Text())
	said := func(v shown, key string) bool { return strings.Contains(v.Text, w.T(key)) }

	v := r.brings(good)
	if len(v) != 1 || !v[0].Good || v[0].Heading != w.T("offline.good") || !said(v[0], "offline.not.document") || said(v[0], "offline.proved.document") {
		t.Errorf("a receipt alone: %+v", v)
	}
	if !strings.Contains(v[0].Text, "22.10.2026, 14:30:00") || !strings.Contains(v[0].Text, w.T("record.filing-submit")) || !said(v[0], "offline.not.stamp") {
		t.Errorf("what was written down: %s", v[0].Text)
	}
	if v = r.brings(own, good); len(v) != 1 || !v[0].Good || !said(v[0], "offline.proved.document") {
		t.Errorf("with its document: %+v", v)
	}
	if v = r.brings(good, other); len(v) != 1 || v[0].Good || !said(v[0], "offline.why.other-document") {
		t.Errorf("with another document: %+v", v)
	}
	if v = r.brings(own, other, second, good); len(v) != 2 || !v[0].Good || !v[1].Good || !said(v[0], "offline.proved.document") || !said(v[1], "offline.proved.document") {
		t.Errorf("two with their documents: %+v", v)
	}
	if v = r.brings(own); len(v) != 1 || v[0].Good || v[0].Heading != w.T("offline.alone") {
		t.Errorf("a document alone: %+v", v)
	}
	// In the other language the same is said again.
	r.brings(good)
	js[string](r, `(document.getElementById("lang").click(), "")`)
	kk := wordsOf(t).In("kk")
	if got := js[[]string](r, `[document.documentElement.lang, results.querySelector("h2").textContent, document.title, document.querySelector("h1").textContent]`); strings.Join(got, "|") != strings.Join([]string{"kk", kk.T("offline.good"), kk.T("offline.title"), kk.T("offline.title")}, "|") {
		t.Errorf("in Kazakh: %q", got)
	}
	if wide := js[int](r, `document.documentElement.scrollWidth`); wide > 360 {
		t.Errorf("%d pixels wide on a phone", wide)
	}
	r.alone()
}

// The page's own mathematics against that of Go and against the vectors of RFC 8032,
// 7.1, and FIPS 180-4.
func TestThePageComputesAsTheStandardsSay(t *testing.T) {
	t.Parallel()
	r := reads(t, newBook(t, 2), "kk", 1280)
	random := rand.New(rand.NewPCG(11, 4))
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.UintN(256))
		}
		return b
	}
	messages := [][]byte{[]byte("abc"), bytes.Repeat([]byte("a"), 1_000_000), nil, []byte("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")}
	for n := range 300 {
		messages = append(messages, noise(n))
	}
	want := [][2]string{}
	for _, m := range messages {
		a, b := sha256.Sum256(m), sha512.Sum512(m)
		want = append(want, [2]string{hex.EncodeToString(a[:]), hex.EncodeToString(b[:])})
	}
	if want[0][0] != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" || !strings.HasPrefix(want[0][1], "ddaf35a193617abacc417349ae204131") {
		t.Fatal("not the vectors of the standard")
	}
	texts := make([]string, len(messages))
	for i, m := range messages {
		texts[i] = hex.EncodeToString(m)
	}
	got := js[[][2]string](r, quoted(texts)+`.map(m => [hex(sha256(unhex(m))), hex(sha512(unhex(m)))])`)
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("message %d of %d bytes: %v, not %v", i, len(messages[i]), got[i], want[i])
		}
	}

	type signed struct {
		Key, Message, Signature string
		good                    bool
	}
	vectors := []signed{
		{"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "", "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b", true},
		{"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72", "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00", true},
		{"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82", "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a", true},
	}
	for n := range 120 {
		seed := noise(32)
		key, message := ed25519.NewKeyFromSeed(seed), noise(n*3)
		signature := ed25519.Sign(key, message)
		public := bytes.Clone(key.Public().(ed25519.PublicKey))
		switch n % 6 {
		case 1:
			signature[random.IntN(64)] ^= 1 << random.IntN(8)
		case 2:
			public[random.IntN(32)] ^= 1 << random.IntN(8)
		case 3:
			message = append(message, 0)
		case 4: // the same S and the order of the group: it must not count twice
			carry := 0
			order := must(hex.DecodeString("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010"))
			for i := range 32 {
				sum := int(signature[32+i]) + int(order[i]) + carry
				signature[32+i], carry = byte(sum), sum>>8
			}
		}
		vectors = append(vectors, signed{hex.EncodeToString(public), hex.EncodeToString(message), hex.EncodeToString(signature), n%6 == 0 || n%6 == 5})
	}
	verdicts := js[[]bool](r, must(jsonText(vectors))+`.map(v => ed25519(unhex(v.Key), unhex(v.Message), unhex(v.Signature)))`)
	for i, v := range vectors {
		gos := ed25519.Verify(must(hex.DecodeString(v.Key)), must(hex.DecodeString(v.Message)), must(hex.DecodeString(v.Signature)))
		if gos != v.good || verdicts[i] != v.good {
			t.Errorf("signature %d: Go says %v, the page %v, it is %v", i, gos, verdicts[i], v.good)
		}
	}

	// Every leaf of every tree up to 64 leaves, and the same with the proof of a neighbour.
	b := newBook(t, 64)
	type path struct {
		Leaf        string
		Index, Size int
		Proof       []string
		root        string
	}
	var paths []path
	for size := 1; size <= 64; size++ {
		root := must(tlog.TreeHash(int64(size), b))
		for n := range size {
			p := path{Leaf: hex.EncodeToString(b.rows[n].Digest), Index: n, Size: size, root: hex.EncodeToString(root[:]), Proof: []string{}}
			p.Leaf = fmt.Sprintf("%x", b.hashes[tlog.StoredHashIndex(0, int64(n))][:])
			for _, h := range must(tlog.ProveRecord(int64(size), int64(n), b)) {
				p.Proof = append(p.Proof, hex.EncodeToString(h[:]))
			}
			paths = append(paths, p)
		}
	}
	roots := js[[]string](r, must(jsonText(paths))+`.map(p => hex(rootOf(unhex(p.Leaf), BigInt(p.Index), BigInt(p.Size), p.Proof.map(unhex))))`)
	for i, p := range paths {
		if roots[i] != p.root {
			t.Errorf("leaf %d of %d leads to %s, not %s", p.Index, p.Size, roots[i], p.root)
		}
	}
	r.alone()
}

func quoted(list []string) string { return must(jsonText(list)) }

func jsonText(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

func TestThePageLetsNothingInAndNothingOut(t *testing.T) {
	t.Parallel()
	b := newBook(t, 1)
	for _, lang := range []string{"kk", "ru"} {
		page, err := receipt.Page(wordsOf(t), lang, b.key)
		if err != nil {
			t.Fatal(err)
		}
		text := string(page)
		said := regexp.MustCompile(`<meta http-equiv="Content-Security-Policy" content="([^"]*)">`).FindStringSubmatch(text)
		if said == nil || !strings.HasPrefix(said[1], "default-src 'none'; ") || said[1]+"; frame-ancestors 'none'" != receipt.Policy() {
			t.Fatalf("%s: policy %q and in the head of the answer %q", lang, said, receipt.Policy())
		}
		for element, source := range map[string]string{"script": "script-src", "style": "style-src"} {
			inside := regexp.MustCompile(`(?s)<` + element + `>(.*?)</` + element + `>`).FindStringSubmatch(text)
			if inside == nil || !strings.Contains(said[1], source+" 'sha256-") {
				t.Fatalf("%s: no %s under the policy", lang, element)
			}
		}
		if found := regexp.MustCompile(`(?i)https?://|//[a-z]+\.|<link|<iframe|\ssrc=|\son[a-z]+=|\sstyle=`).FindString(regexp.MustCompile(`(?m)^\s*//.*$`).ReplaceAllString(text, "")); found != "" {
			t.Errorf("%s: the page names %q", lang, found)
		}
		if len(page) > 64<<10 {
			t.Errorf("%s: %d bytes", lang, len(page))
		}
	}
	if _, err := receipt.Page(wordsOf(t), "kk", "no key"); err == nil {
		t.Error("a page with a key that is none")
	}
}
