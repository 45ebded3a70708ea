package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zharia/portal/audit"
	"zharia/portal/ledger"
	"zharia/portal/portaltest"
)

// ask calls `portal ledger verify` on a world, and returns what it printed.
func ask(t *testing.T, w *portaltest.W, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := auditLedger(t.Context(), append([]string{"verify", "-dsn", w.DB.DSN()}, args...), &out)
	return out.String(), err
}

func TestALedgerIsVerifiedFromTheCommandLine(t *testing.T) {
	w := portaltest.World(t)
	dir := t.TempDir()
	key, err := ledger.OpenKey(filepath.Join(dir, "key"), "zharia.test/log")
	if err != nil {
		t.Fatal(err)
	}
	auditor := &ledger.Auditor{DB: w.DB.DB, Key: key}
	witness := ledger.Witness{Folder: filepath.Join(dir, "witness")}
	if err := os.Mkdir(witness.Folder, 0o755); err != nil {
		t.Fatal(err)
	}
	c, err := auditor.Sign(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	if err := witness.Drop(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	state, report := filepath.Join(dir, "state"), filepath.Join(dir, "report")
	all := []string{"-key", key.Public, "-witness", witness.Folder, "-incremental", state, "-json", report}
	out, err := ask(t, w, all...)
	if err != nil || !strings.Contains(out, "acts, whole; root "+c.Root.String()) {
		t.Fatalf("%v\n%s", err, out)
	}
	w.Petition(w.Aigul, w.Theft)
	if out, err = ask(t, w, all...); err != nil || strings.Contains(out, "from act 1 on") {
		t.Errorf("it does not go on where it ended: %v\n%s", err, out)
	}
	if _, err := w.SQL.Exec(`UPDATE filing SET due_at = due_at + interval '1 day' WHERE status = 'filed'`); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(state)
	if err != nil {
		t.Fatal(err)
	}
	out, err = ask(t, w, all...)
	if !errors.Is(err, audit.ErrNotSound) || !strings.Contains(out, "column due_at") || !strings.Contains(out, "NOT whole") {
		t.Errorf("%v\n%s", err, out)
	}
	if after, err := os.ReadFile(state); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the state went on over findings, %v", err)
	}
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	var r audit.Report
	if err := json.Unmarshal(text, &r); err != nil || r.Found != int64(len(r.Findings)) || r.Found < 2 || r.Findings[0].Table != "filing" {
		t.Errorf("%v\n%s", err, text)
	}
	if out, err = ask(t, w, "-json", "-"); !errors.Is(err, audit.ErrNotSound) || !json.Valid([]byte(out)) {
		t.Errorf("standard output is no report alone: %v\n%s", err, out)
	}
}

func TestWhatCannotBeLookedAtIsNotSaidToBeSoundNorNot(t *testing.T) {
	w := portaltest.World(t)
	dir := t.TempDir()
	none := filepath.Join(dir, "receipt")
	if err := os.WriteFile(none, []byte("I have paid"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"a flag that is none":       {"-nothing"},
		"a word more":               {"more"},
		"a key that is none":        {"-key", "x+y+z"},
		"a witness that is nowhere": {"-witness", filepath.Join(dir, "nowhere")},
		"a receipt that is nowhere": {"-receipt", filepath.Join(dir, "nowhere")},
		"a receipt that is none":    {"-receipt", none},
		"a state that is none":      {"-incremental", none},
		"a report to nowhere":       {"-json", filepath.Join(dir, "no", "where")},
		"another database":          {"-dsn", "host=/nowhere user=x dbname=" + uuid.NewString()},
	} {
		if out, err := ask(t, w, args...); !errors.Is(err, errMisuse) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
