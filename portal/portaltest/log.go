package portaltest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"zharia/portal/ledger"
)

// logKey is the key of the ledger of every world: the same in all runs, as pages and
// papers show it.
var logKey = func() ledger.Key {
	origin, err := ledger.Origin(Origin)
	if err != nil {
		panic(err)
	}
	seed := sha256.Sum256([]byte("the ledger of the tests"))
	public, err := note.NewEd25519VerifierKey(origin, ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey))
	if err != nil {
		panic(err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		panic(err)
	}
	number, _, _ := strings.Cut(strings.TrimPrefix(public, origin+"+"), "+")
	signer, err := note.NewSigner("PRIVATE+KEY+" + origin + "+" + number + "+" + base64.StdEncoding.EncodeToString(append([]byte{1}, seed[:]...)))
	if err != nil {
		panic(err)
	}
	return ledger.Key{Signer: signer, Verifier: verifier, Public: public}
}()

// LogKey is the public half.
var LogKey = logKey.Public

// SignLog has the auditor sign what was done until now.
func (w *W) SignLog() ledger.Checkpoint {
	w.t.Helper()
	auditor := ledger.Auditor{DB: w.DB.DB, Key: logKey}
	root, err := auditor.Sign(w.t.Context(), false)
	if err != nil {
		w.t.Fatal(err)
	}
	return root
}
