package eds_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha512" // SHA-384 and SHA-512 of the suites
	"crypto/x509"
	"encoding/json"
	"errors"
	"math/rand"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"zharia/portal/eds"
	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/crl"
)

// pathCase is a row of the suites of paths. Where the path is given, its order
// is the suite's own: PKITS begins with the anchor and BoringSSL ends with it.
type pathCase struct {
	Path                     []string
	Trusted, Untrusted, CRLs []string
	Leaf, Time               string
	CRL                      *bool // false: lists are not asked

	// PKITS
	Policies       []string
	ExplicitPolicy bool `json:"explicit_policy"`
	InhibitAny     bool `json:"inhibit_any"`
	// BoringSSL
	LastCertTrust string `json:"last_cert_trust"`
	KeyPurpose    string `json:"key_purpose"`
	// limbo
	Group          string
	ValidationKind string                        `json:"validation_kind"`
	PeerName       *struct{ Kind, Value string } `json:"peer_name"`
	KU, EKU        []string
	MaxDepth       *int `json:"max_depth"`
}

// pathMoments is the moment of the rows that name none: all their suites say any
// moment near it will do.
var pathMoments = map[string]time.Time{
	"pkits":        time.Date(2020, 6, 1, 12, 0, 0, 0, time.UTC),
	"boring-chain": time.Date(2021, 10, 5, 12, 0, 0, 0, time.UTC),
	"limbo":        time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC),
}

// publicProfile reads the public suites: our rules with their keys.
var publicProfile = chain.Profile{Foreign: verifyForeign, Longest: 12}

// runPath asks for the path with the pool, the reader and the lists of the
// portal. What is left to this file is what the national profile has no
// question for: host names, and sets of policies.
func runPath(t *testing.T, s *suiteFile, raw json.RawMessage) answered {
	var c pathCase
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	c.arrange(s.Suite)
	if err := c.judge(t, s); err != nil {
		var r *chain.Refused
		if !errors.As(err, &r) {
			t.Errorf("not a refusal: %v", err)
			return answered{"reject", "malformed"}
		}
		return answered{"reject", r.Reason}
	}
	return answered{got: "accept"}
}

// arrange brings a given path into the shape of the others.
func (c *pathCase) arrange(suite string) {
	if len(c.Path) == 0 {
		return
	}
	if suite == "pkits" {
		slices.Reverse(c.Path)
		c.LastCertTrust = "TRUSTED_ANCHOR"
	}
	last := len(c.Path) - 1
	c.Leaf, c.Untrusted = c.Path[0], c.Path[1:max(last, 1)]
	// Certificates are trusted as anchors or not at all: a pinned leaf is not
	// a notion of ours.
	if strings.HasPrefix(c.LastCertTrust, "TRUSTED_ANCHOR") {
		c.Trusted = c.Path[last:]
	}
}

func (c *pathCase) at(t *testing.T, suite string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "060102150405Z"} {
		if at, err := time.Parse(layout, c.Time); err == nil {
			return at
		}
	}
	if at, ok := pathMoments[suite]; ok && (c.Time == "" || c.Time == "DEFAULT") {
		return at
	}
	t.Fatalf("%s: moment %q", suite, c.Time)
	return time.Time{}
}

func (c *pathCase) judge(t *testing.T, s *suiteFile) error {
	at := c.at(t, s.Suite)
	leaf, err := publicProfile.Parse(s.Blobs[c.Leaf])
	if err != nil {
		return err
	}
	pool, others, unfit := c.gather(s)
	purpose, err := c.purpose()
	if err != nil {
		return err
	}
	path, err := shuffled(pool, chain.Question{Leaf: leaf, Others: others, At: at, Purpose: purpose})
	if err != nil {
		// Why an authority could not be taken says more than that it is not known.
		if unfit != nil && refusedFor(err) == chain.UnknownAuthority {
			return unfit
		}
		return err
	}
	if len(c.Path) > 0 && len(path) != len(c.Path) {
		return &chain.Refused{Reason: chain.UnknownAuthority, Detail: "another path than the one given"}
	}
	for _, ask := range []func([]*chain.Certificate) error{c.strict, c.host, c.depth, c.policies} {
		if err := ask(path); err != nil {
			return err
		}
	}
	if len(c.CRLs) == 0 || c.CRL != nil && !*c.CRL {
		return nil
	}
	return c.unrevoked(s, path, at)
}

// gather fills the pool and the certificates that came along with what can be
// read, as a verifier does that meets certificates it does not understand.
func (c *pathCase) gather(s *suiteFile) (pool *chain.Pool, others []*chain.Certificate, unfit error) {
	pool = &chain.Pool{Profile: publicProfile}
	for _, id := range c.Trusted {
		if err := pool.AddAnchor(s.Blobs[id]); err != nil {
			unfit = err
		}
	}
	for _, id := range c.Untrusted {
		other, err := publicProfile.Parse(s.Blobs[id])
		if err != nil {
			unfit = err
			continue
		}
		others = append(others, other)
	}
	return pool, others, unfit
}

// shuffled asks sixteen times with the certificates in another order: every
// answer must be the same.
func shuffled(pool *chain.Pool, q chain.Question) ([]*chain.Certificate, error) {
	path, err := pool.Find(q)
	if len(q.Others) < 2 || len(q.Others) > 16 {
		return path, err
	}
	order := rand.New(rand.NewSource(1))
	for range 15 {
		order.Shuffle(len(q.Others), func(i, j int) { q.Others[i], q.Others[j] = q.Others[j], q.Others[i] })
		if _, again := pool.Find(q); (again == nil) != (err == nil) {
			return nil, &chain.Refused{Reason: "order", Detail: "the order of the certificates changes the answer"}
		}
	}
	return path, err
}

// purpose is what the row asks the path for, in our words.
func (c *pathCase) purpose() (string, error) {
	switch c.KeyPurpose + c.ValidationKind {
	case "":
		return "", nil
	case "ANY_EKU":
		return chain.AnyPurpose, nil
	case "SERVER", "SERVER_AUTH", "SERVER_AUTH_STRICT", "SERVER_AUTH_STRICT_LEAF":
		return chain.ServerAuth, nil
	case "CLIENT", "CLIENT_AUTH", "CLIENT_AUTH_STRICT", "CLIENT_AUTH_STRICT_LEAF":
		return chain.ClientAuth, nil
	}
	return "", &chain.Refused{Reason: "purpose", Detail: "nobody here is asked for " + c.KeyPurpose}
}

// servicePurposes are of keys that serve others, signing code among them.
var servicePurposes = []string{chain.TimeStamping, chain.OCSPSigning, "1.3.6.1.5.5.7.3.3"}

// strict is the rule of BoringSSL's strict purposes and of a row that names
// purposes or usages: the certificate must say it, and nothing for services.
func (c *pathCase) strict(path []*chain.Certificate) error {
	no := &chain.Refused{Reason: chain.KeyUsage, Detail: "not strictly for the purpose"}
	leaf := path[0]
	for _, usage := range c.KU {
		if usage != "digitalSignature" || !leaf.Has(chain.DigitalSignature) {
			return no
		}
	}
	wanted := map[string]string{"serverAuth": chain.ServerAuth, "clientAuth": chain.ClientAuth}
	for _, purpose := range c.EKU {
		if !leaf.Meant(wanted[purpose]) {
			return no
		}
	}
	purpose, _ := c.purpose()
	switch c.KeyPurpose {
	case "SERVER_AUTH_STRICT", "CLIENT_AUTH_STRICT":
		for _, a := range path[1 : len(path)-1] {
			if a.HasExtended && !a.Meant(purpose) {
				return no
			}
		}
		fallthrough
	case "SERVER_AUTH_STRICT_LEAF", "CLIENT_AUTH_STRICT_LEAF":
		if !leaf.Meant(purpose) || leaf.CA || slices.ContainsFunc(servicePurposes, leaf.Meant) {
			return no
		}
	}
	return nil
}

// host is the check of the name a server is reached by, to the letter; the
// national profile has no servers. For rows of the web's own rules see browser.
func (c *pathCase) host(path []*chain.Certificate) error {
	if c.PeerName == nil {
		return nil
	}
	leaf, err := x509.ParseCertificate(path[0].Raw)
	if err != nil {
		return &chain.Refused{Reason: "name", Detail: err.Error()}
	}
	names := slices.Clone(leaf.DNSNames)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	want := c.PeerName.Value
	if ip := net.ParseIP(want); ip != nil {
		want = ip.String()
	}
	if !slices.Contains(names, want) {
		return &chain.Refused{Reason: "name", Detail: "another host"}
	}
	if c.Group == "webpki" {
		return browser(path, leaf, names)
	}
	return nil
}

// browser is what the rules of the web ask beyond RFC 5280, for the rows that
// are refused for nothing else: informative for us, so let in sparingly.
func browser(path []*chain.Certificate, leaf *x509.Certificate, names []string) error {
	no := func(detail string) error { return &chain.Refused{Reason: chain.KeyUsage, Detail: detail} }
	if cn := path[0].Name("2.5.4.3"); len(cn) > 0 && !slices.Contains(names, cn[0]) {
		return &chain.Refused{Reason: "name", Detail: "the common name is none of the names"}
	}
	switch purposes := path[0]; {
	case purposes.CA || purposes.ExtendedCritical || !purposes.Meant(chain.ServerAuth) || purposes.Meant(chain.AnyPurpose):
		return no("no server of the web")
	case path[len(path)-1].HasExtended:
		return no("a root with purposes")
	}
	for _, e := range leaf.Extensions {
		if e.Id.String() == "2.5.29.17" && e.Critical {
			return &chain.Refused{Reason: "name", Detail: "critical names beside a subject"}
		}
	}
	for _, c := range path {
		parsed, err := x509.ParseCertificate(c.Raw)
		if err != nil {
			return &chain.Refused{Reason: chain.Malformed, Detail: err.Error()}
		}
		if key, ok := parsed.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen()%8 != 0 {
			return &chain.Refused{Reason: chain.Algorithm, Detail: "modulus of broken octets"}
		}
	}
	return nil
}

func (c *pathCase) depth(path []*chain.Certificate) error {
	between := 0
	for _, a := range path[1 : len(path)-1] {
		if !a.SelfIssued() {
			between++
		}
	}
	if c.MaxDepth != nil && between > *c.MaxDepth {
		return &chain.Refused{Reason: chain.UnknownAuthority, Detail: "longer than the row allows"}
	}
	return nil
}

// nistPolicies are the policies PKITS asks for.
var nistPolicies = map[string]string{
	"anyPolicy": anyPolicy, "NIST-test-policy-1": nistPolicy + "1", "NIST-test-policy-2": nistPolicy + "2",
	"NIST-test-policy-3": nistPolicy + "3", "NIST-test-policy-4": nistPolicy + "4",
	"NIST-test-policy-5": nistPolicy + "5", "NIST-test-policy-6": nistPolicy + "6",
}

const (
	nistPolicy = "2.16.840.1.101.3.2.1.48."
	anyPolicy  = "2.5.29.32.0"
)

// policies asks, where the row does, that one of the policies stand in every
// certificate below the anchor. Certificates that map or limit policies were
// refused when they were read, so there is no tree to keep.
func (c *pathCase) policies(path []*chain.Certificate) error {
	whichever := len(c.Policies) == 0 || slices.Contains(c.Policies, "anyPolicy")
	if whichever && !c.ExplicitPolicy {
		return nil
	}
	var left []string // meaningless while it may be any
	for _, p := range c.Policies {
		left = append(left, nistPolicies[p])
	}
	missing := func(cert *chain.Certificate) func(string) bool {
		return func(p string) bool { return p == anyPolicy || !slices.Contains(cert.Policies, p) }
	}
	for _, cert := range path[:len(path)-1] {
		switch {
		case slices.Contains(cert.Policies, anyPolicy) && !c.InhibitAny:
		case whichever:
			whichever, left = false, slices.DeleteFunc(slices.Clone(cert.Policies), missing(cert))
		default:
			left = slices.DeleteFunc(left, missing(cert))
		}
	}
	if whichever || len(left) > 0 {
		return nil
	}
	return &chain.Refused{Reason: chain.Policy, Detail: "no policy of the row in every certificate"}
}

// unrevoked asks the lists about every certificate below the anchor. A list
// that is stale, of another issuer or of a kind we do not read proves nothing.
func (c *pathCase) unrevoked(s *suiteFile, path []*chain.Certificate, at time.Time) error {
	for i, cert := range path[:len(path)-1] {
		good, revoked := c.listed(s, cert, path[i+1], at)
		if revoked {
			return &chain.Refused{Reason: "revoked", Detail: cert.Serial.String()}
		}
		if !good {
			return &chain.Refused{Reason: "revocation-unknown", Detail: cert.Serial.String()}
		}
	}
	return nil
}

// listed holds every list of the row by this issuer against a certificate. The
// deltas that complete a list decide what it says.
func (c *pathCase) listed(s *suiteFile, cert, issuer *chain.Certificate, at time.Time) (good, revoked bool) {
	var full, deltas []*crl.List
	for _, id := range c.CRLs {
		list, err := crl.Read(bytes.NewReader(s.Blobs[id]), issuer, publicProfile)
		switch {
		case err != nil || list.Number == nil:
		case list.Base != nil:
			deltas = append(deltas, list)
		default:
			full = append(full, list)
		}
	}
	for _, list := range full {
		completed := false
		for _, delta := range deltas {
			if status, _, err := list.Status(cert, issuer, delta, at); err == nil {
				completed = true
				good, revoked = good || status == crl.Good, revoked || status == crl.Revoked
			}
		}
		if status, _, _ := list.Status(cert, issuer, nil, at); !completed {
			good, revoked = good || status == crl.Good, revoked || status == crl.Revoked
		}
	}
	return good, revoked
}

func refusedFor(err error) string {
	if r := (*chain.Refused)(nil); errors.As(err, &r) {
		return r.Reason
	}
	return ""
}

// foreignHashes are the signature algorithms of the public suites beyond our
// table, SHA-2 only: rows that rest on SHA-1 are to be refused.
var foreignHashes = map[string]crypto.Hash{
	"1.2.840.10045.4.3.2": crypto.SHA256,
	"1.2.840.10045.4.3.3": crypto.SHA384,
	"1.2.840.10045.4.3.4": crypto.SHA512,
	"1.3.101.112":         0,
}

// verifyForeign verifies with keys of the public suites: ECDSA on the curves
// of NIST from 256 bits, and Ed25519. (RSA is in our own table.)
func verifyForeign(spki []byte, claimed chain.AlgorithmID, message, signature []byte) error {
	hash, ok := foreignHashes[claimed.OID]
	if !ok || claimed.Params != nil {
		return &chain.Refused{Reason: chain.Algorithm, Detail: claimed.OID}
	}
	key, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return &chain.Refused{Reason: chain.Algorithm, Detail: err.Error()}
	}
	right := false
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		if hash != 0 && key.Curve != elliptic.P224() {
			h := hash.New()
			h.Write(message)
			right = ecdsa.VerifyASN1(key, h.Sum(nil), signature)
		}
	case ed25519.PublicKey:
		right = hash == 0 && ed25519.Verify(key, message, signature)
	}
	if !right {
		return &chain.Refused{Reason: chain.SignatureWrong, Detail: claimed.OID}
	}
	return nil
}

// roleWords says which of our roles the words of the suite of national
// certificates mean.
var roleWords = map[string][]eds.Role{
	"individual":                    {eds.Individual},
	"head":                          {eds.Head},
	"employee":                      {eds.Employee},
	"employee-with-signature-right": {eds.SignRight},
	"legal-other":                   {eds.Member, eds.System, eds.Treasury, eds.FinanceRight, eds.Personnel},
}

// nationalMoment is when the suite's verdicts were computed.
var nationalMoment = time.Date(2026, 8, 15, 0, 0, 0, 0, time.UTC)

// runNationalCertificate judges a person's certificate as the portal judges
// one that signed, by the list the row names; role and numbers must be read
// right whatever the verdict.
func runNationalCertificate(t *testing.T, s *suiteFile, raw json.RawMessage) answered {
	var c struct {
		ID, Cert, Issuer, Root, CRL, Role string
		IIN, BIN                          *string
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	v := &eds.Verifier{}
	var untrusted error
	for _, anchor := range []string{c.Root, c.Issuer} {
		if s.Blobs[anchor] != nil {
			untrusted = errors.Join(untrusted, v.AddAuthority(s.Blobs[anchor]))
		}
	}
	who, err := v.Certificate(s.Blobs[c.Cert], s.Blobs[c.CRL], nationalMoment)
	if !slices.Contains(roleWords[c.Role], who.Role) {
		t.Errorf("%s: role %q, got %q", c.ID, c.Role, who.Role)
	}
	if c.IIN == nil && who.IIN != "" || c.IIN != nil && *c.IIN != "IIN"+who.IIN.Reveal() || textOf(c.BIN) != who.BIN {
		t.Errorf("%s: another IIN or BIN", c.ID)
	}
	var r *eds.Refusal
	switch {
	case err == nil && untrusted == nil:
		return answered{got: "accept"}
	case errors.As(err, &r):
		return answered{"reject", string(r.Reason)}
	}
	t.Errorf("%s: %v, %v", c.ID, err, untrusted)
	return answered{got: "reject"}
}

// textOf gives the digits of a BIN that may be absent.
func textOf(bin *string) string {
	if bin == nil {
		return ""
	}
	return strings.TrimPrefix(*bin, "BIN")
}
