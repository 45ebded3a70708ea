package filing_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/agenda"
	"zharia/portal/casefile"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// CPC 70(2)(5), 64(8): the suspect becomes an accused, and his defender goes on with what
// he filed before, through all three fences.
func TestADefenderKeepsWhatHerClientFiledWhenHisStatusBecomesAnother(t *testing.T) {
	w := portaltest.Kept(t)
	open, answered := w.Petition(w.Serik, w.Theft), w.Petition(w.Serik, w.Theft)
	w.Answer(w.Daniyar, answered, filing.Granted)
	asks := func(act policy.Act) policy.Ask { return w.Dana.Asks(act) }
	sees := func(when string) {
		t.Helper()
		ctx := w.Dana.As(t.Context())
		for _, id := range []uuid.UUID{open, answered} {
			f, err := filing.Open(ctx, w.App, asks(policy.FilingRead), id)
			if err != nil || f.Circumstances != portaltest.Circumstances || len(f.Points) != 1 || f.Role != policy.Suspect || f.Standing&policy.Counsel == 0 {
				t.Errorf("%s she opens %+v, %v", when, f, err)
			}
			if _, _, err := filing.Document(ctx, w.App, asks(policy.FilingDocument), id); err != nil {
				t.Errorf("%s its paper: %v", when, err)
			}
		}
		if _, _, err := filing.AnswerDocument(ctx, w.App, asks(policy.AnswerDocument), answered); err != nil {
			t.Errorf("%s the answer: %v", when, err)
		}
		page, err := filing.OfCase(ctx, w.App, asks(policy.FilingRead), w.Theft, uuid.Nil)
		if err != nil || len(page.Filings) != 2 {
			t.Errorf("%s %d on the page of the case, %v", when, len(page.Filings), err)
		}
		terms, err := agenda.Gather(ctx, w.App, asks(policy.ClientTerms))
		if err != nil {
			t.Error(err)
		}
		if !slices.ContainsFunc(terms, func(one agenda.Term) bool { return one.Of == open && one.Kind == agenda.Awaited && !one.Over }) {
			t.Errorf("%s her agenda is %+v", when, terms)
		}
		waits, err := filing.ClientsWait(ctx, w.App, asks(policy.ClientList))
		if err != nil || len(waits) != 1 || waits[0].Open != 1 || waits[0].Participant != w.Participant("dana@theft") {
			t.Errorf("%s her clients wait for %+v, %v", when, waits, err)
		}
	}
	sees("while he is a suspect")

	before, now := w.Participant("serik@theft"), uuid.Nil
	since := time.Date(2026, 10, 22, 0, 0, 0, 0, time.UTC)
	for _, g := range []casefile.Grant{
		{Role: policy.Accused, Basis: "indictment", Since: since}, {Role: policy.TrialDefendant, Basis: "trial-appointed", Since: since},
	} {
		w.At = w.At.Add(time.Hour)
		now = uuid.Must(uuid.NewV7())
		if err := w.Change(w.Daniyar, before, now, g); err != nil {
			t.Fatal(err)
		}
		before = now
		sees("when he is " + string(g.Role))
	}
	for _, a := range []*portaltest.Actor{w.Timur, w.Saule, w.Aigul} {
		_, err := filing.Open(a.As(t.Context()), w.App, a.Asks(policy.FilingRead), open)
		wantKind(t, a.Word, fault.NotFound, err)
	}
	// With his status, or with her power, it ends.
	w.At = w.At.Add(time.Hour)
	if err := w.End(w.Daniyar, now); err != nil {
		t.Fatal(err)
	}
	for _, id := range []uuid.UUID{open, answered} {
		_, err := filing.Read(t.Context(), w.DB, asks(policy.FilingRead), id)
		wantKind(t, "by the table of rights, when he is nothing more", fault.NotFound, err)
		_, err = filing.Read(w.Dana.As(t.Context()), w.App, asks(policy.FilingRead), id)
		wantKind(t, "when he is nothing more", fault.NotFound, err)
	}
	w.Sound()
}
