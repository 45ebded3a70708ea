package identity

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"zharia/portal/job"
	"zharia/portal/keeper"
	"zharia/portal/vault"
)

// LeaveJob has the keeper forget a sign-in whose session ended: it would open texts for
// whoever has the key of the session until its time is over. It is a job, so that a keeper
// that is away keeps nobody from leaving, and hears of it when it is back.
const LeaveJob = "login-end"

// endedRow is a session that ended.
type endedRow struct {
	ID     uuid.UUID     `db:"id"`
	Person uuid.NullUUID `db:"person"`
	Login  []byte        `db:"login"`
}

// leave leaves to jobs what the keeper is to hear of sessions that ended in this transaction.
func leave(ctx context.Context, tx *vault.DB, at time.Time, ended []endedRow) error {
	for _, row := range ended {
		l, err := sealedLogin{tx, row.ID, row.Login}.open()
		if err != nil { // it ends all the same
			slog.WarnContext(ctx, "the keeper will not hear of a session that ended", "error", err)
			continue
		}
		if len(l.CMS) == 0 {
			continue
		}
		for _, name := range keeper.LoginNames(l.Challenge, l.CMS) {
			if err := job.Add(ctx, tx.DB, LeaveJob, at, job.Args{"name": uuid.UUID(name[:16]), "rest": uuid.UUID(name[16:])}); err != nil {
				return err
			}
		}
	}
	return nil
}

// Left does the job. k is nil where there is no keeper.
func Left(ctx context.Context, k *keeper.Client, j job.Job) error {
	if k == nil {
		return nil
	}
	name, rest := j.Args["name"], j.Args["rest"]
	return k.EndLogin(ctx, [32]byte(append(name[:], rest[:]...)))
}
