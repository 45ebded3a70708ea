package casefile

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"zharia/portal/calendar"
	"zharia/portal/database"
	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/job"
	"zharia/portal/ledger"
	"zharia/portal/opening"
	"zharia/portal/policy"
	"zharia/portal/register"
	"zharia/portal/vault"
)

// Bounds of a request.
const (
	MinRequestWords = 20    // characters
	MaxRequestWords = 5_000 // characters
	MaxAuthority    = 10 << 20
	MaxOpenRequests = 10 // drafts and unanswered ones of a person
)

// A person may name so many cases that are not there within a day: enough for a
// slip of the hand, too few to find out which numbers exist.
const (
	MaxMisses = 10
	missTime  = 24 * time.Hour
)

// RequestStatuses are the states of a request in the order of its life; schema.sql
// has the same.
var RequestStatuses = []Status{Draft, Asked, Confirmed, Refused, Withdrawn}

// Requestable are the statuses that may be asked for: all but that of the one who
// reported the offence, who is no participant.
func Requestable() []policy.Role {
	var out []policy.Role
	for _, r := range policy.Roles {
		if r != policy.Applicant {
			out = append(out, r)
		}
	}
	return out
}

// Request is a person's demand that a status of his in a case be confirmed
// (CPC 109), as he sees it and the officials of the case do.
type Request struct {
	ID             uuid.UUID
	Case           uuid.UUID
	CaseNumber     string
	Person         uuid.UUID
	Name           string // of the person
	Role           policy.Role
	Represented    string  // name of the one he acts for, as he typed it; "" for his own rights
	RepresentedIIN eds.IIN // "" where he does not know it
	Words          string  // why
	Language       string
	Document       uuid.UUID
	Authority      uuid.UUID // zero where none was brought
	Participant    uuid.UUID // zero while a draft
	Status         Status
	MadeAt         time.Time
	AskedAt        time.Time
	Term           deadline.Name
	DueRaw         time.Time
	DueAt          time.Time
	OverdueAt      time.Time
	SettledAt      time.Time
	Decider        Official        // who conducts the investigation now
	Prosecutor     Official        // who supervises it now
	Answer         uuid.UUID       // the signed paper that confirms or refuses; zero while there is none
	AnswerLanguage string          // of that paper
	AnsweredBy     uuid.UUID       // who signed it
	Reasons        string          // of a refusal
	Standing       policy.Standing // of the reader, to this request
}

// Overdue tells that the term has passed and no answer has come.
func (r Request) Overdue(at time.Time) bool { return r.Status == Asked && !at.Before(r.DueAt) }

// DaysLeft is how many сутки remain to the end of the term; 0 on its last day.
func (r Request) DaysLeft(at time.Time) int { return deadline.DaysLeft(r.DueAt, at) }

// Counting is the working of its term, day by day.
func (r Request) Counting(days calendar.Changes) deadline.Counting {
	count, _ := days.Counted(r.Term, r.AskedAt, r.DueAt)
	return count
}

// Contestable tells that there is something to complain of: a refusal, or silence
// after the term.
func (r Request) Contestable(at time.Time) bool { return r.Status == Refused || r.Overdue(at) }

// NewRequest is what somebody asks for.
type NewRequest struct {
	Role           policy.Role
	Represented    string // for one who acts for another: the name of the other
	RepresentedIIN eds.IIN
	Words          string
	Authority      []byte // PDF; nil keeps the one that was brought before
	Language       string
}

// For tells whether the status asked for is to act for another.
func (n NewRequest) For() bool {
	rule, _ := policy.RoleOf(n.Role)
	return len(rule.Represents) > 0
}

// Named is a case that somebody named by a number that is right. Only Numbered makes
// one, so nobody asks for access by an id that he got hold of.
type Named struct {
	id     uuid.UUID
	number string // as he named it
}

// Case is the case, and the number it was named by.
func (n Named) Case() (id uuid.UUID, number string) { return n.id, n.number }

// A case is named by its own number in the register, and by that of the report it began
// with, as books have it (portal/report/number.go).
var (
	reportNumber = regexp.MustCompile(`^[0-9]{4,8}-[0-9]{2}-[0-9]{6}$`)
	bareReport   = regexp.MustCompile(`^([0-9]{5,8})([0-9]{2})([0-9]{6})$`) // of twelve digits it would be an IIN
)

// Spelt is a number that somebody typed as it is looked up: with the words around it
// dropped, and dashes where they belong. Fifteen digits without dashes are a case's own.
func Spelt(typed string) (number string, ok bool) {
	typed = strings.TrimFunc(typed, func(r rune) bool { return r < '0' || r > '9' })
	typed = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || r == '№':
			return -1
		case unicode.Is(unicode.Pd, r) || r == '\u2212': // a minus, as programs of offices put it
			return '-'
		}
		return r
	}, typed)
	bare := strings.ReplaceAll(typed, "-", "")
	switch {
	case reportNumber.MatchString(typed):
		return typed, true
	case caseNumber.MatchString(bare):
		return bare, true
	case bareReport.MatchString(typed): // who typed dashes elsewhere meant another number
		return bareReport.ReplaceAllString(typed, "$1-$2-$3"), true
	}
	return "", false
}

// Numbered finds the case of a number that somebody names to ask for access: its own
// in the register, or that of the report it began with, as Spelt has them; of a case that
// was joined to another, the other. A number under which there is no case is fault.Invalid at the
// field "number"; each is written down, and after MaxMisses of them no number is
// looked up for a day.
func Numbered(ctx context.Context, db *vault.DB, ask policy.Ask, number string) (Named, error) {
	if err := ask.Check(0); err != nil {
		return Named{}, err
	}
	tag := register.Tag(db, number)
	ctx = database.NamingCase(ctx, tag)
	var found []uuid.UUID
	misses := 0
	err := db.Within(ctx, func(tx *vault.DB) error {
		// One at a time for each person: or many at once would all be the tenth.
		if err := tx.Exec(ctx, lockPerson, ask.Person); err != nil {
			return err
		}
		err := tx.Get(ctx, &misses, countMisses, ask.Person, policy.AccessMiss, ask.At.Add(-missTime))
		if err != nil || misses >= MaxMisses {
			return err
		}
		if err := tx.Select(ctx, &found, selectNumbered, tag); err != nil || len(found) > 0 {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask.To(policy.AccessMiss), "person", ask.Person, uuid.Nil, nil)
	})
	switch {
	case err != nil:
		return Named{}, err
	case misses >= MaxMisses:
		return Named{}, fault.New(fault.Invalid, "fault.access-misses").At("number")
	case len(found) == 0:
		return Named{}, fault.New(fault.Invalid, "fault.access-number").At("number")
	}
	return Named{found[0], number}, nil
}

// SaveRequest keeps a draft and prints the paper that will be signed. The id is the
// page's: saving the page again, or clicking twice, changes the one draft.
func SaveRequest(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, of Named, id uuid.UUID, n NewRequest) error {
	if err := ask.Check(0); err != nil {
		return err
	}
	ctx, casefile := database.NamingCase(ctx, register.Tag(db, of.number)), of.id
	return db.Within(ctx, func(tx *vault.DB) error {
		old, err := lockRequestDraft(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if n.Authority == nil && n.For() && old.Authority.Valid {
			kept, err := document.Fetch(ctx, tx, old.Authority.UUID)
			if err != nil {
				return err
			}
			n.Authority = kept.Content
		}
		if err := n.check(); err != nil {
			return err
		}
		if err := free(ctx, tx, ask, casefile, n.Role); err != nil {
			return err
		}
		if err := few(ctx, tx, ask, id); err != nil {
			return err
		}
		paper, authority, err := n.print(ctx, tx, press, ask, of)
		if err != nil {
			return err
		}
		if err := n.keep(ctx, tx, ask, of, id, paper.ID, authority); err != nil {
			return err
		}
		for _, gone := range []uuid.NullUUID{old.Document, old.Authority} {
			if !gone.Valid {
				continue
			}
			if err := document.Drop(ctx, tx, gone.UUID); err != nil {
				return err
			}
		}
		return ledger.Step(ctx, tx.DB, ask, "request", id, casefile, paper.Digest)
	})
}

// check holds what was written against the law: who asks to act for another names
// him and brings what gives him that power (CPC 68, CPC 75, CPC 76).
func (n NewRequest) check() error {
	role, known := policy.RoleOf(n.Role)
	switch {
	case !known || n.Role == policy.Applicant:
		return fault.New(fault.Invalid, "form.choose").At("role")
	case len(role.Represents) == 0 && (n.Represented != "" || n.RepresentedIIN != "" || n.Authority != nil):
		return fault.New(fault.Invalid, "fault.represents-nobody").At("represented")
	case len(role.Represents) == 0:
		return nil
	case n.Represented == "":
		return fault.New(fault.Invalid, "fault.access-whom").At("represented")
	case len(n.Authority) == 0:
		return fault.New(fault.Invalid, "fault.access-authority").At("authority")
	case len(n.Authority) > MaxAuthority:
		return fault.New(fault.Invalid, "fault.access-authority").At("authority")
	}
	return nil
}

// print makes the papers: the request, and the file of authority, which the request
// names by its SHA-256, so that signing the one holds the other fast.
func (n NewRequest) print(ctx context.Context, tx *vault.DB, press document.Press, ask policy.Ask, of Named) (paper document.Document, authority uuid.NullUUID, err error) {
	var file document.Document
	casefile := of.id
	if n.For() {
		if file, err = document.New(ask, casefile, document.Authority, n.Language); err != nil {
			return paper, authority, err
		}
		file.Nonce, file.Content = nil, n.Authority
		if err := document.Add(ctx, tx, &file); err != nil {
			return paper, authority, err
		}
		authority = uuid.NullUUID{UUID: file.ID, Valid: true}
	}
	to, err := addressed(ctx, tx, of)
	if err != nil {
		return paper, authority, err
	}
	person, err := identity.Read(ctx, tx, ask.Person, ask.At)
	if err != nil {
		return paper, authority, err
	}
	if err := identity.Introduce(ctx, tx, casefile, person); err != nil {
		return paper, authority, err
	}
	if paper, err = document.New(ask, casefile, document.Request, n.Language); err != nil {
		return paper, authority, err
	}
	if paper.Content, err = press.Paper(n.sheet(press, paper, to, person, file.Digest), paper, to.number); err != nil {
		return paper, authority, err
	}
	err = document.Add(ctx, tx, &paper)
	return paper, authority, err
}

// free refuses to ask for what somebody has, or has asked for already. One who acts
// for several asks for one after another.
func free(ctx context.Context, tx *vault.DB, ask policy.Ask, casefile uuid.UUID, role policy.Role) error {
	var held []Status
	if err := tx.Select(ctx, &held, selectHeld, casefile, ask.Person, role); err != nil {
		return err
	}
	for _, status := range held {
		switch {
		case status == Unconfirmed:
			return fault.New(fault.Invalid, "fault.access-asked").At("role")
		case status == Confirmed && !(NewRequest{Role: role}).For():
			return fault.New(fault.Invalid, "fault.access-has").At("role")
		}
	}
	return nil
}

// few bounds what one person can leave with us unanswered.
func few(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID) error {
	open := 0
	if err := tx.Get(ctx, &open, countOpenRequests, ask.Person, id); err != nil {
		return err
	}
	if open >= MaxOpenRequests {
		return fault.New(fault.Invalid, "fault.access-many").At("number")
	}
	return nil
}

// ReadRequest is one request: for its author, and once it is signed for the
// officials of the case. For whom it is not, it does not exist.
func ReadRequest(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Request, error) {
	var row requestRow
	if err := db.Get(ctx, &row, selectRequest, ask.Person, id); err != nil {
		return Request{}, err
	}
	return row.forAsker(ctx, db, ask)
}

// RequestPaper is the paper of a request. An official's look at it is a step and
// leaves a record.
func RequestPaper(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Request, document.Document, error) {
	return paperOf(ctx, db, ask, id, func(r Request) uuid.UUID { return r.Document })
}

// RequestAuthority is the file by which one who acts for another shows his power, as
// he brought it.
func RequestAuthority(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Request, document.Document, error) {
	return paperOf(ctx, db, ask, id, func(r Request) uuid.UUID { return r.Authority })
}

// RequestAnswer is the signed paper that answers a request: a copy of it is due to
// the one who asked (CPC 109).
func RequestAnswer(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Request, document.Document, error) {
	return paperOf(ctx, db, ask, id, func(r Request) uuid.UUID { return r.Answer })
}

func paperOf(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID, which func(Request) uuid.UUID) (r Request, doc document.Document, err error) {
	err = db.Within(ctx, func(tx *vault.DB) (err error) {
		if r, err = ReadRequest(ctx, tx, ask, id); err != nil {
			return err
		}
		if doc, err = document.Fetch(ctx, tx, which(r)); err != nil || r.Person == ask.Person {
			return err
		}
		if err := opening.Keep(ctx, tx, ask, opening.Opening{
			Case: r.Case, As: r.Standing, Object: opening.Request, ObjectID: id, Document: doc.ID, Owner: r.Person,
		}); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "request", id, r.Case, doc.Digest)
	})
	return r, doc, err
}

// SubmitRequest signs a request: from here the term runs for the person who conducts
// the investigation, and the status awaits his word (CPC 109).
func SubmitRequest(ctx context.Context, db *vault.DB, v *eds.Verifier, ask policy.Ask, id uuid.UUID, cms, digest []byte) error {
	signature, err := document.Verify(ctx, db, v, ask, cms, digest)
	if err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		r, next, err := moveRequest(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if err := takes(ctx, tx, r.Case); err != nil { // the draft stays, and its number leads to the joint case
			return err
		}
		if err := free(ctx, tx, ask, r.Case, r.Role); err != nil {
			return err
		}
		doc, err := document.Sign(ctx, tx, ask, r.Document, signature)
		if err != nil {
			return err
		}
		participant, err := r.await(ctx, tx, ask)
		if err != nil {
			return err
		}
		off, err := calendar.Now(ctx, tx.DB)
		if err != nil {
			return err
		}
		count := deadline.StatusRequest.Count(ask.At, off)
		if err := tx.Exec(ctx, submitRequest, id, next, participant, ask.At, deadline.StatusRequest, count.Raw, count.Ends); err != nil {
			return err
		}
		err = job.AddOnce(ctx, tx.DB, RequestOverdueJob+"/"+id.String(), RequestOverdueJob, count.Ends, job.Args{"request": id})
		if err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "request", id, r.Case, doc.Digest)
	})
}

// await makes the person one who waits in the case. Where the status had ended, or
// the investigator was about to confirm it himself, it is that same status.
func (r Request) await(ctx context.Context, tx *vault.DB, ask policy.Ask) (uuid.UUID, error) {
	whom := uuid.Nil
	if r.Represented != "" {
		var err error
		if whom, err = represented(ctx, tx, r); err != nil {
			return uuid.Nil, err
		}
	}
	for _, of := range []uuid.UUID{whom, uuid.Nil} {
		var held []struct {
			ID     uuid.UUID `db:"id"`
			Status Status    `db:"status"`
		}
		if err := tx.Select(ctx, &held, lockHeld, r.Case, r.Person, r.Role, nullable(of)); err != nil {
			return uuid.Nil, err
		}
		if len(held) == 0 || of != uuid.Nil && held[0].Status != Ended {
			continue
		}
		if held[0].Status != Draft {
			if _, err := held[0].Status.after(ask.Act); err != nil {
				return uuid.Nil, err
			}
		}
		return held[0].ID, tx.Exec(ctx, awaitAgain, held[0].ID, Unconfirmed, ask.At)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return id, err
	}
	err = tx.Exec(ctx, insertAwaiting, id, r.Case, r.Person, r.Role, Unconfirmed, ask.At)
	if database.Violates(err, "participant_casefile_person_role_represents_key") {
		return id, fault.New(fault.Conflict, "fault.not-now")
	}
	return id, err
}

// represented is the participant whose IIN the request names: one whose status is
// confirmed and for whom such a person may act; zero where there is none.
func represented(ctx context.Context, db *vault.DB, r Request) (uuid.UUID, error) {
	rule, _ := policy.RoleOf(r.Role)
	if r.RepresentedIIN == "" || len(rule.Represents) == 0 {
		return uuid.Nil, nil
	}
	var found []uuid.UUID
	err := db.Select(ctx, &found, selectRepresented, r.Case, identity.IDOf(db, r.RepresentedIIN), roleWords(rule.Represents))
	if err != nil || len(found) == 0 {
		return uuid.Nil, err
	}
	return found[0], nil
}

// WithdrawRequest takes back a request that is not answered yet; the status that was
// asked for awaits nothing any more.
func WithdrawRequest(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		r, next, err := moveRequest(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, settleRequest, id, next, ask.At); err != nil {
			return err
		}
		if err := tx.Exec(ctx, leave, r.Participant, ask.At); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "request", id, r.Case, nil)
	})
}

// DiscardRequest gives a draft up.
func DiscardRequest(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		r, err := lockRequest(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if r.Status != Draft {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		if err := tx.Exec(ctx, deleteRequest, id); err != nil {
			return err
		}
		if err := document.Drop(ctx, tx, r.Document); err != nil {
			return err
		}
		if r.Authority != uuid.Nil {
			if err := document.Drop(ctx, tx, r.Authority); err != nil {
				return err
			}
		}
		return ledger.Step(ctx, tx.DB, ask, "request", id, r.Case, nil)
	})
}

// answerRequests settles what was asked about a status that has just been confirmed
// or ended, in that very transaction. A status that the investigator confirmed of his
// own accord answers the request for the same one, too, be it one that waits in a case
// which was joined to this one.
func answerRequests(ctx context.Context, tx *vault.DB, ask policy.Ask, p Participant) error {
	var now struct {
		Role       policy.Role   `db:"role"`
		Represents uuid.NullUUID `db:"represents"`
		Status     Status        `db:"status"`
	}
	if err := tx.Get(ctx, &now, selectSettled, p.ID); err != nil {
		return err
	}
	act := map[Status]policy.Act{Confirmed: policy.ParticipantGrant, Ended: policy.ParticipantEnd}[now.Status]
	if act == "" { // it waits for another official's word
		return nil
	}
	var rows []requestRow
	if err := tx.Select(ctx, &rows, lockAsked, ask.Person, p.Case, p.Person); err != nil {
		return err
	}
	for _, row := range rows {
		r, err := row.open(ctx, tx, ask.Person)
		if err != nil {
			return err
		}
		if r.Participant != p.ID {
			here := r
			here.Case = p.Case
			whom, err := represented(ctx, tx, here)
			if err != nil {
				return err
			}
			if now.Status != Confirmed || r.Role != now.Role || whom != now.Represents.UUID {
				continue
			}
			if err := tx.Exec(ctx, leave, r.Participant, ask.At); err != nil {
				return err
			}
		}
		next, err := r.Status.after(act)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, settleRequest, r.ID, next, ask.At); err != nil {
			return err
		}
		if err := ledger.Step(ctx, tx.DB, ask, "request", r.ID, r.Case, nil); err != nil {
			return err
		}
	}
	return nil
}

// Requests are the asker's own, newest first.
func Requests(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Request, error) {
	return requests(ctx, db, ask, func(rows *[]requestRow) error { return db.Select(ctx, rows, selectOwnRequests, ask.Person) })
}

// RequestsWaiting are those that the asker must answer, what falls due first on top.
func RequestsWaiting(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Request, error) {
	return requests(ctx, db, ask, func(rows *[]requestRow) error { return db.Select(ctx, rows, selectWaitingRequests, ask.Person) })
}

// RequestsOverdue are those that were not answered in time, for the officials who
// watch over the one who should have answered.
func RequestsOverdue(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Request, error) {
	return requests(ctx, db, ask, func(rows *[]requestRow) error {
		return db.Select(ctx, rows, selectOverdueRequests, ask.Person, ask.At)
	})
}

func requests(ctx context.Context, db *vault.DB, ask policy.Ask, fetch func(*[]requestRow) error) ([]Request, error) {
	if err := ask.Check(0); err != nil {
		return nil, err
	}
	var rows []requestRow
	if err := fetch(&rows); err != nil {
		return nil, err
	}
	out := make([]Request, len(rows))
	for i, row := range rows {
		var err error
		if out[i], err = row.forAsker(ctx, db, ask.To(policy.AccessRead)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// RequestFor is the open request behind a status that awaits confirmation, and the
// participant of the case whom it names by IIN, if he is one; for the official who
// decides. NotFound where nobody asked.
func RequestFor(ctx context.Context, db *vault.DB, ask policy.Ask, participant uuid.UUID) (r Request, whom uuid.UUID, err error) {
	var row requestRow
	if err := db.Get(ctx, &row, selectRequestFor, ask.Person, participant); err != nil {
		return r, uuid.Nil, err
	}
	if r, err = row.forAsker(ctx, db, ask.To(policy.AccessRead)); err != nil {
		return r, uuid.Nil, err
	}
	whom, err = represented(ctx, db, r)
	return r, whom, err
}

// DraftAsked prints the confirmation of a status as it was asked for, from today, on
// the first ground the Code gives it, for the official to check and to sign with
// others. A request that names nobody of the case by IIN needs his own eyes, and so does
// one whose refusal he has prepared: fault.Invalid.
func DraftAsked(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, id uuid.UUID, language string) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		var row requestRow
		if err := tx.Get(ctx, &row, selectRequest, ask.Person, id); err != nil {
			return err
		}
		r, err := row.forAsker(ctx, tx, ask.To(policy.AccessRead))
		if err != nil {
			return err
		}
		switch waits, err := unsigned(ctx, tx, r.Case, r.Participant); {
		case err == nil && waits.Ends:
			return fault.New(fault.Invalid, "fault.not-now")
		case err != nil && !errors.Is(err, fault.NotFound):
			return err
		}
		g, err := r.Grant(ctx, tx, ask)
		if err != nil {
			return err
		}
		g.Language = language
		return DraftGrant(ctx, tx, press, ask.To(policy.ParticipantDraft), r.Participant, g)
	})
}

// Grant is what confirming the request as it stands would say.
func (r Request) Grant(ctx context.Context, db *vault.DB, ask policy.Ask) (Grant, error) {
	whom, err := represented(ctx, db, r)
	g := Grant{Role: r.Role, Represents: whom, Since: civil(ask.At)}
	if grounds := policy.Bases[r.Role]; len(grounds) > 0 {
		g.Basis = grounds[0].Key
	}
	return g, err
}

// civil is the day of an instant where people live, as a date is kept.
func civil(at time.Time) time.Time {
	year, month, day := at.In(deadline.Zone).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// RequestOverdueJob is the name of the job that looks at a request when its term
// ends.
const RequestOverdueJob = "access-overdue"

// MarkRequestOverdue marks a request whose term has passed without an answer. It is
// the portal's own act: nobody asked for it. One that was answered, or is not late,
// is left alone.
func MarkRequestOverdue(ctx context.Context, tx *database.DB, id uuid.UUID, at time.Time) error {
	var late []uuid.UUID
	if err := tx.Select(ctx, &late, markRequestOverdue, id, at); err != nil || len(late) == 0 {
		return err
	}
	return ledger.Step(ctx, tx, policy.Ask{Act: policy.AccessOverdue, At: at}, "request", id, late[0], nil)
}

// The name of the one who is represented and his IIN are sealed as two lines.
func (n NewRequest) whom() string { return n.Represented + "\n" + n.RepresentedIIN.Reveal() }

func whomOf(text string) (name string, iin eds.IIN) {
	name, number, _ := strings.Cut(text, "\n")
	return name, eds.IIN(number)
}
