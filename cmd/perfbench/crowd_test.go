package main

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"zharia/portal/eds/authority"
	"zharia/portal/eds/key"
)

func TestPeopleSignInToARealPortalWhileItsResponderTakesItsTime(t *testing.T) {
	var out bytes.Buffer
	if err := signIns(t.Context(), &out, 5, 2*time.Second, 100*time.Millisecond); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	for _, said := range []string{"10 in 2s", "10 answers", "MiB"} {
		if !strings.Contains(out.String(), said) {
			t.Errorf("nothing about %q", said)
		}
	}
	t.Log("\n" + out.String())
}

func TestEveryAnswerToAGoodSignatureButASignInIsAFailure(t *testing.T) {
	a, err := authority.New("PERFBENCH", time.Now().Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	k, err := a.Issue(authority.Person{IIN: iin(0), CommonName: "PERFBENCH", Surname: "PERFBENCH"})
	if err != nil {
		t.Fatal(err)
	}
	for status, right := range map[int]bool{
		http.StatusSeeOther: true, http.StatusOK: false, http.StatusUnprocessableEntity: false,
		http.StatusTooManyRequests: false, http.StatusServiceUnavailable: false,
	} {
		h := newCrowd(fake(t, status, ""), []*key.Key{k}).come(t.Context(), 50, 100*time.Millisecond)
		if err := h.wrong(); (err == nil) != right || err != nil && !errors.Is(err, errWrong) {
			t.Errorf("%d: %v", status, err)
		}
		if right && len(h.took) != 5 {
			t.Errorf("%d people came in", len(h.took))
		}
	}
}
