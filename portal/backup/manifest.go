package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// format is the layout of a backup; another number is another layout.
const format = 1

// The files of a backup. The sums are as sha256sum -c reads them.
const (
	dumpFile     = "database.dump"
	manifestFile = "manifest.json"
	sumsFile     = "SHA256SUMS"
)

const maxManifest = 1 << 20 // bytes; it has some thousands

// ErrDamaged says that a backup is not as it was made, or not whole.
var ErrDamaged = errors.New("the backup is damaged")

// Manifest says what a backup is a copy of. It has no address, no password and nothing
// of any case.
type Manifest struct {
	Format     int              `json:"format"`
	MadeAt     time.Time        `json:"made_at"`
	Program    string           `json:"program"`           // the portal that made it
	Server     string           `json:"server"`            // PostgreSQL that was copied
	Tool       string           `json:"tool"`              // what copied it
	Host       string           `json:"host"`              // where
	Database   string           `json:"database"`          // its name
	Schema     string           `json:"schema"`            // SHA-256 of schema.sql
	Acts       int64            `json:"acts"`              // in the record
	Checkpoint string           `json:"checkpoint"`        // the newest, as it was signed; "": none yet
	Rows       map[string]int64 `json:"rows"`              // of each table that is copied
	Files      []File           `json:"files"`             // beside this one
	Cluster    bool             `json:"cluster,omitempty"` // of the whole server: the base that its log is added to (MakeBase)
	Owner      string           `json:"owner,omitempty"`   // of a cluster: its superuser
}

// File is one file of a backup.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// holds are the files of a backup of its kind.
func (m Manifest) holds() []string {
	if m.Cluster {
		return []string{baseFile, walFile, listFile}
	}
	return []string{dumpFile}
}

// sums are as they must be written.
func (m Manifest) sums(manifest []byte) string {
	var out strings.Builder
	for _, f := range m.Files {
		fmt.Fprintf(&out, "%s  %s\n", f.SHA256, f.Name)
	}
	fmt.Fprintf(&out, "%x  %s\n", sha256.Sum256(manifest), manifestFile)
	return out.String()
}

// seal writes the manifest and the sums beside what was copied, and all of it to the disk.
func (m *Manifest) seal(ctx context.Context, dir string) error {
	m.Files = nil
	for _, name := range m.holds() {
		file, err := sum(ctx, dir, name)
		if err != nil {
			return err
		}
		m.Files = append(m.Files, file)
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if err := write(filepath.Join(dir, manifestFile), text); err != nil {
		return err
	}
	if err := write(filepath.Join(dir, sumsFile), []byte(m.sums(text))); err != nil {
		return err
	}
	for _, f := range m.Files {
		if err := syncFile(filepath.Join(dir, f.Name)); err != nil {
			return err
		}
	}
	return syncDir(dir)
}

// Read reads a backup's manifest and holds every file against its sum. Whatever is
// missing or other than it was written is ErrDamaged.
func Read(ctx context.Context, dir string) (Manifest, error) {
	m, err := ReadManifest(dir)
	if err != nil {
		return m, err
	}
	for _, f := range m.Files {
		got, err := sum(ctx, dir, f.Name)
		if err != nil {
			return Manifest{}, err
		}
		if got != f {
			return Manifest{}, fmt.Errorf("%w: %s is not the file that was made: %d bytes of %d, SHA-256 %s", ErrDamaged, f.Name, got.Size, f.Size, got.SHA256)
		}
	}
	return m, nil
}

// ReadManifest is Read without the files, which takes a moment.
func ReadManifest(dir string) (Manifest, error) {
	text, err := small(filepath.Join(dir, manifestFile))
	if err != nil {
		return Manifest{}, err
	}
	sums, err := small(filepath.Join(dir, sumsFile))
	if err != nil {
		return Manifest{}, err
	}
	var m Manifest
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&m); err != nil {
		return Manifest{}, fmt.Errorf("%w: %s cannot be read: %w", ErrDamaged, manifestFile, err)
	}
	if m.Format != format {
		return Manifest{}, fmt.Errorf("%w: %s has the layout %d, and this program reads %d", ErrDamaged, manifestFile, m.Format, format)
	}
	if !slices.EqualFunc(m.Files, m.holds(), func(f File, name string) bool { return f.Name == name }) {
		return Manifest{}, fmt.Errorf("%w: %s names other files than it has", ErrDamaged, manifestFile)
	}
	if string(sums) != m.sums(text) {
		return Manifest{}, fmt.Errorf("%w: %s is not what %s says", ErrDamaged, manifestFile, sumsFile)
	}
	return m, nil
}

// small reads one of the files that are never great.
func small(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s is missing", ErrDamaged, filepath.Base(path))
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxManifest+1))
	if err == nil && len(text) > maxManifest {
		err = fmt.Errorf("%w: %s has more than %d bytes", ErrDamaged, filepath.Base(path), maxManifest)
	}
	return text, err
}

func sum(ctx context.Context, dir, name string) (File, error) {
	f, err := os.Open(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return File{}, fmt.Errorf("%w: %s is missing", ErrDamaged, name)
	}
	if err != nil {
		return File{}, err
	}
	defer f.Close()
	hash := sha256.New()
	n, err := io.Copy(hash, patient{ctx, f})
	if err != nil {
		return File{}, fmt.Errorf("read %s: %w", name, err)
	}
	return File{name, n, hex.EncodeToString(hash.Sum(nil))}, nil
}

// patient reads until somebody presses Ctrl-C: a dump may have many gigabytes.
type patient struct {
	ctx  context.Context
	from io.Reader
}

func (p patient) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.from.Read(b)
}

func write(path string, content []byte) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.Write(content); err != nil {
		return err
	}
	return f.Sync()
}

// syncFile has the disk keep what another program wrote.
func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Sync(), f.Close())
}

func syncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// version is the program, as the build knows it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	said := []string{info.Main.Path}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" || s.Key == "vcs.modified" && s.Value == "true" {
			said = append(said, strings.TrimPrefix(s.Key, "vcs.")+" "+s.Value)
		}
	}
	return strings.Join(append(said, info.GoVersion), ", ")
}
