package portal_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal"
	"zharia/portal/attachment"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/vault"
)

// sentFile is a file of a form.
type sentFile struct {
	name    string
	content []byte
}

// attach sends files as a form without a script does.
func (g *guest) attach(filing uuid.UUID, files ...sentFile) answer {
	g.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, file := range files {
		h := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="` + file.name + `"`}, "Content-Type": {"text/html"}}
		must(must(form.CreatePart(h)).Write(file.content))
	}
	form.Close()
	r := httptest.NewRequest(http.MethodPost, "/kk/filings/"+filing.String()+"/attachments", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return g.do(r)
}

// photo is a photograph; seed makes it another.
func photo(seed uint64) []byte {
	p := image.NewRGBA(image.Rect(0, 0, 120, 80))
	r := rand.New(rand.NewPCG(seed, 2))
	for x := range 120 {
		for y := range 80 {
			p.Set(x, y, color.RGBA{byte(x), byte(y), byte(r.UintN(256)), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, p, nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// armedPDF is a PDF that starts a script when it is opened.
func armedPDF() []byte {
	objects := []string{"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>"}
	return rawPDF(objects...)
}

func rawPDF(objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	var at []int
	for i, o := range objects {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, n := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, table)
	return b.Bytes()
}

// heavyPDF is a PDF of about so many bytes, none of which can be packed.
func heavyPDF(size int) []byte {
	noise := make([]byte, size-700)
	r := rand.NewChaCha8([32]byte{7})
	r.Read(noise)
	return rawPDF("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Resources<</XObject<</I 4 0 R>>>>>>",
		fmt.Sprintf("<</Type/XObject/Subtype/Image/Width 10/Height 10/BitsPerComponent 8/ColorSpace/DeviceGray/Length %d>>stream\n%s\nendstream", len(noise), noise))
}

// attached is a file beside a draft of Aigul's, and one beside a complaint of hers that
// was filed.
func (f *front) attached() (ofDraft, ofComplaint uuid.UUID) {
	f.t.Helper()
	draft := f.draftOfAigul()
	complaint := f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingComplaintProsecutor, Ground: "other", About: f.Decision("term-extended")})
	aigul := f.as(f.Aigul)
	for _, id := range []uuid.UUID{draft, complaint} {
		aigul.attach(id, sentFile{"сурет.jpg", photo(1)}).want(f.t, "a file", http.StatusSeeOther)
	}
	if err := f.Submit(f.Aigul, complaint); err != nil {
		f.t.Fatal(err)
	}
	return f.attachedTo(draft)[0], f.attachedTo(complaint)[0]
}

// attachedTo are the ids of the files of a filing or a report in their order.
func (f *front) attachedTo(thing uuid.UUID) []uuid.UUID {
	f.t.Helper()
	var ids []uuid.UUID
	if err := f.SQL.Select(&ids, `SELECT id FROM attachment WHERE coalesce(filing, report) = $1 ORDER BY place`, thing); err != nil {
		f.t.Fatal(err)
	}
	return ids
}

func (f *front) draftOfAigul() uuid.UUID {
	return f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"})
}

// cutLine is a line that is cut after so many bytes from the one who sends, each time
// anew: a real one, between two sockets.
type cutLine struct {
	net.Listener
	to   string
	cuts []int64
	dead time.Duration // how long it carries nothing after each cut
	mu   sync.Mutex
	sent int64
	made int
	till time.Time // it is dead
	ends []net.Conn
}

func (c *cutLine) serve() {
	for {
		in, err := c.Accept()
		if err != nil {
			return
		}
		c.mu.Lock()
		dead := time.Now().Before(c.till)
		c.ends = append(c.ends, in)
		c.mu.Unlock()
		if dead {
			in.Close()
			continue
		}
		go func() {
			out, err := net.Dial("tcp", c.to)
			if err != nil {
				in.Close()
				return
			}
			go func() { io.Copy(in, out); in.Close() }()
			piece := make([]byte, 8<<10)
			for {
				n, err := in.Read(piece)
				c.mu.Lock()
				c.sent += int64(n)
				cut := c.made < len(c.cuts) && c.sent > c.cuts[c.made]
				if cut {
					c.made++
					c.till = time.Now().Add(c.dead)
					for _, end := range c.ends { // whatever goes over it
						end.Close()
					}
					c.ends = nil
				}
				c.mu.Unlock()
				if cut || err != nil {
					in.Close()
					out.Close()
					return
				}
				out.Write(piece[:n])
			}
		}()
	}
}

// line is a browser's script at the far end of a line.
type line struct {
	t      *testing.T
	cookie string
	origin string
	client *http.Client
	cuts   int
}

func (l *line) ask(method, path string, body []byte, kind string) (state map[string]any, status int, err error) {
	r := must(http.NewRequestWithContext(l.t.Context(), method, l.origin+path, bytes.NewReader(body)))
	r.Header.Set("Content-Type", kind)
	r.AddCookie(&http.Cookie{Name: cookieName, Value: l.cookie})
	res, err := l.client.Do(r)
	if err != nil {
		return nil, 0, err
	}
	defer res.Body.Close()
	err = json.NewDecoder(res.Body).Decode(&state)
	return state, res.StatusCode, err
}

// patient asks until the line carries an answer.
func (l *line) patient(method, path string, body []byte, kind string) (map[string]any, int) {
	for range 20 {
		state, status, err := l.ask(method, path, body, kind)
		if err == nil {
			return state, status
		}
		l.cuts++
		l.client.CloseIdleConnections()
	}
	l.t.Fatal("the line carries nothing any more")
	return nil, 0
}

// watchHeap tells by how much the live heap grew at most until its answer is called:
// what is garbage is none of it.
func watchHeap() (grown func() int64) {
	live := func() int64 {
		runtime.GC()
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		return int64(now.HeapAlloc)
	}
	before := live()
	stop, peak := make(chan struct{}), make(chan int64, 1)
	go func() {
		most := live()
		for {
			select {
			case <-stop:
				peak <- most
				return
			case <-time.After(250 * time.Millisecond):
				most = max(most, live())
			}
		}
	}()
	return func() int64 { close(stop); return <-peak - before }
}

// What is allocated while the collector works counts as alive, so the heap is measured
// in a process whose collector stops everything else.
func TestAFileOfTwentyMegabytesComesWholeOverALineCutThreeTimes(t *testing.T) {
	const stopped = "gcstoptheworld=1"
	if os.Getenv("GODEBUG") != stopped {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), "GODEBUG="+stopped)
		out, err := cmd.CombinedOutput()
		told, _, _ := strings.Cut(string(out[max(0, bytes.Index(out, []byte("20 MiB over"))):]), "\n")
		if t.Log(told); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	f := open(t)
	draft := f.draftOfAigul()
	server := httptest.NewServer(f.Handler)
	defer server.Close()
	cut := &cutLine{Listener: must(net.Listen("tcp", "127.0.0.1:0")), to: server.Listener.Addr().String(), cuts: []int64{4_000_000, 11_111_111, 18_500_000}}
	defer cut.Close()
	go cut.serve()
	l := &line{t: t, cookie: f.as(f.Aigul).cookie, origin: "http://" + cut.Addr().String(), client: &http.Client{}}

	file := heavyPDF(20 << 20)
	sum := sha256.Sum256(file)
	id := fresh()
	heap := watchHeap()
	begin := url.Values{"id": {id.String()}, "name": {"Сараптама.pdf"}, "size": {fmt.Sprint(len(file))}, "sha256": {hex.EncodeToString(sum[:])}}
	state, status := l.patient("POST", "/kk/filings/"+draft.String()+"/attachments/upload", []byte(begin.Encode()), "application/x-www-form-urlencoded")
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, state)
	}
	offset, size, piece := 0, int(state["size"].(float64)), int(state["piece"].(float64))
	for offset < size {
		state, status = l.patient("PUT", fmt.Sprintf("%s?offset=%d", state["put"], offset), file[offset:min(offset+piece, size)], "application/octet-stream")
		if status != http.StatusOK {
			t.Fatalf("at %d: %d %v", offset, status, state)
		}
		offset = int(state["offset"].(float64))
	}
	coming := heap()
	// The examination by itself: after it the paper of the draft is printed anew, which
	// takes what any printing takes.
	a := must(attachment.Fetch(t.Context(), f.DB, id))
	heap = watchHeap()
	if _, err := attachment.Examine(t.Context(), f.DB, nil, f.At, a); err != nil {
		t.Fatal(err)
	}
	examined := heap()
	heap = watchHeap()
	f.draftOfAigul()
	printed := heap()
	if state, status = l.patient("POST", state["finish"].(string), nil, ""); status != http.StatusOK || state["taken"] != true {
		t.Fatalf("the end: %d %v", status, state)
	}
	if cut.made != 3 || l.cuts < 3 {
		t.Errorf("the line was cut %d times, and the sender saw %d", cut.made, l.cuts)
	}
	var kept []byte
	if err := f.SQL.Get(&kept, `SELECT digest FROM attachment WHERE id = $1 AND state = 'clean'`, id); err != nil || !bytes.Equal(kept, sum[:]) {
		t.Errorf("what is kept has SHA-256 %x, not %x; %v", kept, sum, err)
	}
	got := f.as(f.Aigul).get("/kk/attachments/"+id.String()).want(t, "her file", http.StatusOK)
	if got.body != string(file) {
		t.Errorf("%d bytes come back for %d", len(got.body), len(file))
	}
	const mib = 1 << 20
	t.Logf("20 MiB over a line cut %d times: the same SHA-256; live heap grew by at most %.1f MiB while it came and %.1f MiB while it was examined (printing any draft: %.1f MiB)",
		cut.made, float64(coming)/mib, float64(examined)/mib, float64(printed)/mib)
	if max(coming, examined) > 8*mib {
		t.Errorf("the heap grew by %d and %d bytes", coming, examined)
	}
	f.Sound()
}

func TestFilesOfAFormAreTakenOrRefusedEachByItself(t *testing.T) {
	t.Parallel()
	f := open(t)
	draft := f.draftOfAigul()
	aigul := f.as(f.Aigul)
	page := aigul.attach(draft, sentFile{"сурет.jpg", photo(1)}, sentFile{"act.html", []byte("<script>alert(1)</script>")}, sentFile{"act.pdf", []byte("<script>alert(1)</script>")}, sentFile{"bos.pdf", nil}).
		want(t, "four files", http.StatusUnprocessableEntity)
	for _, why := range []attachment.Reason{attachment.WrongKind, attachment.Mismatch, attachment.Empty} {
		if !f.on(page, "kk", "attachments.refused."+string(why)) {
			t.Errorf("the page does not tell of %s", why)
		}
	}
	if strings.Contains(page.body, "<script>alert") || !strings.Contains(page.body, "сурет.jpg") {
		t.Error("the page does not show the one that was taken, or shows a script")
	}
	f.Want(t, `SELECT kind, state, copy_kind FROM attachment`, `
		kind | state | copy_kind
		jpeg | clean | jpeg`)
	if page := aigul.attach(draft).want(t, "no file", http.StatusUnprocessableEntity); !f.on(page, "kk", "attachments.choose") {
		t.Error("nobody says that a file is to be chosen")
	}
	f.as(f.Serik).attach(draft, sentFile{"a.jpg", photo(2)}).want(t, "a file of somebody else", http.StatusNotFound)
	f.as(f.Daniyar).attach(draft, sentFile{"a.jpg", photo(2)}).want(t, "a file of an official", http.StatusNotFound)
	huge := httptest.NewRequest(http.MethodPost, "/kk/filings/"+draft.String()+"/attachments", http.NoBody)
	huge.ContentLength = attachment.MaxTotal + 2<<20
	aigul.do(huge).want(t, "a body of 202 MB", http.StatusRequestEntityTooLarge)
}

func TestThePaperNamesEachFileAndAfterFilingNothingOfThemChanges(t *testing.T) {
	t.Parallel()
	f := open(t)
	draft := f.draftOfAigul()
	aigul := f.as(f.Aigul)
	first := f.paperOf("filing", draft)
	aigul.attach(draft, sentFile{"сурет.jpg", photo(1)}, sentFile{"қаулы.pdf", armedPDF()}, sentFile{"артық.jpg", photo(3)}).want(t, "three files", http.StatusSeeOther)
	ids := f.attachedTo(draft)
	aigul.post("/kk/attachments/"+ids[2].String()+"/removal", nil).want(t, "one away", http.StatusSeeOther)
	if f.paperOf("filing", draft) == first {
		t.Fatal("the paper is the one before")
	}
	content, _ := f.Paper(f.Aigul, draft)
	words := strings.Join(strings.Fields(textOf(t, content)), "")
	for name, file := range map[string][]byte{"сурет.jpg": photo(1), "қаулы.pdf": armedPDF()} {
		sum := sha256.Sum256(file)
		for _, part := range []string{name, fmt.Sprint(len(file)), hex.EncodeToString(sum[:])} {
			if !strings.Contains(words, part) {
				t.Errorf("the paper does not name %s", part)
			}
		}
	}
	if strings.Contains(words, "артық") {
		t.Error("the paper names the file that was taken away")
	}
	page := aigul.get("/kk/filings/"+draft.String()).want(t, "the page to sign on", http.StatusOK)
	if !strings.Contains(page.body, "қаулы.pdf") || !strings.Contains(page.body, "/kk/filings/"+draft.String()+"/attachments") {
		t.Error("the page to sign on does not name the files")
	}
	// One more begins to come and never ends.
	begun := fresh()
	aigul.post("/kk/filings/"+draft.String()+"/attachments/upload", url.Values{"id": {begun.String()}, "name": {"a.mp3"}, "size": {"600000"}}).want(t, "one more", http.StatusOK)
	aigul.sign(page, f.Aigul.Key).want(t, "the signature", http.StatusSeeOther)
	if got := f.attachedTo(draft); len(got) != 2 {
		t.Errorf("%d files are beside it", len(got))
	}

	aigul.attach(draft, sentFile{"b.jpg", photo(4)}).want(t, "one more after filing", http.StatusConflict)
	aigul.post("/kk/attachments/"+ids[0].String()+"/removal", nil).want(t, "one away after filing", http.StatusConflict)
	aigul.post("/kk/filings/"+draft.String()+"/attachments/binding", nil).want(t, "an album after filing", http.StatusConflict)
	for _, q := range []string{
		`UPDATE attachment SET digest = sha256('x') WHERE filing = $1`, `DELETE FROM attachment WHERE filing = $1`, `UPDATE attachment SET state = 'waiting' WHERE filing = $1`,
		`UPDATE attachment_chunk SET content = '\x00' WHERE attachment IN (SELECT id FROM attachment WHERE filing = $1)`,
		`DELETE FROM attachment_chunk WHERE attachment IN (SELECT id FROM attachment WHERE filing = $1)`,
		`INSERT INTO attachment (id, filing, author, place, name, kind, size, received, state, disarmed, made_at) SELECT gen_random_uuid(), id, author, 9, '\x00', 'pdf', 1, 0, 'receiving', false, now() FROM filing WHERE id = $1`,
	} {
		if _, err := f.SQL.Exec(q, draft); err == nil || !strings.Contains(err.Error(), "does not change") {
			t.Errorf("%s: %v", q, err)
		}
	}
	f.Sound()
}

// textOf is what a PDF says.
func textOf(t *testing.T, pdf []byte) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "pdftotext", "-raw", "-enc", "UTF-8", "-", "-")
	cmd.Stdin = bytes.NewReader(pdf)
	return string(must(cmd.Output()))
}

func TestOthersOpenACopyThatCanDoNothingAndEachLookIsKept(t *testing.T) {
	t.Parallel()
	f := open(t)
	draft := f.draftOfAigul()
	aigul := f.as(f.Aigul)
	armed := armedPDF()
	aigul.attach(draft, sentFile{"Қаулы көшірмесі.pdf", armed}).want(t, "the file", http.StatusSeeOther)
	file := "/kk/attachments/" + f.attachedTo(draft)[0].String()
	for _, other := range []*portaltest.Actor{f.Daniyar, f.Zhanar, f.Serik, f.Stranger} {
		f.as(other).get(file).want(t, other.Word+" and a draft", http.StatusNotFound)
	}
	if err := f.Submit(f.Aigul, draft); err != nil {
		t.Fatal(err)
	}
	for _, other := range []*portaltest.Actor{f.Serik, f.Stranger, f.Bolat} {
		f.as(other).get(file).want(t, other.Word, http.StatusNotFound)
		f.as(other).get(file+"/original").want(t, other.Word, http.StatusNotFound)
	}
	daniyar := f.as(f.Daniyar)
	list := daniyar.get("/ru/filings/"+draft.String()+"/attachments").want(t, "the list", http.StatusOK)
	if !f.on(list, "ru", "attachments.disarmed") || !f.on(list, "ru", "attachments.reader") {
		t.Error("he is not told what he opens, or that a record stays")
	}
	got := daniyar.get(file).want(t, "the copy", http.StatusOK)
	if strings.Contains(got.body, "app.alert") || document.CheckUpload([]byte(got.body)) != nil {
		t.Error("the copy acts, or is no PDF")
	}
	for name, want := range map[string]string{
		"Content-Type": "application/pdf", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox",
		"Content-Disposition": `attachment; filename="attachment-1.pdf"; filename*=UTF-8''` + url.PathEscape("Қаулы көшірмесі-copy.pdf"), "Cache-Control": "no-store",
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s is %q", name, got.Header.Get(name))
		}
	}
	if original := daniyar.get(file+"/original").want(t, "the original", http.StatusOK); original.body != string(armed) {
		t.Error("the original is not what came")
	}
	aigul.get(file+"/original").want(t, "her own", http.StatusOK)
	f.Want(t, `SELECT act, who, count(*) FROM record WHERE act LIKE 'attachment-o%' GROUP BY act, who ORDER BY act`, `
		act                 | who     | count
		attachment-open     | daniyar | 1
		attachment-original | daniyar | 1`)
	f.Want(t, `SELECT object, person, owner, count(*) FROM opening WHERE object = 'attachment' GROUP BY 1, 2, 3`, `
		object     | person  | owner | count
		attachment | daniyar | aigul | 1`)
	if page := aigul.get("/kk/cases/"+f.Theft.String()+"/openings").want(t, "who opened it", http.StatusOK); !f.on(page, "kk", "openings.object.attachment") {
		t.Error("she does not see that he opened it")
	}
	f.Sound()
}

// clamd is a stub of the daemon: it reads INSTREAM as the real one does and finds
// what has EICAR in it.
type clamd struct {
	net.Listener
	down atomic.Bool
	seen atomic.Int32
}

func newClamd(t *testing.T) *clamd {
	c := &clamd{Listener: must(net.Listen("tcp", "127.0.0.1:0"))}
	t.Cleanup(func() { c.Close() })
	go func() {
		for {
			conn, err := c.Accept()
			if err != nil {
				return
			}
			go c.talk(conn)
		}
	}()
	return c
}

func (c *clamd) talk(conn net.Conn) {
	defer conn.Close()
	command := make([]byte, 10)
	if _, err := io.ReadFull(conn, command); err != nil || string(command) != "zINSTREAM\x00" || c.down.Load() {
		return
	}
	var all bytes.Buffer
	for {
		var size uint32
		if binary.Read(conn, binary.BigEndian, &size) != nil {
			return
		}
		if size == 0 {
			break
		}
		if _, err := io.CopyN(&all, conn, int64(size)); err != nil {
			return
		}
	}
	c.seen.Add(1)
	if bytes.Contains(all.Bytes(), []byte("EICAR")) {
		io.WriteString(conn, "stream: Eicar-Test-Signature FOUND\x00")
		return
	}
	io.WriteString(conn, "stream: OK\x00")
}

// scanned is a front of a portal that has a scanner.
func scanned(t *testing.T, s *attachment.Scanner) *front {
	t.Helper()
	w := portaltest.World(t)
	p := &portal.Portal{
		DB: w.App, Words: w.Words, Verifier: w.Verifier, Origin: portaltest.Origin, Agent: "wss://127.0.0.1:13579",
		Clock: func() time.Time { return w.At }, Scanner: s,
	}
	handler, err := p.Handler()
	if err != nil {
		t.Fatal(err)
	}
	return &front{w, handler, t}
}

func TestTheScannerStopsAFileAndNeverAFiling(t *testing.T) {
	t.Parallel()
	daemon := newClamd(t)
	scanner := must(attachment.ParseScanner("tcp:" + daemon.Addr().String()))
	f := scanned(t, scanner)
	draft := f.draftOfAigul()
	aigul, daniyar := f.as(f.Aigul), f.as(f.Daniyar)
	eicar := append(photo(1), "X5O!P%@AP[4-EICAR-STANDARD"...)
	aigul.attach(draft, sentFile{"таза.jpg", photo(2)}, sentFile{"жұққан.jpg", eicar}).want(t, "an infected file", http.StatusSeeOther)
	daemon.down.Store(true)
	for i, name := range []string{"кейін.jpg", "тағы.jpg", "соңғы.jpg"} {
		aigul.attach(draft, sentFile{name, photo(uint64(3 + i))}).want(t, "a file while nobody scans", http.StatusSeeOther)
	}
	f.Want(t, `SELECT state, scanned_at IS NOT NULL AS scanned FROM attachment ORDER BY place`, `
		state       | scanned
		clean       | true
		quarantined | true
		waiting     | false
		waiting     | false
		waiting     | false`)
	page := aigul.get("/kk/filings/"+draft.String()+"/attachments").want(t, "her files", http.StatusOK)
	if !f.on(page, "kk", "attachments.quarantined.mine") || !f.on(page, "kk", "attachments.tag.waiting") {
		t.Error("she is not told")
	}
	if err := f.Submit(f.Aigul, draft); err != nil {
		t.Fatalf("the filing was stopped: %v", err)
	}
	ids := f.attachedTo(draft)
	at := func(i int) string { return "/kk/attachments/" + ids[i].String() }
	list := daniyar.get("/kk/filings/"+draft.String()+"/attachments").want(t, "his list", http.StatusOK)
	if !f.on(list, "kk", "attachments.quarantined") || !f.on(list, "kk", "attachments.unscanned") || strings.Contains(list.body, at(1)) || !strings.Contains(list.body, at(2)) {
		t.Error("he is not warned, or is given a link that opens nothing")
	}
	daniyar.get(at(0)).want(t, "the clean one", http.StatusOK)
	for _, end := range []string{"", "/original"} {
		if got := daniyar.get(at(1)+end).want(t, "the infected one", http.StatusConflict); !f.on(got, "kk", "fault.attachment-infected") {
			t.Error("he is not told why")
		}
		if got := daniyar.get(at(2)+end).want(t, "the one nobody scanned", http.StatusConflict); !f.on(got, "kk", "fault.attachment-unscanned") {
			t.Error("he is not told why")
		}
	}
	aigul.get(at(1)).want(t, "the infected one, to her", http.StatusConflict)
	aigul.get(at(2)).want(t, "the one nobody scanned, to her", http.StatusOK)

	if n := f.count(fmt.Sprintf(`SELECT count(*) FROM job WHERE name = '%s' AND args ->> 'attachment' IN ('%s', '%s', '%s')`, attachment.ScanJob, ids[2], ids[3], ids[4])); n != 3 {
		t.Errorf("%d files wait for their job", n)
	}
	scan := func(s *attachment.Scanner, i int) error {
		return f.DB.Within(t.Context(), func(tx *vault.DB) error { return attachment.Scan(t.Context(), tx, s, ids[i], f.At) })
	}
	if err := scan(scanner, 2); !errors.Is(err, fault.Unavailable) {
		t.Errorf("the scanner is silent: %v", err)
	}
	daniyar.get(at(2)).want(t, "still", http.StatusConflict)
	daemon.down.Store(false)
	if err := errors.Join(scan(scanner, 2), scan(scanner, 2)); err != nil { // the second finds nothing to do
		t.Fatal(err)
	}
	daniyar.get(at(2)).want(t, "after the scan", http.StatusOK)
	daniyar.get(at(3)).want(t, "one whose job was given up, after the scanner came back", http.StatusOK)
	if err := scan(nil, 4); err != nil { // the scanner was given up
		t.Fatal(err)
	}
	daniyar.get(at(4)).want(t, "one that no scanner will ever see", http.StatusOK)
	f.Want(t, `SELECT state, scanned_at IS NOT NULL AS scanned FROM attachment WHERE place > 2 ORDER BY place`, `
		state | scanned
		clean | true
		clean | true
		clean | false`)
	f.Want(t, `SELECT act, who, count(*) FROM record WHERE act = 'attachment-scan' GROUP BY act, who`, `
		act             | who | count
		attachment-scan |     | 3`)
	f.Sound()
}

// A script whose line broke asks again while the first request still looks at the file;
// what the second finds against it, such as that it took too long, does not take away what
// the first has taken: the paper names it.
func TestAFileThatWasTakenMeanwhileIsNotDropped(t *testing.T) {
	t.Parallel()
	f := open(t)
	draft := f.draftOfAigul()
	f.as(f.Aigul).attach(draft, sentFile{"сурет.jpg", photo(1)}).want(t, "a file", http.StatusSeeOther)
	ids := f.attachedTo(draft)
	before, err := attachment.Fetch(t.Context(), f.DB, ids[0])
	if err != nil {
		t.Fatal(err)
	}
	before.State, before.Digest = attachment.Receiving, make([]byte, 32) // as the second request read it, and it refuses
	free := attachment.Draft{Lock: func(context.Context, *vault.DB) error { return nil }}
	a, err := free.Finish(t.Context(), f.DB, nil, f.Aigul.Asks(policy.AttachmentFinish), before)
	if err != nil || !a.Taken() || len(f.attachedTo(draft)) != 1 {
		t.Errorf("it is answered with %v, %+v, and %d files are left", err, a, len(f.attachedTo(draft)))
	}
	f.Sound()
}

func TestAPieceIsTakenOnceAndOnlyInItsPlace(t *testing.T) {
	t.Parallel()
	f := open(t)
	draft := f.draftOfAigul()
	aigul := f.as(f.Aigul)
	begin := "/kk/filings/" + draft.String() + "/attachments/upload"
	file := heavyPDF(600_000)
	id := fresh()
	fields := url.Values{"id": {id.String()}, "name": {"a.pdf"}, "size": {fmt.Sprint(len(file))}}
	aigul.post(begin, fields).want(t, "the beginning", http.StatusOK)
	aigul.post(begin, fields).want(t, "the same beginning", http.StatusOK)
	put := func(offset int, piece []byte) answer {
		return aigul.do(httptest.NewRequest(http.MethodPut, fmt.Sprintf("/kk/attachments/%s/upload?offset=%d", id, offset), bytes.NewReader(piece)))
	}
	finish := func() answer { return aigul.post("/kk/attachments/"+id.String()+"/completion", nil) }
	const piece = attachment.Piece
	for what, try := range map[string]func() answer{
		"a piece too early":        func() answer { return put(piece, file[piece:2*piece]) },
		"a piece of half a length": func() answer { return put(0, file[:piece/2]) },
		"a piece that is too long": func() answer { return put(0, file[:piece+1]) },
		"no byte":                  func() answer { return put(0, nil) },
		"a place before the first": func() answer { return put(-1, file[:piece]) },
		"a place between":          func() answer { return put(7, file[7:piece+7]) },
		"the end before the rest":  finish,
		"a file of nothing": func() answer {
			return aigul.post(begin, url.Values{"id": {fresh().String()}, "name": {"a.pdf"}, "size": {"0"}})
		},
		"a file of minus one byte": func() answer {
			return aigul.post(begin, url.Values{"id": {fresh().String()}, "name": {"a.pdf"}, "size": {"-1"}})
		},
		"a paper of 21 MB": func() answer {
			return aigul.post(begin, url.Values{"id": {fresh().String()}, "name": {"a.pdf"}, "size": {"22020096"}})
		},
		"a sum that is none": func() answer {
			return aigul.post(begin, url.Values{"id": {fresh().String()}, "name": {"a.pdf"}, "size": {"9"}, "sha256": {"zz"}})
		},
		"another under its id": func() answer {
			return aigul.post(begin, url.Values{"id": {id.String()}, "name": {"b.pdf"}, "size": {"9"}})
		},
		"no id": func() answer { return aigul.post(begin, url.Values{"name": {"a.pdf"}, "size": {"9"}}) },
	} {
		if got := try().want(t, what, http.StatusUnprocessableEntity); !strings.Contains(got.body, `"reason":"`) {
			t.Errorf("%s: nobody says why: %s", what, got.body)
		}
	}
	put(0, file[:piece]).want(t, "the first", http.StatusOK)
	put(0, file[:piece]).want(t, "the first again", http.StatusOK)
	other := bytes.Clone(file[:piece])
	other[99] ^= 1
	put(0, other).want(t, "another first", http.StatusUnprocessableEntity)
	put(piece, file[piece:2*piece]).want(t, "the second", http.StatusOK)
	state := aigul.get("/kk/attachments/"+id.String()+"/upload").want(t, "where it stands", http.StatusOK)
	if state.Header.Get("Upload-Offset") != fmt.Sprint(2*piece) {
		t.Errorf("it stands at %s", state.Header.Get("Upload-Offset"))
	}
	for _, other := range []*portaltest.Actor{f.Serik, f.Daniyar, f.Stranger} {
		g := f.as(other)
		g.get("/kk/attachments/"+id.String()+"/upload").want(t, other.Word, http.StatusNotFound)
		g.do(httptest.NewRequest(http.MethodPut, fmt.Sprintf("/kk/attachments/%s/upload?offset=%d", id, 2*piece), bytes.NewReader(file[2*piece:]))).want(t, other.Word, http.StatusNotFound)
		g.post("/kk/attachments/"+id.String()+"/completion", nil).want(t, other.Word, http.StatusNotFound)
		g.post("/kk/attachments/"+id.String()+"/removal", nil).want(t, other.Word, http.StatusNotFound)
		g.post(begin, fields).want(t, other.Word, http.StatusNotFound)
	}
	put(2*piece, file[2*piece:]).want(t, "the last", http.StatusOK)
	finish().want(t, "the end", http.StatusOK)
	finish().want(t, "the end again", http.StatusOK)
	f.Want(t, `SELECT act, count(*) FROM record WHERE act LIKE 'attachment-%' GROUP BY act`, `
		act               | count
		attachment-finish | 1`)

	// Of what was announced another came: it is gone.
	id = fresh()
	aigul.post(begin, url.Values{"id": {id.String()}, "name": {"b.mp3"}, "size": {"5000"}, "sha256": {strings.Repeat("00", 32)}}).want(t, "one more", http.StatusOK)
	put(0, bytes.Repeat(append([]byte{0xff, 0xfb, 0x90, 0x00}, make([]byte, 413)...), 20)[:5000]).want(t, "its bytes", http.StatusOK)
	if got := finish().want(t, "the end", http.StatusUnprocessableEntity); !strings.Contains(got.body, f.Words.In("kk").T("attachments.refused.changed")) {
		t.Error(got.body)
	}
	if n := len(f.attachedTo(draft)); n != 1 {
		t.Errorf("%d files are there", n)
	}
}

func TestAFilingHasTwentyFilesAndTwoHundredMegabytesAtMost(t *testing.T) {
	t.Parallel()
	f := open(t)
	draft := f.draftOfAigul()
	aigul := f.as(f.Aigul)
	begin := func(name string, size int) answer {
		return aigul.post("/kk/filings/"+draft.String()+"/attachments/upload", url.Values{"id": {fresh().String()}, "name": {name}, "size": {fmt.Sprint(size)}})
	}
	says := func(a answer, why attachment.Reason) {
		t.Helper()
		if a.want(t, string(why), http.StatusUnprocessableEntity); !strings.Contains(a.body, f.Words.In("kk").T("attachments.refused."+string(why))) {
			t.Errorf("%s: %s", why, a.body)
		}
	}
	begin("a.mp4", 100<<20).want(t, "100 MB", http.StatusOK)
	says(begin("b.mp4", 100<<20+1), attachment.TooLarge)
	begin("b.mp4", 99<<20).want(t, "99 MB more", http.StatusOK)
	says(begin("c.pdf", 2<<20), attachment.TooHeavy)
	for i := range 18 {
		begin(fmt.Sprintf("%d.pdf", i), 1000).want(t, "a small one", http.StatusOK)
	}
	says(begin("z.pdf", 10), attachment.TooMany)
	says(aigul.attach(draft, sentFile{"z.jpg", photo(1)}), attachment.TooMany)
	page := aigul.get("/kk/filings/"+draft.String()+"/attachments").want(t, "the page", http.StatusOK)
	if strings.Contains(page.body, `type="file"`) {
		t.Error("the page offers a place for a twenty-first")
	}
	// What never came is swept after two days; then there is room again.
	work := vault.New(f.DB.DB, f.DB.Keys)
	if err := attachment.Sweep(context.Background(), work, f.At.Add(47*time.Hour)); err != nil || len(f.attachedTo(draft)) != 20 {
		t.Errorf("%d are there after 47 hours; %v", len(f.attachedTo(draft)), err)
	}
	aigul.attach(f.draftOfAigul(), sentFile{"taken.jpg", photo(1)}).want(t, "one that is taken, elsewhere", http.StatusSeeOther)
	if err := attachment.Sweep(context.Background(), work, f.At.Add(49*time.Hour)); err != nil || len(f.attachedTo(draft)) != 0 {
		t.Errorf("%d are there after 49 hours; %v", len(f.attachedTo(draft)), err)
	}
	f.Want(t, `SELECT count(*) FROM attachment`, "count\n1")
}

func TestADraftThatIsGivenUpTakesItsFilesAlong(t *testing.T) {
	t.Parallel()
	f := open(t)
	draft := f.draftOfAigul()
	aigul := f.as(f.Aigul)
	aigul.attach(draft, sentFile{"a.jpg", photo(1)}).want(t, "a file", http.StatusSeeOther)
	aigul.post("/kk/filings/"+draft.String()+"/discarding", nil).want(t, "giving up", http.StatusSeeOther)
	f.Want(t, `SELECT (SELECT count(*) FROM attachment) AS files, (SELECT count(*) FROM attachment_chunk) AS pieces`, `
		files | pieces
		0     | 0`)
	f.Sound()
}

func TestPhotographsBecomeOnePDFInTheirOrder(t *testing.T) {
	t.Parallel()
	f := open(t)
	draft := f.draftOfAigul()
	aigul := f.as(f.Aigul)
	aigul.post("/kk/filings/"+draft.String()+"/attachments/binding", nil).want(t, "nothing to bind", http.StatusUnprocessableEntity)
	aigul.attach(draft, sentFile{"1.jpg", photo(1)}, sentFile{"2.jpg", photo(2)}, sentFile{"3.jpg", photo(3)}, sentFile{"қаулы.pdf", heavyPDF(2000)}).want(t, "the files", http.StatusSeeOther)
	page := aigul.get("/kk/filings/"+draft.String()+"/attachments").want(t, "the page", http.StatusOK)
	if !f.on(page, "kk", "attachments.album") {
		t.Error("it is not offered")
	}
	aigul.post("/kk/filings/"+draft.String()+"/attachments/binding", nil).want(t, "one PDF", http.StatusSeeOther)
	f.Want(t, `SELECT kind, state, copy_kind FROM attachment ORDER BY place`, `
		kind | state | copy_kind
		pdf  | clean |
		pdf  | clean |`)
	album := aigul.get("/kk/attachments/"+f.attachedTo(draft)[1].String()).want(t, "the album", http.StatusOK)
	if n := strings.Count(album.body, "/Type /Page\n"); n != 3 {
		t.Errorf("it has %d pages", n)
	}
	f.Sound()
}

func TestAPieceMovedToAnotherPlaceDoesNotOpen(t *testing.T) {
	t.Parallel()
	f := open(t)
	draft := f.draftOfAigul()
	aigul := f.as(f.Aigul)
	aigul.attach(draft, sentFile{"a.pdf", heavyPDF(600_000)}).want(t, "a file", http.StatusSeeOther)
	id := f.attachedTo(draft)[0]
	server := httptest.NewServer(f.Handler)
	defer server.Close()
	read := func() (int, error) {
		r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/kk/attachments/"+id.String(), nil))
		r.AddCookie(&http.Cookie{Name: cookieName, Value: aigul.cookie})
		res := must(http.DefaultClient.Do(r))
		defer res.Body.Close()
		all, err := io.ReadAll(res.Body)
		if res.StatusCode != http.StatusOK {
			return 0, fmt.Errorf("status %d", res.StatusCode)
		}
		return len(all), err
	}
	if n, err := read(); err != nil || n == 0 {
		t.Fatal(n, err)
	}
	if _, err := f.SQL.Exec(`UPDATE attachment_chunk a SET content = b.content FROM attachment_chunk b WHERE a.attachment = b.attachment AND a.part = b.part AND a.n = 1 AND b.n = 0 AND a.attachment = $1`, id); err != nil {
		t.Fatal(err)
	}
	if n, err := read(); err == nil {
		t.Errorf("%d bytes passed for the whole file", n)
	}
}
