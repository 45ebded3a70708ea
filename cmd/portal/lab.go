//go:build lab

// Only in the portal of cmd/faultlab, which takes it through faults: never in one that is
// installed. It trusts the invented authority of the cast and has one more verb.

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"zharia/portal/cast"
	"zharia/portal/country"
	"zharia/portal/database"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/eds/nca"
	"zharia/portal/vault"
)

func init() {
	authorities = labVerifier
	commands = append(commands, command{"lab-stage", "an empty database with the cast and a keeper for cmd/faultlab", labStage})
}

// Names of the files of a stage, as cmd/faultlab knows them.
const (
	labRoot, labIssuer = "root.cer", "issuer.cer"
	labRegister        = "register.cer"
)

// labVerifier trusts the two certificates of the stage and asks the services that the lab
// runs, and breaks.
func labVerifier(c config) (*eds.Verifier, *nca.Client, error) {
	root, err := os.ReadFile(filepath.Join(c.Anchors, labRoot))
	if err != nil {
		return nil, nil, err
	}
	issuer, err := os.ReadFile(filepath.Join(c.Anchors, labIssuer))
	if err != nil {
		return nil, nil, err
	}
	verifier, err := eds.NewVerifier(root, issuer)
	if err != nil {
		return nil, nil, err
	}
	at := os.Getenv("LAB_AUTHORITY")
	client, err := nca.New(nca.Config{
		Issuers: []nca.Issuer{
			{Certificate: issuer, OCSP: at + "/ocsp/", List: at + "/crl/full.crl", Delta: at + "/crl/delta.crl"},
			{Certificate: root, List: at + "/crl/root.crl"},
		},
		TSP: at + "/tsp/", Dir: c.Lists,
	})
	if err != nil {
		return nil, nil, err
	}
	verifier.Services = client
	return verifier, client, nil
}

// labStage puts the schema and the cast into an empty database and makes the keeper whose
// keys seal it, with the very papers that a keeper judges by.
func labStage(ctx context.Context, args []string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("lab-stage", flag.ContinueOnError)
	dir := flags.String("dir", "", "folder of the stage")
	dsn := flags.String("database", "", "an empty database, as its owner")
	origin := flags.String("origin", "", "of the portal")
	people := flags.Int("citizens", 0, "so many more people than the cast, with cases of their own, for cmd/loadtest")
	decisions := flags.Int("decisions", 20, "so many decisions in each of these cases")
	if flags.Parse(args) != nil || *dir == "" || *dsn == "" || *origin == "" {
		return errMisuse
	}
	if err := migrateAt(ctx, *dsn); err != nil {
		return err
	}
	book, err := book()
	if err != nil {
		return err
	}
	troupe, err := cast.Keys(filepath.Join(*dir, "cast"), now())
	if err != nil {
		return err
	}
	verifier, _, err := troupe.Verifier(now)
	if err != nil {
		return err
	}
	kept := &chamber{dir: *dir, origin: *origin, verifier: verifier, register: troupe.Register.Certificate()}
	db, work, err := open(ctx, *dsn, func(hand *database.DB) (*vault.Keys, error) { return kept.open(ctx, hand) })
	defer func() { err = errors.Join(err, kept.close()) }()
	if err != nil {
		return err
	}
	defer db.Close()
	defer work.Close()
	all, press := vault.New(work.DB, kept.all), document.Press{Words: book, Origin: *origin}
	if err := troupe.Play(ctx, all, press, now()); err != nil {
		return err
	}
	citizens, err := country.Citizens(filepath.Join(*dir, "citizens"), troupe, *people, now())
	if err != nil {
		return err
	}
	since := time.Now()
	if err := country.Inhabit(ctx, all, press, troupe, citizens, *decisions, now(), func(done int) {
		fmt.Fprint(os.Stderr, country.Bar("citizens", done, *people, since))
	}); err != nil {
		return err
	}
	anchors := filepath.Join(*dir, "anchors")
	if err := os.MkdirAll(anchors, 0o755); err != nil {
		return err
	}
	for file, certificate := range map[string][]byte{
		filepath.Join(anchors, labRoot): troupe.Authority.Root(), filepath.Join(anchors, labIssuer): troupe.Authority.Issuer(),
		filepath.Join(*dir, labRegister): troupe.Register.Certificate(),
	} {
		if err := os.WriteFile(file, certificate, 0o644); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(out, "staged", troupe.Theft, troupe.Participants["aigul@theft"])
	return err
}
