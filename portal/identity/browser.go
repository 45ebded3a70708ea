package identity

import "strings"

// Words of User-Agent headers, the telling ones first: nearly every browser
// claims to be Safari and most claim to be Chrome besides, Android claims to be
// Linux and iPadOS to be macOS.
var (
	families = [][2]string{
		{"YaBrowser/", "Yandex Browser"}, {"SamsungBrowser/", "Samsung Internet"}, {"MiuiBrowser/", "Mi Browser"}, {"UCBrowser/", "UC Browser"},
		{"OPR/", "Opera"}, {"OPT/", "Opera"}, {"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"},
		{"FxiOS/", "Firefox"}, {"Firefox/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
	}
	systems = [][2]string{
		{"Windows", "Windows"}, {"Android", "Android"}, {"iPhone", "iOS"}, {"iPad", "iPadOS"},
		{"CrOS", "ChromeOS"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"},
	}
)

// Browser is what a person knows his browser by, from its User-Agent header:
// "Firefox, Windows". It is put together from a closed list, at most 60 bytes,
// without versions: enough to tell one's own computers apart, too little to follow
// anybody by. What is not on the list is left out; "" says that nothing is known.
func Browser(userAgent string) string {
	if len(userAgent) > 500 {
		userAgent = userAgent[:500]
	}
	var out []string
	for _, list := range [][][2]string{families, systems} {
		for _, w := range list {
			if strings.Contains(userAgent, w[0]) {
				out = append(out, w[1])
				break
			}
		}
	}
	return strings.Join(out, ", ")
}
