package feed_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/register/feed"
)

// Whatever comes as an event is one whole, or none.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"id":"0199f0c0-0000-7000-8000-000000000001","position":1,"line":"0199f0c0-0000-7000-8000-000000000002","kind":"filing.filed"}`))
	f.Add([]byte(`{"id":null}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := feed.Parse(body)
		if err != nil {
			return
		}
		again, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := feed.Parse(again); err != nil || back.ID != e.ID || back.Position != e.Position || e.ID == uuid.Nil {
			t.Errorf("%q is read as %s", body, again)
		}
	})
}

// Headers that the portal did not write sign nothing, and those that it wrote sign this
// body alone.
func FuzzVerify(f *testing.F) {
	f.Add("1", "1761130200", "v1a,", []byte("{}"))
	f.Add("", "-1", "v1a,AAAA v1a,AAAA", []byte(nil))
	key, err := feed.NewKey()
	if err != nil {
		f.Fatal(err)
	}
	at := time.Unix(1761130200, 0)
	f.Fuzz(func(t *testing.T, id, stamp, signature string, body []byte) {
		forged := http.Header{feed.HeaderID: {id}, feed.HeaderTime: {stamp}, feed.HeaderSignature: {signature}, feed.HeaderKey: {key.Public().ID()}}
		if key.Public().Verify(forged, body, at) == nil {
			t.Error("a forgery is taken")
		}
		h := http.Header{}
		key.Sign(h, "one", body, at)
		if err := key.Public().Verify(h, body, at); err != nil {
			t.Error(err)
		}
		if key.Public().Verify(h, append(body, 'x'), at) == nil || key.Public().Verify(h, body, at.Add(feed.Slack+time.Second)) == nil {
			t.Error("good for another body, or at another time")
		}
	})
}
