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
	"path/filepath"
	"time"

	"zharia"
	"zharia/portal"
	"zharia/portal/database"
	"zharia/portal/deadline"
	"zharia/portal/eds"
	"zharia/portal/filing"
	"zharia/portal/identity"
	"zharia/portal/job"
	"zharia/portal/ledger"
	"zharia/portal/vault"
	"zharia/portal/words"
)

// serve runs the portal with the settings of the environment, until a signal.
func serve(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 {
		return misused("serve takes no arguments: its settings come from the environment")
	}
	c, err := readConfig()
	if err != nil {
		return err
	}
	listener, err := listen(c.Addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	verifier, err := eds.NewVerifier()
	if err != nil {
		return err
	}
	if refused, err := trust(verifier, c.Anchors); err != nil || refused != nil {
		return errors.Join(err, refused)
	}
	slog.Warn("revocation of certificates is not asked yet; certificates are checked for signature, path, purpose and validity")
	db, err := open(ctx, c.Database, c.Keys)
	if err != nil {
		return err
	}
	defer db.Close()
	book, err := book()
	if err != nil {
		return err
	}
	p := &portal.Portal{DB: db, Words: book, Verifier: verifier, Origin: c.Origin, Agent: c.Agent}
	return run(ctx, p, listener, out, c.Origin)
}

// open opens the database at the present schema, with the keys to its texts.
func open(ctx context.Context, dsn, keys string) (*vault.DB, error) {
	db, err := database.Open(ctx, dsn)
	if err != nil {
		return nil, err
	}
	if err := database.Migrate(ctx, db, zharia.Schema); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := keysBelong(ctx, db, keys); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	ring, err := vault.OpenKeys(keys)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return vault.New(db, ring), nil
}

const countPersons = `SELECT count(*) FROM person`

// keysBelong refuses to make new keys beside a database that was sealed with
// others: nothing in it would ever open again, and new texts would hide that.
func keysBelong(ctx context.Context, db *database.DB, keys string) error {
	if _, err := os.Stat(keys); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var n int
	if err := db.Get(ctx, &n, countPersons); err != nil {
		return err
	}
	if n > 0 {
		return fmt.Errorf("the database has sealed texts and the file of their keys, %s, is not there: bring the file back", keys)
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
func trust(v *eds.Verifier, dir string) (refused, err error) {
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
		if err := v.AddAuthority(cert); err != nil {
			refused = errors.Join(refused, fmt.Errorf("%s is not trusted: %w", entry.Name(), err))
		}
	}
	return refused, nil
}

// listen takes the address, or says plainly that somebody has it.
func listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s, another program has it or it is not ours to take: %w", addr, err)
	}
	return l, nil
}

// How long a client may take; a slow one does not hold a place for ever.
const (
	headerTime = 5 * time.Second
	bodyTime   = 60 * time.Second
	answerTime = 90 * time.Second
	idleTime   = 2 * time.Minute
	stopTime   = 15 * time.Second
)

// run serves until the context ends, then stops taking requests, finishes those
// in hand and drains the jobs. It prints the ready line when it serves.
func run(ctx context.Context, p *portal.Portal, listener net.Listener, out io.Writer, origin string) error {
	handler, err := p.Handler()
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTime, ReadTimeout: bodyTime, WriteTimeout: answerTime,
		IdleTimeout: idleTime, MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(slog.Default().Handler(), slog.LevelWarn),
	}
	jobs := make(chan error, 1)
	go func() { jobs <- runner(p).Run(ctx) }()
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	fmt.Fprintf(out, "ready %s/kk/\n", origin)
	select {
	case err = <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	return errors.Join(server.Shutdown(stop), <-jobs)
}

// runner is all that the portal does by itself: what is due once, and what is
// done again and again.
func runner(p *portal.Portal) job.Runner {
	return job.Runner{
		DB: p.DB.DB,
		Jobs: map[string]job.Func{
			filing.OverdueJob: func(ctx context.Context, tx *database.DB, j job.Job) error {
				return filing.MarkOverdue(ctx, tx, j.Args["filing"], now())
			},
		},
		Timetable: map[string]job.Task{
			"check the ledger": {Every: 24 * time.Hour, Do: func(ctx context.Context, db *database.DB, _ time.Time) error {
				n, _, err := ledger.Check(ctx, db)
				slog.InfoContext(ctx, "the ledger was checked", "acts", n, "whole", err == nil)
				return err
			}},
			"drop ended sessions": {Every: time.Hour, Do: func(ctx context.Context, db *database.DB, at time.Time) error {
				return identity.DropEnded(ctx, vault.New(db, p.DB.Keys), at)
			}},
		},
	}
}

func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
