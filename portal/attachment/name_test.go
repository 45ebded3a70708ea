package attachment_test

import (
	"net/url"
	"strings"
	"testing"

	"zharia/portal/attachment"
)

// What somebody called his file makes no header, no path and no second name in the answer
// that has it (ASVS 5.4.1, 5.4.2).
func TestTheNameOfAFileInAHeaderMakesNoHeader(t *testing.T) {
	for _, name := range []string{"a\r\nSet-Cookie: x=1.pdf", `a"; filename="b.exe`, "../../etc/passwd.pdf", "сурет\u202egpj.exe.pdf", "a;b=c.pdf", "", ".", "%0d%0a.pdf"} {
		a := attachment.Attachment{Name: name, Kind: attachment.PDF, Order: 3}
		if plain := a.PlainName(true); plain != "attachment-3.pdf" {
			t.Errorf("%q is called %q", name, plain)
		}
		if sent := url.PathEscape(a.FileName(true)); strings.ContainsAny(sent, "\r\n\"/\\ ") || !strings.HasSuffix(sent, ".pdf") {
			t.Errorf("%q is sent as %s", name, sent)
		}
	}
}
