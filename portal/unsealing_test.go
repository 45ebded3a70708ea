package portal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/opening"
	"zharia/portal/portaltest"
)

// What custodians open against the rule is told to everybody of the case, with its
// ground, once, and to nobody else.
func TestACaseThatCustodiansOpenedSaysSoToThoseOfTheCase(t *testing.T) {
	t.Parallel()
	f := open(t)
	const ground = "Тергеуші қайтыс болды, мерзім ертең аяқталады."
	u := opening.Unsealing{
		ID: uuid.Must(uuid.NewV7()), Case: f.Theft, Person: f.Ermek.Person, From: f.At.UTC(), Until: f.At.UTC().Add(24 * time.Hour), Ground: ground,
	}
	elsewhere := u
	elsewhere.ID, elsewhere.Case = uuid.Must(uuid.NewV7()), uuid.New()
	for range 2 {
		if err := opening.Tell(t.Context(), f.DB, []opening.Unsealing{u, elsewhere}, f.At); err != nil {
			t.Fatal(err)
		}
	}
	f.Want(t, `SELECT act, who, object, casefile FROM record WHERE act = 'case-unseal'`, `
		act         | who | object | casefile
		case-unseal |     | case   | theft`)
	f.Want(t, `SELECT count(*) FROM unsealing`, "count\n1")
	for _, who := range []*portaltest.Actor{f.Aigul, f.Serik, f.Dana, f.Zhanar, f.Daniyar} {
		page := f.as(who).get("/kk/cases/" + f.Theft.String() + "/openings").body
		for _, want := range []string{ground, f.Ermek.FullName(), "Іс айрықша тәртіппен ашылды"} {
			if !strings.Contains(page, want) {
				t.Errorf("%s is not told %q", f.Word(who.Person), want)
			}
		}
	}
	if page := f.as(f.Timur).get("/kk/cases/" + f.Fraud.String() + "/openings").body; strings.Contains(page, ground) {
		t.Error("another case tells it")
	}
	if _, err := f.SQL.Exec(`UPDATE unsealing SET until = since + interval '1 second'`); err == nil {
		t.Error("it changes")
	}
	f.Sound()
}
