package portal_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"

	"zharia/portal/materials"
)

// slow is a telephone on a slow 3G network: 400 kbit/s, 400 ms there and back.
type slow struct {
	Offline            bool    `json:"offline"`
	Latency            float64 `json:"latency"`
	DownloadThroughput float64 `json:"downloadThroughput"`
	UploadThroughput   float64 `json:"uploadThroughput"`
}

// conditions is the command that browsers of all ages know.
var conditions = cdp.Command[slow, struct{}]{Method: "Network.emulateNetworkConditions"}

// firstPicture is the most that the first page of the file may take until its picture
// stands on that telephone, in milliseconds.
const firstPicture = 2000

// A file of a case goes from the investigator to the victim: he opens it by his
// signature, she reads it on a slow telephone, keeps a note that nobody else can read,
// and both sign the record.
func TestTheFileIsOpenedReadOnASlowTelephoneAndTheRecordSignedByBoth(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.Material(materials.New{Title: "Тінту хаттамасы"}, strings.Repeat("Тінту кезінде табылған ноутбук жәбірленушінің құжатындағы нөмірмен сәйкес келеді. ", 25), "Екінші парақ.")
	s.EndNotice()

	d := s.visit(t, "file-1", "kk", phone)
	d.signIn("daniyar")
	d.open("", "/cases/"+s.Theft.String())
	d.click("file", `a[href$="/file"]`)
	d.click("opening", `a.button[href$="/familiarisations/new"]`)
	d.press(`input[value="` + s.Participant("aigul@theft").String() + `"]`)
	d.click("drafted", formButton)
	d.click("notice", `ul.list a[href$="/check"]`)
	d.sign("opened")
	s.Want(t, `SELECT status FROM familiarisation`, "status\nopen")
	read := "/familiarisations/" + s.one(t, `SELECT id FROM familiarisation`)

	v := s.visit(t, "file-2", "kk", phone)
	v.signIn("aigul")
	v.open("", "/cases/"+s.Theft.String())
	v.click("contents", `.notice a[href$="`+read+`"]`)
	v.here("200", read)

	v.do(command(network.Enable, network.EnableParams{}), command(conditions, slow{Latency: 400, DownloadThroughput: 50_000, UploadThroughput: 50_000}))
	v.leaves(func() { v.press("ol.file a") })
	v.until(`document.querySelector("figure.sheet img").complete`)
	shown, err := strconv.ParseFloat(v.js(`performance.getEntriesByName(document.querySelector("figure.sheet img").src)[0].responseEnd`), 64)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the first picture stands after %.0f ms, %s bytes of it, %s of the page", shown,
		v.js(`performance.getEntriesByName(document.querySelector("figure.sheet img").src)[0].encodedBodySize`), v.js(`performance.getEntriesByType("navigation")[0].encodedBodySize`))
	if shown > firstPicture {
		t.Errorf("the first picture stands after %.0f ms", shown)
	}
	v.want("the picture", v.js(`document.querySelector("figure.sheet img").naturalWidth > 500`), "true")
	v.do(command(conditions, slow{DownloadThroughput: -1, UploadThroughput: -1}))
	v.arrive("page")

	// Two tabs before the first note have one key.
	beside := s.visit(t, "file-4", "kk", phone)
	beside.signIn("aigul")
	beside.open("", v.js(`document.querySelector("a.button[rel=next]:not(.secondary)").getAttribute("href").slice("/kk".length)`))
	for _, tab := range []*visitor{v, beside} {
		tab.fill("#passphrase", "менің құпия сөйлемім")
		tab.press("[data-notes-key] button")
		tab.until(`!document.querySelector("[data-note]").hidden`)
	}
	beside.fill("#note", "Бұл бетте қол жоқ")
	beside.press("[data-note] button")
	beside.until(`!document.querySelector("[data-notes-say=saved]").hidden`)
	v.fill("#note", "Осы жерде уақыты қате жазылған")
	v.press("[data-note] button")
	v.until(`!document.querySelector("[data-notes-say=saved]").hidden`)
	if raw := s.one(t, `SELECT encode(content, 'escape') FROM note`); strings.Contains(raw, "уақыты") || strings.Contains(raw, "сөйлем") {
		t.Error("the portal can read her note")
	}
	s.Want(t, `SELECT count(*), get_byte(content, 0) AS version FROM note GROUP BY 2`, "count | version\n2 | 1")
	v.click("next", `a.button[rel=next]:not(.secondary)`)
	v.until(`!document.querySelector("[data-note]").hidden`) // the key is still here
	v.want("what the other tab noted", v.js(`document.querySelector("#note").value`), "Бұл бетте қол жоқ")
	v.click("contents-noted", "a.back")
	v.until(`document.querySelector("[data-cipher]").textContent.includes("уақыты қате")`)
	s.Want(t, `SELECT count(*), bool_and(told) AS told FROM reading`, "count | told\n2 | true")

	// Another tab has no key, and other words do not open it.
	other := s.visit(t, "file-3", "ru", phone)
	other.signIn("aigul")
	other.open("", read)
	other.until(`!document.querySelector("[data-notes-key]").hidden`)
	other.fill("#passphrase", "басқа сөйлем емес пе")
	other.press("[data-notes-key] button")
	other.until(`!document.querySelector("[data-notes-say=wrong]").hidden`)
	other.want("what is shown of the note", other.text("[data-cipher]"), "")
	other.arrive("wrong-key")

	v.fill("#q", "ноутбукті")
	v.click("found", ".find button")
	v.want("found", v.count("mark"), "1")
	v.click("", "a.back")
	v.click("record", `a.button[href$="/record"]`)
	v.fill("#motions", "Қосымша сараптама тағайындауды сұраймын.")
	v.click("record-check", formButton)
	v.here("200", read+"/record/check")
	v.sign("recorded")
	v.here("200", read)
	v.want("a way to a petition", v.count(`a.button[href$="/filings/new?kind=after-familiarisation"]`), "1")

	s.insert("daniyar")
	d.open("desk", "/desk")
	d.click("progress", `a[href$="`+read+`"]`)
	d.click("closing", `form[action$="/closing/draft"] button`)
	d.sign("closed")
	s.Want(t, `SELECT status FROM familiarisation`, "status\nclosed")
	v.open("both", read)
	s.Sound()
}
