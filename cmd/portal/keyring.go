package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/caarlos0/env/v11"
	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/keeper"
	"zharia/portal/leave"
	"zharia/portal/vault"
)

// Keyring says who opens texts: the keeper, which is another process, or, in
// development, keys of our own in a file.
type Keyring struct {
	Keeper      string `env:"PORTAL_KEEPER" help:"where the keeper answers: unix:/run/zharia/keeper.sock or tcp:host:port; must be set, the portal waits until it is unsealed"`
	Certificate string `env:"PORTAL_KEEPER_CERT" help:"over TCP: PEM of the portal's certificate, which the keeper knows by its SHA-256"`
	Key         string `env:"PORTAL_KEEPER_KEY" help:"over TCP: PEM of its key, mode 0600"`
	Authority   string `env:"PORTAL_KEEPER_CA" help:"over TCP: PEM of the authority of the keeper's certificate"`
	Lost        int64  `env:"PORTAL_KEEPER_LOST" help:"once, after the newest copy of the keeper's folder was lost for good: the act that the refusal to start names; the record keeps it"`
	Keys        string `env:"PORTAL_KEYS" help:"instead of a keeper, in development: file of a root that opens everything, mode 0600"`
	Direct      string `env:"PORTAL_DIRECT_KEYS" help:"'development' lets PORTAL_KEYS take the place of a keeper: whoever has this machine then reads everything"`
}

// development is the word that lets a portal open texts by itself.
const development = "development"

const directWarning = "NO KEEPER: this portal opens every text by itself, and so does whoever has its machine. For development only."

// check asks for exactly one of the two ways.
func (r Keyring) check() error {
	switch {
	case (r.Keeper == "") == (r.Keys == ""):
		return errors.New("PORTAL_KEEPER must be set; in development PORTAL_KEYS instead, with PORTAL_DIRECT_KEYS=development")
	case r.Keys != "" && r.Direct != development:
		return errors.New("PORTAL_KEYS opens every text without a keeper: in development, say so with PORTAL_DIRECT_KEYS=development; elsewhere set PORTAL_KEEPER")
	case r.Keeper != "" && r.Direct != "":
		return errors.New("PORTAL_DIRECT_KEYS is for a portal without a keeper")
	}
	return nil
}

// readKeyring is the part of the settings that a command needs which seals something.
func readKeyring() (Keyring, error) {
	r, err := env.ParseAs[Keyring]()
	return r, errors.Join(err, r.check())
}

// open takes the keys; the client is nil where there is no keeper. It waits for the keeper's
// custodians.
func (r Keyring) open(ctx context.Context, hand *database.DB, out io.Writer) (*vault.Keys, *keeper.Client, error) {
	if r.Keeper == "" {
		fmt.Fprintf(out, "\x1b[1;31m%s\x1b[0m\n", directWarning)
		if err := keysBelong(ctx, hand, r.Keys); err != nil {
			return nil, nil, err
		}
		keys, err := vault.OpenKeys(r.Keys)
		if err == nil {
			err = sealedFor(ctx, hand, func(ctx context.Context, one vault.Ask) (bool, error) {
				deks, err := keys.Keeper().Unwrap(ctx, []vault.Ask{one})
				return err == nil && deks[0] != nil, err
			})
		}
		return keys, nil, err
	}
	certificates, err := r.certificates()
	if err != nil {
		return nil, nil, err
	}
	client, err := keeper.Dial(r.Keeper, certificates)
	if err != nil {
		return nil, nil, err
	}
	keys, err := connect(ctx, client, hand, r.Lost)
	return keys, client, err
}

// connect waits for a keeper, asks whether it is the one of this database and remembers
// what it did, and lets it be shown the papers of the database.
func connect(ctx context.Context, client *keeper.Client, hand *database.DB, lost int64) (*vault.Keys, error) {
	if err := client.Await(ctx); err != nil {
		return nil, err
	}
	keys, err := vault.Connect(ctx, client)
	if err == nil {
		err = sealedFor(ctx, hand, func(ctx context.Context, one vault.Ask) (bool, error) {
			wraps, err := client.Rewrap(ctx, []vault.Ask{one}) // which asks for no right, and opens nothing
			return err == nil && wraps[0] != nil, err
		})
	}
	if err == nil {
		if err = leave.Recall(ctx, hand, client, lost, now()); errors.Is(err, leave.ErrForgot) {
			err = fmt.Errorf("%w; if it is lost for good, start once with PORTAL_KEEPER_LOST set to the number of that act", err)
		}
	}
	if err == nil {
		client.Papers = leave.Papers(vault.New(hand, keys))
		client.Opened = func(ctx context.Context, opening uuid.UUID) {
			slog.WarnContext(ctx, "a text opened only because custodians opened its case", "opening", opening)
		}
	}
	return keys, err
}

const selectSealed = `SELECT id, name FROM person ORDER BY id LIMIT 1`

// errOtherKeeper says that keys and database do not belong together.
var errOtherKeeper = errors.New("the keeper is not the one that this database is sealed to: no text in it would open, nobody would be known again, and new texts would be sealed to the wrong one; bring back the keeper's folder (or PORTAL_KEYS) of this database, or the database of this keeper")

// sealedFor refuses a keeper who does not know the keys of the database; knows says
// whether he knows that of one object. A database without people is anybody's.
func sealedFor(ctx context.Context, hand *database.DB, knows func(context.Context, vault.Ask) (bool, error)) error {
	var one struct {
		ID   uuid.UUID `db:"id"`
		Name []byte    `db:"name"`
	}
	err := hand.Get(ctx, &one, selectSealed)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	head, err := vault.Head(vault.Where{Table: "person", Column: "name", ID: one.ID, Person: one.ID}, one.Name)
	if err != nil {
		return err
	}
	if known, err := knows(ctx, head); err != nil || !known {
		return errors.Join(err, errOtherKeeper)
	}
	return nil
}

// certificates are those of both sides; none for a unix socket.
func (r Keyring) certificates() (*tls.Config, error) {
	if r.Certificate == "" && r.Key == "" && r.Authority == "" {
		return nil, nil
	}
	own, err := tls.LoadX509KeyPair(r.Certificate, r.Key)
	if err != nil {
		return nil, fmt.Errorf("PORTAL_KEEPER_CERT and PORTAL_KEEPER_KEY: %w", err)
	}
	text, err := os.ReadFile(r.Authority)
	if err != nil {
		return nil, fmt.Errorf("PORTAL_KEEPER_CA: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("PORTAL_KEEPER_CA: %s has no certificate in PEM", r.Authority)
	}
	return &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{own}, RootCAs: pool}, nil
}
