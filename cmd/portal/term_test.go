package main_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"zharia/portal/deadline"
)

type termAnswer struct {
	Key, Article, Start string
	Raw                 string `json:"due_raw"`
	Legal               string `json:"due_legal"`
	Days                []struct {
		Date    string
		Counted bool
		Why     string
	}
}

func TestATermIsCountedForAScript(t *testing.T) {
	path := binary(t)
	for _, row := range []struct {
		key, from                  string
		article, start, raw, legal string
		days                       string
	}{
		{"petition", "2026-10-22T09:30:00Z", "CPC 99(4)", "2026-10-22T14:30:00+05:00", "2026-10-26T00:00:00+05:00", "2026-10-28T00:00:00+05:00", `
			2026-10-22 - start-day
			2026-10-23 + counted
			2026-10-24 + counted day-off:weekend
			2026-10-25 + moved day-off:weekend
			2026-10-26 - moved day-off:rep_transfer
			2026-10-27 - end`},
		{"complaint_prosecutor/urgent", "2026-11-09T10:00:00+05:00", "CPC 105(2)", "2026-11-09T10:00:00+05:00", "2026-11-13T00:00:00+05:00", "2026-11-13T00:00:00+05:00", `
			2026-11-09 - start-day
			2026-11-10 + counted
			2026-11-11 + counted
			2026-11-12 + end`},
		{"security", "2026-12-24T10:20:00+05:00", "CPC 96", "2026-12-24T10:20:00+05:00", "2026-12-25T11:00:00+05:00", "2026-12-25T11:00:00+05:00", `
			2026-12-24 + start-hour
			2026-12-25 + end`},
		{"detention", "2026-10-23T14:37:00+05:00", "CPC 131(4)", "2026-10-23T14:37:00+05:00", "2026-10-25T14:37:00+05:00", "2026-10-25T14:37:00+05:00", `
			2026-10-23 + counted
			2026-10-24 + counted day-off:weekend
			2026-10-25 + end day-off:weekend`},
		{"custody-passes", "2025-01-04T12:00:00+05:00", "CPC 101(2)", "2025-01-04T12:00:00+05:00", "2025-01-06T00:00:00+05:00", "2025-01-06T00:00:00+05:00", `
			2025-01-04 - start-day day-off:weekend
			2025-01-05 + end`},
	} {
		out, errs, code := call(t, path, "term", row.key, row.from)
		var got termAnswer
		if err := json.Unmarshal([]byte(out), &got); err != nil || code != 0 || errs != "" {
			t.Fatalf("%s: %d, %v\n%s%s", row.key, code, err, out, errs)
		}
		var days []string
		for _, day := range got.Days {
			days = append(days, day.Date+map[bool]string{true: " + ", false: " - "}[day.Counted]+day.Why)
		}
		if got.Key != row.key || got.Article != row.article || got.Start != row.start || got.Raw != row.raw || got.Legal != row.legal {
			t.Errorf("%s: %+v", row.key, got)
		}
		if want := strings.Fields(row.days); !reflect.DeepEqual(strings.Fields(strings.Join(days, " ")), want) {
			t.Errorf("%s: the days are\n%s\nwant%s", row.key, strings.Join(days, "\n"), row.days)
		}
		var fields map[string]any
		if err := json.Unmarshal([]byte(out), &fields); err != nil || len(fields) != 6 {
			t.Errorf("%s: %d fields, want six\n%s", row.key, len(fields), out)
		}
	}
	// A year of days, each there, and the end told to rest on what is not published.
	out, errs, code := call(t, path, "term", "termination", "2027-12-20T10:00:00+05:00")
	var year termAnswer
	if err := json.Unmarshal([]byte(out), &year); err != nil || code != 0 || len(year.Days) != 367 || !strings.Contains(errs, "not published") {
		t.Errorf("a year: %d, %v, %d days, %s", code, err, len(year.Days), errs)
	}
	list, _, _ := call(t, path, "term", "-list")
	for _, name := range deadline.Names {
		if !strings.Contains(list, "\n"+string(name)+" ") {
			t.Errorf("%s is not in the list", name)
		}
	}
}
