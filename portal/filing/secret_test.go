package filing_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"zharia/portal/filing"
	"zharia/portal/portaltest"
)

// TestTheDatabaseDoesNotKnowWhatItSays reads every byte of every table after a
// story and looks for what only the keys should open: names, numbers, texts.
func TestTheDatabaseDoesNotKnowWhatItSays(t *testing.T) {
	w := portaltest.World(t)
	w.Answer(w.Daniyar, w.Petition(w.Aigul, w.Theft), filing.Granted)
	w.Complaint(w.Dana, w.Theft, "search", "search-done")
	w.Draft(w.Serik, w.Theft, filing.NewFiling{Kind: "petition", Ground: "other"})

	secrets := map[string]string{
		"a circumstance": portaltest.Circumstances, "a request": portaltest.Request, "reasons": portaltest.Reasons,
		"an offence": "188-бабы", "a ruling": "АНЫҚТАДЫ", "a PDF": "%PDF-",
	}
	for _, m := range w.Troupe.Members {
		if m.IIN == "" {
			continue
		}
		secrets["the surname of "+m.Word], secrets["the IIN of "+m.Word] = m.Surname, m.IIN.Reveal()
	}
	var tables []string
	if err := w.SQL.Select(&tables, `SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`); err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, table := range tables {
		for _, row := range everyRow(t, w, table) {
			rows++
			for what, secret := range secrets {
				if strings.HasPrefix(what, "the surname") && (table == "officer" || table == "appointment") {
					continue // officials answer for their acts by name
				}
				if bytes.Contains(row, []byte(secret)) {
					t.Errorf("%s stands in clear in %s", what, table)
				}
			}
		}
	}
	if len(tables) < 12 || rows < 100 {
		t.Errorf("only %d rows of %d tables were looked at", rows, len(tables))
	}
}

// everyRow is the rows of a table, each as the bytes of all its cells.
func everyRow(t *testing.T, w *portaltest.W, table string) (all [][]byte) {
	t.Helper()
	rows, err := w.SQL.Queryx(`SELECT * FROM ` + table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		cells, err := rows.SliceScan()
		if err != nil {
			t.Fatal(err)
		}
		var row []byte
		for _, cell := range cells {
			if b, ok := cell.([]byte); ok {
				row = append(row, b...)
				continue
			}
			row = fmt.Append(row, cell)
		}
		all = append(all, row)
	}
	return all
}
