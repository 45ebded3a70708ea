package eds_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"zharia/portal/eds"
	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/cms"
	"zharia/portal/eds/internal/ocsp"
)

// family is what a refusal has to do with, in the words in which suites of others
// can be understood.
type family string

const (
	ofSignature  family = "signature"
	ofTime       family = "time"
	ofRevoked    family = "revoked"
	ofUnknown    family = "unknown-revocation"
	ofAlgorithm  family = "algorithm"
	ofAttribute  family = "attribute"
	ofStructure  family = "structure"
	ofName       family = "name"
	ofPurpose    family = "purpose"
	ofNoneIsTold family = ""
)

// families are those of our reasons. What is not understood counts as structure.
var families = map[string]family{
	chain.SignatureWrong:       ofSignature,
	cms.ContentDiffers:         ofSignature,
	chain.Expired:              ofTime,
	chain.NotYet:               ofTime,
	ocsp.Stale:                 ofTime,
	cms.Timestamp:              ofTime,
	string(eds.ClaimedTime):    ofTime,
	string(eds.Revoked):        ofRevoked,
	string(eds.Held):           ofRevoked,
	string(eds.NotKnown):       ofUnknown,
	string(eds.Unreachable):    ofUnknown,
	ocsp.Nonce:                 ofUnknown,
	chain.Algorithm:            ofAlgorithm,
	cms.Attribute:              ofAttribute,
	chain.Malformed:            ofStructure,
	chain.Extension:            ofStructure,
	cms.NoContent:              ofStructure,
	string(eds.TooLarge):       ofStructure,
	string(eds.SeveralSigners): ofStructure,
	chain.UnknownAuthority:     ofName,
	chain.NameConstraints:      ofName,
	string(eds.NoIIN):          ofName,
	string(eds.Organisation):   ofName,
	string(eds.Machine):        ofName,
	string(eds.NameUnfit):      ofName,
	chain.KeyUsage:             ofPurpose,
	chain.Policy:               ofPurpose,
	ocsp.Responder:             ofPurpose,
}

// told is a row of the table of what suites say: a pattern over the id and the
// why of a case, and the families that would be right.
type told struct {
	suite   string
	pattern *regexp.Regexp
	right   []family
}

func tells(suite, pattern string, right ...family) told {
	return told{suite, regexp.MustCompile(pattern), right}
}

// tellings is searched from the top; of a case that no pattern finds, or whose
// text names several things at once, nothing is expected.
var tellings = []told{
	tells("kz-certs", `revoked:.*expired|expired.*revoked:`, ofRevoked, ofTime),
	tells("kz-certs", `revoked:`, ofRevoked),
	tells("kz-certs", `expired`, ofTime),
	tells("kz-certs", `authentication`, ofPurpose),

	tells("kz-cms", `no_content`, ofStructure),
	tells("kz-cms", `wrong_content|cross`, ofSignature),
	tells("kz-cms", `legacy`, ofAlgorithm, ofStructure), // some come without content, too

	tells("kz-crl", `gost2004`, ofAlgorithm),

	tells("kz-gost-sig", `^key-`, ofAlgorithm, ofStructure),
	tells("kz-gost-sig", `.`, ofSignature),

	tells("boring-crl", `keyusage`, ofPurpose),
	tells("boring-crl", `signature\b`, ofSignature),
	tells("boring-crl", `update_in_|update_too_|_old`, ofTime),
	tells("boring-crl", `^bad_wrong_issuer`, ofName),
	tells("boring-crl", `^bad_fake_critical|indirect`, ofStructure),
	tells("boring-crl", `^bad_`, ofUnknown),
	tells("boring-crl", `^invalid_`, ofStructure),

	tells("boring-ocsp", `signature`, ofSignature),
	tells("boring-ocsp", `ocsp_sign`, ofPurpose, ofSignature),
	tells("boring-ocsp", `future|early|late|old|stale|produced`, ofTime),
	tells("boring-ocsp", `extension|type`, ofStructure),
	tells("boring-ocsp", `.`, ofUnknown),

	tells("cms-", `RFC 4134|not signedData / MD4|TC26`, ofNoneIsTold),
	tells("cms-", `ESS|signed attributes break`, ofAttribute),
	tells("cms-", `disagree`, ofAlgorithm),
	tells("cms-", `not signedData|empty digestAlgorithms`, ofStructure),
}

// expected gives the families that are right for a case, none where its text does
// not tell.
func expected(suite, id string, why json.RawMessage) []family {
	text := id + " " + string(why)
	for _, row := range tellings {
		if strings.HasPrefix(suite, row.suite) && row.pattern.MatchString(text) {
			return slices.DeleteFunc(slices.Clone(row.right), func(f family) bool { return f == ofNoneIsTold })
		}
	}
	return nil
}

// kinship counts the refusals whose reason is of the family that the suite tells.
type kinship struct{ refused, told, right int }

// refusals are the words of suites for what is refused without a doubt about
// whether it is.
var refusals = []string{"reject", "unknown", "unsupported"}

// count adds a case that was refused as it should be.
func (k *kinship) count(t *testing.T, suite, id, expect string, why json.RawMessage, got answered) {
	if expect != got.got || !slices.Contains(refusals, expect) {
		return
	}
	k.refused++
	right := expected(suite, id, why)
	if len(right) == 0 {
		return
	}
	k.told++
	if ours := families[got.reason]; slices.Contains(right, ours) {
		k.right++
	} else {
		t.Logf("%s: refused as %s (%s), the suite tells %v", id, got.reason, ours, right)
	}
}

func (k *kinship) add(other kinship) {
	k.refused, k.told, k.right = k.refused+other.refused, k.told+other.told, k.right+other.right
}

// kin is how many refusals in a hundred must be for the reason that was meant
// (SUITES.md 4).
const kin = 95

// judge logs a suite's share; the share of all of them decides, for some suites
// tell of five rows.
func (k *kinship) judge(t *testing.T) {
	if k.told == 0 {
		return
	}
	t.Logf("of %d refusals the suite tells why for %d, ours is of that family in %d", k.refused, k.told, k.right)
	if 100*k.right < kin*k.told {
		t.Logf("that is under %d in a hundred", kin)
	}
}
