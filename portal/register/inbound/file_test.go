package inbound_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/database"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/register/inbound"
	"zharia/portal/reseal"
	"zharia/portal/vault"
)

// line is a message in its envelope.
func (d *desk) line(kind inbound.Kind, of uuid.UUID, n int64, carries data) []byte {
	d.t.Helper()
	body := d.body(kind, of, n, carries)
	cms, err := d.Troupe.Register.SignCMS(body, false, d.At)
	if err != nil {
		d.t.Fatal(err)
	}
	raw, _ := json.Marshal(inbound.Envelope{Body: b64(body), CMS: b64(cms)})
	return raw
}

// file writes lines down.
func (d *desk) file(lines ...[]byte) *inbound.File {
	d.t.Helper()
	path := filepath.Join(d.t.TempDir(), "all.jsonl")
	if err := os.WriteFile(path, append(bytes.Join(lines, []byte("\n")), '\n'), 0o600); err != nil {
		d.t.Fatal(err)
	}
	return &inbound.File{Inbox: d.Inbox, Path: path, Batch: 3}
}

func TestAFileIsTakenInOrderAndWhatIsRefusedIsWrittenDown(t *testing.T) {
	d := open(t)
	of := d.begun(d.Daniyar)
	moved := func(n int64, since string) []byte {
		return d.line(inbound.Movement, of, n, data{"state": "in-court", "since": since})
	}
	f := d.file(moved(2, "2026-10-01"), moved(3, "2026-10-02"), []byte("{"), nil, moved(4, "2027-10-02"), moved(4, "2026-10-04"), moved(5, "2026-10-05"))
	p, err := f.Run(t.Context())
	if err != nil || p.Taken != 4 || p.Refused != 2 || p.Offset != p.Size {
		t.Fatalf("%+v: %v", p, err)
	}
	raw, err := os.ReadFile(f.Path + ".errors.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var said []map[string]any
	for line := range bytes.Lines(raw) {
		var one map[string]any
		if err := json.Unmarshal(line, &one); err != nil {
			t.Fatal(err)
		}
		said = append(said, one)
	}
	if len(said) != 2 || said[0]["line"] != 3.0 || said[0]["code"] != "fault.register-form" || said[1]["line"] != 5.0 || said[1]["code"] != "fault.register-future" {
		t.Errorf("%s", raw)
	}
	if n := d.count(`SELECT count(*) FROM movement WHERE casefile = $1`, of); n != 4 {
		t.Errorf("%d movements", n)
	}
	// The whole of it once more changes nothing.
	os.Remove(f.Path + ".position")
	acts := d.count(`SELECT count(*) FROM record WHERE act = 'register-take'`)
	if p, err = f.Run(t.Context()); err != nil || p.Taken != 4 {
		t.Errorf("again: %+v: %v", p, err)
	}
	if n := d.count(`SELECT count(*) FROM record WHERE act = 'register-take'`); n != acts {
		t.Errorf("%d acts more", n-acts)
	}
	d.Sound()
}

func TestAFileThatWasBrokenOffGoesOnWhereItWas(t *testing.T) {
	d := open(t)
	of := d.begun(d.Daniyar)
	var lines [][]byte
	for n := range 9 {
		lines = append(lines, d.line(inbound.Movement, of, int64(n+2), data{"state": "in-court", "since": "2026-10-0" + strconv.Itoa(n+1)}))
	}
	f := d.file(lines...)
	ctx, stop := context.WithCancel(t.Context())
	f.Tell = func(inbound.Progress) { stop() }
	if p, err := f.Run(ctx); !errors.Is(err, context.Canceled) || p.Taken == 0 || p.Taken == 9 {
		t.Fatalf("broken off: %+v: %v", p, err)
	}
	f.Tell = nil
	p, err := f.Run(t.Context())
	if err != nil || p.Taken != 9 || p.Lines != 9 {
		t.Fatalf("%+v: %v", p, err)
	}
	if n := d.count(`SELECT count(*) FROM movement WHERE casefile = $1`, of); n != 9 {
		t.Errorf("%d movements", n)
	}
	if err := os.WriteFile(f.Path, append(bytes.Join(lines, []byte("\n")), "\n\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Run(t.Context()); err == nil {
		t.Error("it goes on in another file")
	}
}

// movements are lines about a case, each the next of it.
func (d *desk) movements(of uuid.UUID, n int) (lines [][]byte) {
	d.t.Helper()
	for i := range n {
		lines = append(lines, d.line(inbound.Movement, of, int64(i+2), data{"state": "in-court", "since": "2026-10-0" + strconv.Itoa(i+1)}))
	}
	return lines
}

func TestAFileThatEndsWithBlankLinesIsTakenToItsEnd(t *testing.T) {
	d := open(t)
	for i, end := range []string{"\n", "\n\n\n", " \r\n\t", "  "} {
		f := d.file(append(d.movements(d.begun(d.Daniyar), 3), []byte(end))...)
		for range 2 {
			if p, err := f.Run(t.Context()); err != nil || p.Taken != 3 || p.Offset != p.Size {
				t.Fatalf("%d: %+v: %v", i, p, err)
			}
		}
	}
}

// What was told of one file is nothing about another, of whatever size.
func TestAnotherFileOfTheSameSizeIsRefused(t *testing.T) {
	d := open(t)
	f := d.file(d.movements(d.begun(d.Daniyar), 9)...)
	ctx, stop := context.WithCancel(t.Context())
	f.Tell = func(inbound.Progress) { stop() }
	if p, err := f.Run(ctx); !errors.Is(err, context.Canceled) || p.Taken == 0 || p.Taken == 9 {
		t.Fatalf("broken off: %+v: %v", p, err)
	}
	f.Tell = nil
	raw, err := os.ReadFile(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	other := bytes.Clone(raw)
	other[20] ^= 1
	for _, all := range []bool{false, true} {
		if err := os.WriteFile(f.Path, other, 0o600); err != nil {
			t.Fatal(err)
		}
		if p, err := f.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "another file") {
			t.Errorf("taken whole: %v; it goes on in another file: %+v, %v", all, p, err)
		}
		if err := os.WriteFile(f.Path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		if p, err := f.Run(t.Context()); err != nil || p.Taken != 9 {
			t.Errorf("taken whole: %v; %+v: %v", all, p, err)
		}
	}
}

// After a power cut the position may be there and the lines that were refused may not: it
// is said, and who begins anew has them again.
func TestWhereRefusedLinesAreLostItIsSaid(t *testing.T) {
	d := open(t)
	f := d.file(append(d.movements(d.begun(d.Daniyar), 2), []byte("{"))...)
	if p, err := f.Run(t.Context()); err != nil || p.Refused != 1 {
		t.Fatalf("%+v: %v", p, err)
	}
	was, err := os.ReadFile(f.Path + ".errors.jsonl")
	if err != nil || len(was) < 10 {
		t.Fatalf("%s, %v", was, err)
	}
	if err := os.Truncate(f.Path+".errors.jsonl", 9); err != nil {
		t.Fatal(err)
	}
	if p, err := f.Run(t.Context()); err == nil || !strings.Contains(err.Error(), ".errors.jsonl") {
		t.Errorf("it goes on: %+v, %v", p, err)
	}
	if left, _ := os.ReadFile(f.Path + ".errors.jsonl"); !bytes.Equal(left, was[:9]) {
		t.Errorf("what was left of them is changed: %q", left)
	}
	os.Remove(f.Path + ".position")
	if p, err := f.Run(t.Context()); err != nil || p.Taken != 2 || p.Refused != 1 {
		t.Errorf("anew: %+v: %v", p, err)
	}
	if again, _ := os.ReadFile(f.Path + ".errors.jsonl"); !bytes.Equal(again, was) {
		t.Errorf("anew: %q, and it was %q", again, was)
	}
}

// A file that the register signed as a whole for one portal is nothing for another: each
// of its lines says for whom it is.
func TestAFileForAnotherPortalIsNotTaken(t *testing.T) {
	d := open(t)
	of := d.begun(d.Daniyar)
	rows := d.count(`SELECT count(*) FROM inbound`)
	body := d.body(inbound.Movement, of, 2, data{"state": "in-court", "since": "2026-10-01"})
	f := d.file(bytes.Replace(body, []byte(portaltest.Origin), []byte("https://portal.example.org"), 1))
	d.manifest(f)
	if p, err := f.Run(t.Context()); err != nil || p.Taken != 0 || p.Refused != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	if raw, _ := os.ReadFile(f.Path + ".errors.jsonl"); !strings.Contains(string(raw), `"code":"fault.register-portal","field":"portal"`) {
		t.Errorf("%s", raw)
	}
	if n := d.count(`SELECT count(*) FROM inbound`); n != rows {
		t.Errorf("%d messages for another are kept", n-rows)
	}
}

// manifest has the register sign a file as a whole.
func (d *desk) manifest(f *inbound.File) {
	d.t.Helper()
	raw, err := os.ReadFile(f.Path)
	if err != nil {
		d.t.Fatal(err)
	}
	sum := sha256.Sum256(raw)
	says, _ := json.Marshal(data{"sha256": hex.EncodeToString(sum[:]), "size": len(raw)})
	cms, err := d.Troupe.Register.SignCMS(says, false, d.At)
	if err != nil {
		d.t.Fatal(err)
	}
	whole, _ := json.Marshal(inbound.Envelope{Body: b64(says), CMS: b64(cms)})
	if err := os.WriteFile(f.Path+".manifest", whole, 0o600); err != nil {
		d.t.Fatal(err)
	}
}

func TestAFileThatTheRegisterSignedAsAWholeHasBareLines(t *testing.T) {
	d := open(t)
	of := d.begun(d.Daniyar)
	f := d.file(d.body(inbound.Movement, of, 2, data{"state": "in-court", "since": "2026-10-01"}))
	raw, _ := os.ReadFile(f.Path)
	d.manifest(f)
	other := bytes.Replace(raw, []byte("in-court"), []byte("conducted"), 1)
	os.WriteFile(f.Path, other, 0o600)
	if p, err := f.Run(t.Context()); err == nil || p.Taken != 0 {
		t.Errorf("a file that is not the one is taken: %+v", p)
	}
	os.WriteFile(f.Path, raw, 0o600)
	os.Remove(f.Path + ".position")
	if p, err := f.Run(t.Context()); err != nil || p.Taken != 1 {
		t.Errorf("%+v: %v", p, err)
	}
}

func TestAFileOfAllKindsIsTakenAsIfItsLinesHadComeOneByOne(t *testing.T) {
	d := open(t)
	g := d.Guard(portaltest.Rules{}) // a real keeper opens what is sealed here
	d.Inbox.DB = vault.New(d.Inbox.DB.DB, d.App.Keys)
	of, other := d.begun(d.Daniyar), d.begun(d.Daniyar)
	id, suspect := newID(), newID()
	ruling := func(kind string, concerns ...uuid.UUID) data { return d.ruled(d.Daniyar, kind, concerns...) }
	secret := ruling("group")
	secret["flags"] = []string{"state-secret", "covert"}
	twice := ruling("group")
	old := ruling("accepted")
	then := d.At
	d.At = d.At.AddDate(0, 0, -20)
	for k, v := range d.signed(d.Daniyar, nil) {
		old[k] = v
	}
	d.At, old["decided_on"] = then.Add(time.Minute), then.AddDate(0, 0, -20).Format(time.DateOnly)
	f := d.file(
		d.line(inbound.Confirmation, of, 2, d.confirmed(d.Daniyar, of, id, d.Stranger, policy.Victim)),
		d.line(inbound.Decision, of, 3, ruling("victim-recognised", id)),
		d.line(inbound.Decision, other, 2, secret),
		d.line(inbound.Decision, of, 4, d.ruled(d.Ermek, "group")), // he does not conduct it
		d.line(inbound.Decision, of, 4, old),
		d.line(inbound.Movement, of, 5, data{"state": "interrupted", "since": "2026-10-21"}),
		d.line(inbound.Decision, of, 6, twice),
		d.line(inbound.Confirmation, of, 7, d.confirmed(d.Daniyar, of, suspect, d.Aigul, policy.Suspect)),
		d.line(inbound.Decision, of, 8, ruling("suspect-recognised", suspect)), // waits for the prosecutor
		d.line(inbound.Decision, other, 3, twice),                              // its id is taken
		d.line(inbound.Decision, other, 4, ruling("group")),                    // comes before its turn
		d.line(inbound.Decision, of, 9, ruling("group", newID())),              // concerns nobody
		d.line(inbound.Transfer, of, 9, d.charge(of, d.Ermek)),
		d.line(inbound.Decision, of, 10, d.ruled(d.Ermek, "group")),
		d.line(inbound.Decision, other, 3, ruling("language")),
	)
	f.Batch = 0
	p, err := f.Run(t.Context())
	raw, _ := os.ReadFile(f.Path + ".errors.jsonl")
	if err != nil || p.Taken != 11 || p.Refused != 4 || p.Lines != 15 {
		t.Fatalf("%+v: %v\n%s", p, err, raw)
	}
	for line, code := range map[int]string{4: "fault.register-signer", 10: "fault.register-again", 11: "fault.register-gap", 12: "fault.register-participant"} {
		if !bytes.Contains(raw, []byte(`{"line":`+strconv.Itoa(line)+`,`)) || !bytes.Contains(raw, []byte(code)) {
			t.Errorf("line %d is not refused with %s:\n%s", line, code, raw)
		}
	}
	d.arrivals(7)
	d.Want(t, `SELECT kind, status, flags, decided_on::text AS day FROM decision WHERE casefile IN ('`+of.String()+`', '`+other.String()+`') ORDER BY kind, day, flags`, `
		kind               | status    | flags                 | day
		accepted           | published | {}                    | 2026-10-02
		group              | published | {}                    | 2026-10-21
		group              | published | {}                    | 2026-10-21
		group              | published | {state-secret,covert} | 2026-10-21
		language           | published | {}                    | 2026-10-21
		suspect-recognised | submitted | {}                    | 2026-10-21
		victim-recognised  | published | {}                    | 2026-10-21`)
	ctx, ask := d.Stranger.As(t.Context()), d.Stranger.Asks(policy.DecisionRead)
	var shown uuid.UUID
	if err := d.SQL.Get(&shown, `SELECT id FROM decision WHERE casefile = $1 AND kind = 'victim-recognised'`, of); err != nil {
		t.Fatal(err)
	}
	read, _, err := casefile.ReadDecision(ctx, d.App, ask, shown)
	if err != nil {
		t.Fatal(err)
	}
	// The keeper goes on to another epoch: what has one share for many comes over like all else.
	if _, err := g.Keeper.Rotate(); err != nil {
		t.Fatal(err)
	}
	hand, err := database.OpenAs(t.Context(), d.W.DB.DSN(), database.Rotate)
	if err != nil {
		t.Fatal(err)
	}
	defer hand.Close()
	if _, err := reseal.Over(t.Context(), hand, g.Client, func(string, int64, int64) {}); err != nil {
		t.Fatal(err)
	}
	if n := d.count(`SELECT count(*) FROM document WHERE casefile = $1 AND (get_byte(content, 0) = 4 OR oldest_wrap(content) <> 2)`, of); n != 0 {
		t.Errorf("%d papers are left under the old epoch", n)
	}
	doc, err := document.Fetch(database.HoldingPaper(ctx, read.Document), d.App, read.Document)
	if err != nil || !bytes.HasPrefix(doc.Content, []byte("%PDF-")) {
		t.Fatalf("the victim does not open the paper: %v", err)
	}
	if proof, err := doc.Proof(ctx, d.App, d.W.Verifier); err != nil || !proof.Valid || proof.Revocation != eds.Good {
		t.Errorf("its signature is proved as %+v: %v", proof, err)
	}
	d.Sound()
}

// arrivals proves by the record alone that each of the messages came: by an act with its
// digest, or by that of its batch.
func (d *desk) arrivals(want int) {
	d.t.Helper()
	if n := d.count(`
		SELECT count(*)
		  FROM inbound i
		 WHERE i.state = 'taken' AND i.kind = 'decision'
		   AND EXISTS (
		       SELECT FROM record r
		        WHERE r.act = 'register-take' AND r.object = 'inbound' AND r.object_id = coalesce(i.batch, i.id)
		          AND r.digest = CASE WHEN i.batch IS NULL THEN i.digest
		                         ELSE (SELECT sha256(string_agg(b.digest, ''::bytea ORDER BY b.line)) FROM inbound b WHERE b.batch = i.batch) END)`); n != want {
		d.t.Errorf("the record proves %d arrivals of %d", n, want)
	}
	if n := d.count(`SELECT count(*) FROM record r JOIN decision e ON e.id = r.object_id JOIN document p ON p.id = e.document JOIN inbound i ON i.casefile = e.casefile
		WHERE r.act IN ('decision-publish', 'decision-submit') AND r.object = 'decision' AND r.who = e.author AND r.digest = p.digest AND i.kind = 'case'`); n != want {
		d.t.Errorf("%d acts for %d decisions", n, want)
	}
}

// servers are the processor seconds of the processes of PostgreSQL that work for this
// database, each as it was seen last: those of some minutes ago have ended.
type servers struct {
	d    *desk
	used map[int]float64
}

func (s *servers) look() (sum float64) {
	var pids []int
	if err := s.d.SQL.Select(&pids, `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
		s.d.t.Fatal(err)
	}
	for _, pid := range pids {
		raw, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if f := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:])); len(f) > 12 {
			user, _ := strconv.ParseFloat(f[11], 64)
			system, _ := strconv.ParseFloat(f[12], 64)
			s.used[pid] = (user + system) / 100
		}
	}
	for _, one := range s.used {
		sum += one
	}
	return sum
}

func ours() float64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

// tended has done each minute what autovacuum does on every server but that of the tests:
// a plan that was made for an empty table is made anew. end waits for it.
func tended(d *desk) (end func()) {
	stop, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		each := time.NewTicker(time.Minute)
		defer each.Stop()
		for {
			select {
			case <-stop:
				return
			case <-each.C:
				if _, err := d.SQL.Exec(`VACUUM (ANALYZE)`); err != nil {
					d.t.Error(err)
				}
			}
		}
	}()
	return func() { close(stop); <-over }
}

// TestHowFastDecisionsAreTaken is a measurement: INBOUND_MANY=100000 go test -run HowFast -v -timeout 2h.
// Each decision has a paper of its own under the investigator's signature; the file is
// signed by the register as a whole. Writing 100,000 of them takes less than a minute.
func TestHowFastDecisionsAreTaken(t *testing.T) {
	many, _ := strconv.Atoi(os.Getenv("INBOUND_MANY"))
	if many == 0 {
		many = 40
	}
	d := open(t)
	path := filepath.Join(t.TempDir(), "many.jsonl")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	size := 0
	var of uuid.UUID
	for n := range many {
		if n%200 == 0 {
			of = d.begun(d.Daniyar)
		}
		line := append(d.body(inbound.Decision, of, int64(n%200+2), d.ruled(d.Daniyar, "group")), '\n')
		out.Write(line)
		h.Write(line)
		size += len(line)
	}
	out.Close()
	says, _ := json.Marshal(data{"sha256": hex.EncodeToString(h.Sum(nil)), "size": size})
	cms, err := d.Troupe.Register.SignCMS(says, false, d.At)
	if err != nil {
		t.Fatal(err)
	}
	whole, _ := json.Marshal(inbound.Envelope{Body: b64(says), CMS: b64(cms)})
	if err := os.WriteFile(path+".manifest", whole, 0o600); err != nil {
		t.Fatal(err)
	}
	defer tended(d)()
	s := &servers{d, map[int]float64{}}
	begun, ourTime, theirTime := time.Now(), ours(), s.look()
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as portal import has it
	f := &inbound.File{Inbox: d.Inbox, Path: path}
	f.Tell = func(p inbound.Progress) {
		if theirs := s.look(); p.Lines%10_000 < 256 && many > 10_000 {
			t.Logf("%d in %s, portal %.1f s, PostgreSQL %.1f s", p.Lines, time.Since(begun).Round(time.Second), ours()-ourTime, theirs-theirTime)
		}
	}
	p, err := f.Run(t.Context())
	if err != nil || p.Taken != many {
		t.Fatalf("%+v: %v", p, err)
	}
	took, k := time.Since(begun), float64(many)/1000
	ourTime, theirTime = (ours()-ourTime)/k, (s.look()-theirTime)/k
	t.Logf("%d decisions in %s: %.0f a second; processor seconds for 1,000: portal %.2f, PostgreSQL %.2f; two processors could take %.0f a second",
		many, took.Round(time.Millisecond), float64(many)/took.Seconds(), ourTime, theirTime, 2000/(ourTime+theirTime))
	if n := d.count(`SELECT count(*) FROM decision WHERE casefile IN (SELECT casefile FROM inbound)`); n != many {
		t.Errorf("%d decisions of %d", n, many)
	}
	if many < 1000 {
		d.arrivals(many)
		d.Sound()
	}
}
