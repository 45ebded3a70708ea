package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"zharia"
	"zharia/portal"
	"zharia/portal/database"
	"zharia/portal/eds/nca"
	"zharia/portal/keeper"
	"zharia/portal/ledger"
	"zharia/portal/notice"
	"zharia/portal/ops"
	"zharia/portal/register/feed"
	"zharia/portal/register/inbound"
)

const askOne = `SELECT 1`

var (
	errSealed = errors.New("the keeper is sealed")
	errClock  = errors.New("the clock leapt, or does not agree with the database's")
)

// readiness are the things without which the portal cannot serve.
func (h hands) readiness() []ops.Check {
	all := []ops.Check{
		{Name: "database", Do: func(ctx context.Context) error {
			var one int
			return h.work.Get(ctx, &one, askOne)
		}},
		// A migration beside a portal that runs would leave it with tables it does not know.
		{Name: "schema", Do: func(ctx context.Context) error { return database.Present(ctx, h.work, zharia.Schema) }},
	}
	if h.keeper != nil {
		all = append(all, ops.Check{Name: "keeper", Do: func(ctx context.Context) error {
			s, err := h.keeper.Status(ctx)
			if err == nil && s.Sealed {
				err = errSealed
			}
			return err
		}})
	}
	if h.watch.Key != nil {
		all = append(all, ops.Check{Name: "ledger", Do: seldom(time.Minute, func(ctx context.Context) error { return h.whole(ctx) })})
	}
	if h.troubles != nil {
		all = append(all, ops.Check{Name: "server and disk", Do: seldom(10*time.Second, func(ctx context.Context) error {
			found, err := h.troubles(ctx)
			for _, trouble := range found {
				err = errors.Join(err, errors.New(trouble.String()))
			}
			return err
		})})
	}
	if h.steady != nil {
		all = append(all, ops.Check{Name: "clock", Do: func(context.Context) error {
			if !h.steady() {
				return errClock
			}
			return nil
		}})
	}
	return all
}

// troubles looks at the server of the database and at the disks again and again; a portal
// that was told to serve over what is not sound is ready all the same.
func troubles(db *database.DB, c config) func(context.Context) ([]database.Trouble, error) {
	if c.Unsafe == development {
		return nil
	}
	return func(ctx context.Context) ([]database.Trouble, error) { return database.Check(ctx, db, needs(c)) }
}

// whole is nil while the record contradicts nothing that was signed of it.
func (h hands) whole(ctx context.Context) error {
	var folders []ledger.Witness
	for _, dir := range h.watch.Witnesses {
		folders = append(folders, ledger.Witness{Folder: dir})
	}
	if err := filled(ctx, h.checks, h.watch.Key, folders); err != nil {
		return err
	}
	return ledger.Proven(ctx, h.checks, h.watch.Key, folders...)
}

// seldom is a check that is made once in a while, for it costs something. What failed is
// asked again at once.
func seldom(every time.Duration, do func(context.Context) error) func(context.Context) error {
	var mu sync.Mutex
	var at time.Time
	return func(ctx context.Context) error {
		mu.Lock()
		defer mu.Unlock()
		if time.Since(at) < every {
			return nil
		}
		err := do(ctx)
		if err == nil {
			at = time.Now()
		}
		return err
	}
}

// What stands in these tables is about work and about nobody.
const (
	countJobs = `
SELECT name, count(*) FILTER (WHERE dead_at IS NULL) AS waiting, count(*) FILTER (WHERE dead_at IS NOT NULL) AS dead,
       coalesce(extract(epoch FROM now() - min(run_at) FILTER (WHERE dead_at IS NULL)), 0) AS oldest
  FROM job
 WHERE done_at IS NULL
 GROUP BY name`

	selectTasks = `SELECT name, failures FROM timetable ORDER BY name`

	selectCourier = `SELECT seq, waits, late, month FROM courier`

	// The first act after those that a witness was told of.
	selectUnwitnessed = `SELECT coalesce(extract(epoch FROM now() - (SELECT at FROM record WHERE seq = $1 + 1)), 0)`

	// The first act after the newest checkpoint. Without news nothing waits, and the auditor need not sign.
	selectUnsigned = `
SELECT coalesce(extract(epoch FROM now() - (SELECT at FROM record WHERE seq = 1 + coalesce((SELECT max(size) FROM checkpoint), 0))), 0)`

	// What failed is tried again, so the log waits from its beginning; otherwise from the end
	// of what was archived last. The name of a segment is its timeline and its position; other files, which come
	// between, have none.
	selectArchived = `
WITH log AS (SELECT pg_current_wal_lsn() - CAST('0/0' AS pg_lsn) AS here, pg_size_bytes(current_setting('wal_segment_size')) AS segment),
archiver AS (
    SELECT *, coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) AS failed FROM pg_stat_archiver),
untaken AS (
    SELECT CASE WHEN failed THEN 0 ELSE 1 END AS taken, substring(CASE WHEN failed THEN last_failed_wal ELSE last_archived_wal END FROM '^[0-9A-F]{24}$') AS name FROM archiver),
waiting AS (
    SELECT greatest(floor((here - CAST(CAST('x' || substr(name, 9, 8) AS bit(32)) AS bigint) * 4294967296.0) / segment - CAST(CAST('x' || substr(name, 17, 8) AS bit(32)) AS bigint) - taken), 0) AS n
      FROM untaken, log)
SELECT CASE current_setting('archive_mode') WHEN 'off' THEN 0 ELSE 1 END AS is_on, CAST(failed AS int) AS failed, coalesce(n, 0) AS waiting,
       CASE WHEN n > 0 THEN greatest(extract(epoch FROM now() - coalesce(last_archived_time, stats_reset)), 0) ELSE 0 END AS seconds,
       coalesce((SELECT greatest(max(floor((here - (restart_lsn - CAST('0/0' AS pg_lsn))) / segment)), 0) FROM pg_replication_slots, log), 0) AS held
  FROM archiver, waiting`
)

// figures are what the meter reads when it is asked.
func (h hands) figures(p *portal.Portal) []ops.Gauges {
	all := []ops.Gauges{
		func(context.Context) ([]ops.Figure, error) { return process(), nil },
		func(context.Context) ([]ops.Figure, error) { return h.pools(p), nil },
		h.jobs, h.tasks, h.notices, h.unsigned, h.archived,
		func(ctx context.Context) ([]ops.Figure, error) { return confirmed(ctx, p), nil },
	}
	if h.exchange != nil {
		all = append(all, h.exchanges)
	}
	if p.Register != nil {
		all = append(all, h.asides)
	}
	if h.keeper != nil {
		all = append(all, h.keeps)
	}
	if h.watch.Key != nil {
		all = append(all, h.unwitnessed)
	}
	if h.authority != nil {
		all = append(all, func(context.Context) ([]ops.Figure, error) { return authorityFigures(h.authority.Health()), nil })
	}
	if h.shown != nil {
		all = append(all, func(context.Context) ([]ops.Figure, error) {
			return []ops.Figure{{Name: "portal_tls_certificate_ends_seconds", Help: "When the certificate for TLS ends, seconds since 1970.", Value: float64(h.shown.expires().Unix())}}, nil
		})
	}
	return all
}

func (h hands) jobs(ctx context.Context) (out []ops.Figure, err error) {
	var rows []struct {
		Name    string  `db:"name"`
		Waiting int     `db:"waiting"`
		Dead    int     `db:"dead"`
		Oldest  float64 `db:"oldest"`
	}
	if err := h.work.Select(ctx, &rows, countJobs); err != nil {
		return nil, err
	}
	for _, r := range rows {
		of := []string{"name", r.Name}
		out = append(out,
			ops.Figure{Name: "portal_jobs_waiting", Help: "Jobs in the queue.", Labels: of, Value: float64(r.Waiting)},
			ops.Figure{Name: "portal_jobs_dead", Help: "Jobs that were given up: a person must look.", Labels: of, Value: float64(r.Dead)},
			ops.Figure{Name: "portal_jobs_late_seconds", Help: "For how long the oldest job in the queue is due.", Labels: of, Value: max(r.Oldest, 0)})
	}
	return out, nil
}

// tasks tells which work of the timetable does not go well.
func (h hands) tasks(ctx context.Context) (out []ops.Figure, err error) {
	var rows []struct {
		Name     string  `db:"name"`
		Failures float64 `db:"failures"`
	}
	if err := h.work.Select(ctx, &rows, selectTasks); err != nil {
		return nil, err
	}
	for _, r := range rows {
		out = append(out, ops.Figure{Name: "portal_task_failures", Help: "How often in a row a task of the timetable failed.", Labels: []string{"name", r.Name}, Value: r.Failures})
	}
	return out, nil
}

func (h hands) notices(ctx context.Context) ([]ops.Figure, error) {
	var rows []struct {
		Waits int   `db:"waits"`
		Late  int   `db:"late"`
		Month int   `db:"month"`
		Seq   int64 `db:"seq"`
	}
	if err := h.work.Select(ctx, &rows, selectCourier); err != nil || len(rows) == 0 {
		return nil, err
	}
	acts, err := ledger.Size(ctx, h.checks)
	if err != nil {
		return nil, err
	}
	vain, err := notice.InVain(ctx, h.work, now())
	if err != nil {
		return nil, err
	}
	r := rows[0]
	out := []ops.Figure{
		{Name: "portal_notices_waiting", Help: "Messages to people that wait to be sent.", Value: float64(r.Waits)},
		{Name: "portal_notices_late", Help: "Those that wait for five minutes or longer.", Value: float64(r.Late)},
		{Name: "portal_notices_month", Help: "Messages that were due in the last thirty days.", Value: float64(r.Month)},
		{Name: "portal_notices_behind_acts", Help: "Acts of which nobody was told yet.", Value: float64(max(acts-r.Seq, 0))},
		{Name: "portal_ledger_acts", Help: "Acts in the record.", Value: float64(acts)},
	}
	for _, v := range vain {
		out = append(out, ops.Figure{Name: "portal_notices_in_vain", Help: "Messages over a channel that came to nothing since it took one.", Labels: []string{"channel", string(v.Channel)}, Value: float64(v.Running)})
	}
	return out, nil
}

// confirmed tells of a standby that is gone, or of people's connections that are all taken:
// then nothing that they send is received, whatever else answers.
func confirmed(ctx context.Context, p *portal.Portal) []ops.Figure {
	f := ops.Figure{Name: "portal_database_confirms", Help: "1 where what is written now is on the disks it must be on within three seconds.", Value: 1}
	if p.DB.Everywhere(ctx) != nil {
		f.Value = 0
	}
	return []ops.Figure{f}
}

// unsigned tells of an auditor that died, or that refuses to sign.
func (h hands) unsigned(ctx context.Context) ([]ops.Figure, error) {
	var waits float64
	if err := h.checks.Get(ctx, &waits, selectUnsigned); err != nil {
		return nil, err
	}
	return []ops.Figure{{Name: "portal_ledger_unsigned_seconds", Help: "For how long the oldest act waits that the auditor did not sign.", Value: max(waits, 0)}}, nil
}

// unwitnessed tells of a folder that takes nothing, or that is not mounted. Who is told by
// mail or over HTTP the auditor alone knows.
func (h hands) unwitnessed(ctx context.Context) (out []ops.Figure, err error) {
	for _, folder := range h.watch.Witnesses {
		var waits float64
		if err := h.checks.Get(ctx, &waits, selectUnwitnessed, ledger.Witness{Folder: folder}.Told(h.watch.Key)); err != nil {
			return nil, err
		}
		out = append(out, ops.Figure{Name: "portal_witness_behind_seconds", Help: "For how long the oldest act waits that a witness was not told of.", Labels: []string{"folder", folder}, Value: max(waits, 0)})
	}
	return out, nil
}

// authorityFigures are how the addresses of the authority do. A list that came no more is
// missed only when nobody answers about a key either: it shows here before.
func authorityFigures(all []nca.Endpoint) (out []ops.Figure) {
	seconds := func(at time.Time) float64 {
		if at.IsZero() {
			return 0
		}
		return float64(at.Unix())
	}
	for _, e := range all {
		of := []string{"service", e.Service, "url", e.URL}
		open := 0.0
		if e.Open {
			open = 1
		}
		out = append(out,
			ops.Figure{Name: "portal_authority_left_alone", Help: "1: it failed again and again, and is not asked for now.", Labels: of, Value: open},
			ops.Figure{Name: "portal_authority_answered_seconds", Help: "When it answered this process last, seconds since 1970; 0: never.", Labels: of, Value: seconds(e.LastSuccess)})
		if e.Service == "list" || e.Service == "delta" {
			out = append(out, ops.Figure{Name: "portal_revocation_list_ends_seconds", Help: "When the list that is held ends, seconds since 1970; 0: none is held.", Labels: of, Value: seconds(e.NextUpdate)})
		}
	}
	return out
}

// archived tells of a log that nobody takes: the disk of the database fills with it. The
// folder itself is shown to more powerful logins alone, so it is reckoned by the log's
// positions, and in whole segments: bytes would tell when somebody wrote anonymously.
func (h hands) archived(ctx context.Context) ([]ops.Figure, error) {
	var log struct {
		On      float64 `db:"is_on"`
		Failed  float64 `db:"failed"`
		Waiting float64 `db:"waiting"`
		Seconds float64 `db:"seconds"`
		Held    float64 `db:"held"`
	}
	if err := h.work.Get(ctx, &log, selectArchived); err != nil {
		return nil, err
	}
	return []ops.Figure{
		{Name: "portal_archive_on", Help: "1 where PostgreSQL archives its log.", Value: log.On},
		{Name: "portal_archive_failed", Help: "1 where the archive did not take what it was given last.", Value: log.Failed},
		{Name: "portal_archive_waiting_segments", Help: "Segments of the log that are not archived: the disk of the database keeps them.", Value: log.Waiting},
		{Name: "portal_archive_waiting_seconds", Help: "While some wait: since when nothing was archived.", Value: log.Seconds},
		{Name: "portal_slots_waiting_segments", Help: "Segments that the disk keeps for another machine, which does not take them.", Value: log.Held},
	}, nil
}

// exchanges are what the register is to be told and was not told yet. A subscriber's name
// is a word of the program, and none where the register only fetches.
func (h hands) exchanges(ctx context.Context) (out []ops.Figure, err error) {
	behind, err := feed.Backlog(ctx, h.work)
	if err != nil {
		return nil, err
	}
	for _, s := range behind {
		of, age := []string{"subscriber", s.Name}, 0.0
		if s.Since != nil {
			age = max(time.Since(*s.Since).Seconds(), 0)
		}
		out = append(out,
			ops.Figure{Name: "portal_exchange_waiting", Help: "Events that the register was not told yet, and acts of which none was made yet.", Labels: of, Value: float64(s.Waiting)},
			ops.Figure{Name: "portal_exchange_oldest_seconds", Help: "For how long the oldest of them waits.", Labels: of, Value: age},
			ops.Figure{Name: "portal_exchange_aside", Help: "Events that the register refused again and again: a person must look.", Labels: of, Value: float64(s.Aside)},
			ops.Figure{Name: "portal_exchange_silent", Help: "Tries that nobody answered, since the last answer.", Labels: of, Value: float64(s.Silent)})
	}
	return out, nil
}

// asides are what the register sent and the portal could not take.
func (h hands) asides(ctx context.Context) ([]ops.Figure, error) {
	n, err := inbound.CountAside(ctx, h.work, now())
	if err != nil {
		return nil, err
	}
	return []ops.Figure{{Name: "portal_register_aside", Help: "Messages of the register that could not be taken: a person must look.", Value: float64(n)}}, nil
}

func (h hands) keeps(ctx context.Context) ([]ops.Figure, error) {
	begun := time.Now()
	s, err := h.keeper.Status(ctx)
	up, sealed := 1.0, 0.0
	if err != nil {
		up = 0
	}
	if err != nil || s.Sealed { // whoever is woken for the one is woken for the other
		sealed = 1
	}
	out := []ops.Figure{
		{Name: "portal_keeper_up", Help: "1: the keeper answers.", Value: up},
		{Name: "portal_keeper_sealed", Help: "1: it is sealed or does not answer, and no text opens.", Value: sealed},
		{Name: "portal_keeper_epoch", Help: "The epoch of its keys.", Value: float64(s.Epoch)},
		{Name: "portal_keeper_answer_seconds", Help: "How long it took to say so.", Value: time.Since(begun).Seconds()},
		{Name: "portal_keeper_withdrawn", Help: "Rights taken away that it remembers.", Value: float64(s.Withdrawn.Entries)},
		{Name: "portal_keeper_openings", Help: "Cases that custodians opened.", Value: float64(s.Openings.Entries)},
	}
	return append(out, keeperDisk(s.Disk)...), nil
}

// keeperDisk is how much room the keeper has; nothing where it does not know.
func keeperDisk(d keeper.Disk) []ops.Figure {
	if d.All == 0 {
		return nil
	}
	return []ops.Figure{{Name: "portal_keeper_disk_free_bytes", Help: "Room on the disk of the keeper's folder: without any it opens no text.", Value: float64(d.Free)}}
}

// lookAfter tells of a keeper that will stand still before long, or whose folder is an old one,
// as long as that lasts.
func lookAfter(ctx context.Context, s keeper.Status) {
	if s.Disk.Scarce() {
		slog.ErrorContext(ctx, "alarm: the disk of the keeper's folder is almost full: when it is, no text opens", "free", s.Disk.Free, "of", s.Disk.All)
	}
	if s.Withdrawn.Scarce() || s.Openings.Scarce() {
		slog.ErrorContext(ctx, "alarm: a memory of the keeper is almost full: when it is, no new case opens", "withdrawn", s.Withdrawn.Bytes, "openings", s.Openings.Bytes, "of", s.Withdrawn.Most)
	}
	if s.Ahead > 0 {
		slog.ErrorContext(ctx, "alarm: the keeper's folder is from before an epoch in which texts were sealed: they open, and new ones are sealed to an earlier key; portal keeper rotate", "epoch", s.Epoch, "sealed", s.Ahead)
	}
}

func (h hands) pools(p *portal.Portal) (out []ops.Figure) {
	for _, pool := range []struct {
		name string
		db   *database.DB
	}{{"people", p.DB.DB}, {"work", h.work}, {"checks", h.checks}} { // the anonymous lane's is left out: it would tell when somebody wrote
		s := pool.db.Stats()
		of := []string{"pool", pool.name}
		out = append(out,
			ops.Figure{Name: "portal_database_connections", Help: "Open connections to the database.", Labels: of, Value: float64(s.OpenConnections)},
			ops.Figure{Name: "portal_database_connections_busy", Help: "Those in use.", Labels: of, Value: float64(s.InUse)},
			ops.Figure{Name: "portal_database_connections_max", Help: "As many as there may be.", Labels: of, Value: float64(s.MaxOpenConnections)},
			ops.Figure{Name: "portal_database_waited", Help: "How often somebody waited for one.", Labels: of, Value: float64(s.WaitCount)},
			ops.Figure{Name: "portal_database_waited_seconds", Help: "For how long, in all.", Labels: of, Value: s.WaitDuration.Seconds()})
	}
	return out
}

// begun is when this process began.
var begun = time.Now()

func process() []ops.Figure {
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	out := []ops.Figure{
		{Name: "process_start_time_seconds", Help: "When the process began, seconds since 1970.", Value: float64(begun.Unix())},
		{Name: "go_goroutines", Help: "Goroutines.", Value: float64(runtime.NumGoroutine())},
		{Name: "go_memory_heap_bytes", Help: "Memory of the heap in use.", Value: float64(mem.HeapInuse)},
		{Name: "go_gc_pause_seconds", Help: "How long the collector stopped everything, in all.", Value: float64(mem.PauseTotalNs) / 1e9},
		{Name: "go_gc_count", Help: "How often it ran.", Value: float64(mem.NumGC)},
	}
	if files, err := os.ReadDir("/proc/self/fd"); err == nil {
		out = append(out, ops.Figure{Name: "process_open_fds", Help: "Open files.", Value: float64(len(files))})
	}
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		if words := strings.Fields(string(text)); len(words) > 1 {
			if pages, err := strconv.Atoi(words[1]); err == nil {
				out = append(out, ops.Figure{Name: "process_resident_memory_bytes", Help: "Memory of the process.", Value: float64(pages * os.Getpagesize())})
			}
		}
	}
	return out
}

// daemons are the commands that go on for ever: what they log is read by a program.
var daemons = []string{"serve", "auditor", "keeper"}

// logTo is the log of a command: JSON for the daemons, lines for people otherwise, unless
// PORTAL_LOG says text or json. Whoever it is for, it goes through the sieve.
func logTo(w io.Writer, command string) *slog.Logger {
	kind := os.Getenv("PORTAL_LOG")
	if kind == "" && slices.Contains(daemons, command) {
		kind = "json"
	}
	if kind == "json" {
		return slog.New(ops.NewSieve(slog.NewJSONHandler(w, nil)))
	}
	return slog.New(ops.NewSieve(slog.NewTextHandler(w, nil)))
}

// loopback tells whether only this machine reaches an address.
func loopback(addr net.Addr) bool {
	host, _, err := net.SplitHostPort(addr.String())
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback()
}

// operators answers those who look after the machine.
func (d doors) operators(ready *ops.Ready, meter *ops.Meter) http.Handler {
	return ops.Handler(ready, meter, d.ops != nil && loopback(d.ops.Addr()))
}

// askReady asks PORTAL_OPS_ADDR, for what watches a container that has no other program.
func askReady(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 {
		return misused("ready takes no arguments: PORTAL_OPS_ADDR says where to ask")
	}
	addr := setting("PORTAL_OPS_ADDR")
	if addr == "" {
		field, _ := reflect.TypeFor[Front]().FieldByName("Ops")
		addr = field.Tag.Get("envDefault")
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/readyz", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(out, io.LimitReader(answer.Body, 4<<10)); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return errors.New("it cannot serve")
	}
	return nil
}
