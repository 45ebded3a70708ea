package filing

import (
	"strings"
	"time"

	"zharia/portal/calendar"
	"zharia/portal/deadline"
	"zharia/portal/guide"
	"zharia/portal/policy"
	"zharia/portal/words"
)

// OnwardTerm is a term to complain of the answer to a filing.
type OnwardTerm struct {
	deadline.Counting
	Due time.Time // its end; zero until the answer is read, for it runs from that day
}

// OnwardTerms are the terms to complain of the answer to this filing that the table of the
// guide sets for its kind and for the seat that answers: fifteen сутки for the court, three
// against the investigating judge, against the court above none. They run from the day the
// answer was read; at is the day by whose law they are told until then. Of an answer that
// gave all that was asked there is nothing to complain.
func (f Filing) OnwardTerms(readAt time.Time, days calendar.Changes, at time.Time) []OnwardTerm {
	if f.Status == Granted {
		return nil
	}
	var out []OnwardTerm
	for _, name := range guide.TermsAfter(f.Kind, f.Seat) {
		next := OnwardTerm{}
		if readAt.IsZero() {
			next.Counting = days.Running(name, at)
		} else {
			next.Counting = days.Running(name, readAt)
			next.Due = next.Ends
		}
		out = append(out, next)
	}
	return out
}

// Final tells that the answer to it is the last word, by the table of the guide: that of the
// court above the investigating judge, or of a judge about a challenge.
func (f Filing) Final() bool { return guide.Final(f.Kind, f.Seat) }

// LastWord is why it is, as the end of a key of i18n: the two rest on articles of their own.
func (f Filing) LastWord() string {
	if f.Kind == policy.FilingChallenge {
		return "challenge"
	}
	return "court"
}

// AtCourt tells that a judge decides it: no prosecutor watches him, and whoever waits in vain
// turns to the court above, or to the head of that court (CPC 100).
func (f Filing) AtCourt() bool { return f.Seat == guide.Judge || f.Seat == guide.Appeal }

// inWords is the terms in words, each with its article: to whom, and within how much time.
func inWords(w *words.Language, all []OnwardTerm) string {
	out := make([]string, len(all))
	for i, next := range all {
		out[i] = w.T("onward.line", "term", w.T("onward."+string(next.Name), "n", next.Term.Amount), "law", w.Law(next.Term.By))
	}
	return strings.Join(out, "; ")
}
