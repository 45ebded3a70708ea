package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"zharia/portal/ledger"
	"zharia/portal/receipt"
)

// desk is a folder of somebody who checks receipts: what the portal gave him.
type desk struct {
	t      *testing.T
	dir    string
	key    string
	signer note.Signer
	hashes []tlog.Hash
	rows   []ledger.Row
}

func (d *desk) ReadHashes(at []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(at))
	for i, n := range at {
		out[i] = d.hashes[n]
	}
	return out, nil
}

// newDesk is one beside a ledger of so many acts, named in their order.
func newDesk(t *testing.T, acts ...string) *desk {
	t.Helper()
	secret, key, err := note.GenerateKey(nil, "zharia.test/log")
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, dir: t.TempDir(), key: key}
	if d.signer, err = note.NewSigner(secret); err != nil {
		t.Fatal(err)
	}
	for n, act := range acts {
		digest := sha256.Sum256(fmt.Append(nil, "document ", n))
		d.rows = append(d.rows, ledger.Row{
			Seq: int64(n + 1), At: time.Date(2026, 10, 22, 9, 30, n, 0, time.UTC), Act: act, Object: "filing", ID: uuid.NewSHA1(uuid.Nil, digest[:]),
			By: "CPC 99(5)", Digest: digest[:], Rows: make([]byte, 32),
		})
		hashes, err := tlog.StoredHashesForRecordHash(int64(n), ledger.LeafHash(d.rows[n]), d)
		if err != nil {
			t.Fatal(err)
		}
		d.hashes = append(d.hashes, hashes...)
	}
	return d
}

func (d *desk) file(name string, content []byte) string {
	d.t.Helper()
	path := filepath.Join(d.dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		d.t.Fatal(err)
	}
	return path
}

func (d *desk) root(size int) []byte {
	d.t.Helper()
	hash, err := tlog.TreeHash(int64(size), d)
	if err != nil {
		d.t.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", d.signer.Name(), size, hash)}, d.signer)
	if err != nil {
		d.t.Fatal(err)
	}
	return signed
}

func (d *desk) receipt(n, size int) []byte {
	d.t.Helper()
	proof, err := tlog.ProveRecord(int64(size), int64(n), d)
	if err != nil {
		d.t.Fatal(err)
	}
	return receipt.Receipt{
		Document: d.rows[n].ID, Digest: d.rows[n].Digest, Leaf: ledger.Leaf(d.rows[n]), Index: int64(n), Proof: proof, Key: d.key, Checkpoint: d.root(size),
	}.Text()
}

func (d *desk) consistency(old, size int) []byte {
	d.t.Helper()
	proof, err := tlog.ProveTree(int64(size), int64(old), d)
	if err != nil {
		d.t.Fatal(err)
	}
	var b bytes.Buffer
	for _, h := range proof {
		fmt.Fprintln(&b, h)
	}
	return b.Bytes()
}

func TestAReceiptIsCheckedOfflineInThreeLanguages(t *testing.T) {
	d := newDesk(t, "filing-submit", "filing-withdraw", "filing-submit", "filing-submit", "filing-grant", "filing-submit", "filing-submit")
	forked := newDesk(t, "filing-submit", "filing-withdraw", "filing-submit", "filing-submit", "filing-grant", "filing-submit", "another-act")
	forked.key, forked.signer = d.key, d.signer
	file, key := d.file("zharia-1.receipt", d.receipt(1, 5)), d.file("key.txt", []byte(d.key+"\n"))
	own, other := d.file("own.pdf", []byte("document 1")), d.file("other.pdf", []byte("document 2"))
	newer, proof := d.file("newest.txt", d.root(7)), d.file("proof.txt", d.consistency(5, 7))
	fork := d.file("fork.txt", forked.root(7))
	later, whole := d.file("later.receipt", d.receipt(5, 7)), d.file("zharia-1-later.receipt", d.receipt(1, 7))
	damaged := d.file("damaged.receipt", bytes.Replace(d.receipt(1, 5), []byte("index 1"), []byte("index 2"), 1))
	stranger := newDesk(t, "filing-submit")

	book, err := book()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args []string
		says []string // keys
		not  []string
		bad  bool
	}{
		{args: []string{file, "-key", d.key}, says: []string{"good", "proved.row", "proved.kept", "not.document", "not.who", "not.time"}, not: []string{"proved.document", "bad"}},
		{args: []string{"-key", key, file}, says: []string{"good"}},
		{args: []string{file}, says: []string{"good"}},
		{args: []string{file, "-key", key, "-document", own}, says: []string{"good", "proved.document"}, not: []string{"not.document"}},
		{args: []string{file, "-key", key, "-document", other}, says: []string{"bad", "why.other-document"}, not: []string{"good"}, bad: true},
		{args: []string{file, "-key", stranger.key}, says: []string{"bad", "why.other-key"}, not: []string{"good"}, bad: true},
		{args: []string{damaged, "-key", key}, says: []string{"bad", "why.damaged"}, bad: true},
		{args: []string{own, "-key", key}, says: []string{"bad", "why.malformed"}, bad: true},
		{args: []string{file, "-key", key, "-newer", newer, "-consistency", proof}, says: []string{"good"}},
		{args: []string{file, "-key", key, "-newer", later, "-consistency", proof}, says: []string{"good"}},
		{args: []string{later, "-key", key, "-newer", file, "-consistency", proof}, says: []string{"good"}},
		{args: []string{whole, "-key", key, "-newer", later}, says: []string{"good"}},
		{args: []string{file, "-key", key, "-newer", newer}, says: []string{"bad", "why.not-joined"}, bad: true},
		{args: []string{file, "-key", key, "-newer", fork, "-consistency", proof}, says: []string{"bad", "why.not-joined"}, bad: true},
		{args: []string{whole, "-key", key, "-newer", fork}, says: []string{"bad", "why.fork"}, bad: true},
		{args: []string{file, "-key", key, "-newer", own}, says: []string{"bad", "why.no-checkpoint"}, bad: true},
	} {
		for _, lang := range []string{"kk", "ru", "en"} {
			said := func(key string) string { return receiptEnglish["offline."+key] }
			if lang != "en" {
				said = func(key string) string { return book.In(lang).T("offline." + key) }
			}
			var out bytes.Buffer
			err := checkReceipt(t.Context(), append([]string{"verify"}, append(test.args[:len(test.args):len(test.args)], "-lang", lang)...), &out)
			if strings.HasPrefix(test.args[0], "-") { // the file came last
				err = checkReceipt(t.Context(), append([]string{"verify", "-lang", lang}, test.args...), &out)
			}
			if test.bad != errors.Is(err, errUnproved) || test.bad != (code(err) == 1) || !test.bad && err != nil {
				t.Errorf("%v in %s: %v", test.args, lang, err)
			}
			for _, key := range test.says {
				if !strings.Contains(out.String(), said(key)) {
					t.Errorf("%v in %s does not say %s: %s", test.args, lang, key, &out)
				}
			}
			for _, key := range test.not {
				if strings.Contains(out.String(), said(key)) {
					t.Errorf("%v in %s says %s: %s", test.args, lang, key, &out)
				}
			}
		}
	}
	for _, args := range [][]string{nil, {"other"}, {"verify"}, {"verify", file, file}, {"verify", file, "-lang", "de"}, {"verify", file, "-key", "no key"}, {"verify", file, "-consistency", proof},
		{"page"}, {"page", "-key", "no key"}, {"page", "-key", d.key, "-lang", "en"}} {
		if err := checkReceipt(t.Context(), args, &bytes.Buffer{}); code(err) != 2 {
			t.Errorf("%v: %v", args, err)
		}
	}
	var page bytes.Buffer
	want, err := receipt.Page(book, "ru", d.key)
	if err != nil {
		t.Fatal(err)
	}
	if err := checkReceipt(t.Context(), []string{"page", "-key", key, "-lang", "ru"}, &page); err != nil || !bytes.Equal(page.Bytes(), want) {
		t.Errorf("the page: %v", err)
	}
}

// A reader of English misses no sentence that the others have.
func TestTheEnglishOfReceiptsIsWhole(t *testing.T) {
	for _, why := range receipt.Reasons {
		if receiptEnglish["offline.why."+string(why)] == "" {
			t.Errorf("%s has no words in English", why)
		}
	}
	book, err := book()
	if err != nil {
		t.Fatal(err)
	}
	for key := range receiptEnglish {
		if !book.In("kk").Has(key) || !book.In("ru").Has(key) {
			t.Errorf("%s is said in English alone", key)
		}
	}
}
