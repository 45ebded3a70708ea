package backup

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

// ErrOther says that another file of that name is in the archive: two servers archive
// into one folder.
var ErrOther = errors.New("another file of that name is in the archive: two servers must not archive into one folder")

// segmentName is what PostgreSQL calls the files it archives: segments of the log, parts
// of one, histories of timelines, and what tells where a base begins.
var segmentName = regexp.MustCompile(`^[0-9A-F]{24}(\.partial|\.[0-9A-F]{8}\.backup)?$|^[0-9A-F]{8}\.history$`)

// mostSegment is the longest segment that PostgreSQL can be made to write.
const mostSegment = 1 << 30

// Archive puts a file of the server's log into the folder of the archive: what
// archive_command of PostgreSQL calls. It is there under its name whole and on the disk,
// or not at all. The same file once more is nothing new: after a crash the server gives
// it again.
func Archive(file, folder string) (err error) {
	name := filepath.Base(file)
	if !segmentName.MatchString(name) {
		return fmt.Errorf("%q is no file of a server's log", name)
	}
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return errors.Join(fmt.Errorf("the folder of the archive is not there: %s", folder), err)
	}
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() > mostSegment {
		return fmt.Errorf("%s is no file of a server's log", file)
	}
	clearSegments(folder) // first: the disk may be full of them
	path := filepath.Join(folder, name)
	if err := archived(in, path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	part, err := os.CreateTemp(folder, partMark+"*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, part.Close(), os.Remove(part.Name()))
		}
	}()
	if _, err := io.Copy(part, in); err != nil {
		return err
	}
	if filepath.Ext(name) == ".history" { // it tells nothing of anybody, and whoever is put back must see that its number is taken
		if err := part.Chmod(0o644); err != nil {
			return err
		}
	}
	if err := part.Sync(); err != nil {
		return err
	}
	// A link, not a rename: it never takes another's place. Of three machines each may have
	// brought the same meanwhile.
	err = os.Link(part.Name(), path)
	if errors.Is(err, fs.ErrExist) {
		if _, err = in.Seek(0, io.SeekStart); err == nil {
			err = archived(in, path)
		}
	}
	if err != nil {
		return err
	}
	return errors.Join(part.Close(), os.Remove(part.Name()), syncDir(folder))
}

// archived is nil where the archive has the same file already, ErrOther where it has
// another of this name, and fs.ErrNotExist where it has none.
func archived(in io.Reader, path string) error {
	there, err := os.Open(path)
	if err != nil {
		return err
	}
	defer there.Close()
	if err := same(in, there); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return errors.Join(there.Sync(), syncDir(filepath.Dir(path))) // it may not be on the disk yet
}

// same is ErrOther where two files have not the same bytes.
func same(a, b io.Reader) error {
	x, y := make([]byte, 1<<16), make([]byte, 1<<16)
	for {
		n, errA := io.ReadFull(a, x)
		m, errB := io.ReadFull(b, y)
		if !bytes.Equal(x[:n], y[:m]) {
			return ErrOther
		}
		for _, err := range []error{errA, errB} {
			if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				return err
			}
		}
		if errA != nil || errB != nil {
			return nil
		}
	}
}
