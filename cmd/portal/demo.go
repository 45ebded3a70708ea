package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"zharia"
	"zharia/portal"
	"zharia/portal/agent"
	"zharia/portal/audit"
	"zharia/portal/cast"
	"zharia/portal/database"
	"zharia/portal/document"
	"zharia/portal/eds/authority"
	"zharia/portal/eds/key"
	"zharia/portal/register/inbound"
	"zharia/portal/vault"
)

// demo runs the whole portal on one machine: a private PostgreSQL, an authority
// of its own, the cast with their cases, and a software NCALayer whose key the
// strip above every page changes. What is filed stays in the state folder.
func demo(ctx context.Context, args []string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	addr := flags.String("addr", "127.0.0.1:8080", "where the portal listens")
	agentAddr := flags.String("agent-addr", agent.Address, "where the signing agent listens")
	state := flags.String("state", ".portal", "folder of the database and the keys")
	trusted := flags.String("trust", "", "folder of certificates of further authorities to trust")
	keys := flags.String("keys", "", "folder of further keys (PKCS#12) for the agent")
	password := flags.String("password", "", "password of those keys")
	delay := flags.Duration("responder-delay", 0, "how long the responder of the demonstration takes over an answer")
	if flags.Parse(args) != nil {
		return errMisuse
	}
	if flags.NArg() > 0 {
		return misused("demo takes flags only, not " + flags.Arg(0))
	}
	doors, err := openDoors(*addr, none, none)
	if err != nil {
		return err
	}
	doors.linger = 0 // nobody but one person comes
	defer doors.close()
	agentListener, err := listen(*agentAddr)
	if err != nil {
		return err
	}
	defer agentListener.Close()
	step("starting a private PostgreSQL in " + *state)
	server, err := database.StartLocal(ctx, database.Local{Dir: filepath.Join(*state, "pg")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	if err := server.Create(ctx, "portal"); err != nil {
		return err
	}
	err = migrateAt(ctx, server.DSN("portal"))
	if errors.Is(err, database.ErrOtherSchema) {
		return fmt.Errorf("%w. To begin the demonstration anew, without what was filed in it, remove %s, or say -state with another folder", err, *state)
	}
	if err != nil {
		return err
	}
	book, err := book()
	if err != nil {
		return err
	}
	troupe, err := cast.Keys(filepath.Join(*state, "cast"), now())
	if err != nil {
		return err
	}
	center, err := openCenter(ctx, troupe, filepath.Join(*state, "lists"), *delay)
	if err != nil {
		return err
	}
	defer center.close()
	if *trusted != "" {
		if err := center.believe(*trusted); err != nil {
			return err
		}
	}
	origin := "http://" + *addr
	box, err := openMailbox()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, box.close()) }()
	ways, err := box.ways().open(origin, book)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ways.Close()) }()
	kept := &chamber{dir: *state, origin: origin, verifier: center.verifier, register: troupe.Register.Certificate()}
	db, work, err := open(ctx, server.DSN("portal"), func(hand *database.DB) (*vault.Keys, error) { return kept.open(ctx, hand) })
	defer func() { err = errors.Join(err, kept.close()) }()
	if err != nil {
		return err
	}
	defer db.Close()
	defer work.Close()
	p := &portal.Portal{
		DB: db, Words: book, Verifier: center.verifier, Origin: origin, Agent: "ws://" + *agentAddr, AnyChain: true,
	}
	p.Register = &inbound.Inbox{DB: work, Verifier: center.verifier, Register: troupe.Register.Certificate(), Origin: origin}
	step("putting the cast on the stage")
	if err := troupe.Play(ctx, vault.New(work.DB, kept.all), document.Press{Words: book, Origin: p.Origin}, now()); err != nil {
		return err
	}
	exchange, public, end, err := openStandin(ctx, filepath.Join(*state, "register"), p.Origin, work.DB)
	if err != nil {
		return err
	}
	defer end()
	p.Exchange = public
	checks, err := database.OpenAs(ctx, server.DSN("portal"), database.Audit)
	if err != nil {
		return err
	}
	defer checks.Close()
	witness, err := filepath.Abs(filepath.Join(*state, "witness"))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(witness, 0o700); err != nil {
		return err
	}
	signs, err := newAuditor(ctx, checks, auditorConfig{Origin: p.Origin, Key: filepath.Join(*state, "keys", "auditor"), Witnesses: []string{witness}})
	if err != nil {
		return err
	}
	p.LogKey = signs.Key.Public
	reader, err := newReader(troupe, *keys, *password)
	if err != nil {
		return err
	}
	if err := reader.agent.Window(zharia.Templates, zharia.Static, func(lang, key string) string { return book.In(lang).T(key) }); err != nil {
		return err
	}
	reader.agent.Stamp(center.client.Stamp)
	p.Demo = reader.demo(troupe.Authority)
	p.Demo.Sent = box.sent
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go refresh(ctx, center.client)
	agentDone := make(chan error, 1)
	go func() { agentDone <- reader.agent.ServeOn(ctx, agentListener); cancel() }()
	signed := make(chan struct{})
	go func() { signs.Run(ctx); close(signed) }()
	watch := audit.Watch{Key: signs.Key.Verifier, Witnesses: []string{witness}, State: filepath.Join(*state, "audit.json")}
	err = run(ctx, p, hands{work: work.DB, checks: checks, exchange: exchange, watch: watch, keeper: kept.client, ways: ways}, doors, out, p.Origin)
	cancel()
	<-signed
	return errors.Join(err, <-agentDone)
}

// step tells somebody at a terminal what is being done.
func step(what string) { fmt.Fprintln(os.Stderr, "portal:", what) }

// reader is the card reader of the demonstration: one key is in it.
type reader struct {
	agent *agent.Agent
	list  []portal.DemoKey
	keys  map[string]*key.Key

	mu  sync.Mutex
	now string
}

func newReader(troupe *cast.Troupe, dir, password string) (*reader, error) {
	r := &reader{keys: map[string]*key.Key{}}
	var all []*key.Key
	add := func(k portal.DemoKey, owned *key.Key) {
		r.list = append(r.list, k)
		r.keys[k.Word] = owned
		all = append(all, owned)
	}
	for _, word := range troupe.Order {
		add(portal.DemoKey{Word: word, Label: troupe.Members[word].What}, troupe.Members[word].Key)
	}
	if dir != "" {
		own, err := readKeys(dir, password)
		if err != nil {
			return nil, err
		}
		for _, k := range own {
			add(portal.DemoKey{Word: k.file, Name: k.file}, k.key)
		}
	}
	r.agent = agent.New(all...)
	r.insert(troupe.Order[0])
	return r, nil
}

func (r *reader) insert(word string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if k := r.keys[word]; k != nil {
		r.now = word
		r.agent.Insert(k)
	}
}

func (r *reader) demo(a *authority.Authority) *portal.Demo {
	return &portal.Demo{
		Keys: r.list, Insert: r.insert,
		Sign: func(content []byte, attached bool) ([]byte, error) {
			r.mu.Lock()
			k := r.keys[r.now]
			r.mu.Unlock()
			return k.SignCMS(content, attached, now())
		},
		Client: &http.Client{Timeout: 20 * time.Second},
		Now: func() portal.DemoReader {
			word, serial := r.inside()
			return portal.DemoReader{Word: word, Ours: a.Issued(serial), Blocked: a.Revoked(serial)}
		},
		Block: func(hold bool) error {
			_, serial := r.inside()
			if hold {
				return a.Revoke(serial, authority.Hold, now())
			}
			if err := a.Unrevoke(serial); !errors.Is(err, authority.ErrNotHeld) {
				return err
			}
			return nil
		},
	}
}

// inside is the key in the reader and the serial number of its certificate.
func (r *reader) inside() (word, serial string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now, r.keys[r.now].Serial()
}
