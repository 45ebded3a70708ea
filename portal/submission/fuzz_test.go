package submission_test

import (
	"bytes"
	"testing"

	"github.com/google/uuid"

	"zharia/portal/submission"
)

// A key is good for the session and the document that it was made for, and one that
// somebody made up for none.
func FuzzKey(f *testing.F) {
	f.Add([]byte("session"), []byte("digest"), []byte("another"), make([]byte, 16))
	f.Add([]byte{}, []byte{}, []byte{0}, bytes.Repeat([]byte{0xff}, 16))
	f.Fuzz(func(t *testing.T, session, digest, other, made []byte) {
		key, err := submission.Key(session, digest)
		if err != nil || !submission.Bound(key, session, digest) || key.Version() != 7 || key.Variant() != uuid.RFC4122 {
			t.Fatalf("%s: %v", key, err)
		}
		if !bytes.Equal(bytes.TrimRight(other, "\x00"), bytes.TrimRight(session, "\x00")) && len(other) <= 64 && len(session) <= 64 && submission.Bound(key, other, digest) {
			t.Errorf("good for the session %x, too", other)
		}
		if !bytes.Equal(other, digest) && submission.Bound(key, session, other) {
			t.Errorf("good for the document %x, too", other)
		}
		if guess, err := uuid.FromBytes(made); err == nil && submission.Bound(guess, session, digest) {
			t.Errorf("%s was made up and is taken", guess)
		}
	})
}
