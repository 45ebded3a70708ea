package filing_test

import (
	"testing"

	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

func TestAFilingIsTakenBackByItsAuthorsSignatureAndByNothingLess(t *testing.T) {
	w := portaltest.World(t)
	ctx, id := t.Context(), w.Petition(w.Aigul, w.Theft)
	withdraw := func(cms, digest []byte) error {
		return filing.Withdraw(ctx, w.DB, w.Verifier, w.Aigul.Asks(policy.FilingWithdraw), id, cms, digest)
	}
	petition, petitionDigest := w.Paper(w.Aigul, id)
	wantKind(t, "before there is a paper", fault.Conflict, withdraw(w.SignedBy(w.Aigul, petition), petitionDigest))
	wantKind(t, "as a step without a signature", fault.Forbidden, filing.Step(ctx, w.DB, w.Aigul.Asks(policy.FilingWithdraw), id))
	for _, other := range []struct {
		who  *portaltest.Actor
		kind fault.Kind
	}{{w.Daniyar, fault.Forbidden}, {w.Zhanar, fault.Forbidden}, {w.Serik, fault.NotFound}, {w.Stranger, fault.NotFound}} {
		wantKind(t, other.who.Word, other.kind, w.Withdraw(other.who, id))
	}

	// Preparing it twice leaves one paper; nobody else sees it until it is signed.
	for range 2 {
		if err := filing.DraftWithdrawal(ctx, w.DB, w.Press, w.Aigul.Asks(policy.WithdrawalDraft), id, "ru"); err != nil {
			t.Fatal(err)
		}
	}
	w.Want(t, `SELECT kind, signed_at IS NOT NULL AS signed FROM document WHERE kind IN ('petition', 'withdrawal') ORDER BY kind`, `
		kind       | signed
		petition   | true
		withdrawal | false`)
	_, doc, err := filing.WithdrawalOf(ctx, w.DB, w.Aigul.Asks(policy.WithdrawalCheck), id)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = filing.WithdrawalOf(ctx, w.DB, w.Daniyar.Asks(policy.WithdrawalPaper), id)
	wantKind(t, "the investigator looks at the draft", fault.NotFound, err)

	wantKind(t, "the signature of the petition", fault.Invalid, withdraw(w.SignedBy(w.Aigul, petition), doc.Digest))
	wantKind(t, "somebody else's signature", fault.Invalid, withdraw(w.SignedBy(w.Serik, doc.Content), doc.Digest))
	wantKind(t, "no signature", fault.Invalid, withdraw(nil, doc.Digest))
	w.Want(t, `SELECT status FROM filing`, "status\nfiled")

	if err := withdraw(w.SignedBy(w.Aigul, doc.Content), doc.Digest); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT status, ended_at FROM filing`, "status | ended_at\nwithdrawn | 2026-10-22 14:30:00")
	w.Want(t, `SELECT who, act, law FROM record WHERE act = 'filing-withdraw'`, `
		who   | act             | law
		aigul | filing-withdraw | CPC 100(5)`)
	if _, _, err := filing.WithdrawalOf(ctx, w.DB, w.Daniyar.Asks(policy.WithdrawalPaper), id); err != nil {
		t.Errorf("the investigator does not see the signed paper: %v", err)
	}
	wantKind(t, "preparing another", fault.Conflict, filing.DraftWithdrawal(ctx, w.DB, w.Press, w.Aigul.Asks(policy.WithdrawalDraft), id, "kk"))
	w.Sound()
}
