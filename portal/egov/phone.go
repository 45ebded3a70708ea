package egov

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Phone is the application's side of the protocol, for the demonstration and for
// tests: it does over HTTP what eGov Mobile does, and checks that the site speaks
// as eGov Mobile expects.
type Phone struct {
	Client   *http.Client
	Language string // kk or ru, as the phone is set
	SignCMS  func(content []byte, attached bool) ([]byte, error)
	SignXML  func(document string) (string, error) // for EdsAuth and XML; nil where it never comes to that
	Clock    func() time.Time
}

// Refused is a refusal by the site with the message the phone would show.
type Refused struct {
	Status  int
	Message string
}

func (r *Refused) Error() string {
	return fmt.Sprintf("egov: refused with %d: %s", r.Status, r.Message)
}

// Fetched is what a phone has fetched and its owner looks at.
type Fetched struct {
	Invitation Invitation
	Package    Package
	raw        sheet
}

// Scan is reading the QR (its whole text) and fetching what is to be signed.
func (p *Phone) Scan(ctx context.Context, code string) (Fetched, error) {
	var f Fetched
	api1, ok := strings.CutPrefix(code, "mobileSign:")
	if !ok {
		return f, fmt.Errorf("egov: the code %.20q is of no signature", code)
	}
	if err := p.do(ctx, http.MethodGet, api1, "", nil, &f.Invitation); err != nil {
		return f, err
	}
	place, method, body := f.Invitation.Document, http.MethodGet, any(nil)
	if place.Auth == EdsAuth {
		at := p.Clock().Format(momentForm)
		signed, err := p.SignXML("<login><url>" + place.URI + "</url><timeStamp>" + at + "</timeStamp></login>")
		if err != nil {
			return f, err
		}
		method, body = http.MethodPost, map[string]string{"xml": signed}
	}
	if err := p.do(ctx, method, place.URI, place.Token, body, &f.raw); err != nil {
		return f, err
	}
	for _, l := range f.raw.Documents {
		d := Document{Names: l.Names, Meta: l.Meta, Method: f.raw.SignMethod}
		if l.ID == nil {
			return f, fmt.Errorf("egov: a document without an id")
		}
		if d.ID = *l.ID; d.Method == MixSign {
			d.Method = l.SignMethod
		}
		switch {
		case d.Method == XML && l.XML != nil:
			d.Content = []byte(*l.XML)
		case d.Method != XML && l.Document != nil:
			var err error
			if d.Content, err = base64.StdEncoding.DecodeString(l.Document.File.Data); err != nil {
				return f, err
			}
			d.Type = l.Document.File.Mime
		default:
			return f, fmt.Errorf("egov: document %d has nothing to sign", d.ID)
		}
		f.Package = append(f.Package, d)
	}
	return f, nil
}

// Sign signs what was fetched and puts the signatures back.
func (p *Phone) Sign(ctx context.Context, f Fetched) error {
	for i, d := range f.Package {
		l := &f.raw.Documents[i]
		if d.Method == XML {
			signed, err := p.SignXML(string(d.Content))
			if err != nil {
				return err
			}
			l.XML = &signed
			continue
		}
		cms, err := p.SignCMS(d.Content, d.Method == CMSWithData)
		if err != nil {
			return err
		}
		l.Document = &paper{file{d.Type, base64.StdEncoding.EncodeToString(cms)}}
	}
	return p.do(ctx, http.MethodPut, f.Invitation.Document.URI, f.Invitation.Document.Token, f.raw, nil)
}

// Cancel is the person's refusal to sign.
func (p *Phone) Cancel(ctx context.Context, f Fetched) error {
	return p.do(ctx, http.MethodPut, f.Invitation.Document.URI, f.Invitation.Document.Token, map[string]any{"version": 1, "status": "CANCELED"}, nil)
}

func (p *Phone) do(ctx context.Context, method, to, token string, body, into any) error {
	var sent io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		sent = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, to, sent)
	if err != nil {
		return err
	}
	r.Header.Set("Accept-Language", p.Language)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := p.Client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, MaxAnswer))
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		var said struct {
			Message string `json:"message"`
		}
		json.Unmarshal(answer, &said) // what is no JSON has no message for the person
		return &Refused{res.StatusCode, said.Message}
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}
