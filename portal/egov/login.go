package egov

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"zharia/portal/eds"
)

// MaxLogin is how many bytes a phone may send to show whose it is.
const MaxLogin = 128 << 10

// fresh is how far the time in the XML may lie from ours.
const fresh = 5 * time.Minute

// ErrLogin is every signed XML that does not open the documents.
var ErrLogin = errors.New("egov: the XML does not open the documents")

// Login reads what a phone posts where Auth is EdsAuth, {"xml": "…"}, and answers
// who signed it. The XML is <login><url/><timeStamp/></login> with the address of
// the documents and a time within five minutes of at; it is signed by one person
// with a key of his own. Errors are ErrLogin, an *eds.Refusal, or the reader's.
func Login(ctx context.Context, v *eds.Verifier, from io.Reader, uri string, at time.Time) (eds.Signer, error) {
	body, err := io.ReadAll(from)
	if err != nil {
		return eds.Signer{}, err
	}
	var said struct {
		XML string `json:"xml"`
	}
	if json.Unmarshal(body, &said) != nil || said.XML == "" {
		return eds.Signer{}, ErrLogin
	}
	verdict, err := v.XML(ctx, []byte(said.XML), at)
	if err != nil {
		return eds.Signer{}, err
	}
	if len(verdict.Signers) != 1 || verdict.Signers[0].Signer.Role != eds.Individual {
		return eds.Signer{}, ErrLogin
	}
	// Only what was signed is read: the XML around it is anybody's.
	login, err := readLogin(verdict.Content)
	if err != nil || login.url != uri {
		return eds.Signer{}, ErrLogin
	}
	if apart := at.Sub(login.at).Abs(); apart > fresh {
		return eds.Signer{}, ErrLogin
	}
	return verdict.Signers[0].Signer, nil
}

type login struct {
	url string
	at  time.Time
}

// readLogin takes exactly the two elements, in any order, and nothing else.
func readLogin(content []byte) (login, error) {
	var doc struct {
		XMLName xml.Name
		URL     []string   `xml:"url"`
		Time    []string   `xml:"timeStamp"`
		Other   []struct{} `xml:",any"`
	}
	if err := xml.Unmarshal(content, &doc); err != nil {
		return login{}, err
	}
	if doc.XMLName.Local != "login" || len(doc.URL) != 1 || len(doc.Time) != 1 || len(doc.Other) > 0 {
		return login{}, ErrLogin
	}
	at, err := moment(strings.TrimSpace(doc.Time[0]))
	return login{strings.TrimSpace(doc.URL[0]), at}, err
}

// moment reads the time as applications were seen to write it: with an offset,
// with or without fractions, or in milliseconds since 1970.
func moment(text string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t, nil
	}
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.UnixMilli(ms), nil
	}
	return time.Time{}, ErrLogin
}
