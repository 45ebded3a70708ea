package egov

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ErrCancelled says that the person pressed Cancel on the phone.
var ErrCancelled = errors.New("egov: the person cancelled")

// ErrUnreadable is every answer that is not one to this package.
var ErrUnreadable = errors.New("egov: no answer to what was asked")

func unreadable(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrUnreadable}, args...)...)
}

// Read reads what the phone put back: the signed value of each document, in the
// order of the package, a CMS as it came out of its base64 or a signed XML. Every
// document is answered once, under its own id and by its own method, and nothing
// besides; fields that applications add are read over. Errors are ErrCancelled,
// ErrUnreadable, or the reader's.
func (p Package) Read(from io.Reader) ([][]byte, error) {
	body, err := io.ReadAll(from)
	if err != nil {
		return nil, err
	}
	var s sheet
	if err := json.Unmarshal(body, &s); err != nil {
		return nil, unreadable("%s", kindOf(err))
	}
	switch s.Status {
	case "":
	case "CANCELED", "CANCELLED":
		return nil, ErrCancelled
	default:
		return nil, unreadable("a status that is not known")
	}
	switch {
	case s.Version != 0 && s.Version != 1:
		return nil, unreadable("version %d", s.Version)
	case s.SignMethod != p.method() && s.SignMethod != "":
		return nil, unreadable("another method than was asked")
	case len(s.Documents) != len(p):
		return nil, unreadable("%d documents, %d were asked", len(s.Documents), len(p))
	}
	out := make([][]byte, len(p))
	for _, l := range s.Documents {
		i := p.place(l)
		if i < 0 || out[i] != nil {
			return nil, unreadable("a document that was not asked, or one twice")
		}
		if out[i], err = p[i].value(l); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// kindOf says what a JSON error is without quoting what was sent.
func kindOf(err error) string {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Sprintf("no JSON at byte %d", syntax.Offset)
	}
	return "JSON of another form"
}

func (p Package) place(l leaf) int {
	for i, d := range p {
		if l.ID != nil && *l.ID == d.ID {
			return i
		}
	}
	return -1
}

// value is the signed value of a document.
func (d Document) value(l leaf) ([]byte, error) {
	if l.SignMethod != "" && l.SignMethod != d.Method {
		return nil, unreadable("document %d by another method", d.ID)
	}
	if d.Method == XML {
		if l.XML == nil || *l.XML == "" || l.Document != nil {
			return nil, unreadable("document %d is no XML", d.ID)
		}
		return []byte(*l.XML), nil
	}
	if l.XML != nil || l.Document == nil || l.Document.File.Data == "" {
		return nil, unreadable("document %d bears no signature", d.ID)
	}
	// Line ends are all that the alphabet is broken by: some phones wrap.
	value, err := base64.StdEncoding.Strict().DecodeString(l.Document.File.Data)
	if err != nil {
		return nil, unreadable("document %d is no base64", d.ID)
	}
	return value, nil
}
