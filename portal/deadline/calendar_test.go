package deadline_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zharia/portal/deadline"
)

func TestTheCalendarKnowsItsDaysOff(t *testing.T) {
	off := deadline.Kazakhstan()
	for day, want := range map[string]string{
		"2026-10-23": "", "2026-10-24": "weekend", "2026-10-25": "weekend", "2026-10-26": "rep_transfer",
		"2026-08-30": "weekend", "2026-08-31": "", "2026-05-27": "ait", "2025-01-05": "", "2025-01-03": "ny_swap",
		"2027-03-15": "const", "2026-03-25": "nauryz_transfer", "2026-12-16": "ind",
	} {
		if got := off.Why(at(t, day)); got != want || off.Off(at(t, day)) != (want != "") {
			t.Errorf("%s is off by %q, want %q", day, got, want)
		}
	}
}

func TestEveryReasonOfADayOffHasWordsInBothLanguages(t *testing.T) {
	root := moduleRoot(t)
	holidays, err := os.ReadFile("holidays.csv")
	if err != nil {
		t.Fatal(err)
	}
	reasons := []string{deadline.Weekend}
	for line := range strings.Lines(string(holidays)) {
		if fields := strings.Split(strings.TrimSpace(line), ";"); len(fields) == 4 && fields[1] == "off" {
			reasons = append(reasons, fields[2])
		}
	}
	for _, lang := range []string{"kk", "ru"} {
		words, err := os.ReadFile(filepath.Join(root, "i18n", "law."+lang+".toml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, reason := range reasons {
			if !bytes.Contains(words, []byte(`["law.day-off.`+reason+`"]`)) {
				t.Errorf("law.%s.toml has no words for the day off %s", lang, reason)
			}
		}
	}
}

// The calendar is our own reading of what the Government published; the
// research keeps the sources. When it lies beside the tree, the two agree.
func TestTheCalendarIsTheOneOfTheResearch(t *testing.T) {
	research, err := os.ReadFile(filepath.Join(moduleRoot(t), "..", "shared", "law", "HOLIDAYS.md"))
	if err != nil {
		t.Log("the research on the law is not here; the calendar stands alone")
		return
	}
	_, block, _ := strings.Cut(string(research), "\n```\n")
	block, _, found := strings.Cut(block, "```")
	ours, err := os.ReadFile("holidays.csv")
	if err != nil || !found || block != string(ours) {
		t.Errorf("holidays.csv differs from the machine block of HOLIDAYS.md (%v)", err)
	}
}

func TestACalendarThatCannotBeUnderstoodIsRefused(t *testing.T) {
	for _, text := range []string{
		"2026-10-26;off;rep", "2026-10-26;off;rep;official;x", "26.10.2026;off;rep;official", "2026-13-01;off;rep;official",
		"2026-10-26;closed;rep;official", "2026-10-26;off;;official", "2026-10-26;off;rep;rumoured",
		"2026-10-26;off;rep;official\n2026-10-26;off;rep;official",
	} {
		if _, err := deadline.ReadCalendar(text); err == nil {
			t.Errorf("%q was taken for a calendar", text)
		}
	}
	if _, err := deadline.ReadCalendar("# nothing\n\n2026-10-26;off;rep;official\r\n"); err != nil {
		t.Error(err)
	}
}

func TestACalendarWithoutListsKnowsTheWeekOnly(t *testing.T) {
	var bare deadline.Calendar
	if !bare.Off(at(t, "2026-10-25")) || bare.Off(at(t, "2026-10-26")) || bare.Certain(at(t, "2026-10-25")) {
		t.Error("the zero calendar is not a plain week")
	}
}

// moduleRoot is the folder of go.mod.
func moduleRoot(t *testing.T) string {
	t.Helper()
	for dir := "."; len(dir) < 200; dir = filepath.Join(dir, "..") {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
	}
	t.Fatal("no go.mod above the test")
	return ""
}
