package inbound

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/directory"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/guide"
	"zharia/portal/identity"
	"zharia/portal/law"
	"zharia/portal/policy"
	"zharia/portal/register"
	"zharia/portal/vault"
	"zharia/portal/warrant"
)

// Kind is what a message is about; schema.sql lists the same.
type Kind string

// The kinds of messages.
const (
	Bodies       Kind = "bodies"       // state bodies
	Persons      Kind = "persons"      // people; the answer has their ids, which facts and papers name them by
	Officers     Kind = "officers"     // the roll, signed
	Case         Kind = "case"         // a case, with who conducts it, signed
	Transfer     Kind = "transfer"     // who conducts it from now on, signed
	Participant  Kind = "participant"  // a status that nobody has confirmed
	Confirmation Kind = "confirmation" // of a status, on the investigator's paper
	Ending       Kind = "ending"       // of a status, on the investigator's paper
	Decision     Kind = "decision"     // on the investigator's paper
	Joinder      Kind = "joinder"      // of another case, on the investigator's paper
	Severance    Kind = "severance"    // of a case, on the investigator's paper
	Movement     Kind = "movement"     // where a case is
	Void         Kind = "void"         // nothing: a number in the order of a case that is given up
)

// Kinds are all of them, in the order in which a case comes to be.
var Kinds = []Kind{Bodies, Persons, Officers, Case, Transfer, Participant, Confirmation, Ending, Decision, Joinder, Severance, Movement, Void}

const ofCase = true

type row struct {
	about bool // a case
	fresh func() payload
}

func (r row) of(what bool) bool { return r.about == what }

// kinds is the whole table: what carries a message of each kind.
var kinds = map[Kind]row{
	Bodies:       {!ofCase, func() payload { return new(bodies) }},
	Persons:      {!ofCase, func() payload { return new(persons) }},
	Officers:     {!ofCase, func() payload { return new(officers) }},
	Case:         {ofCase, func() payload { return new(newCase) }},
	Transfer:     {ofCase, func() payload { return new(transfer) }},
	Participant:  {ofCase, func() payload { return new(participant) }},
	Confirmation: {ofCase, func() payload { return new(confirmation) }},
	Ending:       {ofCase, func() payload { return new(ending) }},
	Decision:     {ofCase, func() payload { return new(decision) }},
	Joinder:      {ofCase, func() payload { return new(joinder) }},
	Severance:    {ofCase, func() payload { return new(severance) }},
	Movement:     {ofCase, func() payload { return new(movement) }},
	Void:         {ofCase, func() payload { return new(void) }},
}

// plain has nothing to prove.
type plain struct{}

func (plain) prove(context.Context, *Inbox, *Message) error { return nil }

// Bodies and people ------------------------------------------------------------

type body struct {
	ID          string `json:"id" is:"uuid"`
	Kind        string `json:"kind" is:"word"`
	NameKK      string `json:"name_kk" is:"name"`
	NameRU      string `json:"name_ru" is:"name"`
	Above       string `json:"above,omitempty" is:"uuid"`
	Court       string `json:"court,omitempty" is:"uuid"`
	KATO        string `json:"kato,omitempty" is:"kato"`
	Code        string `json:"code,omitempty" is:"code"`
	Prosecution string `json:"prosecution,omitempty" is:"uuid"`
}

type bodies struct {
	plain
	Bodies []body `json:"bodies" max:"1000"`
}

func (p *bodies) check(*Message, *vault.DB) error {
	seen := map[string]bool{}
	for _, b := range p.Bodies {
		receives := []bool{b.KATO != "", b.Code != "", b.Prosecution != ""}
		switch {
		case directory.Posts[b.Kind] == nil, seen[b.ID]:
			return refused("bodies")
		case slices.Contains(receives, true) && slices.Contains(receives, false),
			b.Code != "" && b.Kind != "investigation" && b.Kind != "prosecution":
			return refused("bodies")
		}
		seen[b.ID] = true
	}
	return nil
}

func (p *bodies) take(ctx context.Context, tx *vault.DB, m *Message, _ time.Time) (bool, []uuid.UUID, error) {
	for _, b := range p.Bodies {
		err := directory.EnterBody(ctx, tx, directory.Registered{
			ID: idOf(b.ID), Kind: b.Kind, Body: identity.Body{NameKK: b.NameKK, NameRU: b.NameRU},
			Above: idOf(b.Above), Court: idOf(b.Court), KATO: b.KATO, Code: b.Code, Prosecution: idOf(b.Prosecution), MadeAt: m.At,
		})
		if err != nil {
			return false, nil, err
		}
	}
	return false, nil, nil
}

type person struct {
	IIN  string `json:"iin" is:"iin"`
	Name string `json:"name" is:"name"`
}

func (p person) known(db *vault.DB) identity.Person {
	iin := eds.IIN(p.IIN)
	return identity.Person{ID: identity.IDOf(db, iin), Name: p.Name, IIN: iin}
}

type persons struct {
	plain
	Persons []person `json:"persons" max:"1000"`
}

func (p *persons) check(*Message, *vault.DB) error { return nil }

func (p *persons) take(ctx context.Context, tx *vault.DB, _ *Message, at time.Time) (told bool, ids []uuid.UUID, err error) {
	for _, one := range p.Persons {
		id, err := identity.Ensure(ctx, tx, eds.IIN(one.IIN), one.Name, at)
		if err != nil {
			return false, nil, err
		}
		ids = append(ids, id)
	}
	return false, ids, nil
}

// said is a fact in the register's own words, with its signature.
type said struct {
	Fact string `json:"fact" is:"fact"`
	CMS  string `json:"cms" is:"cms"`

	said register.Said
}

func (s *said) read(kind warrant.Kind, of uuid.UUID) (err error) {
	s.said.Text, s.said.CMS = bytesOf(s.Fact), bytesOf(s.CMS)
	if s.said.Fact, err = warrant.Parse(s.said.Text); err != nil || s.said.Kind != kind || s.said.Case != of {
		return fault.New(fault.Invalid, "fault.register-fact").At("fact")
	}
	return nil
}

// prove: the keeper will ask for the same.
func (s *said) prove(ctx context.Context, in *Inbox, m *Message) error {
	_, err := in.Verifier.Machine(ctx, in.Register, s.said.CMS, s.said.Text)
	if err = identity.Unsigned(err); err != nil {
		return err
	}
	if s.said.Made.After(in.now().Add(skew)) {
		return fault.New(fault.Invalid, "fault.register-future").At("fact")
	}
	return nil
}

type officer struct {
	IIN   string `json:"iin" is:"iin"`
	Name  string `json:"name" is:"name"`
	Post  string `json:"post" is:"word"`
	Body  string `json:"body" is:"uuid"`
	Until string `json:"until,omitempty" is:"day"`
}

type officers struct {
	Officers []officer `json:"officers" max:"2000"`
	said

	all []directory.Enrolled
}

func (p *officers) check(m *Message, db *vault.DB) error {
	if err := p.read(warrant.Roll, uuid.Nil); err != nil {
		return err
	}
	if len(p.said.said.Officers) != len(p.Officers) {
		return fault.New(fault.Invalid, "fault.register-fact").At("officers")
	}
	for i, o := range p.Officers {
		one := directory.Enrolled{IIN: eds.IIN(o.IIN), Name: o.Name, Post: o.Post, Body: idOf(o.Body), Until: dayOf(o.Until)}
		if o.Until == "" {
			one.Until = time.Time{}
		}
		if !slices.Contains(policy.Posts, o.Post) || one.On(db) != p.said.said.Officers[i] { // the keeper goes by the fact, the pages by the rows
			return fault.New(fault.Invalid, "fault.register-fact").At("officers")
		}
		p.all = append(p.all, one)
	}
	return nil
}

func (p *officers) take(ctx context.Context, tx *vault.DB, m *Message, at time.Time) (bool, []uuid.UUID, error) {
	for _, b := range p.said.said.Bodies {
		if err := directory.Stands(ctx, tx, b, p.said.said.Made); err != nil {
			return false, nil, err
		}
	}
	var ids []uuid.UUID
	for _, o := range p.said.said.Officers {
		if err := directory.Has(ctx, tx, o.Body, o.Post); err != nil {
			return false, nil, err
		}
		ids = append(ids, o.Person)
	}
	kept, over, err := directory.Enroll(ctx, tx, at, p.all, p.said.said, m.Digest)
	if err == nil && !kept {
		err = fault.New(fault.Conflict, "fault.register-again").At("fact")
	}
	if m.partly = nil; over > 0 {
		m.partly = fault.New(fault.Invalid, directory.NotTheRegisters).At("officers")
	}
	return true, ids, err
}

// Cases ------------------------------------------------------------------------

type newCase struct {
	Number       string `json:"number" is:"number"`
	Report       string `json:"report,omitempty" is:"report"`
	OffenceKK    string `json:"offence_kk" is:"line"`
	OffenceRU    string `json:"offence_ru" is:"line"`
	RegisteredOn string `json:"registered_on" is:"day"`
	said
}

func (p *newCase) check(m *Message, _ *vault.DB) error {
	if err := p.read(warrant.Charge, m.Case); err != nil {
		return err
	}
	return past(dayOf(p.RegisteredOn), m.At, "registered_on")
}

func (p *newCase) take(ctx context.Context, tx *vault.DB, m *Message, at time.Time) (bool, []uuid.UUID, error) {
	made, err := casefile.Enter(ctx, tx, casefile.Entered{
		ID: m.Case, Number: p.Number, Report: p.Report, OffenceKK: p.OffenceKK, OffenceRU: p.OffenceRU,
		RegisteredOn: dayOf(p.RegisteredOn), MadeAt: at,
	}, p.said.said, m.Digest)
	if err == nil && !made {
		err = fault.New(fault.Conflict, "fault.register-again").At("case")
	}
	return true, nil, err
}

type transfer struct {
	said
}

func (p *transfer) check(m *Message, _ *vault.DB) error { return p.read(warrant.Charge, m.Case) }

// take: what waits in the case for those before waits for those after.
func (p *transfer) take(ctx context.Context, tx *vault.DB, m *Message, at time.Time) (bool, []uuid.UUID, error) {
	if _, err := casefile.Holders(ctx, tx, m.Case); err != nil {
		return false, nil, unknownCase(err)
	}
	f := p.said.said
	if err := casefile.Transfer(ctx, tx, f, at, m.Digest); err != nil {
		return false, nil, err
	}
	ask := policy.Ask{Act: policy.RegisterTake, At: at}
	if err := filing.HandOver(ctx, tx, ask, m.Case, guide.Investigator, f.Officer, law.CPC(186)); err != nil {
		return false, nil, err
	}
	return true, nil, filing.HandOver(ctx, tx, ask, m.Case, guide.Prosecutor, f.Prosecutor, law.CPC(186))
}

func unknownCase(err error) error {
	if errors.Is(err, fault.NotFound) {
		return fault.New(fault.Invalid, "fault.register-case").At("case").Because(err)
	}
	return err
}

type participant struct {
	plain
	Participant string `json:"participant" is:"uuid"`
	Who         person `json:"who"`
	Role        string `json:"role" is:"word"`
}

func (p *participant) check(*Message, *vault.DB) error {
	if _, known := policy.RoleOf(policy.Role(p.Role)); !known || policy.Role(p.Role) == policy.Applicant {
		return fault.New(fault.Invalid, "fault.register-form").At("role")
	}
	return nil
}

func (p *participant) take(ctx context.Context, tx *vault.DB, m *Message, at time.Time) (bool, []uuid.UUID, error) {
	id, err := identity.Ensure(ctx, tx, eds.IIN(p.Who.IIN), p.Who.Name, at)
	if err != nil {
		return false, nil, err
	}
	err = casefile.Await(ctx, tx, m.Case, idOf(p.Participant), p.Who.known(tx), policy.Role(p.Role), at, m.Digest)
	return true, []uuid.UUID{id}, err
}

// Papers -----------------------------------------------------------------------

// paper is a PDF with the detached signature of the investigator, made elsewhere.
type paper struct {
	PDF      string `json:"pdf" is:"pdf"`
	CMS      string `json:"cms" is:"cms"`
	SignedAt string `json:"signed_at" is:"moment"`
	Language string `json:"language" is:"lang"`

	received document.Received
}

func (p *paper) prove(ctx context.Context, in *Inbox, m *Message) error {
	return p.verify(ctx, in, in.Verifier, in.now())
}

func (p *paper) verify(ctx context.Context, in *Inbox, by eds.Receiver, at time.Time) (err error) {
	p.received, err = document.VerifyReceived(ctx, in.DB, by, at, momentOf(p.SignedAt), bytesOf(p.PDF), bytesOf(p.CMS))
	return err
}

// states is the fact of a paper, which must be about this case; the keeper reads the same.
func (p *paper) states(kind warrant.Kind, m *Message) (warrant.Fact, error) {
	f, err := warrant.Read(bytesOf(p.PDF))
	if err != nil || f.Kind != kind || f.Case != m.Case || f.Made.After(momentOf(p.SignedAt).Add(skew)) {
		return f, fault.New(fault.Invalid, "fault.register-fact").At("pdf")
	}
	return f, nil
}

func (p *paper) signed(m *Message) error {
	if momentOf(p.SignedAt).After(m.At.Add(skew)) {
		return fault.New(fault.Invalid, "fault.register-future").At("signed_at")
	}
	return nil
}

type confirmation struct {
	paper
	Who      person `json:"who"`
	Advocate string `json:"advocate,omitempty" is:"licence"`

	fact warrant.Fact
}

func (p *confirmation) check(m *Message, db *vault.DB) (err error) {
	if err := p.signed(m); err != nil {
		return err
	}
	if p.fact, err = p.states(warrant.Confirmation, m); err != nil {
		return err
	}
	if p.fact.Person != p.Who.known(db).ID {
		return fault.New(fault.Invalid, "fault.register-fact").At("who")
	}
	return nil
}

func (p *confirmation) take(ctx context.Context, tx *vault.DB, m *Message, at time.Time) (bool, []uuid.UUID, error) {
	id, err := identity.Ensure(ctx, tx, eds.IIN(p.Who.IIN), p.Who.Name, at)
	if err != nil {
		return false, nil, err
	}
	return false, []uuid.UUID{id}, casefile.TakeConfirmation(ctx, tx, casefile.ReceivedStatus{
		Received: p.received, Fact: p.fact, SignedAt: momentOf(p.SignedAt), Who: p.Who.known(tx), Language: p.Language, Advocate: p.Advocate,
	}, at)
}

type ending struct {
	paper
	Reasons string `json:"reasons,omitempty" is:"text"`

	fact warrant.Fact
}

func (p *ending) check(m *Message, _ *vault.DB) (err error) {
	if err := p.signed(m); err != nil {
		return err
	}
	p.fact, err = p.states(warrant.Ending, m)
	return err
}

func (p *ending) take(ctx context.Context, tx *vault.DB, m *Message, at time.Time) (bool, []uuid.UUID, error) {
	return false, nil, casefile.TakeConfirmation(ctx, tx, casefile.ReceivedStatus{Received: p.received, Fact: p.fact, SignedAt: momentOf(p.SignedAt), Language: p.Language, Reasons: p.Reasons}, at)
}

// ruling is what all decisions have.
type ruling struct {
	paper
	Decision  string   `json:"decision" is:"uuid"`
	DecidedOn string   `json:"decided_on" is:"day"`
	ReadyOn   string   `json:"ready_on,omitempty" is:"day"`
	Flags     []string `json:"flags,omitempty" is:"word" max:"10"`
	Concerns  []string `json:"concerns,omitempty" is:"uuid" max:"1000"`
}

func (p *ruling) read(m *Message, kind policy.Kind) (casefile.ReceivedDecision, error) {
	r := casefile.ReceivedDecision{ID: idOf(p.Decision), Case: m.Case, Made: momentOf(p.SignedAt)}
	if err := p.signed(m); err != nil {
		return r, err
	}
	r.Draft = casefile.DecisionDraft{Kind: kind, Language: p.Language, DecidedOn: dayOf(p.DecidedOn)}
	if p.ReadyOn != "" {
		r.Draft.ReadyOn = dayOf(p.ReadyOn)
		if err := past(r.Draft.ReadyOn, m.At, "ready_on"); err != nil {
			return r, err
		}
	}
	for _, f := range p.Flags {
		if !slices.Contains(policy.Flags, policy.Flag(f)) {
			return r, refused("flags")
		}
		r.Draft.Flags = append(r.Draft.Flags, policy.Flag(f))
	}
	for _, c := range p.Concerns {
		if slices.Contains(r.Draft.Concerns, idOf(c)) {
			return r, refused("concerns")
		}
		r.Draft.Concerns = append(r.Draft.Concerns, idOf(c))
	}
	return r, past(r.Draft.DecidedOn, m.At, "decided_on")
}

type decision struct {
	ruling
	Paper string `json:"paper" is:"uuid"`
	Kind  string `json:"kind" is:"word"`

	made  casefile.ReceivedDecision
	ready *casefile.ReadyDecision // of a file, where it can be taken with others
}

func (p *decision) check(m *Message, _ *vault.DB) (err error) {
	if p.made, err = p.read(m, policy.Kind(p.Kind)); err != nil {
		return err
	}
	p.made.Paper = idOf(p.Paper)
	switch {
	case warrant.Claims(bytesOf(p.PDF)): // it would give a right that nobody has read
		return fault.New(fault.Invalid, "fault.upload-states").At("pdf")
	case p.Kind == "joined" || p.Kind == "severed": // they have kinds of their own
		return refused("kind")
	}
	return nil
}

// prove: in a file a decision is judged in the sitting, and sealed at once, while others
// before it are written down.
func (p *decision) prove(ctx context.Context, in *Inbox, m *Message) error {
	if in.bulk == nil {
		return p.paper.prove(ctx, in, m)
	}
	at := in.now()
	if err := p.verify(ctx, in, in.bulk.sitting, at); err != nil {
		return err
	}
	pack, err := in.bulk.pack(in.DB.Keys)
	if err != nil {
		return err
	}
	p.made.Received = p.received
	ready, good, err := p.made.Prepare(pack, at)
	if good {
		p.ready = &ready
	}
	return err
}

func (p *decision) take(ctx context.Context, tx *vault.DB, _ *Message, at time.Time) (bool, []uuid.UUID, error) {
	p.made.Received = p.received
	return false, nil, casefile.TakeDecision(ctx, tx, p.made, at)
}

// going is somebody whom a ruling brings into another case.
type going struct {
	Participant string `json:"participant" is:"uuid"`
	IIN         string `json:"iin" is:"iin"`
	Name        string `json:"name" is:"name"`
	Advocate    string `json:"advocate,omitempty" is:"licence"`
}

func people(all []going, db *vault.DB) map[uuid.UUID]casefile.Known {
	out := map[uuid.UUID]casefile.Known{}
	for _, g := range all {
		out[idOf(g.Participant)] = casefile.Known{Person: person{g.IIN, g.Name}.known(db), Advocate: g.Advocate}
	}
	return out
}

type joinder struct {
	ruling
	People []going `json:"people" max:"1000"`

	made casefile.ReceivedDecision
}

func (p *joinder) check(m *Message, db *vault.DB) (err error) {
	if p.made, err = p.read(m, "joined"); err != nil {
		return err
	}
	f, err := p.states(warrant.Joinder, m)
	p.made.Paper, p.made.Draft.Joins, p.made.People = f.ID, f.Other, people(p.People, db)
	return err
}

func (p *joinder) take(ctx context.Context, tx *vault.DB, _ *Message, at time.Time) (bool, []uuid.UUID, error) {
	p.made.Received = p.received
	return false, nil, casefile.TakeDecision(ctx, tx, p.made, at)
}

type severance struct {
	ruling
	Number    string  `json:"number" is:"number"`
	OffenceKK string  `json:"offence_kk" is:"line"`
	OffenceRU string  `json:"offence_ru" is:"line"`
	People    []going `json:"people" max:"1000"`

	made casefile.ReceivedDecision
}

func (p *severance) check(m *Message, db *vault.DB) (err error) {
	if p.made, err = p.read(m, "severed"); err != nil {
		return err
	}
	f, err := p.states(warrant.Severance, m)
	if err != nil {
		return err
	}
	if !slices.Equal(f.Concerns, p.made.Draft.Concerns) {
		return fault.New(fault.Invalid, "fault.register-fact").At("concerns")
	}
	p.made.Paper, p.made.Draft.Severs, p.made.Draft.Leaving, p.made.People = f.ID, p.Number, f.Leaving, people(p.People, db)
	p.made.OffenceKK, p.made.OffenceRU = p.OffenceKK, p.OffenceRU
	for i, who := range f.Who { // what the keeper goes by where it knows him by another number
		if p.made.People[f.Concerns[i]].ID != who.Person {
			return fault.New(fault.Invalid, "fault.register-fact").At("people")
		}
	}
	return nil
}

func (p *severance) take(ctx context.Context, tx *vault.DB, _ *Message, at time.Time) (bool, []uuid.UUID, error) {
	p.made.Received = p.received
	return false, nil, casefile.TakeDecision(ctx, tx, p.made, at)
}

type movement struct {
	plain
	State string `json:"state" is:"word"`
	Since string `json:"since" is:"day"`
}

func (p *movement) check(m *Message, _ *vault.DB) error {
	if !slices.Contains(casefile.States, casefile.State(p.State)) {
		return refused("state")
	}
	return past(dayOf(p.Since), m.At, "since")
}

func (p *movement) take(ctx context.Context, tx *vault.DB, m *Message, at time.Time) (bool, []uuid.UUID, error) {
	return true, nil, casefile.Move(ctx, tx, m.Case, m.ID, casefile.Movement{State: casefile.State(p.State), Since: dayOf(p.Since)}, at, m.Digest)
}

type void struct{ plain }

func (*void) check(*Message, *vault.DB) error { return nil }

func (*void) take(context.Context, *vault.DB, *Message, time.Time) (bool, []uuid.UUID, error) {
	return false, nil, nil
}
