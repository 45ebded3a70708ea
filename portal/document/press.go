package document

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"zharia/portal/policy"
	"zharia/portal/words"
)

// Press prints documents: the words of both languages and the address that the
// code on a document leads to.
type Press struct {
	Words  *words.Book
	Origin string // https://…, without a slash
}

// VerifyURL is where anybody can check a document.
func (p Press) VerifyURL(language string, id uuid.UUID) string {
	return p.Origin + "/" + language + "/verify/" + id.String()
}

// NonceSize is the length of a nonce, in bytes.
const NonceSize = 16

// New begins a document of the asker's: its number and its nonce are drawn here
// and kept with it, so that the paper can be printed again byte by byte.
func New(ask policy.Ask, casefile uuid.UUID, kind Kind, language string) (Document, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Document{}, err
	}
	nonce := make([]byte, NonceSize)
	rand.Read(nonce) // never fails: the program stops where there is no randomness
	return Document{ID: id, Casefile: casefile, Kind: kind, Language: language, Author: ask.Person, Nonce: nonce, MadeAt: ask.At}, nil
}

// Sheet begins the paper of a document: language, purpose, title and what
// stands at the foot of all our papers. kind names the words: paper.KIND.title.
func (p Press) Sheet(d Document, kind string) Sheet {
	w := p.Words.In(d.Language)
	s := Sheet{
		Language: d.Language, ID: d.ID.String(), Purpose: purpose(kind), Made: d.MadeAt.UTC().Truncate(time.Second),
		Title: w.T("paper." + kind + ".title"),
		Note:  w.T("paper.note"), VerifyURL: p.VerifyURL(d.Language, d.ID), VerifyText: w.T("paper.verify"), PageText: w.T("paper.page"),
	}
	if subtitle := "paper." + kind + ".subtitle"; w.Has(subtitle) {
		s.Subtitle = w.T(subtitle)
	}
	return s
}

// purpose is how the paper of a kind names what a signature on it is for.
func purpose(kind string) string { return "zharia/" + kind + "/1" }

// Paper prints a sheet that will be signed. Its first page carries the statement:
// for what, where, which draft, of which case, in what language, which text, when,
// and the nonce. What is signed are exactly these bytes; they are kept, and no
// content ever comes back from the browser (security/THREATS S07, S31). number is
// that of the case in the register.
func (p Press) Paper(s Sheet, d Document, number string) ([]byte, error) {
	w := p.Words.In(d.Language)
	kind, _, _ := strings.Cut(strings.TrimPrefix(s.Purpose, "zharia/"), "/")
	s.Statement = Statement{Heading: w.T("paper.statement"), Rows: []Fact{
		{w.T("paper.statement.purpose"), w.T("paper.purpose." + kind)},
		{w.T("paper.statement.origin"), p.Origin},
		{w.T("paper.statement.language"), w.T("paper.language")},
		{w.T("paper.statement.draft"), s.ID},
		{w.T("paper.statement.made"), w.Second(s.Made)},
		{w.T("paper.statement.digest"), w.Hex(TextDigest(s))},
		{w.T("paper.statement.nonce"), hex.EncodeToString(d.Nonce)},
	}}
	if number != "" { // a paper of the directory of officials is of no case
		s.Statement.Rows = slices.Insert(s.Statement.Rows, 1, Fact{w.T("paper.statement.case"), number})
	}
	if s.States != nil {
		states := *s.States
		states.ID, states.Made, states.Case = d.ID, d.MadeAt.UTC().Truncate(time.Microsecond), d.Casefile
		s.States = &states
	}
	return Print(s)
}

// TextDigest is the SHA-256 of the text of a paper, which the statement names. The
// text is that of the sections, one after another, in UTF-8: the heading on a
// line, each paragraph on a line, then an empty line. Every line ends with a line
// feed; paragraphs of white space alone are left out; letters are composed (Unicode
// NFC) and cleaned as they are for print; any run of white space is one space,
// none stands at the ends of a line. A section without a heading begins with an
// empty line, so no two texts that differ in more than spaces are told alike.
func TextDigest(s Sheet) []byte {
	sum := sha256.Sum256([]byte(canonical(s)))
	return sum[:]
}

// canonical is the text that TextDigest hashes.
func canonical(s Sheet) string {
	var b strings.Builder
	for _, part := range s.Sections {
		b.WriteString(oneLine(part.Heading) + "\n")
		for line := range strings.SplitSeq(clean(part.Text), "\n") {
			if line = oneLine(line); line != "" {
				b.WriteString(line + "\n")
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}
