package portal

import (
	"crypto/sha256"
	"errors"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"zharia/portal/document"
	"zharia/portal/policy"
	"zharia/portal/web"
)

// verifyPage lets anybody who holds the number of a signed document check it. It
// names nobody and shows no text.
type verifyPage struct {
	Form      *web.Form
	Document  document.Document
	Signature document.Proof
	Compared  string // "", "same" or "other": the file somebody brought
	Log       logView
}

func (p *Portal) verify(c echo.Context, ask policy.Ask) error {
	return p.showVerify(c, ask, web.NewForm("verify"), nil)
}

// verifyFile compares a file with the signed document by its fingerprint; the
// file is not kept.
func (p *Portal) verifyFile(c echo.Context, ask policy.Ask) error {
	form := web.ReadForm(c, "verify")
	file := form.File("file", document.MaxUpload)
	if file == nil && !form.Bad() {
		form.Wrong("file", "form.required")
	}
	return p.showVerify(c, ask, form, file)
}

func (p *Portal) showVerify(c echo.Context, ask policy.Ask, form *web.Form, file []byte) error {
	number := id(c, "document")
	ctx := c.Request().Context()
	d, proof, err := document.Public(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	page := verifyPage{Form: form, Document: d, Signature: proof, Log: p.logView()}
	if file != nil {
		sum := sha256.Sum256(file)
		page.Compared = "other"
		if slices.Equal(sum[:], d.Digest) {
			page.Compared = "same"
		}
	}
	return p.form(c, form, "verify", page, policy.VerifyFile, number)
}

// pdf answers with a document. A copy to keep comes as a download; what may only
// be read opens in the browser.
func pdf(c echo.Context, content []byte, name string, keep bool) error {
	disposition := "inline"
	if keep {
		disposition = "attachment"
	}
	h := c.Response().Header()
	h.Set("Content-Disposition", disposition+`; filename="`+name+`.pdf"`)
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'self'")
	return c.Blob(http.StatusOK, "application/pdf", content)
}

// badPDF puts what is wrong with an uploaded file to its field.
func badPDF(form *web.Form, field string, content []byte) {
	var bad *document.BadPDF
	switch err := document.CheckUpload(content); {
	case err == nil:
	case errors.As(err, &bad):
		form.Wrong(field, "form.bad-pdf."+string(bad.Reason))
	default:
		form.Wrong(field, "form.unreadable")
	}
}
