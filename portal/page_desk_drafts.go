package portal

import (
	"encoding/hex"
	"errors"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/casefile"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/web"
)

// maxAtOnce is how many papers are signed by one entering of the password, and
// document.MaxUpload how many bytes they may have together: the program that signs
// takes them in one message.
const maxAtOnce = 10

// deskDraftsPage lists what the investigator has prepared and not signed, and signs
// it together: each paper has a signature and a fate of its own.
type deskDraftsPage struct {
	Drafts  []draftLine
	Later   int // more than can be signed at once
	Done    []draftLine
	Signing signing
}

// draftLine is one paper of that list.
type draftLine struct {
	casefile.Unsigned
	Check   policy.Act // the page that shows it
	Refusal string     // the key of why it was not signed, or ""
}

// signedOnDesk are the acts that can be done together: the page that shows the
// paper, the address of the paper.
var signedOnDesk = map[policy.Act]struct{ check, paper policy.Act }{
	policy.DecisionPublish:  {policy.DecisionCheck, policy.DecisionPaper},
	policy.DecisionSubmit:   {policy.DecisionCheck, policy.DecisionPaper},
	policy.ParticipantGrant: {policy.ParticipantCheck, policy.ParticipantPaper},
	policy.ParticipantEnd:   {policy.ParticipantCheck, policy.ParticipantPaper},
}

func (p *Portal) deskDrafts(c echo.Context, ask policy.Ask) error {
	return p.showDeskDrafts(c, ask, nil)
}

func (p *Portal) showDeskDrafts(c echo.Context, ask policy.Ask, done []draftLine) error {
	drafts, err := casefile.Drafts(c.Request().Context(), p.DB, ask)
	if err != nil {
		return err
	}
	lang, page := web.Lang(c), deskDraftsPage{Done: done}
	action, err := p.link(lang, string(policy.DeskSign))
	if err != nil {
		return err
	}
	s := p.signing(action)
	s.Mode, s.Document, s.Usages, s.Way = "detached", true, usageDocument, way(c)
	s.Button, s.IIN = "act.desk-sign", me(c).IIN.Reveal()
	var papers []string
	size := 0
	for _, d := range drafts {
		if size += d.Size; len(page.Drafts) == maxAtOnce || size > document.MaxUpload && len(page.Drafts) > 0 {
			break
		}
		paper, err := p.link(lang, string(signedOnDesk[d.Act].paper), d.Of)
		if err != nil {
			return err
		}
		papers = append(papers, paper)
		page.Drafts = append(page.Drafts, draftLine{Unsigned: d, Check: signedOnDesk[d.Act].check})
		s.Papers = append(s.Papers, strings.Join([]string{string(d.Act), d.Of.String(), hex.EncodeToString(d.Digest)}, " "))
	}
	page.Later = len(drafts) - len(page.Drafts)
	s.URL = strings.Join(papers, " ")
	page.Signing = s
	c.Set(hereKey, p.links[policy.DeskDrafts])
	return p.show(c, "desk_drafts", page)
}

// deskSign takes several signatures. Each goes through the door of its own act, in a
// transaction of its own: one that is refused takes no other with it.
func (p *Portal) deskSign(c echo.Context, ask policy.Ask) error {
	if err := ask.Check(0); err != nil {
		return err
	}
	form, err := c.FormParams()
	if err != nil {
		return err
	}
	papers, signatures := form["paper"], form["signature"]
	if len(papers) == 0 || len(papers) > maxAtOnce || len(signatures) != len(papers) {
		return fault.New(fault.Invalid, "fault.request")
	}
	drafts, err := casefile.Drafts(c.Request().Context(), p.DB, ask)
	if err != nil {
		return err
	}
	var done []draftLine
	for i, paper := range papers {
		line, ok := named(drafts, paper)
		if !ok {
			return fault.New(fault.Invalid, "fault.request")
		}
		if line.Refusal == "" {
			if line.Refusal, err = p.signOne(c, ask, line, []byte(signatures[i])); err != nil {
				return err
			}
		}
		if line.Refusal != "" { // unless it was signed when the same came before
			signed, err := document.Signed(c.Request().Context(), p.DB, ask, line.Digest)
			if err != nil {
				return err
			}
			if signed {
				line.Refusal = ""
			}
		}
		done = append(done, line)
	}
	return p.showDeskDrafts(c, ask.To(policy.DeskDrafts), done)
}

// named reads what a page said of a paper: its act, its thing, the fingerprint of
// what was shown. One that waits no more is told with its reason.
func named(drafts []casefile.Unsigned, paper string) (draftLine, bool) {
	words := strings.Split(paper, " ")
	if len(words) != 3 {
		return draftLine{}, false
	}
	of, err := uuid.Parse(words[1])
	digest, bad := hex.DecodeString(words[2])
	at, known := signedOnDesk[policy.Act(words[0])]
	if err != nil || bad != nil || !known {
		return draftLine{}, false
	}
	for _, d := range drafts {
		if d.Act == policy.Act(words[0]) && d.Of == of {
			d.Digest = digest // as it was shown
			return draftLine{Unsigned: d, Check: at.check}, true
		}
	}
	return draftLine{Unsigned: casefile.Unsigned{Act: policy.Act(words[0]), Digest: digest}, Refusal: "fault.not-now"}, true
}

// signOne signs one paper; why it was refused, if it was.
func (p *Portal) signOne(c echo.Context, ask policy.Ask, line draftLine, cms []byte) (refusal string, err error) {
	ctx := c.Request().Context()
	if line.Act == policy.DecisionPublish || line.Act == policy.DecisionSubmit {
		err = casefile.Publish(ctx, p.DB, p.Verifier, ask.To(line.Act), line.Of, cms, line.Digest)
	} else {
		err = casefile.Settle(ctx, p.DB, p.Verifier, ask.To(line.Act), line.Of, cms, line.Digest)
	}
	if why := new(fault.Fault); errors.As(err, &why) {
		return why.Message, nil
	}
	return "", err
}
