package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"zharia/portal/document"
	"zharia/portal/ledger"
	"zharia/portal/receipt"
)

// checkReceipt is `portal receipt verify`, which checks a receipt without a network,
// and `portal receipt page`, which prints the page that does the same in a browser.
func checkReceipt(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 && args[0] == "verify" {
		return receiptVerify(args[1:], out)
	}
	if len(args) > 0 && args[0] == "page" {
		return receiptPage(args[1:], out)
	}
	return misused("receipt takes verify or page")
}

// receiptPage prints the page for the ledger of a key.
func receiptPage(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("receipt page", flag.ContinueOnError)
	key := flags.String("key", "", "the public key of the ledger, as the portal gives it at /log/key; or a file that holds it")
	lang := flags.String("lang", "kk", "kk or ru: the language it begins in")
	if flags.Parse(args) != nil {
		return errMisuse
	}
	if flags.NArg() > 0 || *key == "" || !slices.Contains([]string{"kk", "ru"}, *lang) {
		return misused("receipt page takes -key KEY and -lang kk or ru")
	}
	trusted, err := keyOf(*key)
	if err != nil {
		return err
	}
	book, err := book()
	if err != nil {
		return err
	}
	page, err := receipt.Page(book, *lang, trusted)
	if err != nil {
		return err
	}
	_, err = out.Write(page)
	return err
}

// keyOf is a key that was given as it is, or by the name of its file.
func keyOf(given string) (string, error) {
	if _, err := note.NewVerifier(given); err == nil {
		return given, nil
	}
	text, err := readShort(given, 1<<10)
	if err != nil {
		return "", misused("-key is neither a public key of a ledger nor a file of one")
	}
	key := strings.TrimSpace(string(text))
	if _, err := note.NewVerifier(key); err != nil {
		return "", misused("-key is neither a public key of a ledger nor a file of one")
	}
	return key, nil
}

// readShort reads a file of no more than so many bytes.
func readShort(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("%s is longer than %d bytes", name, most)
	}
	return text, err
}

// brought are the files that are checked together.
type brought struct {
	file, document, newer, proof, key string
}

// errUnproved is a receipt that proves nothing; why has been said.
var errUnproved = errors.New("the receipt proves nothing")

// receiptVerify checks a receipt: exit 0 where all that was brought holds, 1 where not.
func receiptVerify(args []string, out io.Writer) error {
	var b brought
	flags := flag.NewFlagSet("receipt verify", flag.ContinueOnError)
	flags.StringVar(&b.key, "key", "", "the public key of the ledger that is trusted, or a file of it; without one the receipt's own is taken and said to be so")
	flags.StringVar(&b.document, "document", "", "the document (PDF): is it the one of the receipt?")
	flags.StringVar(&b.newer, "newer", "", "another receipt, or a root of the ledger (/log/checkpoint): is it the same ledger?")
	flags.StringVar(&b.proof, "consistency", "", "what /log/consistency?from=&to= answered for the two sizes")
	lang := flags.String("lang", "kk", "kk, ru or en")
	// The name of the file may stand before the flags.
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		b.file, args = args[0], args[1:]
	}
	if flags.Parse(args) != nil {
		return errMisuse
	}
	if rest := flags.Args(); b.file == "" && len(rest) == 1 {
		b.file = rest[0]
	} else if b.file == "" || len(rest) > 0 {
		return misused("receipt verify takes the file of one receipt")
	}
	if b.proof != "" && b.newer == "" {
		return misused("-consistency goes with -newer")
	}
	say, err := receiptWords(*lang)
	if err != nil {
		return err
	}
	err = b.check(say, out)
	var refusal *receipt.Refusal
	if errors.As(err, &refusal) {
		fmt.Fprintf(out, "%s\n%s\n", say("offline.bad"), say("offline.why."+string(refusal.Reason)))
		return fmt.Errorf("%w: %w", errUnproved, refusal)
	}
	return err
}

// check says what is proved, and what is not.
func (b brought) check(say sayer, out io.Writer) error {
	file, err := readShort(b.file, receipt.MaxSize)
	if err != nil {
		return err
	}
	r, err := receipt.Parse(file)
	if err != nil {
		return err
	}
	key := r.Key
	if b.key != "" {
		if key, err = keyOf(b.key); err != nil {
			return err
		}
	}
	proved, err := r.Verify(key)
	if err != nil {
		return err
	}
	lines := []string{say("offline.proved.row"), say("offline.proved.kept")}
	if b.document != "" {
		paper, err := readShort(b.document, document.MaxUpload+1<<20)
		if err != nil {
			return err
		}
		if err := r.Holds(paper); err != nil {
			return err
		}
		lines = append([]string{say("offline.proved.document")}, lines...)
	}
	if b.newer != "" {
		joined, err := b.joined(say, proved.Root, key)
		if err != nil {
			return err
		}
		lines = append(lines, joined)
	}
	fmt.Fprintln(out, say("offline.good"))
	for _, line := range lines {
		fmt.Fprintln(out, "+", line)
	}
	fmt.Fprintln(out)
	for _, fact := range [][2]string{
		{"offline.at", proved.Row.At.Format("2006-01-02 15:04:05 UTC")},
		{"offline.act", proved.Row.Act},
		{"offline.place", say("offline.place.value", "place", proved.Row.Seq, "size", proved.Root.Size)},
		{"offline.digest", fmt.Sprintf("%x", r.Digest)},
		{"offline.root", fmt.Sprintf("%x", proved.Root.Root[:])},
		{"offline.key", fmt.Sprintf("%x", receipt.Fingerprint(key))},
	} {
		fmt.Fprintf(out, "%s: %s\n", say(fact[0]), fact[1])
	}
	fmt.Fprintf(out, "\n%s:\n", say("offline.not"))
	if b.document == "" {
		fmt.Fprintln(out, "-", say("offline.not.document"))
	}
	fmt.Fprintln(out, "-", say("offline.not.who"))
	fmt.Fprintln(out, "-", say(map[bool]string{true: "offline.not.stamp", false: "offline.not.time"}[len(r.Stamp) > 0]))
	fmt.Fprintln(out, "-", say("offline.not.number", "number", r.Document))
	if b.key == "" {
		fmt.Fprintf(out, "\n%s\n", say("offline.keyless", "key", key))
	}
	return nil
}

// joined compares the root of the receipt with another of the same ledger.
func (b brought) joined(say sayer, root ledger.Checkpoint, key string) (string, error) {
	text, err := readShort(b.newer, receipt.MaxSize)
	if err != nil {
		return "", err
	}
	other, err := rootOf(text, key)
	if err != nil {
		return "", err
	}
	var proof []tlog.Hash
	if b.proof != "" {
		if proof, err = readHashes(b.proof); err != nil {
			return "", err
		}
	}
	if err := receipt.Joined(root, other, proof); err != nil {
		return "", err
	}
	return say("offline.joined", "older", min(root.Size, other.Size), "newer", max(root.Size, other.Size)), nil
}

// rootOf is the root of a receipt or of a checkpoint, verified.
func rootOf(text []byte, key string) (ledger.Checkpoint, error) {
	if receipt.Is(text) {
		r, err := receipt.Parse(text)
		if err != nil {
			return ledger.Checkpoint{}, err
		}
		proved, err := r.Verify(key)
		return proved.Root, err
	}
	return receipt.Root(text, key)
}

// readHashes reads the answer of /log/consistency.
func readHashes(name string) ([]tlog.Hash, error) {
	text, err := readShort(name, 8<<10)
	if err != nil {
		return nil, err
	}
	var out []tlog.Hash
	for line := range strings.Lines(string(text)) {
		h, err := tlog.ParseHash(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, fmt.Errorf("%s is no answer of /log/consistency: %w", name, err)
		}
		out = append(out, h)
	}
	return out, nil
}

// sayer says a key in the language that was asked for.
type sayer func(key string, pairs ...any) string

func receiptWords(lang string) (sayer, error) {
	switch lang {
	case "en":
		return func(key string, pairs ...any) string {
			text := receiptEnglish[key]
			for i := 0; i+1 < len(pairs); i += 2 {
				text = strings.ReplaceAll(text, "{"+pairs[i].(string)+"}", fmt.Sprint(pairs[i+1]))
			}
			return text
		}, nil
	case "kk", "ru":
		book, err := book()
		if err != nil {
			return nil, err
		}
		return book.In(lang).T, nil
	}
	return nil, misused("-lang is kk, ru or en")
}

// receiptEnglish are the words for a reader of neither language.
var receiptEnglish = map[string]string{
	"offline.good":               "The receipt holds",
	"offline.bad":                "The receipt is not confirmed",
	"offline.proved.document":    "The document is the very one that was written down, not a bit of it changed.",
	"offline.proved.row":         "The portal's ledger holds the hash of the document, at the place and with the time below.",
	"offline.proved.kept":        "The state of the ledger of that moment is signed by its key. The portal can no longer remove or change the entry unseen.",
	"offline.joined":             "The ledger only grew: its newer state ({newer} entries) continues the older ({older} entries).",
	"offline.at":                 "Time, by the portal's clock",
	"offline.act":                "What was written down",
	"offline.place":              "Place in the ledger",
	"offline.place.value":        "entry {place} of {size} when it was signed",
	"offline.digest":             "Hash of the document (SHA-256)",
	"offline.root":               "Signed root of the ledger",
	"offline.key":                "Fingerprint of the ledger's key",
	"offline.not":                "What this does not prove",
	"offline.not.document":       "That it is about your document: bring the PDF with -document.",
	"offline.not.who":            "Who signed the document: verify the file of its signature (portal eds verify).",
	"offline.not.time":           "That the time is right: it is by the portal's clock, and the receipt has no independent time-stamp.",
	"offline.not.stamp":          "That the time is right: it is by the portal's clock. The receipt carries an independent time-stamp, which is verified with the file of the signature.",
	"offline.not.number":         "The number of the document on the portal ({number}): it only helps to find it there.",
	"offline.keyless":            "Mind: no key was given, so the receipt was checked with the key inside it. Compare it with the one the portal shows, or the one on the paper receipt: {key}",
	"offline.why.malformed":      "This is no receipt, or it was saved in another form. Take the very file that came from the portal.",
	"offline.why.damaged":        "The file is damaged: it changed after it was downloaded.",
	"offline.why.other-key":      "The receipt is of another ledger's key. If it is said to be of this portal, do not trust it.",
	"offline.why.no-checkpoint":  "The root of the ledger is not signed by its key. Do not trust this receipt.",
	"offline.why.other-row":      "The entry in the receipt is about another document or of another place. Do not trust this receipt.",
	"offline.why.not-inside":     "The entry is not in the signed state of the ledger. The receipt may be forged; if it came from the portal, keep it and tell the prosecutor.",
	"offline.why.other-document": "The document is not the one of the receipt: it was changed, saved anew, or is another.",
	"offline.why.fork":           "Two different states of the ledger of one size are signed. That must not be: keep both files and tell the prosecutor.",
	"offline.why.not-joined":     "Nothing shows that the newer state continues the older. Take the proof from the portal: /log/consistency.",
}
