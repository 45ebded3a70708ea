package keeper

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"

	"zharia/portal/vault"
)

// A message is its length in four bytes and that many bytes of JSON. A connection
// carries one question and one answer at a time.

// How long a message may be: 256 objects, or a signed paper with what proved it; and a
// question with the roll of the officials of a country (warrant.Fact), of which the keeper
// takes in one at a time.
const (
	maxFrame = 4 << 20
	maxLong  = 24 << 20
)

// errFrame says that what came is no message; the connection is given up.
var errFrame = errors.New("keeper: not a message")

// readFrame takes one message. Memory is taken as bytes come, not as the length says.
func readFrame(r io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	return readBody(r, binary.BigEndian.Uint32(head[:]), maxFrame)
}

func readBody(r io.Reader, size, most uint32) ([]byte, error) {
	if size == 0 || size > most {
		return nil, fmt.Errorf("%w: %d bytes", errFrame, size)
	}
	text, err := io.ReadAll(io.LimitReader(r, int64(size)))
	if err == nil && len(text) < int(size) {
		err = io.ErrUnexpectedEOF
	}
	return text, err
}

func writeFrame(w io.Writer, message any) error {
	text, err := json.Marshal(message)
	if err != nil {
		return err
	}
	if len(text) > maxLong {
		return fmt.Errorf("%w: %d bytes, more than %d", errFrame, len(text), maxLong)
	}
	_, err = w.Write(append(binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(text)), uint32(len(text))), text...))
	return err
}

// question and reply are the messages.
type question struct {
	Method string          `json:"method"`
	Body   json.RawMessage `json:"body,omitempty"`
}

type reply struct {
	Body   json.RawMessage `json:"body,omitempty"`
	Failed string          `json:"failed,omitempty"` // one of the words below
	Reason Reason          `json:"reason,omitempty"` // of a refusal
	Text   string          `json:"text,omitempty"`   // to those who run the keeper
}

// How a question fails.
const (
	failedSealed  = "sealed"
	failedRefused = "refused"
	failedStrange = "strange" // not a question for this door
	failedOurs    = "failed"  // the keeper's own trouble
)

// Methods of the portal's door.
const (
	methodStatus   = "status"
	methodIntake   = "intake"
	methodTagKey   = "tag-key"
	methodLogin    = "login"
	methodUnwrap   = "unwrap"
	methodSlip     = "slip"
	methodRewrap   = "rewrap"
	methodSwept    = "swept"
	methodPaper    = "paper"
	methodOpenings = "openings"
	methodRecalls  = "recalls"
	methodEndLogin = "end-login"
)

// Methods of the door of those who run the keeper.
const (
	methodShare      = "share"
	methodPassphrase = "passphrase"
	methodReshare    = "reshare"
	methodSettle     = "settle"
	methodRotate     = "rotate"
	methodForget     = "forget"
	methodSeal       = "seal"
	methodOpenCase   = "open-case"
)

type loginBody struct {
	Challenge []byte `json:"challenge"`
	Login     []byte `json:"login"`
}

type endLoginBody struct {
	Name []byte `json:"name"` // one of LoginNames
}

type slipBody struct {
	Slip slip  `json:"slip"`
	Asks []ask `json:"asks"`
}

type rewrapBody struct {
	Asks []ask `json:"asks"`
}

type rewrapAnswer struct {
	Wraps []*wrap `json:"wraps"`
}

type wrap struct {
	Epoch   uint32 `json:"epoch"`
	Enc     []byte `json:"enc"`
	Wrapped []byte `json:"wrapped"`
}

type intakeAnswer struct {
	Epoch uint32 `json:"epoch"`
	Key   []byte `json:"key"`
}

type keyAnswer struct {
	Key []byte `json:"key"`
}

type objectBody struct {
	Where *place `json:"where,omitempty"`
	Bytes []byte `json:"bytes"`
}

type paperBody struct {
	Case       uuid.UUID    `json:"case,omitzero"`
	Content    objectBody   `json:"content"`
	Signatures []objectBody `json:"signatures"`
	Evidence   []objectBody `json:"evidence,omitempty"`
	Ended      time.Time    `json:"ended,omitzero"`
}

type recallsAnswer struct {
	Known bool `json:"known"`
}

// maxSignatures is how many sign one paper at most.
const maxSignatures = 8

func bodyOf(o Object) objectBody {
	if o.Where == (vault.Where{}) {
		return objectBody{Bytes: o.Bytes}
	}
	where := place(o.Where)
	return objectBody{&where, o.Bytes}
}

func (b objectBody) object() Object {
	if b.Where == nil {
		return Object{Bytes: b.Bytes}
	}
	return Object{b.Where.where(), b.Bytes}
}

type shareBody struct {
	Share string `json:"share"` // unlocked, in words
}

type passphraseBody struct {
	Passphrase []byte `json:"passphrase"`
}

// proofBody is what proves that custodians are there: shares, or the passphrase.
type proofBody struct {
	Shares     []string `json:"shares,omitempty"`
	Passphrase []byte   `json:"passphrase,omitempty"`
}

type reshareBody struct {
	Proof     proofBody `json:"proof"`
	Threshold int       `json:"threshold"`
	Count     int       `json:"count"`
}

type sharesAnswer struct {
	Shares []string `json:"shares"`
}

type rotateAnswer struct {
	Epoch uint32 `json:"epoch"`
}

// sweptBody names an epoch: before it nothing is left, or all is to be forgotten.
type sweptBody struct {
	Epoch uint32 `json:"epoch"`
}

type openCaseBody struct {
	Proof  proofBody `json:"proof"`
	Case   uuid.UUID `json:"case"`
	IIN    string    `json:"iin"`
	Ground string    `json:"ground"`
}
