// Package receipt makes and checks receipts: what a person takes home after an
// act, so that he can show without us that it was written down. A receipt is a
// small text: the row of the ledger with the SHA-256 of the document, the way from
// that row to the root of the ledger's tree (RFC 6962, 2.1.1), and the root as the
// ledger's auditor signed it (C2SP tlog-checkpoint). It names nobody and holds no
// word of the document.
//
// A receipt is checked offline, by Verify or by the one page that Page makes. Both
// know the key of the ledger from elsewhere: the key inside a receipt only says
// which one it was.
package receipt

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"zharia/portal/ledger"
)

// Receipt is one receipt as it is written.
type Receipt struct {
	Document   uuid.UUID   // under which number the portal shows it; this proves nothing
	Digest     []byte      // SHA-256 of the document, a PDF
	Leaf       []byte      // the row of the ledger, ledger.Leaf
	Index      int64       // place of the leaf in the tree, from 0
	Proof      []tlog.Hash // from the leaf to the root
	Key        string      // the ledger's key, as golang.org/x/mod/sumdb/note writes it
	Stamp      []byte      // time-stamp token of the signature (RFC 3161), if there was one; not proved by the receipt
	Checkpoint []byte      // the signed root
}

// What a receipt may hold, in bytes; a longer one is none.
const (
	MaxSize       = 48 << 10
	maxLeaf       = 1 << 10
	maxKey        = 300
	maxStamp      = 16 << 10
	maxCheckpoint = 10_000 // as ledger.ParseCheckpoint
	maxProof      = 63     // a tree of more than 2^63 leaves there is none
)

const (
	first = "zharia-receipt/1" // the form, and its version
	sumOf = "sum "
)

var b64 = base64.StdEncoding.Strict()

// Text writes the receipt in the one way it can be written: a line for each part,
// then the checkpoint as it was signed, then the SHA-256 of all before. The sum
// finds a file that was damaged on its way; a forger can make another.
func (r Receipt) Text() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\ndocument %s\ndigest %x\nleaf %s\nindex %d\n", first, r.Document, r.Digest, b64.EncodeToString(r.Leaf), r.Index)
	for _, h := range r.Proof {
		fmt.Fprintf(&b, "proof %s\n", h)
	}
	fmt.Fprintf(&b, "key %s\n", r.Key)
	if len(r.Stamp) > 0 {
		fmt.Fprintf(&b, "stamp %s\n", b64.EncodeToString(r.Stamp))
	}
	fmt.Fprintf(&b, "\n%s\n", r.Checkpoint)
	sum := sha256.Sum256(b.Bytes())
	fmt.Fprintf(&b, "%s%x\n", sumOf, sum)
	return b.Bytes()
}

// Is tells whether a file calls itself a receipt; whether it is one, Parse says.
func Is(file []byte) bool { return bytes.HasPrefix(file, []byte("zharia-receipt/")) }

// Parse reads a receipt. Whatever Text would not write again byte by byte is
// refused: a *Refusal, Damaged or Malformed.
func Parse(file []byte) (Receipt, error) {
	if len(file) > MaxSize || !bytes.HasPrefix(file, []byte(first+"\n")) {
		return Receipt{}, refuse(Malformed, "not a receipt of this form")
	}
	body, sum, found := bytes.Cut(file, []byte("\n"+sumOf))
	if !found {
		return Receipt{}, refuse(Malformed, "no sum")
	}
	body = file[:len(body)+1]
	if want := sha256.Sum256(body); string(sum) != hex.EncodeToString(want[:])+"\n" {
		return Receipt{}, refuse(Damaged, "its sum is another")
	}
	lines, checkpoint, found := strings.Cut(string(body), "\n\n")
	if !found {
		return Receipt{}, refuse(Malformed, "no checkpoint")
	}
	p := parts{rest: strings.Split(lines, "\n")[1:]}
	r := Receipt{
		Document: p.uuid("document"), Digest: p.hex("digest"), Leaf: p.base64("leaf", maxLeaf), Index: p.number("index"),
	}
	for p.next("proof") && len(r.Proof) <= maxProof {
		r.Proof = append(r.Proof, p.hash("proof"))
	}
	r.Key = p.text("key", maxKey)
	_, err := note.NewVerifier(r.Key)
	p.bad("key", err)
	if p.next("stamp") {
		r.Stamp = p.base64("stamp", maxStamp)
	}
	r.Checkpoint = []byte(strings.TrimSuffix(checkpoint, "\n"))
	switch {
	case p.err != nil:
		return Receipt{}, p.err
	case len(p.rest) > 0, len(r.Proof) > maxProof, len(r.Checkpoint) > maxCheckpoint, !bytes.Equal(r.Text(), file):
		return Receipt{}, refuse(Malformed, "not written as receipts are")
	}
	return r, nil
}

// parts takes a receipt line by line; the first error stays.
type parts struct {
	rest []string
	err  error
}

// next tells whether the next line is of this name.
func (p *parts) next(name string) bool {
	return p.err == nil && len(p.rest) > 0 && strings.HasPrefix(p.rest[0], name+" ")
}

func (p *parts) text(name string, most int) string {
	if p.err != nil {
		return ""
	}
	if !p.next(name) || len(p.rest[0]) > len(name)+1+most {
		p.err = refuse(Malformed, "no "+name)
		return ""
	}
	value := p.rest[0][len(name)+1:]
	p.rest = p.rest[1:]
	return value
}

func (p *parts) bad(name string, err error) {
	if err != nil && p.err == nil {
		p.err = refuse(Malformed, name+": "+err.Error())
	}
}

func (p *parts) uuid(name string) uuid.UUID {
	id, err := uuid.Parse(p.text(name, 36))
	p.bad(name, err)
	return id
}

func (p *parts) hex(name string) []byte {
	b, err := hex.DecodeString(p.text(name, 2*sha256.Size))
	if err == nil && len(b) != sha256.Size {
		err = errors.New("not 32 bytes")
	}
	p.bad(name, err)
	return b
}

func (p *parts) base64(name string, most int) []byte {
	b, err := b64.DecodeString(p.text(name, b64.EncodedLen(most)))
	if err == nil && len(b) == 0 {
		err = errors.New("empty")
	}
	p.bad(name, err)
	return b
}

func (p *parts) number(name string) int64 {
	n, err := strconv.ParseInt(p.text(name, 19), 10, 64)
	if err == nil && n < 0 {
		err = errors.New("negative")
	}
	p.bad(name, err)
	return n
}

func (p *parts) hash(name string) tlog.Hash {
	h, err := tlog.ParseHash(p.text(name, 44))
	p.bad(name, err)
	return h
}

// Reason is why something is not proved. The page and the program have a sentence
// for each: offline.why.REASON.
type Reason string

// The reasons.
const (
	Malformed     Reason = "malformed"      // it is no receipt of ours
	Damaged       Reason = "damaged"        // something in the file changed on its way
	OtherKey      Reason = "other-key"      // of another ledger than the one that is trusted
	NoCheckpoint  Reason = "no-checkpoint"  // the root is not signed by the ledger's key
	OtherRow      Reason = "other-row"      // the row is of another place or another document, or no row
	NotInside     Reason = "not-inside"     // the row is not in the tree of that root
	OtherDocument Reason = "other-document" // the document that was brought is another one
	Fork          Reason = "fork"           // two signed roots that cannot both be of one ledger
	NotJoined     Reason = "not-joined"     // nothing shows that the two roots are of one ledger
)

// Reasons are all of them.
var Reasons = []Reason{Malformed, Damaged, OtherKey, NoCheckpoint, OtherRow, NotInside, OtherDocument, Fork, NotJoined}

// Refusal is a receipt that proves nothing.
type Refusal struct {
	Reason Reason
	detail string
}

func (r *Refusal) Error() string { return fmt.Sprintf("receipt: %s: %s", r.Reason, r.detail) }

func refuse(why Reason, detail string) *Refusal { return &Refusal{why, detail} }

// Proved is what a receipt proves: that a row of the ledger with the digest of the
// document stands at its place in the tree under a root that the ledger signed.
// So the portal cannot take the row back or change it: whoever holds the root sees it.
type Proved struct {
	Row  ledger.Row
	Root ledger.Checkpoint
}

// Verify checks everything that can be checked of a receipt without asking anybody:
// the root is signed by key, the row leads to the root, and the row is about the
// digest. What does not hold is a *Refusal. The key is trusted, so it must come from
// elsewhere; an error that is no *Refusal says that it is no key.
func (r Receipt) Verify(key string) (Proved, error) {
	if r.Key != key {
		return Proved{}, refuse(OtherKey, "it names the key "+r.Key)
	}
	root, err := Root(r.Checkpoint, key)
	if err != nil {
		return Proved{}, err
	}
	row, err := ledger.ParseLeaf(r.Leaf)
	switch {
	case err != nil:
		return Proved{}, refuse(OtherRow, err.Error())
	case row.Seq-1 != r.Index:
		return Proved{}, refuse(OtherRow, "it stands elsewhere")
	case !bytes.Equal(row.Digest, r.Digest):
		return Proved{}, refuse(OtherRow, "it is about another document")
	case r.Index >= root.Size:
		return Proved{}, refuse(NotInside, "the root is older than the row")
	}
	if err := tlog.CheckRecord(r.Proof, root.Size, root.Root, r.Index, tlog.RecordHash(r.Leaf)); err != nil {
		return Proved{}, refuse(NotInside, err.Error())
	}
	return Proved{row, root}, nil
}

// Root is a root of the ledger that its key signed; NoCheckpoint is a *Refusal.
func Root(checkpoint []byte, key string) (ledger.Checkpoint, error) {
	trusted, err := note.NewVerifier(key)
	if err != nil {
		return ledger.Checkpoint{}, fmt.Errorf("receipt: the key of the ledger: %w", err)
	}
	root, err := ledger.ParseCheckpoint(checkpoint, trusted)
	if err != nil {
		return ledger.Checkpoint{}, refuse(NoCheckpoint, err.Error())
	}
	return root, nil
}

// Holds checks that a document is the one of the receipt, byte by byte: nil, or a
// *Refusal.
func (r Receipt) Holds(document []byte) error {
	if sum := sha256.Sum256(document); !bytes.Equal(sum[:], r.Digest) {
		return refuse(OtherDocument, fmt.Sprintf("its SHA-256 is %x", sum))
	}
	return nil
}

// Joined checks that two roots, each verified before, are of one ledger that only
// grew: roots of one size are equal, and between two sizes the proof of consistency
// leads (RFC 6962, 2.1.2). Fork and NotJoined are *Refusals.
func Joined(older, newer ledger.Checkpoint, proof []tlog.Hash) error {
	if older.Size > newer.Size {
		older, newer = newer, older
	}
	switch {
	case older.Size == newer.Size && older.Root == newer.Root:
		return nil
	case older.Size == newer.Size:
		return refuse(Fork, "two roots of one size")
	case len(proof) == 0:
		return refuse(NotJoined, "there is no proof of consistency")
	}
	if err := tlog.CheckTree(proof, newer.Size, newer.Root, older.Size, older.Root); err != nil {
		return refuse(NotJoined, err.Error())
	}
	return nil
}

// Fingerprint is the short form of a ledger's key for people to compare: the first
// 16 bytes of the SHA-256 of the key as it is written.
func Fingerprint(key string) []byte {
	sum := sha256.Sum256([]byte(key))
	return sum[:16]
}
