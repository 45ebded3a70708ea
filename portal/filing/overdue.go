package filing

import (
	"context"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/job"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// OverdueJob is the name of the job that looks at a filing when its term ends.
const OverdueJob = "filing-overdue"

// watch puts the end of a term into the queue, in the transaction that started it.
func watch(ctx context.Context, tx *vault.DB, id uuid.UUID, end time.Time) error {
	return job.AddOnce(ctx, tx.DB, OverdueJob+"/"+id.String(), OverdueJob, end, job.Args{"filing": id})
}

const markOverdue = `
UPDATE filing SET overdue_at = $2
 WHERE id = $1 AND status IN ('filed', 'considered', 'waiting') AND due_at <= $2 AND overdue_at IS NULL
RETURNING casefile, kind`

// MarkOverdue marks a filing whose term has passed without an answer. It is the
// portal's own act: nobody asked for it. A filing that was answered, or is not
// late, is left alone.
func MarkOverdue(ctx context.Context, tx *database.DB, id uuid.UUID, at time.Time) error {
	var late []struct {
		Case uuid.UUID         `db:"casefile"`
		Kind policy.FilingKind `db:"kind"`
	}
	if err := tx.Select(ctx, &late, markOverdue, id, at); err != nil || len(late) == 0 {
		return err
	}
	return record(ctx, tx, policy.Ask{Act: policy.FilingOverdue, At: at}, late[0].Kind, id, late[0].Case, nil)
}
