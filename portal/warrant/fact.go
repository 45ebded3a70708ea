// Package warrant is the right to a case as signatures prove it, and nothing else.
// Every paper that gives a right or takes one away states it for machines inside the
// bytes that are signed (Fact); from such papers, with who signed them, a Chain tells
// what a person is to a case. The keeper of the keys decides by it, so a row that
// somebody wrote into the database opens nothing (security/ADMINBLIND §2.2).
//
// The package reads no clock, no database and no signature: whoever calls it has
// verified the signatures already.
package warrant

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"zharia/portal/policy"
)

// Kind is what a paper gives or takes.
type Kind string

// The kinds of facts. Roll and Charge are the register's; all others stand in papers
// that people sign.
const (
	Roll            Kind = "roll"         // who is in which post of which body, and which body stands above which
	Charge          Kind = "charge"       // a case came from the register: who conducts it and who supervises it
	Confirmation    Kind = "confirmation" // of a procedural status
	Ending          Kind = "ending"       // of a procedural status
	Revocation      Kind = "revocation"   // of a power, by the one who gave it
	Assent          Kind = "assent"       // of a second person, to a paper that is signed
	Dissent         Kind = "dissent"      // his refusal
	Appointment     Kind = "appointment"  // into a post or out of it; nothing without an assent
	Substitution    Kind = "substitution" // of an official who is away
	Assignment      Kind = "assignment"   // of a case to an official
	Joinder         Kind = "joinder"      // of another case to this one, CPC 43
	Severance       Kind = "severance"    // of a case from this one, CPC 44
	Filing          Kind = "filing"       // a petition or complaint, to whom it is addressed
	Forward         Kind = "forward"      // of a filing, to another official
	Withdrawal      Kind = "withdrawal"   // of a filing
	Familiarisation Kind = "familiarisation"
	Record          Kind = "record" // of a familiarisation, which ends by its reader's signature
)

// Day is a civil day, 2006-01-02, or "" for none.
type Day string

// On is a day as it is kept; the zero time is none.
func On(day time.Time) Day {
	if day.IsZero() {
		return ""
	}
	return Day(day.Format(time.DateOnly))
}

// Fact is what a paper states for machines. It holds ids, words of our own lists and
// days: no name, no text of anybody's. A person's id is derived from the IIN under the
// keeper's key, so no row can say that somebody is somebody else. What a kind does not
// need is zero.
type Fact struct {
	Kind Kind      `json:"kind"`
	ID   uuid.UUID `json:"id"`   // of the paper
	Made time.Time `json:"made"` // when the portal printed it, UTC
	Case uuid.UUID `json:"case,omitzero"`

	Participant uuid.UUID   `json:"participant,omitzero"` // whose status it is about
	Person      uuid.UUID   `json:"person,omitzero"`      // who that is; of an appointment, who comes or goes
	Role        policy.Role `json:"role,omitzero"`
	Basis       string      `json:"basis,omitzero"`
	Represents  uuid.UUID   `json:"represents,omitzero"` // participant for whom he acts
	Whom        uuid.UUID   `json:"whom,omitzero"`       // and who that is
	WhomRole    policy.Role `json:"whom_role,omitzero"`
	Previous    uuid.UUID   `json:"previous,omitzero"` // participant: the status that ends by this one
	Before      policy.Role `json:"before,omitzero"`   // and what that was
	Capacity    string      `json:"capacity,omitzero"`
	Scope       []string    `json:"scope,omitempty"`
	From        Day         `json:"from,omitzero"`
	Until       Day         `json:"until,omitzero"` // the last day

	About    uuid.UUID   `json:"about,omitzero"`     // the paper that is assented to; the decision a filing contests; the notice that a record ends
	Digest   string      `json:"digest,omitzero"`    // SHA-256 of that paper, hex
	Decision policy.Kind `json:"decision,omitzero"`  // its kind, where it is a decision
	Concerns []uuid.UUID `json:"concerns,omitempty"` // participants it is about
	Who      []Who       `json:"who,omitempty"`      // and who each of them is, in the same order; papers of earlier releases do not say

	Duty    string    `json:"duty,omitzero"`    // charge or supervisor
	Officer uuid.UUID `json:"officer,omitzero"` // who is given the case, or is away
	Deputy  uuid.UUID `json:"deputy,omitzero"`
	Leaves  bool      `json:"leaves,omitzero"`
	Post    string    `json:"post,omitzero"`
	Body    uuid.UUID `json:"body,omitzero"`

	Prosecutor uuid.UUID `json:"prosecutor,omitzero"`
	Office     uuid.UUID `json:"office,omitzero"` // body of the prosecutor

	Other   uuid.UUID `json:"other,omitzero"` // the case that is joined, or that begins by a severance
	Leaving bool      `json:"leaving,omitzero"`

	Filing uuid.UUID `json:"filing,omitzero"`
	To     uuid.UUID `json:"to,omitzero"` // the official it goes to
	Seat   string    `json:"seat,omitzero"`

	Officers []Officer `json:"officers,omitempty"`
	Bodies   []Body    `json:"bodies,omitempty"`
}

// Who is whom a paper means by the number of a participant. A joinder gives somebody who
// awaited his status in the other case the number under which he awaited it, which no paper
// says.
type Who struct {
	Person uuid.UUID   `json:"person"`
	Role   policy.Role `json:"role"`
	Whom   uuid.UUID   `json:"whom,omitzero"` // for whom he acts
}

// Officer is one line of the roll of officials.
type Officer struct {
	Person uuid.UUID `json:"person"`
	Post   string    `json:"post"`
	Body   uuid.UUID `json:"body"`
	Until  Day       `json:"until,omitzero"`
}

// Body is where a state body stands: what is above it, and the court at its seat.
type Body struct {
	ID    uuid.UUID `json:"id"`
	Above uuid.UUID `json:"above,omitzero"`
	Court uuid.UUID `json:"court,omitzero"`
}

// Takes says that a paper takes a right from somebody, whatever it gives to others:
// whoever decides by papers remembers these, for he may not be shown them twice.
func (f Fact) Takes() bool {
	switch f.Kind {
	case Ending, Revocation, Dissent, Assignment, Appointment, Forward, Roll, Charge, Record, Joinder: // by a joinder what ends in one case ends in the other
		return true
	case Assent:
		return f.Decision == "" // to an entry into the directory
	case Confirmation:
		return f.Previous != uuid.Nil
	case Severance:
		return f.Leaving
	}
	return false
}

// Severed is the id of the case that begins by a severance. It follows from the paper,
// so that the paper can name it before the case is there.
func Severed(paper uuid.UUID) uuid.UUID { return uuid.NewSHA1(paper, []byte("severed")) }

// Brought is the id under which a participant stands in the case that a joinder or a
// severance brings him into.
func Brought(to, participant uuid.UUID) uuid.UUID { return uuid.NewSHA1(to, participant[:]) }

// Bounds of a fact. The roll of a country is one file of some megabytes; a paper that
// a person signs states a few hundred bytes.
const (
	maxFact  = 16 << 20
	maxPaper = 64 << 10
)

var errForm = errors.New("warrant: not in the one form that counts")

// needs is what each kind cannot be without.
func (f Fact) needs() []bool {
	is := func(id uuid.UUID) bool { return id != uuid.Nil }
	switch f.Kind {
	case Roll:
		return []bool{len(f.Officers) > 0}
	case Charge:
		return []bool{is(f.Case), is(f.Officer), is(f.Body), is(f.Prosecutor), is(f.Office)}
	case Confirmation:
		acts := is(f.Represents)
		return []bool{is(f.Case), is(f.Participant), is(f.Person), f.Role != "", f.Basis != "", f.Capacity != "", len(f.Scope) > 0, acts == is(f.Whom), acts == (f.WhomRole != "")}
	case Ending, Revocation:
		return []bool{is(f.Case), is(f.Participant), is(f.Person), f.Role != ""}
	case Assent, Dissent:
		return []bool{is(f.About), digest(f.Digest)}
	case Appointment:
		return []bool{is(f.Person), f.Leaves == (f.Post == ""), f.Leaves != is(f.Body)}
	case Substitution:
		return []bool{is(f.Officer), is(f.Deputy), f.Officer != f.Deputy, f.Until != ""}
	case Assignment:
		return []bool{is(f.Case), is(f.Officer), f.Duty == "charge" || f.Duty == "supervisor"}
	case Joinder:
		return []bool{is(f.Case), is(f.Other), f.Case != f.Other}
	case Severance:
		return []bool{is(f.Case), f.Other == Severed(f.ID), len(f.Concerns) > 0}
	case Filing, Forward:
		return []bool{is(f.Case), is(f.Filing), is(f.To), f.Seat != ""}
	case Withdrawal:
		return []bool{is(f.Case), is(f.Filing)}
	case Familiarisation:
		return []bool{is(f.Case), is(f.Participant), is(f.Person), f.From != "", f.Until != ""}
	case Record:
		return []bool{is(f.Case), is(f.Participant), is(f.Person), is(f.About)}
	}
	return []bool{false}
}

func digest(text string) bool {
	sum, err := hex.DecodeString(text)
	return err == nil && len(sum) == 32 && hex.EncodeToString(sum) == text
}

func (d Day) valid() bool {
	if d == "" {
		return true
	}
	day, err := time.Parse(time.DateOnly, string(d))
	return err == nil && day.Format(time.DateOnly) == string(d)
}

// Check refuses a fact that lacks what its kind needs.
func (f Fact) Check() error {
	if f.ID == uuid.Nil || f.Made.IsZero() || f.Made.Location() != time.UTC {
		return fmt.Errorf("warrant: %s without its number or its time", f.Kind)
	}
	for i, there := range f.needs() {
		if !there {
			return fmt.Errorf("warrant: %s lacks what it needs (%d)", f.Kind, i)
		}
	}
	if n := len(f.Who); n > 0 && n != len(f.Concerns) || f.Before != "" && f.Previous == uuid.Nil {
		return fmt.Errorf("warrant: %s that says who nobody is", f.Kind)
	}
	days := []Day{f.From, f.Until}
	for _, o := range f.Officers {
		days = append(days, o.Until)
	}
	for _, d := range days {
		if !d.valid() {
			return fmt.Errorf("warrant: %s with a day that is none", f.Kind)
		}
	}
	return nil
}

// Text is the one canonical form of a fact: JSON of one line, its keys in the order of
// the type, what is zero left out.
func (f Fact) Text() ([]byte, error) {
	f.Made = f.Made.UTC()
	if err := f.Check(); err != nil {
		return nil, err
	}
	return json.Marshal(f)
}

// Parse is the strict inverse of Text: anything else, if only a space more, is refused, and
// the error tells nothing of it: what is no fact may be anybody's text.
func Parse(text []byte) (Fact, error) {
	var f Fact
	if len(text) > maxFact {
		return f, errForm
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if d.Decode(&f) != nil {
		return Fact{}, errForm
	}
	if again, err := f.Text(); err != nil || !bytes.Equal(again, text) {
		return Fact{}, errForm
	}
	return f, nil
}

// mark begins the line of a paper that states its fact: a comment, which no reader of
// PDF shows (ISO 32000-1, 7.2.4).
const mark = "%zharia/facts/"

const version = "1 "

var (
	end   = []byte("%%EOF\n")
	start = []byte("startxref\n")
)

// Claims says that a file has a line such as only papers of ours have: it is not to be
// signed as anything else.
func Claims(file []byte) bool { return bytes.Contains(file, []byte(mark)) }

// tail finds where startxref stands at the very end of a PDF; false where the file ends
// in any other way.
func tail(pdf []byte) (int, bool) {
	rest, ok := bytes.CutSuffix(pdf, end)
	if !ok || len(rest) == 0 || rest[len(rest)-1] != '\n' {
		return 0, false
	}
	digits := rest[:len(rest)-1]
	at := bytes.LastIndexByte(digits, '\n') + 1
	if n := len(digits) - at; n < 1 || n > 10 {
		return 0, false
	}
	for _, c := range digits[at:] {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	head, ok := bytes.CutSuffix(digits[:at], start)
	if !ok || len(head) == 0 || head[len(head)-1] != '\n' {
		return 0, false
	}
	return len(head), true
}

// Put writes a fact into a PDF of ours that has none: on a line of its own right before
// startxref, so that no offset in the file moves.
func Put(pdf []byte, f Fact) ([]byte, error) {
	text, err := f.Text()
	if err != nil {
		return nil, err
	}
	at, ok := tail(pdf)
	if !ok || Claims(pdf) || len(text) > maxPaper {
		return nil, errForm
	}
	line := mark + version + base64.RawURLEncoding.EncodeToString(text) + "\n"
	return bytes.Join([][]byte{pdf[:at], []byte(line), pdf[at:]}, nil), nil
}

// ErrNone says that a paper states nothing for machines.
var ErrNone = errors.New("warrant: the paper states no fact")

// Read is the fact a paper states: exactly one, exactly where Put writes it, in
// canonical form. ErrNone where there is no such line at all; any other departure is an
// error too, and the paper gives nothing.
func Read(pdf []byte) (Fact, error) {
	first := bytes.Index(pdf, []byte(mark))
	if first < 0 {
		return Fact{}, ErrNone
	}
	at, ok := tail(pdf)
	if !ok || first == 0 || first >= at || pdf[first-1] != '\n' || bytes.LastIndex(pdf, []byte(mark)) != first {
		return Fact{}, errForm
	}
	line, ok := bytes.CutPrefix(pdf[first:at], []byte(mark+version))
	if !ok || len(line) > 2*maxPaper || bytes.IndexByte(line, '\n') != len(line)-1 {
		return Fact{}, errForm
	}
	text, err := base64.RawURLEncoding.Strict().DecodeString(string(line[:len(line)-1]))
	if err != nil || base64.RawURLEncoding.EncodeToString(text) != string(line[:len(line)-1]) {
		return Fact{}, errForm
	}
	return Parse(text)
}
