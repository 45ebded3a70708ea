package casefile

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Participant is somebody in a case, as the person conducting the investigation
// sees him.
type Participant struct {
	ID              uuid.UUID
	Case            uuid.UUID
	Person          uuid.UUID
	Name            string
	Role            policy.Role
	Represents      uuid.UUID
	Represented     string
	RepresentedRole policy.Role
	Basis           string // the key of the ground: policy.Bases
	Status          Status
	AskedAt         time.Time
	Since           time.Time
	ConfirmedAt     time.Time
	EndedAt         time.Time
}

// Grant is what the investigator confirms: the role, on what ground, from when,
// and for whom a representative acts. It takes effect by his signature over the
// paper that says it (confirmation.go).
type Grant struct {
	Language   string // of that paper
	Role       policy.Role
	Represents uuid.UUID // participant; zero for one's own rights
	Basis      string    // the key of the ground: policy.Bases
	Since      time.Time // a day
}

// Participants are all participants of a case, those who wait first.
func Participants(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) ([]Participant, error) {
	if _, err := Read(ctx, db, ask, id); err != nil {
		return nil, err
	}
	return participants(ctx, db, id)
}

func participants(ctx context.Context, db *vault.DB, id uuid.UUID) ([]Participant, error) {
	var rows []participantRow
	if err := db.Select(ctx, &rows, selectParticipants, id); err != nil {
		return nil, err
	}
	return openAll(db, rows)
}

// Waiting are the statuses that await the asker's confirmation in all his cases,
// longest first.
func Waiting(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Participant, error) {
	if err := ask.Check(0); err != nil {
		return nil, err
	}
	var rows []participantRow
	if err := db.Select(ctx, &rows, selectWaiting, ask.Person); err != nil {
		return nil, err
	}
	return openAll(db, rows)
}

// ReadParticipant is one participant, for the official who decides his status.
func ReadParticipant(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Participant, error) {
	var row participantRow
	if err := db.Get(ctx, &row, selectParticipant, ask.Person, id); err != nil {
		return Participant{}, err
	}
	if standing(ask, row.Standing) != nil { // who else is in the case is not for the others to learn
		return Participant{}, fault.New(fault.NotFound, "fault.not-found")
	}
	return row.open(db)
}

// Hold keeps a confirmed status from ending until the transaction does, for an act
// that rests on it: what ends first, the status or the act, is then one of the two
// and never both at once (security/THREATS T32).
func Hold(ctx context.Context, tx *vault.DB, participant uuid.UUID) error {
	var status Status
	if err := tx.Get(ctx, &status, holdParticipant, participant); err != nil {
		return err
	}
	if status != Confirmed {
		return fault.New(fault.Conflict, "fault.status-ended")
	}
	return nil
}

func lockOne(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID) (Participant, error) {
	var row participantRow
	if err := tx.Get(ctx, &row, lockParticipant, ask.Person, id); err != nil {
		return Participant{}, err
	}
	if standing(ask, row.Standing) != nil { // who else is in the case is not for the others to learn
		return Participant{}, fault.New(fault.NotFound, "fault.not-found")
	}
	return row.open(tx)
}

// check holds a grant against the law: the ground must be one of those the Code
// gives the role, and who acts for another must name him, a participant of the
// same case whose status is confirmed.
func (g Grant) check(ctx context.Context, tx *vault.DB, casefile, self uuid.UUID) error {
	role, known := policy.RoleOf(g.Role)
	if !known || g.Role == policy.Applicant {
		return fault.New(fault.Invalid, "form.choose").At("role")
	}
	if !slices.ContainsFunc(policy.Bases[g.Role], func(b policy.Basis) bool { return b.Key == g.Basis }) {
		return fault.New(fault.Invalid, "fault.basis-of-role").At("basis")
	}
	if len(role.Represents) == 0 {
		if g.Represents != uuid.Nil {
			return fault.New(fault.Invalid, "fault.represents-nobody").At("represents")
		}
		return nil
	}
	if g.Represents == uuid.Nil || g.Represents == self {
		return fault.New(fault.Invalid, "fault.represents-whom").At("represents")
	}
	all, err := participants(ctx, tx, casefile)
	if err != nil {
		return err
	}
	for _, p := range all {
		if p.ID == g.Represents && p.Status == Confirmed && slices.Contains(role.Represents, p.Role) {
			return nil
		}
	}
	return fault.New(fault.Invalid, "fault.represents-whom").At("represents")
}

func nullable(id uuid.UUID) uuid.NullUUID { return uuid.NullUUID{UUID: id, Valid: id != uuid.Nil} }
