// Package feed tells the register of investigations what was done at this door: what was
// filed and answered, who asked for access, who received what. An act that the register
// has to know of becomes an event: ids, numbers, kinds and times, never a word that
// somebody wrote. Its position is that of the act in the record, so an event is made
// once, in order, and can be read again from anywhere.
//
// Events are sent as webhooks that the portal signs (sign.go), at least once, those of
// one case in their order (send.go); and they lie to be fetched (Events). The papers
// themselves are sealed to the register's own key in the moment they are signed, for
// nobody can open them for it later (paper.go).
package feed

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"zharia/portal/policy"
)

// Kind is what happened, in the words of the exchange: they stay when an act is renamed.
type Kind string

// Kinds is which act the register is told of, and as what. What is signed by one of them
// is sealed for it (KeepPaper), and nothing else is. What it brought itself is left out:
// nothing comes back to where it came from.
var Kinds = map[policy.Act]Kind{
	policy.FilingSubmit:       "filing.filed",
	policy.SupplementSign:     "filing.supplemented",
	policy.FilingConsider:     "filing.considered",
	policy.FilingForward:      "filing.forwarded",
	policy.FilingExtend:       "filing.extended",
	policy.FilingAsk:          "filing.asked",
	policy.FilingReply:        "filing.replied",
	policy.FilingGrant:        "filing.answered",
	policy.FilingGrantPart:    "filing.answered",
	policy.FilingRefuse:       "filing.answered",
	policy.FilingWithdraw:     "filing.withdrawn",
	policy.WithdrawalAsk:      "filing.withdrawal-asked",
	policy.WithdrawalConsent:  "filing.withdrawn",
	policy.WithdrawalDecline:  "filing.withdrawal-declined",
	policy.FilingOverdue:      "filing.overdue",
	policy.CancellationSettle: "filing.settled",

	policy.AccessSubmit:   "access.asked",
	policy.AccessWithdraw: "access.withdrawn",
	policy.AccessOverdue:  "access.overdue",

	policy.ParticipantGrant:   "participant.confirmed",
	policy.ParticipantEnd:     "participant.ended",
	policy.ParticipantLapse:   "participant.ended",
	policy.ParticipantReplace: "participant.ended",
	policy.PowerRevoke:        "participant.ended",
	policy.PowerLapse:         "participant.ended",

	policy.DecisionPublish: "decision.published",
	policy.DecisionSubmit:  "decision.submitted", // its paper is the ruling; that of the two below what the prosecutor says of it
	policy.DecisionAgree:   "decision.published",
	policy.DecisionDecline: "decision.declined",
	policy.DecisionOpen:    "decision.received",
	policy.ServiceSign:     "decision.received",

	policy.ReportSubmit:  "report.registered",
	policy.EntrySubmit:   "report.registered",
	policy.BookReceive:   "report.registered",
	policy.BookDecide:    "report.decided",
	policy.ReportOverdue: "report.overdue",
}

// acts are those of Kinds, as the record writes them.
var acts = func() []string {
	var out []string
	for act := range Kinds {
		out = append(out, string(act))
	}
	slices.Sort(out)
	return out
}()

// brought are those that the register brings itself, too (portal/casefile/received.go).
var brought = []string{string(policy.ParticipantGrant), string(policy.ParticipantEnd), string(policy.DecisionPublish), string(policy.DecisionSubmit)}

// Event is one act, as the register is told of it.
type Event struct {
	Portal   string     `json:"portal,omitempty"` // whose event it is: PORTAL_ORIGIN
	To       string     `json:"to,omitempty"`     // who is told; what one was told is nothing for another
	Life                // in which it is sent
	ID       uuid.UUID  `json:"id"`       // the same whenever it is made and sent
	Position int64      `json:"position"` // of the act in the record
	Previous int64      `json:"previous"` // the event before in the same line; 0: the first
	Line     uuid.UUID  `json:"line"`     // within which events keep their order: the case, or the report
	Kind     Kind       `json:"kind"`
	Act      string     `json:"act"` // the same more closely
	Law      string     `json:"law"` // the article it rests on; "" where none does
	At       time.Time  `json:"at"`
	Case     *uuid.UUID `json:"case"`    // as the register calls it; null: there is none
	Subject  Subject    `json:"subject"` // what it was done to
	Paper    *Paper     `json:"paper"`   // what was signed with it; null: nothing was
}

// Subject is a thing that an event is about.
type Subject struct {
	Type   string    `json:"type"` // filing, answer, request, participant, decision, service, report
	ID     uuid.UUID `json:"id"`
	Number string    `json:"number"` // "" where such things have none
	Kind   string    `json:"kind"`   // of filing or decision; role of a participant; "" else
}

// Paper names a signed paper. What it says is not in an event: the register fetches it,
// sealed to its own key.
type Paper struct {
	Document uuid.UUID `json:"document"`
	Kind     string    `json:"kind"`
	Language string    `json:"language"`
	Size     int       `json:"size"`
	SHA256   string    `json:"sha256"` // of the PDF, hex
}

// space begins what ids of events are made of.
var space = uuid.MustParse("5b1d6c0e-7a55-8f0b-a1c3-2f9c64d07e11")

// idOf is the id of the event of an act whose leaf has this hash: two portals never make
// the same, and one portal makes no other.
func idOf(hash []byte) uuid.UUID { return uuid.NewHash(sha256.New(), space, hash, 8) }

// acted is an act of the record with what is known of its thing and its paper.
type acted struct {
	Seq      int64         `db:"seq"`
	At       time.Time     `db:"at"`
	Act      policy.Act    `db:"act"`
	Law      string        `db:"law"`
	Object   string        `db:"object"`
	ID       uuid.UUID     `db:"object_id"`
	Case     uuid.NullUUID `db:"casefile"`
	Hash     []byte        `db:"hash"`
	Digest   []byte        `db:"digest"`
	Number   string        `db:"number"`
	Kind     string        `db:"kind"`
	Report   uuid.NullUUID `db:"report"`
	Document uuid.NullUUID `db:"document"`
	Paper    string        `db:"paper"`
	Language string        `db:"language"`
	Size     int           `db:"size"`
}

// line is what the event keeps its order in.
func (a acted) line() uuid.UUID {
	switch {
	case a.Case.Valid:
		return a.Case.UUID
	case a.Report.Valid:
		return a.Report.UUID
	}
	return a.ID
}

func (a acted) event(previous int64) Event {
	e := Event{
		ID: idOf(a.Hash), Position: a.Seq, Previous: previous, Line: a.line(), Kind: Kinds[a.Act], Act: string(a.Act), Law: a.Law, At: a.At.UTC(),
		Subject: Subject{Type: a.Object, ID: a.ID, Number: a.Number, Kind: a.Kind},
	}
	if a.Case.Valid {
		e.Case = &a.Case.UUID
	}
	if a.Document.Valid {
		e.Paper = &Paper{Document: a.Document.UUID, Kind: a.Paper, Language: a.Language, Size: a.Size, SHA256: hex.EncodeToString(a.Digest)}
	}
	return e
}

// Addressed is an event of this portal as it goes to a subscriber: what is signed names both,
// so nobody can carry what he was told to somebody else; and the life of the record, so that
// what he was told in another is forgotten first.
func Addressed(body, origin, subscriber string, life Life) ([]byte, error) {
	names, err := json.Marshal(struct {
		Portal string `json:"portal"`
		To     string `json:"to"`
		Life   int64  `json:"life"`
		Kept   int64  `json:"kept"`
	}{origin, subscriber, life.Number, life.Kept})
	if err != nil || len(body) < 2 || body[0] != '{' {
		return nil, errors.Join(err, errors.New("feed: no event to address"))
	}
	return append(append(names[:len(names)-1], ','), body[1:]...), nil
}

// Parse reads an event as it was sent.
func Parse(body []byte) (Event, error) {
	var e Event
	if err := json.Unmarshal(body, &e); err != nil {
		return Event{}, fmt.Errorf("feed: an event: %w", err)
	}
	if e.ID == uuid.Nil || e.Position < 1 || e.Kind == "" || e.Line == uuid.Nil {
		return Event{}, fmt.Errorf("feed: an event without its id, position, kind or line")
	}
	return e, nil
}
