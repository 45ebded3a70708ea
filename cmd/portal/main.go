// Command portal is the whole portal in one binary: it serves, it demonstrates
// itself, it brings a database up to date, it prints its own tables, it verifies
// signatures.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"zharia/portal/eds"
	"zharia/portal/ops"
)

// command is one verb of the program.
type command struct {
	name, what string
	run        func(ctx context.Context, args []string, out io.Writer) error
}

var commands = []command{
	{"demo", "the portal with its cast, a private database and a signing agent", demo},
	{"serve", "the portal, with the settings of the environment", serve},
	{"ready", "ask the portal on this machine whether it can serve: 0 it can, 1 it cannot", askReady},
	{"migrate", "bring the database at PORTAL_MIGRATE_DATABASE to the present schema", migrate},
	{"auditor", "the process that signs checkpoints of the record and gives them to witnesses", auditor},
	{"backup", "copy the database at PORTAL_BACKUP_DATABASE into a new folder", makeBackup},
	{"archive", "keep a segment of PostgreSQL's log in a folder: what its archive_command calls", archive},
	{"restore", "put a backup into an empty database, or a server back to a moment, and prove it", restore},
	{"agent", "a software NCALayer with keys from PKCS#12 files", runAgent},
	{"import", "take a file of messages of the register of investigations", takeFile},
	{"register", "a stand-in for the register of investigations: it brings cases, takes events, and fails as told", runRegister},
	{"officer", "one of the first two administrators of the directory", firstOfficer},
	{"sessions", "end: the sessions of somebody, or of everybody, when a key was stolen", endSessions},
	{"routes", "every address: its act, who may, by what law", printRoutes},
	{"policy", "which decisions open to which status, by what law", printPolicy},
	{"filing", "routes: where complaints and petitions go, by what law; moves: their life", printFiling},
	{"term", "by when: a term counted day by day, or all of them with -list", printTerm},
	{"calendar", "days of rest the Government moved: list them, or set one", keepCalendar},
	{"receipt", "verify: a receipt, offline; page: the page that does it in a browser", checkReceipt},
	{"keeper", "the other process, which alone opens texts: init, run, unseal, seal, rotate, reshare, copy, open-case", keep},
	{"reseal", "bring the texts of the database under the keeper's present epoch, after keeper rotate", bringOver},
	{"ledger", "verify: that the database holds what the acts left in it, without any key to its texts", auditLedger},
}

// errMisuse is a call that cannot be understood; what is wrong has been said.
var errMisuse = errors.New("misuse")

func main() {
	if len(os.Args) < 2 {
		usage(os.Stderr)
		os.Exit(2)
	}
	name, args := os.Args[1], os.Args[2:]
	settled := settle()
	slog.SetDefault(logTo(os.Stderr, name))
	if name == "eds" {
		os.Exit(eds.Command(args, os.Stdout, os.Stderr))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process where it stands
	if settled != nil {
		os.Exit(code(settled))
	}
	for _, c := range commands {
		if c.name == name {
			os.Exit(code(c.run(ctx, args, os.Stdout)))
		}
	}
	usage(os.Stderr)
	os.Exit(2)
}

func code(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errMisuse):
		return 2
	}
	fmt.Fprintln(os.Stderr, "portal:", ops.Masked(err.Error())) // it ends in the journal: an address may have its password in it
	return 1
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "usage: portal COMMAND [FLAGS]")
	fmt.Fprintln(w)
	for _, c := range commands {
		fmt.Fprintf(w, "  %-8s  %s\n", c.name, c.what)
	}
	fmt.Fprintf(w, "  %-8s  %s\n", "eds", "verify a signature: portal eds verify [-trust DIR] [-at RFC3339] [-content FILE] FILE")
}
