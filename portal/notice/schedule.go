package notice

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/calendar"
	"zharia/portal/database"
	"zharia/portal/deadline"
	"zharia/portal/guide"
	"zharia/portal/policy"
)

// From which hours people are reminded of a term: in working time the day before, and in
// the morning of its last day.
const (
	hourBefore = 9
	hourLast   = 8
)

// Terms that end within two days, each with whoever must act. A term ends at its last
// moment, so the midnight that closes a day is of the day before. What is answered, or
// filed already, needs no reminder, and whoever is in the case no more gets none.
const selectEnding = `
SELECT 'filing' AS object, f.id, f.casefile, f.number, f.decider AS person, true AS work, f.due_at
  FROM filing f
 WHERE f.status IN ('filed', 'considered', 'waiting') AND f.due_at > $1 AND f.due_at <= $2
UNION ALL
SELECT 'request', r.id, r.casefile, '', c.investigator, true, r.due_at
  FROM request r JOIN casefile c ON c.id = r.casefile
 WHERE r.status = 'asked' AND r.due_at > $1 AND r.due_at <= $2
UNION ALL
SELECT 'report', r.id, NULL, r.number, o.person, true, r.due_at
  FROM report r` + dealing + `
 WHERE o.place = 1 AND r.status = 'registered' AND r.due_at > $1 AND r.due_at <= $2
UNION ALL
SELECT 'decision', s.decision, d.casefile, '', s.person, false, s.due_at
  FROM service s JOIN decision d ON d.id = s.decision
 WHERE s.at IS NOT NULL AND s.due_at > $1 AND s.due_at <= $2
   AND NOT EXISTS (SELECT FROM filing f WHERE f.about = s.decision AND f.author = s.person AND f.status <> 'draft')
   AND EXISTS (SELECT FROM capacity k
                WHERE k.person = s.person AND k.casefile = d.casefile AND s.participant = ANY (lineage(k.participant)) AND (k.until IS NULL OR k.until >= CAST($3 AS date)))
UNION ALL
SELECT 'familiarisation', m.id, m.casefile, '', p.person, false, (m.until + 1)::timestamp AT TIME ZONE 'Asia/Almaty'
  FROM familiarisation m JOIN participant p ON p.id = m.participant AND p.status = 'confirmed'
 WHERE m.status = 'open' AND p.role <> ALL ($4) AND (m.until + 1)::timestamp AT TIME ZONE 'Asia/Almaty' > $1 AND (m.until + 1)::timestamp AT TIME ZONE 'Asia/Almaty' <= $2`

// Answers that their author has read and may complain of, and so has whoever it was filed
// for or acts for him: the terms of each are counted from his own first reading.
const selectRead = `
SELECT f.id, f.casefile, f.number, f.kind, f.seat, f.author AS person, a.read_at
  FROM answer a JOIN filing f ON f.id = a.filing
 WHERE a.read_at > $1 AND a.read_at <= $2 AND a.signed_at IS NOT NULL AND a.outcome <> 'granted'
   AND NOT (f.participant IS NOT NULL AND fence.left_before(f.participant, $2))
   AND NOT EXISTS (SELECT FROM filing n WHERE n.against = f.id AND n.author = f.author AND n.status <> 'draft')
   AND NOT EXISTS (SELECT FROM filing n WHERE n.report = f.report AND n.author = f.author AND n.filed_at > a.signed_at)
UNION
SELECT f.id, f.casefile, f.number, f.kind, f.seat, v.person, v.at
  FROM opening v
  JOIN filing f ON f.id = v.object_id AND f.author <> v.person
  JOIN answer a ON a.filing = f.id AND a.signed_at IS NOT NULL AND a.outcome <> 'granted'
 WHERE v.object = 'answer' AND v.reason = 'own' AND v.at > $1 AND v.at <= $2
   AND NOT EXISTS (SELECT FROM opening e WHERE e.object_id = v.object_id AND e.person = v.person AND e.object = 'answer' AND e.at < v.at)
   AND EXISTS (SELECT FROM capacity k
                WHERE k.casefile = f.casefile AND k.person = v.person AND (k.until IS NULL OR k.until >= CAST($3 AS date))
                  AND (k.represents IS NOT NULL AND f.participant = ANY (lineage(k.represents))
                    OR EXISTS (SELECT FROM participant p JOIN participant r ON r.id = p.represents WHERE p.id = f.participant AND r.person = v.person)))
   AND NOT EXISTS (SELECT FROM filing n WHERE n.against = f.id AND n.author = v.person AND n.status <> 'draft')`

// Records that their readers have signed: petitions may be filed for three сутки (CPC 297).
const selectRecorded = `
SELECT m.id, m.casefile, p.person, m.recorded_at
  FROM familiarisation m JOIN participant p ON p.id = m.participant
 WHERE m.recorded_at > $1 AND m.recorded_at <= $2 AND NOT m.terminated
   AND EXISTS (SELECT FROM capacity k WHERE k.casefile = m.casefile AND k.person = p.person AND (k.until IS NULL OR k.until >= CAST($3 AS date)))
   AND NOT EXISTS (SELECT FROM filing f WHERE f.casefile = m.casefile AND f.author = p.person AND f.kind = 'after-familiarisation' AND f.filed_at >= m.recorded_at)`

// What waits for the morning, or for a line that is down, is asked again: a term that is
// settled, or moved, or another's by now, is not told of. What is in hand goes.
const dropSettled = `
UPDATE delivery
   SET state = 'failed', settled_at = $2
 WHERE state = 'queued' AND (leased_until IS NULL OR leased_until <= $2)
   AND EXISTS (SELECT FROM notice n WHERE n.id = delivery.notice AND n.due_at IS NOT NULL AND n.id <> ALL ($1::uuid[]))`

type ending struct {
	Object string        `db:"object"`
	ID     uuid.UUID     `db:"id"`
	Case   uuid.NullUUID `db:"casefile"`
	Number string        `db:"number"`
	Person uuid.UUID     `db:"person"`
	Work   bool          `db:"work"`
	Due    time.Time     `db:"due_at"`
}

// Remind tells of the terms that end tomorrow or today; told once each, whoever asks and
// how often. It is done every few minutes (cmd/portal).
func (w *Worker) Remind(ctx context.Context, tx *database.DB, at time.Time) error {
	local := at.In(deadline.Zone)
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, deadline.Zone)
	var all []ending
	if err := tx.Select(ctx, &all, selectEnding, at, midnight.AddDate(0, 0, 2), dateOf(at), pq.Array(policy.Unhurried)); err != nil {
		return fmt.Errorf("look for terms that end: %w", err)
	}
	onward, err := onwardTerms(ctx, tx, at, midnight.AddDate(0, 0, 2))
	if err != nil {
		return err
	}
	petitions, err := petitionTerms(ctx, tx, at, midnight.AddDate(0, 0, 2))
	if err != nil {
		return err
	}
	all = append(append(all, onward...), petitions...)
	var offices []uuid.UUID
	for _, e := range all {
		if e.Work {
			offices = append(offices, e.Person)
		}
	}
	posts, err := deputies(ctx, tx, offices, at)
	if err != nil {
		return err
	}
	var out []news
	var run []uuid.UUID
	for _, e := range all {
		people := []uuid.UUID{e.Person}
		if e.Work {
			people = posts[e.Person]
		}
		for _, person := range people {
			run = append(run, reminderID(LastDays, e, person), reminderID(LastDay, e, person))
		}
		kind, hour := LastDays, hourBefore
		last := e.Due.Add(-time.Microsecond).In(deadline.Zone)
		if last.YearDay() == local.YearDay() {
			kind, hour = LastDay, hourLast
		}
		// A report is decided in a day: that it ends tomorrow was said when it came. Only where
		// it ends before anybody is reminded in the morning is he told the evening before.
		if kind == LastDays && e.Object == "report" && last.Hour() > hourLast {
			continue
		}
		if local.Hour() < hour {
			continue
		}
		for _, person := range people {
			out = append(out, news{reminderID(kind, e, person), 0, person, kind, Statutory, e.Object, e.ID, e.Case.UUID, e.Number, at, &e.Due})
		}
	}
	if err := tx.Exec(ctx, dropSettled, pq.Array(run), at); err != nil {
		return fmt.Errorf("drop the reminders of terms that are settled: %w", err)
	}
	if len(out) == 0 {
		return nil
	}
	return w.keep(ctx, tx, out, at)
}

// reminderID is the id of a reminder: one for each term, day and person. A term that was
// moved is another one.
func reminderID(kind Kind, e ending, person uuid.UUID) uuid.UUID {
	return uuid.NewHash(sha256.New(), space, fmt.Appendf(nil, "%s %s %s %s %d %s", kind, e.Object, e.ID, person, e.Due.Unix(), e.Number), 8)
}

// onwardTerms are the terms to complain of answers that end within the span.
func onwardTerms(ctx context.Context, tx *database.DB, from, to time.Time) ([]ending, error) {
	var rows []struct {
		ID     uuid.UUID         `db:"id"`
		Case   uuid.NullUUID     `db:"casefile"`
		Number string            `db:"number"`
		Kind   policy.FilingKind `db:"kind"`
		Seat   guide.Seat        `db:"seat"`
		Person uuid.UUID         `db:"person"`
		ReadAt time.Time         `db:"read_at"`
	}
	if err := tx.Select(ctx, &rows, selectRead, from.AddDate(0, 0, -40), from, dateOf(from)); err != nil {
		return nil, fmt.Errorf("look for terms to complain: %w", err)
	}
	days, err := calendar.Read(ctx, tx)
	if err != nil {
		return nil, err
	}
	var out []ending
	for _, row := range rows {
		for _, term := range guide.TermsAfter(row.Kind, row.Seat) {
			if due := days.Running(term, row.ReadAt).Ends; due.After(from) && !due.After(to) {
				out = append(out, ending{"filing", row.ID, row.Case, row.Number, row.Person, false, due})
			}
		}
	}
	return out, nil
}

// petitionTerms are the terms for petitions after a reading that end within the span.
func petitionTerms(ctx context.Context, tx *database.DB, from, to time.Time) ([]ending, error) {
	var rows []struct {
		ID         uuid.UUID     `db:"id"`
		Case       uuid.NullUUID `db:"casefile"`
		Person     uuid.UUID     `db:"person"`
		RecordedAt time.Time     `db:"recorded_at"`
	}
	if err := tx.Select(ctx, &rows, selectRecorded, from.AddDate(0, 0, -40), from, dateOf(from)); err != nil {
		return nil, fmt.Errorf("look for terms to petition: %w", err)
	}
	days, err := calendar.Read(ctx, tx)
	if err != nil {
		return nil, err
	}
	var out []ending
	for _, row := range rows {
		if due := days.Running(deadline.AfterReading, row.RecordedAt).Ends; due.After(from) && !due.After(to) {
			out = append(out, ending{"familiarisation", row.ID, row.Case, "", row.Person, false, due})
		}
	}
	return out, nil
}

// Missing is an act that should have told somebody and has told nobody.
type Missing struct {
	Seq int64
	Act string
	At  time.Time
}

const (
	selectSpan = `SELECT checked, seq FROM courier FOR UPDATE`

	selectSilent = `
SELECT seq, at, who, act, object, object_id, casefile
  FROM record r
 WHERE seq > $1 AND seq <= $2 AND act = ANY ($3::text[]) AND NOT EXISTS (SELECT FROM notice n WHERE n.seq = r.seq)
 ORDER BY seq
 LIMIT $4`

	setChecked = `UPDATE courier SET checked = $1`
)

// Check goes through the acts since the last check: each that tells somebody must have a
// notice. What has none is told now, and named; then somebody has to ask why.
func (w *Worker) Check(ctx context.Context, tx *database.DB, at time.Time) (missing []Missing, err error) {
	err = tx.Within(ctx, func(tx *database.DB) error {
		var span struct {
			Checked int64 `db:"checked"`
			Seq     int64 `db:"seq"`
		}
		if err := tx.Get(ctx, &span, selectSpan); err != nil {
			return err
		}
		for from := span.Checked; ; {
			var silent []act
			if err := tx.Select(ctx, &silent, selectSilent, from, span.Seq, pq.Array(slices.Sorted(maps.Keys(rules))), batch); err != nil {
				return err
			}
			if len(silent) == 0 {
				break
			}
			from = silent[len(silent)-1].Seq
			people, err := audience(ctx, tx, silent, at)
			if err != nil {
				return err
			}
			for _, a := range silent {
				if slices.ContainsFunc(people, func(p told) bool { return p.Seq == a.Seq }) {
					missing = append(missing, Missing{a.Seq, a.Act, a.At})
				}
			}
			if _, err := w.tell(ctx, tx, silent, at); err != nil {
				return err
			}
		}
		return tx.Exec(ctx, setChecked, span.Seq)
	})
	if err != nil {
		return nil, fmt.Errorf("check that everybody was told: %w", err)
	}
	for _, m := range missing {
		w.log().ErrorContext(ctx, "an act had told nobody", "seq", m.Seq, "act", m.Act, "at", m.At)
	}
	return missing, nil
}
