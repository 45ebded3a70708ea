package eds

import (
	"bytes"
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

// Command is `portal eds`: it verifies a signature file, CMS or signed XML, and
// writes the verdict as JSON. The signer's number stands in it in clear, because to learn it is
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
		fmt.Fprint(stderr, usage)
		return exitMisuse
	}
	said, ok := readWords(args[1:], stderr)
	if !ok {
		return exitMisuse
	}
	ask, err := said.prepare(stderr)
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

const usage = `usage: portal eds verify [-trust DIR] [-old] [-at TIME] [-content FILE] FILE
       portal eds verify -bundle FILE [-trust DIR] -content FILE [LIST …]
`

// words are those of the command line.
type words struct {
	trust, moment, content, bundle string
	old                            bool
	rest                           []string
}

// readWords tells stderr what is wrong with them.
func readWords(args []string, stderr io.Writer) (w words, ok bool) {
	flags := flag.NewFlagSet("portal eds verify", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&w.trust, "trust", "", "folder of trusted certificates")
	flags.BoolVar(&w.old, "old", false, "read documents signed with GOST 34.310-2004, the algorithm before 2022, too")
	flags.StringVar(&w.moment, "at", "", "moment of the verdict, RFC 3339 (default now)")
	flags.StringVar(&w.content, "content", "", "what was signed, if the signature is detached")
	flags.StringVar(&w.bundle, "bundle", "", "evidence of a signature, to be verified offline")
	if flags.Parse(args) != nil {
		return w, false
	}
	w.rest = flags.Args()
	if w.bundle == "" && len(w.rest) != 1 || w.bundle != "" && w.content == "" {
		flags.Usage()
		return w, false
	}
	return w, true
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
	switch {
	case a.evidence == nil && bytes.HasPrefix(bytes.TrimSpace(a.sig), []byte("<")):
		v, _ := a.verifier.XML(ctx, a.sig, a.at)
		return v, a.at
	case a.evidence == nil:
		v, _ := a.verifier.Inspect(ctx, a.sig, a.content, a.at)
		return v, a.at
	}
	who, err := a.verifier.Reverify(ctx, a.evidence, a.content, a.lists...)
	if err == nil && who.Revocation == Pending { // here somebody can bring what is missing
		err = a.evidence.absent(a.lists)
	}
	v := Verdict{Valid: err == nil, Content: a.content}
	if err != nil {
		v.Reason, v.Detail = why(err)
		return v, a.evidence.At
	}
	v.Signers = []Finding{{Signer: who, Valid: true}}
	return v, a.evidence.At
}

// prepare reads the files that are named.
func (w words) prepare(stderr io.Writer) (asked, error) {
	ask := asked{verifier: &Verifier{}, at: time.Now()}
	var err error
	if w.moment != "" {
		if ask.at, err = time.Parse(time.RFC3339, w.moment); err != nil {
			return ask, fmt.Errorf("-at is not a moment like 2026-07-20T09:30:00Z")
		}
	}
	if w.trust != "" {
		if err := addFolder(ask.verifier, w.trust, w.old, stderr); err != nil {
			return ask, err
		}
	}
	if w.content != "" {
		if ask.content, err = readBounded(w.content, MaxContent); err != nil {
			return ask, err
		}
	}
	if w.bundle == "" {
		ask.sig, err = readBounded(w.rest[0], 2*(MaxSignature+MaxContent))
		return ask, err
	}
	return ask, ask.take(w.bundle, w.rest)
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
