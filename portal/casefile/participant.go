package casefile

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/law"
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
	Capacity        LegalCapacity
	Scope           []Scope   // of the power of one who acts for another
	Until           time.Time // its last day; zero for none
	Advocate        string    // number of the licence; "" for who is none
	Status          Status
	AskedAt         time.Time
	Since           time.Time
	ConfirmedAt     time.Time
	EndedAt         time.Time

	whom uuid.UUID // person he acts for
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
	Previous   uuid.UUID // participant: the status of the same person whose place this one takes; or zero

	Capacity LegalCapacity // of one who has rights of his own; "" is full
	Scope    []Scope       // of the power of one who acts for another; none is all of it
	Until    time.Time     // its last day; zero for none
	Advocate string        // number of the licence, as Licence keeps it
	Conflict bool          // he was warned that the defender stands for another here, and confirms all the same (CPC 66(4))

	self uuid.UUID // participant: whose status it is, once that is known
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
	return openAll(ctx, db, rows)
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
	return openAll(ctx, db, rows)
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
	return row.open(ctx, db)
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
	return row.open(ctx, tx)
}

// lockAny is lockOne for a paper of the register, whose signer had the case when he made it
// and may have it no more.
func lockAny(ctx context.Context, tx *vault.DB, id uuid.UUID) (Participant, error) {
	var row participantRow
	if err := tx.Get(ctx, &row, lockAnyParticipant, id); err != nil {
		return Participant{}, err
	}
	return row.open(ctx, tx)
}

// whole is the grant with what it leaves unsaid.
func (g Grant) whole() Grant {
	if g.Capacity == "" {
		g.Capacity = FullCapacity
	}
	g.Scope = scopes(kept(g.Scope))
	return g
}

// ClientsConflict is the warning that a defender stands for others in the case
// already: fault.Invalid until the one who confirms has said that he looked into it.
type ClientsConflict struct {
	*fault.Fault
	Names []string // of the other clients
}

// Unwrap lets the fault be asked for.
func (c *ClientsConflict) Unwrap() error { return c.Fault }

// checkClients warns of other clients of the same defender. What was said about
// clients that are not there is dropped: the paper says nothing that is not so.
func (g Grant) checkClients(ctx context.Context, tx *vault.DB, casefile, person, client uuid.UUID) (Grant, error) {
	if g.Role != policy.Defender {
		g.Conflict = false
		return g, nil
	}
	rows, err := others(ctx, tx, casefile, person, client)
	if err != nil {
		return g, err
	}
	if g.Conflict = g.Conflict && len(rows) > 0; g.Conflict || len(rows) == 0 {
		return g, nil
	}
	warning := &ClientsConflict{Fault: fault.New(fault.Invalid, "fault.conflict-of-clients").At("conflict").Under(law.CPC(66, 4))}
	for _, row := range rows {
		name, err := identity.OpenName(ctx, tx, row.Case, row.Person, row.Name)
		if err != nil {
			return g, err
		}
		warning.Names = append(warning.Names, name)
	}
	return g, warning
}

// check holds a grant against the law: the ground must be one of those the Code
// gives the role, and who acts for another must name him, a participant of the
// same case whose status is confirmed. It answers with the grant as it is kept.
func (g Grant) check(ctx context.Context, tx *vault.DB, ask policy.Ask, casefile, self, person uuid.UUID) (Grant, error) {
	for _, s := range g.Scope {
		if !slices.Contains(Scopes, s) {
			return g, fault.New(fault.Invalid, "form.choose").At("scope")
		}
	}
	g = g.whole()
	if err := standsAlone(ctx, tx, casefile); err != nil {
		return g, err
	}
	if err := g.checkPrevious(ctx, tx, casefile, self, person); err != nil {
		return g, err
	}
	client, err := g.checkRole(ctx, tx, casefile, self, ask.At)
	if err != nil {
		return g, err
	}
	return g.checkClients(ctx, tx, casefile, person, client)
}

const selectInto = `
SELECT joined_into FROM casefile WHERE id = $1`

const selectJoined = selectInto + ` FOR SHARE`

// takes refuses what a case that was joined to another would take, for those who may lock
// no case; what comes beside a joinder waits in the case that was joined.
func takes(ctx context.Context, tx *vault.DB, id uuid.UUID) error {
	var into uuid.NullUUID
	if err := tx.Get(ctx, &into, selectInto, id); err != nil {
		return err
	}
	return Case{JoinedInto: into.UUID}.TakesNew()
}

// standsAlone refuses what a case that was joined to another would take: it belongs into
// that one, and a joinder waits until it is in (CPC 43).
func standsAlone(ctx context.Context, tx *vault.DB, id uuid.UUID) error {
	var into uuid.NullUUID
	if err := tx.Get(ctx, &into, selectJoined, id); err != nil {
		return err
	}
	return Case{JoinedInto: into.UUID}.TakesNew()
}

// checkRole is check but for what the case says of the person; it answers with the
// person he is to act for.
func (g Grant) checkRole(ctx context.Context, tx *vault.DB, casefile, self uuid.UUID, at time.Time) (uuid.UUID, error) {
	role, known := policy.RoleOf(g.Role)
	if !known || g.Role == policy.Applicant {
		return uuid.Nil, fault.New(fault.Invalid, "form.choose").At("role")
	}
	if !slices.ContainsFunc(policy.Bases[g.Role], func(b policy.Basis) bool { return b.Key == g.Basis }) {
		return uuid.Nil, fault.New(fault.Invalid, "fault.basis-of-role").At("basis")
	}
	if len(role.Represents) == 0 {
		if g.Represents != uuid.Nil {
			return uuid.Nil, fault.New(fault.Invalid, "fault.represents-nobody").At("represents")
		}
		return uuid.Nil, g.checkPower(nil, nil, self, at)
	}
	if g.Represents == uuid.Nil || g.Represents == self {
		return uuid.Nil, fault.New(fault.Invalid, "fault.represents-whom").At("represents")
	}
	all, err := participants(ctx, tx, casefile)
	if err != nil {
		return uuid.Nil, err
	}
	for _, p := range all {
		if p.ID == g.Represents && p.Status == Confirmed && slices.Contains(role.Represents, p.Role) {
			return p.Person, g.checkPower(all, &p, self, at)
		}
	}
	return uuid.Nil, fault.New(fault.Invalid, "fault.represents-whom").At("represents")
}

func nullable(id uuid.UUID) uuid.NullUUID { return uuid.NullUUID{UUID: id, Valid: id != uuid.Nil} }
