package agent

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
)

// The older module, kz.gov.pki.knca.commonUtils. Its arguments stand in a row
// without names, its answers are {code, responseObject, message}; code is 200 or
// 500, and cancelling is 500 with a message of its own.

const (
	methodPlain   = "createCAdESFromBase64"        // never time-stamped
	methodStamped = "createCMSSignatureFromBase64" // always time-stamped
	methodTokens  = "getActiveTokens"

	legacyCancelled = "action.canceled"
)

type legacy struct {
	Code           string `json:"code"`
	ResponseObject any    `json:"responseObject,omitempty"`
	Message        string `json:"message,omitempty"`
}

// usagesLegacy is what the word for the kind of key, the second argument, asks of
// a certificate. Any other word asks nothing.
var usagesLegacy = map[string][]string{
	"SIGNATURE":      {"1.3.6.1.5.5.7.3.4"}, // e-mail protection
	"AUTHENTICATION": {"1.3.6.1.5.5.7.3.2"}, // client authentication
}

// common answers the older module. There are no cards here to list, and its other
// methods have nothing to do with signing bytes.
func (a *Agent) common(ctx context.Context, origin string, c call) any {
	switch c.Method {
	case methodTokens:
		return legacy{Code: "200", ResponseObject: []string{}}
	case methodPlain, methodStamped:
	default:
		return legacy{Code: "500", Message: "this agent signs with the module " + moduleBasics + " only"}
	}
	s, err := readLegacy(c)
	if err == nil {
		var signature string
		if signature, err = a.signLegacy(ctx, origin, s); err == nil {
			return legacy{Code: "200", ResponseObject: signature}
		}
	}
	if errors.Is(err, errCancelled) {
		a.log(origin, "cancelled")
		return legacy{Code: "500", Message: legacyCancelled}
	}
	if ctx.Err() != nil {
		return nil // the page has left
	}
	return legacy{Code: "500", Message: a.say(s.locale(), a.because(origin, err).word)}
}

// readLegacy makes of the row (storage, kind of key, base64, attached) the signing
// it stands for. The signing it returns has at least a locale.
func readLegacy(c call) (*signing, error) {
	s := new(signing)
	var storage, kind, data string
	var attached bool
	row := []any{&storage, &kind, &data, &attached}
	if err := json.Unmarshal(c.Args, &row); err != nil || len(row) != 4 {
		return s, wrongParams("args: a storage, a kind of key, base64 and whether it is attached")
	}
	if storage != "PKCS12" {
		return s, refusal{"INVOCATION_ERROR", wordNoKey, "storage: this agent has PKCS12 only"}
	}
	s.Data = texts{data}
	s.SigningParams.Decode, s.SigningParams.Encapsulate = true, &attached
	if c.Method == methodStamped {
		s.SigningParams.TSAProfile = json.RawMessage(`{}`)
	}
	s.SignerParams.ExtKeyUsageOids = usagesLegacy[kind]
	s.SignerParams.Chain = []string{} // the older module asked nobody who issued the key
	var err error
	s.contents, err = s.decode()
	return s, err
}

// signLegacy gives the signature as the older module does: bare base64.
func (a *Agent) signLegacy(ctx context.Context, origin string, s *signing) (string, error) {
	result, err := a.sign(ctx, origin, s)
	if err != nil {
		return "", err
	}
	text := ""
	switch result := result.(type) {
	case []string:
		text = result[0]
	case string:
		text = result
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return "", errors.New("the signature is not PEM")
	}
	return base64.StdEncoding.EncodeToString(block.Bytes), nil
}
