package portal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"

	"zharia/portal/identity"
	"zharia/portal/made"
)

func TestPagesThatAreHeldTakeNoMoreThanTheirShareAndTheLongestUnseenGoFirst(t *testing.T) {
	var s views
	named := func(n int) (name [sha256.Size]byte) {
		binary.BigEndian.PutUint64(name[:], uint64(n))
		return name
	}
	page := make([]byte, 20_000)
	const n = 2 * mostAgain / 20_000
	for i := range n {
		s.keep(view{name: named(i), page: page})
		if _, known := s.of(named(0)); !known {
			t.Fatalf("what is looked at each time went, when %d were held", i)
		}
		if s.size > mostAgain || len(s.held) != s.last.Len() || s.size != s.last.Len()*(len(page)+500) {
			t.Fatalf("%d bytes of %d views, %d by name", s.size, s.last.Len(), len(s.held))
		}
	}
	if _, known := s.of(named(1)); known {
		t.Error("what nobody looked at again is held")
	}
	if _, known := s.of(named(n - 1)); !known {
		t.Error("what came last is not held")
	}
	s.keep(view{name: named(0)})
	if v, known := s.of(named(0)); !known || v.page != nil || s.size != (s.last.Len()-1)*(len(page)+500)+500 {
		t.Errorf("kept anew: %v, %d bytes of %d views", known, s.size, s.last.Len())
	}
}

func TestAPageThatIsHeldOpensWithTheCookieOfItsSessionAlone(t *testing.T) {
	sealed := func(key byte) cipher.AEAD {
		block, err := aes.NewCipher(bytes.Repeat([]byte{key}, 32))
		if err != nil {
			t.Fatal(err)
		}
		seal, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			t.Fatal(err)
		}
		return seal
	}
	page := []byte(`Оспанова Айгүл Болатқызы <dialog data-left="900">`)
	l := &looking{view: view{name: sha256.Sum256([]byte("hers")), of: made.Of{Things: "{1}"}}, seal: sealed(1)}
	for name, of := range map[string]identity.Person{"hers": {Name: "Оспанова"}, "while texts are closed": {}, "an official's": {Name: "Есімов", Post: "investigator"}} {
		p := &Portal{}
		c := echo.New().NewContext(httptest.NewRequest("GET", "/", nil), nil)
		one := *l
		c.Set(lookingKey, &one)
		c.Set(personKey, of)
		p.seen(c, page)
		v, known := p.views.of(l.name)
		if known != (name == "hers") {
			t.Errorf("%s is held: %v", name, known)
		}
		if !known {
			continue
		}
		if bytes.Contains(v.page, page[:8]) || v.of.Things == "{1}" {
			t.Error("what is held can be read")
		}
		if got, err := sealed(1).Open(nil, nil, v.page, v.name[:]); err != nil || !bytes.Equal(got[:v.left], []byte(`Оспанова Айгүл Болатқызы <dialog data-left="`)) || !bytes.Equal(got[v.left:], []byte(`">`)) {
			t.Errorf("with her cookie: %q, %v", got, err)
		}
		if _, err := sealed(2).Open(nil, nil, v.page, v.name[:]); err == nil {
			t.Error("another cookie opens it")
		}
		other := sha256.Sum256([]byte("of another address"))
		if _, err := sealed(1).Open(nil, nil, v.page, other[:]); err == nil {
			t.Error("it opens as another page")
		}
	}
}
