package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/mail"
	"net/smtp"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Witness is a place out of the house that checkpoints are given to: a folder of
// another body's server, an address that receives mail, or one that takes them over
// HTTP. Exactly one of the three is set.
type Witness struct {
	Folder string
	Mail   string // to whom
	Post   string // http:// or https://: the note is sent there as text/plain

	Server string // of Mail: host:port that takes mail without more ado
	From   string // of Mail

	// How often it is given the newest one, at most: what came in between is in it.
	Every time.Duration
}

// How often a witness gets a checkpoint. People read mail.
const (
	folderEvery = 10 * time.Second
	postEvery   = time.Minute
	mailEvery   = 24 * time.Hour
)

// ParseWitness reads a witness of the settings: a folder's full path, mailto:ADDRESS or
// an address of http or https. server and from are those of all mail.
func ParseWitness(text, server, from string) (Witness, error) {
	if filepath.IsAbs(text) {
		return Witness{Folder: filepath.Clean(text), Every: folderEvery}, nil
	}
	u, err := url.Parse(text)
	if err != nil {
		return Witness{}, fmt.Errorf("ledger: %q is no witness: %w", text, err)
	}
	switch {
	case (u.Scheme == "https" || u.Scheme == "http") && u.Host != "":
		return Witness{Post: text, Every: postEvery}, nil
	case u.Scheme == "mailto":
		to, err := mail.ParseAddress(u.Opaque)
		if err != nil {
			return Witness{}, fmt.Errorf("ledger: %q is no witness: %w", text, err)
		}
		by, err := mail.ParseAddress(from)
		if err != nil {
			return Witness{}, fmt.Errorf("ledger: mail to a witness comes from %q: %w", from, err)
		}
		if _, _, err := net.SplitHostPort(server); err != nil {
			return Witness{}, fmt.Errorf("ledger: mail to a witness goes through %q: %w", server, err)
		}
		return Witness{Mail: to.Address, Server: server, From: by.Address, Every: mailEvery}, nil
	}
	return Witness{}, fmt.Errorf("ledger: %q is no witness: a full path, mailto:… or https://… is one", text)
}

// String is the witness for a log.
func (w Witness) String() string { return w.Folder + w.Mail + w.Post }

// Fork says that two trees of this log do not agree: the one that is here, and one that
// somebody was shown under a signature. One of them was made behind the portal's back.
type Fork struct {
	Where string // what holds the other one
	Size  int64  // its size
	How   string
}

func (f *Fork) Error() string {
	return fmt.Sprintf("the ledger forks: %s, which %s has at %d acts", f.How, f.Where, f.Size)
}

// dropTime is how long a witness may take.
const dropTime = 10 * time.Second

// Drop gives the witness a checkpoint. A *Fork is what it held against it.
func (w Witness) Drop(ctx context.Context, c Checkpoint) error {
	ctx, done := context.WithTimeout(ctx, dropTime)
	defer done()
	switch {
	case w.Folder != "":
		return w.file(c)
	case w.Mail != "":
		return w.mail(ctx, c)
	}
	return w.post(ctx, c)
}

// shelf is how many sizes share a subfolder; newestFile lies beside them.
const (
	shelf      = 100_000
	newestFile = "newest"
)

// Path is the file of a folder in which the checkpoint of so many acts lies.
func (w Witness) Path(size int64) string {
	return filepath.Join(w.Folder, strconv.FormatInt(size/shelf, 10), strconv.FormatInt(size, 10))
}

// file puts the note under its size, never in the place of another, and as "newest"
// unless that is newer. The folder itself must be there: an empty place where it should
// be mounted would take everything and keep nothing.
func (w Witness) file(c Checkpoint) error {
	if info, err := os.Stat(w.Folder); err != nil || !info.IsDir() {
		return errors.Join(fmt.Errorf("the folder of a witness is not there: %s", w.Folder), err)
	}
	path := w.Path(c.Size)
	held, err := os.ReadFile(path)
	switch {
	case err == nil:
		other, err := readNote(string(held))
		if err != nil || other.Size != c.Size {
			return &Fork{path, c.Size, "something else lies there"}
		}
		if other.Root != c.Root {
			return &Fork{path, c.Size, "the root is another"}
		}
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := put(path, c.Note); err != nil {
			return err
		}
	default:
		return err
	}
	newest := filepath.Join(w.Folder, newestFile)
	if held, err := os.ReadFile(newest); err == nil {
		if other, err := readNote(string(held)); err == nil && other.Size >= c.Size {
			return nil
		}
	}
	return put(newest, c.Note)
}

// put writes a file as a whole or not at all.
func put(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Chmod(0o644), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes the names in a folder last.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

func (w Witness) mail(ctx context.Context, c Checkpoint) error {
	origin, _, _ := bytes.Cut(c.Note, []byte("\n"))
	letter := fmt.Appendf(nil, "From: <%s>\r\nTo: <%s>\r\nSubject: %s %d\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s",
		w.From, w.Mail, origin, c.Size, bytes.ReplaceAll(c.Note, []byte("\n"), []byte("\r\n")))
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", w.Server)
	if err != nil {
		return err
	}
	defer conn.Close() // after Quit it says that it is closed
	if until, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(until); err != nil {
			return err
		}
	}
	host, _, err := net.SplitHostPort(w.Server)
	if err != nil {
		return err
	}
	client, err := smtp.NewClient(conn, host)
	if err != nil {
		return err
	}
	if err := errors.Join(client.Mail(w.From), client.Rcpt(w.Mail)); err != nil {
		return err
	}
	body, err := client.Data()
	if err != nil {
		return err
	}
	_, err = body.Write(letter)
	if err := errors.Join(err, body.Close()); err != nil {
		return err
	}
	return client.Quit()
}

// poster follows no redirection: a witness is where the settings say.
var poster = &http.Client{
	Timeout:       dropTime,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func (w Witness) post(ctx context.Context, c Checkpoint) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.Post, bytes.NewReader(c.Note))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "text/plain; charset=utf-8")
	answer, err := poster.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.CopyN(io.Discard, answer.Body, maxNote); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch {
	case answer.StatusCode == http.StatusConflict: // C2SP tlog-witness: it holds another tree
		return &Fork{w.Post, c.Size, "the witness holds another tree"}
	case answer.StatusCode/100 != 2:
		return fmt.Errorf("the witness answers %s", answer.Status)
	}
	return nil
}

// Newest is the newest checkpoint that a folder holds, signed with the key of the log;
// none, and no error, where the folder is empty or the witness is no folder.
func (w Witness) Newest(v note.Verifier) (c Checkpoint, ok bool, err error) {
	return w.newest(v, nil)
}

// Told is how many acts the file has that a folder calls its newest: 0 where there is none
// of ours. Whoever wants to know what was witnessed asks Newest, which costs more.
func (w Witness) Told(v note.Verifier) int64 {
	held, err := os.ReadFile(filepath.Join(w.Folder, newestFile))
	if err != nil {
		return 0
	}
	c, err := ParseCheckpoint(held, v)
	if err != nil {
		return 0
	}
	return c.Size
}

// newest passes over heads that were given up.
func (w Witness) newest(v note.Verifier, lost Lost) (c Checkpoint, ok bool, err error) {
	if w.Folder == "" {
		return Checkpoint{}, false, nil
	}
	shelves, err := numbered(w.Folder)
	if err != nil {
		return Checkpoint{}, false, err
	}
	// By the names of the files: "newest" may have been put back.
	for _, n := range shelves {
		sizes, err := numbered(filepath.Join(w.Folder, strconv.FormatInt(n, 10)))
		if err != nil {
			return Checkpoint{}, false, err
		}
		for _, size := range sizes {
			path := w.Path(size)
			held, err := os.ReadFile(path)
			if err != nil {
				return Checkpoint{}, false, err
			}
			c, err := ParseCheckpoint(held, v)
			if err != nil {
				return Checkpoint{}, false, fmt.Errorf("%s: %w", path, err)
			}
			if c.Size != size {
				return Checkpoint{}, false, fmt.Errorf("%s holds a checkpoint of %d acts", path, c.Size)
			}
			if _, given := lost.Has(c.Size, c.Root); !given {
				return c, true, nil
			}
		}
	}
	return Checkpoint{}, false, nil
}

// numbered are the names of a folder that are numbers, the greatest first.
func numbered(folder string) ([]int64, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var out []int64
	for _, e := range entries {
		n, err := strconv.ParseInt(e.Name(), 10, 64)
		if err == nil && n >= 0 && strconv.FormatInt(n, 10) == e.Name() {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	slices.Reverse(out)
	return out, nil
}
