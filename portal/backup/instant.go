package backup

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"zharia/portal/database"
	"zharia/portal/fence"
	"zharia/portal/ledger"
)

// Instant is a moment that a server is to be put back to.
type Instant struct {
	Base string    // folder of MakeBase, made before that moment
	WAL  string    // folder of Archive
	Dir  string    // a new folder: the server's files go into Dir/data
	At   time.Time // what was committed until then, and nothing after; zero: as far as the archive goes

	Timeline uint32 // whose log is played; zero: of the newest life that goes on from the base and archived anything
}

// Reached is what a server that was put back has.
type Reached struct {
	Manifest            // of the base
	Acts     int64      // in the record
	Last     *time.Time // when the last of them was done; nil: there is none
	Data     string     // where its files are
}

// ErrNotReached says that the archive ends before the moment, or that it tells of nothing
// after it, which is the same to PostgreSQL.
var ErrNotReached = errors.New("the archive ends before that moment, or nothing was done after it: without -at everything that is archived comes back")

// ErrTooEarly says that the base was made after the moment.
var ErrTooEarly = errors.New("the base was made after that moment: take an older one")

// patience is how long a log may take to be played: a day of a busy server is an hour.
const patience = 24 * time.Hour

const (
	selectReached = `SELECT count(*) AS acts, max(at) AS last FROM record`

	// Who was signed in must not come back, and neither may the word that the database is
	// whole: the number of the server and of the database are those of the one it is of.
	forgetPassing = `DELETE FROM phone_request; DELETE FROM challenge; DELETE FROM session; DELETE FROM home`
)

// RestoreAt makes a server of a base and an archive as it was at a moment, and proves the
// portal's database on it. It runs that server for as long, on a socket of its own, as
// whoever runs this program; then it stands ready in Dir/data to be started. Until the
// proof has succeeded no portal serves that database; it can be made again at the same
// Instant, without playing the log. Its log goes on in a timeline of its own, whose history
// is put into the archive, so a new base has to be made; and its record in another life,
// which is written down (GiveUp) where the proof has not done so.
func RestoreAt(ctx context.Context, i Instant, schema string, prove Proof, say func(string)) (r Reached, err error) {
	if i.Dir, err = filepath.Abs(i.Dir); err != nil {
		return r, err
	}
	r.Data = filepath.Join(i.Dir, "data")
	played, err := i.played()
	if err != nil {
		return r, err
	}
	if r.Manifest, err = i.check(ctx, say); err != nil {
		return r, err
	}
	timeline, err := i.whose()
	if err != nil {
		return r, err
	}
	if !played {
		if err := i.unpack(ctx, say); err != nil {
			return r, err
		}
		say("playing the log, timeline: " + timeline)
	}
	server, err := i.play(ctx, r.Owner, timeline)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	if err := os.WriteFile(filepath.Join(i.Dir, playedFile), []byte(i.told()), 0o644); err != nil {
		return r, err
	}
	if err := i.takeNumber(r.Data); err != nil { // after it: to be tried again without hours of log
		return r, err
	}
	dsn := server.DSN(r.Database)
	owner, err := database.Open(ctx, dsn)
	if err != nil {
		return r, err
	}
	defer owner.Close()
	if err := owner.Exec(ctx, forgetPassing); err != nil {
		return r, fmt.Errorf("forget who was signed in: %w", err)
	}
	if err := database.Present(ctx, owner, schema); err != nil {
		return r, fmt.Errorf("%w: %w", ErrOtherProgram, err)
	}
	var reached struct {
		Acts int64      `db:"acts"`
		Last *time.Time `db:"last"`
	}
	if err := owner.Get(ctx, &reached, selectReached); err != nil {
		return r, fmt.Errorf("read how far the record goes: %w", err)
	}
	r.Acts, r.Last = reached.Acts, reached.Last
	say("proving the record of acts")
	if err := proven(ctx, dsn, prove); err != nil {
		return r, fmt.Errorf("the server was put back and its database is NOT proved, so no portal serves it: %w", err)
	}
	proved, err := ledger.Size(ctx, owner)
	if err != nil {
		return r, err
	}
	if proved == r.Acts { // what is lost is not written down; before the proof a witness could have seen another act in its place
		if err := GiveUp(ctx, owner, nil, nil, proved, time.Now()); err != nil {
			return r, err
		}
	}
	if r.Acts, err = ledger.Size(ctx, owner); err != nil {
		return r, err
	}
	return r, fence.Settle(ctx, owner)
}

// playedFile says to what moment Dir/data was played: a proof that failed can be made
// again without that.
const playedFile = "portal.played"

func (i Instant) told() string {
	return fmt.Sprintf("%s %s %d\n", i.Base, i.At.UTC().Format(time.RFC3339Nano), i.Timeline)
}

// played tells whether the files of this very moment stand there already. ErrExists where
// others do.
func (i Instant) played() (bool, error) {
	data := filepath.Join(i.Dir, "data")
	if _, err := os.Lstat(data); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	if text, err := os.ReadFile(filepath.Join(i.Dir, playedFile)); err != nil || string(text) != i.told() {
		return false, fmt.Errorf("%s: %w", data, ErrExists)
	}
	return true, nil
}

// unpack puts the files of the base where the server will have them.
func (i Instant) unpack(ctx context.Context, say func(string)) error {
	data := filepath.Join(i.Dir, "data")
	if err := os.MkdirAll(i.Dir, 0o711); err != nil {
		return err
	}
	if err := os.Mkdir(data, 0o700); err != nil {
		return err
	}
	say("unpacking the base")
	for from, to := range map[string]string{baseFile: data, walFile: filepath.Join(data, "pg_wal")} {
		if err := unpack(ctx, filepath.Join(i.Base, from), to); err != nil {
			return fmt.Errorf("unpack %s: %w", from, err)
		}
	}
	return os.WriteFile(filepath.Join(data, "recovery.signal"), nil, 0o600)
}

// check reads the base, and looks whether all can begin.
func (i Instant) check(ctx context.Context, say func(string)) (Manifest, error) {
	if info, err := os.Stat(i.WAL); err != nil || !info.IsDir() {
		return Manifest{}, errors.Join(fmt.Errorf("the archive is not there: %s", i.WAL), err)
	}
	if !filepath.IsAbs(i.WAL) || strings.ContainsAny(i.WAL, "'\"\\%$`\n") {
		return Manifest{}, fmt.Errorf("the archive %q: a full path without quotation marks, %% and $ is needed, for a shell reads it", i.WAL)
	}
	say("reading the sums of " + i.Base)
	m, err := Read(ctx, i.Base)
	switch {
	case err != nil:
		return m, err
	case !m.Cluster:
		return m, errors.New("this is a copy of one database at one moment: portal restore DIR -database …")
	case !i.At.IsZero() && i.At.Before(m.MadeAt):
		return m, fmt.Errorf("%w: it is of %s", ErrTooEarly, m.MadeAt.Format(time.RFC3339))
	}
	return m, nil
}

// play starts the server and waits until it has played its log and serves.
func (i Instant) play(ctx context.Context, owner, timeline string) (*database.Server, error) {
	for name, text := range map[string]string{
		"portal.conf": "", "portal_ident.conf": "",
		"portal_hba.conf": "local all all trust\n", // the folder of the socket is this user's alone
	} {
		if err := os.WriteFile(filepath.Join(i.Dir, name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	conf := func(name string) string { return filepath.Join(i.Dir, name) }
	settings := []string{
		"config_file=" + conf("portal.conf"), "hba_file=" + conf("portal_hba.conf"), "ident_file=" + conf("portal_ident.conf"),
		// What the server's own postgresql.auto.conf may say must not touch the living one.
		"archive_mode=off", "primary_conninfo=", "primary_slot_name=", "synchronous_standby_names=", "shared_preload_libraries=", "ssl=off", "hot_standby=off",
		`restore_command=cp "` + i.WAL + `/%f" "%p"`, "recovery_target_action=promote", "recovery_target_timeline=" + timeline,
	}
	if !i.At.IsZero() {
		settings = append(settings, "recovery_target_time="+i.At.UTC().Format("2006-01-02 15:04:05.999999")+"+00")
	}
	server, err := database.StartLocal(ctx, database.Local{Dir: i.Dir, Settings: settings, User: owner, Patience: patience})
	switch at := i.At.UTC().Format(time.RFC3339Nano); {
	case err != nil && strings.Contains(err.Error(), "recovery ended before configured recovery target was reached"):
		return nil, fmt.Errorf("%w: %s", ErrNotReached, at)
	case err != nil && strings.Contains(err.Error(), "requested recovery stop point is before consistent recovery point"):
		return nil, fmt.Errorf("%w: %s", ErrTooEarly, at)
	}
	return server, err
}

// unpack puts a packed archive of files into a folder, and nothing beside it.
func unpack(ctx context.Context, file, folder string) (err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	packed, err := os.Open(file)
	if err != nil {
		return err
	}
	defer packed.Close()
	plain, err := gzip.NewReader(patient{ctx, packed})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	for all := tar.NewReader(plain); ; {
		h, err := all.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		switch h.Typeflag {
		case tar.TypeDir:
			if err := root.MkdirAll(strings.TrimSuffix(h.Name, "/"), 0o700); err != nil {
				return err
			}
		case tar.TypeReg:
			if err := extract(root, h, all); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%w: %s is neither a file nor a folder", ErrDamaged, h.Name)
		}
	}
}

func extract(root *os.Root, h *tar.Header, from io.Reader) error {
	if err := root.MkdirAll(filepath.Dir(h.Name), 0o700); err != nil {
		return err
	}
	f, err := root.OpenFile(h.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Close())
}
