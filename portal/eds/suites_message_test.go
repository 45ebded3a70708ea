package eds_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"testing"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/cms"
	"zharia/portal/eds/key"
)

// messageCase is a row of the suites of signed messages: the message, and
// where it is detached what was signed.
type messageCase struct {
	ID      string  `json:"id"`
	CMS     string  `json:"cms"`
	Content *string `json:"content"` // hex, or null
	IIN     string  `json:"signer_iin"`
	Signers int     `json:"signers"`
}

// runMessage gives the bare verdict the public suites ask for: every digest,
// every signature, every signer's certificate bound; nobody's trust.
func runMessage(t *testing.T, s *suiteFile, raw json.RawMessage) answered {
	c, content := messageOf(t, raw)
	_, err := bareMessageBy(chain.Profile{Foreign: ellipticSigner}, s.Blobs[c.CMS], content)
	return answerOf(err)
}

// ellipticSigner lets the messages of others be judged by our rules although
// their keys are on a curve we have no table for: ECDSA over SHA-256 alone.
func ellipticSigner(spki []byte, claimed chain.AlgorithmID, message, signature []byte) error {
	parsed, err := x509.ParsePKIXPublicKey(spki)
	key, ok := parsed.(*ecdsa.PublicKey)
	if err != nil || !ok || claimed.OID != "1.2.840.10045.4.3.2" || claimed.Params != nil {
		return &chain.Refused{Reason: chain.Algorithm, Detail: "neither ours nor ECDSA over SHA-256"}
	}
	digest := sha256.Sum256(message)
	if !ecdsa.VerifyASN1(key, digest[:], signature) {
		return &chain.Refused{Reason: chain.SignatureWrong, Detail: "ECDSA"}
	}
	return nil
}

// runNationalMessage asks the same, and that the signers be whom the row
// names.
func runNationalMessage(t *testing.T, s *suiteFile, raw json.RawMessage) answered {
	c, content := messageOf(t, raw)
	m, err := bareMessage(s.Blobs[c.CMS], content)
	if err != nil {
		return answerOf(err)
	}
	if c.Signers != 0 && len(m.Signers) != c.Signers {
		t.Errorf("%s: %d signers", c.ID, len(m.Signers))
	}
	if names := m.Signers[0].Certificate.Name("2.5.4.5"); c.IIN != "" && (len(names) != 1 || names[0] != c.IIN) {
		t.Errorf("%s: signer %q", c.ID, names)
	}
	return answerOf(nil)
}

func messageOf(t *testing.T, raw json.RawMessage) (c messageCase, content []byte) {
	t.Helper()
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	if c.Content == nil {
		return c, nil
	}
	content, err := hex.DecodeString(*c.Content)
	if err != nil {
		t.Fatal(err)
	}
	return c, content
}

// bareMessage reads and verifies as the portal does, without asking whom the
// certificates belong to.
func bareMessage(sig, content []byte) (*cms.SignedData, error) {
	return bareMessageBy(chain.Profile{}, sig, content)
}

func bareMessageBy(p chain.Profile, sig, content []byte) (*cms.SignedData, error) {
	raw, err := cms.Decode(sig, 1<<20)
	if err != nil {
		return nil, err
	}
	m, err := cms.Parse(raw, p)
	if err != nil {
		return nil, err
	}
	switch {
	case m.Attached && content != nil && !bytes.Equal(m.Content, content):
		return nil, &chain.Refused{Reason: cms.ContentDiffers, Detail: "attached"}
	case m.Attached:
		content = m.Content
	case content == nil:
		return nil, &chain.Refused{Reason: cms.NoContent, Detail: "detached"}
	}
	for _, s := range m.Signers {
		if err := s.Verify(content); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// answerOf puts a refusal into the words of the report.
func answerOf(err error) answered {
	if err == nil {
		return answered{got: "accept"}
	}
	var r *chain.Refused
	if errors.As(err, &r) {
		return answered{"reject", r.Reason}
	}
	return answered{"reject", "no reason"}
}

// runContainer opens a key container with its password and asks of every key
// in it that it be its certificate's: what it signs verifies by the portal.
func runContainer(t *testing.T, s *suiteFile, raw json.RawMessage) answered {
	var c struct{ ID, P12, Password string }
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	keys, err := key.ReadPKCS12(s.Blobs[c.P12], c.Password)
	if err != nil {
		return answered{"reject", "container"}
	}
	for _, k := range keys {
		sig, err := k.SignCMS([]byte("a filing"), false, now)
		if err != nil {
			return answered{"reject", "key"}
		}
		if _, err := bareMessage(sig, []byte("a filing")); err != nil {
			return answerOf(err)
		}
	}
	return answered{got: "open"}
}
