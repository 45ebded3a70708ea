package inbound

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/google/uuid"

	"zharia/portal/fault"
)

// File is a file of messages, one a line, that is taken whole: when the portal is set up,
// or after a long silence. Beside it stand FILE.position, how far it was taken, so that it
// goes on where it broke off; FILE.errors.jsonl, the lines that were refused, of those that
// refer to what is not there only after they have come once more at the end; and
// FILE.manifest, if the register signed the file as a whole: then its lines are bare
// bodies, and else envelopes.
type File struct {
	Inbox *Inbox
	Path  string
	Tell  func(Progress) // after each batch, if anybody listens
	Batch int            // messages in one transaction; 0: as many as is good

	in *Inbox // the one of this run
}

// Progress is how far a file was taken.
type Progress struct {
	Size    int64 `json:"size"`    // of the file, in bytes
	Offset  int64 `json:"offset"`  // what was read and settled
	Lines   int   `json:"lines"`   // of them
	Taken   int   `json:"taken"`   // now or before
	Refused int   `json:"refused"` // they stand in FILE.errors.jsonl
	Errors  int64 `json:"errors"`  // size of that file
}

// batch is how many messages go in one transaction: the record lets one act follow another
// only when the transaction before has ended. With half of it a file takes a fifth longer; with
// more, all others wait longer for their turn, which is a quarter of a second now.
const batch = 512

// keepEvery is how often the position is written down, besides at the end: what came since
// is taken again after a crash, which changes nothing.
const keepEvery = time.Second

// waiting is a line that refers to what may stand further down, or comes after such a line in
// its case: it is taken once more at the end of the file.
type waiting struct {
	Line int       `json:"line"`
	From int64     `json:"from"` // in the file
	To   int64     `json:"to"`
	Case uuid.UUID `json:"case"`
}

// mostWaiting is how many lines wait at once; what comes beyond is refused where it stands.
const mostWaiting = 10_000

// most is how many bytes of messages are in memory at once.
const most = 128 << 20

// lineError is a line of FILE.errors.jsonl. It names the message, and nothing that it says.
type lineError struct {
	Line  int    `json:"line"`
	ID    string `json:"id,omitempty"`
	Code  string `json:"code"`
	Field string `json:"field,omitempty"`
}

// manifest is what the register signs of a file as a whole.
type manifest struct {
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// read is a line on its way.
type read struct {
	line int
	from int64 // of it in the file, with empty lines before it
	end  int64
	size int
	m    Message
	err  error
	done chan struct{}
}

// Run takes the file from where it was left. A line that is refused is written down and
// the next comes, but one that refers to what is not there yet waits for the end; an error
// ends it, and the same call goes on from there later.
func (f *File) Run(ctx context.Context) (Progress, error) {
	in, err := os.Open(f.Path)
	if err != nil {
		return Progress{}, err
	}
	defer in.Close()
	at, wait, so, err := f.resume(in)
	if err != nil {
		return at, err
	}
	bare, err := f.signed(ctx, in)
	if err != nil {
		return at, err
	}
	refused, err := f.refusals(at)
	if err != nil {
		return at, err
	}
	defer refused.Close()
	if _, err := in.Seek(at.Offset, io.SeekStart); err != nil {
		return at, err
	}
	run := *f // those who still verify for a run before this one have theirs
	run.in = f.Inbox.inBulk()
	running, stop := context.WithCancel(ctx)
	defer stop()
	from, kept := at, time.Now()
	groups, end := run.groups(running, in, at, bare)
	// settled writes down what came of lines: next has how far that was read, and who waits then.
	settled := func(next Progress, lines int, problems []lineError, waits []waiting) error {
		next.Taken += lines - len(problems)
		next.Refused += len(problems)
		for _, p := range problems {
			raw, err := json.Marshal(p)
			if err != nil {
				return err
			}
			n, err := refused.Write(append(raw, '\n'))
			if err != nil {
				return err
			}
			next.Errors += int64(n)
		}
		at, wait = next, waits
		if time.Since(kept) >= keepEvery {
			if err := f.keep(at, wait, in, so, refused); err != nil {
				return err
			}
			kept = time.Now()
		}
		if f.Tell != nil {
			f.Tell(at)
		}
		return nil
	}
	var failed error
	for group := range groups {
		var problems []lineError
		if problems, failed = run.take(running, group); failed != nil {
			break
		}
		next := at
		for _, one := range group {
			next.Offset, next.Lines = one.end, one.line
		}
		final, waits := sift(group, problems, wait)
		if err := settled(next, len(group)-(len(waits)-len(wait)), final, waits); err != nil {
			return at, err
		}
	}
	if failed = cmp.Or(failed, ctx.Err()); failed == nil {
		at.Offset = max(at.Offset, *end) // behind the last line is nothing but blanks
		if at.Offset != at.Size {
			failed = fmt.Errorf("inbound: %s could be read to byte %d of %d", f.Path, at.Offset, at.Size)
		}
	}
	for failed == nil && len(wait) > 0 {
		var problems []lineError
		if problems, failed = run.again(running, in, wait[0], bare); failed == nil {
			if err := settled(at, 1, problems, wait[1:]); err != nil {
				return at, err
			}
			failed = ctx.Err()
		}
	}
	if at == from {
		return at, failed
	}
	return at, errors.Join(failed, f.keep(at, wait, in, so, refused))
}

// sift parts the refusals of a group into those that are final and those whose lines wait,
// behind the lines that waited before.
func sift(group []*read, problems []lineError, wait []waiting) (final []lineError, waits []waiting) {
	if len(problems) == 0 {
		return nil, wait
	}
	cases := map[uuid.UUID]bool{}
	for _, w := range wait {
		cases[w.Case] = w.Case != uuid.Nil
	}
	for _, p := range problems {
		one := group[slices.IndexFunc(group, func(r *read) bool { return r.line == p.Line })]
		if len(wait) == mostWaiting || p.Code != notYet && (p.Code != inGap || !cases[one.m.Case]) {
			final = append(final, p)
			continue
		}
		wait = append(wait, waiting{one.line, one.from, one.end, one.m.Case})
		cases[one.m.Case] = one.m.Case != uuid.Nil
	}
	return final, wait
}

// again takes a line that waited.
func (f *File) again(ctx context.Context, in io.ReaderAt, w waiting, bare bool) ([]lineError, error) {
	raw, _, _, err := linesAt(&counter{from: io.NewSectionReader(in, w.From, w.To-w.From)})()
	if err != nil {
		return nil, err
	}
	one := &read{line: w.Line}
	if one.m, one.err = f.open(ctx, raw, bare); one.err != nil && !lasting(one.err) {
		return nil, one.err
	}
	return f.one(ctx, one)
}

// position is what FILE.position holds: how far the file was taken, and what stood there.
type position struct {
	Progress
	SHA256  string    `json:"sha256"` // of the bytes before Offset
	Waiting []waiting `json:"waiting,omitempty"`
}

// reading is SHA-256 of a file so far: of its first n bytes.
type reading struct {
	hash.Hash
	n int64
}

// to reads on to a byte of the file, and answers the sum of all before it.
func (r *reading) to(end int64, in io.ReaderAt) (string, error) {
	n, err := io.Copy(r, io.NewSectionReader(in, r.n, end-r.n))
	r.n += n
	return hex.EncodeToString(r.Sum(nil)), err
}

// resume is where the file was left, and which lines wait; a file that has changed since is refused.
func (f *File) resume(in *os.File) (Progress, []waiting, *reading, error) {
	so := &reading{Hash: sha256.New()}
	stat, err := in.Stat()
	if err != nil {
		return Progress{}, nil, so, err
	}
	raw, err := os.ReadFile(f.Path + ".position")
	if errors.Is(err, os.ErrNotExist) {
		return Progress{Size: stat.Size()}, nil, so, nil
	}
	if err != nil {
		return Progress{}, nil, so, err
	}
	var at position
	if err := json.Unmarshal(raw, &at); err != nil {
		return at.Progress, nil, so, fmt.Errorf("inbound: %s.position is none; take it away to begin anew: %w", f.Path, err)
	}
	same := at.Size == stat.Size() && at.Offset >= 0 && at.Offset <= at.Size && at.Errors >= 0
	if same {
		sum, err := so.to(at.Offset, in)
		if err != nil {
			return at.Progress, nil, so, err
		}
		same = sum == at.SHA256
	}
	if !same {
		return at.Progress, nil, so, fmt.Errorf("inbound: %s.position is of another file; take it away to begin anew", f.Path)
	}
	return at.Progress, at.Waiting, so, nil
}

// refusals opens FILE.errors.jsonl where it was left. Lines that were written and are not
// there any more are not passed over in silence.
func (f *File) refusals(at Progress) (*os.File, error) {
	out, err := os.OpenFile(f.Path+".errors.jsonl", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	stat, err := out.Stat()
	if err == nil && stat.Size() < at.Errors {
		err = fmt.Errorf("inbound: refused lines are missing in %s.errors.jsonl; take %[1]s.position away to have them again", f.Path)
	}
	if err == nil {
		err = out.Truncate(at.Errors)
	}
	if err == nil {
		_, err = out.Seek(at.Errors, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, out.Close())
	}
	return out, nil
}

// keep writes down how far it is, whole or not at all, and on the disk: the lines that
// were refused come before, so that no power cut leaves a position that is beyond them.
func (f *File) keep(at Progress, wait []waiting, in io.ReaderAt, so *reading, refused *os.File) error {
	sum, err := so.to(at.Offset, in)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(position{at, sum, wait})
	if err != nil {
		return err
	}
	if err := refused.Sync(); err != nil {
		return err
	}
	name := f.Path + ".position"
	out, err := os.OpenFile(name+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = out.Write(raw)
	if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
		return err
	}
	if err := os.Rename(name+".new", name); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// signed tells whether the register signed the file as a whole; if it says so and it is
// another file, that is an error.
func (f *File) signed(ctx context.Context, in *os.File) (bool, error) {
	raw, err := os.ReadFile(f.Path + ".manifest")
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	e, err := ReadEnvelope(raw)
	if err != nil {
		return false, err
	}
	body := bytesOf(e.Body)
	if err := f.Inbox.Signed(ctx, bytesOf(e.CMS), body); err != nil {
		return false, err
	}
	var says manifest
	if err := json.Unmarshal(body, &says); err != nil {
		return false, fmt.Errorf("inbound: %s.manifest: %w", f.Path, err)
	}
	h := sha256.New()
	n, err := io.Copy(h, in)
	if err == nil && (n != says.Size || hex.EncodeToString(h.Sum(nil)) != says.SHA256) {
		err = fmt.Errorf("inbound: %s is not the file that its manifest names", f.Path)
	}
	return true, err
}

// groups reads the file, has each message verified on a processor of its own, and gives
// them on in their order. When there are no more, end is where the file was at its end, or 0
// if it was not read to there.
func (f *File) groups(ctx context.Context, in io.Reader, at Progress, bare bool) (groups <-chan []*read, end *int64) {
	size := f.Batch
	if size == 0 {
		size = batch
	}
	work, out, ended := make(chan func(), size), make(chan []*read, 1), new(int64)
	for range runtime.GOMAXPROCS(0) {
		go func() {
			for do := range work {
				do()
			}
		}()
	}
	go func() {
		defer close(out)
		defer close(work)
		counted := &counter{from: in, n: at.Offset}
		next, line, from := linesAt(counted), at.Lines, at.Offset
		var group []*read
		held := 0
		give := func() bool {
			if len(group) == 0 {
				return true
			}
			select {
			case out <- group:
				group, held = nil, 0
				return true
			case <-ctx.Done():
				return false
			}
		}
		for ctx.Err() == nil {
			raw, n, end, err := next()
			if errors.Is(err, io.EOF) {
				give()
				*ended = end
				return
			}
			line += n
			one := &read{line: line, from: from, end: end, size: len(raw), err: err, done: make(chan struct{})}
			from = end
			if Cut(err) {
				give()
				return
			}
			if err != nil {
				close(one.done)
			} else {
				select {
				case work <- func() { defer close(one.done); one.m, one.err = f.open(ctx, raw, bare) }:
				case <-ctx.Done():
					return
				}
			}
			group, held = append(group, one), held+len(raw)
			if (len(group) >= size || held >= most/4) && !give() {
				return
			}
		}
	}()
	return out, ended
}

// open verifies a line as far as that goes without the database.
func (f *File) open(ctx context.Context, raw []byte, bare bool) (m Message, err error) {
	if bare {
		m, err = Read(raw, f.in.Origin, f.in.DB, f.in.now())
	} else {
		var e Envelope
		if e, err = ReadEnvelope(raw); err != nil {
			return m, err
		}
		m, err = f.in.Open(ctx, e)
	}
	if err != nil {
		return m, err
	}
	if err := f.in.Prove(ctx, &m); poison(err) {
		m.problem = err
	} else if err != nil {
		return m, err
	}
	return m, nil
}

// take takes a group.
func (f *File) take(ctx context.Context, group []*read) ([]lineError, error) {
	for _, one := range group {
		<-one.done
		if one.err != nil && !lasting(one.err) {
			return nil, one.err
		}
	}
	return f.settle(ctx, group)
}

// settle takes messages in one transaction; where one of them is refused, in two halves,
// and so on: a bad one costs some transactions and not all of them.
func (f *File) settle(ctx context.Context, group []*read) ([]lineError, error) {
	if len(group) == 1 {
		return f.one(ctx, group[0])
	}
	bad := slices.IndexFunc(group, func(one *read) bool { return one.err != nil || one.m.problem != nil })
	half := len(group) / 2
	switch {
	case bad > 0:
		half = bad
	case bad == 0:
		half = 1
	default:
		all := make([]*Message, len(group))
		for i, one := range group {
			all[i] = &one.m
		}
		if err := f.in.takeAll(ctx, all); !lasting(err) && !constrained(err) {
			return nil, err
		}
	}
	problems, err := f.settle(ctx, group[:half])
	if err != nil {
		return nil, err
	}
	more, err := f.settle(ctx, group[half:])
	return append(problems, more...), err
}

// one takes a message by itself.
func (f *File) one(ctx context.Context, one *read) ([]lineError, error) {
	err := one.err
	if err == nil {
		_, err = f.in.settle(ctx, one.m)
	}
	if err == nil || !lasting(err) {
		return nil, err
	}
	code, field := Code(err)
	p := lineError{Line: one.line, Code: code, Field: field}
	if one.m.Digest != nil {
		p.ID = one.m.ID.String()
	}
	return []lineError{p}, nil
}

// lasting is a refusal of this line; what else goes wrong may pass, and ends the run.
func lasting(err error) bool {
	var why *fault.Fault
	return errors.As(err, &why) && why.Kind != fault.Unavailable
}

// counter knows how far its reader is.
type counter struct {
	from io.Reader
	n    int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.from.Read(b)
	c.n += int64(n)
	return n, err
}

// linesAt is Lines of a file: besides each line, how many lines it was with empty ones
// before it, and where it ends.
func linesAt(from *counter) func() (raw []byte, n int, end int64, err error) {
	in := bufio.NewReaderSize(from, 1<<20)
	return func() ([]byte, int, int64, error) {
		for n := 1; ; n++ {
			raw, err := oneLine(in)
			if raw == nil && err == nil {
				continue
			}
			return raw, n, from.n - int64(in.Buffered()), err
		}
	}
}

// Remaining is how long the rest takes at the pace since a moment.
func (p Progress) Remaining(from Progress, since time.Duration) time.Duration {
	if p.Offset <= from.Offset {
		return 0
	}
	return time.Duration(float64(since) * float64(p.Size-p.Offset) / float64(p.Offset-from.Offset)).Round(time.Second)
}
