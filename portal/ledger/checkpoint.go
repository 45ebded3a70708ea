package ledger

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/once"
)

// Checkpoint is the root of the tree at a size, signed.
type Checkpoint struct {
	Size int64     // how many acts it holds
	Root tlog.Hash // of the tree over them
	At   time.Time // when it was signed: as the table says, for the note has no time
	Note []byte    // C2SP tlog-checkpoint in a signed note
}

// Origin is the first line of the checkpoints of a portal and the name of the key that
// signs them: where the log is, without a scheme. origin is the portal's own address.
func Origin(origin string) (string, error) {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return "", fmt.Errorf("ledger: %q is no address of a portal", origin)
	}
	return u.Host + "/log", nil
}

// Key signs checkpoints. It belongs to the auditor and to nobody else.
type Key struct {
	Signer   note.Signer
	Verifier note.Verifier
	Public   string // the verifier key, as a text to be given away: NAME+HASH+KEY
}

// OpenKey reads the key of a log from its file, or makes one where there is none. The
// file is the auditor's own, of mode 0600.
func OpenKey(path, origin string) (Key, error) {
	text, err := readSecret(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeKey(path, origin); err != nil && !errors.Is(err, fs.ErrExist) {
			return Key{}, err
		}
		text, err = readSecret(path) // and never the one just made: another's may have been first
	}
	if err != nil {
		return Key{}, fmt.Errorf("read the auditor's key: %w", err)
	}
	return parseKey(strings.TrimSuffix(text, "\n"), path, origin)
}

func parseKey(text, path, origin string) (Key, error) {
	signer, err := note.NewSigner(text)
	if err != nil {
		return Key{}, fmt.Errorf("%s holds no key of an auditor: %w", path, err)
	}
	if signer.Name() != origin {
		return Key{}, fmt.Errorf("%s holds the key of %q, and this log is %q", path, signer.Name(), origin)
	}
	// PRIVATE+KEY+NAME+HASH+KEY, where KEY is the algorithm and the seed.
	seed, err := base64.StdEncoding.DecodeString(text[strings.LastIndex(text, "+"+fmt.Sprintf("%08x", signer.KeyHash())+"+")+10:])
	if err != nil || len(seed) != 1+ed25519.SeedSize {
		return Key{}, fmt.Errorf("%s holds no key of Ed25519", path)
	}
	public, err := note.NewEd25519VerifierKey(origin, ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey))
	if err != nil {
		return Key{}, err
	}
	verifier, err := note.NewVerifier(public)
	return Key{signer, verifier, public}, err
}

// makeKey makes a key and keeps it before it is used.
func makeKey(path, origin string) error {
	secret, _, err := note.GenerateKey(nil, origin)
	if err != nil {
		return fmt.Errorf("make the auditor's key: %w", err)
	}
	if err := once.Write(path, []byte(secret+"\n")); err != nil {
		return fmt.Errorf("keep the auditor's key: %w", err)
	}
	return nil
}

// readSecret reads a small file that only its owner may read.
func readSecret(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 || info.Size() > maxNote {
		return "", fmt.Errorf("%s is not a file that only its owner may read (0600)", path)
	}
	text, err := os.ReadFile(path)
	return string(text), err
}

// maxNote is how long a note may be, with the cosignatures of witnesses.
const maxNote = 10_000

// sign makes the checkpoint of a tree.
func sign(k note.Signer, size int64, root tlog.Hash) (Checkpoint, error) {
	text := fmt.Sprintf("%s\n%d\n%s\n", k.Name(), size, root)
	signed, err := note.Sign(&note.Note{Text: text}, k)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("sign the checkpoint of %d acts: %w", size, err)
	}
	return Checkpoint{Size: size, Root: root, Note: signed}, nil
}

// ParseCheckpoint reads a checkpoint of the log whose key this is; its signature must
// hold. Signatures of others beside it are let be. It has no time.
func ParseCheckpoint(signed []byte, v note.Verifier) (Checkpoint, error) {
	if len(signed) > maxNote {
		return Checkpoint{}, fmt.Errorf("ledger: a checkpoint of %d bytes", len(signed))
	}
	opened, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("ledger: a checkpoint that is not signed by %s: %w", v.Name(), err)
	}
	for _, sig := range slices.Concat(opened.Sigs, opened.UnverifiedSigs) {
		// The library passes over the bits of the last letter that mean nothing, so one
		// signature could be written in four ways.
		if _, err := base64.StdEncoding.Strict().DecodeString(sig.Base64); err != nil {
			return Checkpoint{}, fmt.Errorf("ledger: a checkpoint whose signature is not written as signatures are: %w", err)
		}
	}
	c, origin, err := parseText(opened.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	if origin != v.Name() {
		return Checkpoint{}, fmt.Errorf("ledger: a checkpoint of %q, signed by %q", origin, v.Name())
	}
	c.Note = signed
	return c, nil
}

// signed says why the key did not sign this size and this root, whatever else its note
// may be.
func (c Checkpoint) signed(v note.Verifier) error {
	noted, err := ParseCheckpoint(c.Note, v)
	if err == nil && (noted.Size != c.Size || noted.Root != c.Root) {
		err = fmt.Errorf("ledger: a checkpoint of %d acts with the note of another", c.Size)
	}
	return err
}

// readNote reads a checkpoint whatever its signature is worth.
func readNote(signed string) (Checkpoint, error) {
	text, _, ok := strings.Cut(signed, "\n\n")
	if !ok {
		return Checkpoint{}, errNote
	}
	c, _, err := parseText(text + "\n")
	c.Note = []byte(signed)
	return c, err
}

var errNote = errors.New("ledger: no text of a checkpoint")

// parseText reads the three lines of a checkpoint, as they must be written.
func parseText(text string) (c Checkpoint, origin string, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] == "" || lines[3] != "" {
		return Checkpoint{}, "", errNote
	}
	c.Size, err = strconv.ParseInt(lines[1], 10, 64)
	if err != nil || c.Size < 0 || strconv.FormatInt(c.Size, 10) != lines[1] {
		return Checkpoint{}, "", errNote
	}
	c.Root, err = tlog.ParseHash(lines[2])
	if err != nil || c.Root.String() != lines[2] {
		return Checkpoint{}, "", errNote
	}
	return c, lines[0], nil
}

const (
	selectNewest = `SELECT size, root, at, note FROM checkpoint ORDER BY size DESC LIMIT 1`

	selectCovering = `SELECT size, root, at, note FROM checkpoint WHERE size >= $1 ORDER BY size LIMIT 1`

	insertCheckpoint = `INSERT INTO checkpoint (size, root, at, note) VALUES ($1, $2, $3, $4) ON CONFLICT (size) DO NOTHING`
)

// Newest is the newest checkpoint; fault.Unavailable while there is none.
func Newest(ctx context.Context, db *database.DB) (Checkpoint, error) {
	return readCheckpoint(func(into any) error { return db.Get(ctx, into, selectNewest) })
}

// Covering is the oldest checkpoint that holds the act; fault.Unavailable while there is
// none, which after an act is for a second.
func Covering(ctx context.Context, db *database.DB, seq int64) (Checkpoint, error) {
	return readCheckpoint(func(into any) error { return db.Get(ctx, into, selectCovering, seq) })
}

func readCheckpoint(get func(into any) error) (Checkpoint, error) {
	var row struct {
		Size int64     `db:"size"`
		Root []byte    `db:"root"`
		At   time.Time `db:"at"`
		Note string    `db:"note"`
	}
	err := get(&row)
	if errors.Is(err, fault.NotFound) {
		return Checkpoint{}, fault.New(fault.Unavailable, "fault.no-checkpoint")
	}
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read a checkpoint: %w", err)
	}
	return Checkpoint{Size: row.Size, Root: tlog.Hash(row.Root), At: row.At, Note: []byte(row.Note)}, nil
}
