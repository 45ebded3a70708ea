// Package document makes the papers of a case: what a person signs, receipts,
// answers and copies, each a PDF in one language. A Sheet says what is on the
// paper; Print lays it out as an official A4 letter. The same Sheet gives the
// same bytes on every run, because the hash of those bytes is what is signed,
// and the server must be able to print them again (what you see is what you
// sign). CheckUpload looks at the PDFs that come the other way.
//
// No word of any language is in this package: the caller brings them all.
package document

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"codeberg.org/go-pdf/fpdf"

	"zharia/portal/warrant"
)

// Sheet is everything that is printed; the caller has put all words in the
// language of the document. Control and direction characters are taken out,
// letters that no typeface of ours has are printed as a hollow square.
type Sheet struct {
	Language string    // "kk" or "ru"; readers and screen readers are told it
	ID       string    // document id, printed small at the foot; at most 64 characters
	Purpose  string    // e.g. "zharia/petition/1": what is signed names its purpose, at the foot and in the metadata; at most 64
	Made     time.Time // date of creation in the metadata, to the second

	To   []string // addressee, a line each, bold, in the block at the top right
	From []string // author, a line each, under the addressee

	Title    string    // centred, bold; repeated at the head of later pages
	Subtitle string    // centred under it
	Facts    []Fact    // a small table
	Sections []Section // the text itself

	Statement Statement // what is signed and for what, at the foot of the first page

	Closing []string // date and signers; a tab sends the rest of the line to the right edge
	Note    string   // what the reader must know, small, in the panel at the end

	VerifyURL  string // the verification page: QR code in that panel, http or https, at most 200 bytes
	VerifyText string // what the code is for, beside it

	States *warrant.Fact // what the paper gives or takes, for machines; none where it does neither

	PageText string // page number as a format of two numbers, this page and all: "%d / %d" or "%[2]d / %[1]d"
}

// Fact is a row of the table: the number of the case, the decision at issue.
type Fact struct{ Label, Value string }

// Section is a part of the text. A new line of Text begins a paragraph, a blank
// line sets a space before it. Heading may be empty.
type Section struct{ Heading, Text string }

// Statement says what the signature under a paper is for (security/THREATS S07,
// S31). It is typeset, not hidden in the metadata: whoever signs reads it.
type Statement struct {
	Heading string
	Rows    []Fact // set two abreast; one whose value needs the whole line has it
}

const (
	maxRunes = 400_000 // of the whole sheet: about 150 pages
	maxLabel = 64      // purpose and id: they must be readable at the foot, never cut
	maxURL   = 200     // bytes: a QR code of 57 modules, which a telephone still reads from 24 mm
)

// Print lays the sheet out and returns the PDF: A4, fonts embedded as subsets,
// searchable in Kazakh and Russian. It fails only on a sheet that should never
// have been made: an unknown language, no purpose, no date, a bad address, a
// page format that is not two numbers, or a text of more than 400,000 characters.
func Print(s Sheet) ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	pages, err := compose(s.clean())
	if err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	pdf := fpdf.New("P", "pt", "A4", "")
	describe(pdf, s)
	draw(pdf, pages)
	var out bytes.Buffer
	if err := pdf.Output(&out); err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	printed, err := identify(out.Bytes())
	if err != nil || s.States == nil {
		return printed, err
	}
	if printed, err = warrant.Put(printed, *s.States); err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	return printed, nil
}

// describe sets the metadata. Everything that would otherwise come from the
// clock, the library's version or the order of a map is set here, so that the
// bytes depend on the sheet alone.
func describe(pdf *fpdf.Fpdf, s Sheet) {
	made := s.Made.UTC()
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(made)
	pdf.SetModificationDate(made)
	pdf.SetProducer("zharia", false)
	pdf.SetLang(s.Language)
	pdf.SetTitle(oneLine(s.Title), true)
	pdf.SetSubject(s.Purpose, true)
	pdf.SetKeywords(strings.TrimSpace(s.Purpose+" "+s.ID), true)
}

// identify puts the file identifier into the trailer, which the library leaves
// out (ISO 32000-1, 14.4). It is taken from the content, so it is stable too.
func identify(pdf []byte) ([]byte, error) {
	head := []byte("trailer\n<<\n")
	at := bytes.LastIndex(pdf, head)
	if at < 0 {
		return nil, errors.New("document: no trailer")
	}
	at += len(head)
	sum := sha256.Sum256(pdf)
	id := fmt.Sprintf("/ID [<%x> <%x>]\n", sum[:16], sum[:16])
	return bytes.Join([][]byte{pdf[:at], []byte(id), pdf[at:]}, nil), nil
}

func (s Sheet) check() error {
	switch {
	case s.Language != "kk" && s.Language != "ru":
		return fmt.Errorf("unknown language %q", s.Language)
	case s.Made.IsZero():
		return errors.New("no date of creation")
	case oneLine(s.Title) == "":
		return errors.New("no title")
	case !label(s.Purpose) || s.Purpose == "":
		return fmt.Errorf("bad purpose %q", s.Purpose)
	case !label(s.ID):
		return fmt.Errorf("bad id %q", s.ID)
	case strings.Contains(fmt.Sprintf(s.PageText, 1, 2), "%!"):
		return fmt.Errorf("bad page format %q", s.PageText)
	case s.size() > maxRunes:
		return fmt.Errorf("the text is longer than %d characters", maxRunes)
	}
	return checkURL(s.VerifyURL)
}

// label says whether a machine-readable name is short and plain enough to be
// printed whole.
func label(s string) bool { return len(s) <= maxLabel && visible(s) }

// visible says whether s is visible ASCII, which reads the same on paper, in the
// metadata and aloud.
func visible(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f }) < 0
}

// checkURL lets only web addresses into the code: whoever reads a paper of the
// state must not be led to anything else.
func checkURL(address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || len(address) > maxURL || !visible(address) || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("bad verification address %.64q", address)
	}
	return nil
}

// size counts the characters of the whole sheet.
func (s Sheet) size() int {
	n := 0
	s.each(func(text string) string { n += utf8.RuneCountInString(text); return text })
	return n
}

// clean returns the sheet with every text fit for print.
func (s Sheet) clean() Sheet { return s.each(clean) }

// each returns a copy of the sheet with do applied to every readable text.
func (s Sheet) each(do func(string) string) Sheet {
	lines := func(from []string) []string {
		to := make([]string, len(from))
		for i, line := range from {
			to[i] = do(line)
		}
		return to
	}
	s.To, s.From, s.Closing = lines(s.To), lines(s.From), lines(s.Closing)
	s.Title, s.Subtitle = do(s.Title), do(s.Subtitle)
	s.Note, s.VerifyText, s.PageText = do(s.Note), do(s.VerifyText), do(s.PageText)
	facts := make([]Fact, len(s.Facts))
	for i, f := range s.Facts {
		facts[i] = Fact{do(f.Label), do(f.Value)}
	}
	sections := make([]Section, len(s.Sections))
	for i, part := range s.Sections {
		sections[i] = Section{do(part.Heading), do(part.Text)}
	}
	rows := make([]Fact, len(s.Statement.Rows))
	for i, f := range s.Statement.Rows {
		rows[i] = Fact{do(f.Label), do(f.Value)}
	}
	s.Facts, s.Sections = facts, sections
	s.Statement = Statement{do(s.Statement.Heading), rows}
	return s
}
