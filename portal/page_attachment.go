package portal

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/attachment"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/report"
	"zharia/portal/vault"
	"zharia/portal/web"
	"zharia/portal/words"
)

// streamed are the acts whose body is read as it comes: it is too long to wait for.
var streamed = map[policy.Act]bool{policy.AttachmentAdd: true, policy.ReportFileAdd: true}

// attachmentLimit is how much of such a body is read, in bytes.
const attachmentLimit = attachment.MaxTotal + 1<<20

// How long a slow line may take: each piece has its minute, the whole its hour.
const (
	pieceTime = time.Minute
	wholeTime = time.Hour
)

// attachmentLine is a file in a list.
type attachmentLine struct {
	attachment.Attachment
	Length     string
	CopyLength string
}

// attachmentsPage is the files beside a filing: of a draft, with the place to add
// more; of one that was filed, to be opened.
type attachmentsPage struct {
	Filing   filing.Filing
	Files    []attachmentLine
	Coming   []attachmentLine // begun, and not come whole
	Draft    bool
	Mine     bool
	Scanner  bool // files of others wait for it before they open
	Free     int  // how many more there may be
	Together string
	Album    bool // there are photographs to make one PDF of
	Accept   string
	Refused  []refusedFile
}

// refusedFile is a file that was not taken, and why.
type refusedFile struct{ Name, Why string }

// length is a size as people say it.
func length(w *words.Language, bytes int64) string {
	if bytes < 1<<20 {
		return w.T("attachments.kb", "size", (bytes+1023)/1024)
	}
	return w.T("attachments.mb", "size", strings.Replace(fmt.Sprintf("%.1f", float64(bytes)/(1<<20)), ".", ",", 1))
}

func attachmentLines(w *words.Language, all []attachment.Attachment) (taken, coming []attachmentLine) {
	for _, a := range all {
		line := attachmentLine{Attachment: a, Length: length(w, a.Size)}
		if a.Copy != nil {
			line.CopyLength = length(w, a.Copy.Size)
		}
		if a.Taken() {
			taken = append(taken, line)
		} else {
			coming = append(coming, line)
		}
	}
	return taken, coming
}

func (p *Portal) attachments(c echo.Context, ask policy.Ask) error {
	return p.showAttachments(c, ask, id(c, "filing"), nil)
}

func (p *Portal) showAttachments(c echo.Context, ask policy.Ask, number uuid.UUID, refused []refusedFile) error {
	f, all, err := filing.Attachments(c.Request().Context(), p.DB, ask.To(policy.AttachmentList), number)
	if err != nil {
		return err
	}
	w := p.Words.In(web.Lang(c))
	page := attachmentsPage{
		Filing: f, Draft: f.Status == filing.Draft, Mine: f.Author == ask.Person, Scanner: p.Scanner != nil,
		Free: attachment.MaxFiles - len(all), Accept: attachment.Accept(), Refused: refused,
	}
	page.Files, page.Coming = attachmentLines(w, all)
	pictures, bytes := 0, int64(0)
	for _, a := range all {
		bytes += a.Size
		if a.Taken() && a.Kind.Picture() && a.State != attachment.Quarantined {
			pictures++
		}
	}
	page.Album, page.Together = pictures > 1, length(w, bytes)
	status := http.StatusOK
	p.hereIs(c, policy.AttachmentList, number)
	frame := p.frame(c)
	if frame.Problem = len(refused) > 0; frame.Problem {
		status = http.StatusUnprocessableEntity
	}
	return p.pages.Show(c, status, "attachments", frame, page)
}

// refusal is what a person is told of a file that was not taken; "" for any other
// error.
func (p *Portal) refusal(c echo.Context, err error) string {
	var fa *fault.Fault
	if errors.As(err, &fa) && fa.Kind == fault.Invalid {
		return p.Words.In(web.Lang(c)).T(fa.Message)
	}
	return ""
}

// attachmentAdd takes the files of a form, one after another, each as it comes.
func (p *Portal) attachmentAdd(c echo.Context, ask policy.Ask) error {
	ctx, number := c.Request().Context(), id(c, "filing")
	if _, _, err := filing.Attachments(ctx, p.DB, ask, number); err != nil { // before a byte of it is read
		return err
	}
	refused, err := p.eachFile(c, func(fresh uuid.UUID, name string, file io.Reader) error {
		n := attachment.New{ID: fresh, Beside: attachment.Beside{Filing: number}, Name: name, Size: attachment.Unknown}
		return filing.Attach(ctx, p.DB, p.press(), p.Scanner, ask, n, file)
	})
	if err != nil {
		return err
	}
	if refused != nil {
		return p.showAttachments(c, ask, number, refused)
	}
	return p.redirect(c, policy.AttachmentList, number)
}

// eachFile gives the files of a form to take, and answers which were not taken.
func (p *Portal) eachFile(c echo.Context, take func(fresh uuid.UUID, name string, file io.Reader) error) ([]refusedFile, error) {
	parts, err := c.Request().MultipartReader()
	if err != nil {
		return []refusedFile{{Why: p.Words.In(web.Lang(c)).T("form.unreadable")}}, nil
	}
	line := newPatience(c)
	var refused []refusedFile
	came := 0
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, badBody(err)
		}
		name := fileName(part.Header.Get("Content-Disposition"))
		if name == "" {
			continue
		}
		fresh, err := uuid.NewV7()
		if err != nil {
			return nil, err
		}
		came++
		err = take(fresh, name, line.reader(part))
		if why := p.refusal(c, err); why != "" {
			refused = append(refused, refusedFile{attachment.Said(name), why})
			continue
		}
		if err != nil {
			return nil, badBody(err)
		}
	}
	if came == 0 {
		refused = append(refused, refusedFile{Why: p.Words.In(web.Lang(c)).T("attachments.choose")})
	}
	return refused, nil
}

// fileName is the name in a part of a form as it was sent: what of it may stay, is
// for the attachment to say.
func fileName(disposition string) string {
	_, params, err := mime.ParseMediaType(disposition)
	if err != nil {
		return ""
	}
	return params["filename"]
}

// badBody tells a body that is too long, or was cut, from a mistake of ours.
func badBody(err error) error {
	var large *http.MaxBytesError
	var fa *fault.Fault
	switch {
	case errors.As(err, &large):
		return echo.ErrStatusRequestEntityTooLarge.WithInternal(err)
	case errors.As(err, &fa):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), strings.HasPrefix(err.Error(), "multipart: "):
		return fault.New(fault.Invalid, "fault.attachment-cut").Because(err)
	}
	return err
}

// patience lets a slow line go on as long as something comes over it.
type patience struct {
	control *http.ResponseController
	until   time.Time
}

func newPatience(c echo.Context) patience {
	return patience{http.NewResponseController(c.Response()), time.Now().Add(wholeTime)}
}

// more gives the next piece its time. What answers a test, or an older protocol,
// has no such times: then those of the server count.
func (p patience) more() {
	next := time.Now().Add(pieceTime)
	if next.After(p.until) {
		next = p.until
	}
	_ = p.control.SetReadDeadline(next)
	_ = p.control.SetWriteDeadline(next.Add(pieceTime))
}

type patientReader struct {
	io.Reader
	patience
}

func (r patientReader) Read(to []byte) (int, error) {
	r.more()
	return r.Reader.Read(to)
}

func (p patience) reader(r io.Reader) io.Reader { return patientReader{r, p} }

// uploadState is what a script is told of an upload.
type uploadState struct {
	ID     uuid.UUID `json:"id"`
	Offset int64     `json:"offset"` // from where to go on
	Size   int64     `json:"size"`
	Piece  int       `json:"piece"`
	Taken  bool      `json:"taken"`
	Put    string    `json:"put"`
	Finish string    `json:"finish"`
	Reason string    `json:"reason,omitempty"` // why it is not taken
}

// toScript answers a script: where an upload stands, or why it cannot go on.
func (p *Portal) toScript(c echo.Context, a attachment.Attachment, err error) error {
	why := p.refusal(c, err)
	if err != nil && why == "" {
		return err
	}
	state := uploadState{ID: a.ID, Offset: a.Received, Size: a.Size, Piece: attachment.Piece, Taken: err == nil && a.Taken(), Reason: why}
	if a.ID != uuid.Nil {
		if state.Put, err = p.link(web.Lang(c), string(policy.AttachmentPut), a.ID); err != nil {
			return err
		}
		if state.Finish, err = p.link(web.Lang(c), string(policy.AttachmentFinish), a.ID); err != nil {
			return err
		}
		c.Response().Header().Set("Upload-Offset", strconv.FormatInt(a.Received, 10))
	}
	if why != "" {
		return c.JSON(http.StatusUnprocessableEntity, state)
	}
	return c.JSON(http.StatusOK, state)
}

func (p *Portal) attachmentBegin(c echo.Context, ask policy.Ask) error {
	ctx, number := c.Request().Context(), id(c, "filing")
	if _, _, err := filing.Attachments(ctx, p.DB, ask, number); err != nil { // what is not his is not there, whatever he sends
		return err
	}
	n, ok := announced(c)
	if !ok {
		return p.toScript(c, attachment.Attachment{}, fault.New(fault.Invalid, "form.unreadable"))
	}
	n.Filing = number
	a, err := filing.BeginAttachment(ctx, p.DB, ask, n)
	return p.toScript(c, a, err)
}

// announced is a file as a script tells of it before it sends it.
func announced(c echo.Context) (n attachment.New, ok bool) {
	form := web.ReadForm(c, "attachments")
	n = attachment.New{ID: form.ID("id"), Name: form.Value("name")}
	size, bad := strconv.ParseInt(form.Value("size"), 10, 64)
	digest, wrong := hex.DecodeString(form.Value("sha256"))
	if n.Size = size; len(digest) > 0 {
		n.Digest = digest
	}
	return n, !form.Bad() && bad == nil && wrong == nil && size >= 0
}

// files is what may be done with a file by its number, beside a filing or a report.
type files struct {
	state  func(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (attachment.Attachment, error)
	put    func(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID, offset int64, piece []byte) (attachment.Attachment, error)
	finish func(ctx context.Context, db *vault.DB, s *attachment.Scanner, ask policy.Ask, id uuid.UUID) (attachment.Attachment, error)
	remove func(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (uuid.UUID, error)
	open   func(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (attachment.Attachment, attachment.Part, error)
	list   policy.Act // the page of all of them
}

// besides is how the file is handled that the address names.
func (p *Portal) besides(c echo.Context) (uuid.UUID, files, error) {
	number := id(c, "attachment")
	beside, err := attachment.BesideOf(c.Request().Context(), p.DB, number)
	if err != nil || beside.Report != uuid.Nil {
		return number, files{report.FileState, report.PutFile, report.FinishFile, report.RemoveFile, report.OpenFile, policy.ReportFiles}, err
	}
	return number, files{
		state: filing.AttachmentState, put: filing.PutAttachment, open: filing.OpenAttachment, list: policy.AttachmentList,
		finish: func(ctx context.Context, db *vault.DB, s *attachment.Scanner, ask policy.Ask, id uuid.UUID) (attachment.Attachment, error) {
			return filing.FinishAttachment(ctx, db, p.press(), s, ask, id)
		},
		remove: func(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (uuid.UUID, error) {
			return filing.RemoveAttachment(ctx, db, p.press(), ask, id)
		},
	}, nil
}

func (p *Portal) attachmentState(c echo.Context, ask policy.Ask) error {
	number, of, err := p.besides(c)
	if err != nil {
		return err
	}
	a, err := of.state(c.Request().Context(), p.DB, ask, number)
	return p.toScript(c, a, err)
}

func (p *Portal) attachmentPut(c echo.Context, ask policy.Ask) error {
	ctx := c.Request().Context()
	number, of, err := p.besides(c)
	if err != nil {
		return err
	}
	if _, err := of.state(ctx, p.DB, ask, number); err != nil {
		return err
	}
	piece, err := io.ReadAll(io.LimitReader(c.Request().Body, attachment.Piece+1))
	if err != nil {
		return badBody(err)
	}
	offset, err := strconv.ParseInt(c.QueryParam("offset"), 10, 64)
	if err != nil {
		offset = -1 // no place in any file
	}
	a, err := of.put(ctx, p.DB, ask, number, offset, piece)
	return p.toScript(c, a, err)
}

func (p *Portal) attachmentFinish(c echo.Context, ask policy.Ask) error {
	number, of, err := p.besides(c)
	if err != nil {
		return err
	}
	a, err := of.finish(c.Request().Context(), p.DB, p.Scanner, ask, number)
	return p.toScript(c, a, err)
}

func (p *Portal) attachmentBind(c echo.Context, ask policy.Ask) error {
	number := id(c, "filing")
	fresh, err := uuid.NewV7()
	if err != nil {
		return err
	}
	w := p.Words.In(web.Lang(c))
	n := attachment.New{ID: fresh, Beside: attachment.Beside{Filing: number}, Name: w.T("attachments.album.name") + ".pdf"}
	err = filing.BindAttachments(c.Request().Context(), p.DB, p.press(), p.Scanner, ask, n)
	if why := p.refusal(c, err); why != "" {
		return p.showAttachments(c, ask, number, []refusedFile{{Why: why}})
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.AttachmentList, number)
}

func (p *Portal) attachmentRemove(c echo.Context, ask policy.Ask) error {
	number, of, err := p.besides(c)
	if err != nil {
		return err
	}
	thing, err := of.remove(c.Request().Context(), p.DB, ask, number)
	if err != nil {
		return err
	}
	return p.redirect(c, of.list, thing)
}

// attachmentOpen gives a file as a download and as nothing else: its type is of our
// own list, and no browser runs or shows what is in it here.
func (p *Portal) attachmentOpen(c echo.Context, ask policy.Ask) error {
	ctx := c.Request().Context()
	number, of, err := p.besides(c)
	if err != nil {
		return err
	}
	line := newPatience(c)
	a, part, err := of.open(ctx, p.DB, ask, number)
	if waits := new(fault.Fault); errors.As(err, &waits) && waits.Message == "fault.attachment-unscanned" {
		line.more() // the scanner takes its time
		if err := attachment.ScanNow(ctx, p.DB, p.Scanner, number, ask.At); err != nil {
			return err
		}
		a, part, err = of.open(ctx, p.DB, ask, number)
	}
	if err != nil {
		return err
	}
	kind, size, original := a.Kind, a.Size, part == attachment.Original
	if !original {
		kind, size = a.Copy.Kind, a.Copy.Size
	}
	content := bufio.NewReaderSize(a.Open(context.WithoutCancel(ctx), p.DB, part), attachment.Piece)
	if _, err := content.Peek(1); err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Type", kind.Type())
	h.Set("Content-Length", strconv.FormatInt(size, 10))
	h.Set("Content-Disposition", `attachment; filename="`+a.PlainName(original)+`"; filename*=UTF-8''`+url.PathEscape(a.FileName(original)))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	c.Response().WriteHeader(http.StatusOK)
	// A piece that does not open ends the answer before its length: no reader takes
	// what he has for the file.
	_, err = io.CopyBuffer(struct{ io.Writer }{c.Response()}, struct{ io.Reader }{line.reader(content)}, make([]byte, 64<<10))
	return err
}
