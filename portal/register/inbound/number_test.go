package inbound_test

import (
	"testing"

	"zharia/portal/casefile"
	"zharia/portal/policy"
	"zharia/portal/register/inbound"
)

// A case is found by the number of the report it began with, whoever's book had it: the
// register's fifteen digits, or the number that stands on a slip of the portal.
func TestACaseIsFoundByTheNumberOfItsReport(t *testing.T) {
	d := open(t)
	for _, report := range []string{"750301-26-000001", number()} {
		id := newID()
		c := d.charge(id, d.Daniyar)
		c["number"], c["report"], c["offence_kk"], c["offence_ru"], c["registered_on"] = number(), report, "Ұрлық", "Кража", "2026-10-20"
		d.must(inbound.Case, id, c)
		typed, _ := casefile.Spelt("№ " + report)
		of, err := casefile.Numbered(t.Context(), d.W.DB, d.Stranger.Asks(policy.AccessDraft), typed)
		if found, _ := of.Case(); err != nil || found != id {
			t.Errorf("by %s: %s, %v; want %s", report, found, err, id)
		}
	}
	id := newID()
	for _, wrong := range []string{"750301-26-1", "75030126000001", "750301"} {
		c := d.charge(id, d.Daniyar)
		c["number"], c["report"], c["offence_kk"], c["offence_ru"], c["registered_on"] = number(), wrong, "Ұрлық", "Кража", "2026-10-20"
		if err := d.send(inbound.Case, id, c); err == nil {
			t.Errorf("%s is taken as a number of a report", wrong)
		}
	}
}
