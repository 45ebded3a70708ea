package eds_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"zharia/portal/eds"
)

func TestANumberShowsItsDigitsOnlyWhenRevealed(t *testing.T) {
	iin, err := eds.ParseIIN("870412400123")
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	signer := eds.Signer{IIN: iin, Name: "X"}
	slog.New(slog.NewJSONHandler(&log, nil)).Info("signed", "iin", iin, "signer", signer)
	asJSON, err := json.Marshal(signer)
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{
		iin.String(), fmt.Sprint(iin), fmt.Sprintf("%s %q %v %+v %#v %x %d", iin, iin, iin, iin, iin, iin, iin),
		fmt.Sprintf("%v %+v %#v", signer, signer, &signer), log.String(), string(asJSON),
	} {
		if strings.Contains(shown, "04124001") || strings.Contains(shown, "3034313234303031") {
			t.Errorf("the digits are in %q", shown)
		}
	}
	if iin.String() != "87********23" || iin.Reveal() != "870412400123" {
		t.Errorf("%s, %s", iin.String(), iin.Reveal())
	}
}

func TestANumberIsTwelveDigits(t *testing.T) {
	for _, s := range []string{"", "12345678901", "1234567890123", "12345678901a", "१२३४", " 23456789012", "12345678901\n"} {
		if _, err := eds.ParseIIN(s); err == nil {
			t.Errorf("%q is taken", s)
		}
	}
}

// The authority's own test numbers fail the control digit and must pass.
func TestTheControlDigitIsCountedInTwoRounds(t *testing.T) {
	for digits, want := range map[eds.IIN]bool{
		"123456789013": true, // the second round decides
		"123456789011": false,
		"123456789012": false,
		"870412400127": false,
		"12345678901":  false,
		"":             false,
	} {
		if digits.Valid() != want {
			t.Errorf("%s: %v", digits.Reveal(), !want)
		}
	}
	valid := 0
	for control := range 10 {
		if eds.IIN(fmt.Sprintf("87041240012%d", control)).Valid() {
			valid++
		}
	}
	if valid != 1 {
		t.Errorf("%d control digits are right for one number", valid)
	}
}
