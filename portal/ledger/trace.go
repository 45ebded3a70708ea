package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// Protected are the tables of schema.sql whose every change leaves a trace that an act
// answers for. The list stands here and there, so that a trigger taken away does not
// take its table out of sight; a test compares them.
var Protected = []string{
	"person", "body", "officer", "casefile", "known", "substitution", "participant", "document", "assent", "confirmation", "revocation", "request",
	"assignment", "warrant", "appointment", "evidence", "decision", "decision_text", "decision_person", "exposure", "redaction",
	"service", "opening", "unsealing", "objection", "material", "material_page", "familiarisation", "plea",
	"filing", "supplement", "point", "answer", "resolution", "dispute", "message", "forward", "extension", "addition", "addition_point", "cancellation",
	"attachment", "attachment_chunk", "day_off", "recount", "count_objection", "assistant", "errand", "report", "report_decision", "movement", "restoration",
}

// Unprotected are the others, each with the reason.
var Unprotected = map[string]string{
	"session":        "ends by itself; the sign-in is an act of its own",
	"challenge":      "lives for five minutes; what was signed is kept as evidence",
	"phone_request":  "lives for five minutes; the act it was for leaves its own trace",
	"typed":          "nobody's document yet: what a person typed and has not sent",
	"submission":     "leads to what a signature did; that is an act in the record",
	"inbound":        "that a message of the register came; the act of each has its digest, and what it brought is traced",
	"event":          "made of the record for the register, and made of it again if a row is lost",
	"herald":         "how far the record was read for that",
	"subscriber":     "where the register takes events, as the settings have it",
	"sending":        "how the sending of an event went",
	"event_paper":    "a copy for the register of a signed paper, whose digest is in the record",
	"note":           "a reader's own, under a key of his own",
	"reading":        "counts from moment to moment how long a page was read; the record that both sign says what came of it",
	"pretext":        "lives for a quarter of an hour; the opening itself is kept",
	"tip":            "a trace keeps the moment, and nobody may know when it came; the record answers for the rows of a day at once (portal/tip)",
	"tip_message":    "the same",
	"tip_file":       "the same",
	"feed":           "opens what its owner sees anyway, and its secret is not in the row",
	"job":            "work for later: what it does leaves traces",
	"notice":         "made of the record, and made of it again if a row is lost",
	"contact":        "where somebody is told that there is news; each change is an act with the digest of the address",
	"manner":         "how somebody wishes to be told; each change is an act",
	"delivery":       "how one message went",
	"courier":        "how far the worker has read the record",
	"touched":        "what was written of late, for an hour, so that a page is made anew",
	"timetable":      "when work is due",
	"report_book":    "gives numbers: those it gave stand in the reports, which are traced",
	"sight":          "written by the program from the law at each start",
	"seat":           "written by the program from the law at each start",
	"schema_version": "the digest of the schema",
	"home":           "where the database stands: each server says it of itself",
	"record":         "the ledger itself: its own tree protects it",
	"trace":          "the ledger itself: each act has the digest of its traces",
	"tree":           "the ledger itself: computed anew by whoever checks",
	"checkpoint":     "the ledger itself: signed",
}

// Untraced are the columns of protected tables that a trace passes over.
var Untraced = map[string][]string{
	"person": {"signed_in_at", "signed_in_way", "signed_in_with"}, // told at the next sign-in; each sign-in is an act in the record
}

// CellSize is how many bytes of the SHA-256 of a column's value a trace keeps. NULL is
// as many zeros.
const CellSize = 16

// Trace is one row of a protected table that came, changed or went.
type Trace struct {
	N    int64     `db:"n"`
	Tab  string    `db:"tab"`
	ID   string    `db:"id"`   // the primary key, parts joined by '/'
	Cols []byte    `db:"cols"` // CellSize bytes for each column, in their order; empty if it is gone
	Gone bool      `db:"gone"`
	Tx   int64     `db:"tx"`  // the transaction
	At   time.Time `db:"at"`  // when that began
	Seq  int64     `db:"seq"` // the act that answers for it; 0: none
}

// Bytes is what an act answers for, but the act itself. All numbers are big endian.
//
//	8  n
//	1  1 if it is gone
//	8  tx
//	8  at: microseconds since 1970-01-01T00:00:00Z
//	2  length of tab, then tab
//	2  length of id, then id
//	2  length of cols, then cols
func (t Trace) Bytes() []byte {
	b := make([]byte, 0, 32+len(t.Tab)+len(t.ID)+len(t.Cols))
	b = binary.BigEndian.AppendUint64(b, uint64(t.N))
	gone := byte(0)
	if t.Gone {
		gone = 1
	}
	b = append(b, gone)
	b = binary.BigEndian.AppendUint64(b, uint64(t.Tx))
	b = binary.BigEndian.AppendUint64(b, uint64(t.At.UnixMicro()))
	b = appendText(b, t.Tab)
	b = appendText(b, t.ID)
	return appendText(b, string(t.Cols))
}

// RowsDigest is Row.Rows of an act with these traces, which come in the order of N.
func RowsDigest(traces []Trace) []byte {
	if len(traces) == 0 {
		return make([]byte, sha256.Size)
	}
	sum := sha256.New()
	for _, t := range traces {
		sum.Write(t.Bytes())
	}
	return sum.Sum(nil)
}
