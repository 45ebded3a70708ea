// Package egov is how the state's phone applications, eGov Mobile and eGov
// Business, sign for a site: the side of the site, without the portal. The phone
// reads an address from a QR or a link, asks there what is to be signed
// (Invitation), fetches it (Package) and puts the signatures back (Package.Read).
//
// The protocol is the one published by the operator of the state services as
// "API No. 1" and "API No. 2". Where sources differ (the body that answers a
// PUT) a setting decides. Whose signature it is, portal/eds says.
package egov

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"zharia/portal/eds"
)

// Auth is how the phone shows that it may fetch what is to be signed.
type Auth string

// The ways the applications know.
const (
	NoAuth    Auth = "None"  // the address is the only secret
	TokenAuth Auth = "Token" // a bearer token from API 1
	EdsAuth   Auth = "Eds"   // a signed XML: only the owner of a key sees the document
)

// Method is what the phone makes of a document.
type Method string

// The methods. MixSign says that each document names its own.
const (
	CMSWithData Method = "CMS_WITH_DATA" // the signature holds the document
	CMSSignOnly Method = "CMS_SIGN_ONLY" // the signature alone
	XML         Method = "XML"           // the document is XML and is signed as such
	MixSign     Method = "MIX_SIGN"
)

// Reply is the body that answers an accepted signature. Applications of
// different years were seen with each of these.
type Reply string

// The replies that were seen in the field.
const (
	ReplyJSON Reply = "json" // {"code":"200","message":"success"}
	ReplyText Reply = "text" // success
	ReplyList Reply = "list" // []
)

// Body is the reply with its media type.
func (r Reply) Body() (kind string, body []byte) {
	switch r {
	case ReplyText:
		return "text/plain; charset=utf-8", []byte("success")
	case ReplyList:
		return "application/json", []byte("[]")
	}
	return "application/json", []byte(`{"code":"200","message":"success"}`)
}

// Settings are what the operator of the site decides.
type Settings struct {
	BIN   string // of the organisation that is registered with the operator; "" in the demonstration
	Reply Reply  // "" is ReplyJSON
	Auth  Auth   // for documents; "" is TokenAuth
}

// Check refuses a setting that no application would understand.
func (s Settings) Check() error {
	switch s.Reply {
	case "", ReplyJSON, ReplyText, ReplyList:
	default:
		return fmt.Errorf("egov: reply %q: json, text or list is expected", s.Reply)
	}
	switch s.Auth {
	case "", NoAuth, TokenAuth, EdsAuth:
	default:
		return fmt.Errorf("egov: auth %q: None, Token or Eds is expected", s.Auth)
	}
	for _, r := range s.BIN {
		if r < '0' || r > '9' {
			return fmt.Errorf("egov: the BIN %q is not twelve digits", s.BIN)
		}
	}
	if s.BIN != "" && len(s.BIN) != 12 {
		return fmt.Errorf("egov: the BIN %q is not twelve digits", s.BIN)
	}
	return nil
}

// Names are one name in the languages of the applications.
type Names struct {
	RU string `json:"nameRu"`
	KK string `json:"nameKz"`
	EN string `json:"nameEn"`
}

// Invitation is the answer of API 1: who asks, for what, until when, and where
// the documents are.
type Invitation struct {
	Description  string       `json:"description"`
	Expires      Moment       `json:"expiry_date"`
	Organisation Organisation `json:"organisation"`
	Document     Place        `json:"document"`
}

// Organisation is who asks for the signature.
type Organisation struct {
	Names
	BIN string `json:"bin"`
}

// Place is where the documents are and how the phone shows that it may have them.
type Place struct {
	URI   string `json:"uri"`
	Auth  Auth   `json:"auth_type"`
	Token string `json:"auth_token"` // "" unless Auth is TokenAuth; the field is always there
}

// Moment is a time as the applications read it: with milliseconds and an offset.
type Moment time.Time

const momentForm = "2006-01-02T15:04:05.000-07:00"

// MarshalJSON writes the moment in its own zone.
func (m Moment) MarshalJSON() ([]byte, error) {
	return json.Marshal(time.Time(m).Format(momentForm))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (m *Moment) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return err
	}
	t, err := time.Parse(momentForm, text)
	*m = Moment(t)
	return err
}

// Package is what is to be signed, in one go.
type Package []Document

// Document is one thing to sign.
type Document struct {
	ID      int // ours; it comes back with the signature
	Names   Names
	Meta    []Meta // shown beside the document
	Method  Method // CMSWithData, CMSSignOnly or XML
	Type    string // application/pdf, text/plain; the phone shows no other
	Content []byte // for XML in canonical form
}

// Meta is a line of the small table the phone shows.
type Meta struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// sheet is the JSON of API 2, both ways.
type sheet struct {
	SignMethod Method `json:"signMethod"`
	Version    int    `json:"version"`
	Status     string `json:"status,omitempty"`
	Documents  []leaf `json:"documentsToSign"`
}

type leaf struct {
	ID         *int   `json:"id"`
	SignMethod Method `json:"signMethod,omitempty"` // of a mixed package only
	Names
	Meta     []Meta  `json:"meta,omitempty"`
	XML      *string `json:"documentXml,omitempty"`
	Document *paper  `json:"document,omitempty"`
}

type paper struct {
	File file `json:"file"`
}

type file struct {
	Mime string `json:"mime"`
	Data string `json:"data"`
}

// MarshalJSON is the answer of API 2. One method for all documents stands at the
// top, several make a mixed package.
func (p Package) MarshalJSON() ([]byte, error) {
	s := sheet{SignMethod: p.method(), Version: 1}
	for _, d := range p {
		l := leaf{ID: &d.ID, Names: d.Names, Meta: d.Meta}
		if s.SignMethod == MixSign {
			l.SignMethod = d.Method
		}
		if d.Method == XML {
			text := string(d.Content)
			l.XML = &text
		} else {
			l.Document = &paper{file{mime(d.Type), base64.StdEncoding.EncodeToString(d.Content)}}
		}
		s.Documents = append(s.Documents, l)
	}
	return json.Marshal(s)
}

// mime is how the applications name a type: the older ones show a PDF only under
// a name of their own, and the newer know it too.
func mime(kind string) string {
	if kind == "application/pdf" {
		return "@file/pdf"
	}
	return kind
}

func (p Package) method() Method {
	if len(p) == 0 {
		return CMSSignOnly
	}
	for _, d := range p[1:] {
		if d.Method != p[0].Method {
			return MixSign
		}
	}
	return p[0].Method
}

// Bounds of what a phone sends: a whole answer, and what surrounds each document.
const (
	MaxAnswer = 48 << 20
	around    = 64 << 10
)

// Limit is how many bytes the answer to this package may have: a signature for
// each document, the document too where the method puts it inside, and names.
func (p Package) Limit() int64 {
	limit := int64(around)
	for _, d := range p {
		size := int64(eds.MaxSignature)
		if d.Method != CMSSignOnly {
			size += int64(len(d.Content))
		}
		limit += size*3/2 + around // base64 with line ends is less than 3/2
	}
	return min(limit, MaxAnswer)
}

// Bearer is the token of a request, "" where there is none.
func Bearer(r *http.Request) string {
	const scheme = "Bearer "
	head := r.Header.Get("Authorization")
	if len(head) > len(scheme) && head[:len(scheme)] == scheme {
		return head[len(scheme):]
	}
	return ""
}

// Language is the language of a message to the phone: ru where it asks for
// Russian first, else kk.
func Language(r *http.Request) string {
	head := r.Header.Get("Accept-Language")
	if len(head) >= 2 && (head[:2] == "ru" || head[:2] == "RU") {
		return "ru"
	}
	return "kk"
}
