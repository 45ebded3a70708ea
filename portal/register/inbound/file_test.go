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
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/register/inbound"
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

func TestAFileThatTheRegisterSignedAsAWholeHasBareLines(t *testing.T) {
	d := open(t)
	of := d.begun(d.Daniyar)
	f := d.file(d.body(inbound.Movement, of, 2, data{"state": "in-court", "since": "2026-10-01"}))
	raw, _ := os.ReadFile(f.Path)
	sum := sha256.Sum256(raw)
	says, _ := json.Marshal(data{"sha256": hex.EncodeToString(sum[:]), "size": len(raw)})
	cms, err := d.Troupe.Register.SignCMS(says, false, d.At)
	if err != nil {
		t.Fatal(err)
	}
	whole, _ := json.Marshal(inbound.Envelope{Body: b64(says), CMS: b64(cms)})
	if err := os.WriteFile(f.Path+".manifest", whole, 0o600); err != nil {
		t.Fatal(err)
	}
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

// TestHowFastDecisionsAreTaken is a measurement: INBOUND_MANY=100000 go test -run HowFast -v.
// Each decision has a paper of its own under the investigator's signature.
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
	begun := time.Now()
	p, err := (&inbound.File{Inbox: d.Inbox, Path: path}).Run(t.Context())
	if err != nil || p.Taken != many {
		t.Fatalf("%+v: %v", p, err)
	}
	took := time.Since(begun)
	t.Logf("%d decisions in %s: %.0f a second", many, took.Round(time.Millisecond), float64(many)/took.Seconds())
	if n := d.count(`SELECT count(*) FROM record WHERE act = 'register-take' AND object = 'inbound'`); n != many {
		t.Errorf("%d acts for %d messages", n, many)
	}
	if many < 1000 {
		d.Sound()
	}
}
