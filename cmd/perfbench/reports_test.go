package main

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"zharia/portal/tip"
)

func TestPetitionsAreFiledAndToldOfWhileReportsFloodARealPortal(t *testing.T) {
	var out bytes.Buffer
	if err := reports(t.Context(), &out, surge{reports: 60, filings: 2, length: 2 * time.Second}); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	for _, said := range []string{answerTaken, "; 0 refused", "health during: 100 answers", "sent by mail", "0 wait, 0 failed, 0 filings untold"} {
		if !strings.Contains(out.String(), said) {
			t.Errorf("nothing about %q", said)
		}
	}
	t.Log("\n" + out.String())
}

func TestEveryAnswerToAReportButItsCodeAndItsOwnPageOnceMoreIsAFailure(t *testing.T) {
	const open, typed, code = `<input name="ticket" value="x">`, tipText, `<input name="code" value="12345678901234567890">`
	for _, c := range []struct {
		status int
		page   string
		answer string
		wrong  bool
	}{
		{http.StatusOK, code, answerTaken, false},
		{http.StatusTooManyRequests, open + typed, answerRetry, false},
		{http.StatusServiceUnavailable, open + typed, answerRetry, false},
		{http.StatusTooManyRequests, open, "status 429 without what was typed", true},
		{http.StatusServiceUnavailable, typed, "status 503 without what was typed", true},
		{http.StatusOK, open + typed, "status 200", true},
		{http.StatusUnprocessableEntity, open + typed, "status 422", true},
		{http.StatusInternalServerError, code, "status 500", true},
	} {
		answer, shown := named(c.status, c.page)
		if answer != c.answer || (shown != "") != (answer == answerTaken) {
			t.Errorf("%d %q: %q, %q", c.status, c.page, answer, shown)
		}
		o := outcome{answers: map[string]int{answerTaken: 1, answer: 1}}
		if err := o.wrong(); (err != nil) != c.wrong || err != nil && !errors.Is(err, errWrong) {
			t.Errorf("%d %q: %v", c.status, c.page, err)
		}
	}
	if (outcome{answers: map[string]int{answerRetry: 9}}).wrong() == nil {
		t.Error("nothing was taken, and that is good")
	}
}

func TestAPuzzleIsSolvedAsThePortalAsksIt(t *testing.T) {
	if work := solve("ticket"); !tip.Ticket("ticket").Solved(work) {
		t.Errorf("%q is no solution", work)
	}
}

func TestAFilingOfWhichNobodyWasToldIsAFailure(t *testing.T) {
	for i, of := range []told{{}, {Untold: 1, Sent: 1}, {Queued: 1, Sent: 1}, {Failed: 1, Sent: 1}} {
		if err := of.wrong(); !errors.Is(err, errWrong) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if err := (told{Notices: 2, Sent: 2}).wrong(); err != nil {
		t.Error(err)
	}
}

func TestReportsTakesWhatItCanMeasure(t *testing.T) {
	for _, args := range [][]string{{"-rate", "1"}, {"-rate", "5001"}, {"-filings", "0"}, {"-filings", "51"}, {"-seconds", "0"}, {"-seconds", "601"}, {"more"}} {
		if err := runReports(t.Context(), args); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}
