package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"zharia"
	"zharia/portal"
	"zharia/portal/agent"
	"zharia/portal/database"
	"zharia/portal/eds/key"
	"zharia/portal/policy"
)

// misused says what is wrong with a call.
func misused(what string) error {
	fmt.Fprintln(os.Stderr, "portal:", what)
	return errMisuse
}

// migrate brings the database to the present schema, as a login that is its owner and
// not the one that serves.
func migrate(ctx context.Context, _ []string, out io.Writer) error {
	dsn := setting("PORTAL_MIGRATE_DATABASE", "DATABASE_URL")
	if dsn == "" {
		return misused("neither PORTAL_MIGRATE_DATABASE nor DATABASE_URL is set")
	}
	if err := migrateAt(ctx, dsn); err != nil {
		return err
	}
	fmt.Fprintln(out, "the database has the present schema")
	return nil
}

func openURL(ctx context.Context, role database.Role) (*database.DB, error) {
	dsn := os.Getenv("DATABASE_URL")
	if dsn == "" {
		return nil, misused("DATABASE_URL is not set")
	}
	return database.OpenAs(ctx, dsn, role)
}

// printRoutes prints every address with its act, who may, and the article.
func printRoutes(_ context.Context, _ []string, out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "METHOD\tADDRESS\tACT\tWHO MAY\tARTICLE")
	for _, r := range portal.Routes() {
		rule, _ := policy.RuleOf(r.Act)
		who := strings.Join(rule.Who.Names(), " ")
		if rule.Who == policy.Everyone {
			who = "everyone"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", r.Method, r.Path, r.Act, who, rule.By)
	}
	return w.Flush()
}

// runAgent is a software NCALayer by itself, with the keys of a folder.
func runAgent(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("agent", flag.ContinueOnError)
	addr := flags.String("addr", agent.Address, "where to listen; this computer only")
	dir := flags.String("keys", ".", "folder of keys (PKCS#12: *.p12, *.pfx)")
	password := flags.String("password", "", "password of the keys")
	if flags.Parse(args) != nil {
		return errMisuse
	}
	if flags.NArg() > 0 {
		return misused("agent takes flags only, not " + flags.Arg(0))
	}
	own, err := readKeys(*dir, *password)
	if err != nil {
		return err
	}
	if len(own) == 0 {
		return misused("no keys (*.p12, *.pfx) in " + *dir)
	}
	var keys []*key.Key
	for _, k := range own {
		fmt.Fprintln(os.Stderr, "portal: key", k.file)
		keys = append(keys, k.key)
	}
	book, err := book()
	if err != nil {
		return err
	}
	a := agent.New(keys...)
	if err := a.Window(zharia.Templates, zharia.Static, func(lang, key string) string { return book.In(lang).T(key) }); err != nil {
		return err
	}
	listener, err := listen(*addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "ready ws://%s window http://%s/window\n", *addr, *addr)
	return a.ServeOn(ctx, listener)
}

// ownKey is a key and the file it came from.
type ownKey struct {
	file string
	key  *key.Key
}

// readKeys reads the keys of a folder.
func readKeys(dir, password string) ([]ownKey, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the keys: %w", err)
	}
	var out []ownKey
	for _, entry := range entries {
		if !slices.Contains([]string{".p12", ".pfx"}, strings.ToLower(filepath.Ext(entry.Name()))) {
			continue
		}
		container, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		keys, err := key.ReadPKCS12(container, password)
		if err != nil {
			return nil, fmt.Errorf("key %s: %w", entry.Name(), err)
		}
		for _, k := range keys {
			out = append(out, ownKey{entry.Name(), k})
		}
	}
	return out, nil
}
