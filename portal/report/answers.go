package report

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"zharia/portal/fault"
	"zharia/portal/vault"
)

// Question is one page of a report.
type Question string

// The questions.
const (
	AskWhat      Question = "what"
	AskWhen      Question = "when"
	AskWhere     Question = "where"
	AskBody      Question = "body"
	AskCategory  Question = "category"
	AskWho       Question = "who"
	AskDamage    Question = "damage"
	AskWitnesses Question = "witnesses"
	AskEarlier   Question = "earlier"
	AskWhom      Question = "whom"
	AskApplicant Question = "applicant"
	AskContact   Question = "contact"
)

// Questions are all of them in the order in which somebody in distress can bear them:
// first what happened, in his own words; papers and addresses last.
var Questions = []Question{
	AskWhat, AskWhen, AskWhere, AskBody, AskCategory, AskWho, AskDamage, AskWitnesses, AskEarlier, AskWhom, AskApplicant, AskContact,
}

// Skippable tells that it may stay without an answer.
func (q Question) Skippable() bool {
	return q == AskWho || q == AskDamage || q == AskWitnesses || q == AskEarlier
}

// Next is the question after it; "" after the last.
func (q Question) Next() Question {
	if i := slices.Index(Questions, q); i >= 0 && i+1 < len(Questions) {
		return Questions[i+1]
	}
	return ""
}

// Before is the question before it; "" before the first.
func (q Question) Before() Question {
	if i := slices.Index(Questions, q); i > 0 {
		return Questions[i-1]
	}
	return ""
}

// The lengths of answers, in characters.
const (
	MinText = 20
	MaxText = 10_000
	MaxSide = 3_000 // of what stands beside: damage, witnesses
	MaxLine = 200
)

// maxSeen is how many answers a draft remembers to have taken.
const maxSeen = 60

// Behalf is for whom somebody reports.
type Behalf string

// The behalves.
const (
	Self         Behalf = "self"
	Child        Behalf = "child"
	Another      Behalf = "another"
	Organisation Behalf = "organisation"
)

// Behalves are all of them, in the order of the form.
var Behalves = []Behalf{Self, Child, Another, Organisation}

// Reach is how a person may be reached without danger to him.
type Reach string

// The ways to reach him.
const (
	ByPortal Reach = "portal" // here alone: no call and no message
	ByPhone  Reach = "phone"
	ByEmail  Reach = "email"
)

// Reaches are all of them, in the order of the form.
var Reaches = []Reach{ByPortal, ByPhone, ByEmail}

// Answers are what somebody said in a report. They are kept as one sealed text.
type Answers struct {
	Path Path      `json:"path"`
	Unit uuid.UUID `json:"unit"` // of the officer it is about

	What string `json:"what"`

	Unknown bool      `json:"unknown"` // when it was
	From    time.Time `json:"from"`    // days
	To      time.Time `json:"to"`      // zero: the same
	Hour    string    `json:"hour"`    // in words

	Region Region    `json:"region"`
	Place  string    `json:"place"`
	Body   uuid.UUID `json:"body"`

	Category Category `json:"category"`

	Who       string `json:"who"`
	Damage    string `json:"damage"`
	Witnesses string `json:"witnesses"`
	Earlier   string `json:"earlier"`

	Behalf   Behalf `json:"behalf"`
	Whom     string `json:"whom"`     // name of the child, the other or the organisation
	Position string `json:"position"` // what the author is to them

	Address string `json:"address"` // where the author lives
	Card    string `json:"card"`    // his identity document

	Reach    Reach  `json:"reach"`
	Phone    string `json:"phone"`
	Email    string `json:"email"`
	Safely   string `json:"safely"`   // when, and what to mind
	Language string `json:"language"` // to write and speak to him

	Applicant string `json:"applicant"` // his name, once registered: the body has no other way to it
	IIN       string `json:"iin"`

	Done []Question `json:"done,omitempty"`
	Seen []string   `json:"seen,omitempty"` // marks of answers that came
}

// Shielded tells that it is somebody at home that he reports, whichever way he came to say so:
// what he is shown leaves nothing on a device that others use too.
func (a Answers) Shielded() bool { return a.Path == Home || a.Category == "home" }

// Hides tells that others may read what comes to him: he wishes no calls and no messages, or
// it is somebody at home that he reports.
func (a Answers) Hides() bool { return a.Reach == ByPortal || a.Shielded() }

// hush forgets the numbers that are left in the fields of who wishes no calls and no messages:
// a paper that named them would ask for both.
func (a *Answers) hush() {
	if a.Reach == ByPortal {
		a.Phone, a.Email = "", ""
	}
}

// answered notes that a question has its answer.
func (a *Answers) answered(q Question, mark string) {
	if !slices.Contains(a.Done, q) {
		a.Done = append(a.Done, q)
	}
	if a.Seen = append(a.Seen, mark); len(a.Seen) > maxSeen {
		a.Seen = a.Seen[len(a.Seen)-maxSeen:]
	}
}

// Keys name the showings of pages whose answers came, for the pages that wait for a line.
func (a Answers) Keys() []string {
	var out []string
	for _, mark := range a.Seen {
		key, _, _ := strings.Cut(mark, ":")
		out = append(out, key)
	}
	return out
}

// Open is the first question without an answer; "" where all have one.
func (a Answers) Open() Question {
	for _, q := range Questions {
		if !slices.Contains(a.Done, q) {
			return q
		}
	}
	return ""
}

// Missing are the questions that must be answered before it can be signed.
func (a Answers) Missing(all []Body) (out []Question) {
	for _, q := range Questions {
		if !q.Skippable() && (!slices.Contains(a.Done, q) || a.check(q, all) != nil) {
			out = append(out, q)
		}
	}
	return out
}

// check holds one answer to what the form asks; the fault names the field.
func (a Answers) check(q Question, all []Body) error {
	wrong := func(field, why string) error { return fault.New(fault.Invalid, why).At(field) }
	switch q {
	case AskWhat:
		if len(a.What) == 0 {
			return wrong("what", "form.required")
		}
	case AskWhen:
		switch {
		case a.Unknown:
		case a.From.IsZero():
			return wrong("from", "form.required")
		case !a.To.IsZero() && a.To.Before(a.From):
			return wrong("to", "fault.report-days")
		}
	case AskWhere:
		if !slices.Contains(Regions, a.Region) {
			return wrong("region", "form.choose")
		}
	case AskBody:
		if !slices.ContainsFunc(a.Offered(all), func(b Body) bool { return b.ID == a.Body }) {
			return wrong("body", "form.choose")
		}
	case AskCategory:
		if !slices.Contains(Categories, a.Category) {
			return wrong("category", "form.choose")
		}
	case AskWhom:
		switch {
		case !slices.Contains(Behalves, a.Behalf):
			return wrong("behalf", "form.choose")
		case a.Behalf != Self && a.Whom == "":
			return wrong("whom", "form.required")
		case a.Behalf == Organisation && a.Position == "":
			return wrong("position", "form.required")
		}
	case AskApplicant:
		switch {
		case a.Address == "":
			return wrong("address", "form.required")
		case a.Card == "":
			return wrong("card", "form.required")
		}
	case AskContact:
		switch {
		case !slices.Contains(Reaches, a.Reach):
			return wrong("reach", "form.choose")
		case a.Reach == ByPhone && a.Phone == "":
			return wrong("phone", "form.required")
		case a.Reach == ByEmail && a.Email == "":
			return wrong("email", "form.required")
		case a.Language != "kk" && a.Language != "ru":
			return wrong("language", "form.choose")
		}
	}
	return nil
}

// draftOf is where the answers of a draft lie: its author's alone.
func draftOf(id, author uuid.UUID) vault.Where {
	return vault.Where{Table: "report", Column: "draft", ID: id, Person: author}
}

// AnswersOf is where those of a registered report lie: for the body that received it,
// and for its author by his own right.
func AnswersOf(id, body uuid.UUID) vault.Where {
	return vault.Where{Table: "report", Column: "answers", ID: id, Body: body}
}

func (a Answers) seal(tx *vault.DB, where vault.Where, also ...uuid.UUID) ([]byte, error) {
	text, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	return tx.Seal(where, text, also...)
}

func openAnswers(ctx context.Context, db *vault.DB, where vault.Where, sealed []byte) (a Answers, err error) {
	text, err := db.Open(ctx, where, sealed)
	if err != nil {
		return a, err
	}
	err = json.Unmarshal(text, &a)
	return a, err
}
