package backup

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/lib/pq"
)

// ErrNoTool says that PostgreSQL's own programs are not here.
var ErrNoTool = errors.New("pg_dump and pg_restore are not installed here: install the package postgresql-client of the server's version, or say in PORTAL_PG_BIN where they are")

// find is where one of PostgreSQL's programs lies.
func find(name string) (string, error) {
	if dir := os.Getenv("PORTAL_PG_BIN"); dir != "" {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, nil
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", ErrNoTool
	}
	return path, nil
}

func toolVersion(ctx context.Context) (string, error) {
	path, err := find("pg_dump")
	if err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("ask pg_dump for its version: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// keptWords is how much of what a program says is kept for the error.
const keptWords = 2000

// run runs one of PostgreSQL's programs on the database of dsn, which it is told by
// its environment: what stands in arguments everybody on the machine can read. Each
// line that it says goes to hear.
func run(ctx context.Context, name, dsn string, args []string, hear func(line string)) error {
	path, err := find(name)
	if err != nil {
		return err
	}
	address, err := environment(dsn)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "LC_ALL=C", "TZ=UTC"}, address...)
	said, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var wrong strings.Builder
	lines := bufio.NewScanner(said)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		hear(lines.Text())
		if strings.Contains(lines.Text(), "error:") || strings.Contains(lines.Text(), "detail:") {
			wrong.WriteString(lines.Text() + "\n")
		}
	}
	scanned := lines.Err()
	if err := cmd.Wait(); err != nil {
		words := strings.TrimSpace(wrong.String())
		return fmt.Errorf("%s: %w: %s", name, errors.Join(err, ctx.Err()), words[:min(len(words), keptWords)])
	}
	return scanned
}

// named is the database of an address, as pg_restore must be told it: nothing else of
// the address is in its arguments.
func named(dsn string) (string, error) {
	c, err := pq.NewConfig(dsn)
	if err != nil {
		return "", fmt.Errorf("read the database address: %w", err)
	}
	return "dbname='" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(c.Database) + "'", nil
}

// environment is an address as PostgreSQL's own programs take it.
func environment(dsn string) ([]string, error) {
	c, err := pq.NewConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("read the database address: %w", err)
	}
	if c.SSLInline || strings.HasPrefix(string(c.SSLMode), "pqgo-") {
		return nil, errors.New("the database address has certificates that only the portal can read: name them by file")
	}
	hosts, addresses, ports := []string{c.Host}, []netip.Addr{c.Hostaddr}, []uint16{c.Port}
	for _, m := range c.Multi {
		hosts, addresses, ports = append(hosts, m.Host), append(addresses, m.Hostaddr), append(ports, m.Port)
	}
	numbers, numeric := make([]string, len(ports)), make([]string, len(addresses))
	given := false
	for i := range ports {
		numbers[i] = strconv.Itoa(int(ports[i]))
		if addresses[i].IsValid() {
			numeric[i], given = addresses[i].String(), true
		}
	}
	var out []string
	set := func(name, value string) {
		if value != "" {
			out = append(out, name+"="+value)
		}
	}
	set("PGHOST", strings.Join(hosts, ","))
	if given {
		set("PGHOSTADDR", strings.Join(numeric, ","))
	}
	set("PGPORT", strings.Join(numbers, ","))
	set("PGUSER", c.User)
	set("PGPASSWORD", c.Password)
	set("PGPASSFILE", c.Passfile)
	set("PGDATABASE", c.Database)
	set("PGSSLMODE", string(c.SSLMode))
	set("PGSSLCERT", c.SSLCert)
	set("PGSSLKEY", c.SSLKey)
	set("PGSSLROOTCERT", c.SSLRootCert)
	set("PGOPTIONS", c.Options)
	if len(c.Multi) > 0 {
		set("PGTARGETSESSIONATTRS", string(c.TargetSessionAttrs))
	}
	return out, nil
}
