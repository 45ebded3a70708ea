package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/lib/pq"

	"zharia"
	"zharia/portal"
	"zharia/portal/attachment"
	"zharia/portal/audit"
	"zharia/portal/casefile"
	"zharia/portal/database"
	"zharia/portal/deadline"
	"zharia/portal/directory"
	"zharia/portal/eds"
	"zharia/portal/eds/nca"
	"zharia/portal/evidence"
	"zharia/portal/fence"
	"zharia/portal/filing"
	"zharia/portal/identity"
	"zharia/portal/job"
	"zharia/portal/keeper"
	"zharia/portal/leave"
	"zharia/portal/made"
	"zharia/portal/materials"
	"zharia/portal/notice"
	"zharia/portal/opening"
	"zharia/portal/ops"
	"zharia/portal/phone"
	"zharia/portal/register/feed"
	"zharia/portal/report"
	"zharia/portal/tip"
	"zharia/portal/typed"
	"zharia/portal/vault"
	"zharia/portal/words"
)

// serve runs the portal with the settings of the environment, until a signal.
func serve(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 {
		return misused("serve takes no arguments: its settings come from the environment")
	}
	// A reload, which is HUP, ends no process: what is read anew hears it besides, and where
	// a front speaks TLS that is nothing.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	c, err := readConfig()
	if err = errors.Join(err, materials.Tools()); err != nil {
		return err
	}
	book, err := book()
	if err != nil {
		return err
	}
	ways, err := c.Channels.open(c.Origin, book)
	if err != nil {
		return err
	}
	defer ways.Close()
	doors, err := openDoors(none, c.Plain, c.Ops)
	if err != nil {
		return err
	}
	defer doors.close()
	ready, meter := ops.NewReady(), ops.NewMeter()
	ready.Starting("database")
	defer doors.tellOperators(ready, meter)()
	var shown *certificate
	if c.TLSCert != "" {
		if shown, err = openCertificate(c.TLSCert, c.TLSKey); err != nil {
			return err
		}
	}
	proxies, err := c.proxies()
	if err != nil {
		return err
	}
	verifier, authority, err := authorities(c)
	if err != nil {
		return err
	}
	st := start{config: c, book: book, verifier: verifier, ready: ready, hands: hands{ready: ready, meter: meter, ways: ways, shown: shown, authority: authority}}
	if err := database.Patiently(ctx, startTime, waits, func() error { return st.begin(ctx) }); err != nil {
		return err
	}
	defer st.end()
	defer ways.Close() // while what its last receipts are kept in is open
	st.portal.Proxies, doors.addr = proxies, c.Addr
	go refresh(ctx, authority)
	return run(ctx, st.portal, st.hands, doors, out, c.Origin)
}

// authorities are those whose keys are taken. Only the build for cmd/faultlab (lab.go) has
// others than these.
var authorities = nationalVerifier

// nationalVerifier trusts the pinned certificates and asks the national
// authority's services about keys.
func nationalVerifier(c config) (*eds.Verifier, *nca.Client, error) {
	pins, err := eds.ParsePins(c.Pins)
	if err != nil {
		return nil, nil, fmt.Errorf("PORTAL_PINS: %w", err)
	}
	verifier, err := eds.NewVerifier()
	if err != nil {
		return nil, nil, err
	}
	refused, err := trust(c.Anchors, func(cert []byte) error { return verifier.AddPinned(cert, pins) })
	if err != nil || refused != nil {
		return nil, nil, errors.Join(err, refused)
	}
	network := nca.Production()
	for _, unknown := range network.Unknown(time.Now(), verifier.Authorities()...) {
		slog.Error("alarm: nobody signs in with a key of this authority: this version does not know where to ask about it", "sha256", unknown)
	}
	authority, err := nca.New(nca.Config{Issuers: network.Issuers(verifier.Authorities()...), TSP: network.TSP, Dir: c.Lists})
	verifier.Services = authority
	return verifier, authority, err
}

// refreshEvery is how often it is looked which revocation lists are due. Each
// process holds lists of its own, so this is not on the timetable of all.
const refreshEvery = 5 * time.Minute

// refresh keeps the revocation lists fresh. What went wrong the client has told
// the log; the lists held before stay until they end.
func refresh(ctx context.Context, authority *nca.Client) {
	for ctx.Err() == nil {
		if err := authority.Refresh(ctx); err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, "revocation lists are not all fresh")
		}
		select {
		case <-ctx.Done():
		case <-time.After(refreshEvery):
		}
	}
}

// guard refuses a database that `portal migrate` did not bring to the present schema, a
// copy that nothing proved, and a login or roles that may do more than they have to.
func guard(ctx context.Context, dsn string) error {
	db, err := database.OpenAs(ctx, dsn, database.Work)
	if why := pq.As(err, "42501", "22023"); why != nil { // insufficient_privilege; invalid_parameter_value: no such role
		return fmt.Errorf("%w: run `portal migrate`, and let the login of DATABASE_URL be one of its own: CREATE ROLE zharia LOGIN PASSWORD '…' IN ROLE portal_app, portal_work, portal_audit", err)
	}
	if err != nil {
		return err
	}
	return errors.Join(fence.Guard(ctx, db, zharia.Schema), db.Close())
}

// open opens two pools of the database, with the keys of its texts that take gives: db
// serves people, behind the fence; work is the portal's own hand. Neither owns anything.
func open(ctx context.Context, dsn string, take func(hand *database.DB) (*vault.Keys, error)) (db, work *vault.DB, err error) {
	hand, err := database.OpenAs(ctx, dsn, database.Work)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, hand.Close())
		}
	}()
	ring, err := take(hand)
	if err != nil {
		return nil, nil, err
	}
	app, err := database.OpenAs(ctx, dsn, database.App)
	if err != nil {
		return nil, nil, err
	}
	return vault.New(app, ring), vault.New(hand, ring), nil
}

// migrateAt brings the database to the present schema, as its owner.
func migrateAt(ctx context.Context, dsn string) error {
	db, err := database.Open(ctx, dsn)
	if err != nil {
		return err
	}
	return errors.Join(fence.Raise(ctx, db, zharia.Schema), db.Close())
}

const countPersons = `SELECT count(*) FROM person`

// keysBelong refuses to make new keys beside a database that was sealed with
// others: nothing in it would ever open again, and new texts would hide that.
func keysBelong(ctx context.Context, db *database.DB, keys ...string) error {
	for _, file := range keys {
		if _, err := os.Stat(file); err == nil {
			continue
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		var n int
		if err := db.Get(ctx, &n, countPersons); err != nil {
			return err
		}
		if n > 0 {
			return fmt.Errorf("the database has sealed texts and the file of their keys, %s, is not there: bring the file back", file)
		}
	}
	return nil
}

func book() (*words.Book, error) {
	files, err := fs.Sub(zharia.Words, "i18n")
	if err != nil {
		return nil, err
	}
	return words.New(files, deadline.Zone)
}

// trust adds every certificate in a folder to those that are trusted; refused are
// those that cannot be, each with its reason.
func trust(dir string, add func(cert []byte) error) (refused, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the trusted authorities: %w", err)
	}
	for _, entry := range entries {
		if entry.IsDir() {
			continue
		}
		cert, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return refused, err
		}
		if err := add(cert); err != nil {
			refused = errors.Join(refused, fmt.Errorf("%s is not trusted: %w", entry.Name(), err))
		}
	}
	return refused, nil
}

// How long a client may take; a slow one does not hold a place for ever.
const (
	headerTime = 5 * time.Second
	bodyTime   = 60 * time.Second
	answerTime = 90 * time.Second
	idleTime   = 2 * time.Minute
	stopTime   = answerTime // nothing that is in hand takes longer, but a file over a slow line
)

// laneConnections are those of the anonymous lane: nobody else waits behind a flood of it.
const laneConnections = 3

// hands are what the portal does its own work with: a pool that may, one that only
// looks, what the daily audit holds against the database, the keeper, nil where there is
// none, and the ways by which people are told.
type hands struct {
	work, checks *database.DB
	watch        audit.Watch
	keeper       *keeper.Client
	authority    *nca.Client  // whom keys are asked about; nil: nobody
	exchange     *feed.Worker // tells the register; nil: nobody does
	ways         *channels
	shown        *certificate // to browsers; nil where a front speaks TLS

	ready *ops.Ready // what operators are told since the start; nil: from when it serves
	meter *ops.Meter // goes with ready

	troubles func(context.Context) ([]database.Trouble, error) // with which a filing could be lost; nil: nobody looks
	steady   func() bool                                       // whether the clock can be believed; nil: nobody looks
}

// run serves until the context ends, then stops taking requests, finishes those
// in hand and drains the jobs. It prints the ready line when it serves.
func run(ctx context.Context, p *portal.Portal, h hands, d doors, out io.Writer, origin string) error {
	if os.Getenv("GOMAXPROCS") == "" { // on two processors a long reckoning would hold up every page; the system shares them more evenly
		runtime.GOMAXPROCS(max(4, runtime.NumCPU()))
	}
	leaving := make(chan struct{})
	ready, meter := h.ready, h.meter
	if ready == nil {
		ready, meter = ops.NewReady(), ops.NewMeter()
	}
	p.Leaving, p.Meter = leaving, meter
	for _, figures := range h.figures(p) {
		p.Meter.Read(figures)
	}
	p.Push, p.Receipts = h.ways.Push, h.ways.Receipts
	teller := tells(p, h)
	p.Channels = h.ways.offered()
	h.ways.Keep(teller.Receive)
	var lane *database.DB
	if err := database.Patiently(ctx, startTime, waits, func() (err error) { lane, err = database.OpenAs(ctx, p.DB.DSN(), database.App); return err }); err != nil {
		return err
	}
	defer lane.Close()
	lane.Limit(laneConnections)
	p.Tips = vault.New(lane, p.DB.Keys)
	counts, err := database.OpenCounts(ctx, p.DB.DSN())
	if err != nil {
		return err
	}
	if counts != nil {
		defer counts.Close()
		p.Counts = vault.New(counts, p.DB.Keys)
	}
	handler, err := p.Handler()
	if err != nil {
		return err
	}
	go p.TellOfTips(ctx)
	go p.DB.Heed(ctx)
	go lane.Heed(ctx)
	if d.people == nil { // not sooner: who came would wait for one who does not serve yet
		if d.people, err = listen(d.addr); err != nil {
			return err
		}
	}
	leaver := &leaver{Handler: handler}
	server := newServer(leaver)
	jobs := make(chan error, 1)
	go func() { jobs <- runner(p, h).Run(ctx) }()
	told := make(chan struct{})
	go func() { teller.Run(ctx); close(told) }()
	exchanged := make(chan struct{})
	go func() {
		if h.exchange != nil {
			h.exchange.Run(ctx)
		}
		close(exchanged)
	}()
	go renew(ctx, p.DB.Keys)
	if h.keeper != nil {
		go (&leave.Courier{DB: vault.New(h.work, p.DB.Keys), Keeper: h.keeper}).Run(ctx)
	}
	served := make(chan error, 3)
	if h.shown != nil {
		server.TLSConfig = h.shown.config()
		go h.shown.watch(ctx)
		go func() { served <- server.ServeTLS(d.people, "", "") }()
	} else {
		go func() { served <- server.Serve(d.people) }()
	}
	for listener, handler := range map[net.Listener]http.Handler{d.plain: toTLS(origin), d.ops: d.operators(ready, p.Meter)} {
		if listener != nil {
			beside := newServer(handler)
			defer beside.Close()
			go func() { served <- beside.Serve(listener) }()
		}
	}
	ready.Serve(h.readiness()...)
	fmt.Fprintf(out, "ready %s/kk/\n", origin)
	notify("READY=1")
	select {
	case err = <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	notify("STOPPING=1")
	ready.Leave()
	close(leaving)
	err = errors.Join(d.end(server, leaver), <-jobs)
	<-told
	<-exchanged
	return err
}

// newServer is one that a slow or an immoderate client holds nothing of for long.
func newServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTime, ReadTimeout: bodyTime, WriteTimeout: answerTime,
		IdleTimeout: idleTime, MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(slog.Default().Handler(), slog.LevelWarn),
	}
}

// tells is who tells people what the record says.
func tells(p *portal.Portal, h hands) *notice.Worker {
	return &notice.Worker{DB: vault.New(h.work, p.DB.Keys), Words: p.Words, Origin: p.Origin, Senders: h.ways.Senders, Clock: p.Clock}
}

// renewEvery is how often a process asks to whom texts are sealed now. Each holds that
// key for itself, so this is not on the timetable of all; what is sealed to the key
// before opens as well.
const renewEvery = 5 * time.Minute

// renew keeps to the keeper's newest key. While the keeper is down the one before is
// good.
func renew(ctx context.Context, keys *vault.Keys) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(renewEvery):
		}
		if err := keys.Renew(ctx); err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, "the keeper's newest key is not known", "error", err)
		}
	}
}

// runner is all that the portal does by itself: what is due once, and what is
// done again and again.
func runner(p *portal.Portal, h hands) job.Runner {
	r := job.Runner{
		DB: h.work, Now: p.Clock, Steady: h.steady,
		Jobs: map[string]job.Func{
			filing.OverdueJob: func(ctx context.Context, tx *database.DB, j job.Job) error {
				return filing.MarkOverdue(ctx, tx, j.Args["filing"], j.At)
			},
			identity.LeaveJob: func(ctx context.Context, _ *database.DB, j job.Job) error {
				return identity.Left(ctx, h.keeper, j)
			},
			filing.RecountJob: func(ctx context.Context, tx *database.DB, j job.Job) error {
				return filing.Recount(ctx, tx, j.Args["day"], j.At)
			},
			report.OverdueJob: func(ctx context.Context, tx *database.DB, j job.Job) error {
				return report.MarkOverdue(ctx, tx, j.Args["report"], j.At)
			},
			opening.AlarmJob: func(ctx context.Context, tx *database.DB, j job.Job) error {
				return opening.Alarm(ctx, tx, j.Args["officer"], j.At)
			},
			casefile.RequestOverdueJob: func(ctx context.Context, tx *database.DB, j job.Job) error {
				return casefile.MarkRequestOverdue(ctx, tx, j.Args["request"], j.At)
			},
			materials.RenderJob: func(ctx context.Context, tx *database.DB, j job.Job) error {
				ctx, err := j.Bear(ctx, p.DB.Keys)
				if err != nil {
					return err
				}
				return materials.Render(ctx, vault.New(tx, p.DB.Keys), j.Args["material"], j.At)
			},
			evidence.ConfirmJob: func(ctx context.Context, tx *database.DB, j job.Job) error {
				ctx, err := j.Bear(ctx, p.DB.Keys)
				if err != nil {
					return err
				}
				return evidence.Confirm(ctx, vault.New(tx, p.DB.Keys), p.Verifier, j.Args["evidence"], j.At)
			},
			attachment.ScanJob: func(ctx context.Context, tx *database.DB, j job.Job) error {
				ctx, err := j.Bear(ctx, p.DB.Keys)
				if err != nil {
					return err
				}
				return attachment.Scan(ctx, vault.New(tx, p.DB.Keys), p.Scanner, j.Args["attachment"], j.At)
			},
		},
		Timetable: map[string]job.Task{
			"audit the database": {Every: 24 * time.Hour, Lasts: 6 * time.Hour, Do: func(ctx context.Context, _ *database.DB, at time.Time) error {
				_, err := audit.Daily(ctx, h.checks, h.watch, at)
				return err
			}},
			"drop what was typed and not sent": {Every: 24 * time.Hour, Do: func(ctx context.Context, db *database.DB, at time.Time) error {
				return typed.DropOld(ctx, vault.New(db, p.DB.Keys), at)
			}},
			"remind of terms that end": {Every: 10 * time.Minute, Do: func(ctx context.Context, db *database.DB, at time.Time) error {
				return tells(p, h).Remind(ctx, db, at.UTC().Truncate(time.Microsecond))
			}},
			"look who opens more cases than work explains": {Every: 5 * time.Minute, Do: opening.Watch},
			"count the notices of a month":                 {Every: 10 * time.Minute, Do: notice.Count},
			"check that everybody was told": {Every: 24 * time.Hour, Do: func(ctx context.Context, db *database.DB, at time.Time) error {
				_, err := tells(p, h).Check(ctx, db, at.UTC().Truncate(time.Microsecond))
				return err
			}},
			"write down the anonymous messages of the days before": {Every: time.Hour, Do: tip.WriteDown},
			"destroy anonymous messages whose time is over":        {Every: 24 * time.Hour, Do: tip.Forget},
			"hold anonymous messages against the record": {Every: 24 * time.Hour, Do: func(ctx context.Context, db *database.DB, _ time.Time) error {
				wrong, err := tip.Check(ctx, db)
				if len(wrong) > 0 {
					slog.ErrorContext(ctx, "alarm: anonymous messages are not as they were written down", "what", wrong)
				}
				return err
			}},
			"end powers whose last day has passed": {Every: time.Hour, Do: casefile.EndLapsed},
			"end substitutions and terms of office": {Every: time.Minute, Do: func(ctx context.Context, db *database.DB, at time.Time) error {
				return directory.Expire(ctx, vault.New(db, p.DB.Keys), at.UTC().Truncate(time.Microsecond))
			}},
			"give what waits for officials who left to who sits there": {Every: time.Minute, Do: func(ctx context.Context, db *database.DB, at time.Time) error {
				return filing.Reseat(ctx, db, at.UTC().Truncate(time.Microsecond))
			}},
			"drop uploads that were given up": {Every: time.Hour, Do: func(ctx context.Context, db *database.DB, at time.Time) error {
				return attachment.Sweep(ctx, vault.New(db, p.DB.Keys), at)
			}},
			"sweep the bucket": {Every: 24 * time.Hour, Lasts: 6 * time.Hour, Do: func(ctx context.Context, db *database.DB, at time.Time) error {
				_, err := attachment.SweepOutside(ctx, vault.New(db, p.DB.Keys), at)
				return err
			}},
			"drop papers that the register has taken": {Every: 24 * time.Hour, Do: feed.DropPapers},
			"drop what was touched long ago":          {Every: 10 * time.Minute, Do: made.Drop},
			"drop what phones were to sign":           {Every: time.Minute, Do: phone.DropContents},
			"drop ended sessions": {Every: time.Hour, Do: func(ctx context.Context, db *database.DB, at time.Time) error {
				return identity.DropEnded(ctx, vault.New(db, p.DB.Keys), at)
			}},
		},
	}
	if h.keeper != nil {
		r.Timetable["tell of cases that custodians opened"] = job.Task{Every: time.Minute, Do: func(ctx context.Context, db *database.DB, at time.Time) error {
			return tellUnsealed(ctx, vault.New(db, p.DB.Keys), h.keeper, at.UTC().Truncate(time.Microsecond))
		}}
		r.Timetable["write down how far the keeper's memory goes"] = job.Task{Every: time.Hour, Do: func(ctx context.Context, db *database.DB, at time.Time) error {
			return leave.Recall(ctx, db, h.keeper, 0, at.UTC().Truncate(time.Microsecond))
		}}
		r.Timetable["look how much room the keeper has"] = job.Task{Every: time.Hour, Do: func(ctx context.Context, _ *database.DB, _ time.Time) error {
			s, err := h.keeper.Status(ctx)
			lookAfter(ctx, s)
			return err
		}}
	}
	return r
}

// tellUnsealed tells the people of a case that custodians of the keys opened it.
func tellUnsealed(ctx context.Context, db *vault.DB, k *keeper.Client, at time.Time) error {
	all, err := k.Openings(ctx)
	if err != nil {
		return err
	}
	told := make([]opening.Unsealing, len(all))
	for i, o := range all {
		told[i] = opening.Unsealing{ID: o.ID, Case: o.Case, Person: o.Person, From: o.From, Until: o.Until, Ground: o.Ground}
	}
	return opening.Tell(ctx, db, told, at)
}

func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
