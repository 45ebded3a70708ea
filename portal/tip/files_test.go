package tip_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zharia/portal/attachment"
	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/tip"
)

// bare is a marked file as it is kept.
func (s *scene) bare(name string) attachment.Stripped {
	s.t.Helper()
	made, err := attachment.Strip(s.t.Context(), name, bytes.NewReader(portaltest.Marked("Zmarker7Qx")[name]))
	if err != nil {
		s.t.Fatal(err)
	}
	return made
}

func (s *scene) opens(who *portaltest.Actor, id uuid.UUID) (tip.File, []byte, error) {
	return tip.OpenFile(who.As(context.Background()), s.App, who.Asks(policy.TipFile), id)
}

func TestFilesOfATipOpenToTheBodyAloneAndEachLookIsKept(t *testing.T) {
	s := open(t)
	photo, paper := s.bare("photo.jpg"), s.bare("paper.pdf")
	code := fresh()
	for range 2 { // a double click
		if err := tip.Send(t.Context(), s.App, s.nobody(policy.TipSend), s.police, code, words, photo, paper); err != nil {
			t.Fatal(err)
		}
	}
	s.Want(t, `SELECT n, kind, size > 0 AS some, id <> message AS own_id FROM tip_file ORDER BY n`, `
		n | kind | some | own_id
		1 | jpeg | true | true
		2 | pdf  | true | true`)
	if got := s.read(code); len(got.Messages[0].Files) != 2 {
		t.Errorf("whoever sent them is told of %d", len(got.Messages[0].Files))
	}
	opened, err := tip.Open(s.zhandos.As(t.Context()), s.App, s.zhandos.Asks(policy.TipOpen), s.last())
	if err != nil || len(opened.Messages[0].Files) != 2 {
		t.Fatalf("the duty officer sees %+v, %v", opened, err)
	}
	first := tip.FileID(opened.Messages[0].ID, 1)
	f, content, err := s.opens(s.zhandos, first)
	if err != nil || f.Kind != attachment.JPEG || !bytes.Equal(content, photo.Content) {
		t.Errorf("he gets a %s of %d bytes, %v", f.Kind, len(content), err)
	}
	for _, who := range []*portaltest.Actor{s.meruert, s.Aigul, s.Daniyar, s.Zhanar} {
		if _, _, err := s.opens(who, first); !errors.Is(err, fault.NotFound) {
			t.Errorf("%s opens it: %v", who.FullName(), err)
		}
	}
	s.Want(t, `SELECT who, act, object FROM record WHERE object = 'tip_file'`, `
		who     | act      | object
		zhandos | tip-file | tip_file`)
	if err := tip.Send(t.Context(), s.App, s.nobody(policy.TipSend), s.police, fresh(), words, photo, photo, photo, photo); !errors.Is(err, fault.Invalid) {
		t.Errorf("four files: %v", err)
	}
}

func TestAFileOfATipThatWasChangedTakenOrPutInAnothersPlaceIsFoundOut(t *testing.T) {
	s := open(t)
	photo := s.bare("photo.jpg")
	for range 2 {
		if err := tip.Send(t.Context(), s.App, s.nobody(policy.TipSend), s.police, fresh(), words, photo, s.bare("shot.png")); err != nil {
			t.Fatal(err)
		}
	}
	if err := tip.WriteDown(t.Context(), s.DB.DB, s.At.AddDate(0, 0, 1)); err != nil {
		t.Fatal(err)
	}
	if got, err := tip.Check(t.Context(), s.DB.DB); err != nil || len(got) > 0 {
		t.Fatalf("untouched: %v, %v", got, err)
	}
	var id uuid.UUID
	if err := s.SQL.Get(&id, `SELECT id FROM tip_file WHERE n = 1 ORDER BY id LIMIT 1`); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SQL.Exec(`UPDATE tip_file a SET content = b.content, digest = b.digest FROM tip_file b WHERE a.id = $1 AND b.n = 1 AND b.id <> a.id`, id); err != nil {
		t.Fatal(err)
	}
	if got, err := tip.Check(t.Context(), s.DB.DB); err != nil || len(got) != 1 || !strings.HasPrefix(got[0], "message ") {
		t.Errorf("another's file in its place: %v, %v", got, err)
	}
	if _, _, err := s.opens(s.zhandos, id); err == nil {
		t.Error("another's file in its place opens")
	}
	if _, err := s.SQL.Exec(`UPDATE tip_file SET content = set_byte(content, octet_length(content) - 1, 0) || '\x00' WHERE n = 2`); err != nil {
		t.Fatal(err)
	}
	if got, err := tip.Check(t.Context(), s.DB.DB); err != nil || len(got) != 3 {
		t.Errorf("two files changed as well: %v, %v", got, err)
	}
	if _, err := s.SQL.Exec(`DELETE FROM tip_file`); err != nil {
		t.Fatal(err)
	}
	if got, err := tip.Check(t.Context(), s.DB.DB); err != nil || len(got) != 2 {
		t.Errorf("all files taken away: %v, %v", got, err)
	}
}

func TestTheFilesOfATipAreDestroyedWithItsTexts(t *testing.T) {
	s := open(t)
	code := fresh()
	if err := tip.Send(t.Context(), s.App, s.nobody(policy.TipSend), s.police, code, words, s.bare("photo.jpg")); err != nil {
		t.Fatal(err)
	}
	id := s.last()
	for _, do := range []func() error{
		func() error {
			_, err := tip.Open(s.zhandos.As(t.Context()), s.App, s.zhandos.Asks(policy.TipOpen), id)
			return err
		},
		func() error {
			return tip.Close(s.zhandos.As(t.Context()), s.App, s.zhandos.Asks(policy.TipClose), id, uuid.New(), "Тексерілді, расталмады.")
		},
		func() error { return tip.WriteDown(t.Context(), s.DB.DB, s.At.AddDate(0, 0, 1)) },
		func() error { return tip.Forget(t.Context(), s.DB.DB, s.At.AddDate(0, 0, tip.Kept)) },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	s.Want(t, `SELECT count(*) AS files FROM tip_file`, `
		files
		0`)
	if got, err := tip.Check(t.Context(), s.DB.DB); err != nil || len(got) > 0 {
		t.Errorf("after that: %v, %v", got, err)
	}
}
