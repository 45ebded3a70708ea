package report_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zharia/portal/attachment"
	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/report"
)

// lays puts a file beside a draft.
func lays(t *testing.T, w *portaltest.W, who *portaltest.Actor, id uuid.UUID, name string, file []byte) error {
	t.Helper()
	n := attachment.New{ID: uuid.Must(uuid.NewV7()), Beside: attachment.Beside{Report: id}, Name: name, Size: attachment.Unknown}
	return report.AddFile(who.As(t.Context()), w.App, nil, who.Asks(policy.ReportFileAdd), n, bytes.NewReader(file))
}

// only is the id of the one file there is.
func only(t *testing.T, w *portaltest.W) (id uuid.UUID) {
	t.Helper()
	if err := w.SQL.Get(&id, `SELECT id FROM attachment`); err != nil {
		t.Fatal(err)
	}
	return id
}

// opens reads a file as somebody does.
func opens(ctx context.Context, w *portaltest.W, who *portaltest.Actor, act policy.Act, id uuid.UUID) ([]byte, error) {
	a, part, err := report.OpenFile(who.As(ctx), w.App, who.Asks(act), id)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(a.Open(who.As(ctx), w.App, part))
}

func TestAFileBesideAReportIsNamedInItsPaperAndOpensToItsBodyOnceItIsRegistered(t *testing.T) {
	w := portaltest.World(t)
	photo := portaltest.Marked("Zmarker7Qx")["photo.jpg"]
	id := w.ReportDraft(w.Nurlan, report.Offence, w.Story())
	if err := lays(t, w, w.Nurlan, id, "сөмке.jpg", photo); err != nil {
		t.Fatal(err)
	}
	file := only(t, w)
	w.Want(t, `SELECT a.kind, a.state, a.copy_kind, a.filing IS NULL AS no_filing, (SELECT code FROM body WHERE id = a.body) AS body, r.document IS NULL AS no_paper FROM attachment a JOIN report r ON r.id = a.report`, `
		kind | state | copy_kind | no_filing | body   | no_paper
		jpeg | clean | jpeg      | true      | 750301 | true`)

	// While it is a draft it is nobody's but its author's, the duty officer's of that body neither.
	zhandos, meruert := w.Actor("zhandos"), w.Actor("meruert")
	for _, who := range []*portaltest.Actor{zhandos, meruert, w.Aigul, w.Daniyar} {
		if _, err := opens(t.Context(), w, who, policy.AttachmentOpen, file); !errors.Is(err, fault.NotFound) {
			t.Errorf("%s opens a file of a draft: %v", who.FullName(), err)
		}
	}
	if got, err := opens(t.Context(), w, w.Nurlan, policy.AttachmentOriginal, file); err != nil || !bytes.Equal(got, photo) {
		t.Errorf("its author gets %d bytes, %v", len(got), err)
	}

	if err := report.Print(t.Context(), w.DB, w.Press, w.Nurlan.Asks(policy.ReportPrint), id, "kk", true); err != nil {
		t.Fatal(err)
	}
	r, doc, err := report.ReadPaper(t.Context(), w.DB, w.Nurlan.Asks(policy.ReportPaper), id)
	if err != nil || r.Document == uuid.Nil {
		t.Fatal(err)
	}
	var digest []byte
	if err := w.SQL.Get(&digest, `SELECT digest FROM attachment`); err != nil {
		t.Fatal(err)
	}
	text := strings.ToLower(strings.Join(strings.Fields(portaltest.PDFText(t, doc.Content)), ""))
	if !strings.Contains(text, hex.EncodeToString(digest)) || !strings.Contains(text, "сөмке.jpg") {
		t.Errorf("the paper does not name the file by %x", digest)
	}
	if err := w.ReportSubmit(w.Nurlan, id); err != nil {
		t.Fatal(err)
	}

	got, err := opens(t.Context(), w, zhandos, policy.AttachmentOpen, file)
	if err != nil || len(got) == 0 || bytes.Contains(got, []byte("Zmarker7Qx")) {
		t.Errorf("the duty officer gets %d bytes with what the camera wrote, or nothing: %v", len(got), err)
	}
	if got, err := opens(t.Context(), w, zhandos, policy.AttachmentOriginal, file); err != nil || !bytes.Equal(got, photo) {
		t.Errorf("as evidence he gets %d bytes, %v", len(got), err)
	}
	for _, who := range []*portaltest.Actor{meruert, w.Aigul, w.Daniyar} {
		if _, err := opens(t.Context(), w, who, policy.AttachmentOpen, file); !errors.Is(err, fault.NotFound) {
			t.Errorf("%s opens it: %v", who.FullName(), err)
		}
	}
	w.Want(t, `SELECT who, act FROM record WHERE object = 'attachment' ORDER BY seq`, `
		who     | act
		nurlan  | report-file-add
		zhandos | attachment-open
		zhandos | attachment-original`)

	// Nothing of it changes any more.
	if err := lays(t, w, w.Nurlan, id, "тағы.jpg", photo); !errors.Is(err, fault.Conflict) {
		t.Errorf("a file after the signature: %v", err)
	}
	if _, err := report.RemoveFile(w.Nurlan.As(t.Context()), w.App, w.Nurlan.Asks(policy.AttachmentRemove), file); !errors.Is(err, fault.Conflict) {
		t.Errorf("a file taken away after the signature: %v", err)
	}
	if _, err := w.SQL.Exec(`DELETE FROM attachment`); err == nil {
		t.Error("the database lets a file of a registered report go")
	}
	w.Sound()
}

func TestAChangeOfFilesMakesThePaperAnotherOne(t *testing.T) {
	w := portaltest.World(t)
	id := w.ReportDraft(w.Nurlan, report.Offence, w.Story())
	_, doc, err := report.ReadPaper(t.Context(), w.DB, w.Nurlan.Asks(policy.ReportPaper), id)
	if err != nil {
		t.Fatal(err)
	}
	if err := lays(t, w, w.Nurlan, id, "a.png", portaltest.Marked("x")["shot.png"]); err != nil {
		t.Fatal(err)
	}
	err = report.Submit(t.Context(), w.DB, w.Verifier, w.Nurlan.Asks(policy.ReportSubmit), id, w.SignedBy(w.Nurlan, doc.Content), doc.Digest)
	if !errors.Is(err, fault.Conflict) {
		t.Errorf("the paper without the file is signed: %v", err)
	}
	if _, err := report.RemoveFile(w.Nurlan.As(t.Context()), w.App, w.Nurlan.Asks(policy.AttachmentRemove), only(t, w)); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT status, document IS NULL AS no_paper, (SELECT count(*) FROM attachment) AS files, (SELECT count(*) FROM attachment_chunk) AS pieces FROM report`, `
		status | no_paper | files | pieces
		draft  | true     | 0     | 0`)
}

func TestTheBodyIsChosenBeforeTheFirstFileAndStaysWhileThereIsOne(t *testing.T) {
	w := portaltest.World(t)
	paper := portaltest.Marked("x")["paper.pdf"]
	id := w.ReportBegun(w.Nurlan, report.Offence, uuid.Nil)
	if err := lays(t, w, w.Nurlan, id, "a.pdf", paper); !errors.Is(err, fault.Conflict) {
		t.Errorf("a file for nobody yet: %v", err)
	}
	story := w.Story()
	for _, q := range []report.Question{report.AskWhere, report.AskBody} {
		if err := w.ReportAnswer(w.Nurlan, id, q, story); err != nil {
			t.Fatal(err)
		}
	}
	if err := lays(t, w, w.Nurlan, id, "a.pdf", paper); err != nil {
		t.Fatal(err)
	}
	other := story
	other.Body = w.Body("police-auezov")
	var told *fault.Fault
	if err := w.ReportAnswer(w.Nurlan, id, report.AskBody, other); !errors.As(err, &told) || told.Message != "fault.report-files" || told.Field != "body" {
		t.Errorf("another body: %v", err)
	}
	if err := w.ReportAnswer(w.Nurlan, id, report.AskBody, story); err != nil {
		t.Errorf("the same body once more: %v", err)
	}
	if _, err := report.RemoveFile(w.Nurlan.As(t.Context()), w.App, w.Nurlan.Asks(policy.AttachmentRemove), only(t, w)); err != nil {
		t.Fatal(err)
	}
	if err := w.ReportAnswer(w.Nurlan, id, report.AskBody, other); err != nil {
		t.Errorf("another body once there is no file: %v", err)
	}
	// What is given up takes its files along.
	if err := lays(t, w, w.Nurlan, id, "a.pdf", paper); err != nil {
		t.Fatal(err)
	}
	if err := report.Discard(w.Nurlan.As(t.Context()), w.App, w.Nurlan.Asks(policy.ReportDiscard), id); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT (SELECT count(*) FROM report) AS reports, (SELECT count(*) FROM attachment) AS files, (SELECT count(*) FROM attachment_chunk) AS pieces`, `
		reports | files | pieces
		0       | 0     | 0`)
}
