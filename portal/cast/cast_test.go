package cast_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/cast"
	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/portaltest"
)

var now = portaltest.Afternoon

func troupe(t *testing.T, dir string, at time.Time) *cast.Troupe {
	t.Helper()
	troupe, err := cast.Keys(dir, at)
	if err != nil {
		t.Fatal(err)
	}
	return troupe
}

func TestEverybodySignsInAndSignsExceptWithAKeyThatIsWrong(t *testing.T) {
	cast := troupe(t, "", now)
	v, _, err := cast.Verifier(func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]eds.Reason{"aigul-expired": eds.Expired, "system": eds.Machine, "foreign": eds.UnknownAuthority}
	content := []byte("zharia/test/1")
	for _, word := range cast.Order {
		m := cast.Members[word]
		cms, err := m.Key.SignCMS(content, false, now)
		if err != nil {
			t.Fatalf("%s: %v", word, err)
		}
		signer, err := v.Document(t.Context(), cms, content, now)
		var refusal *eds.Refusal
		if errors.As(err, &refusal) {
			if refusal.Reason != want[word] {
				t.Errorf("%s is refused as %q, not %q", word, refusal.Reason, want[word])
			}
			continue
		}
		if err != nil || want[word] != "" {
			t.Errorf("%s: refused with %v, want %q", word, err, want[word])
			continue
		}
		if signer.IIN != m.IIN || (signer.Role == eds.Individual) != m.Sound() {
			t.Errorf("%s signs as %s, %s", word, signer.IIN, signer.Role)
		}
	}
}

func TestNobodyInTheCastIsSomebody(t *testing.T) {
	cast := troupe(t, "", now)
	for _, word := range cast.Order {
		m := cast.Members[word]
		if m.IIN == "" {
			continue
		}
		if !m.IIN.Valid() {
			t.Errorf("%s: the control digit of the IIN is wrong", word)
		}
		// The serial number of the day begins with 99: no registry gives so many.
		if digits := m.IIN.Reveal(); digits[7:9] != "99" {
			t.Errorf("%s: the IIN could be somebody's", word)
		}
		if born, err := time.Parse("060102", m.IIN.Reveal()[:6]); err != nil || born.After(now) {
			t.Errorf("%s: born on no day: %v", word, err)
		}
	}
}

func TestKeysAreKeptForTheirOwnerAloneAndComeBackTheSame(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	first, second := troupe(t, dir, now), troupe(t, dir, now.AddDate(0, 1, 0))
	for _, word := range first.Order {
		if !slices.Equal(first.Members[word].Key.Certificate(), second.Members[word].Key.Certificate()) {
			t.Errorf("%s got another certificate", word)
		}
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s can be read by others: %v", path, info.Mode())
		}
		if !entry.IsDir() {
			files++
		}
		return err
	})
	// Two authorities of two keys and a state each, and the register.
	if want := len(first.Order) + 7; err != nil || files != want {
		t.Errorf("%d files, want %d; %v", files, want, err)
	}
}

func TestACertificateThatIsAboutToRunOutIsMadeAnew(t *testing.T) {
	dir := t.TempDir()
	first := troupe(t, dir, now)
	_, end := first.Members["aigul"].Key.Valid()
	later := end.AddDate(0, 0, -3)
	second := troupe(t, dir, later)
	for _, word := range first.Order {
		again := second.Members[word].Key
		renewed := again.Serial() != first.Members[word].Key.Serial()
		if expired := word == "aigul-expired"; renewed == expired {
			t.Errorf("%s: renewed %v", word, renewed)
		}
	}
	if string(first.Authority.Root()) != string(second.Authority.Root()) {
		t.Error("the authority changed with them")
	}
}

func TestAKeyOfAnotherAuthorityInTheFolderIsReplaced(t *testing.T) {
	dir := t.TempDir()
	first := troupe(t, dir, now)
	if err := os.RemoveAll(filepath.Join(dir, "authority")); err != nil {
		t.Fatal(err)
	}
	second := troupe(t, dir, now)
	if k := second.Members["aigul"].Key; k.Serial() == first.Members["aigul"].Key.Serial() || !k.IssuedBy(second.Authority.Issuer()) {
		t.Error("a key nobody trusts any more is still in use")
	}
}

func TestADamagedKeyFileIsNamed(t *testing.T) {
	dir := t.TempDir()
	troupe(t, dir, now)
	path := filepath.Join(dir, "dana.pem")
	if err := os.WriteFile(path, []byte("-----BEGIN"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := cast.Keys(dir, now); err == nil || !strings.Contains(err.Error(), "dana.pem") {
		t.Errorf("it says %v", err)
	}
}

func TestTheCastPlaysOnce(t *testing.T) {
	w := portaltest.World(t)
	const everything = `
		SELECT (SELECT count(*) FROM person) AS persons, (SELECT count(*) FROM participant) AS participants,
		       (SELECT count(*) FROM decision) AS decisions, (SELECT count(*) FROM document WHERE signed_at IS NOT NULL) AS signed,
		       (SELECT count(*) FROM record) AS records`
	before := w.Rows(t, everything)
	if err := w.Troupe.Play(t.Context(), w.DB, w.Press, w.At.AddDate(0, 2, 0)); err != nil {
		t.Fatal(err)
	}
	portaltest.WantText(t, "after a second performance", w.Rows(t, everything), before)
	w.Want(t, everything, `
		persons | participants | decisions | signed | records
		19      | 7            | 18        | 27     | 58`)
	w.Sound()
}

func TestEveryPaperOfTheCastIsSignedByTheInvestigatorOnAWorkingDay(t *testing.T) {
	w := portaltest.World(t)
	for name, id := range w.Troupe.Decisions {
		var paper uuid.UUID
		if err := w.SQL.Get(&paper, `SELECT document FROM decision WHERE id = $1`, id); err != nil {
			t.Fatal(err)
		}
		doc, err := document.Fetch(t.Context(), w.DB, paper)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		s, err := doc.Proof(t.Context(), w.DB, w.Verifier)
		if err != nil || !s.Valid || s.Revocation != eds.Good || s.StampedAt.IsZero() || s.Name != w.Daniyar.FullName() {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
		if deadline.Kazakhstan().Off(doc.SignedAt) || !doc.SignedAt.Before(w.At) {
			t.Errorf("%s is signed on %v", name, doc.SignedAt)
		}
	}
}

func TestThePlaysCanBeSeenAtAnySeason(t *testing.T) {
	w := portaltest.World(t)
	for _, at := range []time.Time{
		time.Date(2026, 12, 31, 20, 30, 0, 0, time.UTC), // 1 January in Almaty already
		time.Date(2027, 3, 29, 3, 0, 0, 0, time.UTC),    // after the long holidays of March
	} {
		cast := troupe(t, "", at)
		if err := cast.Play(t.Context(), portaltest.Empty(t), w.Press, at); err != nil {
			t.Errorf("at %v: %v", at, err)
		}
	}
}

func TestEveryMemberHasWordsForTheStrip(t *testing.T) {
	w := portaltest.World(t)
	for _, lang := range []string{"kk", "ru"} {
		for _, word := range w.Troupe.Order {
			if what := w.Troupe.Members[word].What; !w.Words.In(lang).Has(what) {
				t.Errorf("%s has no words in %s", what, lang)
			}
		}
	}
}

func TestIdsOfTheCastLookLikeThoseOfThePortal(t *testing.T) {
	id := cast.ID("person", "aigul")
	if id.Version() != 7 || id.String()[:8] != "019b76da" {
		t.Errorf("%s, version %d", id, id.Version())
	}
	if id != cast.ID("person", "aigul") || id == cast.ID("person", "serik") || id == cast.ID("decision", "aigul") {
		t.Error("an id does not name its thing")
	}
}
