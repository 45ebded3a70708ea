package notice

import (
	"fmt"

	"zharia/portal/policy"
)

// Page is the act whose address stands in every message: the person's own list. It says
// nothing of what is there, and opens to nobody but him.
const Page = policy.NoticeList

// message is what goes out: a number, that there is news, and where. Nothing else of the
// thing is known here.
func (w *Worker) message(p parcel, c content) (Message, error) {
	to, err := w.DB.OpenHand("contact", "address", p.Contact, c.Address)
	if err != nil {
		return Message{}, err
	}
	m := Message{ID: p.ID, To: string(to), Language: c.Language, Until: p.Until, Link: w.Origin + "/" + c.Language + "/notices"}
	l := w.Words.In(c.Language)
	say, day := "", ""
	if c.Ends != nil {
		day = l.Ends(*c.Ends)
	}
	switch {
	case !p.Notice.Valid:
		if c.Code == nil { // it was typed, or replaced, before it went
			return Message{}, fmt.Errorf("notice: the code of %s is not there any more", p.Contact)
		}
		code, err := w.DB.OpenHand("contact", "code", p.Contact, c.Code)
		if err != nil {
			return Message{}, err
		}
		say, m.Link = l.T("notice.code", "code", string(code)), ""
	case c.Discreet:
		say, m.Link = l.T("notice.neutral"), "" // the address of the portal says more than the words
	case c.Number != "" && c.Kind != Report: // the number of a report tells whoever holds the telephone who was told of an offence
		say = l.T("notice.say."+string(c.Kind)+".numbered", "number", c.Number, "day", day)
	default:
		say = l.T("notice.say."+string(c.Kind), "day", day)
	}
	m.Subject = l.T("notice.subject")
	if c.Discreet {
		m.Subject = l.T("notice.subject.neutral")
	}
	m.Text = say
	if !c.Discreet {
		m.Text = l.T("layout.name") + ". " + say
	}
	if m.Link != "" {
		m.Text += " " + m.Link
	}
	return m, nil
}
