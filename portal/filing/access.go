package filing

import (
	"context"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/guide"
	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/words"
)

// A complaint about what became of a request for access. Its author has no status in
// the case: anybody may complain of an act that affects him (CPC 100(1)), and of a
// refusal to recognise him, or of silence, by CPC 109. It goes to the prosecutor.

// contestable is a request of the asker's that was refused, or not answered in time.
func contestable(ctx context.Context, db *vault.DB, ask policy.Ask, request uuid.UUID) (casefile.Request, error) {
	r, err := casefile.ReadRequest(ctx, db, ask.To(policy.AccessComplain), request)
	if err == nil && !r.Contestable(ask.At) {
		err = fault.New(fault.Conflict, "fault.not-now")
	}
	return r, err
}

// ReadyComplaint is the text of the complaint as the portal has it ready: about the
// refusal, with its reasons, or about the silence.
func ReadyComplaint(r casefile.Request, w *words.Language) (circumstances, request string) {
	kind := "silence"
	pairs := []any{"number", r.CaseNumber, "role", words.Low(w.T("role." + string(r.Role))), "asked", w.Moment(r.AskedAt),
		"due", w.Until(r.DueAt), "name", r.Decider.Name, "body", r.Decider.Body.In(w.Code)}
	if r.Status == casefile.Refused {
		kind = "refusal"
		pairs = append(pairs, "refused", w.Moment(r.SettledAt), "reasons", r.Reasons)
	}
	return w.T("complaint."+kind+".circumstances", pairs...), w.T("complaint."+kind+".request", pairs...)
}

// Complain keeps the draft of the complaint about a request and prints it, for its
// author to check and to sign. Without a text it is the ready one. There is one at a
// time: complaining again changes the draft, or leads to the complaint that is being
// considered.
func Complain(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, request uuid.UUID, n NewFiling) (id uuid.UUID, err error) {
	err = db.Within(ctx, func(tx *vault.DB) error {
		r, err := contestable(ctx, tx, ask, request)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, lockRequest, request); err != nil { // two at once make one
			return err
		}
		f, err := openComplaint(ctx, tx, ask, request)
		if err != nil {
			return err
		}
		if id = f.ID; id != uuid.Nil && (f.Status != Draft || n.Circumstances == "") {
			return nil
		}
		if id == uuid.Nil {
			if id, err = uuid.NewV7(); err != nil {
				return err
			}
		}
		if n.Circumstances == "" {
			var request string
			n.Circumstances, request = ReadyComplaint(r, press.Words.In(n.Language))
			n.Points = []string{request}
		}
		n.Kind, n.Ground, n.access = policy.FilingComplaintProsecutor, "other", request
		if err := n.bounded(); err != nil {
			return err
		}
		to, err := find(ctx, tx, n.Kind, r.Case, refusal(r))
		if err != nil {
			return err
		}
		c := casefile.Case{ID: r.Case, Number: r.CaseNumber}
		return n.draft(ctx, tx, press, ask, c, to, id, func(d document.Document, author identity.Person) document.Sheet {
			return n.accessSheet(press, d, r, to, author)
		})
	})
	return id, err
}

// refusal is what a complaint about a request contests: what was said by whoever
// conducted the case then, or the silence of whoever conducts it now.
func refusal(r casefile.Request) guide.Contest {
	what, by := guide.Silence, r.Decider.ID
	if r.Status == casefile.Refused {
		what, by = guide.Answer, r.AnsweredBy
	}
	return guide.Contest{What: what, By: []uuid.UUID{by}, ByPost: guide.Investigator, Ground: "recognise"}
}

const lockRequest = `
SELECT id FROM request WHERE id = $1 FOR NO KEY UPDATE`

const selectOpenComplaint = `
SELECT id FROM filing
 WHERE access = $1 AND author = $2 AND status IN ('draft', 'filed', 'considered', 'waiting')
 ORDER BY made_at`

// openComplaint is the asker's complaint about a request that is a draft or is being
// considered; the zero filing where there is none.
func openComplaint(ctx context.Context, db *vault.DB, ask policy.Ask, request uuid.UUID) (Filing, error) {
	var open []uuid.UUID
	if err := db.Select(ctx, &open, selectOpenComplaint, request, ask.Person); err != nil || len(open) == 0 {
		return Filing{}, err
	}
	return Read(ctx, db, ask.To(policy.FilingRead), open[0])
}

// ComplaintOf is a request that may be complained of, and the asker's complaint about
// it that is a draft or is being considered; the zero filing where there is none.
func ComplaintOf(ctx context.Context, db *vault.DB, ask policy.Ask, request uuid.UUID) (casefile.Request, Filing, error) {
	r, err := contestable(ctx, db, ask, request)
	if err != nil {
		return r, Filing{}, err
	}
	f, err := openComplaint(ctx, db, ask, request)
	return r, f, err
}

// accessSheet is the complaint about a request on paper, as it will be signed.
func (n NewFiling) accessSheet(press document.Press, d document.Document, r casefile.Request, to addressee, author identity.Person) document.Sheet {
	w := press.Words.In(n.Language)
	s := press.Sheet(d, string(policy.Complaint))
	s.Subtitle = w.T("paper.complaint-access.subtitle")
	s.To = seated(w, to.official, to.seat)
	s.From = []string{author.Name, w.T("paper.iin", "iin", author.IIN.Reveal()), w.T("paper.claims", "role", w.T("role."+string(r.Role)))}
	s.Facts = []document.Fact{
		{Label: w.T("paper.case"), Value: r.CaseNumber},
		{Label: w.T("paper.request.asked"), Value: w.Moment(r.AskedAt)},
	}
	s.Sections = []document.Section{
		{Heading: w.T("paper.circumstances." + string(policy.Complaint)), Text: n.Circumstances},
		{Heading: w.T("paper.request"), Text: listed(n.Points)},
	}
	s.Closing = []string{w.Day(d.MadeAt) + "\t" + author.Name}
	return s
}
