package evidence_test

import (
	"errors"
	"testing"
	"time"

	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/eds/authority"
	"zharia/portal/evidence"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/vault"

	"github.com/google/uuid"
)

// silence takes the responder and the lists of the authority away, or back.
func silence(w *portaltest.W, how authority.Fault) {
	for _, s := range []authority.Service{authority.OCSP, authority.Lists, authority.Stamps} {
		w.Services.Break(s, how)
	}
}

// paper is the signed document of a filing.
func paper(t *testing.T, w *portaltest.W, id uuid.UUID) document.Document {
	t.Helper()
	f, err := filing.Read(t.Context(), w.DB, w.Aigul.Asks(policy.FilingRead), id)
	if err != nil {
		t.Fatal(err)
	}
	d, err := document.Fetch(t.Context(), w.DB, f.Document)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func proof(t *testing.T, w *portaltest.W, d document.Document) document.Proof {
	t.Helper()
	p, err := d.Proof(t.Context(), w.DB, w.Verifier)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func confirm(t *testing.T, w *portaltest.W, d document.Document) error {
	t.Helper()
	return w.DB.Within(t.Context(), func(tx *vault.DB) error {
		return evidence.Confirm(t.Context(), tx, w.Verifier, d.ID, w.At)
	})
}

const kept = `SELECT e.revocation, e.person, e.received_at, e.known_at, d.kind FROM evidence e JOIN document d ON d.id = e.document WHERE d.kind = 'petition'`

func TestAFilingIsKeptWithWhatProvedItsSignature(t *testing.T) {
	w := portaltest.World(t)
	d := paper(t, w, w.Petition(w.Aigul, w.Theft))
	w.Want(t, kept, `
		revocation | person | received_at         | known_at            | kind
		good       | aigul  | 2026-10-22 14:30:00 | 2026-10-22 14:30:00 | petition`)
	w.Want(t, `SELECT count(*) FROM job WHERE name = 'signature-confirm'`, "count\n0")
	if p := proof(t, w, d); !p.Valid || p.Revocation != eds.Good || !p.StampedAt.Equal(w.At) {
		t.Errorf("it is proved as %+v", p)
	}
	for _, order := range []string{
		`UPDATE evidence SET bundle = digest WHERE id = $1`,
		`UPDATE evidence SET revocation = 'pending', known_at = NULL WHERE id = $1`,
		`DELETE FROM evidence WHERE id = $1`,
	} {
		if _, err := w.SQL.Exec(order, d.ID); err == nil {
			t.Errorf("%s goes through", order)
		}
	}
	w.Sound()
}

func TestWhileTheAuthorityIsSilentAFilingIsReceivedAndNothingElseIsSigned(t *testing.T) {
	w := portaltest.World(t)
	silence(w, authority.Unavailable)
	id := w.Petition(w.Aigul, w.Theft)
	d := paper(t, w, id)
	w.Want(t, kept, `
		revocation | person | received_at         | known_at | kind
		pending    | aigul  | 2026-10-22 14:30:00 |          | petition`)
	w.Want(t, `SELECT name, run_at, args FROM job WHERE name = 'signature-confirm'`, `
		name              | run_at              | args
		signature-confirm | 2026-10-22 14:31:00 | {"evidence": "`+d.ID.String()+`"}`)
	if p := proof(t, w, d); !p.Valid || p.Revocation != eds.Pending || !p.KnownAt.IsZero() {
		t.Errorf("it is proved as %+v", p)
	}

	err := w.Withdraw(w.Aigul, id)
	var f *fault.Fault
	if !errors.As(err, &f) || f.Kind != fault.Unavailable || f.Message != "fault.eds.revocation-unreachable" {
		t.Errorf("taking it back: %v", err)
	}

	w.At = w.At.Add(time.Hour)
	if err := confirm(t, w, d); !errors.Is(err, fault.Unavailable) {
		t.Errorf("asked in vain: %v", err)
	}
	silence(w, authority.NoFault)
	if err := confirm(t, w, d); err != nil {
		t.Fatal(err)
	}
	w.Want(t, kept, `
		revocation | person | received_at         | known_at            | kind
		good       | aigul  | 2026-10-22 14:30:00 | 2026-10-22 15:30:00 | petition`)
	w.Want(t, `SELECT who, act, object, casefile FROM record WHERE object_id = '`+d.ID.String()+`'`, `
		who | act               | object   | casefile
		    | signature-confirm | document | theft`)
	if p := proof(t, w, d); !p.Valid || p.Revocation != eds.Good || !p.KnownAt.Equal(w.At) {
		t.Errorf("then it is proved as %+v", p)
	}
	if err := confirm(t, w, d); err != nil {
		t.Errorf("once more: %v", err)
	}
	w.Sound()
}

func TestAKeyRevokedBeforeTheSignatureIsFoundOutAndTheFilingStays(t *testing.T) {
	w := portaltest.World(t)
	silence(w, authority.Unavailable)
	d := paper(t, w, w.Petition(w.Aigul, w.Theft))
	silence(w, authority.NoFault)
	a := w.Troupe.Authority
	if err := a.Revoke(w.Aigul.Key.Serial(), authority.Hold, w.At.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Unrevoke(w.Aigul.Key.Serial()) })
	w.At = w.At.Add(time.Minute)
	if err := confirm(t, w, d); err != nil {
		t.Fatal(err)
	}
	w.Want(t, kept, `
		revocation | person | received_at         | known_at            | kind
		refuted    | aigul  | 2026-10-22 14:30:00 | 2026-10-22 14:31:00 | petition`)
	w.Want(t, `SELECT status FROM filing`, "status\nfiled")
	if p := proof(t, w, d); p.Revocation != eds.Refuted {
		t.Errorf("it is proved as %+v", p)
	}
	w.Sound()
}

func TestASignatureIsProvedFiveYearsLaterByItsEvidenceAlone(t *testing.T) {
	w := portaltest.World(t)
	d := paper(t, w, w.Petition(w.Aigul, w.Theft))
	k, err := evidence.Fetch(t.Context(), w.DB, d.ID)
	if err != nil {
		t.Fatal(err)
	}
	v, err := eds.NewVerifier(w.Troupe.Authority.Root()) // the root alone, and nobody to ask
	if err != nil {
		t.Fatal(err)
	}
	w.At = w.At.AddDate(5, 0, 0)
	silence(w, authority.Unavailable)
	signer, err := v.Reverify(t.Context(), k.Evidence, d.Content)
	if err != nil || signer.Revocation != eds.Good || signer.IIN != w.Aigul.IIN || signer.ProvenAt.IsZero() {
		t.Errorf("proved as %+v, %v", signer.Revocation, err)
	}
	if _, err := v.Reverify(t.Context(), k.Evidence, append(d.Content, '\n')); err == nil {
		t.Error("other bytes are proved, too")
	}
	k.Evidence.At = k.Evidence.At.AddDate(5, 0, 0)
	if _, err := v.Reverify(t.Context(), k.Evidence, d.Content); err == nil {
		t.Error("a signature of today by an expired key is proved")
	}
}
