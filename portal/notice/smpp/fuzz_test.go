package smpp

import (
	"testing"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"
)

// A receipt of an operator, however it is written, is that of one message or none.
func FuzzReceipt(f *testing.F) {
	for _, text := range []string{"id:0123 sub:001 dlvrd:001 submit date:2610221000 done date:2610221001 stat:DELIVRD err:000 text:", "ID: ab stat: EXPIRED", "stat:DELIVRD", "id:\x00 stat:DELIVRD", ""} {
		f.Add([]byte(text), byte(0x04), []byte("0123\x00"), byte(2))
	}
	f.Fuzz(func(t *testing.T, text []byte, class byte, field []byte, state byte) {
		q := pdu.NewDeliverSM().(*pdu.DeliverSM)
		q.EsmClass = class
		if q.Message.SetMessageDataWithEncoding(text[:min(len(text), 254)], data.BINARY8BIT1) != nil {
			return
		}
		if len(field) > 0 {
			q.RegisterOptionalParam(pdu.Field{Tag: pdu.TagReceiptedMessageID, Data: field})
			q.RegisterOptionalParam(pdu.Field{Tag: pdu.TagMessageStateOption, Data: []byte{state}})
		}
		r, final := receiptOf(q)
		if final && (r.Ref == "" || len(r.Ref) > 65+len(field)) {
			t.Errorf("%q %q: of the message %q", text, field, r.Ref)
		}
		if class&0x3C != 0x04 && final {
			t.Errorf("%q: no receipt, and it is one", text)
		}
	})
}
