package egov

import (
	"fmt"
	"html"
	"net/url"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// Code is what the QR for an address of API 1 says.
func Code(api1 string) string { return "mobileSign:" + api1 }

// Launch are the links that open an application on the same phone. They lead
// through the operator's own site, which hands them to the application, or to
// the store where it is not there yet.
func Launch(api1 string) (mobile, business string) {
	form := "https://m.egov.kz/%s/?link=%s&isi=%s&ibi=%s&apn=%s"
	to := url.QueryEscape(api1)
	return fmt.Sprintf(form, "mobileSign", to, "1476128386", "kz.egov.mobile", "kz.mobile.mgov"),
		fmt.Sprintf(form, "businessSign", to, "1597880144", "kz.mobile.mgov.business", "kz.mobile.mgov.business")
}

// quiet is the white frame a code needs, in modules.
const quiet = 4

// QR draws a text as SVG: one path, black, in a frame of white, with a title for
// those who cannot see it. It has no style, script or size of its own. The text
// must fit a code; an address of ours does.
func QR(text, title string) ([]byte, error) {
	code, err := qr.Encode(text, qr.M, qr.Unicode)
	if err != nil {
		return nil, fmt.Errorf("egov: draw the code: %w", err)
	}
	n := code.Bounds().Dx()
	var path strings.Builder
	for y := range n {
		for x := 0; x < n; x++ {
			run := 0
			for x+run < n && dark(code.At(x+run, y).RGBA()) {
				run++
			}
			if run > 0 { // neighbours are one piece: fewer seams, fewer bytes
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x+quiet, y+quiet, run, run)
				x += run
			}
		}
	}
	size := n + 2*quiet
	return fmt.Appendf(nil, `<svg class="qr" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="%s" shape-rendering="crispEdges"><path fill="#000" d="%s"/></svg>`,
		size, size, html.EscapeString(title), path.String()), nil
}

func dark(r, _, _, _ uint32) bool { return r == 0 }
