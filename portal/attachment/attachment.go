// Package attachment keeps the files that people put beside what they write:
// photographs, scans, recordings. A file comes in pieces and goes on where a cut
// line stopped; it is what its name says, or it is refused with the reason; it is
// examined in a process of its own (worker.go); and what others open of it is a copy
// that can do nothing but be looked at. The original stays sealed as it came.
//
// Who may attach to what is the affair of the one who owns the thing: portal/filing and
// portal/report, by a Draft. Of whoever says nothing of himself only Strip's copy is kept.
package attachment

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"zharia/portal/fault"
	"zharia/portal/vault"
)

// Kind is what sort of file it is, by its content; schema.sql has the same list.
type Kind string

// The kinds.
const (
	PDF  Kind = "pdf"
	JPEG Kind = "jpeg"
	PNG  Kind = "png"
	DOCX Kind = "docx"
	ODT  Kind = "odt"
	MP3  Kind = "mp3"
	M4A  Kind = "m4a"
	AAC  Kind = "aac"
	OGG  Kind = "ogg"
	WAV  Kind = "wav"
	MP4  Kind = "mp4"
	WebM Kind = "webm"
)

// Kinds lists them in the order a page names them.
var Kinds = []Kind{PDF, JPEG, PNG, DOCX, ODT, MP3, M4A, AAC, OGG, WAV, MP4, WebM}

// Bounds, said on the page before a file is chosen.
const (
	MaxFiles  = 20        // of one filing or report
	MaxTotal  = 200 << 20 // bytes of one filing or report
	MaxPaper  = 20 << 20  // bytes of a document or a picture
	MaxSound  = 100 << 20 // bytes of a recording
	MaxDay    = 1 << 30   // bytes of one person in a day
	MaxPixels = 50_000_000
	MaxName   = 120 // characters

	Piece = 256 << 10 // bytes of a piece: all but the last of a file are as long
)

// form is what a kind goes by.
type form struct {
	extensions []string // the first is ours
	mime       string   // what we say it is, whatever it says itself
	max        int64
	heads      []string // what the first bytes may look like
}

var forms = map[Kind]form{
	PDF:  {[]string{"pdf"}, "application/pdf", MaxPaper, []string{"application/pdf"}},
	JPEG: {[]string{"jpg", "jpeg", "jpe"}, "image/jpeg", MaxPaper, []string{"image/jpeg"}},
	PNG:  {[]string{"png"}, "image/png", MaxPaper, []string{"image/png"}},
	DOCX: {[]string{"docx"}, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", MaxPaper,
		[]string{"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "application/zip"}},
	ODT:  {[]string{"odt"}, "application/vnd.oasis.opendocument.text", MaxPaper, []string{"application/vnd.oasis.opendocument.text"}},
	MP3:  {[]string{"mp3"}, "audio/mpeg", MaxSound, []string{"audio/mpeg"}},
	M4A:  {[]string{"m4a", "3ga"}, "audio/mp4", MaxSound, []string{"audio/x-m4a", "audio/mp4", "video/mp4", "video/3gpp"}},
	AAC:  {[]string{"aac"}, "audio/aac", MaxSound, []string{"audio/aac", "audio/x-m4a"}},
	OGG:  {[]string{"ogg", "oga", "opus"}, "audio/ogg", MaxSound, []string{"audio/ogg", "application/ogg"}},
	WAV:  {[]string{"wav"}, "audio/wav", MaxSound, []string{"audio/wav"}},
	MP4:  {[]string{"mp4", "m4v", "mov", "3gp", "3gpp"}, "video/mp4", MaxSound, []string{"video/mp4", "video/x-m4v", "audio/mp4", "video/3gpp", "video/quicktime"}},
	WebM: {[]string{"webm"}, "video/webm", MaxSound, []string{"video/webm"}},
}

// Type is the MIME type we give a kind: of our own list, never of the file's word.
func (k Kind) Type() string { return forms[k].mime }

// End is the end of a name of the kind, with its dot.
func (k Kind) End() string { return "." + forms[k].extensions[0] }

// Picture tells whether the kind is a photograph or a scan that can be put into an
// album.
func (k Kind) Picture() bool { return k == JPEG || k == PNG }

// Accept is what a page tells the browser to offer.
func Accept() string {
	var out []string
	for _, k := range Kinds {
		for _, e := range forms[k].extensions {
			out = append(out, "."+e)
		}
	}
	return strings.Join(out, ",")
}

// kindOf is the kind that the end of a name says.
func kindOf(name string) (Kind, bool) {
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return "", false
	}
	end := strings.ToLower(name[dot+1:])
	for _, k := range Kinds {
		for _, e := range forms[k].extensions {
			if e == end {
				return k, true
			}
		}
	}
	return "", false
}

// State is where a file is; schema.sql has the same list.
type State string

// The states. A file that is not taken leaves no row.
const (
	Receiving   State = "receiving"   // pieces are coming
	Checking    State = "checking"    // all came
	Waiting     State = "waiting"     // the scanner has not seen it yet: nobody but its author opens it
	Clean       State = "clean"       // taken
	Quarantined State = "quarantined" // the scanner found something: nobody opens it
)

// Reason is why a file is not taken.
type Reason string

// The reasons; each has its words, attachments.refused.….
const (
	WrongKind  Reason = "kind"     // not one of the kinds
	BadName    Reason = "name"     // nothing is left of its name
	Empty      Reason = "empty"    // no bytes
	TooLarge   Reason = "large"    // more than its kind may have
	TooMany    Reason = "many"     // more than MaxFiles
	TooHeavy   Reason = "total"    // more than MaxTotal together
	TooMuch    Reason = "day"      // more than MaxDay
	Mismatch   Reason = "mismatch" // not what its name says
	Damaged    Reason = "damaged"  // cannot be read to its end
	Locked     Reason = "locked"   // has a password
	TooDetail  Reason = "pixels"   // more than MaxPixels
	TooLong    Reason = "pages"    // more pages than a PDF may have
	Bomb       Reason = "archive"  // unpacks to far more than it is, or hides something
	Active     Reason = "active"   // has a program in it
	Changed    Reason = "changed"  // not the bytes that were announced
	TooComplex Reason = "complex"  // takes too much time or memory to read
	OutOfOrder Reason = "order"    // a piece that does not follow those that came
	Short      Reason = "short"    // not all of it has come
	NoPictures Reason = "album"    // nothing to make an album of
	NotBare    Reason = "bare"     // its maker cannot be taken out of it
	TooBig     Reason = "bare-big" // more than MaxBare
	TooThick   Reason = "bare-pages"
)

// Reasons lists them.
var Reasons = []Reason{WrongKind, BadName, Empty, TooLarge, TooMany, TooHeavy, TooMuch, Mismatch, Damaged, Locked, TooDetail, TooLong,
	Bomb, Active, Changed, TooComplex, OutOfOrder, Short, NoPictures, NotBare, TooBig, TooThick}

// refuse is the refusal of a file.
func refuse(why Reason) *fault.Fault {
	return fault.New(fault.Invalid, "attachments.refused."+string(why)).At("file")
}

// Beside is the thing that files lie beside: a filing, or a report of an offence with the
// body that they are sealed for.
type Beside struct {
	Filing uuid.UUID
	Report uuid.UUID
	Body   uuid.UUID
}

// thing is its id.
func (b Beside) thing() uuid.UUID {
	if b.Report != uuid.Nil {
		return b.Report
	}
	return b.Filing
}

// Attachment is a file beside a thing somebody writes.
type Attachment struct {
	ID uuid.UUID
	Beside
	Case      uuid.UUID // of the filing
	Author    uuid.UUID
	Order     int
	Name      string // as its author called it, without what could mislead
	Kind      Kind
	Size      int64
	Received  int64
	Digest    []byte // SHA-256; of what was announced, until all has come
	State     State
	Copy      *Copy // what others open; nil: the file as it came
	Disarmed  bool  // the copy lacks something active that the original has
	MadeAt    time.Time
	ScannedAt time.Time // zero: no scanner has seen it
}

// Copy is what others than its author open of a file that cannot be shown as it came.
type Copy struct {
	Kind   Kind
	Size   int64
	Digest []byte
}

// home is whose its texts are.
func (a Attachment) home() vault.Home { return vault.Home{Case: a.Case, Body: a.Body} }

// Taken tells that the file is a part of the thing now.
func (a Attachment) Taken() bool { return a.State != Receiving && a.State != Checking }

// For is the part of a file that a reader is given: the copy for others' eyes, or the
// original where he asks for it. What the scanner has not seen opens to nobody but its
// author, and what it found something in not to him either.
func (a Attachment) For(reader uuid.UUID, original bool) (Part, error) {
	switch {
	case !a.Taken():
		return "", fault.New(fault.Conflict, "fault.attachment-coming")
	case a.State == Quarantined:
		return "", fault.New(fault.Conflict, "fault.attachment-infected")
	case a.State == Waiting && a.Author != reader:
		return "", fault.New(fault.Conflict, "fault.attachment-unscanned")
	case a.Copy != nil && !original:
		return Shown, nil
	}
	return Original, nil
}

// Line is a file as a signed paper names it.
type Line struct {
	Order  int
	Name   string
	Size   int64
	Digest []byte // SHA-256 of the bytes as they came
}

// FileName is the name of a download of a part: what its author called it, with the
// end that we give its kind.
func (a Attachment) FileName(original bool) string {
	kind, suffix := a.Kind, ""
	if !original && a.Copy != nil {
		kind = a.Copy.Kind
		suffix = "-copy"
	}
	base := a.Name
	if dot := strings.LastIndexByte(base, '.'); dot > 0 {
		base = base[:dot]
	}
	return base + suffix + "." + forms[kind].extensions[0]
}

// PlainName is a name for readers that take no letters but Latin ones.
func (a Attachment) PlainName(original bool) string {
	name := a.FileName(original)
	return "attachment-" + strconv.Itoa(a.Order) + name[strings.LastIndexByte(name, '.'):]
}

// begins tells whether a file begins so.
func begins(head []byte, with string) bool { return bytes.HasPrefix(head, []byte(with)) }
