package portaltest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"zharia"
	"zharia/portal/cast"
	"zharia/portal/database"
	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/vault"
	"zharia/portal/words"

	"github.com/jmoiron/sqlx"
)

// stagehouse is the bench with a second template, in which the cast has played.
type stagehouse struct {
	*bench
	name   string // of that template
	direct *vault.Direct
	keys   *vault.Keys
	troupe *cast.Troupe
	press  document.Press
}

// theatre is made once in each test process; the template and the keys are
// shared by all.
var theatre = sync.OnceValues(func() (*stagehouse, error) {
	b, err := workbench()
	if err != nil {
		return nil, err
	}
	root, err := Root()
	if err != nil {
		return nil, err
	}
	sum, err := script(root)
	if err != nil {
		return nil, err
	}
	s := &stagehouse{bench: b, name: fmt.Sprintf("tpl_cast_%x", sum[:6])}
	if err := s.stage(context.Background(), filepath.Join(b.dir, "cast")); err != nil {
		return nil, fmt.Errorf("portaltest: put the cast on the stage: %w", err)
	}
	return s, nil
})

// script is the digest of all that the play depends on: the schema, the words, and
// the packages that the cast acts through. What else is edited leaves the stage as it is.
func script(root string) ([]byte, error) {
	packages := map[string]bool{}
	if err := gather(root, "zharia/portal/cast", packages); err != nil {
		return nil, err
	}
	if err := gather(root, "zharia/portal/fence", packages); err != nil {
		return nil, err
	}
	folders := []string{"", "i18n"} // the schema lies beside go.mod
	for name := range packages {
		folders = append(folders, strings.TrimPrefix(strings.TrimPrefix(name, "zharia"), "/"))
	}
	slices.Sort(folders)
	sum := sha256.New()
	for _, folder := range folders {
		files, err := os.ReadDir(filepath.Join(root, folder))
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if f.IsDir() || strings.HasSuffix(f.Name(), "_test.go") || !slices.Contains(scripted, filepath.Ext(f.Name())) {
				continue
			}
			text, err := os.ReadFile(filepath.Join(root, folder, f.Name()))
			if errors.Is(err, fs.ErrNotExist) { // an editor at work
				continue
			}
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(sum, "%s/%s %d\n%s", folder, f.Name(), len(text), text)
		}
	}
	return sum.Sum(nil), nil
}

// scripted are the files that count in those folders; what is embedded lies in the
// folder of the package that embeds it.
var scripted = []string{".go", ".toml", ".sql", ".csv"}

// gather adds a package of ours and all of ours that it imports.
func gather(root, name string, to map[string]bool) error {
	if to[name] {
		return nil
	}
	to[name] = true
	files, err := filepath.Glob(filepath.Join(root, strings.TrimPrefix(name, "zharia"), "*.go"))
	if err != nil {
		return err
	}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		for _, i := range f.Imports {
			imported, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			if imported == "zharia" || strings.HasPrefix(imported, "zharia/") {
				if err := gather(root, imported, to); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// stage loads the keys and makes the template where it is missing, one process
// at a time. Keys and template belong together: without its keys a template says
// nothing.
func (s *stagehouse) stage(ctx context.Context, dir string) error {
	conn, err := s.admin.Connx(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock(7310000)`); err != nil {
		return err
	}
	defer conn.ExecContext(ctx, `SELECT pg_advisory_unlock(7310000)`)

	_, lost := os.Stat(filepath.Join(dir, s.name, "keys"))
	if err := s.equip(filepath.Join(dir, s.name)); err != nil {
		return err
	}
	var ready bool
	if err := conn.GetContext(ctx, &ready, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)`, s.name); err != nil {
		return err
	}
	if ready && lost == nil {
		// A younger date, or the next process takes it for one of another schema.
		_, err := conn.ExecContext(ctx, fmt.Sprintf(`COMMENT ON DATABASE %s IS '%d'`, s.name, time.Now().Unix()))
		return err
	}
	if ready {
		if _, err := conn.ExecContext(ctx, `ALTER DATABASE `+s.name+` IS_TEMPLATE false`); err != nil {
			return err
		}
	}
	return s.perform(ctx, conn, dir)
}

// equip gathers what does not lie in the database. The root of the keeper is the same
// for all tests, so people have the same ids in all of them.
func (s *stagehouse) equip(dir string) (err error) {
	folder, err := fs.Sub(zharia.Words, "i18n")
	if err != nil {
		return err
	}
	s.press.Origin = Origin
	var errs [4]error
	s.press.Words, errs[0] = words.New(folder, deadline.Zone)
	s.troupe, errs[1] = cast.Keys(filepath.Join(dir, "keys"), Afternoon)
	s.direct, errs[2] = vault.NewDirect(rootOfTests())
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	if s.keys, err = vault.Connect(context.Background(), s.direct); err != nil {
		return err
	}
	s.troupe = s.troupe.Apart()
	s.troupe.Meet(s.keys)
	return nil
}

// perform has the cast play in a new database and makes it the template. The
// keys of templates that are gone go, too.
func (s *stagehouse) perform(ctx context.Context, conn *sqlx.Conn, dir string) error {
	for _, order := range []string{
		`DROP DATABASE IF EXISTS ` + s.name + ` WITH (FORCE)`,
		`CREATE DATABASE ` + s.name + ` TEMPLATE ` + s.template + ` STRATEGY file_copy`,
		fmt.Sprintf(`COMMENT ON DATABASE %s IS '%d'`, s.name, time.Now().Unix()),
	} {
		if _, err := conn.ExecContext(ctx, order); err != nil {
			return err
		}
	}
	db, err := database.Open(ctx, s.server.DSN(s.name))
	if err != nil {
		return err
	}
	err = s.troupe.Play(ctx, vault.New(db, s.keys), s.press, Afternoon)
	db.Close()
	if err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, `ALTER DATABASE `+s.name+` IS_TEMPLATE true ALLOW_CONNECTIONS false`); err != nil {
		return err
	}
	return forget(ctx, conn, dir)
}

// forget removes the keys of templates that the bench has dropped.
func forget(ctx context.Context, conn *sqlx.Conn, dir string) error {
	var kept []string
	if err := conn.SelectContext(ctx, &kept, `SELECT datname FROM pg_database WHERE datname LIKE 'tpl\_cast\_%'`); err != nil {
		return err
	}
	folders, err := os.ReadDir(dir)
	for _, f := range folders {
		if !slices.Contains(kept, f.Name()) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, f.Name())))
		}
	}
	return err
}

// worlds counts the clones of a process, so that each has a name of its own.
var worlds atomic.Int64

func (s *stagehouse) clone(template string) (string, error) {
	name := fmt.Sprintf("t_%d_%d_w%d", time.Now().Unix(), os.Getpid(), worlds.Add(1))
	if _, err := s.admin.Exec(`CREATE DATABASE ` + name + ` TEMPLATE ` + template + ` STRATEGY file_copy`); err != nil {
		return "", fmt.Errorf("portaltest: clone the stage: %w", err)
	}
	return name, nil
}
