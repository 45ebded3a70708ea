package eds_test

import (
	"testing"
	"time"

	"zharia/portal/eds"
	"zharia/portal/eds/authority"
)

func TestInASittingTheAuthorityIsAskedOnceInAWhileAndEachPaperIsProvedByItself(t *testing.T) {
	s := services(t)
	sitting := s.verifier.Sit()
	take := func(content []byte) (eds.Signer, error) {
		cms, err := s.aigul.SignCMS(content, false, s.now)
		if err != nil {
			t.Fatal(err)
		}
		return sitting.Received(t.Context(), cms, content, s.now, s.now)
	}
	if who, err := take(filing); err != nil || who.Revocation != eds.Good {
		t.Fatalf("%q: %v", who.Revocation, err)
	}
	s.silence(authority.Unavailable)
	s.now = s.now.Add(eds.Fresh - time.Second)
	for n := range 12 { // past the moment when the key is made fast
		content := append([]byte("%PDF-1.7 "), byte('a'+n))
		who, err := take(content)
		if err != nil || who.Revocation != eds.Good || !who.ProvenAt.IsZero() || who.Evidence.Token != nil {
			t.Fatalf("paper %d: %q, %v", n, who.Revocation, err)
		}
		bare, err := eds.NewVerifier(s.Root())
		if err != nil {
			t.Fatal(err)
		}
		if again, err := bare.Reverify(t.Context(), who.Evidence, content); err != nil || again.IIN != s.aiguls() || again.Revocation != eds.Good {
			t.Errorf("paper %d is not proved by its evidence alone: %q, %v", n, again.Revocation, err)
		}
	}
	cms, _ := s.aigul.SignCMS(filing, false, s.now)
	if _, err := sitting.Received(t.Context(), cms, []byte("%PDF-1.7 another"), s.now, s.now); reason(err) != eds.ContentDiffers {
		t.Errorf("a signature over another paper: %v", err)
	}
	s.now = s.now.Add(time.Second)
	if who, err := take(filing); err != nil || who.Revocation != eds.Pending {
		t.Errorf("what was said ten minutes ago counts no more, and it is %q, %v", who.Revocation, err)
	}
	s.silence(authority.NoFault)
	s.Revoke(s.aigul.Serial(), authority.KeyCompromise, s.now.Add(-time.Hour))
	if _, err := take(filing); reason(err) != eds.Revoked {
		t.Errorf("a key that was taken back: %v", err)
	}
}

func (s *served) aiguls() eds.IIN { return eds.IIN(aigul.IIN) }

// A paper of last week is judged as of its day, and the authority is asked today.
func TestAnOldPaperCountsByWhatItsKeyWasOnItsDay(t *testing.T) {
	for name, c := range map[string]struct {
		reason int
		before time.Duration // today, the key was taken back; 0: it was not
		want   eds.Reason
	}{
		"a good key":                   {0, 0, ""},
		"given up since":               {authority.Superseded, 48 * time.Hour, ""},
		"given up before":              {authority.Superseded, 30 * 24 * time.Hour, eds.Revoked},
		"stolen, and said so since":    {authority.KeyCompromise, 48 * time.Hour, eds.Revoked},
		"stolen before it was written": {authority.KeyCompromise, 30 * 24 * time.Hour, eds.Revoked},
	} {
		s := services(t)
		signed := s.now.Add(-7 * 24 * time.Hour)
		cms, err := s.aigul.SignCMS(filing, false, signed)
		if err != nil {
			t.Fatal(err)
		}
		if c.before > 0 {
			s.Revoke(s.aigul.Serial(), c.reason, s.now.Add(-c.before))
		}
		for _, by := range []eds.Receiver{s.verifier, s.verifier.Sit()} {
			who, err := by.Received(t.Context(), cms, filing, signed, s.now)
			if reason(err) != c.want || err == nil && who.Revocation != eds.Good {
				t.Errorf("%s, by %T: %q, %v", name, by, who.Revocation, err)
				continue
			}
			if err != nil {
				continue
			}
			bare, err := eds.NewVerifier(s.Root())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := bare.Reverify(t.Context(), who.Evidence, filing); err != nil {
				t.Errorf("%s, by %T: it is not proved by its evidence alone: %v", name, by, err)
			}
		}
	}
}
