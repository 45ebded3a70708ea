package portaltest

import (
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zharia/portal/deadline"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// Want compares what the database holds with a table: a line a row, the names of
// the columns first, cells parted by bars and trimmed. Times are those of Almaty,
// an empty cell is NULL, and the id of a member or of a thing of the cast is
// called by its word.
//
//	w.Want(t, `SELECT status, who FROM filing JOIN record ON object_id = filing.id`, `
//		status | who
//		filed  | aigul`)
func (w *W) Want(t testing.TB, query, table string) {
	t.Helper()
	if diff := cmp.Diff(tidy(table), tidy(w.Rows(t, query))); diff != "" {
		t.Errorf("%s (-want +got)\n%s", strings.TrimSpace(query), diff)
	}
}

// Rows is the answer to a query in the form Want compares.
func (w *W) Rows(t testing.TB, query string) string {
	t.Helper()
	rows, err := w.SQL.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{strings.Join(columns, " | ")}
	for rows.Next() {
		cells := make([]sql.NullString, len(columns))
		into := make([]any, len(columns))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, w.line(cells))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

func (w *W) line(cells []sql.NullString) string {
	words := make([]string, len(cells))
	for i, cell := range cells {
		words[i] = w.word(cell.String)
	}
	return strings.Join(words, " | ")
}

// word is a cell as people would say it.
func (w *W) word(cell string) string {
	if id, err := uuid.Parse(cell); err == nil {
		return w.Word(id)
	}
	if at, err := time.Parse(time.RFC3339Nano, cell); err == nil {
		if strings.HasSuffix(cell, "T00:00:00Z") { // a date, or midnight in UTC, which nobody in Almaty means
			return at.Format(time.DateOnly)
		}
		return at.In(deadline.Zone).Format("2006-01-02 15:04:05")
	}
	return cell
}

// Word is what the cast calls a thing, or its id.
func (w *W) Word(id uuid.UUID) string {
	for _, word := range w.Troupe.Order {
		if w.Troupe.Members[word].Person == id {
			return word
		}
	}
	for _, named := range []map[string]uuid.UUID{w.Troupe.Decisions, w.Troupe.Participants, {"theft": w.Theft, "fraud": w.Fraud}} {
		for word, known := range named {
			if known == id {
				return word
			}
		}
	}
	return id.String()
}

// tidy makes tables alike that differ in spaces only, however they are set in
// the test.
func tidy(table string) string {
	var lines []string
	for line := range strings.Lines(table) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		cells := strings.Split(line, "|")
		for i, cell := range cells {
			cells[i] = strings.TrimSpace(cell)
		}
		lines = append(lines, strings.Join(cells, " | "))
	}
	return strings.Join(lines, "\n") + "\n"
}

// WantText is Want for a text that a test has made itself.
func WantText(t testing.TB, what, got, want string) {
	t.Helper()
	if diff := cmp.Diff(tidy(want), tidy(got)); diff != "" {
		t.Errorf("%s (-want +got)\n%s", what, diff)
	}
}

// Lines joins what a test lists, for WantText.
func Lines[T any](list []T, line func(T) string) string {
	var all []string
	for _, item := range list {
		all = append(all, line(item))
	}
	return strings.Join(all, "\n")
}

// PDFText is what a PDF says, its spaces and line ends made one space each.
func PDFText(t testing.TB, pdf []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "paper.pdf")
	if err := os.WriteFile(path, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "pdftotext", path, "-").Output()
	if err != nil {
		t.Fatalf("pdftotext (poppler-utils): %v", err)
	}
	return strings.Join(strings.Fields(string(out)), " ")
}
