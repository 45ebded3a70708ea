package eds

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"zharia/portal/eds/internal/crl"
)

// Exit codes of Command.
const (
	exitValid    = 0
	exitNotValid = 1
	exitMisuse   = 2
)

// Command is `portal eds`: it verifies a signature file and writes the verdict
// as JSON. The signer's number stands in it in clear, because to learn it is
// why the tool is run.
//
//	verify [-trust DIR] [-old] [-at RFC3339] [-content FILE] FILE
//	verify -bundle FILE [-trust DIR] -content FILE [LIST …]
//
// The second verifies the evidence of a signature (Evidence) offline, at the
// moment it was received; lists are revocation lists too long to lie in it.
// Every file of DIR that holds a certificate is trusted; without -trust nobody
// is. It returns 0 for a valid signature, 1 for one that is not, 2 for misuse.
func Command(args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 || args[0] != "verify" {
		fmt.Fprintln(stderr, "usage: portal eds verify [-trust DIR] [-old] [-at TIME] [-content FILE] FILE\n       portal eds verify -bundle FILE [-trust DIR] -content FILE [LIST …]")
		return exitMisuse
	}
	flags := flag.NewFlagSet("portal eds verify", flag.ContinueOnError)
	flags.SetOutput(stderr)
	trust := flags.String("trust", "", "folder of trusted certificates")
	old := flags.Bool("old", false, "read documents signed with GOST 34.310-2004, the algorithm before 2022, too")
	moment := flags.String("at", "", "moment of the verdict, RFC 3339 (default now)")
	file := flags.String("content", "", "what was signed, if the signature is detached")
	bundle := flags.String("bundle", "", "evidence of a signature, to be verified offline")
	if flags.Parse(args[1:]) != nil {
		return exitMisuse
	}
	if *bundle == "" && flags.NArg() != 1 || *bundle != "" && *file == "" {
		flags.Usage()
		return exitMisuse
	}
	ask, err := prepare(*trust, *old, *moment, *file, *bundle, flags.Args(), stderr)
	if err != nil {
		fmt.Fprintln(stderr, "portal eds verify:", err)
		return exitMisuse
	}
	verdict, at := ask.answer(context.Background())
	out := json.NewEncoder(stdout)
	out.SetIndent("", "  ")
	if err := out.Encode(report(verdict, at)); err != nil {
		fmt.Fprintln(stderr, "portal eds verify:", err)
		return exitMisuse
	}
	if !verdict.Valid {
		return exitNotValid
	}
	return exitValid
}

// asked is what the command line asks.
type asked struct {
	verifier     *Verifier
	sig, content []byte
	at           time.Time
	evidence     *Evidence // instead of sig and at
	lists        [][]byte
}

// answer gives the verdict and the moment it is about.
func (a asked) answer(ctx context.Context) (Verdict, time.Time) {
	if a.evidence == nil {
		v, _ := a.verifier.Inspect(ctx, a.sig, a.content, a.at)
		return v, a.at
	}
	who, err := a.verifier.Reverify(ctx, a.evidence, a.content, a.lists...)
	v := Verdict{Valid: err == nil, Content: a.content}
	if err != nil {
		v.Reason, v.Detail = why(err)
		return v, a.evidence.At
	}
	v.Signers = []Finding{{Signer: who, Valid: true}}
	return v, a.evidence.At
}

func prepare(trust string, old bool, moment, file, bundle string, rest []string, stderr io.Writer) (asked, error) {
	ask := asked{verifier: &Verifier{}, at: time.Now()}
	var err error
	if moment != "" {
		if ask.at, err = time.Parse(time.RFC3339, moment); err != nil {
			return ask, fmt.Errorf("-at is not a moment like 2026-07-20T09:30:00Z")
		}
	}
	if trust != "" {
		if err := addFolder(ask.verifier, trust, old, stderr); err != nil {
			return ask, err
		}
	}
	if file != "" {
		if ask.content, err = readBounded(file, MaxContent); err != nil {
			return ask, err
		}
	}
	if bundle == "" {
		ask.sig, err = readBounded(rest[0], 2*(MaxSignature+MaxContent))
		return ask, err
	}
	return ask, ask.take(bundle, rest)
}

// take reads a bundle and the lists brought with it.
func (a *asked) take(bundle string, lists []string) error {
	raw, err := readBounded(bundle, maxEvidence)
	if err != nil {
		return err
	}
	for _, name := range lists {
		l, err := readBounded(name, crl.MaxBytes)
		if err != nil {
			return err
		}
		a.lists = append(a.lists, l)
	}
	a.evidence, err = ReadBundle(raw)
	return err
}

// addFolder trusts every certificate file in a folder. Files that cannot be
// trusted are named and passed over: folders of authorities hold old ones.
func addFolder(v *Verifier, dir string, old bool, stderr io.Writer) error {
	add := v.AddAuthority
	if old {
		add = v.AddOldAuthority
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		b, err := readBounded(filepath.Join(dir, e.Name()), MaxSignature)
		if err == nil {
			err = add(b)
		}
		if err != nil {
			fmt.Fprintf(stderr, "not trusted: %s: %v\n", e.Name(), err)
		}
	}
	return nil
}

func readBounded(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s is larger than %d bytes", name, limit)
	}
	if b == nil {
		b = []byte{}
	}
	return b, err
}

// reported and reportedSigner are the JSON of a verdict.
type reported struct {
	Valid    bool             `json:"valid"`
	Reason   Reason           `json:"reason,omitempty"`
	Detail   string           `json:"detail,omitempty"`
	At       time.Time        `json:"at"`
	Attached bool             `json:"attached"`
	Size     int              `json:"contentSize"`
	Signers  []reportedSigner `json:"signers"`
}

type reportedSigner struct {
	Valid        bool       `json:"valid"`
	Reason       Reason     `json:"reason,omitempty"`
	Detail       string     `json:"detail,omitempty"`
	IIN          string     `json:"iin,omitempty"`
	BIN          string     `json:"bin,omitempty"`
	Name         string     `json:"name,omitempty"`
	Surname      string     `json:"surname,omitempty"`
	Patronymic   string     `json:"patronymic,omitempty"`
	Organisation string     `json:"organisation,omitempty"`
	Role         Role       `json:"role,omitempty"`
	Algorithm    string     `json:"algorithm"`
	Serial       string     `json:"serial"`
	Issuer       string     `json:"issuer"`
	NotBefore    time.Time  `json:"notBefore"`
	NotAfter     time.Time  `json:"notAfter"`
	ClaimedAt    *time.Time `json:"claimedAt,omitempty"`
	ProvenAt     *time.Time `json:"provenAt,omitempty"`
	Revocation   string     `json:"revocation"`
}

func report(v Verdict, at time.Time) reported {
	out := reported{
		Valid: v.Valid, Reason: v.Reason, Detail: v.Detail, At: at.UTC(),
		Attached: v.Attached, Size: len(v.Content), Signers: []reportedSigner{},
	}
	for _, f := range v.Signers {
		s := f.Signer
		one := reportedSigner{
			Valid: f.Valid, Reason: f.Reason, Detail: f.Detail,
			IIN: s.IIN.Reveal(), BIN: s.BIN, Name: s.Name, Surname: s.Surname,
			Patronymic: s.Patronymic, Organisation: s.Organisation, Role: s.Role,
			Algorithm: s.Algorithm, Serial: s.Serial, Issuer: s.Issuer,
			NotBefore: s.NotBefore, NotAfter: s.NotAfter, Revocation: string(s.Revocation),
		}
		if !s.ClaimedAt.IsZero() {
			one.ClaimedAt = &s.ClaimedAt
		}
		if !s.ProvenAt.IsZero() {
			one.ProvenAt = &s.ProvenAt
		}
		out.Signers = append(out.Signers, one)
	}
	return out
}
