package portal

import (
	"github.com/labstack/echo/v4"

	"zharia/portal/casefile"
	"zharia/portal/document"
	"zharia/portal/policy"
	"zharia/portal/web"
)

// powerPage is what one who acts for another may do, and until when. The one whom he
// acts for takes it back here.
type powerPage struct {
	Power   casefile.Power
	Mine    bool // it was given by the reader
	Revoked bool // by a signed paper
}

func (p *Portal) power(c echo.Context, ask policy.Ask) error {
	power, err := casefile.ReadPower(c.Request().Context(), p.DB, ask, id(c, "power"))
	if err != nil {
		return err
	}
	return p.show(c, "power", powerPage{power, power.Standing&policy.Author != 0, !power.RevokedAt.IsZero()})
}

func (p *Portal) revocationDraft(c echo.Context, ask policy.Ask) error {
	number := id(c, "power")
	if err := casefile.DraftRevocation(c.Request().Context(), p.DB, p.press(), ask, number, web.Lang(c)); err != nil {
		return err
	}
	return p.redirect(c, policy.RevocationCheck, number)
}

// revocationCheckPage shows the exact paper by which a power is taken back, before
// it is signed.
type revocationCheckPage struct {
	Power   casefile.Power
	Size    int // bytes
	Signing signing
}

func (p *Portal) revocationCheck(c echo.Context, ask policy.Ask) error {
	power, doc, err := casefile.RevocationOf(c.Request().Context(), p.DB, ask, id(c, "power"))
	if err != nil {
		return err
	}
	if doc.Signed() {
		return p.redirect(c, policy.PowerRead, power.ID)
	}
	return p.showRevocation(c, power, doc, "")
}

func (p *Portal) showRevocation(c echo.Context, power casefile.Power, doc document.Document, refusal string) error {
	page := revocationCheckPage{Power: power, Size: len(doc.Content)}
	var err error
	if page.Signing, err = p.signDocument(c, doc, policy.RevocationPaper, policy.PowerRevoke, refusal, power.ID); err != nil {
		return err
	}
	return p.showSigning(c, refusal, "revocation_check", page, policy.RevocationCheck, power.ID)
}

func (p *Portal) revocationPaper(c echo.Context, ask policy.Ask) error {
	_, doc, err := casefile.RevocationOf(c.Request().Context(), p.DB, ask, id(c, "power"))
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, string(doc.Kind), c.QueryParam("keep") != "")
}

func (p *Portal) powerRevoke(c echo.Context, ask policy.Ask) error {
	ctx, number := c.Request().Context(), id(c, "power")
	cms, digest, err := p.signed(c)
	if err != nil {
		return err
	}
	if err := casefile.Revoke(ctx, p.DB, p.Verifier, ask, number, cms, digest); err != nil {
		refusal, err := refused(err)
		if err != nil {
			return err
		}
		power, doc, err := casefile.RevocationOf(ctx, p.DB, ask.To(policy.RevocationCheck), number)
		if err != nil {
			return err
		}
		return p.showRevocation(c, power, doc, refusal)
	}
	return p.redirect(c, policy.PowerRead, number)
}
