package portal

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"zharia/portal/attachment"
	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/tip"
	"zharia/portal/web"
)

// The files of a tip come in the form it is written in, after its words. Those are read
// first and stay in memory, as everything here: a temporary file would hold what was sent,
// name, place and camera, after a power cut. Files are read as they come into a worker,
// and what it makes anew is all there ever is of them.

const (
	// tipFilesLimit is how much of such a body is read, in bytes.
	tipFilesLimit = tip.MaxFiles*attachment.MaxBare + tipLimit
	// tipFilesAtOnce is from how many people files are taken at the same time, and so what
	// they may cost: thirty megabytes each, twice while they are sealed.
	tipFilesAtOnce = 3
	// tipFilesTime is how long one may take to send them; then his place is for others.
	tipFilesTime = 2 * time.Minute
	// tipAnswerTime is for the rest: the last file made anew, the tip kept, the code shown.
	tipAnswerTime = time.Minute

	tipAccept = ".jpg,.jpeg,.png,.pdf"
)

const uploadKey = "upload"

// upload is a body whose words were read, and what comes after them.
type upload struct {
	parts *multipart.Reader
	next  *multipart.Part // the first with a file; nil for none
}

// begun tells that there are files.
func (u upload) begun() bool { return u.next != nil }

func tipUpload(c echo.Context) upload {
	u, _ := c.Get(uploadKey).(upload)
	return u
}

// readTip reads the words of a tip, and stops before the first file.
func readTip(c echo.Context) error {
	r := c.Request()
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "multipart/form-data" {
		if r.ContentLength > tipLimit {
			return echo.ErrStatusRequestEntityTooLarge
		}
		r.Body = http.MaxBytesReader(c.Response(), r.Body, tipLimit)
		return web.ReadBody(c)
	}
	var u upload
	parts, fields, err := web.Words(r, tipLimit, func(file *multipart.Part) bool {
		u.next = file
		tipPatience(c)
		return false
	})
	if err != nil {
		return tipBroken(err)
	}
	u.parts = parts
	c.Set(uploadKey, u)
	r.PostForm, r.Form, r.MultipartForm = fields, fields, &multipart.Form{Value: fields}
	return web.ReadBody(c)
}

// tipPatience gives files their time, and with it the page of the code: a tip that is kept
// and whose sender was shown nothing is lost to him. Where there are no such times the
// server's count.
func tipPatience(c echo.Context) {
	control, until := http.NewResponseController(c.Response()), time.Now().Add(tipFilesTime)
	_ = control.SetReadDeadline(until)
	_ = control.SetWriteDeadline(until.Add(tipAnswerTime))
}

// tipBroken is a body that was cut, without the words of the error: a name could stand
// in them.
func tipBroken(err error) error {
	if large := new(http.MaxBytesError); errors.As(err, &large) {
		return echo.ErrStatusRequestEntityTooLarge
	}
	return echo.ErrBadRequest
}

// tipRest reads what is left of a body, before it is answered: a browser that has not sent
// all by then shows a cut line and not the page.
func tipRest(c echo.Context) {
	if tipUpload(c).begun() {
		io.Copy(io.Discard, c.Request().Body)
	}
}

var errTipFull = errors.New("files are being taken from others")

// tipFiles makes the files of a tip anew. Invalid where one cannot be taken; any other
// error: try again.
func (p *Portal) tipFiles(c echo.Context) ([]attachment.Stripped, error) {
	u := tipUpload(c)
	if !u.begun() {
		return nil, nil
	}
	select {
	case p.lane.files <- struct{}{}:
		defer func() { <-p.lane.files }()
	default:
		return nil, errTipFull
	}
	ctx, cancel := context.WithTimeout(c.Request().Context(), tipFilesTime)
	defer cancel()
	var out []attachment.Stripped
	for part := u.next; ; {
		if name, file := web.FileName(part); file && name != "" {
			if len(out) == tip.MaxFiles {
				return nil, fault.New(fault.Invalid, "fault.tip-files").At("files")
			}
			made, err := attachment.Strip(ctx, name, part)
			if told := new(fault.Fault); errors.As(err, &told) {
				return nil, fault.New(told.Kind, told.Message).At("files")
			}
			if err != nil {
				return nil, err
			}
			out = append(out, made)
		}
		var err error
		if part, err = u.parts.NextPart(); err == io.EOF {
			return out, nil
		} else if err != nil {
			return nil, fault.New(fault.Invalid, "fault.attachment-cut").At("files")
		}
	}
}

// tipFile gives an official a file of a tip as a download, and as nothing else.
func (p *Portal) tipFile(c echo.Context, ask policy.Ask) error {
	f, content, err := tip.OpenFile(c.Request().Context(), p.DB, ask, id(c, "file"))
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Length", strconv.Itoa(len(content)))
	h.Set("Content-Disposition", `attachment; filename="file-`+strconv.Itoa(f.N)+f.Kind.End()+`"`)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	return c.Blob(http.StatusOK, f.Kind.Type(), content)
}
