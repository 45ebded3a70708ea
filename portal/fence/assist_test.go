package fence_test

import (
	"testing"

	"github.com/google/uuid"

	"zharia/portal/agenda"
	"zharia/portal/assist"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

func TestAnAssistantSeesHisErrandAndNothingOfTheCase(t *testing.T) {
	w := portaltest.World(t)
	ctx := t.Context()
	if err := assist.Let(ctx, w.DB, w.Dana.Asks(policy.AssistantLet), w.Stranger.IIN, w.Stranger.FullName(), w.At.AddDate(0, 0, 7)); err != nil {
		t.Fatal(err)
	}
	all, err := assist.List(ctx, w.DB, w.Dana.Asks(policy.AssistantList))
	if err != nil {
		t.Fatal(err)
	}
	id := uuid.Must(uuid.NewV7())
	if err := assist.Give(ctx, w.DB, w.Dana.Asks(policy.ErrandGive), w.Theft, id, assist.NewErrand{
		Assistant: all[0].ID, Participant: w.Participant("dana@theft"), Kind: policy.FilingPetition, About: w.Decision("search-done"), Language: "kk",
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := agenda.Make(ctx, w.DB, w.Dana.Asks(policy.FeedMake), uuid.Nil, "kk"); err != nil {
		t.Fatal(err)
	}
	asel := w.Stranger.Person
	see := func(who uuid.UUID, table string, want int) {
		t.Helper()
		if n := count(t, w, who, `SELECT count(*) FROM `+table); n != want {
			t.Errorf("of %s he sees %d rows, not %d", table, n, want)
		}
	}
	for table, rows := range map[string]int{"errand": 1, "assistant": 1, "feed": 0, "casefile": 0, "decision": 0, "participant": 0, "filing": 0, "document": 0} {
		see(asel, table, rows)
	}
	if n := count(t, w, asel, `SELECT count(*) FROM person WHERE id = $1`, w.Dana.Person); n != 1 {
		t.Error("he does not see whose draft it is")
	}
	for _, other := range []*portaltest.Actor{w.Aigul, w.Serik, w.Daniyar, w.Zhanar, w.Bolat} {
		see(other.Person, "errand", 0)
		see(other.Person, "assistant", 0)
		see(other.Person, "feed", 0)
	}
	see(uuid.Nil, "errand", 0)
	see(uuid.Nil, "feed", 0)
	see(w.Dana.Person, "feed", 1)
	change := func(who uuid.UUID, query string, args ...any) (rows int64) {
		t.Helper()
		_ = asApp(t, w, who, func(tx execer) error {
			result, err := tx.ExecContext(ctx, query, args...)
			if err == nil {
				rows, err = result.RowsAffected()
			}
			return err
		})
		return rows
	}
	for _, query := range []string{
		`UPDATE errand SET status = 'taken', handed_at = now(), filing = id`, `DELETE FROM errand`,
		`UPDATE assistant SET until = until + 100`, `DELETE FROM assistant`, `UPDATE feed SET person = '` + asel.String() + `'`,
	} {
		if n := change(asel, query); n != 0 {
			t.Errorf("%d rows: %s", n, query)
		}
	}
	if n := change(asel, `UPDATE errand SET saved_at = saved_at`); n != 1 {
		t.Errorf("he writes %d rows of what he is to write", n)
	}
	if err := assist.End(ctx, w.DB, w.Dana.Asks(policy.AssistantEnd), all[0].ID); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"errand", "assistant"} {
		see(asel, table, 0)
	}
	if n := count(t, w, asel, `SELECT count(*) FROM person WHERE id = $1`, w.Dana.Person); n != 0 {
		t.Error("after the end he still sees her name")
	}
	see(w.Dana.Person, "errand", 1)
}
