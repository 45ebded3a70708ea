package document_test

import (
	"encoding/base64"
	"encoding/pem"
	"testing"
	"time"

	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/eds/authority"
	"zharia/portal/evidence"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/vault"

	"github.com/google/uuid"
)

// signed is a paper of Aigul's with her signature.
func signed(t *testing.T, w *portaltest.W) (d document.Document, cms []byte) {
	t.Helper()
	d = paper(t, w, w.Aigul)
	cms = w.SignedBy(w.Aigul, d.Content)
	if err := sign(t, w, w.Aigul, d.ID, cms, d.Digest); err != nil {
		t.Fatal(err)
	}
	return d, cms
}

// anybody asks, whoever he is.
func anybody(w *portaltest.W) policy.Ask {
	return policy.Ask{Is: policy.Visitor, Act: policy.VerifyFiles, At: w.At}
}

func TestADocumentIsKnownByItsBytesAndItsSignatureHoweverItIsWrapped(t *testing.T) {
	w := portaltest.World(t)
	d, cms := signed(t, w)
	kept, err := evidence.Fetch(t.Context(), w.DB, d.ID)
	if err != nil {
		t.Fatal(err)
	}
	stamped, err := kept.Evidence.Stamped()
	if err != nil {
		t.Fatal(err)
	}
	text := base64.StdEncoding.EncodeToString(cms)
	for what, c := range map[string]struct {
		cms, content []byte
		ours, kept   bool
	}{
		"as it came":                  {cms, d.Content, true, true},
		"with the stamp of ours":      {stamped, d.Content, true, true},
		"base64 in lines":             {[]byte(text[:64] + "\r\n" + text[64:] + "\n"), d.Content, true, true},
		"PEM":                         {pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: cms}), d.Content, true, true},
		"no signature":                {nil, d.Content, true, false},
		"another signature of hers":   {w.SignedBy(w.Aigul, append(d.Content, '.')), d.Content, true, false},
		"a signature of another":      {w.SignedBy(w.Serik, d.Content), d.Content, true, false},
		"another document":            {cms, append(d.Content, '.'), false, false},
		"nothing at all":              {nil, nil, false, false},
		"no signature, but something": {[]byte("%"), d.Content, true, false},
	} {
		got, err := document.Recognise(t.Context(), w.DB, w.Verifier, anybody(w), c.cms, c.content)
		if err != nil || got.Ours != c.ours || got.Kept != c.kept || got.Refused != nil {
			t.Errorf("%s: %v, %+v", what, err, got)
		}
		if got.Ours && !got.ReceivedAt.Equal(w.At) || got.Kept && got.Signer.IIN != w.Aigul.IIN {
			t.Errorf("%s: received at %s, by %s", what, got.ReceivedAt, got.Signer.IIN)
		}
	}
	if _, err := document.Recognise(t.Context(), w.DB, w.Verifier, policy.Ask{Act: "nothing", At: w.At}, nil, d.Content); err == nil {
		t.Error("an act that is not in the table is answered")
	}
}

func TestADraftIsKnownToNobody(t *testing.T) {
	w := portaltest.World(t)
	d := paper(t, w, w.Aigul)
	if got, err := document.Recognise(t.Context(), w.DB, w.Verifier, anybody(w), w.SignedBy(w.Aigul, d.Content), d.Content); err != nil || got.Ours {
		t.Errorf("%v, %+v", err, got)
	}
}

// The same ruling published in two cases has two signatures; each is found.
func TestOfTwoDocumentsWithTheSameBytesEachIsKnownByItsSignature(t *testing.T) {
	w := portaltest.World(t)
	first, one := signed(t, w)
	w.At = w.At.Add(time.Hour)
	_, other := signed(t, w)
	for i, cms := range [][]byte{one, other} {
		got, err := document.Recognise(t.Context(), w.DB, w.Verifier, anybody(w), cms, first.Content)
		if want := w.At.Add(time.Duration(i-1) * time.Hour); err != nil || !got.Kept || !got.ReceivedAt.Equal(want) {
			t.Errorf("signature %d: %v, %+v, want it received at %s", i+1, err, got, want)
		}
	}
}

func TestWhatWasRefutedLaterIsKnownAsRefuted(t *testing.T) {
	w := portaltest.World(t)
	for _, service := range []authority.Service{authority.OCSP, authority.Lists, authority.Stamps} {
		w.Services.Break(service, authority.Unavailable)
	}
	d, cms := signed(t, w)
	if got, err := document.Recognise(t.Context(), w.DB, w.Verifier, anybody(w), cms, d.Content); err != nil || got.Signer.Revocation != eds.Pending {
		t.Errorf("awaited: %v, %s", err, got.Signer.Revocation)
	}
	w.Services.Break(authority.OCSP, authority.NoFault)
	w.Services.Break(authority.Lists, authority.NoFault)
	if err := w.Troupe.Authority.Revoke(w.Aigul.Key.Serial(), authority.Hold, w.At); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Troupe.Authority.Unrevoke(w.Aigul.Key.Serial()) })
	w.At = w.At.Add(time.Hour)
	err := w.DB.Within(t.Context(), func(tx *vault.DB) error { return evidence.Confirm(t.Context(), tx, w.Verifier, d.ID, w.At) })
	if err != nil {
		t.Fatal(err)
	}
	if got, err := document.Recognise(t.Context(), w.DB, w.Verifier, anybody(w), cms, d.Content); err != nil || !got.Kept || got.Signer.Revocation != eds.Refuted {
		t.Errorf("refuted: %v, %+v", err, got)
	}
}

// A ruling of a month ago that the register brought today was judged as of its day. Whoever
// brings it and its signature to the page is told what was found then, not that it is no good.
func TestWhatWasSignedElsewhereLongAgoIsJudgedAsOfItsDay(t *testing.T) {
	w := portaltest.World(t)
	pdf := []byte("%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n" +
		"xref\n0 1\n0000000000 65535 f \ntrailer<</Root 1 0 R/Size 4>>\nstartxref\n9\n%%EOF\n")
	made := w.At.AddDate(0, 0, -30)
	cms, err := w.Daniyar.Key.SignCMS(pdf, false, made)
	if err != nil {
		t.Fatal(err)
	}
	r, err := document.VerifyReceived(t.Context(), w.DB, w.Verifier, w.At, made, pdf, cms)
	if err != nil {
		t.Fatal(err)
	}
	d := document.Document{ID: uuid.Must(uuid.NewV7()), Casefile: w.Theft, Kind: document.Decision, Language: "kk", MadeAt: made}
	if err := w.DB.Within(t.Context(), func(tx *vault.DB) error { return document.Receive(t.Context(), tx, &d, r, w.At) }); err != nil {
		t.Fatal(err)
	}
	got, err := document.Recognise(t.Context(), w.DB, w.Verifier, anybody(w), cms, pdf)
	if err != nil || !got.Kept || got.Refused != nil || got.Signer.IIN != w.Daniyar.IIN || got.Signer.Revocation != eds.Good {
		t.Errorf("%v, kept %v, refused %v, by %s, key %s", err, got.Kept, got.Refused, got.Signer.IIN, got.Signer.Revocation)
	}
}
