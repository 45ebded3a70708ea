package agent

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"zharia/portal/eds/key"
)

// maxItems is how many documents one request may hold.
const maxItems = 100

// errCancelled says that the person pressed Cancel.
var errCancelled = errors.New("the person cancelled")

// refusal is why the agent does not sign: a code of NCALayer, the key of a
// sentence for the person, and details for whoever reads the log.
type refusal struct{ code, word, details string }

func (r refusal) Error() string { return r.code + ": " + r.details }

func wrongParams(details string) error {
	return refusal{"INVALID_SIGNING_PARAMS", wordParams, details}
}

// signing is the argument of basics.sign. Fields NCALayer knows and this agent
// has no use for (logo, allowExpired) are read over.
type signing struct {
	AllowedStorages []string `json:"allowedStorages"`
	Format          string   `json:"format"`
	Data            texts    `json:"data"`
	SigningParams   struct {
		Decode      bool  `json:"decode"`
		Encapsulate *bool `json:"encapsulate"` // absent means true: attached
		Digested    bool  `json:"digested"`
		OutputCert  bool  `json:"outputCert"`

		// Anything but null asks for a time-stamp; which authority, the agent knows.
		TSAProfile json.RawMessage `json:"tsaProfile"`
	} `json:"signingParams"`
	SignerParams struct {
		ExtKeyUsageOids []string `json:"extKeyUsageOids"`
		IIN             string   `json:"iin"`
		BIN             string   `json:"bin"`
		SerialNumber    string   `json:"serialNumber"` // hexadecimal
		Chain           []string `json:"chain"`        // null: trusted authorities; empty: any; else these
	} `json:"signerParams"`
	Locale string `json:"locale"`

	contents [][]byte // Data, decoded
	chain    [][]byte // SignerParams.Chain, decoded
}

// texts is a string or an array of strings.
type texts []string

func (t *texts) UnmarshalJSON(text []byte) error {
	if bytes.HasPrefix(text, []byte(`"`)) {
		*t = make(texts, 1)
		return json.Unmarshal(text, &(*t)[0])
	}
	return json.Unmarshal(text, (*[]string)(t))
}

func (s *signing) attached() bool {
	return s.SigningParams.Encapsulate == nil || *s.SigningParams.Encapsulate
}

func (s *signing) stamped() bool {
	profile := s.SigningParams.TSAProfile
	return len(profile) > 0 && string(profile) != "null"
}

func (s *signing) locale() string {
	switch s.Locale {
	case "ru", "en":
		return s.Locale
	default:
		return "kk"
	}
}

// readSigning reads the argument and checks what can be checked before a person
// is asked anything. The signing it returns has at least a locale.
func readSigning(args []byte) (*signing, error) {
	s := new(signing)
	if err := json.Unmarshal(args, s); err != nil {
		return s, wrongParams("args: " + err.Error())
	}
	switch {
	case s.Format != "cms":
		return s, refusal{"INVALID_SIGNING_PARAMS", wordFormat, "format " + clip(s.Format, 20) + ": this agent makes cms only"}
	case s.SigningParams.Digested:
		return s, refusal{"INVALID_SIGNING_PARAMS", wordDigested, "digested: this agent signs data, not digests it has not seen"}
	case s.SignerParams.ExtKeyUsageOids == nil:
		return s, wrongParams("signerParams.extKeyUsageOids is required")
	case s.AllowedStorages != nil && !slices.Contains(s.AllowedStorages, "PKCS12"):
		return s, refusal{"INVOCATION_ERROR", wordNoKey, "allowedStorages: this agent has PKCS12 only"}
	case len(s.Data) == 0 || len(s.Data) > maxItems:
		return s, wrongParams("data: one to a hundred items")
	}
	var err error
	if s.chain, err = readChain(s.SignerParams.Chain); err != nil {
		return s, wrongParams("signerParams.chain: " + err.Error())
	}
	s.contents, err = s.decode()
	return s, err
}

func readChain(list []string) ([][]byte, error) {
	var certificates [][]byte
	for _, text := range list {
		der, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, err
		}
		certificates = append(certificates, der)
	}
	return certificates, checkCertificates(certificates)
}

func (s *signing) decode() ([][]byte, error) {
	var contents [][]byte
	for _, item := range s.Data {
		content := []byte(item)
		if s.SigningParams.Decode {
			var err error
			if content, err = base64.StdEncoding.DecodeString(item); err != nil {
				return nil, wrongParams("data: " + err.Error())
			}
		}
		if len(content) == 0 {
			return nil, wrongParams("data: there is nothing to sign")
		}
		contents = append(contents, content)
	}
	return contents, nil
}

// sign has a key chosen and signs. The result has the shape the page asked for.
func (a *Agent) sign(ctx context.Context, origin string, s *signing) (any, error) {
	behaviour := a.behaves()
	if err := a.fail(ctx, behaviour); err != nil {
		return nil, err
	}
	h, err := a.choose(ctx, origin, s)
	if err != nil {
		return nil, err
	}
	signatures, err := a.signAll(ctx, h, s, behaviour == WrongBytes)
	if err != nil {
		return nil, err
	}
	a.log(origin, "signed", "items", len(signatures), "attached", s.attached())
	switch {
	case s.SigningParams.OutputCert:
		return outputCert{signatures, base64.StdEncoding.EncodeToString(h.key.Certificate())}, nil
	case behaviour == PlainResult && len(signatures) == 1:
		return signatures[0], nil
	}
	return signatures, nil
}

// fail is what a behaviour does in place of signing, or before it.
func (a *Agent) fail(ctx context.Context, b Behaviour) error {
	switch b {
	case Cancel:
		return errCancelled
	case Refuse:
		return refusal{"INVOCATION_ERROR", wordRefuse, "the agent was told to refuse"}
	case WrongPassword:
		return refusal{"INVOCATION_ERROR", wordPassword, "the container did not open"}
	case CardLocked:
		return refusal{"INVOCATION_ERROR", wordLocked, "the card takes no more passwords"}
	case Expired:
		return refusal{"SIGNING_FAILURE", wordExpired, "the certificate is past its time"}
	case Slow:
		select {
		case <-time.After(Slowness):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (a *Agent) signAll(ctx context.Context, h *holder, s *signing, wrong bool) ([]string, error) {
	a.mu.Lock()
	now, stamping := a.now, a.stamping
	a.mu.Unlock()
	var signatures []string
	for _, content := range s.contents {
		if wrong {
			content = append([]byte("?"), content...)
		}
		der, err := h.key.SignCMS(content, s.attached(), now())
		if err == nil && stamping != nil && s.stamped() {
			der, err = key.Stamp(ctx, der, stamping)
		}
		if err != nil {
			return nil, err
		}
		signatures = append(signatures, string(key.EncodePEM(der)))
	}
	return signatures, nil
}

// item is one thing to be signed as the window shows it.
type item struct {
	Text   string // the text itself, if it is one and short enough to be read
	Size   int    // bytes
	Digest string // SHA-256
}

// maxShown is how much of a text the window shows; a longer one is shown by its
// size and digest, because half a text is worse than none.
const maxShown = 4000

func (s *signing) items() []item {
	var items []item
	for _, content := range s.contents {
		sum := sha256.Sum256(content)
		i := item{Size: len(content), Digest: hex.EncodeToString(sum[:])}
		if len(content) <= maxShown && readable(string(content)) {
			i.Text = string(content)
		}
		items = append(items, i)
	}
	return items
}

// readable says whether a text shows what it holds: letters, signs and line
// breaks, and none of the invisible characters that turn or hide them.
func readable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.IsPrint(r) && r != '\n' && r != '\r' && r != '\t' && r != '\u00a0'
	})
}
