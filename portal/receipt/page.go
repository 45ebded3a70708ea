package receipt

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"strings"
	"text/template"

	"golang.org/x/mod/sumdb/note"

	"zharia/portal/words"
)

// The parts of the page.
var (
	//go:embed page.html.tmpl
	pageText string
	//go:embed page.js
	pageScript string
	//go:embed page.css
	pageStyle string
)

// maxBrought is the longest file the page looks at, in bytes.
const maxBrought = 64 << 20

// spoken are the words that the script says, in whichever language is chosen.
var spoken = []string{
	"layout.other-language",
	"offline.title", "offline.lead", "offline.files", "offline.files.hint", "offline.busy", "offline.key", "offline.key.text", "offline.key.whole",
	"offline.good", "offline.bad", "offline.other", "offline.alone", "offline.alone.text", "offline.moment",
	"offline.proved.document", "offline.proved.row", "offline.proved.kept",
	"offline.not", "offline.not.document", "offline.not.who", "offline.not.time", "offline.not.stamp", "offline.not.number",
	"offline.at", "offline.act", "offline.place", "offline.place.value", "offline.digest", "offline.root",
	"offline.why.too-large", "offline.why.unreadable",
}

// holes are the values that a sentence of the script leaves open.
var holes = []any{"day", "{day}", "clock", "{clock}", "place", "{place}", "size", "{size}", "number", "{number}"}

// Page is the one page that checks receipts, for a ledger of this key: a file that
// opens from a disk in any browser and asks the network for nothing. It begins in
// the language and holds both.
func Page(book *words.Book, lang, key string) ([]byte, error) {
	if _, err := note.NewVerifier(key); err != nil {
		return nil, fmt.Errorf("receipt: the key of the ledger: %w", err)
	}
	data, err := json.Marshal(struct {
		Key         string                       `json:"key"`
		Fingerprint string                       `json:"fingerprint"`
		Most        int                          `json:"most"`
		Words       map[string]map[string]string `json:"words"`
	}{key, fingerprint(key), maxBrought, map[string]map[string]string{"kk": wordsOf(book, "kk"), "ru": wordsOf(book, "ru")}})
	if err != nil {
		return nil, err
	}
	type said struct{ Lang, Text string }
	page := struct {
		Lang, Other, Policy, Style, Script, Data, Key, Fingerprint string
		Noscript                                                   []said
	}{
		Lang: lang, Other: words.Other(lang), Policy: fenced(), Style: pageStyle, Script: pageScript, Data: string(data),
		Key: html.EscapeString(key), Fingerprint: fingerprint(key),
	}
	for _, l := range []string{lang, words.Other(lang)} {
		page.Noscript = append(page.Noscript, said{l, html.EscapeString(book.In(l).T("offline.noscript"))})
	}
	t, err := template.New("page").Funcs(template.FuncMap{
		"t": func(key string) string { return html.EscapeString(book.In(lang).T(key)) },
	}).Parse(pageText)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, page)
	return b.Bytes(), err
}

// Policy is the Content-Security-Policy of the page: its own script and its own
// style by their SHA-256, nothing else, from nowhere.
func Policy() string {
	return fenced() + "; frame-ancestors 'none'" // which a page cannot say of itself
}

func fenced() string {
	return "default-src 'none'; script-src '" + hashed(pageScript) + "'; style-src '" + hashed(pageStyle) + "'; base-uri 'none'; form-action 'none'"
}

func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// wordsOf are the words of one language that the script may say.
func wordsOf(book *words.Book, lang string) map[string]string {
	w, out := book.In(lang), map[string]string{}
	for _, key := range spoken {
		out[key] = w.T(key, holes...)
	}
	for _, why := range Reasons {
		out["offline.why."+string(why)] = w.T("offline.why." + string(why))
	}
	for _, key := range book.Keys(lang) { // what the act was
		if strings.HasPrefix(key, "record.") && !strings.HasSuffix(key, ".text") {
			out[key] = w.T(key)
		}
	}
	return out
}

// fingerprint is Fingerprint in groups that can be read aloud.
func fingerprint(key string) string {
	f := Fingerprint(key)
	return fmt.Sprintf("%x %x %x %x", f[:4], f[4:8], f[8:12], f[12:])
}
