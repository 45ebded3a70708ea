package smpp

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"

	"zharia/portal/notice"
)

// How many units of UCS-2 one message holds, and one part of several: 140 octets, six of
// them the header that puts the parts together again.
const (
	oneUnits  = 70
	partUnits = 67
)

// split makes the parts of a text. Kazakh letters are not in the alphabet of seven bits,
// so all of it goes as UCS-2. (The library counts runes and would cut a pair of units.)
func split(text string, ref byte) ([]pdu.ShortMessage, error) {
	units := utf16.Encode([]rune(text))
	if len(units) == 0 {
		return nil, errors.New("smpp: a message without a text")
	}
	var all [][]uint16
	for size := oneUnits; len(units) > 0; {
		if len(units) > oneUnits || len(all) > 0 {
			size = partUnits
		}
		n := min(size, len(units))
		if n < len(units) && utf16.IsSurrogate(rune(units[n-1])) && units[n-1] < 0xDC00 {
			n-- // both halves of a sign in one part
		}
		all, units = append(all, units[:n]), units[n:]
	}
	if len(all) > maxParts {
		return nil, fmt.Errorf("smpp: a message of %d parts is too long: %d at most", len(all), maxParts)
	}
	out := make([]pdu.ShortMessage, len(all))
	for i, part := range all {
		octets := make([]byte, 0, 2*len(part))
		for _, u := range part {
			octets = append(octets, byte(u>>8), byte(u))
		}
		if err := out[i].SetMessageDataWithEncoding(octets, data.UCS2); err != nil {
			return nil, err
		}
		if len(all) > 1 {
			out[i].SetUDH(pdu.UDH{pdu.NewIEConcatMessage(byte(len(all)), byte(i+1), ref)})
		}
	}
	return out, nil
}

// The kinds of an address: SMPP 3.4, 5.2.5 and 5.2.6.
const (
	international, networkSpecific, alphanumeric = 1, 3, 5
	unknownPlan, telephone                       = 0, 1
)

var (
	abroad = regexp.MustCompile(`^\+[1-9][0-9]{7,14}$`)
	athome = regexp.MustCompile(`^8[0-9]{10}$`) // as people write a number at home: 8 701 …
	code   = regexp.MustCompile(`^[0-9]{3,8}$`)
	name   = regexp.MustCompile(`^[A-Za-z0-9 ._-]{1,11}$`)
)

// recipient is the address of a person's number, +7… or 8….
func recipient(to string) (pdu.Address, error) {
	if athome.MatchString(to) {
		to = "+7" + to[1:]
	}
	if !abroad.MatchString(to) {
		return pdu.Address{}, fmt.Errorf("smpp: not a number: %w", notice.ErrRefused)
	}
	return pdu.NewAddressWithTonNpiAddr(international, telephone, to[1:])
}

// sender is the address that people see.
func sender(from string) (pdu.Address, error) {
	switch {
	case abroad.MatchString(from):
		return pdu.NewAddressWithTonNpiAddr(international, telephone, from[1:])
	case code.MatchString(from):
		return pdu.NewAddressWithTonNpiAddr(networkSpecific, unknownPlan, from)
	case name.MatchString(from):
		return pdu.NewAddressWithTonNpiAddr(alphanumeric, unknownPlan, from)
	}
	return pdu.Address{}, errors.New("smpp: the sender is up to 11 Latin letters and digits, a short code, or a number +…")
}

var (
	receiptID   = regexp.MustCompile(`(?i)\bid:\s*([!-~]{1,65})`)
	receiptStat = regexp.MustCompile(`(?i)\bstat:\s*([A-Z]{4,8})`)
)

// maxReceipt is how much of a receipt's text is looked at, in bytes.
const maxReceipt = 512

// receiptOf reads a receipt: by its fields where the operator gives them, else by the
// text of SMPP 3.4, appendix B. final is false for what is no receipt, or one that says
// that the message is still on the way.
func receiptOf(q *pdu.DeliverSM) (r notice.Receipt, final bool) {
	const kind, receipt = 0x3C, 0x04
	if q.EsmClass&kind != receipt {
		return r, false
	}
	octets, _ := q.Message.GetMessageData()
	text := strings.ToValidUTF8(string(octets[:min(len(octets), maxReceipt)]), "")
	if found := receiptID.FindStringSubmatch(text); found != nil {
		r.Ref = number(found[1])
	}
	if field, ok := q.OptionalParameters[pdu.TagReceiptedMessageID]; ok {
		r.Ref = number(field.String())
	}
	var state string
	if found := receiptStat.FindStringSubmatch(text); found != nil {
		state = strings.ToUpper(found[1])
	}
	if field, ok := q.OptionalParameters[pdu.TagMessageStateOption]; ok && len(field.Data) == 1 {
		state = states[field.Data[0]]
	}
	r.Channel, r.At = notice.SMS, time.Now().UTC().Truncate(time.Microsecond)
	switch state {
	case "DELIVRD":
		r.Delivered = true
	case "EXPIRED", "DELETED", "UNDELIV", "REJECTD":
	default:
		return r, false
	}
	return r, r.Ref != ""
}

// states are those of the field, by the words of the text.
var states = map[byte]string{2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 8: "REJECTD"}
