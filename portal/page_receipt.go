package portal

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/receipt"
	"zharia/portal/web"
)

// proofs are the acts by which anybody, and any program, may ask the ledger; how
// often from one address is limited.
var proofs = map[policy.Act]bool{
	policy.VerifyReceipt: true, policy.FilingProof: true, policy.WithdrawalProof: true,
	policy.LogKey: true, policy.LogCheckpoint: true, policy.LogConsistency: true, policy.ReportProof: true, policy.SlipRead: true,
}

// logView is the ledger's key as pages show it; zero where nobody signs the ledger.
type logView struct {
	Key         string
	Fingerprint []byte
}

func (p *Portal) logView() logView {
	if p.LogKey == "" {
		return logView{}
	}
	return logView{p.LogKey, receipt.Fingerprint(p.LogKey)}
}

// verifyReceipt gives the receipt of a signed document to whoever holds its number.
func (p *Portal) verifyReceipt(c echo.Context, ask policy.Ask) error {
	number := id(c, "document")
	return p.receipt(c, ask, number, number.String())
}

// filingProof gives the author the receipt of what he filed, under its number.
func (p *Portal) filingProof(c echo.Context, ask policy.Ask) error {
	return p.proof(c, ask, "", func(f filing.Filing) uuid.UUID { return f.Document })
}

// withdrawalProof gives the receipt of the paper by which it was taken back.
func (p *Portal) withdrawalProof(c echo.Context, ask policy.Ask) error {
	return p.proof(c, ask, "-withdrawal", func(f filing.Filing) uuid.UUID { return f.Withdrawal })
}

func (p *Portal) proof(c echo.Context, ask policy.Ask, what string, paper func(filing.Filing) uuid.UUID) error {
	f, err := filing.Read(c.Request().Context(), p.DB, ask, id(c, "filing"))
	if err != nil {
		return err
	}
	if f.Status == filing.Draft || paper(f) == uuid.Nil {
		return echo.ErrNotFound
	}
	return p.receipt(c, ask, paper(f), f.Number+what)
}

// receipt answers with the receipt of a document. One that is not ready comes by
// itself: the browser asks again, without a script.
func (p *Portal) receipt(c echo.Context, ask policy.Ask, paper uuid.UUID, name string) error {
	r, err := receipt.Make(c.Request().Context(), p.DB, ask.To(policy.VerifyReceipt), paper, p.LogKey)
	head := c.Response().Header()
	if errors.Is(err, fault.Unavailable) {
		head.Set("Retry-After", "2")
		if p.LogKey != "" {
			head.Set("Refresh", "3")
		}
		return err
	}
	if err != nil {
		return err
	}
	head.Set("Content-Disposition", `attachment; filename="zharia-`+name+`.receipt"`)
	return c.Blob(http.StatusOK, "text/plain; charset=utf-8", r.Text())
}

// verifyOffline is the page that checks receipts on anybody's computer: the same
// bytes here and on his disk.
func (p *Portal) verifyOffline(c echo.Context, _ policy.Ask) error {
	if p.LogKey == "" {
		return fault.New(fault.NotFound, "fault.not-found")
	}
	page, err := receipt.Page(p.Words, web.Lang(c), p.LogKey)
	if err != nil {
		return err
	}
	head := c.Response().Header()
	head.Set("Content-Security-Policy", receipt.Policy())
	if c.QueryParam("keep") != "" {
		head.Set("Content-Disposition", `attachment; filename="zharia-receipts.html"`)
	}
	return c.HTMLBlob(http.StatusOK, page)
}

// logKey gives the key by which the roots of the ledger are verified.
func (p *Portal) logKey(c echo.Context, _ policy.Ask) error {
	if p.LogKey == "" {
		return fault.New(fault.NotFound, "fault.not-found")
	}
	return c.String(http.StatusOK, p.LogKey+"\n")
}

// logCheckpoint gives the newest signed root, to whoever wants to be a witness.
func (p *Portal) logCheckpoint(c echo.Context, ask policy.Ask) error {
	root, err := ledger.Newest(c.Request().Context(), p.DB.DB)
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, "text/plain; charset=utf-8", root.Note)
}

// logConsistency proves that the ledger at a size begins with what it was at another:
// the hashes of RFC 6962, 2.1.2, a line each, none where nothing grew.
func (p *Portal) logConsistency(c echo.Context, ask policy.Ask) error {
	ctx := c.Request().Context()
	root, err := ledger.Newest(ctx, p.DB.DB)
	if err != nil {
		return err
	}
	from, to := size(c, "from"), size(c, "to")
	// Only what a signed root holds is told of: nobody learns of acts before it.
	if from < 1 || to < from || to > root.Size {
		return fault.New(fault.Invalid, "fault.log-sizes")
	}
	var b strings.Builder
	if from < to {
		proof, err := ledger.Consistency(ctx, p.DB.DB, from, to)
		if err != nil {
			return err
		}
		for _, h := range proof {
			fmt.Fprintln(&b, h)
		}
	}
	return c.String(http.StatusOK, b.String())
}

// size is a number of the query as it is written, or -1.
func size(c echo.Context, name string) int64 {
	text := c.QueryParam(name)
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != text {
		return -1
	}
	return n
}

// printed is where a document stands in the ledger, for its paper receipt.
func (p *Portal) printed(c echo.Context, d document.Document) (filing.Noted, error) {
	at, err := receipt.Find(c.Request().Context(), p.DB, d.ID)
	if errors.Is(err, fault.NotFound) {
		return filing.Noted{}, nil
	}
	return filing.Noted{Where: at, Key: p.LogKey}, err
}
