package directory

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/database"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Entry is what an administrator proposes: that somebody comes into a post, or goes
// out of the one he is in.
type Entry struct {
	Leaves   bool
	IIN      eds.IIN
	Name     string    // as in his identity card, until he first signs in; not asked where he leaves
	Post     string    // of policy.Posts
	Body     uuid.UUID // whose official he becomes
	Until    time.Time // the last day of his term; zero: none is set
	Language string
}

// Appointment is an entry on its way into the directory, as its reader sees it.
type Appointment struct {
	ID         uuid.UUID
	Person     uuid.UUID
	Name       string
	Leaves     bool
	Post       string // he comes into; "" where he leaves
	Body       identity.Body
	Until      time.Time
	NowPost    string // he is in now, by the directory; "" for none
	NowBody    identity.Body
	Proposer   string // name
	Second     string // name of who agreed or declined; "" while nobody did
	Document   uuid.UUID
	Status     Status
	MadeAt     time.Time
	ProposedAt time.Time
	SettledAt  time.Time
	Standing   policy.Standing // of the reader
}

// Acts are the moves from here that the table of rights gives this reader.
func (a Appointment) Acts(ask policy.Ask, acts ...policy.Act) []policy.Act {
	return slices.DeleteFunc(slices.Clone(acts), func(act policy.Act) bool {
		_, err := a.Status.after(act)
		return err != nil || ask.To(act).Check(a.Standing) != nil
	})
}

type appointmentRow struct {
	ID           uuid.UUID      `db:"id"`
	Person       uuid.UUID      `db:"person"`
	Name         string         `db:"name"`
	Leaves       bool           `db:"leaves"`
	Post         string         `db:"post"`
	BodyID       uuid.NullUUID  `db:"body"`
	BodyKK       string         `db:"body_kk"`
	BodyRU       string         `db:"body_ru"`
	Until        *time.Time     `db:"until"`
	NowPost      string         `db:"now_post"`
	NowKK        string         `db:"now_kk"`
	NowRU        string         `db:"now_ru"`
	Proposer     uuid.UUID      `db:"proposer"`
	ProposerName string         `db:"proposer_name"`
	Second       uuid.NullUUID  `db:"second"`
	SecondName   string         `db:"second_name"`
	Document     uuid.UUID      `db:"document"`
	Status       Status         `db:"status"`
	MadeAt       time.Time      `db:"made_at"`
	ProposedAt   *time.Time     `db:"proposed_at"`
	SettledAt    *time.Time     `db:"settled_at"`
	Standing     pq.StringArray `db:"standing"`
}

// A draft is its proposer's alone. Once it is signed every administrator finds it;
// of heads and chiefs the one into whose body somebody is to come. Nobody is the
// addressee of what he proposed, or of what is about himself.
const selectAppointments = `
SELECT a.id, a.person, a.name, a.leaves, coalesce(a.post, '') AS post, a.body,
       coalesce(b.name_kk, '') AS body_kk, coalesce(b.name_ru, '') AS body_ru, a.until,
       coalesce(o.post, '') AS now_post, coalesce(ob.name_kk, '') AS now_kk, coalesce(ob.name_ru, '') AS now_ru,
       a.proposer, q.name AS proposer_name, a.second, coalesce(s.name, '') AS second_name, a.document, a.status, a.made_at, a.proposed_at, a.settled_at,
       array_remove(ARRAY[
           CASE WHEN a.proposer = $1 THEN 'author' END,
           CASE WHEN a.status <> 'draft' AND me.post = 'administrator' THEN 'administrator' END,
           CASE WHEN a.status <> 'draft' AND a.proposer <> $1 AND a.person <> $1
                     AND (me.post = 'administrator' OR NOT a.leaves AND me.post IN ('head', 'chief-prosecutor') AND me.body = a.body)
           THEN 'addressee' END], NULL) AS standing
  FROM appointment a
  JOIN officer me ON me.person = $1 AND me.left_at IS NULL
  JOIN officer q ON q.person = a.proposer
  LEFT JOIN officer s ON s.person = a.second
  LEFT JOIN body b ON b.id = a.body
  LEFT JOIN officer o ON o.person = a.person AND o.left_at IS NULL
  LEFT JOIN body ob ON ob.id = o.body`

const selectAppointment = selectAppointments + `
 WHERE a.id = $2`

const lockAppointment = selectAppointment + `
   FOR UPDATE OF a`

// What is not settled, and what was settled last.
const selectOpenAppointments = selectAppointments + `
 WHERE a.status = 'proposed' OR a.status = 'draft' AND a.proposer = $1
 ORDER BY a.made_at, a.id`

// Of a head those into his body: fifty newer ones of others leave room for them.
const selectSettledAppointments = selectAppointments + `
 WHERE a.status IN ('effective', 'declined')
   AND (me.post = 'administrator' OR NOT a.leaves AND me.body = a.body)
 ORDER BY a.settled_at DESC, a.id
 LIMIT 50`

// forAsker opens the row for the one who asks: not found where he is nothing to it,
// refused where his act is not his to do.
func (row appointmentRow) forAsker(ask policy.Ask) (Appointment, error) {
	standing := ask.Standing(row.Standing)
	if ask.Is&(policy.Administrator|policy.Head|policy.Chief) == 0 || standing == 0 { // his term may be over
		return Appointment{}, fault.New(fault.NotFound, "fault.not-found")
	}
	if err := ask.Check(standing); err != nil {
		return Appointment{}, err
	}
	a := Appointment{
		ID: row.ID, Person: row.Person, Name: row.Name, Proposer: row.ProposerName, Second: row.SecondName, Leaves: row.Leaves, Post: row.Post, Body: identity.Body{NameKK: row.BodyKK, NameRU: row.BodyRU},
		Until: deref(row.Until), NowPost: row.NowPost, NowBody: identity.Body{NameKK: row.NowKK, NameRU: row.NowRU},
		Document: row.Document, Status: row.Status, MadeAt: row.MadeAt, ProposedAt: deref(row.ProposedAt), SettledAt: deref(row.SettledAt),
		Standing: standing,
	}
	return a, nil
}

// Waiting are the entries that wait for a second person, and the asker's own drafts,
// oldest first; for a head those into his own body.
func Waiting(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Appointment, error) {
	var rows []appointmentRow
	if err := db.Select(ctx, &rows, selectOpenAppointments, ask.Person); err != nil {
		return nil, err
	}
	return list(ctx, db, ask, rows)
}

// Settled are the entries that a second person has answered, the last fifty.
func Settled(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Appointment, error) {
	var rows []appointmentRow
	if err := db.Select(ctx, &rows, selectSettledAppointments, ask.Person); err != nil {
		return nil, err
	}
	return list(ctx, db, ask, rows)
}

func list(ctx context.Context, db *vault.DB, ask policy.Ask, rows []appointmentRow) ([]Appointment, error) {
	var out []Appointment
	for _, row := range rows {
		a, err := row.forAsker(ask.To(policy.AppointmentRead))
		if errors.Is(err, fault.NotFound) { // into another body than his
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// Read is one entry. For whom it is not, it does not exist.
func Read(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Appointment, error) {
	var row appointmentRow
	if err := db.Get(ctx, &row, selectAppointment, ask.Person, id); err != nil {
		return Appointment{}, err
	}
	return row.forAsker(ask)
}

// Paper is the paper of an entry, signed or to be signed.
func Paper(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Appointment, document.Document, error) {
	a, err := Read(ctx, db, ask, id)
	if err != nil {
		return a, document.Document{}, err
	}
	doc, err := document.Fetch(ctx, db, a.Document)
	return a, doc, err
}

func lock(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID) (Appointment, error) {
	var row appointmentRow
	if err := tx.Get(ctx, &row, lockAppointment, ask.Person, id); err != nil {
		return Appointment{}, err
	}
	return row.forAsker(ask)
}

const insertAppointment = `
INSERT INTO appointment (id, person, name, leaves, post, body, until, proposer, document, status, made_at)
VALUES ($1, $2, $3, $4, NULLIF($5, ''), $6, $7, $8, $9, 'draft', $10)
    ON CONFLICT (id) DO NOTHING`

const selectBody = `
SELECT b.id, b.kind, b.name_kk AS body_kk, b.name_ru AS body_ru, 0 AS officials
  FROM body b
 WHERE b.id = $1`

// DraftEntry prints the paper of an entry for its proposer to check and to sign. The
// id is the page's, so that a double click makes one.
func DraftEntry(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, id uuid.UUID, e Entry) error {
	if err := administrators(ask); err != nil {
		return err
	}
	ctx = database.KnowingIIN(ctx, identity.IINTag(db, e.IIN))
	return db.Within(ctx, func(tx *vault.DB) error {
		person, body, err := e.check(ctx, tx, ask)
		if err != nil {
			return err
		}
		proposer, err := identity.Read(ctx, tx, ask.Person, ask.At)
		if err != nil {
			return err
		}
		doc, err := document.New(ask, uuid.Nil, document.Appointment, e.Language)
		if err != nil {
			return err
		}
		if doc.Content, err = press.Paper(e.sheet(press, doc, person, body, proposer), doc, ""); err != nil {
			return err
		}
		if err := document.Add(ctx, tx, &doc); err != nil {
			return err
		}
		n, err := tx.Change(ctx, insertAppointment, id, person.ID, person.Name, e.Leaves, e.Post, nullable(body.ID), maybe(e.Until), ask.Person, doc.ID, ask.At)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		return ledger.Step(ctx, tx.DB, ask, "appointment", id, uuid.Nil, doc.Digest)
	})
}

const selectWaits = `
SELECT count(*) FROM appointment WHERE person = $1 AND status = 'proposed'`

// check holds an entry against the rules: not about oneself, a post that the body
// has, a term that is not over, one entry about a person at a time.
func (e *Entry) check(ctx context.Context, tx *vault.DB, ask policy.Ask) (identity.Person, Body, error) {
	var body Body
	if err := lastDay(e.Until, ask.At, "until"); err != nil {
		return identity.Person{}, body, err
	}
	person, err := e.whom(ctx, tx, ask)
	if err != nil {
		return identity.Person{}, body, err
	}
	id := person.ID
	if id == ask.Person {
		return person, body, fault.New(fault.Invalid, "fault.appointment-self").At("iin")
	}
	var waits int
	if err := tx.Get(ctx, &waits, selectWaits, id); err != nil {
		return person, body, err
	}
	if waits > 0 {
		return person, body, fault.New(fault.Invalid, "fault.appointment-waits").At("iin")
	}
	if e.Leaves {
		e.Post, e.Body, e.Until = "", uuid.Nil, time.Time{}
		return person, body, nil
	}
	if err := tx.Get(ctx, &body, selectBody, e.Body); err != nil {
		return person, body, fault.New(fault.Invalid, "form.choose").At("body").Because(err)
	}
	if !slices.Contains(Posts[body.Kind], e.Post) {
		return person, body, fault.New(fault.Invalid, "fault.appointment-post").At("post")
	}
	return person, body, nil
}

// whom is the person of the entry: whoever comes in is met here, whoever goes out
// must be in post.
//
// Whoever is in post already keeps the name he is there under.
func (e *Entry) whom(ctx context.Context, tx *vault.DB, ask policy.Ask) (identity.Person, error) {
	o, err := Find(ctx, tx, ask, e.IIN)
	switch {
	case err == nil:
		return identity.Person{ID: o.ID, Name: o.Name, IIN: e.IIN, Post: o.Post, Body: o.Body}, nil
	case !errors.Is(err, fault.NotFound):
		return identity.Person{}, err
	case e.Leaves:
		return identity.Person{}, fault.New(fault.Invalid, "fault.appointment-nobody").At("iin")
	}
	id, err := identity.Ensure(ctx, tx, e.IIN, e.Name, ask.At)
	return identity.Person{ID: id, Name: e.Name, IIN: e.IIN}, err
}

const proposeAppointment = `
UPDATE appointment SET status = $2, proposed_at = $3 WHERE id = $1`

// Propose signs an entry with its proposer's key. It changes nothing in the
// directory: it waits for a second person.
func Propose(ctx context.Context, db *vault.DB, v *eds.Verifier, ask policy.Ask, id uuid.UUID, cms, digest []byte) error {
	signature, err := document.Verify(ctx, db, v, ask, cms, digest)
	if err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		a, err := lock(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		next, err := a.Status.after(ask.Act)
		if err != nil {
			return err
		}
		if err := stillAdministrator(ctx, tx, ask.Person); err != nil {
			return err
		}
		doc, err := document.Sign(ctx, tx, ask, a.Document, signature)
		if err != nil {
			return err
		}
		err = tx.Exec(ctx, proposeAppointment, id, next, ask.At)
		if database.Violates(err, "appointment_waits") {
			return fault.New(fault.Conflict, "fault.appointment-waits")
		}
		if err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "appointment", id, uuid.Nil, doc.Digest)
	})
}

const deleteAppointment = `
DELETE FROM appointment WHERE id = $1 AND status = 'draft'`

// Discard gives a draft up.
func Discard(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		a, err := lock(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if a.Status != Draft {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		if err := tx.Exec(ctx, deleteAppointment, id); err != nil {
			return err
		}
		if err := document.Drop(ctx, tx, a.Document); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "appointment", id, uuid.Nil, nil)
	})
}

// Reply prints the second person's yes, or his no with the reasons for it, for him
// to check and to sign.
func Reply(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, id uuid.UUID, agrees bool, reasons, language string) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		a, err := lock(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if a.Status != Proposed {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		about, err := document.Fetch(ctx, tx, a.Document)
		if err != nil {
			return err
		}
		me, err := identity.Read(ctx, tx, ask.Person, ask.At)
		if err != nil {
			return err
		}
		doc, err := document.DraftAssent(ctx, tx, press, ask, document.AssentDraft{
			About: about, Agrees: agrees, Reasons: reasons, Language: language,
			From: me.Body.In(language), What: a.facts(press.Words.In(language)), Signer: signer(press.Words.In(language), me),
		})
		if err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "appointment", id, uuid.Nil, doc.Digest)
	})
}

// OwnReply is the asker's answer to an entry that he has not signed yet, with its
// paper; NotFound while there is none.
func OwnReply(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Appointment, document.Assent, document.Document, error) {
	a, err := Read(ctx, db, ask, id)
	if err != nil {
		return a, document.Assent{}, document.Document{}, err
	}
	reply, err := document.OwnAssent(ctx, db, ask, a.Document)
	if err != nil {
		return a, reply, document.Document{}, err
	}
	doc, err := document.Fetch(ctx, db, reply.Document)
	return a, reply, doc, err
}

// ReplyTo is the signed answer to an entry; NotFound while there is none.
func ReplyTo(ctx context.Context, db *vault.DB, a Appointment) (document.Assent, error) {
	return document.AssentTo(ctx, db, a.Document)
}

const settleAppointment = `
UPDATE appointment SET status = $2, second = $3, settled_at = $4 WHERE id = $1`

// Settle signs the second person's answer. By his yes the entry takes effect in this
// transaction; by his no it never will.
func Settle(ctx context.Context, db *vault.DB, v *eds.Verifier, ask policy.Ask, id uuid.UUID, cms, digest []byte) error {
	signature, err := document.Verify(ctx, db, v, ask, cms, digest)
	if err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		a, err := lock(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		next, err := a.Status.after(ask.Act)
		if err != nil {
			return err
		}
		reply, doc, err := document.SettleAssent(ctx, tx, ask, a.Document, signature)
		if err != nil {
			return err
		}
		if reply.Agrees != (next == Effective) {
			return fault.New(fault.Conflict, "fault.document-changed")
		}
		if err := tx.Exec(ctx, settleAppointment, id, next, ask.Person, ask.At); err != nil {
			return err
		}
		if next == Effective {
			if err := take(ctx, tx, ask, id, doc.MadeAt); err != nil {
				return err
			}
		}
		return ledger.Step(ctx, tx.DB, ask, "appointment", id, uuid.Nil, doc.Digest)
	})
}
