package filing_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

func TestAComplaintNamesTheAnswerItIsAbout(t *testing.T) {
	w := portaltest.World(t)
	refused := w.Petition(w.Aigul, w.Theft)
	w.Answer(w.Daniyar, refused, filing.Refused)
	others := w.Petition(w.Serik, w.Theft)
	draft := w.Draft(w.Aigul, w.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"})

	complaint := w.Draft(w.Aigul, w.Theft, filing.NewFiling{Kind: policy.FilingComplaintProsecutor, Ground: "other", Against: refused})
	if err := w.Submit(w.Aigul, complaint); err != nil {
		t.Fatal(err)
	}
	f, err := filing.Read(t.Context(), w.DB, w.Zhanar.Asks(policy.FilingRead), complaint)
	if err != nil || f.Against != refused || f.AgainstNumber != "2026-000001" || f.AgainstKind != policy.FilingPetition {
		t.Errorf("the prosecutor sees it against %v %q %q: %v", f.Against, f.AgainstNumber, f.AgainstKind, err)
	}
	paper, err := document.Fetch(t.Context(), w.DB, f.Document)
	if err != nil {
		t.Fatal(err)
	}
	if text := portaltest.PDFText(t, paper.Content); !strings.Contains(text, "2026-000001") {
		t.Errorf("the paper does not name the petition:\n%s", text)
	}

	save := func(n filing.NewFiling) error {
		n.Kind, n.Ground, n.Language = policy.FilingComplaintProsecutor, "other", "kk"
		n.Participant, n.Circumstances, n.Points = w.Participant("aigul@theft"), portaltest.Circumstances, []string{portaltest.Request}
		return filing.Save(t.Context(), w.DB, w.Press, w.Aigul.Asks(policy.FilingCreate), w.Theft, uuid.Must(uuid.NewV7()), n)
	}
	wantKind(t, "against somebody else's petition", fault.Invalid, save(filing.NewFiling{Against: others}))
	wantKind(t, "against a draft", fault.Invalid, save(filing.NewFiling{Against: draft}))
	wantKind(t, "against nothing there is", fault.Invalid, save(filing.NewFiling{Against: uuid.Must(uuid.NewV7())}))
	wantKind(t, "against two things at once", fault.Invalid, save(filing.NewFiling{Against: refused, About: w.Decision("victim-recognised")}))
	w.Sound()
}
