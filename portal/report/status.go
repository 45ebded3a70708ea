package report

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/job"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Status is where a report is in its life.
type Status string

// The statuses. None says that it was turned away at the door: that is prohibited
// (CPC 185(2)). Those after Registered are what the body decided of it.
const (
	Draft          Status = "draft"
	Registered     Status = "registered"     // in the body's book: the clock runs
	Erdr           Status = "erdr"           // in the register of investigations (CPC 179(1))
	Joined         Status = "joined"         // to an earlier report of the same
	Transferred    Status = "transferred"    // to the body it belongs to (CPC 186), where it is registered anew
	Elsewhere      Status = "elsewhere"      // to another state body
	Court          Status = "court"          // private prosecution (CPC 179(5))
	Administrative Status = "administrative" // signs of an administrative offence
	Shelved        Status = "shelved"        // to the file, without a check
	Refused        Status = "refused"        // not entered into the register (CPC 179(1))
)

// Statuses lists them in the order of a life; schema.sql has the same.
var Statuses = []Status{Draft, Registered, Erdr, Joined, Transferred, Elsewhere, Court, Administrative, Shelved, Refused}

// Open tells that a decision is still owed.
func (s Status) Open() bool { return s == Registered }

// Decided tells that there is a decision to read.
func (s Status) Decided() bool { return s != Draft && s != Registered }

// joinable tells that a later report of the same may be joined to it: it was not turned down.
func (s Status) joinable() bool { return s == Registered || s == Erdr || s == Joined }

type step struct {
	from Status
	act  policy.Act
}

// moves is the whole life of a report; what is not here cannot happen. What was decided
// is final: a report that goes on elsewhere is another, registered anew.
var moves = map[step][]Status{
	{Draft, policy.ReportSubmit}:    {Registered},
	{Draft, policy.EntrySubmit}:     {Registered},
	{Registered, policy.BookDecide}: Decisions,
}

func (s Status) after(act policy.Act) (Status, error) {
	next := moves[step{s, act}]
	if len(next) != 1 {
		return s, fault.New(fault.Conflict, "fault.not-now")
	}
	return next[0], nil
}

// may tells whether an act leads from here to there, where it may lead to several.
func (s Status) may(act policy.Act, to Status) error {
	if !slices.Contains(moves[step{s, act}], to) {
		return fault.New(fault.Conflict, "fault.not-now")
	}
	return nil
}

// OverdueJob is the name of the job that looks at a report when its term ends.
const OverdueJob = "report-overdue"

// watch puts the end of a term into the queue, in the transaction that started it.
func watch(ctx context.Context, tx *vault.DB, id uuid.UUID, end time.Time) error {
	return job.AddOnce(ctx, tx.DB, OverdueJob+"/"+id.String(), OverdueJob, end, job.Args{"report": id})
}

const markOverdue = `
UPDATE report SET overdue_at = $2
 WHERE id = $1 AND status = 'registered' AND due_at <= $2 AND overdue_at IS NULL`

// MarkOverdue marks a report whose term has passed without a decision. It is the
// portal's own act: nobody asked for it. One that is decided, or not late, is left alone.
func MarkOverdue(ctx context.Context, tx *database.DB, id uuid.UUID, at time.Time) error {
	n, err := tx.Change(ctx, markOverdue, id, at)
	if err != nil || n == 0 {
		return err
	}
	return ledger.Step(ctx, tx, policy.Ask{Act: policy.ReportOverdue, At: at}, "report", id, uuid.Nil, nil)
}
